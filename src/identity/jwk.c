#include "identity/jwk.h"

#include <cjose/cjose.h>
#include <jansson.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "base/arena.h"
#include "base/compiler.h"
#include "base/json_read.h"
#include "base/memory.h"
#include "identity/base64url.h"

/* Providers publish two or three keys. */
enum {
    MOST_KEYS = 100,
    MOST_ID = 512,
    MOST_NUMBER = 2048, /* of base64: RSA's largest modulus has 1366 */
    LEAST_RSA_BITS = 2048,
    MOST_RSA_BITS = 8192,
};

static const struct {
    const char *name;
    const char *type;
    const char *curve;
    size_t signature; /* bytes; 0: as many as the key has */
} algorithms[JWA_COUNT] = {
    [JWA_RS256] = {"RS256", "RSA", NULL, 0},     [JWA_RS384] = {"RS384", "RSA", NULL, 0},
    [JWA_RS512] = {"RS512", "RSA", NULL, 0},     [JWA_PS256] = {"PS256", "RSA", NULL, 0},
    [JWA_PS384] = {"PS384", "RSA", NULL, 0},     [JWA_PS512] = {"PS512", "RSA", NULL, 0},
    [JWA_ES256] = {"ES256", "EC", "P-256", 64},  [JWA_ES384] = {"ES384", "EC", "P-384", 96},
    [JWA_ES512] = {"ES512", "EC", "P-521", 132}, [JWA_EDDSA] = {"EdDSA", "OKP", NULL, 0},
};

struct jwk {
    struct str id;
    unsigned algorithms;  /* a bit for each that it may be used with */
    cjose_jwk_t *jose;    /* RSA and EC */
    EVP_PKEY *edwards;    /* or this */
    size_t signature_len; /* of RSA and Edwards keys */
};

struct jwk_set {
    struct arena arena;
    struct jwk *keys;
    size_t count;
    bool short_of_memory; /* a key that was passed over may be a good one */
};

bool jwa_from_name(enum jwa *out, struct str name)
{
    for (unsigned i = 0; i < JWA_COUNT; i++) {
        if (str_equal(name, str_from(algorithms[i].name))) {
            *out = (enum jwa)i;
            return true;
        }
    }
    return false;
}

/* ---- reading ---- */

static struct str text_of(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    return (struct str){json_string_value(value), json_string_length(value)};
}

static bool is_text(const json_t *object, const char *name, const char *expected)
{
    struct str text = text_of(object, name);
    return text.ptr != NULL && expected != NULL && str_equal(text, str_from(expected));
}

/* The algorithms that the key itself allows, by its type, its curve and what it says it is for. */
static unsigned allowed_algorithms(const json_t *json)
{
    if (json_object_get(json, "use") != NULL && !is_text(json, "use", "sig")) {
        return 0;
    }
    const json_t *operations = json_object_get(json, "key_ops");
    bool verifies = operations == NULL;
    for (size_t i = 0; i < json_array_size(operations); i++) {
        const char *name = json_string_value(json_array_get(operations, i));
        verifies = verifies || (name != NULL && str_equal(str_from(name), STR("verify")));
    }
    unsigned set = 0;
    for (unsigned i = 0; i < JWA_COUNT && verifies; i++) {
        bool fits =
            is_text(json, "kty", algorithms[i].type) &&
            (algorithms[i].curve == NULL || is_text(json, "crv", algorithms[i].curve)) &&
            (json_object_get(json, "alg") == NULL || is_text(json, "alg", algorithms[i].name));
        set |= fits ? 1u << i : 0;
    }
    return set;
}

/* A private key that was published is no secret any more. */
static bool is_private(const json_t *json)
{
    return json_object_get(json, "d") != NULL;
}

static bool read_edwards(struct jwk *out, struct arena *arena, const json_t *json)
{
    bool ignored; /* the arena knows */
    const char *name = is_text(json, "crv", "Ed25519") ? "ED25519"
                       : is_text(json, "crv", "Ed448") ? "ED448"
                                                       : NULL;
    struct str x = text_of(json, "x");
    struct str bytes = {NULL, 0};
    if (name != NULL && x.ptr != NULL) {
        bytes = base64url_decode(arena, x, &ignored);
    }
    if (bytes.ptr == NULL) {
        return false;
    }
    out->edwards = EVP_PKEY_new_raw_public_key_ex(NULL, name, NULL,
                                                  (const unsigned char *)bytes.ptr, bytes.len);
    out->signature_len = bytes.len * 2;
    if (out->edwards != NULL && str_equal(str_from(name), STR("ED448"))) {
        out->signature_len = 114;
    }
    return out->edwards != NULL;
}

