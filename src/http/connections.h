/*
 * The connections that are open, and the reaper: a thread that ends those whose client is too slow.
 *
 * libmicrohttpd knows inactivity only, and a client that sends a byte now and then is never
 * inactive. Here every deadline is absolute. Its end is a shutdown() of the socket, which wakes the
 * connection's thread, whatever it waits for there.
 *
 * Thread rule: any thread; a connection's phase is changed by its own.
 */
#ifndef HTTP_CONNECTIONS_H
#define HTTP_CONNECTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "http/download.h"
#include "http/server.h"

/* Whose turn it is. */
enum http_phase {
    HTTP_PHASE_HEAD,     /* the client's: idle, or sending the head of a request */
    HTTP_PHASE_WORK,     /* ours: no deadline */
    HTTP_PHASE_TRANSFER, /* the client's: sending a body, or reading an answer */
};

struct http_connection {
    struct http_connection *previous;
    struct http_connection *next;
    int socket;
    bool linger; /* its client may still be sending what nobody will read */

    /* Guarded by the registry's lock. */
    enum http_phase phase;
    double since;    /* when the head's, or the transfer's, clock began; moved on by our turns */
    double paused;   /* when our turn within a transfer began; 0: it is the client's */
    uint64_t moved;  /* bytes of this transfer */
    double deadline; /* 0: none */
    struct http_download *download; /* to be cancelled when the connection is cut off */
};

struct http_connections;

/* At most `most` connections are expected: when they come near it, idle ones have less time. */
int http_connections_open(struct http_connections **out, const struct http_deadlines *deadlines,
                          unsigned most, struct error *error);

/* In phase HTTP_PHASE_HEAD; NULL without memory. */
struct http_connection *http_connections_add(struct http_connections *all, int socket);

/* After this the socket may be closed. NULL is fine. */
void http_connections_remove(struct http_connections *all, struct http_connection *connection);

/* To another phase; clocks begin anew. */
void http_connection_begin(struct http_connections *all, struct http_connection *connection,
                           enum http_phase phase);

/* Within a transfer: so many bytes more went over, or are to go now; the client's turn. */
void http_connection_moved(struct http_connections *all, struct http_connection *connection,
                           uint64_t bytes);

/* Within a transfer: it waits for us, not for the client. */
void http_connection_pause(struct http_connections *all, struct http_connection *connection);

void http_connection_set_download(struct http_connections *all, struct http_connection *connection,
                                  struct http_download *download);

/* From now on connections that are idle are cut off; waits up to so many seconds for the others to
   become so, and then cuts off all. */
void http_connections_drain(struct http_connections *all, double seconds);

bool http_connections_draining(struct http_connections *all);

/* When none are left. NULL is fine. */
void http_connections_close(struct http_connections *all);

#endif
