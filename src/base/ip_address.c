#include "base/ip_address.h"

#include <arpa/inet.h>
#include <string.h>

static const unsigned char v4_prefix[IP_ADDRESS_V4_AT / 8] = {[10] = 0xFF, [11] = 0xFF};

bool ip_address_read(struct ip_address *out, struct str text)
{
    char copy[IP_ADDRESS_TEXT];
    /* inet_pton() would stop at a NUL. */
    if (text.len == 0 || text.len >= sizeof copy || memchr(text.ptr, '\0', text.len) != NULL) {
        return false;
    }
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    if (inet_pton(AF_INET6, copy, out->bytes) == 1) {
        return true;
    }
    memcpy(out->bytes, v4_prefix, sizeof v4_prefix);
    return inet_pton(AF_INET, copy, out->bytes + sizeof v4_prefix) == 1;
}

void ip_address_of_v4(struct ip_address *out, const void *address)
{
    memcpy(out->bytes, v4_prefix, sizeof v4_prefix);
    memcpy(out->bytes + sizeof v4_prefix, address, sizeof out->bytes - sizeof v4_prefix);
}

void ip_address_of_v6(struct ip_address *out, const void *address)
{
    memcpy(out->bytes, address, sizeof out->bytes);
}

bool ip_address_is_v4(const struct ip_address *address)
{
    return memcmp(address->bytes, v4_prefix, sizeof v4_prefix) == 0;
}

size_t ip_address_write(char out[IP_ADDRESS_TEXT], const struct ip_address *address)
{
    bool v4 = ip_address_is_v4(address);
    const unsigned char *bytes = address->bytes + (v4 ? sizeof v4_prefix : 0);
    const char *text = inet_ntop(v4 ? AF_INET : AF_INET6, bytes, out, IP_ADDRESS_TEXT);
    return text == NULL ? 0 : strlen(text); /* there is room for each */
}

struct ip_address ip_address_cut(const struct ip_address *address, unsigned bits)
{
    struct ip_address cut = *address;
    for (unsigned i = 0; i < sizeof cut.bytes; i++) {
        unsigned kept = bits <= i * 8 ? 0 : bits - i * 8;
        if (kept < 8) {
            cut.bytes[i] &= (unsigned char)(0xFF00U >> kept);
        }
    }
    return cut;
}

/* 1*3DIGIT without a leading zero. */
static bool read_bits(unsigned *out, struct str text)
{
    if (text.len == 0 || text.len > 3 || (text.ptr[0] == '0' && text.len > 1)) {
        return false;
    }
    *out = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') {
            return false;
        }
        *out = *out * 10 + (unsigned)(text.ptr[i] - '0');
    }
    return true;
}

bool ip_range_read(struct ip_range *out, struct str text)
{
    const char *slash = text.len == 0 ? NULL : memchr(text.ptr, '/', text.len);
    size_t length = slash == NULL ? text.len : (size_t)(slash - text.ptr);
    if (!ip_address_read(&out->base, (struct str){text.ptr, length})) {
        return false;
    }
    out->bits = IP_ADDRESS_BITS;
    if (slash == NULL) {
        return true;
    }
    /* As it is written: the bits of "::ffff:10.0.0.0/104" are counted from the front. */
    unsigned before = memchr(text.ptr, ':', length) == NULL ? IP_ADDRESS_V4_AT : 0;
    if (!read_bits(&out->bits, (struct str){slash + 1, text.len - length - 1}) ||
        out->bits > IP_ADDRESS_BITS - before) {
        return false;
    }
    out->bits += before;
    struct ip_address cut = ip_address_cut(&out->base, out->bits);
    return memcmp(&cut, &out->base, sizeof cut) == 0;
}

bool ip_range_has(const struct ip_range *range, const struct ip_address *address)
{
    struct ip_address cut = ip_address_cut(address, range->bits);
    return ip_address_is_v4(&range->base) == ip_address_is_v4(address) &&
           memcmp(&cut, &range->base, sizeof cut) == 0;
}
