/*
 * Imports: a CSV file of person records becomes a job and its staging rows, or nothing at all.
 *
 * The header may name the fifteen columns in any order, and county may be absent. An unquoted empty
 * field is NULL, a quoted one the empty text, as PostgreSQL's COPY reads CSV; data_source and
 * source_person_id are never NULL. The file is streamed: memory does not grow with it.
 *
 * Thread rule: as a connection.
 */
#ifndef EMPI_IMPORTS_H
#define EMPI_IMPORTS_H

#include <stdint.h>

#include "base/error.h"
#include "base/stream.h"
#include "empi/configs.h"
#include "store/store.h"

struct import {
    int64_t config_id;
    const struct config_request *config; /* is found or stored with the job; NULL: config_id is */
    const char *source_uri; /* where the records come from, for people; upload:///NAME for a file */
    struct stream *records; /* stays the caller's; its name stands in messages */
    uint64_t most_bytes;    /* of all values, unpacked; 0: any number. More is STATUS_INVALID */
};

struct import_report {
    int64_t job_id;
    uint64_t rows;
};

/* One transaction of its own. STATUS_INVALID when the config does not exist or is wrong, or the file
   is at fault: the message begins "Incorrectly formatted person records file due to" and names file and
   line, and nothing of what stands in a row. */
int imports_create(struct import_report *out, struct connection *connection,
                   const struct import *import, struct error *error);

#endif
