/*
 * The HTTP server: the one place that knows libmicrohttpd. A thread a connection.
 *
 * Order of what is checked, each before the next: framing (RFC 9112: one Content-Length, not beside
 * Transfer-Encoding, no unknown coding) and header limits, Host against the allowed ones, a CORS
 * preflight, route and method, a place among max_requests, admission (who may call this), the body's
 * type and announced size. Only then a body is read, up to its limit. Deadlines are absolute: for the head of a request, for a body (a least rate),
 * for the client's reading of the answer (a least rate), for an idle connection.
 *
 * The access log has a line a request: id, method, the route's path (never the one that was called:
 * it may hold names), status, bytes, milliseconds, the user's id. No query, no header, no body.
 *
 * Thread rule: started and stopped by one thread. Handlers run in many at once.
 */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "http/exchange.h"
#include "http/route.h"

struct static_files;

struct http_names {
    const char *const *items;
    size_t count;
};

struct http_deadlines {
    double head;         /* seconds from the connection (or the last answer) to the whole head of a
                            request; also the longest idle time. 0: 75 */
    double rate_grace;   /* seconds before the least rate counts. 0: 30 */
    uint64_t least_rate; /* bytes a second, body and answer. 0: 4096 */
};

struct http_service {
    const struct http_route *routes;
    size_t route_count;
    /* Decides who is asking and whether they may; sets exchange->user and returns 0, or answers the
       exchange (401, 403, a redirect) and returns 0 as well. Called before the body is read, for
       routes only. A failure is answered by http_respond_failure(). */
    int (*admit)(struct http_exchange *exchange, const struct http_route *route,
                 struct error *error);
    /* Called when the exchange is over, to give `user` back; may be NULL. */
    void (*leave)(struct http_exchange *exchange);
    /* Text for the access log that names exchange->user without personal data ("u_7"); may be NULL. */
    const char *(*user_name)(const struct http_exchange *exchange);
    void *context;                    /* becomes exchange->context */
    const struct static_files *files; /* what GET finds where no route is; may be NULL */
};

struct http_server_options {
    const char *listen;                /* an address of IPv4 or IPv6, or "localhost", as NULL is */
    uint16_t port;                     /* 0: any free one, see http_server_port() */
    struct http_names allowed_hosts;   /* as Django's: "*", "example.com", ".example.com"; none:
                                         localhost and its addresses only */
    struct http_names allowed_origins; /* for CORS: "https://app.example.com" */
    bool any_origin;                   /* for development */
    struct http_names trusted_proxies; /* addresses and ranges, as ip_range_read() takes them, of
                                          proxies whose X-Forwarded-For is believed */
    uint64_t max_body_bytes;           /* of an upload */
    uint64_t max_json_bytes;           /* of a body that is kept in memory; 0: 16 MiB */
    unsigned max_requests;             /* worked on at the same time: more wait, then get 503 */
    unsigned max_uploads;              /* forms at the same time: more get 503. 0: 64 */
    unsigned max_connections;          /* 0: 4096 */
    const char *tls_certificate;       /* paths of PEM files; NULL: no TLS */
    const char *tls_key;
    const char *temporary_directory; /* for uploads; NULL: TMPDIR, else /var/tmp */
    uint64_t temporary_reserve;      /* bytes that uploads leave free there; 0: a twentieth of the
                                        file system, at most 1 GiB */
    struct http_deadlines deadlines;
    struct http_service service;
};

struct http_server;

/* Listens, and raises the limit of open files where it is too low. What the options point to must
   outlive the server; they themselves are copied. From now on the process ignores SIGPIPE. */
int http_server_start(struct http_server **out, const struct http_server_options *options,
                      struct error *error);

uint16_t http_server_port(const struct http_server *server);

/* Stops taking connections and waits up to `seconds` for requests at work to end; then cuts off the
   rest, waits for handlers that still run, and frees all. Idle connections are closed at once. NULL is
   fine. */
void http_server_stop(struct http_server *server, double seconds);

#endif
