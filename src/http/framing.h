/*
 * What of a request's head can make two servers read it differently, and is refused therefore
 * (RFC 9112, 6.3 and 11.2), before its body is touched; and limits on the head.
 *
 * Thread rule: any thread.
 */
#ifndef HTTP_FRAMING_H
#define HTTP_FRAMING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "http/exchange.h"

enum {
    HTTP_MOST_TARGET = 8192,        /* bytes of a request's target */
    HTTP_MOST_HEADER_BYTES = 32768, /* of all names and values */
    HTTP_MOST_HEADER_COUNT = 100,
};

struct http_framing {
    uint64_t length; /* of the body; HTTP_LENGTH_UNKNOWN for a chunked one */
    struct str host;
};

/* 0 when the head is sound, else the status of the refusal and its message. `version` as in the
   request line: "HTTP/1.1". */
unsigned http_framing_check(struct http_framing *out, const char **message,
                            const struct http_fields *headers, struct str method,
                            struct str version);

#endif
