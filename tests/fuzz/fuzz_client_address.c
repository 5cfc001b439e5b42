/*
 * Whose request it is, on any bytes. The first line is the peer, the second the trusted ranges, parted
 * by blanks; those that follow are headers X-Forwarded-For.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "http/client_address.h"

enum { MOST_RANGES = 16, MOST_HEADERS = 100 };

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static struct str cut(struct str *rest, char end_with)
{
    const char *end = rest->len == 0 ? NULL : memchr(rest->ptr, end_with, rest->len);
    struct str piece = {rest->ptr, end == NULL ? rest->len : (size_t)(end - rest->ptr)};
    size_t taken = piece.len + (end != NULL);
    *rest = (struct str){rest->ptr + taken, rest->len - taken};
    return piece;
}

static bool is_same(const struct ip_address *a, const struct ip_address *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

/* There is one way to write each address, and it reads as it was. */
static void check_text(const struct ip_address *address)
{
    char text[IP_ADDRESS_TEXT];
    struct ip_address again;
    size_t length = ip_address_write(text, address);
    require(length > 0 && length < sizeof text && text[length] == '\0');
    require(ip_address_read(&again, (struct str){text, length}) && is_same(&again, address));
}

static size_t read_ranges(struct ip_range out[MOST_RANGES], struct str line)
{
    size_t count = 0;
    while (line.len > 0 && count < MOST_RANGES) {
        if (ip_range_read(&out[count], cut(&line, ' '))) {
            require(out[count].bits <= IP_ADDRESS_BITS);
            require(ip_range_has(&out[count], &out[count].base));
            count++;
        }
    }
    return count;
}

static bool is_trusted(const struct ip_address *address, const struct http_proxies *proxies)
{
    bool trusted = false;
    for (size_t i = 0; i < proxies->count; i++) {
        trusted = trusted || ip_range_has(&proxies->ranges[i], address);
    }
    return trusted;
}

/* Whether one of the headers has this address as an item. */
static bool is_listed(const struct ip_address *address, const struct http_fields *headers)
{
    for (size_t i = 0; i < headers->count; i++) {
        struct str list = headers->items[i].value;
        while (list.len > 0) {
            struct ip_address item;
            if (ip_address_read(&item, str_trim(cut(&list, ','))) && is_same(&item, address)) {
                return true;
            }
        }
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct http_field fields[MOST_HEADERS];
    struct ip_range ranges[MOST_RANGES];
    struct str rest = {(const char *)data, size};
    struct ip_address peer;
    if (!ip_address_read(&peer, cut(&rest, '\n'))) {
        return 0;
    }
    check_text(&peer);
    const struct http_proxies proxies = {ranges, read_ranges(ranges, cut(&rest, '\n'))};
    struct http_fields headers = {fields, 0};
    while (rest.len > 0 && headers.count < MOST_HEADERS) {
        fields[headers.count++] = (struct http_field){STR("X-Forwarded-For"), cut(&rest, '\n')};
    }
    struct ip_address client = http_client_address(&peer, &headers, &proxies);
    check_text(&client);
    if (!is_same(&client, &peer)) {
        require(is_trusted(&peer, &proxies) && is_listed(&client, &headers));
    }
    return 0;
}
