#include "identity/providers/local.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/compiler.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "identity/base64url.h"
#include "identity/session.h"
#include "identity/users.h"

enum {
    MOST_NAME = 254, /* of an e-mail address (RFC 5321) */
    HASHERS = 4,     /* 64 MiB each */
    MOST_TOKEN = 4 << 10,
};

/* ---- the issuer ---- */

static int make_keys(struct identity *identity, const unsigned char seed[SECRET_BYTES],
                     struct error *error)
{
    unsigned char public_key[crypto_sign_PUBLICKEYBYTES];
    unsigned char thumb[32];
    _Static_assert(sizeof identity->signing_key == crypto_sign_SECRETKEYBYTES, "libsodium's form");
    crypto_sign_seed_keypair(public_key, identity->signing_key, seed);
    crypto_generichash(thumb, sizeof thumb, public_key, sizeof public_key, NULL, 0);
    sodium_bin2base64(identity->signing_key_id, sizeof identity->signing_key_id, thumb,
                      sizeof thumb, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    struct jwk_set *set;
    int status = jwk_set_of_ed25519(&set, identity->signing_key_id, public_key, error);
    if (status == 0) {
        status = jwks_open_fixed(&identity->keys, set, error);
        if (status != 0) {
            jwk_set_free(set);
        }
    }
    return status;
}

int local_open(struct identity *identity, struct connection *connection, struct error *error)
{
    unsigned char seed[SECRET_BYTES];
    identity->jwt_header = "Authorization";
    identity->expected = (struct jwt_expected){.issuer = LOCAL_ISSUER, .audience = LOCAL_ISSUER};
    int status = secret_take(seed, connection, "local-issuer", error);
    if (status == 0) {
        status = make_keys(identity, seed, error);
    }
    sodium_memzero(seed, sizeof seed);
    if (status == 0) {
        status = attempts_open(&identity->attempts, error);
    }
    return status != 0 ? status : password_hall_open(&identity->hall, HASHERS, error);
}

void local_close(struct identity *identity)
{
    attempts_close(identity->attempts);
    password_hall_close(identity->hall);
    sodium_memzero(identity->signing_key, sizeof identity->signing_key);
}

/* ---- accounts ---- */

struct account {
    int64_t id; /* 0: nobody */
    struct str subject;
    const char *hash;
    bool one_time;
    int64_t changed; /* microseconds since 1970 */
};

/* A name that PostgreSQL takes; others are nobody's. */
static bool is_name(struct str name)
{
    return name.len > 0 && name.len <= MOST_NAME && memchr(name.ptr, '\0', name.len) == NULL &&
           utf8_valid_prefix(name) == name.len;
}

static int read_account(struct account *out, struct arena *arena, const struct rows *rows,
                        struct error *error)
{
    struct str hash;
    if (!identity_row_text(&out->subject, arena, rows, 0, 1) ||
        !identity_row_text(&hash, arena, rows, 0, 2)) {
        return error_out_of_memory(error);
    }
    out->id = rows_integer(rows, 0, 0);
    out->hash = hash.ptr;
    out->one_time = rows_boolean(rows, 0, 3);
    out->changed = rows_integer(rows, 0, 4);
    return 0;
}

#define MICROSECONDS(column) "(extract(epoch from " column ") * 1000000)::bigint"

static int find_account(struct account *out, struct arena *arena, struct connection *connection,
                        struct str name, struct error *error)
{
    *out = (struct account){0};
    if (!is_name(name)) {
        return 0;
    }
    const char *text = arena_copy(arena, name);
    if (text == NULL) {
        return error_out_of_memory(error);
    }
    const struct query_parameter parameter = query_text(text);
    struct rows *rows = NULL;
    int status = query_run(
        &rows, connection,
        "select app_user.id, app_user.idp_user_id, local_password.hash,\n"
        "    local_password.one_time, " MICROSECONDS(
            "local_password.changed") "\n"
                                      "from empi.local_password\n"
                                      "join empi.app_user on app_user.id = local_password.user_id\n"
                                      "where lower(local_password.name collate \"und-x-icu\") =\n"
                                      "    lower($1::text collate \"und-x-icu\")",
        &parameter, 1, error);
    if (status == 0 && rows_count(rows) == 1) {
        status = read_account(out, arena, rows, error);
    }
    rows_free(rows);
    return status;
}

int local_find(struct identity_user *out, bool *good, struct arena *arena,
               struct connection *connection, const struct jwt *token, struct error *error)
{
    *good = false;
    struct str subject = jwt_claim(token, "sub");
    int status = users_find(out, arena, connection, subject, error);
    if (status != 0 || out->id == 0) {
        *good = status == 0;
        return status;
    }
    const json_t *changed = json_object_get(token->claims, "password_changed");
    const struct query_parameter parameters[] = {
        query_integer(out->id), query_integer((int64_t)json_integer_value(changed))};
    struct rows *rows;
    status = query_run(&rows, connection,
                       "select from empi.local_password\n"
                       "where user_id = $1\n"
                       "    and not one_time\n"
                       "    and " MICROSECONDS("changed") " = $2",
                       parameters, ARRAY_LENGTH(parameters), error);
    if (status == 0) {
        *good = json_is_integer(changed) && rows_count(rows) == 1;
        rows_free(rows);
    }
    return status;
}

/* ---- keeping accounts ---- */

static int check_new_password(struct str password, struct error *error)
{
    if (password.len < IDENTITY_PASSWORD_LEAST || password.len > IDENTITY_PASSWORD_MOST) {
        return error_set(error, STATUS_INVALID, "a password has from %d to %d bytes",
                         IDENTITY_PASSWORD_LEAST, IDENTITY_PASSWORD_MOST);
    }
    return 0;
}

static int insert_account(int64_t *out, struct connection *connection, const char *name,
                          const char *hash, bool one_time, enum identity_role role,
                          struct error *error)
{
    const struct query_parameter parameters[] = {query_text(name), query_text(hash),
                                                 query_boolean(one_time),
                                                 query_text(identity_role_name(role))};
    struct rows *rows;
    int status = query_run(&rows, connection,
                           "with made as (\n"
                           "    insert into empi.app_user (idp_user_id, email, role)\n"
                           "    values (gen_random_uuid()::text, $1, $4)\n"
                           "    returning id\n"
                           ")\n"
                           "insert into empi.local_password (user_id, name, hash, one_time)\n"
                           "select id, $1, $2, $3::boolean from made\n"
                           "returning user_id",
                           parameters, ARRAY_LENGTH(parameters), error);
    if (status == STATUS_CONFLICT) {
        error_set(error, STATUS_CONFLICT, "there is a user of this name already");
    }
    if (status == 0) {
        *out = rows_integer(rows, 0, 0);
        rows_free(rows);
    }
    return status;
}

int local_add(int64_t *out, struct identity *identity, struct connection *connection,
              struct str name, struct str password, bool one_time, enum identity_role role,
              struct error *error)
{
    if (!is_name(name)) {
        return error_set(error, STATUS_INVALID, "a user's name is a text of 1 to %d bytes",
                         MOST_NAME);
    }
    char hash[PASSWORD_HASH_SIZE];
    int status = check_new_password(password, error);
    if (status == 0) {
        status = password_hash(hash, identity->hall, password, error);
    }
    struct arena arena = ARENA(4 << 10);
    if (status == 0) {
        const char *text = arena_copy(&arena, name);
        status = text == NULL ? error_out_of_memory(error)
                              : insert_account(out, connection, text, hash, one_time, role, error);
    }
    arena_free(&arena);
    return status;
}

/* Fails for another backend: its users are kept elsewhere. */
static int check_backend(const struct identity *identity, struct error *error)
{
    if (identity->backend == CONFIG_IDP_LOCAL) {
        return 0;
    }
    error_set(error, STATUS_INVALID, "the users are the identity provider's (idp.backend)");
    error_hint(error, "add, change and remove them there");
    return STATUS_INVALID;
}

int identity_local_add(int64_t *out, struct identity *identity, struct str name,
                       struct str password, bool one_time, enum identity_role role,
                       struct error *error)
{
    struct connection *connection;
    int status = check_backend(identity, error);
    if (status == 0) {
        status = identity_take_connection(&connection, identity, error);
    }
    if (status != 0) {
        return status;
    }
    status = local_add(out, identity, connection, name, password, one_time, role, error);
    store_give_back(connection);
    return status;
}

/* Writes the hash, and ends what was begun with the old password. `before`, when not NULL, must still
   be the old hash: *changed is false when somebody else was faster. */
static int replace_hash(bool *changed, struct connection *connection, int64_t id, const char *hash,
                        const char *before, bool one_time, struct error *error)
{
    const struct query_parameter parameters[] = {query_integer(id), query_text(hash),
                                                 query_boolean(one_time), query_text(before)};
    struct rows *rows;
    int status = query_run(&rows, connection,
                           "update empi.local_password\n"
                           "set hash = $2, one_time = $3::boolean, changed = clock_timestamp()\n"
                           "where user_id = $1 and ($4::text is null or hash = $4)\n"
                           "returning user_id",
                           parameters, ARRAY_LENGTH(parameters), error);
    if (status != 0) {
        return status;
    }
    *changed = rows_count(rows) == 1;
    rows_free(rows);
    return session_end_all(connection, id, error);
}

/* A transaction around what needs one. */
static int change_hash(bool *changed, struct connection *connection, int64_t id, const char *hash,
                       const char *before, bool one_time, struct error *error)
{
    int status = transaction_begin(connection, error);
    if (status == 0) {
        status = replace_hash(changed, connection, id, hash, before, one_time, error);
        status = status != 0 ? status : transaction_commit(connection, error);
        if (status != 0) {
            transaction_roll_back(connection);
        }
    }
    return status;
}

static int unknown_name(struct error *error)
{
    return error_set(error, STATUS_NOT_FOUND, "there is no local user of this name");
}

int identity_local_set_password(struct identity *identity, struct str name, struct str password,
                                bool one_time, struct error *error)
{
    char hash[PASSWORD_HASH_SIZE];
    struct connection *connection;
    int status = check_backend(identity, error);
    if (status == 0) {
        status = check_new_password(password, error);
    }
    if (status == 0) {
        status = password_hash(hash, identity->hall, password, error);
    }
    if (status == 0) {
        status = identity_take_connection(&connection, identity, error);
    }
    if (status != 0) {
        return status;
    }
    struct arena arena = ARENA(64 << 10);
    struct account account;
    bool changed;
    status = find_account(&account, &arena, connection, name, error);
    if (status == 0) {
        status = account.id == 0
                     ? unknown_name(error)
                     : change_hash(&changed, connection, account.id, hash, NULL, one_time, error);
    }
    store_give_back(connection);
    arena_free(&arena);
    return status;
}

static int delete_account(struct connection *connection, int64_t id, struct error *error)
{
    const struct query_parameter parameter = query_integer(id);
    int status = users_set_role(connection, id, IDENTITY_NO_ROLE, error);
    if (status == 0) {
        status = session_end_all(connection, id, error);
    }
    if (status == 0) {
        status = query_run(NULL, connection, "delete from empi.local_password where user_id = $1",
                           &parameter, 1, error);
    }
    /* As with a user whom another provider no longer has. */
    return status != 0
               ? status
               : query_run(NULL, connection, "update empi.app_user set email = '' where id = $1",
                           &parameter, 1, error);
}

int identity_local_remove(struct identity *identity, struct str name, struct error *error)
{
    struct connection *connection;
    int status = check_backend(identity, error);
    if (status == 0) {
        status = identity_take_connection(&connection, identity, error);
    }
    if (status != 0) {
        return status;
    }
    struct arena arena = ARENA(64 << 10);
    struct account account;
    status = transaction_begin(connection, error);
    if (status == 0) {
        status = find_account(&account, &arena, connection, name, error);
    }
    if (status == 0) {
        status =
            account.id == 0 ? unknown_name(error) : delete_account(connection, account.id, error);
    }
    status = status != 0 ? status : transaction_commit(connection, error);
    if (status != 0) {
        transaction_roll_back(connection);
    }
    store_give_back(connection);
    arena_free(&arena);
    return status;
}

/* ---- signing in ---- */

/* The hash of a password that the user chose, before a connection is taken: it takes as long as many
   queries. */
static int hash_chosen(enum identity_password *out, char hash[PASSWORD_HASH_SIZE],
                       struct identity *identity, const struct account *account,
                       struct str password, struct error *error)
{
    bool same;
    if (password.len < IDENTITY_PASSWORD_LEAST || password.len > IDENTITY_PASSWORD_MOST) {
        *out = IDENTITY_PASSWORD_REFUSED;
        return 0;
    }
    int status = password_check(&same, identity->hall, account->hash, password, error);
    if (status == 0 && same) {
        *out = IDENTITY_PASSWORD_REFUSED;
        return 0;
    }
    *out = IDENTITY_PASSWORD_GOOD;
    return status != 0 ? status : password_hash(hash, identity->hall, password, error);
}

/* The account of a name, by a connection that is held for this one query. */
static int look_up(struct account *out, struct arena *arena, struct identity *identity,
                   struct str name, struct error *error)
{
    struct connection *connection;
    int status = identity_take_connection(&connection, identity, error);
    if (status == 0) {
        status = find_account(out, arena, connection, name, error);
        store_give_back(connection);
    }
    return status;
}

/* The verdict on name and password; `account` is filled when it is GOOD or ONE_TIME. */
static int check(enum identity_password *out, struct account *account,
                 struct http_exchange *exchange, struct identity *identity, struct str name,
                 struct str password, struct error *error)
{
    if (!attempts_try(identity->attempts, exchange->client, name, clock_monotonic())) {
        *out = IDENTITY_PASSWORD_LIMITED;
        return 0;
    }
    int status = look_up(account, &exchange->arena, identity, name, error);
    bool good = false;
    if (status == 0 && password.len <= IDENTITY_PASSWORD_MOST) {
        status = password_check(&good, identity->hall, account->hash, password, error);
    }
    if (status != 0 || good) {
        attempts_forgive(identity->attempts, exchange->client, name);
    }
    *out = !good               ? IDENTITY_PASSWORD_WRONG
           : account->one_time ? IDENTITY_PASSWORD_ONE_TIME
                               : IDENTITY_PASSWORD_GOOD;
    return status;
}

/* Writes the new hash, if there is one, and begins a session. */
static int enter(enum identity_password *out, struct http_exchange *exchange,
                 struct identity *identity, const struct account *account, const char *hash,
                 struct error *error)
{
    struct connection *connection;
    int status = identity_take_connection(&connection, identity, error);
    if (status != 0) {
        return status;
    }
    bool changed = true;
    if (hash != NULL) {
        status = change_hash(&changed, connection, account->id, hash, account->hash, false, error);
    }
    if (status == 0 && changed) {
        status = session_begin(exchange, identity, connection, account->id, error);
    }
    *out = changed ? IDENTITY_PASSWORD_GOOD : IDENTITY_PASSWORD_WRONG;
    store_give_back(connection);
    return status;
}

int identity_sign_in_password(enum identity_password *out, struct http_exchange *exchange,
                              struct identity *identity, struct str name, struct str password,
                              struct str new_password, struct error *error)
{
    struct account account;
    char hash[PASSWORD_HASH_SIZE];
    int status = check(out, &account, exchange, identity, name, password, error);
    bool known = *out == IDENTITY_PASSWORD_GOOD || *out == IDENTITY_PASSWORD_ONE_TIME;
    bool change = known && new_password.ptr != NULL;
    if (status == 0 && change) {
        status = hash_chosen(out, hash, identity, &account, new_password, error);
    }
    if (status == 0 && *out == IDENTITY_PASSWORD_GOOD) {
        status = enter(out, exchange, identity, &account, change ? hash : NULL, error);
    }
    return status;
}

/* ---- tokens ---- */

static void write_header(struct text_buffer *out, const struct identity *identity)
{
    struct json_writer writer;
    json_write_begin(&writer, out, 0);
    json_write_open_object(&writer);
    json_write_key(&writer, "alg");
    json_write_string(&writer, STR("EdDSA"));
    json_write_key(&writer, "typ");
    json_write_string(&writer, STR("at+jwt"));
    json_write_key(&writer, "kid");
    json_write_string(&writer, str_from(identity->signing_key_id));
    json_write_close_object(&writer);
}

static void write_claims(struct text_buffer *out, const struct account *account, unsigned seconds)
{
    struct json_writer writer;
    int64_t now = identity_now();
    json_write_begin(&writer, out, 0);
    json_write_open_object(&writer);
    json_write_key(&writer, "iss");
    json_write_string(&writer, STR(LOCAL_ISSUER));
    json_write_key(&writer, "aud");
    json_write_string(&writer, STR(LOCAL_ISSUER));
    json_write_key(&writer, "sub");
    json_write_string(&writer, account->subject);
    json_write_key(&writer, "iat");
    json_write_integer(&writer, now);
    json_write_key(&writer, "exp");
    json_write_integer(&writer, now + seconds);
    json_write_key(&writer, "password_changed");
    json_write_integer(&writer, account->changed);
    json_write_close_object(&writer);
}

static const char *make_token(struct arena *arena, const struct identity *identity,
                              const struct account *account, unsigned seconds)
{
    struct text_buffer header = TEXT_BUFFER(MOST_TOKEN);
    struct text_buffer body = TEXT_BUFFER(MOST_TOKEN);
    struct text_buffer token = TEXT_BUFFER(MOST_TOKEN);
    write_header(&header, identity);
    write_claims(&body, account, seconds);
    const char *first = header.failed ? NULL : base64url_encode(arena, header.ptr, header.len);
    const char *second = body.failed ? NULL : base64url_encode(arena, body.ptr, body.len);
    const char *made = NULL;
    if (first != NULL && second != NULL) {
        text_appendf(&token, "%s.%s", first, second);
    }
    if (token.len > 0 && !token.failed) {
        unsigned char signature[crypto_sign_BYTES];
        crypto_sign_detached(signature, NULL, (const unsigned char *)token.ptr, token.len,
                             identity->signing_key);
        const char *third = base64url_encode(arena, signature, sizeof signature);
        if (third != NULL) {
            text_appendf(&token, ".%s", third);
        }
        made = third == NULL || token.failed ? NULL : arena_copy(arena, text_str(&token));
    }
    text_free(&token);
    text_free(&body);
    text_free(&header);
    return made;
}

int identity_issue_token(enum identity_password *out, const char **token, unsigned *seconds,
                         struct http_exchange *exchange, struct identity *identity, struct str name,
                         struct str password, struct error *error)
{
    *token = NULL;
    *seconds = identity->config->idp.local_token_minutes * 60;
    struct account account;
    int status = check(out, &account, exchange, identity, name, password, error);
    if (status == 0 && *out == IDENTITY_PASSWORD_GOOD) {
        *token = make_token(&exchange->arena, identity, &account, *seconds);
        status = *token == NULL ? error_out_of_memory(error) : 0;
    }
    return status;
}
