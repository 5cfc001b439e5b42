/*
 * Addresses of the internet protocol, and ranges of them (CIDR, RFC 4632 and RFC 4291, 2.3).
 *
 * One form for both versions: an IPv4 address lies in the range ::ffff:0:0/96, where a socket that
 * takes both versions shows it. But a range of IPv6 holds no IPv4 address, not even ::/0.
 *
 * Thread rule: any thread.
 */
#ifndef BASE_IP_ADDRESS_H
#define BASE_IP_ADDRESS_H

#include <stdbool.h>

#include "base/str.h"

enum {
    IP_ADDRESS_BITS = 128,
    IP_ADDRESS_V4_AT = 96, /* bits before the address of IPv4 */
    IP_ADDRESS_TEXT = 46,  /* room for one as text, with its NUL */
};

struct ip_address {
    unsigned char bytes[IP_ADDRESS_BITS / 8];
};

/* The addresses that begin with the first `bits` of `base`. */
struct ip_range {
    struct ip_address base;
    unsigned bits;
};

/* "192.0.2.1" or "2001:db8::1", and nothing else: no port, brackets, zone, blanks or leading zeros. */
bool ip_address_read(struct ip_address *out, struct str text);

/* As the system has them: of struct in_addr and struct in6_addr. */
void ip_address_of_v4(struct ip_address *out, const void *address);
void ip_address_of_v6(struct ip_address *out, const void *address);

bool ip_address_is_v4(const struct ip_address *address);

/* The one way to write it: RFC 5952, and IPv4 with dots. NUL-terminated; gives its length. */
size_t ip_address_write(char out[IP_ADDRESS_TEXT], const struct ip_address *address);

/* The address with everything behind the first `bits` cleared: of its network. */
struct ip_address ip_address_cut(const struct ip_address *address, unsigned bits);

/* An address, or one with "/" and the number of bits that count: "10.0.0.0/8", "fd00::/8". What stands
   behind these has to be zero: "10.0.0.1/8" may have meant one address or all. */
bool ip_range_read(struct ip_range *out, struct str text);

bool ip_range_has(const struct ip_range *range, const struct ip_address *address);

#endif
