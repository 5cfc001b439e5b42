/*
 * Pages of other origins (the Fetch standard, "CORS protocol"): which of them a browser lets read our
 * answers. Who is not allowed is still answered: refusing what such a page *does* is the
 * authentication's business.
 *
 * Thread rule: any thread.
 */
#ifndef HTTP_CORS_H
#define HTTP_CORS_H

#include <stdbool.h>

#include "http/exchange.h"
#include "http/server.h"

struct http_cors {
    const struct http_names *origins; /* "https://app.example.com" */
    bool any_origin;                  /* but never with cookies */
};

/* Adds the headers that let the page of the request's Origin read the answer, if there is one and it
   is allowed. Vary tells caches, whether it is or not. */
void http_cors_allow(struct http_exchange *exchange, const struct http_cors *cors);

/* Whether the request is a browser's question whether another one would be allowed. */
bool http_cors_is_preflight(const struct http_exchange *exchange);

/* Answers it; `methods` are those that the path has. */
void http_cors_preflight(struct http_exchange *exchange, const struct http_cors *cors,
                         unsigned methods);

#endif
