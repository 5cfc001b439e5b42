#include "http/client_address.h"

#include <string.h>

static bool is_trusted(const struct ip_address *address, const struct http_proxies *proxies)
{
    for (size_t i = 0; i < proxies->count; i++) {
        if (ip_range_has(&proxies->ranges[i], address)) {
            return true;
        }
    }
    return false;
}

/* Cuts the last item off a list; an empty list has one, which is empty. */
static struct str take_last(struct str *list)
{
    const char *comma = list->len == 0 ? NULL : memrchr(list->ptr, ',', list->len);
    size_t start = comma == NULL ? 0 : (size_t)(comma - list->ptr) + 1;
    struct str item = {list->ptr + start, list->len - start};
    list->len = comma == NULL ? 0 : start - 1;
    list->ptr = comma == NULL ? NULL : list->ptr;
    return str_trim(item);
}

enum walk { WALK_ON, WALK_FOUND, WALK_BROKEN };

/* From right to left; *out becomes each address in turn. */
static enum walk walk(struct ip_address *out, struct str list, const struct http_proxies *proxies)
{
    while (list.ptr != NULL) {
        if (!ip_address_read(out, take_last(&list))) {
            return WALK_BROKEN;
        }
        if (!is_trusted(out, proxies)) {
            return WALK_FOUND;
        }
    }
    return WALK_ON;
}

struct ip_address http_client_address(const struct ip_address *peer,
                                      const struct http_fields *headers,
                                      const struct http_proxies *proxies)
{
    struct ip_address found = *peer;
    enum walk state = is_trusted(peer, proxies) ? WALK_ON : WALK_FOUND;
    /* Several headers of the name are one list, in their order (RFC 9110, 5.3). */
    for (size_t i = headers->count; i-- > 0 && state == WALK_ON;) {
        if (str_equal_ignoring_case(headers->items[i].name, STR("X-Forwarded-For"))) {
            state = walk(&found, headers->items[i].value, proxies);
        }
    }
    return state == WALK_BROKEN ? *peer : found;
}
