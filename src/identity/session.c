#include "identity/session.h"

#include <openssl/sha.h>
#include <sodium.h>

#include "base/compiler.h"
#include "base/random.h"
#include "identity/base64url.h"
#include "identity/cookie.h"
#include "identity/users.h"

#define SESSION_COOKIE "tuva_empi_session"
#define CSRF_COOKIE    "tuva_empi_csrf"

enum {
    ID_BYTES = 16,
    HASH_TEXT = 2 * SHA256_DIGEST_LENGTH + 1,
    CSRF_TEXT = 44, /* 32 bytes in base64, and NUL */
};

/* ---- the cookie ---- */

/* The id that the request's cookie holds. False without a cookie of ours. */
static bool read_id(unsigned char id[ID_BYTES], struct http_exchange *exchange,
                    const struct identity *identity)
{
    struct str content = cookie_open(&exchange->arena, identity->cookie_key, COOKIE_SESSION,
                                     http_cookie(exchange, SESSION_COOKIE));
    if (content.ptr == NULL || content.len != ID_BYTES) {
        return false;
    }
    memcpy(id, content.ptr, ID_BYTES);
    return true;
}

static void hash_id(char out[HASH_TEXT], const unsigned char id[ID_BYTES])
{
    unsigned char hash[SHA256_DIGEST_LENGTH];
    SHA256(id, ID_BYTES, hash);
    sodium_bin2hex(out, HASH_TEXT, hash, sizeof hash);
}

/* What only a page of ours can know: it reads it, other sites cannot. */
static char *make_csrf_token(struct arena *arena, const struct identity *identity,
                             const unsigned char id[ID_BYTES])
{
    unsigned char mac[crypto_auth_BYTES];
    crypto_auth(mac, id, ID_BYTES, identity->csrf_key);
    return base64url_encode(arena, mac, sizeof mac);
}

static void remove_cookies(struct http_exchange *exchange)
{
    cookie_set(exchange, &(struct cookie){.name = SESSION_COOKIE, .value = "", .path = "/"});
    cookie_set(exchange,
               &(struct cookie){.name = CSRF_COOKIE, .value = "", .path = "/", .readable = true});
}

/* ---- beginning ---- */

static int insert_row(struct connection *connection, const struct identity *identity,
                      const char *hash, int64_t user_id, struct error *error)
{
    /* Whoever comes in sweeps the floor. */
    int status =
        query_run(NULL, connection, "delete from empi.session where ends < now()", NULL, 0, error);
    if (status != 0) {
        return status;
    }
    const struct query_parameter parameters[] = {
        query_text(hash), query_integer(user_id),
        query_integer(identity->config->idp.session_hours)};
    return query_run(NULL, connection,
                     "insert into empi.session (id, user_id, ends)\n"
                     "values (decode($1, 'hex'), $2, now() + $3::integer * interval '1 hour')",
                     parameters, ARRAY_LENGTH(parameters), error);
}

static int delete_row(struct connection *connection, const char *hash, struct error *error)
{
    const struct query_parameter parameter = query_text(hash);
    return query_run(NULL, connection, "delete from empi.session where id = decode($1, 'hex')",
                     &parameter, 1, error);
}

int session_begin(struct http_exchange *exchange, struct identity *identity,
                  struct connection *connection, int64_t user_id, struct error *error)
{
    unsigned char id[ID_BYTES];
    char hash[HASH_TEXT];
    int status = 0;
    if (read_id(id, exchange, identity)) {
        hash_id(hash, id);
        status = delete_row(connection, hash, error);
    }
    if (status == 0) {
        status = random_secret(id, sizeof id, error);
    }
    if (status == 0) {
        hash_id(hash, id);
        status = insert_row(connection, identity, hash, user_id, error);
    }
    if (status != 0) {
        return status;
    }
    const char *sealed = cookie_seal(&exchange->arena, identity->cookie_key, COOKIE_SESSION,
                                     (struct str){(const char *)id, sizeof id});
    const char *token = make_csrf_token(&exchange->arena, identity, id);
    if (sealed == NULL || token == NULL) {
        return error_out_of_memory(error);
    }
    unsigned seconds = identity->config->idp.session_hours * 3600;
    cookie_set(exchange, &(struct cookie){SESSION_COOKIE, sealed, "/", seconds, false});
    cookie_set(exchange, &(struct cookie){CSRF_COOKIE, token, "/", seconds, true});
    return 0;
}

