/*
 * The body of a request while it comes in: what a route takes, how large it may be, and where its
 * bytes go: JSON and forms into memory, uploaded files into a spool.
 *
 * Thread rule: the connection's thread.
 */
#ifndef HTTP_BODY_H
#define HTTP_BODY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "http/exchange.h"
#include "http/multipart.h"
#include "http/spool.h"

enum {
    HTTP_MOST_IGNORED = 64 << 10, /* bytes of a body that nobody reads */
    HTTP_MOST_FORM = 1 << 20,     /* of an urlencoded form */
    HTTP_MOST_SHORT = 16 << 10,   /* of a body that is to be short */
    HTTP_MOST_FIELD = 64 << 10,   /* of a field of a multipart form */
    HTTP_MOST_FILES = 4,          /* of one upload */
};

struct http_body_limits {
    uint64_t most_upload; /* bytes */
    uint64_t most_json;
    struct spool_place place; /* of uploads */
};

struct http_body_reader {
    struct http_exchange *exchange;
    struct spool_place place;
    unsigned kind; /* one of enum http_body */
    uint64_t most;
    uint64_t received;
    bool too_large;          /* what failed was the size: 413 */
    struct text_buffer text; /* of JSON, or a whole urlencoded form, or the field that comes in */
    struct multipart *multipart;
    struct http_part *parts; /* in the arena, room for MULTIPART_MOST_PARTS */
    size_t part_count;
    unsigned files;
    struct spool spool; /* of the file that comes in */
};

/* Announced by a Content-Length, or not. */
#define HTTP_LENGTH_UNKNOWN UINT64_MAX

/*
 * Before the body: `length` bytes of it. Answers the exchange with 413 or 415, 400 for a boundary that
 * is none, or 503 when there is no room for an upload, and returns false, when it is not taken. To be
 * freed in any case.
 */
bool http_body_begin(struct http_body_reader *out, struct http_exchange *exchange, uint64_t length,
                     const struct http_body_limits *limits);

/* A piece of it. After a failure nothing more may be fed. */
int http_body_feed(struct http_body_reader *reader, struct str piece, struct error *error);

/* Answers the exchange when http_body_feed() has failed: 413, 503 with what is short, or as
   http_respond_failure(). */
void http_body_answer_failure(struct http_body_reader *reader, const struct error *error);

/* All of it was fed: sets body and parts of the exchange, which are valid until the reader is freed. */
int http_body_finish(struct http_body_reader *reader, struct error *error);

/* Never opened, but zeroed, is fine. */
void http_body_free(struct http_body_reader *reader);

#endif
