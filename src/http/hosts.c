#include "http/hosts.h"

#include <string.h>

static bool is_all(struct str text, const char *more, bool hexadecimal)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        char lower = (char)(c | 0x20);
        bool letter = lower >= 'a' && lower <= (hexadecimal ? 'f' : 'z');
        if (!letter && !(c >= '0' && c <= '9') && (c == '\0' || strchr(more, c) == NULL)) {
            return false;
        }
    }
    return text.len > 0;
}

static bool is_port(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') {
            return false;
        }
    }
    return text.len > 0 && text.len <= 5;
}

bool http_host_name(struct str *name, struct str host)
{
    size_t end;
    if (host.len > 0 && host.ptr[0] == '[') {
        const char *bracket = memchr(host.ptr, ']', host.len);
        if (bracket == NULL) {
            return false;
        }
        end = (size_t)(bracket - host.ptr) + 1;
        if (!is_all((struct str){host.ptr + 1, end - 2}, ":.", true)) {
            return false;
        }
    } else {
        const char *colon = host.len == 0 ? NULL : memchr(host.ptr, ':', host.len);
        end = colon == NULL ? host.len : (size_t)(colon - host.ptr);
        /* "_" is in no host name, but in many of Docker's. */
        if (end > 253 || !is_all((struct str){host.ptr, end}, "-._", false)) {
            return false;
        }
    }
    if (end < host.len &&
        (host.ptr[end] != ':' || !is_port((struct str){host.ptr + end + 1, host.len - end - 1}))) {
        return false;
    }
    *name = (struct str){host.ptr, end};
    if (end > 1 && host.ptr[end - 1] == '.') {
        name->len--;
    }
    return true;
}

/* Whether `name` is `domain`, or ends in "." and `domain`. */
static bool is_below(struct str name, struct str domain)
{
    if (name.len < domain.len) {
        return false;
    }
    size_t before = name.len - domain.len;
    return str_equal_ignoring_case((struct str){name.ptr + before, domain.len}, domain) &&
           (before == 0 || name.ptr[before - 1] == '.');
}

bool http_host_allowed(struct str host, const struct http_names *allowed)
{
    struct str name;
    if (!http_host_name(&name, host)) {
        return false;
    }
    for (size_t i = 0; i < allowed->count; i++) {
        struct str pattern = str_from(allowed->items[i]);
        if (str_equal(pattern, STR("*")) || str_equal_ignoring_case(name, pattern)) {
            return true;
        }
        if (pattern.len > 1 && pattern.ptr[0] == '.' &&
            is_below(name, (struct str){pattern.ptr + 1, pattern.len - 1})) {
            return true;
        }
    }
    return allowed->count == 0 &&
           (is_below(name, STR("localhost")) || str_equal(name, STR("127.0.0.1")) ||
            str_equal(name, STR("[::1]")));
}
