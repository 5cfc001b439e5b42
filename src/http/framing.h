/*
 * What of a request can make two servers read it differently: in its head it is refused (RFC 9112, 6.3
 * and 11.2), before its body is touched; after its body the connection ends. And limits on the head.
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

/*
 * Whether the body ends where every other server sees its end. Of a chunked one that is not so: up to
 * 0.9.76 libmicrohttpd ends sizes, chunks and trailers with bare line feeds, too, and passes over any
 * extension; and the bytes between the chunks are gone before we are called, so that nobody can look
 * (of the head they still lie there, see raw_head.h). What follows such a body is therefore never read
 * as a request: the connection ends with the answer. So a server in front that has seen another end
 * cannot be made to send somebody's request as part of another's, nor to take one's answer for
 * another's.
 */
bool http_framing_end_is_certain(const struct http_framing *framing);

#endif
