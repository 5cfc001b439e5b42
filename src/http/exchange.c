#include "http/exchange.h"

#include <string.h>

static struct str find(const struct http_fields *fields, const char *name, bool any_case)
{
    struct str wanted = str_from(name);
    for (size_t i = 0; i < fields->count; i++) {
        const struct http_field *field = &fields->items[i];
        if (any_case ? str_equal_ignoring_case(field->name, wanted)
                     : str_equal(field->name, wanted)) {
            return field->value;
        }
    }
    return (struct str){NULL, 0};
}

struct str http_header(const struct http_exchange *exchange, const char *name)
{
    return find(&exchange->headers, name, true);
}

struct str http_query(const struct http_exchange *exchange, const char *name)
{
    return find(&exchange->query, name, false);
}

struct str http_cookie(const struct http_exchange *exchange, const char *name)
{
    return find(&exchange->cookies, name, false);
}
