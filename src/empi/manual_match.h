/*
 * Manual matches: a steward decides a potential match.
 *
 * Records move between the persons of the match group, and to new persons; the group is matched then
 * and the decision kept, so that later jobs do not merge what was parted. All or nothing.
 *
 * Thread rule: as a connection.
 */
#ifndef EMPI_MANUAL_MATCH_H
#define EMPI_MANUAL_MATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"
#include "store/store.h"

/* What a person is to own from now on. */
struct manual_person {
    const char *uuid; /* dashed, lower case; NULL: a new person */
    bool has_version; /* exactly when it is not new */
    int64_t version;
    const int64_t *record_ids; /* all of them; none empties the person */
    size_t record_count;
};

struct manual_comment {
    int64_t record_id;
    struct str text; /* of a view: need not end with a NUL */
};

struct manual_match {
    int64_t group_id;
    int64_t group_version;
    const struct manual_person *persons;
    size_t person_count;
    const struct manual_comment *comments;
    size_t comment_count;
    int64_t user_id; /* who decides; 0: the command line */
};

/*
 * Carries the decision out in one transaction and gives its event's id. Persons of the group that
 * are not named are reviewed as they are.
 *
 * STATUS_INVALID with the message of the HTTP API for what is against its rules; STATUS_CONFLICT at
 * once while a matching job updates matches.
 */
int manual_match_run(int64_t *out, struct connection *connection, const struct manual_match *match,
                     struct error *error);

#endif
