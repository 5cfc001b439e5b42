/*
 * Jobs as people and programs look at them, and taking one back.
 *
 * Thread rule: as a connection.
 */
#ifndef JOBS_JOB_LIST_H
#define JOBS_JOB_LIST_H

#include <stdint.h>

#include "base/error.h"
#include "empi/page.h"
#include "store/store.h"

/* The columns of the rows below. Times are ISO 8601 with offset and microseconds. */
enum job_column {
    JOB_ID,
    JOB_TYPE,
    JOB_STATUS, /* new, running, succeeded, failed */
    JOB_REASON,
    JOB_CONFIG_ID,
    JOB_SOURCE_URI,
    JOB_CREATED,
    JOB_UPDATED,
    JOB_TRIES,
    JOB_PHASE,
    JOB_DONE,
    JOB_TOTAL,
};

/* The newest `most` jobs, newest first. */
int job_list(struct rows **out, struct connection *connection, uint64_t most, struct error *error);

/* A page of all jobs, newest first, and how many there are. */
int job_list_page(struct rows **out, int64_t *total, struct connection *connection,
                  struct page_request request, struct error *error);

/* One job, as the one row; STATUS_NOT_FOUND. */
int job_find(struct rows **out, struct connection *connection, int64_t id, struct error *error);

/* Takes a job back that no runner has begun, or an import whose runner is dead: it fails with the
   reason "Cancelled", and its staged rows go. STATUS_CONFLICT when it is being run or has ended,
   STATUS_NOT_FOUND. */
int job_cancel(struct connection *connection, int64_t id, struct error *error);

#endif
