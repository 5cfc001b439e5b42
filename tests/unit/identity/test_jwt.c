/* Tokens: every algorithm that is allowed, and what attackers send: jwt.c, jwk.c. */

#include "tokens.h"

#include <openssl/hmac.h>
#include <openssl/x509.h>
#include <string.h>

#include "base/compiler.h"
#include "base/memory.h"
#include "identity/jwt.h"

enum { NOW = 1700000000 };

static struct error error;

static int tear_down(void **state)
{
    (void)state;
    test_keys_free();
    return 0;
}

static struct jwk_set *read_keys(const char *text)
{
    struct jwk_set *set = NULL;
    if (jwk_set_read(&set, str_from(text), &error) != 0) {
        fail_msg("%s", error.message);
    }
    return set;
}

/* What a token comes to: GOOD, FOREIGN_CLIENT, or BAD at any of the three steps. */
static enum jwt_verdict judge(const char *token, const struct jwk_set *set,
                              const struct jwt_expected *expected)
{
    struct jwt jwt;
    enum jwt_verdict verdict = JWT_BAD;
    error = (struct error){0};
    int status = jwt_read(&jwt, &scratch, str_from(token), &error);
    const struct jwk *key = status == 0 ? jwk_set_find(set, jwt.key_id, jwt.algorithm) : NULL;
    if (status == 0 && key != NULL && jwt_verify(&jwt, key, &error) == 0) {
        jwt_check(&verdict, &jwt, expected, &error);
    }
    jwt_free(&jwt);
    return verdict;
}

static const struct jwt_expected usual = {
    .issuer = "https://idp.example.org",
    .audience = "empi",
    .client = "empi-client",
    .now = NOW,
};

static const char good_claims[] =
    "{\"iss\":\"https://idp.example.org\",\"aud\":\"empi\",\"sub\":\"u1\",\"exp\":1700000060,"
    "\"azp\":\"empi-client\"}";

static const struct {
    const char *name;
    enum key_kind kind;
} algorithms[] = {
    {"RS256", KEY_RSA},  {"RS384", KEY_RSA},     {"RS512", KEY_RSA},   {"PS256", KEY_RSA},
    {"PS384", KEY_RSA},  {"PS512", KEY_RSA},     {"ES256", KEY_P256},  {"ES384", KEY_P384},
    {"ES512", KEY_P521}, {"EdDSA", KEY_ED25519}, {"EdDSA", KEY_ED448},
};

static const char *header_of(const char *algorithm, const char *id)
{
    return test_text("{\"alg\":\"%s\",\"kid\":\"%s\",\"typ\":\"JWT\"}", algorithm, id);
}

/* A set of one key of each kind, by the number of the kind. */
static struct jwk_set *all_kinds(void)
{
    static const enum key_kind kinds[] = {KEY_RSA,  KEY_P256,    KEY_P384,
                                          KEY_P521, KEY_ED25519, KEY_ED448};
    const char *items[ARRAY_LENGTH(kinds)];
    for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++) {
        items[i] = test_jwk(test_key(kinds[i], 0), test_text("k%d", kinds[i]), "");
    }
    return read_keys(test_jwks(items, ARRAY_LENGTH(items)));
}

static const char *id_of(enum key_kind kind)
{
    return test_text("k%d", kind);
}

/* The usual key, and a token of it with any header and claims. */
static struct jwk_set *one_key(void)
{
    const char *items[] = {test_jwk(test_key(KEY_P256, 0), "k", "")};
    return read_keys(test_jwks(items, 1));
}

static const char *token_of(const char *header, const char *claims)
{
    return test_token(test_key(KEY_P256, 0), "ES256", header, claims);
}

static const char usual_header[] = "{\"alg\":\"ES256\",\"kid\":\"k\"}";

/* ---- signatures ---- */

