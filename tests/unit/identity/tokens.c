#include "tokens.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "identity/base64url.h"

struct arena scratch = ARENA(256 << 20);

enum { KINDS = KEY_ED448 + 1, NUMBERS = 3 };
static EVP_PKEY *keys[KINDS][NUMBERS];

const char *test_text(const char *format, ...)
{
    va_list arguments;
    va_list again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *text = arena_alloc(&scratch, (size_t)length + 1);
    assert_non_null(text);
    vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    return text;
}

static EVP_PKEY *make_key(enum key_kind kind)
{
    switch (kind) {
    case KEY_RSA: return EVP_RSA_gen(2048);
    case KEY_RSA_SMALL: return EVP_RSA_gen(1024);
    case KEY_P256: return EVP_EC_gen("P-256");
    case KEY_P384: return EVP_EC_gen("P-384");
    case KEY_P521: return EVP_EC_gen("P-521");
    case KEY_ED25519: return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    case KEY_ED448: return EVP_PKEY_Q_keygen(NULL, NULL, "ED448");
    }
    return NULL;
}

EVP_PKEY *test_key(enum key_kind kind, unsigned number)
{
    if (keys[kind][number] == NULL) {
        keys[kind][number] = make_key(kind);
        assert_non_null(keys[kind][number]);
    }
    return keys[kind][number];
}

void test_keys_free(void)
{
    for (size_t i = 0; i < ARRAY_LENGTH(keys); i++) {
        for (size_t j = 0; j < ARRAY_LENGTH(keys[i]); j++) {
            EVP_PKEY_free(keys[i][j]);
            keys[i][j] = NULL;
        }
    }
    arena_free(&scratch);
}

/* ---- keys ---- */

static const char *encode(const void *bytes, size_t size)
{
    const char *text = base64url_encode(&scratch, bytes, size);
    assert_non_null(text);
    return text;
}

static const char *number_of(EVP_PKEY *key, const char *name, size_t least)
{
    BIGNUM *number = NULL;
    assert_int_equal(EVP_PKEY_get_bn_param(key, name, &number), 1);
    size_t size = (size_t)BN_num_bytes(number);
    size = size < least ? least : size;
    unsigned char bytes[1024];
    assert_true(size <= sizeof bytes);
    BN_bn2binpad(number, bytes, (int)size);
    BN_free(number);
    return encode(bytes, size);
}

const char *test_jwk(EVP_PKEY *key, const char *id, const char *more)
{
    int type = EVP_PKEY_get_base_id(key);
    if (type == EVP_PKEY_RSA) {
        return test_text("{\"kty\":\"RSA\",\"kid\":\"%s\",\"n\":\"%s\",\"e\":\"%s\"%s}", id,
                         number_of(key, OSSL_PKEY_PARAM_RSA_N, 0),
                         number_of(key, OSSL_PKEY_PARAM_RSA_E, 0), more);
    }
    if (type == EVP_PKEY_EC) {
        int bits = EVP_PKEY_get_bits(key);
        size_t size = (size_t)(bits + 7) / 8;
        return test_text(
            "{\"kty\":\"EC\",\"kid\":\"%s\",\"crv\":\"P-%d\",\"x\":\"%s\",\"y\":\"%s\"%s}", id,
            bits, number_of(key, OSSL_PKEY_PARAM_EC_PUB_X, size),
            number_of(key, OSSL_PKEY_PARAM_EC_PUB_Y, size), more);
    }
    unsigned char bytes[64];
    size_t size = sizeof bytes;
    assert_int_equal(EVP_PKEY_get_raw_public_key(key, bytes, &size), 1);
    return test_text("{\"kty\":\"OKP\",\"kid\":\"%s\",\"crv\":\"%s\",\"x\":\"%s\"%s}", id,
                     type == EVP_PKEY_ED448 ? "Ed448" : "Ed25519", encode(bytes, size), more);
}

const char *test_jwks(const char *const *items, size_t count)
{
    const char *list = "";
    for (size_t i = 0; i < count; i++) {
        list = test_text("%s%s%s", list, i > 0 ? "," : "", items[i]);
    }
    return test_text("{\"keys\":[%s]}", list);
}

/* ---- signatures ---- */

/* RFC 7518, 3.4: the two numbers one after the other, not in ASN.1. */
static size_t join_numbers(unsigned char *out, const unsigned char *der, size_t size, EVP_PKEY *key)
{
    const unsigned char *at = der;
    ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &at, (long)size);
    assert_non_null(signature);
    int each = (EVP_PKEY_get_bits(key) + 7) / 8;
    BN_bn2binpad(ECDSA_SIG_get0_r(signature), out, each);
    BN_bn2binpad(ECDSA_SIG_get0_s(signature), out + each, each);
    ECDSA_SIG_free(signature);
    return 2 * (size_t)each;
}

static const char *digest_name(const char *algorithm)
{
    size_t length = strlen(algorithm);
    const char *bits = algorithm + (length > 3 ? length - 3 : 0);
    return strcmp(bits, "256") == 0   ? "SHA256"
           : strcmp(bits, "384") == 0 ? "SHA384"
           : strcmp(bits, "512") == 0 ? "SHA512"
                                      : NULL;
}

static const char *sign(EVP_PKEY *key, const char *algorithm, const char *input)
{
    unsigned char made[1024];
    unsigned char joined[1024];
    size_t size = sizeof made;
    EVP_PKEY_CTX *parameters;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    assert_non_null(context);
    assert_int_equal(
        EVP_DigestSignInit_ex(context, &parameters, digest_name(algorithm), NULL, NULL, key, NULL),
        1);
    if (algorithm[0] == 'P') {
        assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING), 1);
        assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_DIGEST), 1);
    }
    assert_int_equal(
        EVP_DigestSign(context, made, &size, (const unsigned char *)input, strlen(input)), 1);
    EVP_MD_CTX_free(context);
    if (EVP_PKEY_get_base_id(key) == EVP_PKEY_EC) {
        size = join_numbers(joined, made, size, key);
        return encode(joined, size);
    }
    return encode(made, size);
}

const char *test_token(EVP_PKEY *key, const char *algorithm, const char *header, const char *claims)
{
    const char *input =
        test_text("%s.%s", encode(header, strlen(header)), encode(claims, strlen(claims)));
    return test_text("%s.%s", input, sign(key, algorithm, input));
}

const char *test_token_raw(const char *header, const char *claims, const void *signature,
                           size_t size)
{
    return test_text("%s.%s.%s", encode(header, strlen(header)), encode(claims, strlen(claims)),
                     encode(signature, size));
}
