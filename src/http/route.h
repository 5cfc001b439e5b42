/*
 * Routes: a table of method, path and who may call it. What has no row is 404 or 405; a row says
 * what it takes as a body, so that the server can refuse others before they are sent.
 *
 * Thread rule: immutable.
 */
#ifndef HTTP_ROUTE_H
#define HTTP_ROUTE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/str.h"
#include "http/exchange.h"

/* Content types that a route takes; a set of bits. */
enum http_body {
    HTTP_BODY_NONE = 0,      /* a body is read and ignored up to a small limit, whatever its type */
    HTTP_BODY_JSON = 1 << 0, /* application/json, or no body at all (which reads as ptr NULL) */
    HTTP_BODY_FORM = 1 << 1, /* multipart/form-data */
    HTTP_BODY_URLENCODED = 1 << 2, /* application/x-www-form-urlencoded: fields become parts */
    /* Beside one of the above: at most HTTP_MOST_SHORT bytes of it. For what anybody may send, who could
       else fill the memory. */
    HTTP_BODY_SHORT = 1 << 3,
};

struct http_route {
    enum http_method method; /* one of them; GET serves HEAD too */
    const char *path;        /* "/api/v1/persons/{id}": whole segments in braces are parameters */
    unsigned access;         /* means what the service's admit() makes of it; 0 is the strictest */
    unsigned bodies;         /* of enum http_body */
    bool urgent; /* works even while max_requests others do: of what is cheap, as a health check */
    /* Answers the exchange, or fails: then http_respond_failure() does. */
    int (*handle)(struct http_exchange *exchange, struct error *error);
};

/* The methods in a set, as the Allow header has them: "GET, HEAD, POST". With GET there is HEAD. */
void http_route_write_methods(struct text_buffer *out, unsigned methods);

/* Whether some route begins with the same segment as `path`, "/api" say: what is below it belongs to
   the routes, found or not, and is nobody else's. */
bool http_route_owns(struct str path, const struct http_route *routes, size_t count);

enum http_match { HTTP_MATCH_FOUND, HTTP_MATCH_NO_PATH, HTTP_MATCH_NO_METHOD };

/* HTTP_OTHER for one that is not known; names are in capitals. */
enum http_method http_method_of(struct str name);

/* Finds the first row of the exchange's method and path, and sets route and parameters. After
   HTTP_MATCH_NO_METHOD *allowed is the set of methods that the path has. One slash more at the end of
   a path is the same path. Segments are compared as they were sent, in full. Where a
   row has the path word for word, those with parameters do not count. A parameter that is not valid
   UTF-8, empty, or holds NUL is no match. */
enum http_match http_route_find(struct http_exchange *exchange, const struct http_route *routes,
                                size_t count, unsigned *allowed);

#endif
