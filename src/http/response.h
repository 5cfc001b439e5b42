/*
 * The side of a response that the server sees, and the tests of handlers.
 *
 * Thread rule: the connection's thread.
 */
#ifndef HTTP_RESPONSE_H
#define HTTP_RESPONSE_H

#include <stdbool.h>

#include "http/exchange.h"

/* An exchange with nothing in it but an id. */
int http_exchange_begin(struct http_exchange *exchange, struct error *error);

/* Releases what a stream holds that was not produced, and frees response and arena. */
void http_exchange_end(struct http_exchange *exchange);

/* ptr NULL when the handler set none; `name` in any case. */
struct str http_response_header(const struct http_response *response, const char *name);

/* Takes back what was answered; headers stay. */
void http_response_clear(struct http_response *response);

/* Checks that there is an answer and that it is whole; what is not becomes a 500. */
void http_response_settle(struct http_exchange *exchange);

/* The bytes of the body, unless it is produced. */
struct str http_response_body(const struct http_response *response);

#endif
