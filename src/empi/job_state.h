/*
 * The states of a job: new, running, and at the end succeeded or failed. All that changes them after
 * a job was made is here.
 *
 * A try is a number: the how-manieth run of the job it is. Each change names the try that it belongs
 * to, and tells by *changed whether it was made: not when the job has ended, or somebody has begun a
 * later try. A change from outside the job's transaction also is none while a matching job is being run,
 * by anyone: then the job may be theirs. Test and change are one statement, so nothing comes between.
 *
 * Thread rule: as a connection.
 */
#ifndef EMPI_JOB_STATE_H
#define EMPI_JOB_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "store/store.h"

/* A job that was tried so often without an answer is failed: it must not block those behind it. */
enum { JOB_MOST_TRIES = 3 };

/* As the table has them. */
#define JOB_IMPORT "import-person-records"
#define JOB_EXPORT "export-potential-matches"

struct job_try {
    int64_t job_id;
    int64_t number; /* from 1; 0: the job was not tried yet */
};

/* ---- by whoever works on it, or is about to ---- */

/* Counts one more try after `last`; `running` marks the job, too. */
int job_state_count(bool *changed, struct connection *connection, const struct job_try *last,
                    bool running, struct error *error);

/* A matching job's runner, under LOCK_MATCHING_JOB held by another connection, marks the job running.
   A try of number 0 is counted now, unless the job has used them up, and gets its number; another one
   has been counted before the runner was started. */
int job_state_begin(bool *changed, struct connection *connection, struct job_try *current,
                    struct error *error);

/* A try does not count, and somebody else has the job now: nothing but the count changes. */
int job_state_uncount(struct connection *connection, int64_t job_id, struct error *error);

/* In the transaction of a matching job, or of an export's worker. */
int job_state_succeed(bool *changed, struct connection *connection, const struct job_try *current,
                      struct error *error);

/* What it is doing, for people. `phase` may be NULL, a total of 0 is unknown. */
int job_state_progress(struct connection *connection, const struct job_try *current,
                       const char *phase, uint64_t done, uint64_t total, struct error *error);

/* ---- when nobody works on it any more, or from within its transaction ---- */

/* What the reason of a job says of an error: message and details, as people may be shown them and the
   database takes them (a path in them may be any bytes). Lives in `room`, which the caller frees. */
const char *job_state_reason(struct text_buffer *room, const struct error *error);

/* Back into the queue. `counted`: the try counts, for it was the job's fault, or may have been.
   `reason` says why, until the next try; NULL: there is nothing to say. */
int job_state_give_back(bool *changed, struct connection *connection, const struct job_try *current,
                        bool counted, const char *reason, struct error *error);

/* The end: its staged rows go. */
int job_state_fail(bool *changed, struct connection *connection, const struct job_try *current,
                   const char *reason, struct error *error);

/* The same for a job that is new, in whichever try, and for an import whose runner has died. */
int job_state_cancel(bool *changed, struct connection *connection, int64_t job_id,
                     struct error *error);

#endif
