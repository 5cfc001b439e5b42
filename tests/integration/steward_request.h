/* A steward's decision as JSON, for the programs that service tests run. */
#ifndef STEWARD_REQUEST_H
#define STEWARD_REQUEST_H

#include <jansson.h>

#include "empi/manual_match.h"

enum { STEWARD_MOST = 1024 };

struct steward_request {
    struct manual_match match;
    struct manual_person persons[STEWARD_MOST];
    struct manual_comment comments[STEWARD_MOST];
    int64_t records[STEWARD_MOST][STEWARD_MOST];
};

/*
 * {"group": 1, "version": 1, "user": 0,
 *  "persons": [{"uuid": "…", "version": 1, "records": [1, 2]}, {"records": [3]}],
 *  "comments": [{"record": 1, "text": "…"}]}
 *
 * `from` must outlive what is read. Lists longer than STEWARD_MOST end the program: the tests have
 * no use for them.
 */
void steward_request_read(struct steward_request *out, const json_t *from);

#endif
