/*
 * How many requests are worked on at the same time. More would only wait for each other, for the
 * database and for processors, and each holds memory meanwhile.
 *
 * Thread rule: any thread.
 */
#ifndef HTTP_GATE_H
#define HTTP_GATE_H

#include <pthread.h>
#include <stdbool.h>

#include "base/error.h"

struct http_gate {
    pthread_mutex_t lock;
    pthread_cond_t left; /* somebody has left */
    unsigned free;       /* guarded by lock */
};

int http_gate_open(struct http_gate *out, unsigned most, struct error *error);

/* Waits at most so many seconds; false: there was no place. */
bool http_gate_enter(struct http_gate *gate, double seconds);
void http_gate_leave(struct http_gate *gate);

void http_gate_close(struct http_gate *gate);

#endif
