/*
 * The queue: open jobs of one kind, in the order of their ids, and how often each was tried.
 *
 * A try is counted before it begins, so that a runner which takes the whole machine with it counts as
 * well. A job whose runner died QUEUE_MOST_TRIES times without an answer is failed: it must not block
 * the jobs behind it. A runner that was asked to stop, or lost the database, gives its try back.
 *
 * The changes are those of empi/job_state.h: none is made when somebody has begun a later try than the
 * one it belongs to, or while a matching job is being run.
 *
 * Thread rule: as a connection.
 */
#ifndef JOBS_QUEUE_H
#define JOBS_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"
#include "empi/job_state.h"
#include "store/store.h"

enum { QUEUE_MOST_TRIES = JOB_MOST_TRIES };

/* Kinds of jobs, as the table has them. */
#define QUEUE_IMPORT JOB_IMPORT
#define QUEUE_EXPORT JOB_EXPORT

enum queue_status {
    QUEUE_NEW,       /* nobody works on it */
    QUEUE_RUNNING,   /* a runner has begun; or had, and died */
    QUEUE_SUCCEEDED, /* the end */
    QUEUE_FAILED,    /* the end; `reason` says why */
};

enum { QUEUE_TEXT_SIZE = 4096 };

struct queue_job {
    int64_t id; /* 0: there is none */
    enum queue_status status;
    int64_t tries;                    /* that were begun, this one included */
    char source_uri[QUEUE_TEXT_SIZE]; /* cut when it does not fit; empty for NULL */
    char reason[QUEUE_TEXT_SIZE];     /* likewise */
};

/* Makes an export of potential matches that goes to `sink_uri`, and tells the workers. */
int queue_add_export(int64_t *out, struct connection *connection, const char *sink_uri,
                     struct error *error);

/* The first open job of a kind. */
int queue_first(struct queue_job *out, struct connection *connection, const char *kind,
                struct error *error);

/* A job as it is now; STATUS_NOT_FOUND. */
int queue_read(struct queue_job *out, struct connection *connection, int64_t id,
               struct error *error);

/* Counts one more try. `running` also marks the job so; a matching job's runner does that itself.
   *begun is false when the job is not as it was when it was read, or is being run. */
int queue_begin(bool *begun, struct connection *connection, struct queue_job *job, bool running,
                struct error *error);

/* Back into the queue after a try that gave no answer; `counted`: it was the job's fault, or may
   have been. *returned may be NULL. */
int queue_return(bool *returned, struct connection *connection, const struct queue_job *job,
                 bool counted, struct error *error);

/* The try does not count, and somebody else has the job now: nothing but the count changes. */
int queue_uncount(struct connection *connection, const struct queue_job *job, struct error *error);

/* The end of a job that nobody works on: its staged rows go. */
int queue_fail(bool *failed, struct connection *connection, const struct queue_job *job,
               const char *reason, struct error *error);
int queue_succeed(struct connection *connection, const struct queue_job *job, struct error *error);

/* What an export is doing, for people. */
int queue_progress(struct connection *connection, const struct queue_job *job, const char *phase,
                   uint64_t done, struct error *error);

/* Whether a matching job is being run by anyone; its lock outlives a killed runner until the server
   has noticed. */
int queue_is_matching(bool *out, struct connection *connection, struct error *error);

#endif