static void every_algorithm_is_verified(void **state)
{
    (void)state;
    struct jwk_set *set = all_kinds();
    for (size_t i = 0; i < ARRAY_LENGTH(algorithms); i++) {
        enum key_kind kind = algorithms[i].kind;
        const char *header = header_of(algorithms[i].name, id_of(kind));
        const char *good = test_token(test_key(kind, 0), algorithms[i].name, header, good_claims);
        if (judge(good, set, &usual) != JWT_GOOD) {
            fail_msg("%s: %s", algorithms[i].name, error.message);
        }
        /* Of another key of the same kind. */
        const char *other = test_token(test_key(kind, 1), algorithms[i].name, header, good_claims);
        assert_int_equal(judge(other, set, &usual), JWT_BAD);
    }
    jwk_set_free(set);
}

/* Each byte of the signature and of what is signed matters. */
static void a_changed_token_is_bad(void **state)
{
    (void)state;
    struct jwk_set *set = all_kinds();
    for (size_t i = 0; i < ARRAY_LENGTH(algorithms); i++) {
        enum key_kind kind = algorithms[i].kind;
        const char *good = test_token(test_key(kind, 0), algorithms[i].name,
                                      header_of(algorithms[i].name, id_of(kind)), good_claims);
        size_t length = strlen(good);
        char *changed = arena_copy(&scratch, (struct str){good, length});
        assert_non_null(changed);
        for (size_t at = 0; at < length; at += kind == KEY_RSA ? 7 : 3) {
            changed[at] = good[at] == 'A' ? 'B' : 'A';
            assert_int_equal(judge(changed, set, &usual), JWT_BAD);
            changed[at] = good[at];
        }
        /* Cut, and with something behind it. */
        for (size_t cut = 1; cut < 8; cut++) {
            changed[length - cut] = '\0';
            assert_int_equal(judge(changed, set, &usual), JWT_BAD);
            changed[length - cut] = good[length - cut];
        }
        assert_int_equal(judge(test_text("%sA", good), set, &usual), JWT_BAD);
        assert_int_equal(judge(test_text("%s.", good), set, &usual), JWT_BAD);
        assert_int_equal(judge(test_text("%s=", good), set, &usual), JWT_BAD);
        assert_int_equal(judge(good, set, &usual), JWT_GOOD);
    }
    jwk_set_free(set);
}

static void no_signature_is_bad(void **state)
{
    (void)state;
    static const char *const names[] = {"none", "None", "NONE", "nOnE", ""};
    struct jwk_set *set = one_key();
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        const char *header = test_text("{\"alg\":\"%s\",\"kid\":\"k\"}", names[i]);
        assert_int_equal(judge(test_token_raw(header, good_claims, "", 0), set, &usual), JWT_BAD);
        assert_int_equal(judge(test_token_raw(header, good_claims, "xxx", 3), set, &usual),
                         JWT_BAD);
    }
    static const char *const signatures[] = {"", "x"};
    for (size_t i = 0; i < ARRAY_LENGTH(signatures); i++) {
        const char *bare = test_token_raw(usual_header, good_claims, signatures[i], i);
        assert_int_equal(judge(bare, set, &usual), JWT_BAD);
    }
    /* CVE-2022-21449: r = s = 0. */
    static const unsigned char zeros[64];
    assert_int_equal(
        judge(test_token_raw(usual_header, good_claims, zeros, sizeof zeros), set, &usual),
        JWT_BAD);
    jwk_set_free(set);
}

/* The public key as the secret of an HMAC, in each form that an attacker may try. */
static void the_public_key_is_no_secret(void **state)
{
    (void)state;
    const char *jwk = test_jwk(test_key(KEY_RSA, 0), "k", "");
    const char *items[] = {jwk};
    struct jwk_set *set = read_keys(test_jwks(items, 1));
    static const char *const names[] = {"HS256", "HS384", "HS512"};
    unsigned char der[1024];
    unsigned char *end = der;
    int size = i2d_PUBKEY(test_key(KEY_RSA, 0), &end);
    assert_true(size > 0);
    const struct str secrets[] = {str_from(jwk), {(const char *)der, (size_t)size}, STR("")};
    for (size_t i = 0; i < ARRAY_LENGTH(names) * ARRAY_LENGTH(secrets); i++) {
        struct str secret = secrets[i % ARRAY_LENGTH(secrets)];
        const char *header = header_of(names[i / ARRAY_LENGTH(secrets)], "k");
        const char *token = test_token_raw(header, good_claims, "x", 1);
        struct str input = {token, (size_t)(strrchr(token, '.') - token)};
        unsigned char mac[EVP_MAX_MD_SIZE];
        unsigned length;
        HMAC(EVP_sha256(), secret.ptr, (int)secret.len, (const unsigned char *)input.ptr, input.len,
             mac, &length);
        token = test_token_raw(header, good_claims, mac, length);
        assert_int_equal(judge(token, set, &usual), JWT_BAD);
        assert_string_equal(error.message, "its algorithm is not allowed");
    }
    jwk_set_free(set);
}

