/*
 * Fuzzes tokens and sets of keys. The first byte says what the rest is:
 *   t  a token as it comes: none is good, for nobody has the keys;
 *   s  header, newline, claims: signed here, so that what comes after the signature is reached. What is
 *      then let in has a subject, has not ended and is for us;
 *   k  a set of keys: read or refused, and then used.
 */
#include <sodium.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "identity/base64url.h"
#include "identity/jwt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NOW = 1700000000 };

static const struct jwt_expected expected = {
    .issuer = "i", .audience = "a", .client = "c", .now = NOW};

/* The examples of RFC 7517 (A.1), whose private halves are not in here. */
static const char strangers[] = "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"k\","
                                "\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\","
                                "\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\"},"
                                "{\"kty\":\"RSA\",\"kid\":\"k\",\"e\":\"AQAB\",\"n\":\""
                                "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu"
                                "1RK7aPFFxuhDR1L6tSoc_BJECPebW"
                                "KRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_"
                                "RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQM"
                                "icAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-"
                                "bFTWhAI4vMQFh6WeZu0fM4lFd2Ncr"
                                "wr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw\"}]}";

static struct jwk_set *foreign;
static struct jwk_set *own;
static unsigned char secret_key[crypto_sign_SECRETKEYBYTES];

static void require(int condition)
{
    if (!condition) {
        abort();
    }
}

static void set_up(void)
{
    static const unsigned char seed[crypto_sign_SEEDBYTES] = {1};
    unsigned char public_key[crypto_sign_PUBLICKEYBYTES];
    struct error error;
    require(sodium_init() >= 0);
    crypto_sign_seed_keypair(public_key, secret_key, seed);
    require(jwk_set_of_ed25519(&own, "k", public_key, &error) == 0);
    require(jwk_set_read(&foreign, STR(strangers), &error) == 0);
    require(jwk_set_count(foreign) == 2);
}

static enum jwt_verdict judge(struct arena *arena, struct str token, const struct jwk_set *set)
{
    struct jwt jwt;
    struct error error = {0};
    enum jwt_verdict verdict = JWT_BAD;
    int status = jwt_read(&jwt, arena, token, &error);
    require(status == 0 || error.message[0] != '\0');
    const struct jwk *key = status == 0 ? jwk_set_find(set, jwt.key_id, jwt.algorithm) : NULL;
    if (key != NULL && jwt_verify(&jwt, key, &error) == 0) {
        jwt_check(&verdict, &jwt, &expected, &error);
        require(verdict != JWT_GOOD ||
                (jwt_claim(&jwt, "sub").len > 0 && str_equal(jwt_claim(&jwt, "iss"), STR("i")) &&
                 json_number_value(json_object_get(jwt.claims, "exp")) > NOW - 31));
    }
    jwt_free(&jwt);
    return verdict;
}

static void judge_signed(struct arena *arena, struct str text)
{
    const char *end = text.len == 0 ? NULL : memchr(text.ptr, '\n', text.len);
    if (end == NULL) {
        return;
    }
    size_t header = (size_t)(end - text.ptr);
    const char *first = base64url_encode(arena, text.ptr, header);
    const char *second = base64url_encode(arena, end + 1, text.len - header - 1);
    struct text_buffer token = TEXT_BUFFER(1 << 20);
    unsigned char signature[crypto_sign_BYTES];
    require(first != NULL && second != NULL);
    text_appendf(&token, "%s.%s", first, second);
    require(!token.failed);
    crypto_sign_detached(signature, NULL, (const unsigned char *)token.ptr, token.len, secret_key);
    const char *third = base64url_encode(arena, signature, sizeof signature);
    require(third != NULL);
    text_appendf(&token, ".%s", third);
    require(!token.failed);
    (void)judge(arena, text_str(&token), own);
    text_free(&token);
}

static void read_keys(struct arena *arena, struct str text)
{
    static const char token[] =
        "eyJhbGciOiJFUzI1NiIsImtpZCI6ImsifQ.e30."
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    struct jwk_set *set;
    struct error error;
    int status = jwk_set_read(&set, text, &error);
    require((status == 0) == (set != NULL));
    if (set != NULL) {
        require(jwk_set_count(set) > 0);
        (void)judge(arena, STR(token), set);
    }
    jwk_set_free(set);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (own == NULL) {
        set_up();
    }
    if (size == 0) {
        return 0;
    }
    struct arena arena = ARENA(64 << 20);
    struct str rest = {(const char *)data + 1, size - 1};
    switch (data[0]) {
    case 't': require(judge(&arena, rest, foreign) == JWT_BAD); break;
    case 's': judge_signed(&arena, rest); break;
    case 'k': read_keys(&arena, rest); break;
    default: break;
    }
    arena_free(&arena);
    return 0;
}
