/*
 * One request and the response to it.
 *
 * The server fills the request in, finds the route, has it admitted (before any body is read) and
 * calls the route's handler once the body is there. What the handler answers is kept here and sent
 * when it returns. Large bodies never lie in memory: an uploaded file is a stream over an unlinked
 * temporary file, and a download is produced while it is sent.
 *
 * Thread rule: one thread at a time, that of the connection.
 */
#ifndef HTTP_EXCHANGE_H
#define HTTP_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/compiler.h"
#include "base/error.h"
#include "base/json.h"
#include "base/str.h"
#include "base/stream.h"

/* Bits, so that a set of them is a number. */
enum http_method {
    HTTP_GET = 1 << 0,
    HTTP_HEAD = 1 << 1, /* a handler of GET serves it: the server leaves the body out */
    HTTP_POST = 1 << 2,
    HTTP_PUT = 1 << 3,
    HTTP_PATCH = 1 << 4,
    HTTP_DELETE = 1 << 5,
    HTTP_OPTIONS = 1 << 6,
    HTTP_OTHER = 1 << 7,
};

enum {
    HTTP_MOST_PARAMETERS = 4,
    /* What one request may take of memory for its arena, and as much again for the answer's body.
       What is larger is to be streamed. */
    HTTP_MOST_MEMORY = 256 << 20,
};

/* A header, a query argument or a cookie. Texts are NUL-terminated, without a NUL in them; those of
   the query are decoded and valid UTF-8. */
struct http_field {
    struct str name;
    struct str value;
};

struct http_fields {
    const struct http_field *items; /* in the order of the request; a name may come repeatedly */
    size_t count;
};

/* One part of a multipart/form-data body. */
struct http_part {
    struct str name;
    struct str file_name; /* ptr NULL: a field that is no file */
    struct str text;      /* of a field */
    struct stream
        *file;     /* of a file, from its beginning; unpacked when it is gzip. The exchange's */
    uint64_t size; /* bytes as sent */
};

struct http_route;

enum { HTTP_MOST_HEADERS = 24 };

/* What will be sent. Set by the functions below, not by hand. */
struct http_response {
    unsigned status;          /* 0: nothing yet */
    const char *content_type; /* NULL: there is no body */
    struct http_field headers[HTTP_MOST_HEADERS];
    size_t header_count;
    bool failed; /* memory, or too many headers: it becomes a 500 */
    struct text_buffer body;
    struct str view; /* or a body that lies elsewhere */
    struct json_writer json;
    bool uncompressed; /* never gzip it: it is packed already, or what it holds must not show in
                          its length */
    int (*produce)(void *context, struct stream *out, struct error *error);
    void (*release)(void *context);
    void *produce_context;
};

struct http_exchange {
    struct arena arena; /* for this request; at most HTTP_MOST_MEMORY */
    char id[37]; /* a uuid, in the header X-Request-Id and in every log line of the request */

    enum http_method method;
    struct str method_name;
    struct str path; /* as it was sent, still percent-encoded, without the query */
    const struct http_route *route;
    struct str parameters[HTTP_MOST_PARAMETERS]; /* what stands for the route's {…}, decoded */
    struct http_fields query;
    struct http_fields headers;
    struct http_fields cookies;
    struct str client; /* the client's address, for limits; not for the log: it is personal data */
    bool secure;       /* by TLS of our own, or of a proxy that says so (X-Forwarded-Proto) */

    struct str body; /* of a route that takes JSON; ptr NULL without one */
    bool is_form;    /* it came as multipart/form-data, and is in `parts` */
    const struct http_part *parts;
    size_t part_count;

    void *context;    /* of the service */
    const void *user; /* what admit() found out about who is asking; NULL: nobody */
    struct http_response response;
};

/* The first of a name: header names whatever their case, others exactly; ptr NULL when there is
   none. */
struct str http_header(const struct http_exchange *exchange, const char *name);
struct str http_query(const struct http_exchange *exchange, const char *name);
struct str http_cookie(const struct http_exchange *exchange, const char *name);

/* ---- answers: the last one counts. Each needs memory; without it the client gets a 500 ---- */

/*
 * Adds a header, before or after the answer that it belongs to; of one name the last counts, but of
 * Set-Cookie and Vary, which are added to. A value with a control character in it is a 500. The
 * server itself sets Content-Type, Content-Length, Vary where it packs or answers other origins,
 * X-Request-Id, and, unless they are set here, Cache-Control: no-store, X-Content-Type-Options,
 * Referrer-Policy, X-Frame-Options and a Content-Security-Policy that allows nothing.
 */
void http_respond_header(struct http_exchange *exchange, const char *name, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* The writer of a JSON body, which is at most HTTP_MOST_MEMORY. */
struct json_writer *http_respond_json(struct http_exchange *exchange, unsigned status);

/* A body that is there already; it is copied. */
void http_respond_text(struct http_exchange *exchange, unsigned status, const char *content_type,
                       struct str text);

/* The same, not copied: it must outlive the server. `content_type` too, in all of these. */
void http_respond_view(struct http_exchange *exchange, unsigned status, const char *content_type,
                       struct str text);

/* No body: 204, 304. */
void http_respond_empty(struct http_exchange *exchange, unsigned status);

/*
 * A body of any length: produce() is called in a thread of its own while the client reads, and writes
 * all of it to `out`, in pieces of any size; it blocks when the client is slow, and writing fails with STATUS_CANCELLED when
 * the client has gone. A failure of its own is logged and ends the connection in the middle of a
 * chunk, so that the client sees it is not whole. release() is called exactly once, produced or not,
 * even when this call fails for lack of memory. It may be NULL.
 */
void http_respond_stream(struct http_exchange *exchange, unsigned status, const char *content_type,
                         int (*produce)(void *context, struct stream *out, struct error *error),
                         void (*release)(void *context), void *context);

/* 303 or another redirection with Location, which is percent-encoded already. */
void http_respond_redirect(struct http_exchange *exchange, unsigned status, const char *location);

/* {"error": {"message": …}} */
void http_respond_error(struct http_exchange *exchange, unsigned status, const char *format, ...)
    PRINTF_LIKE(3, 4);

/*
 * The one place that maps a status to HTTP: what failed becomes an error body. STATUS_INVALID is 400
 * with the message, and the lines of the detail as "details"; STATUS_NOT_FOUND 404 "Resource not
 * found"; STATUS_CONFLICT 409 with the message; STATUS_RESOURCES and STATUS_CANCELLED 503 with
 * Retry-After; all else 500 "Unexpected internal error - id=UUID". What the client is not told (503,
 * 500) is logged, under the same id. Headers that were set before are forgotten.
 */
void http_respond_failure(struct http_exchange *exchange, const struct error *error);

#endif