/* The token does not choose what its key is for. */
static void algorithm_and_key_have_to_agree(void **state)
{
    (void)state;
    struct jwk_set *set = all_kinds();
    for (size_t i = 0; i < ARRAY_LENGTH(algorithms); i++) {
        for (size_t j = 0; j < ARRAY_LENGTH(algorithms); j++) {
            enum key_kind kind = algorithms[j].kind;
            if (strncmp(algorithms[i].name, algorithms[j].name, 5) == 0 ||
                (algorithms[i].kind == KEY_RSA && kind == KEY_RSA)) {
                continue;
            }
            const char *header = header_of(algorithms[i].name, id_of(kind));
            const char *token =
                test_token(test_key(kind, 0), algorithms[j].name, header, good_claims);
            assert_int_equal(judge(token, set, &usual), JWT_BAD);
        }
    }
    jwk_set_free(set);
}

static void a_keys_own_words_hold(void **state)
{
    (void)state;
    static const struct {
        const char *more;
        bool good;
    } cases[] = {
        {",\"use\":\"sig\",\"alg\":\"RS256\"", true},
        {",\"key_ops\":[\"verify\"]", true},
        {",\"x5c\":[\"abc\"],\"x5t\":\"d\",\"unknown\":{\"a\":[]}", true},
        {",\"alg\":\"RS512\"", false},
        {",\"alg\":\"PS256\"", false},
        {",\"alg\":\"RSA-OAEP\"", false},
        {",\"alg\":5", false},
        {",\"use\":\"enc\"", false},
        {",\"use\":null", false},
        {",\"key_ops\":[\"encrypt\"]", false},
        {",\"key_ops\":[]", false},
        {",\"d\":\"AQAB\"", false},
    };
    const char *other = test_jwk(test_key(KEY_P256, 0), "other", "");
    const char *token =
        test_token(test_key(KEY_RSA, 0), "RS256", header_of("RS256", "k"), good_claims);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const char *items[] = {other, test_jwk(test_key(KEY_RSA, 0), "k", cases[i].more)};
        struct jwk_set *set = read_keys(test_jwks(items, 2));
        enum jwt_verdict verdict = judge(token, set, &usual);
        jwk_set_free(set);
        if (verdict != (cases[i].good ? JWT_GOOD : JWT_BAD)) {
            fail_msg("a key with %s", cases[i].more);
        }
    }
}

/* What the token brings along is no key. */
static void an_embedded_key_is_not_looked_at(void **state)
{
    (void)state;
    struct jwk_set *set = one_key();
    EVP_PKEY *attacker = test_key(KEY_P256, 1);
    const char *jwk = test_jwk(attacker, "k", "");
    const char *const headers[] = {
        test_text("{\"alg\":\"ES256\",\"kid\":\"k\",\"jwk\":%s}", jwk),
        "{\"alg\":\"ES256\",\"kid\":\"k\",\"jku\":\"https://attacker.example.org/keys\"}",
        "{\"alg\":\"ES256\",\"kid\":\"k\",\"x5u\":\"https://attacker.example.org/cert\"}",
        "{\"alg\":\"ES256\",\"kid\":\"k\",\"x5c\":[\"AAAA\"]}",
        "{\"alg\":\"ES256\",\"kid\":\"../../../../dev/null\"}",
        "{\"alg\":\"ES256\",\"kid\":\"k' or '1'='1\"}",
        "{\"alg\":\"ES256\",\"kid\":\"\"}",
        "{\"alg\":\"ES256\",\"kid\":7}",
        "{\"alg\":\"ES256\"}",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(headers); i++) {
        const char *token = test_token(attacker, "ES256", headers[i], good_claims);
        assert_int_equal(judge(token, set, &usual), JWT_BAD);
    }
    jwk_set_free(set);
}

