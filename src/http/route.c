#include "http/route.h"

#include <string.h>

#include "http/percent.h"

static const struct {
    enum http_method method;
    struct str name;
} method_names[] = {
    {HTTP_GET, {"GET", 3}},         {HTTP_HEAD, {"HEAD", 4}},   {HTTP_POST, {"POST", 4}},
    {HTTP_PUT, {"PUT", 3}},         {HTTP_PATCH, {"PATCH", 5}}, {HTTP_DELETE, {"DELETE", 6}},
    {HTTP_OPTIONS, {"OPTIONS", 7}},
};

enum http_method http_method_of(struct str name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(method_names); i++) {
        if (str_equal(name, method_names[i].name)) {
            return method_names[i].method;
        }
    }
    return HTTP_OTHER;
}

void http_route_write_methods(struct text_buffer *out, unsigned methods)
{
    if ((methods & HTTP_GET) != 0) {
        methods |= HTTP_HEAD;
    }
    const char *separator = "";
    for (size_t i = 0; i < ARRAY_LENGTH(method_names); i++) {
        if ((methods & method_names[i].method) != 0) {
            text_appendf(out, "%s%s", separator, method_names[i].name.ptr);
            separator = ", ";
        }
    }
}

/* The segment that `path` begins with, after its slash, which is cut off with it. */
static struct str next_segment(struct str *path)
{
    struct str rest = {path->ptr + 1, path->len - 1};
    const char *end = rest.len == 0 ? NULL : memchr(rest.ptr, '/', rest.len);
    struct str segment = {rest.ptr, end == NULL ? rest.len : (size_t)(end - rest.ptr)};
    *path = (struct str){rest.ptr + segment.len, rest.len - segment.len};
    return segment;
}

static bool is_parameter(struct str segment)
{
    return segment.len > 1 && segment.ptr[0] == '{' && segment.ptr[segment.len - 1] == '}';
}

/* Whether the path is the row's; its parameters, not yet decoded, are then in `values`. */
static bool matches(struct str path, struct str pattern, struct str values[HTTP_MOST_PARAMETERS],
                    size_t *count)
{
    *count = 0;
    while (path.len > 0 && pattern.len > 0) {
        struct str segment = next_segment(&path);
        struct str expected = next_segment(&pattern);
        if (is_parameter(expected)) {
            if (segment.len == 0 || *count == HTTP_MOST_PARAMETERS) {
                return false;
            }
            values[(*count)++] = segment;
        } else if (!str_equal(segment, expected)) {
            return false;
        }
    }
    return path.len == 0 && pattern.len == 0;
}

static bool decode_parameters(struct http_exchange *exchange,
                              const struct str values[HTTP_MOST_PARAMETERS], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool valid;
        if (!http_percent_decode(&exchange->parameters[i], values[i], false, &exchange->arena,
                                 &valid)) {
            return false;
        }
    }
    return true;
}

/* Whether a row has the path word for word. */
static bool is_literal(struct str path, const struct http_route *routes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (str_equal(path, str_from(routes[i].path))) {
            return true;
        }
    }
    return false;
}

enum http_match http_route_find(struct http_exchange *exchange, const struct http_route *routes,
                                size_t count, unsigned *allowed)
{
    *allowed = 0;
    struct str path = exchange->path;
    if (path.len == 0 || path.ptr[0] != '/') {
        return HTTP_MATCH_NO_PATH;
    }
    if (path.len > 1 && path.ptr[path.len - 1] == '/') {
        path.len--;
    }
    enum http_method method = exchange->method == HTTP_HEAD ? HTTP_GET : exchange->method;
    bool literal = is_literal(path, routes, count);
    for (size_t i = 0; i < count; i++) {
        struct str values[HTTP_MOST_PARAMETERS];
        size_t found;
        if (!matches(path, str_from(routes[i].path), values, &found) || (literal && found > 0)) {
            continue;
        }
        if (routes[i].method == method) {
            if (!decode_parameters(exchange, values, found)) {
                return HTTP_MATCH_NO_PATH;
            }
            exchange->route = &routes[i];
            return HTTP_MATCH_FOUND;
        }
        *allowed |= routes[i].method;
    }
    return *allowed != 0 ? HTTP_MATCH_NO_METHOD : HTTP_MATCH_NO_PATH;
}

bool http_route_owns(struct str path, const struct http_route *routes, size_t count)
{
    if (path.len < 2 || path.ptr[0] != '/') {
        return false;
    }
    struct str first = next_segment(&path);
    for (size_t i = 0; i < count; i++) {
        struct str pattern = str_from(routes[i].path);
        if (pattern.len > 1 && str_equal(first, next_segment(&pattern))) {
            return true;
        }
    }
    return false;
}
