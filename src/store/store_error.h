/*
 * PostgreSQL's failures in our terms.
 *
 * The server's primary message is passed on only for faults of the statement or the server itself;
 * DETAIL, HINT and CONTEXT never, for they quote rows.
 */
#ifndef STORE_STORE_ERROR_H
#define STORE_STORE_ERROR_H

#include <libpq-fe.h>

#include "base/error.h"

/* Fills `error` from a failed result (NULL: the connection itself failed) and returns its status:
   CONFLICT for a serialization failure, a deadlock, a lock that was not available or a unique key
   that is taken; RESOURCES for a full disk, no memory, too many connections; CANCELLED for a query
   that was cancelled; IO for a server that is away, shutting down or read-only; else INTERNAL. */
int store_error(struct error *error, PGconn *connection, const PGresult *result);

/* The same for a connection that could not be opened. */
int store_error_connect(struct error *error, PGconn *connection, const char *host,
                        const char *port);

#endif
