/*
 * Percent-encoding, and what is made of it: the request's target, its query, its cookies.
 *
 * Not done: international domain names, ";" between arguments.
 * Thread rule: any thread.
 */
#ifndef HTTP_PERCENT_H
#define HTTP_PERCENT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "http/exchange.h"

enum {
    HTTP_MOST_ARGUMENTS = 256, /* of a query, or of a form */
    HTTP_MOST_COOKIES = 64,
};

/*
 * Decodes %XX, and "+" as a space when `plus` is set, into the arena. false when memory is used up,
 * or the text is at fault (*valid false then): a % without two hexadecimal digits, a NUL, what is
 * not UTF-8.
 */
bool http_percent_decode(struct str *out, struct str text, bool plus, struct arena *arena,
                         bool *valid);

/* "a=1&b=2", each part decoded; an argument without "=" has an empty value. STATUS_INVALID names the
   fault, and never what was sent. */
int http_query_read(struct http_fields *out, struct str text, struct arena *arena,
                    struct error *error);

/* "a=1; b=2" of the Cookie headers among `headers`. Cookies that are none (no "=", no name, control
   characters) are passed over, as are those beyond HTTP_MOST_COOKIES: other programs of the same
   host set them, too. A value keeps its quotes off. */
int http_cookies_read(struct http_fields *out, const struct http_fields *headers,
                      struct arena *arena, struct error *error);

/* The parts of a request's target. */
struct http_target {
    struct str path;      /* begins with "/", or is "*" */
    struct str query;     /* without the "?"; ptr NULL without one */
    struct str authority; /* of the form "http://host/path"; else ptr NULL */
};

/* Views of `text`. false when it is none: not ASCII, control characters, another scheme. */
bool http_target_read(struct http_target *out, struct str text);

#endif
