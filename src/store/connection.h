/* What a connection is inside src/store. */
#ifndef STORE_CONNECTION_H
#define STORE_CONNECTION_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "store/store.h"

struct connection {
    PGconn *pg;
    PGcancel *cancel; /* made when it was opened: cancelling from another thread is safe */
    struct store *store;
    struct connection *next; /* in the store's list of all */
    bool taken;              /* guarded by the store's lock */
    bool kept;               /* closed, not reused, when given back */
    char *copied;            /* libpq's buffer of the COPY row handed out last */
};

#endif
