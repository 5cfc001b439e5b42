/*
 * Cookies that nobody else can read or make: libsodium's secretbox (XSalsa20-Poly1305) over a kind and
 * some bytes.
 *
 * Thread rule: as an exchange.
 */
#ifndef IDENTITY_COOKIE_H
#define IDENTITY_COOKIE_H

#include <stdbool.h>

#include "http/exchange.h"
#include "identity/secret.h"

/* A cookie of one kind is never taken for the other. */
enum cookie_kind { COOKIE_SESSION = 1, COOKIE_SIGN_IN = 2 };

/* NULL when there is no memory. */
MUST_CHECK char *cookie_seal(struct arena *arena, const unsigned char key[SECRET_BYTES],
                             enum cookie_kind kind, struct str content);

/* The content, NUL-terminated; ptr NULL when this key has not sealed it as this kind. */
struct str cookie_open(struct arena *arena, const unsigned char key[SECRET_BYTES],
                       enum cookie_kind kind, struct str sealed);

struct cookie {
    const char *name;
    const char *value;
    const char *path;
    unsigned seconds; /* 0: remove it */
    bool readable;    /* by scripts of the page */
};

/* Adds a Set-Cookie to the response: SameSite=Lax, and Secure unless the request came without TLS to
   this very machine (RFC 6761's localhost), where there is no TLS to be had. */
void cookie_set(struct http_exchange *exchange, const struct cookie *cookie);

#endif