/* ---- finding ---- */

static int query_session(struct rows **out, struct connection *connection,
                         const struct identity *identity, const char *hash, struct error *error)
{
    const struct query_parameter parameters[] = {
        query_text(hash), query_integer(identity->config->idp.session_minutes)};
    /* That it is in use is written once a minute, not with each request. */
    return query_run(out, connection,
                     "with touched as (\n"
                     "    update empi.session\n"
                     "    set used = now()\n"
                     "    where id = decode($1, 'hex')\n"
                     "        and used < now() - interval '1 minute'\n"
                     "        and used > now() - $2::integer * interval '1 minute'\n"
                     ")\n"
                     "select app_user.id, app_user.idp_user_id, app_user.email, app_user.role\n"
                     "from empi.session\n"
                     "join empi.app_user on app_user.id = session.user_id\n"
                     "where session.id = decode($1, 'hex')\n"
                     "    and session.ends > now()\n"
                     "    and session.used > now() - $2::integer * interval '1 minute'",
                     parameters, ARRAY_LENGTH(parameters), error);
}

int session_find(const struct identity_user **out, struct http_exchange *exchange,
                 struct identity *identity, struct error *error)
{
    *out = NULL;
    unsigned char id[ID_BYTES];
    if (!read_id(id, exchange, identity)) {
        return 0;
    }
    char hash[HASH_TEXT];
    hash_id(hash, id);
    struct connection *connection;
    int status = identity_take_connection(&connection, identity, error);
    if (status != 0) {
        return status;
    }
    struct rows *rows;
    status = query_session(&rows, connection, identity, hash, error);
    store_give_back(connection);
    if (status != 0) {
        return status;
    }
    if (rows_count(rows) == 1) {
        struct identity_user *user = arena_alloc_zeroed(&exchange->arena, 1, sizeof *user);
        const char *token = make_csrf_token(&exchange->arena, identity, id);
        if (user == NULL || token == NULL || !users_read_row(user, &exchange->arena, rows, 0)) {
            status = error_out_of_memory(error);
        } else {
            user->by_session = true;
            user->csrf_token = token;
            *out = user;
        }
    }
    rows_free(rows);
    return status;
}

/* ---- ending ---- */

int session_end(struct http_exchange *exchange, struct identity *identity, struct error *error)
{
    unsigned char id[ID_BYTES];
    remove_cookies(exchange);
    if (!read_id(id, exchange, identity)) {
        return 0;
    }
    char hash[HASH_TEXT];
    hash_id(hash, id);
    struct connection *connection;
    int status = identity_take_connection(&connection, identity, error);
    if (status == 0) {
        status = delete_row(connection, hash, error);
        store_give_back(connection);
    }
    return status;
}

int session_end_all(struct connection *connection, int64_t user_id, struct error *error)
{
    const struct query_parameter parameter = query_integer(user_id);
    return query_run(NULL, connection, "delete from empi.session where user_id = $1", &parameter, 1,
                     error);
}

/* ---- other sites ---- */

bool session_is_meant(const struct http_exchange *exchange, const struct identity *identity,
                      const struct identity_user *user)
{
    struct str token = http_header(exchange, "x-csrf-token");
    if (token.ptr == NULL) {
        return !identity_is_foreign(exchange, identity);
    }
    return token.len == CSRF_TEXT - 1 &&
           sodium_memcmp(token.ptr, user->csrf_token, CSRF_TEXT - 1) == 0;
}
