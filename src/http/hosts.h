/*
 * Which names the server answers to, so that no link that it makes, and no cookie, is for a name of
 * somebody else's choice (and no page of another name reaches it by DNS rebinding).
 *
 * Thread rule: any thread.
 */
#ifndef HTTP_HOSTS_H
#define HTTP_HOSTS_H

#include <stdbool.h>

#include "base/str.h"
#include "http/server.h"

/* Cuts the port off; false when `host` is no name or address with or without a port. *name is a view
   without a point at the end; an address of IPv6 keeps its brackets. */
bool http_host_name(struct str *name, struct str host);

/* `allowed` as Django's ALLOWED_HOSTS: "*", a name, or ".name" for it and all below it; without any,
   localhost and what is below it, 127.0.0.1 and [::1]. */
bool http_host_allowed(struct str host, const struct http_names *allowed);

#endif
