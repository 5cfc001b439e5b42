#include "identity/jwt.h"

#include <math.h>
#include <string.h>

#include "base/compiler.h"
#include "base/json_read.h"
#include "identity/base64url.h"

enum { MOST_KEY_ID = 512 };

static struct str text_of(const json_t *value)
{
    return (struct str){json_string_value(value), json_string_length(value)};
}

/* ---- taking apart ---- */

/* Three parts between two dots, none empty; an encrypted token has five. */
static int split(struct str parts[3], struct str token, struct error *error)
{
    size_t count = 0;
    const char *start = token.ptr;
    const char *end = token.ptr + token.len;
    for (const char *at = start; at <= end; at++) {
        if (at < end && *at != '.') {
            continue;
        }
        if (count == 3 || at == start) {
            return error_set(error, STATUS_INVALID, "it does not have three parts");
        }
        parts[count++] = (struct str){start, (size_t)(at - start)};
        start = at + 1;
    }
    return count == 3 ? 0 : error_set(error, STATUS_INVALID, "it does not have three parts");
}

static int decode(struct str *out, struct arena *arena, struct str part, const char *what,
                  struct error *error)
{
    bool out_of_memory;
    *out = base64url_decode(arena, part, &out_of_memory);
    if (out_of_memory) {
        return error_out_of_memory(error);
    }
    return out->ptr != NULL
               ? 0
               : error_set(error, STATUS_INVALID, "its %s is not base64 for URLs", what);
}

static int read_object(json_t **out, struct arena *arena, struct str part, const char *what,
                       struct error *error)
{
    struct str text;
    int status = decode(&text, arena, part, what, error);
    if (status == 0) {
        status = json_read(out, text, what, error);
    }
    if (status == 0 && !json_is_object(*out)) {
        status = error_set(error, STATUS_INVALID, "its %s is not an object", what);
    }
    return status;
}

/* RFC 8725, 3.11: what says that it is another kind of token is none of ours. */
static bool is_usual_type(const json_t *type)
{
    static const char prefix[] = "application/";
    struct str text = text_of(type);
    if (text.ptr == NULL) {
        return false;
    }
    size_t skip = sizeof prefix - 1;
    if (text.len > skip && str_equal_ignoring_case((struct str){text.ptr, skip}, STR(prefix))) {
        text = (struct str){text.ptr + skip, text.len - skip};
    }
    return str_equal_ignoring_case(text, STR("jwt")) ||
           str_equal_ignoring_case(text, STR("at+jwt"));
}

static int check_header(struct jwt *out, struct error *error)
{
    const json_t *type = json_object_get(out->header, "typ");
    if (!jwa_from_name(&out->algorithm, text_of(json_object_get(out->header, "alg")))) {
        return error_set(error, STATUS_INVALID, "its algorithm is not allowed");
    }
    /* Nothing that could be critical is understood here; b64 would change what is signed. */
    if (json_object_get(out->header, "crit") != NULL ||
        json_object_get(out->header, "b64") != NULL ||
        json_object_get(out->header, "zip") != NULL) {
        return error_set(error, STATUS_INVALID, "its header has an extension");
    }
    if (type != NULL && !is_usual_type(type)) {
        return error_set(error, STATUS_INVALID, "its type is another one");
    }
    out->key_id = text_of(json_object_get(out->header, "kid"));
    if (out->key_id.len == 0 || out->key_id.len > MOST_KEY_ID) {
        return error_set(error, STATUS_INVALID, "it does not name its key");
    }
    return 0;
}

int jwt_read(struct jwt *out, struct arena *arena, struct str token, struct error *error)
{
    *out = (struct jwt){.compact = token};
    if (token.len > JWT_MOST_BYTES) {
        return error_set(error, STATUS_INVALID, "it is longer than %d bytes", JWT_MOST_BYTES);
    }
    struct str parts[3];
    int status = split(parts, token, error);
    if (status == 0) {
        out->input = (struct str){token.ptr, parts[0].len + 1 + parts[1].len};
        status = read_object(&out->header, arena, parts[0], "header", error);
    }
    if (status == 0) {
        status = check_header(out, error);
    }
    if (status == 0) {
        status = read_object(&out->claims, arena, parts[1], "claims", error);
    }
    if (status == 0) {
        status = decode(&out->signature, arena, parts[2], "signature", error);
    }
    return status;
}

void jwt_free(struct jwt *token)
{
    json_decref(token->header);
    json_decref(token->claims);
    *token = (struct jwt){0};
}

