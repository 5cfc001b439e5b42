/* What a service of src/jobs needs of the program around it. */
#ifndef JOBS_HOST_H
#define JOBS_HOST_H

#include "base/error.h"
#include "store/store.h"

struct jobs_host {
    struct store *store;
    int stop_descriptor;          /* readable from the first request to stop on; never read */
    unsigned (*stop_count)(void); /* requests to stop so far */
    /* At which request to stop a running job is stopped, too: 1 or 2. Before, it is finished. */
    unsigned patience;
    /* Brings a private PostgreSQL back that has died; does nothing for a server of somebody else's.
       May take a minute. */
    int (*revive)(void *context, struct error *error);
    void *context;
};

#endif
