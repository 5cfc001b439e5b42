/* Keys and tokens for tests: made anew in each run, signed by OpenSSL alone, so that what verifies
   them is held against another implementation than its own. */
#ifndef TEST_IDENTITY_TOKENS_H
#define TEST_IDENTITY_TOKENS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"

/* Everything below allocates here and expects success. */
extern struct arena scratch;

enum key_kind { KEY_RSA, KEY_RSA_SMALL, KEY_P256, KEY_P384, KEY_P521, KEY_ED25519, KEY_ED448 };

/* A pair of keys, made once a run for each kind and number. */
EVP_PKEY *test_key(enum key_kind kind, unsigned number);
void test_keys_free(void);

/* {"kty": …} of the public part, with `more` (", \"use\": \"sig\"") at its end. */
const char *test_jwk(EVP_PKEY *key, const char *id, const char *more);

/* {"keys": [ … ]} of `count` keys. */
const char *test_jwks(const char *const *keys, size_t count);

/* Signs header and claims as they stand, by the rules of `algorithm`. */
const char *test_token(EVP_PKEY *key, const char *algorithm, const char *header,
                       const char *claims);

/* The same with any signature. */
const char *test_token_raw(const char *header, const char *claims, const void *signature,
                           size_t size);

const char *test_text(const char *format, ...) PRINTF_LIKE(1, 2);

#endif
