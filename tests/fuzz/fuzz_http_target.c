/*
 * What is read out of a request's head, on any bytes: target, path and parameters, query, cookies,
 * host, media types, lengths. The first line is the target, the second the Cookie header, the third a
 * host, the fourth a Content-Type; what follows are headers.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "http/body.h"
#include "http/cors.h"
#include "http/framing.h"
#include "http/hosts.h"
#include "http/media_type.h"
#include "http/packing.h"
#include "http/percent.h"
#include "http/response.h"
#include "http/route.h"

static struct error error;

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

/* A text that handlers are given: UTF-8 without a NUL, and a NUL behind it. */
static void check_text(struct str text)
{
    require(utf8_valid_prefix(text) == text.len);
    require(text.len == 0 || memchr(text.ptr, '\0', text.len) == NULL);
    require(text.ptr[text.len] == '\0');
}

static struct str next_line(struct str *rest)
{
    const char *end = rest->len == 0 ? NULL : memchr(rest->ptr, '\n', rest->len);
    struct str line = {rest->ptr, end == NULL ? rest->len : (size_t)(end - rest->ptr)};
    size_t taken = line.len + (end != NULL);
    *rest = (struct str){rest->ptr + taken, rest->len - taken};
    return line;
}

/* Writes a query so that it reads as it was. */
static void write_query(struct text_buffer *out, const struct http_fields *fields)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < fields->count; i++) {
        const struct str texts[] = {fields->items[i].name, fields->items[i].value};
        for (size_t j = 0; j < 2; j++) {
            for (size_t k = 0; k < texts[j].len; k++) {
                unsigned char c = (unsigned char)texts[j].ptr[k];
                const char coded[] = {'%', digits[c >> 4], digits[c & 15]};
                text_append(out, (struct str){coded, 3});
            }
            text_append_char(out, j == 0 ? '=' : '&');
        }
    }
}

static void read_query(struct str query, struct arena *arena)
{
    struct http_fields fields;
    int status = http_query_read(&fields, query, arena, &error);
    require(status == STATUS_OK || status == STATUS_INVALID);
    if (status != STATUS_OK) {
        return;
    }
    require(fields.count <= HTTP_MOST_ARGUMENTS);
    for (size_t i = 0; i < fields.count; i++) {
        check_text(fields.items[i].name);
        check_text(fields.items[i].value);
    }
    struct text_buffer written = TEXT_BUFFER(SIZE_MAX);
    struct http_fields again;
    write_query(&written, &fields);
    require(http_query_read(&again, text_str(&written), arena, &error) == STATUS_OK);
    require(again.count == fields.count);
    for (size_t i = 0; i < fields.count; i++) {
        require(str_equal(again.items[i].name, fields.items[i].name));
        require(str_equal(again.items[i].value, fields.items[i].value));
    }
    text_free(&written);
}

static int nothing(struct http_exchange *exchange, struct error *out)
{
    (void)exchange;
    (void)out;
    return STATUS_OK;
}

static void find_route(struct http_exchange *exchange, struct str path)
{
    static const struct http_route routes[] = {
        {.method = HTTP_GET, .path = "/a/{b}", .handle = nothing},
        {.method = HTTP_POST, .path = "/a/{b}/c/{d}", .handle = nothing},
        {.method = HTTP_GET, .path = "/", .handle = nothing},
    };
    unsigned allowed;
    exchange->path = path;
    for (unsigned method = HTTP_GET; method <= HTTP_OTHER; method *= 2) {
        exchange->method = (enum http_method)method;
        if (http_route_find(exchange, routes, ARRAY_LENGTH(routes), &allowed) == HTTP_MATCH_FOUND) {
            for (size_t i = 0; strchr(exchange->route->path, '{') != NULL && i < 1; i++) {
                check_text(exchange->parameters[i]);
                require(exchange->parameters[i].len > 0);
            }
        }
    }
    (void)http_route_owns(path, routes, ARRAY_LENGTH(routes));
}

static void read_type(struct str type, struct arena *arena)
{
    struct str value;
    struct str plain = http_media_type(type);
    require(plain.len <= type.len);
    if (http_media_parameter(&value, type, "boundary", arena) && value.ptr != NULL) {
        require(value.len <= type.len && value.ptr[value.len] == '\0');
    }
    (void)http_packing_accepted(type);
}

static void read_host(struct str host)
{
    static const char *const items[] = {".example.com", "a"};
    static const struct http_names some = {items, 2};
    static const struct http_names none = {NULL, 0};
    struct str name;
    if (http_host_name(&name, host)) {
        require(name.len > 0 && name.ptr == host.ptr && name.len <= host.len);
    } else {
        require(!http_host_allowed(host, &some) && !http_host_allowed(host, &none));
    }
    (void)http_host_allowed(host, &some);
}

/* "Name:value" lines. */
static void read_headers(struct http_exchange *exchange, struct str rest, struct str cookie)
{
    static struct http_field fields[150];
    size_t count = 0;
    fields[count++] = (struct http_field){STR("Cookie"), cookie};
    while (rest.len > 0 && count < ARRAY_LENGTH(fields)) {
        struct str line = next_line(&rest);
        const char *colon = line.len == 0 ? NULL : memchr(line.ptr, ':', line.len);
        size_t length = colon == NULL ? line.len : (size_t)(colon - line.ptr);
        fields[count].name = (struct str){line.ptr, length};
        fields[count++].value = str_trim((struct str){line.ptr + length, line.len - length});
    }
    exchange->headers = (struct http_fields){fields, count};
    struct http_framing framing;
    const char *message = NULL;
    unsigned status =
        http_framing_check(&framing, &message, &exchange->headers, STR("GET"), STR("HTTP/1.1"));
    require(status == 0 || (status >= 400 && message != NULL));
    require(status != 0 || framing.length == HTTP_LENGTH_UNKNOWN ||
            framing.length <= 999999999999999999);
    if (http_cookies_read(&exchange->cookies, &exchange->headers, &exchange->arena, &error) ==
        STATUS_OK) {
        require(exchange->cookies.count <= HTTP_MOST_COOKIES);
        for (size_t i = 0; i < exchange->cookies.count; i++) {
            const struct http_field *field = &exchange->cookies.items[i];
            require(field->name.len > 0 && field->name.ptr[field->name.len] == '\0');
            require(field->value.ptr[field->value.len] == '\0');
        }
    }
    if (status == 0) {
        /* What passed may go back as a header. */
        static const char *const origins[] = {"https://a.example"};
        static const struct http_names names = {origins, 1};
        const struct http_cors cors = {&names, true};
        exchange->method = HTTP_OPTIONS;
        http_cors_preflight(exchange, &cors, HTTP_GET);
        require(!exchange->response.failed);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct http_exchange exchange;
    struct str rest = {(const char *)data, size};
    require(http_exchange_begin(&exchange, &error) == STATUS_OK);
    struct http_target target;
    if (http_target_read(&target, next_line(&rest))) {
        require(target.path.len > 0);
        find_route(&exchange, target.path);
        read_query(target.query, &exchange.arena);
        read_host(target.authority);
    }
    struct str cookie = next_line(&rest);
    read_host(next_line(&rest));
    read_type(next_line(&rest), &exchange.arena);
    read_headers(&exchange, rest, cookie);
    http_exchange_end(&exchange);
    return 0;
}