/* cjose ends the program where a text is no base64, so that is certain before it sees one. */
static bool is_number(struct arena *arena, const json_t *value)
{
    bool ignored; /* the arena knows */
    struct str text = {json_string_value(value), json_string_length(value)};
    return text.len > 0 && text.len <= MOST_NUMBER &&
           base64url_decode(arena, text, &ignored).ptr != NULL;
}

static bool copy_member(struct jwk_set *set, json_t *part, const json_t *json, const char *name)
{
    bool good = json_object_set(part, name, json_object_get(json, name)) == 0;
    set->short_of_memory = set->short_of_memory || !good;
    return good;
}

/* Only what makes the public key, so that nothing else of the document reaches cjose. */
static json_t *public_part(struct jwk_set *set, const json_t *json, bool rsa)
{
    static const char *const names[] = {"kty", "crv"};
    static const char *const numbers[][2] = {{"x", "y"}, {"n", "e"}};
    json_t *part = json_object();
    bool good = part != NULL;
    set->short_of_memory = set->short_of_memory || !good;
    for (size_t i = 0; i < (rsa ? 1 : ARRAY_LENGTH(names)) && good; i++) {
        good = copy_member(set, part, json, names[i]);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(numbers[0]) && good; i++) {
        good = is_number(&set->arena, json_object_get(json, numbers[rsa][i])) &&
               copy_member(set, part, json, numbers[rsa][i]);
    }
    if (!good) {
        json_decref(part);
        return NULL;
    }
    return part;
}

static bool read_jose(struct jwk *out, struct jwk_set *set, const json_t *json)
{
    bool rsa = is_text(json, "kty", "RSA");
    json_t *part = public_part(set, json, rsa);
    if (part == NULL) {
        return false;
    }
    cjose_err fault = {0};
    out->jose = cjose_jwk_import_json((cjose_header_t *)part, &fault);
    json_decref(part);
    set->short_of_memory =
        set->short_of_memory || (out->jose == NULL && fault.code == CJOSE_ERR_NO_MEMORY);
    if (out->jose == NULL || !rsa) {
        return out->jose != NULL;
    }
    size_t bits = cjose_jwk_get_keysize(out->jose, &fault);
    out->signature_len = (bits + 7) / 8;
    return bits >= LEAST_RSA_BITS && bits <= MOST_RSA_BITS;
}

static void release_key(struct jwk *key)
{
    if (key->jose != NULL) {
        cjose_jwk_release(key->jose);
    }
    EVP_PKEY_free(key->edwards);
    *key = (struct jwk){0};
}

/* False when the key is to be passed over. */
static bool read_key(struct jwk *out, struct jwk_set *set, const json_t *json)
{
    *out = (struct jwk){0};
    struct str id = text_of(json, "kid");
    out->algorithms = allowed_algorithms(json);
    if (id.len == 0 || id.len > MOST_ID || out->algorithms == 0 || is_private(json)) {
        return false;
    }
    out->id = (struct str){arena_copy(&set->arena, id), id.len};
    bool good =
        out->id.ptr != NULL && (is_text(json, "kty", "OKP") ? read_edwards(out, &set->arena, json)
                                                            : read_jose(out, set, json));
    if (!good) {
        release_key(out);
    }
    ERR_clear_error();
    return good;
}

static int make_set(struct jwk_set **out, size_t most, struct error *error)
{
    struct jwk_set *set = memory_alloc_zeroed(1, sizeof *set);
    if (set == NULL) {
        return error_out_of_memory(error);
    }
    set->arena = ARENA(1 << 20);
    set->keys = arena_alloc_zeroed(&set->arena, most, sizeof *set->keys);
    if (set->keys == NULL) {
        memory_free(set);
        return error_out_of_memory(error);
    }
    *out = set;
    return 0;
}