/* ---- headers ---- */

static void what_is_not_understood_is_refused(void **state)
{
    (void)state;
    struct jwk_set *set = one_key();
    static const struct {
        const char *more;
        bool good;
    } cases[] = {
        {"", true},
        {",\"typ\":\"JWT\"", true},
        {",\"typ\":\"jwt\"", true},
        {",\"typ\":\"at+jwt\"", true},
        {",\"typ\":\"application/at+JWT\"", true},
        {",\"jku\":\"https://x\",\"unknown\":[1]", true},
        {",\"typ\":\"dpop+jwt\"", false},
        {",\"typ\":\"logout+jwt\"", false},
        {",\"typ\":\"\"", false},
        {",\"typ\":null", false},
        {",\"crit\":[\"exp\"]", false},
        {",\"crit\":[]", false},
        {",\"crit\":[\"b64\"],\"b64\":false", false},
        {",\"b64\":false", false},
        {",\"b64\":true", false},
        {",\"zip\":\"DEF\"", false},
        {",\"alg\":\"ES256\"", false}, /* twice */
        {",\"kid\":\"other\"", false},
        {",\"kid\\u0000\":1", false},
        {"} {", false},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const char *header = test_text("{\"alg\":\"ES256\",\"kid\":\"k\"%s}", cases[i].more);
        if (judge(token_of(header, good_claims), set, &usual) !=
            (cases[i].good ? JWT_GOOD : JWT_BAD)) {
            fail_msg("%s: %s", header, error.message);
        }
    }
    static const char *const others[] = {
        "[]", "\"ES256\"", "null", "", "{\"kid\":\"k\"}", "{\"alg\":[\"ES256\"],\"kid\":\"k\"}"};
    for (size_t i = 0; i < ARRAY_LENGTH(others); i++) {
        assert_int_equal(judge(token_of(others[i], good_claims), set, &usual), JWT_BAD);
    }
    jwk_set_free(set);
}

/* ---- shapes ---- */

static void what_is_no_token_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        ".",
        "..",
        "...",
        "a",
        "a.b",
        "a.b.c",
        "a.b.c.d",
        "a.b.c.d.e",
        ".a.b",
        "a..b",
        "a.b.",
        "e30.e30.e30",
        "e30=.e30.e30",
        "e30.e30.e3 0",
        "e31.e30.e30",
        "\xff.\xff.\xff",
        "eyJhbGciOiJFUzI1NiJ9",
        "e30.e30.\n",
    };
    struct jwk_set *set = one_key();
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        assert_int_equal(judge(texts[i], set, &usual), JWT_BAD);
        assert_true(error.message[0] != '\0');
    }
    jwk_set_free(set);
}

static void a_huge_token_is_refused(void **state)
{
    (void)state;
    struct jwk_set *set = one_key();
    char *filling = arena_alloc(&scratch, JWT_MOST_BYTES + 1);
    assert_non_null(filling);
    memset(filling, 'x', JWT_MOST_BYTES);
    filling[JWT_MOST_BYTES] = '\0';
    for (size_t length = 11000; length <= 13000; length += 50) {
        const char *claims =
            test_text("{\"fill\":\"%.*s\",%s", (int)length, filling, good_claims + 1);
        const char *token = token_of(usual_header, claims);
        bool fits = strlen(token) <= JWT_MOST_BYTES;
        assert_int_equal(judge(token, set, &usual), fits ? JWT_GOOD : JWT_BAD);
    }
    /* Deep nesting is no way to the end of the stack. */
    char *deep = arena_alloc(&scratch, 12001);
    assert_non_null(deep);
    memset(deep, '[', 12000);
    deep[12000] = '\0';
    assert_int_equal(judge(token_of(usual_header, test_text("{\"a\":%s", deep)), set, &usual),
                     JWT_BAD);
    jwk_set_free(set);
}

