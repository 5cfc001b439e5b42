/*
 * Holds what libmicrohttpd has read of a head against the bytes that it read.
 *
 * Up to 0.9.76 it passes over what other servers and proxies read differently: a bare line feed ends
 * a line, a header is cut at a NUL, a folded line lengthens the name of the header before it, a line
 * that begins with ":" ends the head. By the time we are asked only its list of headers is left; but
 * the bytes still lie where it read them, with a NUL in place of each colon and line break. A head
 * that is nothing but its headers, one close behind the other, had none of these. Where that cannot
 * be seen it is refused.
 *
 * Later versions are strict themselves, if asked to be.
 *
 * Thread rule: the connection's thread.
 */
#ifndef HTTP_RAW_HEAD_H
#define HTTP_RAW_HEAD_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>

#include "http/exchange.h"

enum {
    HTTP_LENIENT_LIBRARY = MHD_VERSION < 0x00097700,
    /* What MHD_OPTION_STRICT_FOR_CLIENT is to be. Strict, the lenient one would only look for the Host
       header, as we do; and it answers twice when it is missing. */
    HTTP_STRICTNESS = HTTP_LENIENT_LIBRARY ? 0 : 1,
};

/* `head` is where the request's method begins, `size` the bytes from there on to the end of the blank
   line; `target` as it was sent; `version` points into the head, as the headers do. */
bool http_raw_head_is_plain(const char *head, size_t size, struct str target, const char *version,
                            const struct http_fields *headers);

#endif
