/*
 * Public keys that tokens are signed with: a JWK set (RFC 7517), read and ready to verify.
 *
 * What cannot be used is passed over: symmetric and private keys, keys for encryption, RSA below 2048
 * bits, curves that we do not know, keys without an id. cjose does RSA and the NIST curves, OpenSSL
 * the Edwards curves, which cjose does not know.
 *
 * cjose counts references without atomics, so a set is never changed nor its keys retained once it is
 * made; and cjose keeps malloc: its hook would take jansson's allocator away from base/json_read.c.
 *
 * Thread rule: immutable once read.
 */
#ifndef IDENTITY_JWK_H
#define IDENTITY_JWK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/str.h"

enum jwa {
    JWA_RS256,
    JWA_RS384,
    JWA_RS512,
    JWA_PS256,
    JWA_PS384,
    JWA_PS512,
    JWA_ES256,
    JWA_ES384,
    JWA_ES512,
    JWA_EDDSA,
    JWA_COUNT,
};

/* False for any other, "none" and HMAC's among them. */
bool jwa_from_name(enum jwa *out, struct str name);

struct jwk;
struct jwk_set;

/* STATUS_INVALID when it is no set or holds no key that can be used. */
int jwk_set_read(struct jwk_set **out, struct str json, struct error *error);

/* One Ed25519 key, by its 32 bytes: of the local provider. */
int jwk_set_of_ed25519(struct jwk_set **out, const char *id, const unsigned char *public_key,
                       struct error *error);

/* The first key with this id that is for this algorithm; NULL when there is none. */
const struct jwk *jwk_set_find(const struct jwk_set *set, struct str id, enum jwa algorithm);

/* Whether `signature` (decoded, as RFC 7518 forms it) over `input` is the key's. `compact` is the
   whole token, of which these are parts. *out_of_memory may be set when it is not. */
bool jwk_verify(const struct jwk *key, enum jwa algorithm, struct str compact, struct str input,
                struct str signature, bool *out_of_memory);

size_t jwk_set_count(const struct jwk_set *set);

/* NULL is fine. */
void jwk_set_free(struct jwk_set *set);

#endif