/* ---- claims ---- */

#define BASE "\"iss\":\"https://idp.example.org\",\"aud\":\"empi\",\"sub\":\"u1\""

static void claims_are_checked(void **state)
{
    (void)state;
    static const struct {
        const char *claims;
        enum jwt_verdict verdict;
    } cases[] = {
        {"{" BASE ",\"exp\":1700000060}", JWT_GOOD},
        {"{" BASE ",\"exp\":1700000060.5,\"nbf\":1699999999.25,\"iat\":1}", JWT_GOOD},
        /* the clocks may differ by 30 seconds */
        {"{" BASE ",\"exp\":1699999971}", JWT_GOOD},
        {"{" BASE ",\"exp\":1699999970}", JWT_BAD},
        {"{" BASE ",\"exp\":1700000060,\"nbf\":1700000030}", JWT_GOOD},
        {"{" BASE ",\"exp\":1700000060,\"nbf\":1700000031}", JWT_BAD},
        {"{" BASE ",\"exp\":0}", JWT_BAD},
        {"{" BASE ",\"exp\":-1}", JWT_BAD},
        {"{" BASE ",\"exp\":\"1700000060\"}", JWT_BAD},
        {"{" BASE ",\"exp\":null}", JWT_BAD},
        {"{" BASE ",\"exp\":true}", JWT_BAD},
        {"{" BASE ",\"exp\":1e999}", JWT_BAD},
        {"{" BASE ",\"exp\":99999999999999999999999}", JWT_BAD},
        {"{" BASE "}", JWT_BAD},
        {"{" BASE ",\"exp\":1700000060,\"nbf\":\"0\"}", JWT_BAD},
        {"{" BASE ",\"exp\":1700000060,\"exp\":1800000000}", JWT_BAD}, /* twice */
        {"{" BASE ",\"exp\":1700000060,\"sub\":\"u2\"}", JWT_BAD},
        {"{" BASE ",\"exp\":1700000060,\"aud\":\"empi\"}", JWT_BAD},
        /* issuer */
        {"{\"aud\":\"empi\",\"sub\":\"u1\",\"exp\":1700000060}", JWT_BAD},
        {"{\"iss\":\"https://idp.example.org/"
         "\",\"aud\":\"empi\",\"sub\":\"u1\",\"exp\":1700000060}",
         JWT_BAD},
        {"{\"iss\":\"HTTPS://idp.example.org\",\"aud\":\"empi\",\"sub\":\"u1\",\"exp\":1700000060}",
         JWT_BAD},
        {"{\"iss\":[\"https://"
         "idp.example.org\"],\"aud\":\"empi\",\"sub\":\"u1\",\"exp\":1700000060}",
         JWT_BAD},
        /* audience */
        {"{\"iss\":\"https://idp.example.org\",\"sub\":\"u1\",\"exp\":1700000060}", JWT_BAD},
        {"{\"iss\":\"https://idp.example.org\",\"aud\":[\"a\",\"empi\"],\"sub\":\"u1\","
         "\"exp\":1700000060}",
         JWT_GOOD},
        {"{\"iss\":\"https://idp.example.org\",\"aud\":[],\"sub\":\"u1\",\"exp\":1700000060}",
         JWT_BAD},
        {"{\"iss\":\"https://idp.example.org\",\"aud\":[[\"empi\"],5,null],\"sub\":\"u1\","
         "\"exp\":1700000060}",
         JWT_BAD},
        {"{\"iss\":\"https://"
         "idp.example.org\",\"aud\":\"empi2\",\"sub\":\"u1\",\"exp\":1700000060}",
         JWT_BAD},
        {"{\"iss\":\"https://idp.example.org\",\"aud\":{\"empi\":\"empi\"},\"sub\":\"u1\","
         "\"exp\":1700000060}",
         JWT_BAD},
        /* subject */
        {"{\"iss\":\"https://idp.example.org\",\"aud\":\"empi\",\"exp\":1700000060}", JWT_BAD},
        {"{\"iss\":\"https://idp.example.org\",\"aud\":\"empi\",\"sub\":\"\",\"exp\":1700000060}",
         JWT_BAD},
        {"{\"iss\":\"https://idp.example.org\",\"aud\":\"empi\",\"sub\":7,\"exp\":1700000060}",
         JWT_BAD},
        {"{\"iss\":\"https://idp.example.org\",\"aud\":\"empi\",\"sub\":\"a\\u0000b\","
         "\"exp\":1700000060}",
         JWT_BAD},
        /* client */
        {"{" BASE ",\"exp\":1700000060,\"client_id\":\"empi-client\",\"azp\":\"empi-client\"}",
         JWT_GOOD},
        {"{" BASE ",\"exp\":1700000060,\"client_id\":\"other\"}", JWT_FOREIGN_CLIENT},
        {"{" BASE ",\"exp\":1700000060,\"azp\":\"other\"}", JWT_FOREIGN_CLIENT},
        {"{" BASE ",\"exp\":1700000060,\"azp\":\"empi-client\",\"client_id\":\"other\"}",
         JWT_FOREIGN_CLIENT},
        {"{" BASE ",\"exp\":1700000060,\"client_id\":[\"empi-client\"]}", JWT_FOREIGN_CLIENT},
        {"{" BASE ",\"exp\":1700000060,\"client_id\":null}", JWT_FOREIGN_CLIENT},
        /* a bad token of another client is bad */
        {"{" BASE ",\"exp\":1,\"client_id\":\"other\"}", JWT_BAD},
        {"[]", JWT_BAD},
        {"[1]", JWT_BAD},
        {"\"a\"", JWT_BAD},
        {"", JWT_BAD},
        {"{" BASE ",\"exp\":1700000060", JWT_BAD},
    };
    struct jwk_set *set = one_key();
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        if (judge(token_of(usual_header, cases[i].claims), set, &usual) != cases[i].verdict) {
            fail_msg("%s: %s", cases[i].claims, error.message);
        }
    }
    jwk_set_free(set);
}

