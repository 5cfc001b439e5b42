/* Who sends a request: by the token in the configured header, or by our cookie. */

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "identity/internal.h"
#include "identity/providers/local.h"
#include "identity/session.h"
#include "identity/users.h"

/* ---- answers ---- */

static void answer_no_token(struct http_exchange *exchange)
{
    http_respond_header(exchange, "WWW-Authenticate", "Bearer");
    http_respond_error(exchange, 401, "Missing JWT");
}

/* The client is told no more than that; the log says why, without anything out of the token. */
static void answer_bad_token(struct http_exchange *exchange, const char *reason)
{
    log_write(LOG_INFO, "request %s: its token is refused: %s", exchange->id, reason);
    http_respond_header(exchange, "WWW-Authenticate", "Bearer");
    http_respond_error(exchange, 401, "Invalid JWT");
}

static void answer_forbidden(struct http_exchange *exchange)
{
    http_respond_error(exchange, 403, "You do not have permission to perform this action.");
}

/* ---- the header ---- */

/* How often a header of this name is there: twice, and nobody knows which one a proxy has checked. */
static size_t count_headers(const struct http_exchange *exchange, struct str name)
{
    size_t count = 0;
    for (size_t i = 0; i < exchange->headers.count; i++) {
        count += str_equal_ignoring_case(exchange->headers.items[i].name, name);
    }
    return count;
}

/* "Bearer" and a space; other schemes are none of ours. */
static struct str without_scheme(struct str value)
{
    static const struct str none = {NULL, 0};
    struct str scheme = STR("bearer");
    if (value.len < scheme.len ||
        !str_equal_ignoring_case((struct str){value.ptr, scheme.len}, scheme)) {
        return none;
    }
    struct str rest = {value.ptr + scheme.len, value.len - scheme.len};
    if (rest.len > 0 && rest.ptr[0] != ' ' && rest.ptr[0] != '\t') {
        return none;
    }
    return str_trim(rest);
}

/* ptr NULL when the request brings none. An empty one is a bad one. */
static struct str find_token(const struct http_exchange *exchange, const struct identity *identity)
{
    struct str value = http_header(exchange, identity->jwt_header);
    if (value.ptr == NULL) {
        return value;
    }
    return str_equal_ignoring_case(str_from(identity->jwt_header), STR("authorization"))
               ? without_scheme(value)
               : str_trim(value);
}

/* ---- the token ---- */

/* The provider's signature. STATUS_INVALID when it is not. */
static int verify(const struct jwt *token, struct jwks *keys, struct error *error)
{
    const struct jwk *key;
    struct jwk_set *set;
    int status = jwks_find(&key, &set, keys, token->key_id, token->algorithm, error);
    if (status == 0) {
        status = key == NULL ? error_set(error, STATUS_INVALID, "its key is not known")
                             : jwt_verify(token, key, error);
    }
    jwks_release(keys, set);
    return status;
}

int identity_check_token(enum jwt_verdict *out, const struct jwt *token, struct jwks *keys,
                         const struct jwt_expected *expected, struct error *error)
{
    *out = JWT_BAD;
    struct jwt_expected now = *expected;
    now.now = identity_now();
    int status = verify(token, keys, error);
    if (status == 0) {
        jwt_check(out, token, &now, error);
    }
    return status == STATUS_INVALID ? 0 : status;
}

/* An OpenID Connect provider tells of its users one by one. */
static int find_or_add(struct identity_user *out, struct arena *arena, struct identity *identity,
                       struct connection *connection, const struct jwt *token, struct error *error)
{
    struct str subject = jwt_claim(token, "sub");
    int status = users_find(out, arena, connection, subject, error);
    if (status == 0 && out->id == 0 && identity->backend == CONFIG_IDP_OIDC) {
        struct str email = oidc_email(token->claims);
        status = users_remember(out, arena, connection, subject, email, error);
    }
    return status;
}

/* Whom a good token is for. *out stays NULL when the local provider has made it void since. */
static int find_user(const struct identity_user **out, struct http_exchange *exchange,
                     struct identity *identity, const struct jwt *token, struct error *error)
{
    struct connection *connection;
    struct identity_user *user = arena_alloc_zeroed(&exchange->arena, 1, sizeof *user);
    int status = user == NULL ? error_out_of_memory(error)
                              : identity_take_connection(&connection, identity, error);
    if (status != 0) {
        return status;
    }
    bool good = true;
    if (identity->backend == CONFIG_IDP_LOCAL) {
        status = local_find(user, &good, &exchange->arena, connection, token, error);
    } else {
        status = find_or_add(user, &exchange->arena, identity, connection, token, error);
    }
    store_give_back(connection);
    if (status == 0 && good) {
        *out = user;
    } else if (status == 0) {
        answer_bad_token(exchange, "its user's password was changed");
    }
    return status;
}

static int take_token(const struct identity_user **out, struct http_exchange *exchange,
                      struct identity *identity, struct str text, struct error *error)
{
    struct jwt token;
    enum jwt_verdict verdict = JWT_BAD;
    int status = jwt_read(&token, &exchange->arena, text, error);
    if (status == STATUS_INVALID) {
        status = 0;
    } else if (status == 0) {
        status = identity_check_token(&verdict, &token, identity->keys, &identity->expected, error);
    }
    if (status == 0) {
        switch (verdict) {
        case JWT_GOOD: status = find_user(out, exchange, identity, &token, error); break;
        case JWT_BAD: answer_bad_token(exchange, error->message); break;
        case JWT_FOREIGN_CLIENT:
            log_write(LOG_INFO, "request %s: its token is another client's", exchange->id);
            answer_forbidden(exchange);
            break;
        }
    }
    jwt_free(&token);
    return status;
}

/* ---- both ways ---- */

int identity_recognise(const struct identity_user **out, struct http_exchange *exchange,
                       struct identity *identity, struct error *error)
{
    *out = NULL;
    struct str token = find_token(exchange, identity);
    if (token.ptr != NULL && count_headers(exchange, str_from(identity->jwt_header)) > 1) {
        answer_bad_token(exchange, "it is not the only one");
        return 0;
    }
    if (token.ptr != NULL) {
        return take_token(out, exchange, identity, token, error);
    }
    return identity_sign_in(identity) == IDENTITY_BY_PROXY
               ? 0
               : session_find(out, exchange, identity, error);
}

static bool is_safe(enum http_method method)
{
    return (method & (HTTP_GET | HTTP_HEAD | HTTP_OPTIONS)) != 0;
}

/* A proxy that adds the token adds it to what another site has a browser send, too. */
static bool is_meant(const struct http_exchange *exchange, const struct identity *identity,
                     const struct identity_user *user)
{
    return user->by_session ? session_is_meant(exchange, identity, user)
                            : !identity_is_cross_site(exchange, identity);
}

int identity_authenticate(const struct identity_user **out, struct http_exchange *exchange,
                          struct identity *identity, struct error *error)
{
    int status = identity_recognise(out, exchange, identity, error);
    if (status != 0 || exchange->response.status != 0) {
        return status;
    }
    const struct identity_user *user = *out;
    if (user == NULL) {
        answer_no_token(exchange);
    } else if (!is_safe(exchange->method) && !is_meant(exchange, identity, user)) {
        log_write(LOG_INFO, "request %s: another site may have had it sent", exchange->id);
        answer_forbidden(exchange);
        *out = NULL;
    }
    return 0;
}
