/*
 * All that the HTTP API serves. Deny by default: what has no row is 404, and a row without a word on
 * access is for admins.
 *
 * Thread rule: immutable.
 */
#ifndef API_ROUTES_H
#define API_ROUTES_H

#include <stddef.h>

#include "http/route.h"

#define API_PATH "/api/v1"

extern const struct http_route api_routes[];
extern const size_t api_route_count;

#endif