static enum jwt_verdict judge_claims(const struct jwk_set *set, const char *claims,
                                     struct jwt_expected expected)
{
    expected.now = NOW;
    return judge(token_of(usual_header, claims), set, &expected);
}

/* Access tokens of Cognito: no audience, the client instead. */
static void fault_49_issuer_and_client_of_cognito(void **state)
{
    (void)state;
    struct jwk_set *set = one_key();
    const struct jwt_expected cognito = {
        .issuer = "https://c/p", .client = "ours", .client_needed = true, .use = "access"};
#define COGNITO "{\"iss\":\"https://c/p\",\"sub\":\"u\",\"exp\":1700000060"
    static const struct {
        const char *claims;
        enum jwt_verdict verdict;
    } cases[] = {
        {COGNITO ",\"token_use\":\"access\",\"client_id\":\"ours\"}", JWT_GOOD},
        {COGNITO ",\"token_use\":\"access\",\"client_id\":\"theirs\"}", JWT_FOREIGN_CLIENT},
        {COGNITO ",\"token_use\":\"access\"}", JWT_FOREIGN_CLIENT},
        {COGNITO ",\"token_use\":\"id\",\"aud\":\"ours\"}", JWT_BAD},
        {COGNITO ",\"client_id\":\"ours\"}", JWT_BAD},
        {"{\"iss\":\"https://c/q\",\"sub\":\"u\",\"exp\":1700000060,\"token_use\":\"access\","
         "\"client_id\":\"ours\"}",
         JWT_BAD},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        assert_int_equal(judge_claims(set, cases[i].claims, cognito), cases[i].verdict);
    }
    jwk_set_free(set);
}

