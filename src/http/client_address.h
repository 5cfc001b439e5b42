/*
 * Whose request it is, where proxies pass requests on: by X-Forwarded-For, as far as who wrote it is
 * trusted. Each proxy adds on the right the address that it has the request from; what stands left of
 * the first one that is no trusted proxy's may be anybody's invention.
 *
 * Thread rule: any thread.
 */
#ifndef HTTP_CLIENT_ADDRESS_H
#define HTTP_CLIENT_ADDRESS_H

#include "base/ip_address.h"
#include "http/exchange.h"

struct http_proxies {
    const struct ip_range *ranges;
    size_t count;
};

/*
 * The right-most address of X-Forwarded-For that is no trusted proxy's; the left-most one when all are.
 * `peer` itself when it is not trusted, when there is no such header, or when one of the texts that
 * would have to be believed is no address.
 */
struct ip_address http_client_address(const struct ip_address *peer,
                                      const struct http_fields *headers,
                                      const struct http_proxies *proxies);

#endif
