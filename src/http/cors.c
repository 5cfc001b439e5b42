#include "http/cors.h"

#include <string.h>

#include "http/response.h"
#include "http/route.h"

/* Scheme and host have no case; an operator may have written a slash at the end. */
static bool is_listed(struct str origin, const struct http_names *origins)
{
    for (size_t i = 0; i < origins->count; i++) {
        struct str listed = str_from(origins->items[i]);
        if (listed.len > 0 && listed.ptr[listed.len - 1] == '/') {
            listed.len--;
        }
        if (listed.len > 0 && str_equal_ignoring_case(origin, listed)) {
            return true;
        }
    }
    return false;
}

static bool allow_origin(struct http_exchange *exchange, const struct http_cors *cors)
{
    struct str origin = http_header(exchange, "Origin");
    bool listed = origin.ptr != NULL && is_listed(origin, cors->origins);
    if (listed) {
        http_respond_header(exchange, "Access-Control-Allow-Origin", "%.*s", STR_ARG(origin));
        http_respond_header(exchange, "Access-Control-Allow-Credentials", "true");
    } else if (origin.ptr != NULL && cors->any_origin) {
        http_respond_header(exchange, "Access-Control-Allow-Origin", "*");
    }
    if (cors->origins->count > 0) {
        http_respond_header(exchange, "Vary", "Origin");
    }
    return origin.ptr != NULL && (listed || cors->any_origin);
}

void http_cors_allow(struct http_exchange *exchange, const struct http_cors *cors)
{
    if (cors->origins->count == 0 && !cors->any_origin) {
        return;
    }
    if (allow_origin(exchange, cors)) {
        http_respond_header(exchange, "Access-Control-Expose-Headers",
                            "Content-Disposition, Location, Retry-After, X-Request-Id");
    }
}

bool http_cors_is_preflight(const struct http_exchange *exchange)
{
    return exchange->method == HTTP_OPTIONS && http_header(exchange, "Origin").ptr != NULL &&
           http_header(exchange, "Access-Control-Request-Method").ptr != NULL;
}

/* Names and commas only: it goes back as a header. */
static bool is_list_of_names(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool letter = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
        if (!letter && (c == '\0' || strchr("-_, ", c) == NULL)) {
            return false;
        }
    }
    return text.len > 0 && text.len <= 1024;
}

void http_cors_preflight(struct http_exchange *exchange, const struct http_cors *cors,
                         unsigned methods)
{
    http_respond_empty(exchange, 204);
    if (!allow_origin(exchange, cors)) {
        return;
    }
    struct text_buffer names = TEXT_BUFFER(256);
    http_route_write_methods(&names, methods);
    if (names.len > 0) {
        http_respond_header(exchange, "Access-Control-Allow-Methods", "%s", names.ptr);
    }
    text_free(&names);
    /* Every header may come: what they may do is decided by what reads them. */
    struct str headers = http_header(exchange, "Access-Control-Request-Headers");
    if (headers.ptr != NULL && is_list_of_names(headers)) {
        http_respond_header(exchange, "Access-Control-Allow-Headers", "%.*s", STR_ARG(headers));
        http_respond_header(exchange, "Vary", "Access-Control-Request-Headers");
    }
    http_respond_header(exchange, "Access-Control-Max-Age", "600");
}