static void kinds_of_keycloaks_tokens(void **state)
{
    (void)state;
    struct jwk_set *set = one_key();
    const struct jwt_expected keycloak = {
        .issuer_end = "/realms/r", .audience = "account", .bearer = true};
#define KEYCLOAK "\"aud\":\"account\",\"sub\":\"u\",\"exp\":1700000060"
    assert_int_equal(judge_claims(set,
                                  "{\"iss\":\"http://a/realms/r\"," KEYCLOAK ",\"typ\":\"Bearer\"}",
                                  keycloak),
                     JWT_GOOD);
    assert_int_equal(judge_claims(set, "{\"iss\":\"http://a/realms/r\"," KEYCLOAK "}", keycloak),
                     JWT_GOOD);
    assert_int_equal(
        judge_claims(set, "{\"iss\":\"http://a/realms/r\"," KEYCLOAK ",\"typ\":\"ID\"}", keycloak),
        JWT_BAD);
    assert_int_equal(judge_claims(set, "{\"iss\":\"http://a/realms/rr\"," KEYCLOAK "}", keycloak),
                     JWT_BAD);
    assert_int_equal(judge_claims(set, "{" KEYCLOAK "}", keycloak), JWT_BAD);
    jwk_set_free(set);
}

static void an_answer_has_to_be_to_our_question(void **state)
{
    (void)state;
    struct jwk_set *set = one_key();
    const struct jwt_expected nonce = {.nonce = "n1"};
    assert_int_equal(
        judge_claims(set, "{\"sub\":\"u\",\"exp\":1700000060,\"nonce\":\"n1\"}", nonce), JWT_GOOD);
    assert_int_equal(
        judge_claims(set, "{\"sub\":\"u\",\"exp\":1700000060,\"nonce\":\"n2\"}", nonce), JWT_BAD);
    assert_int_equal(judge_claims(set, "{\"sub\":\"u\",\"exp\":1700000060}", nonce), JWT_BAD);
    jwk_set_free(set);
}

/* ---- sets of keys ---- */

static void keys_that_cannot_be_used_are_passed_over(void **state)
{
    (void)state;
    const char *good = test_jwk(test_key(KEY_P256, 0), "k", "");
    const char *const others[] = {
        "{}",
        "5",
        "null",
        "[]",
        "{\"kty\":\"oct\",\"kid\":\"a\",\"k\":\"AAAA\"}",
        "{\"kty\":\"RSA\",\"kid\":\"a\"}",
        "{\"kty\":\"RSA\",\"kid\":\"a\",\"n\":\"\",\"e\":\"\"}",
        "{\"kty\":\"RSA\",\"kid\":\"a\",\"n\":5,\"e\":6}",
        "{\"kty\":\"RSA\",\"kid\":\"a\",\"n\":\"!!\",\"e\":\"AQAB\"}",
        test_jwk(test_key(KEY_RSA_SMALL, 0), "a", ""),
        "{\"kty\":\"EC\",\"kid\":\"a\",\"crv\":\"P-256\",\"x\":\"AAAA\",\"y\":\"AAAA\"}",
        /* what ends the program in cjose 0.6.2.1 */
        "{\"kty\":\"EC\",\"kid\":\"a\",\"crv\":\"P-256\",\"x\":\"A=A\",\"y\":\"A===\"}",
        "{\"kty\":\"RSA\",\"kid\":\"a\",\"n\":\"AAA=A\",\"e\":\"AQAB\"}",
        "{\"kty\":\"EC\",\"kid\":\"a\",\"crv\":\"secp256k1\",\"x\":\"AAAA\",\"y\":\"AAAA\"}",
        "{\"kty\":\"OKP\",\"kid\":\"a\",\"crv\":\"Ed25519\",\"x\":\"AAAA\"}",
        "{\"kty\":\"OKP\",\"kid\":\"a\",\"crv\":\"X25519\","
        "\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
        test_jwk(test_key(KEY_P384, 0), "", ""),
    };
    for (size_t i = 0; i < ARRAY_LENGTH(others); i++) {
        const char *items[] = {others[i], good};
        struct jwk_set *set = read_keys(test_jwks(items, 2));
        if (jwk_set_count(set) != 1) {
            fail_msg("%s", others[i]);
        }
        assert_int_equal(judge(token_of(usual_header, good_claims), set, &usual), JWT_GOOD);
        jwk_set_free(set);
        /* And alone it is no set at all. */
        assert_int_equal(jwk_set_read(&set, str_from(test_jwks(items, 1)), &error), STATUS_INVALID);
        assert_null(set);
    }
}

