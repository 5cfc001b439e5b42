/*
 * JSON Web Tokens (RFC 7519) as RFC 8725 wants them read: signed, compact, in one of ten algorithms;
 * the key's kind and the token's algorithm have to agree, and no key but the provider's counts,
 * whatever the token brings along (jwk, jku, x5c, x5u are not looked at).
 *
 * Three steps: jwt_read() takes a token apart and trusts nothing of it, jwt_verify() checks its
 * signature, jwt_check() what it claims. Messages say what is wrong, never what stands in a token.
 *
 * Not done: encrypted tokens; tokens bound to a key of the client's ("cnf" is not looked at).
 *
 * Thread rule: one thread at a time a token.
 */
#ifndef IDENTITY_JWT_H
#define IDENTITY_JWT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "identity/jwk.h"

enum {
    JWT_MOST_BYTES = 16 << 10,
    JWT_LEEWAY_SECONDS = 30, /* by which the clocks of provider and server may differ */
    JWT_MOST_SUBJECT = 255,  /* bytes: OpenID Connect allows no longer one */
};

struct jwt {
    struct str compact;
    struct str input;     /* what is signed: header and claims as they came */
    struct str signature; /* decoded */
    enum jwa algorithm;
    struct str key_id;
    json_t *claims; /* an object */
    json_t *header;
};

/* What claims have to be. NULL: any. */
struct jwt_expected {
    const char *issuer;
    const char *issuer_end; /* or: how the issuer's address ends */
    const char *audience;
    const char *client; /* "client_id" and "azp", those of them that are there */
    const char *nonce;
    const char *use;    /* Cognito's "token_use" */
    bool client_needed; /* one of the two has to be there: no audience ties the token to us */
    bool bearer;        /* Keycloak's "typ": an access token, none of its others */
    int64_t now;        /* seconds since 1970 */
};

enum jwt_verdict {
    JWT_GOOD,
    JWT_BAD,            /* `error` says why, for the log */
    JWT_FOREIGN_CLIENT, /* all is well, but it was made for another client */
};

/* STATUS_INVALID when it is no token that could ever be good; `out` is to be freed in any case. The
   token has to outlive `out`. */
int jwt_read(struct jwt *out, struct arena *arena, struct str token, struct error *error);

/* Whether the signature is that of `key`. STATUS_INVALID when not. */
int jwt_verify(const struct jwt *token, const struct jwk *key, struct error *error);

/* *out is filled, and with JWT_BAD `error`. */
void jwt_check(enum jwt_verdict *out, const struct jwt *token, const struct jwt_expected *expected,
               struct error *error);

/* The text of a claim; ptr NULL when there is no such text. Lives as long as the token. */
struct str jwt_claim(const struct jwt *token, const char *name);

void jwt_free(struct jwt *token);

#endif
