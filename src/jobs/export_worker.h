/*
 * The export worker: carries `export-potential-matches` jobs out, one after the other.
 *
 * It shares no lock with matching and reads what is committed: neither ever waits for the other. One
 * worker is active in the whole system, a second one stands by. That a job is being worked on shows
 * at once, and not only when it is done.
 *
 * Thread rule: one thread.
 */
#ifndef JOBS_EXPORT_WORKER_H
#define JOBS_EXPORT_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include "jobs/host.h"

struct export_worker_options {
    const struct jobs_host *host;
    double sleep;  /* seconds between two looks at the queue; a notification ends them early */
    bool once;     /* ends when there is nothing left to do, or another worker is active */
    uint64_t most; /* jobs between two pauses; with `once`, altogether; 0: any number */
};

/* 0 when stopped in an orderly way, or done; STATUS_CANCELLED when a running job was stopped. With
   `once`, also the first failure of the database. That a job failed is no failure of the worker. */
int export_worker_run(const struct export_worker_options *options, struct error *error);

#endif