static void what_is_no_set_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "", "{}", "[]", "{\"keys\":{}}", "{\"keys\":[]}", "{\"keys\":[", "<html>"};
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        struct jwk_set *set;
        assert_int_equal(jwk_set_read(&set, str_from(texts[i]), &error), STATUS_INVALID);
        assert_null(set);
    }
}

static void the_local_providers_key(void **state)
{
    (void)state;
    unsigned char bytes[32];
    size_t size = sizeof bytes;
    EVP_PKEY *key = test_key(KEY_ED25519, 0);
    assert_int_equal(EVP_PKEY_get_raw_public_key(key, bytes, &size), 1);
    struct jwk_set *set;
    assert_int_equal(jwk_set_of_ed25519(&set, "own", bytes, &error), 0);
    const char *header = header_of("EdDSA", "own");
    assert_int_equal(judge(test_token(key, "EdDSA", header, good_claims), set, &usual), JWT_GOOD);
    assert_int_equal(
        judge(test_token(test_key(KEY_ED25519, 1), "EdDSA", header, good_claims), set, &usual),
        JWT_BAD);
    jwk_set_free(set);
}

/* ---- memory ---- */

/* Whichever allocation fails: nobody is let in, and no key is left out in silence. */
static void memory_may_run_out(void **state)
{
    (void)state;
    static const enum key_kind kinds[] = {KEY_RSA, KEY_P256, KEY_ED25519};
    const char *items[ARRAY_LENGTH(kinds)];
    for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++) {
        items[i] = test_jwk(test_key(kinds[i], 0), id_of(kinds[i]), "");
    }
    const char *document = test_jwks(items, ARRAY_LENGTH(items));
    const char *token = test_token(test_key(KEY_ED25519, 0), "EdDSA",
                                   header_of("EdDSA", id_of(KEY_ED25519)), good_claims);
    bool whole = false;
    for (uint64_t nth = 1; !whole; nth++) {
        struct jwk_set *set;
        struct arena arena = ARENA(1 << 20);
        struct jwt jwt;
        memory_fail_from(nth);
        int status = jwk_set_read(&set, str_from(document), &error);
        int read = jwt_read(&jwt, &arena, str_from(token), &error);
        whole = memory_allocation_count() < nth;
        memory_fail_from(0);
        assert_int_equal(status == 0 ? jwk_set_count(set) : 0, status == 0 ? 3 : 0);
        assert_true(status == 0 || status == STATUS_RESOURCES);
        assert_true(read == 0 || read == STATUS_RESOURCES);
        assert_true(!whole || (status == 0 && read == 0));
        jwt_free(&jwt);
        jwk_set_free(set);
        arena_free(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_algorithm_is_verified),
        cmocka_unit_test(a_changed_token_is_bad),
        cmocka_unit_test(no_signature_is_bad),
        cmocka_unit_test(the_public_key_is_no_secret),
        cmocka_unit_test(algorithm_and_key_have_to_agree),
        cmocka_unit_test(a_keys_own_words_hold),
        cmocka_unit_test(an_embedded_key_is_not_looked_at),
        cmocka_unit_test(what_is_not_understood_is_refused),
        cmocka_unit_test(what_is_no_token_is_refused),
        cmocka_unit_test(a_huge_token_is_refused),
        cmocka_unit_test(claims_are_checked),
        cmocka_unit_test(fault_49_issuer_and_client_of_cognito),
        cmocka_unit_test(kinds_of_keycloaks_tokens),
        cmocka_unit_test(an_answer_has_to_be_to_our_question),
        cmocka_unit_test(keys_that_cannot_be_used_are_passed_over),
        cmocka_unit_test(what_is_no_set_is_refused),
        cmocka_unit_test(the_local_providers_key),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, tear_down);
}
