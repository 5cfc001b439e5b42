/*
 * The matching service: waits for imported jobs and hands one after the other to a runner.
 *
 * One service is active in the whole system; a second one stands by and takes over when the first has
 * gone. src/jobs/README.md tells what happens when any part of it dies.
 *
 * Thread rule: one thread.
 */
#ifndef JOBS_SERVICE_H
#define JOBS_SERVICE_H

#include "jobs/host.h"
#include "jobs/runner.h"

struct service_options {
    const struct jobs_host *host;
    const struct runner *runner;
    int64_t until_job;           /* ends when this job has ended; 0: only when asked to stop */
    bool quiet;                  /* no log but of failures */
    void (*tick)(void *context); /* about once a second when there is an until_job; may be NULL */
    void *context;
};

/* 0 when until_job has ended, or when stopped after finishing the job at work; STATUS_CANCELLED when
   a running job was stopped or until_job had not ended; STATUS_USAGE when the runner refuses to work
   for this program; STATUS_NOT_FOUND when until_job is gone. Failures of the database are logged and lived through. */
int service_run(const struct service_options *options, struct error *error);

#endif