/* ---- signature ---- */

int jwt_verify(const struct jwt *token, const struct jwk *key, struct error *error)
{
    bool out_of_memory;
    if (jwk_verify(key, token->algorithm, token->compact, token->input, token->signature,
                   &out_of_memory)) {
        return 0;
    }
    return out_of_memory ? error_out_of_memory(error)
                         : error_set(error, STATUS_INVALID, "its signature is not the key's");
}

/* ---- claims ---- */

struct str jwt_claim(const struct jwt *token, const char *name)
{
    return text_of(json_object_get(token->claims, name));
}

static bool claims(const struct jwt *token, const char *name, const char *expected)
{
    struct str text = jwt_claim(token, name);
    return text.ptr != NULL && str_equal(text, str_from(expected));
}

/* An audience is a text or a list of texts. */
static bool is_audience(const struct jwt *token, const char *expected)
{
    const json_t *audience = json_object_get(token->claims, "aud");
    for (size_t i = 0; i < json_array_size(audience); i++) {
        struct str text = text_of(json_array_get(audience, i));
        if (text.ptr != NULL && str_equal(text, str_from(expected))) {
            return true;
        }
    }
    return claims(token, "aud", expected);
}

/* NumericDate: seconds, maybe with a fraction. */
static bool is_time(const json_t *value)
{
    return json_is_number(value) && isfinite(json_number_value(value));
}

static const char *time_fault(const struct jwt *token, int64_t now)
{
    const json_t *end = json_object_get(token->claims, "exp");
    const json_t *start = json_object_get(token->claims, "nbf");
    if (!is_time(end)) {
        return "it does not say when it ends";
    }
    if ((double)now >= json_number_value(end) + JWT_LEEWAY_SECONDS) {
        return "it has ended";
    }
    if (start == NULL) {
        return NULL;
    }
    if (!is_time(start)) {
        return "when it begins is no time";
    }
    return (double)now < json_number_value(start) - JWT_LEEWAY_SECONDS ? "it has not begun yet"
                                                                       : NULL;
}

static const char *issuer_fault(const struct jwt *token, const struct jwt_expected *expected)
{
    struct str issuer = jwt_claim(token, "iss");
    bool good = expected->issuer == NULL ||
                (issuer.ptr != NULL && str_equal(issuer, str_from(expected->issuer)));
    good = good && (expected->issuer_end == NULL ||
                    (issuer.ptr != NULL && str_ends_with(issuer, str_from(expected->issuer_end))));
    return good ? NULL : "its issuer is another one";
}

static const char *kind_fault(const struct jwt *token, const struct jwt_expected *expected)
{
    struct str subject = jwt_claim(token, "sub");
    if (subject.len == 0 || subject.len > JWT_MOST_SUBJECT) {
        return "it does not say who it is for";
    }
    if (expected->use != NULL && !claims(token, "token_use", expected->use)) {
        return "it is not for this use";
    }
    if (expected->bearer && json_object_get(token->claims, "typ") != NULL &&
        !claims(token, "typ", "Bearer")) {
        return "it is no access token";
    }
    if (expected->nonce != NULL && !claims(token, "nonce", expected->nonce)) {
        return "it answers another request";
    }
    return expected->audience != NULL && !is_audience(token, expected->audience)
               ? "its audience is another one"
               : NULL;
}

static bool is_own_client(const struct jwt *token, const struct jwt_expected *expected)
{
    static const char *const names[] = {"client_id", "azp"};
    bool found = false;
    for (size_t i = 0; i < ARRAY_LENGTH(names) && expected->client != NULL; i++) {
        bool there = json_object_get(token->claims, names[i]) != NULL;
        if (there && !claims(token, names[i], expected->client)) {
            return false;
        }
        found = found || there;
    }
    return found || !expected->client_needed;
}

void jwt_check(enum jwt_verdict *out, const struct jwt *token, const struct jwt_expected *expected,
               struct error *error)
{
    const char *fault = time_fault(token, expected->now);
    fault = fault != NULL ? fault : issuer_fault(token, expected);
    fault = fault != NULL ? fault : kind_fault(token, expected);
    if (fault != NULL) {
        error_set(error, STATUS_INVALID, "%s", fault);
        *out = JWT_BAD;
    } else {
        *out = is_own_client(token, expected) ? JWT_GOOD : JWT_FOREIGN_CLIENT;
    }
}
