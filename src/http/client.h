/*
 * The HTTP client: the one place that knows curl. HTTP/1.1, no redirects, no cookies; http and https
 * only; certificates are checked against the system's.
 *
 * Thread rule: any thread; a call belongs to its thread. http_client_prepare() first, by the main one.
 */
#ifndef HTTP_CLIENT_H
#define HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"
#include "http/exchange.h"

/* AWS Signature Version 4 (the canonical form of the request is the caller's: src/aws). */
struct http_client_signature {
    const char *provider; /* curl's: "aws:amz:REGION:SERVICE" */
    const char *access_key;
    const char *secret_key;
};

struct http_client_response;

struct http_client_request {
    const char *method;         /* "GET" */
    const char *url;            /* NUL-terminated, already percent-encoded */
    const char *const *headers; /* "Name: value", `header_count` of them */
    size_t header_count;
    const struct http_client_signature *signature; /* NULL: none */

    struct str body; /* sent when ptr is not NULL */
    /* Or a body that is read while it is sent; `upload_size` bytes. Called with up to `size` bytes of
       room; *got = 0 before the end is a failure. */
    int (*upload)(void *context, char *out, size_t size, size_t *got, struct error *error);
    uint64_t upload_size;

    /* Called once for a 2xx answer, when its status and headers are in `response` and nothing of its
       body was handed on; may be NULL. A failure ends the transfer, as one of download() does. */
    int (*begin)(void *context, const struct http_client_response *response, struct error *error);
    /* Receives the body of a 2xx answer piece by piece; NULL: it is kept in the response. Its failure
       ends the transfer and is what http_client_run() returns. */
    int (*download)(void *context, struct str piece, struct error *error);
    void *context;

    double seconds;          /* for all of it; 0: no limit but the least rate below */
    double connect_seconds;  /* 0: 5 */
    double stall_seconds;    /* less than 1 KiB/s for so long ends it; 0: 30 */
    size_t most_bytes;       /* of a body that is kept; 0: 1 MiB. More is an error */
    const char *unix_socket; /* NULL: TCP */
    const char *ca_file;     /* NULL: the system's */
    int stop_descriptor;     /* readable: the transfer ends with STATUS_CANCELLED; 0 or -1: none */
};

/* `http_client_response_free()` in every case. */
struct http_client_response {
    unsigned status;
    struct arena arena;
    struct http_fields headers; /* names in lower case */
    struct text_buffer body;    /* NUL-terminated; of other than 2xx also with a `download` */
    uint64_t received;          /* bytes of the body, kept or handed on */
};

/* Once, before other threads are started. */
int http_client_prepare(struct error *error);

/*
 * 0 when there was an answer, whatever its status. STATUS_IO when there was none: the message names
 * scheme, host and port and the reason, nothing else of the URL. STATUS_INVALID for a body beyond its
 * limit.
 */
int http_client_run(struct http_client_response *out, const struct http_client_request *request,
                    struct error *error);

/* ptr NULL when there is no such header; `name` in lower case. */
struct str http_client_header(const struct http_client_response *response, const char *name);

void http_client_response_free(struct http_client_response *response);

#endif
