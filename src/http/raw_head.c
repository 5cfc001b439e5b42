#include "http/raw_head.h"

#include <string.h>

/* Whether `text` begins at *at; moves *at behind it and the `ends` NULs that follow. */
static bool pass(const char **at, const char *end, struct str text, size_t ends)
{
    if (text.ptr != *at || (size_t)(end - *at) < text.len + ends) {
        return false;
    }
    *at += text.len;
    for (size_t i = 0; i < ends; i++) {
        if (*(*at)++ != '\0') {
            return false;
        }
    }
    return true;
}

static void pass_blanks(const char **at, const char *end)
{
    while (*at < end && (**at == ' ' || **at == '\t')) {
        ++*at;
    }
}

bool http_raw_head_is_plain(const char *head, size_t size, struct str target, const char *version,
                            const struct http_fields *headers)
{
    if (!HTTP_LENIENT_LIBRARY) {
        return true;
    }
    const char *end = head + size;
    const char *at = head;
    if (!pass(&at, end, str_from(head), 1)) {
        return false;
    }
    /* The target is decoded in place, and no longer what it was; one blank stood on either side. */
    size_t line = (size_t)(at - head) + target.len + 1;
    if (size < line || version != head + line) {
        return false;
    }
    at = version;
    if (!pass(&at, end, str_from(version), 2)) {
        return false;
    }
    for (size_t i = 0; i < headers->count; i++) {
        const struct http_field *field = &headers->items[i];
        if (!pass(&at, end, field->name, 1)) {
            return false;
        }
        pass_blanks(&at, end);
        if (!pass(&at, end, field->value, 2)) {
            return false;
        }
    }
    return end - at == 2 && memcmp(at, "\0\0", 2) == 0;
}
