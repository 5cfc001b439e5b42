/*
 * Requests in the canonical form of Signature Version 4, so that what is signed and what is sent
 * are the same bytes whatever a key or a parameter holds: every byte of a path or a parameter but
 * A-Z a-z 0-9 - . _ ~ is percent-encoded (in a path also not the slash), parameters are sorted and
 * always have their "=", the body's SHA-256 is always a header. curl makes the signature
 * (http/client.h) and signs every header that is given here.
 *
 * Thread rule: one thread at a time.
 */
#ifndef AWS_REQUEST_H
#define AWS_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "aws/credentials.h"
#include "aws/session.h"
#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "http/client.h"

enum { AWS_MOST_PARAMETERS = 8, AWS_MOST_HEADERS = 12, AWS_MOST_URL = 8192 };

/* As it is meant, not encoded. */
struct aws_parameter {
    const char *name;
    struct str value;
};

struct aws_request {
    enum aws_service service;
    const char *region; /* to sign for */
    const char *method;
    const char *endpoint; /* "https://host:port", perhaps with a path that is encoded already */
    struct str path;      /* as it is meant, from its first slash on; empty: "/" */
    const struct aws_parameter *query; /* in any order */
    size_t query_count;
    const char *const *headers; /* "name: value"; names in lower case, no two of which one begins
                                   another: asserted, for this curl would sort them wrongly */
    size_t header_count;
    struct str body;
};

/* What http_client_run() takes. */
struct aws_built {
    const char *url;
    const char *headers[AWS_MOST_HEADERS];
    size_t header_count;
    struct http_client_signature signature;
    bool is_signed;
};

/* Texts are the arena's, and the credentials'. `credentials` NULL: not signed. STATUS_INVALID when the
   URL becomes too long. */
int aws_request_build(struct aws_built *out, const struct aws_request *request,
                      const struct aws_credentials *credentials, struct arena *arena,
                      struct error *error);

/* Appends `text`, percent-encoded; `keep` is a byte more that is left as it is, or 0. */
void aws_append_encoded(struct text_buffer *out, struct str text, char keep);

#endif
