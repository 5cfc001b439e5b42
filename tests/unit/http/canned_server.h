/*
 * A server that answers each connection with given bytes, for tests of the client: it can answer
 * what no real server would. It keeps what it was sent.
 */
#ifndef TEST_HTTP_CANNED_SERVER_H
#define TEST_HTTP_CANNED_SERVER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct canned_server {
    int listener;
    uint16_t port;
    const char *answer; /* of one request; the connection is closed after it */
    size_t answer_len;
    bool silent; /* never answers, until it is stopped */
    struct text_buffer request;
    unsigned connections;
    int stop[2];
    pthread_t thread;
};

/* Listens on a port of the loopback address, or on a socket file when `path` is not NULL. */
void canned_server_start(struct canned_server *server, const char *path, struct str answer);
void canned_server_stop(struct canned_server *server);

#endif