static int read_set(struct jwk_set **out, const json_t *json, struct error *error)
{
    const json_t *list = json_object_get(json, "keys");
    if (!json_is_array(list)) {
        return error_set(error, STATUS_INVALID, "not a JSON Web Key Set: it has no list of keys");
    }
    struct jwk_set *set;
    int status = make_set(&set, MOST_KEYS, error);
    if (status != 0) {
        return status;
    }
    for (size_t i = 0; i < json_array_size(list) && set->count < MOST_KEYS; i++) {
        set->count += read_key(&set->keys[set->count], set, json_array_get(list, i));
    }
    if (set->arena.failed || set->short_of_memory) {
        status = error_out_of_memory(error);
    } else if (set->count == 0) {
        status = error_set(error, STATUS_INVALID, "none of its %zu keys can verify a token here",
                           json_array_size(list));
    }
    if (status != 0) {
        jwk_set_free(set);
        return status;
    }
    *out = set;
    return 0;
}

int jwk_set_read(struct jwk_set **out, struct str json, struct error *error)
{
    *out = NULL;
    json_t *root;
    int status = json_read(&root, json, NULL, error);
    if (status == 0) {
        status = read_set(out, root, error);
        json_decref(root);
    }
    return status;
}

int jwk_set_of_ed25519(struct jwk_set **out, const char *id, const unsigned char *public_key,
                       struct error *error)
{
    *out = NULL;
    struct jwk_set *set;
    int status = make_set(&set, 1, error);
    if (status != 0) {
        return status;
    }
    struct jwk *key = &set->keys[0];
    key->id = (struct str){arena_copy(&set->arena, str_from(id)), strlen(id)};
    key->algorithms = 1u << JWA_EDDSA;
    key->signature_len = 64;
    key->edwards = EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, public_key, 32);
    set->count = 1;
    if (key->id.ptr == NULL || key->edwards == NULL) {
        jwk_set_free(set);
        return error_out_of_memory(error);
    }
    *out = set;
    return 0;
}

size_t jwk_set_count(const struct jwk_set *set)
{
    return set->count;
}

void jwk_set_free(struct jwk_set *set)
{
    if (set == NULL) {
        return;
    }
    for (size_t i = 0; i < set->count; i++) {
        release_key(&set->keys[i]);
    }
    arena_free(&set->arena);
    memory_free(set);
}

/* ---- use ---- */

const struct jwk *jwk_set_find(const struct jwk_set *set, struct str id, enum jwa algorithm)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct jwk *key = &set->keys[i];
        if ((key->algorithms & 1u << algorithm) != 0 && str_equal(key->id, id)) {
            return key;
        }
    }
    return NULL;
}

static bool verify_edwards(const struct jwk *key, struct str input, struct str signature,
                           bool *out_of_memory)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    *out_of_memory = context == NULL;
    bool good = context != NULL &&
                EVP_DigestVerifyInit(context, NULL, NULL, NULL, key->edwards) == 1 &&
                EVP_DigestVerify(context, (const unsigned char *)signature.ptr, signature.len,
                                 (const unsigned char *)input.ptr, input.len) == 1;
    EVP_MD_CTX_free(context);
    return good;
}

static bool verify_jose(const struct jwk *key, struct str compact, bool *out_of_memory)
{
    cjose_err fault = {0};
    cjose_jws_t *token = cjose_jws_import(compact.ptr, compact.len, &fault);
    bool good = token != NULL && cjose_jws_verify(token, key->jose, &fault);
    *out_of_memory = !good && fault.code == CJOSE_ERR_NO_MEMORY;
    cjose_jws_release(token);
    return good;
}

bool jwk_verify(const struct jwk *key, enum jwa algorithm, struct str compact, struct str input,
                struct str signature, bool *out_of_memory)
{
    *out_of_memory = false;
    size_t expected =
        algorithms[algorithm].signature > 0 ? algorithms[algorithm].signature : key->signature_len;
    /* cjose 0.6.2 reads as many bytes as the key says, whatever the signature has. */
    if ((key->algorithms & 1u << algorithm) == 0 || signature.len != expected) {
        return false;
    }
    bool good = key->edwards != NULL ? verify_edwards(key, input, signature, out_of_memory)
                                     : verify_jose(key, compact, out_of_memory);
    ERR_clear_error();
    return good;
}
