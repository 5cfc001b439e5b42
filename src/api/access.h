/*
 * Who may call what: the route table says it, this holds to it. Deny by default: a row that says
 * nothing lets in admins only.
 *
 * Thread rule: any thread.
 */
#ifndef API_ACCESS_H
#define API_ACCESS_H

#include "base/error.h"
#include "http/exchange.h"
#include "http/route.h"

/* struct http_route.access: one of the first four, and which of authorization.admin_only makes it
   stricter. */
enum api_access {
    API_ADMIN = 0,
    API_MEMBER = 1,    /* and admins */
    API_SIGNED_IN = 2, /* whoever shows who they are, even without a role or unknown to us */
    API_PUBLIC =
        3, /* everybody; exchange->user is NULL, a handler that wants to know asks itself */
    API_LEVELS = 3, /* mask of the above */
    API_CONFIG = 1 << 2,
    API_IMPORT = 1 << 3,
    API_EXPORT = 1 << 4,
};

/*
 * For struct http_service. Sets exchange->user (struct identity_user) or answers: 401 and what else
 * identity_authenticate() answers; 403 for who is unknown, has no role or the wrong one.
 */
int access_admit(struct http_exchange *exchange, const struct http_route *route,
                 struct error *error);

/* "u_7" for the access log; NULL for nobody. */
const char *access_user_name(const struct http_exchange *exchange);

#endif
