/*
 * Runners: what carries a matching job out, away from the service, so that no job takes the service
 * with it. A runner tells nothing of how the job went: that stands in the database.
 */
#ifndef JOBS_RUNNER_H
#define JOBS_RUNNER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"
#include "jobs/host.h"

enum { RUNNER_WORDS_SIZE = 2048 };

/* How a runner ended. */
struct runner_end {
    int exit_status; /* or 128 + the signal that ended it */
    char last_words
        [RUNNER_WORDS_SIZE]; /* the end of its standard error, whole lines; may be empty */
};

struct runner_call {
    int64_t job_id;
    int64_t tries;                /* that were counted, this one included */
    const struct jobs_host *host; /* the stops: from `patience` on the runner is asked to stop, one
                                     later it is killed */
    void (*line)(void *context, int64_t job_id,
                 struct str line); /* one of its output; may be NULL */
    void (*tick)(void *context);   /* about once a second; may be NULL */
    void *context;
};

/* Runs to the runner's end. Fails only when the runner cannot be started or watched. */
struct runner {
    int (*run)(const struct runner *runner, struct runner_end *out, const struct runner_call *call,
               struct error *error);
};

#endif
