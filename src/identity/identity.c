#include "identity/identity.h"

#include <sodium.h>
#include <time.h>

#include "base/memory.h"
#include "http/client.h"
#include "identity/internal.h"
#include "identity/providers/keycloak.h"
#include "identity/providers/local.h"

/* As long as a person waits; then the client is told to come again. */
enum { CONNECTION_SECONDS = 10, MOST_URL = 4 << 10 };

/* ---- small things ---- */

const char *identity_role_name(enum identity_role role)
{
    switch (role) {
    case IDENTITY_ADMIN: return "admin";
    case IDENTITY_MEMBER: return "member";
    case IDENTITY_NO_ROLE: break;
    }
    return NULL;
}

bool identity_role_from_name(enum identity_role *out, struct str name)
{
    if (str_equal(name, STR("admin"))) {
        *out = IDENTITY_ADMIN;
    } else if (str_equal(name, STR("member"))) {
        *out = IDENTITY_MEMBER;
    } else {
        return false;
    }
    return true;
}

int identity_take_connection(struct connection **out, struct identity *identity,
                             struct error *error)
{
    return store_take(out, identity->store, CONNECTION_SECONDS, error);
}

bool identity_row_text(struct str *out, struct arena *arena, const struct rows *rows, size_t row,
                       size_t column)
{
    struct str text = rows_text(rows, row, column);
    out->ptr = arena_copy(arena, text.ptr == NULL ? STR("") : text);
    out->len = text.len;
    return out->ptr != NULL;
}

int64_t identity_now(void)
{
    return (int64_t)time(NULL);
}

/* ---- providers ---- */

/* NULL and "" are the same in a configuration. */
static const char *or_null(const char *text)
{
    return text != NULL && text[0] != '\0' ? text : NULL;
}

/* A key that its section has, but which is "" there: files of the Python backend leave open what they
   do not use. */
static int require(const char *value, const char *key, struct error *error)
{
    if (or_null(value) != NULL) {
        return 0;
    }
    return error_set(error, STATUS_INVALID, "%s must not be empty with this idp.backend", key);
}

/* The text that was built, in the arena. */
static int keep(const char **out, struct identity *identity, struct text_buffer *text,
                struct error *error)
{
    *out = text->failed ? NULL : arena_copy(&identity->arena, text_str(text));
    text_free(text);
    return *out == NULL ? error_out_of_memory(error) : 0;
}

static int set_up_keycloak(struct identity *identity, struct oidc_options *options,
                           struct error *error)
{
    const struct config *config = identity->config;
    int status = require(config->idp.keycloak.server_url, "idp.keycloak.server_url", error);
    status =
        status != 0 ? status : require(config->idp.keycloak.realm, "idp.keycloak.realm", error);
    status = status != 0 ? status
                         : require(config->idp.keycloak.jwks_url, "idp.keycloak.jwks_url", error);
    status = status != 0
                 ? status
                 : require(config->idp.keycloak.jwt_header, "idp.keycloak.jwt_header", error);
    if (status != 0) {
        return status;
    }
    struct text_buffer realm = TEXT_BUFFER(MOST_URL);
    struct text_buffer end = TEXT_BUFFER(MOST_URL);
    const char *discovery;
    const char *issuer_end;
    keycloak_append_realm(&realm, config, false);
    text_appendf(&end, "/realms/%s", config->idp.keycloak.realm);
    status = keep(&discovery, identity, &realm, error);
    if (status != 0) {
        text_free(&end);
        return status;
    }
    status = keep(&issuer_end, identity, &end, error);
    /* Its address may be another one within a cluster than for browsers, and tokens have theirs: only
       the realm is certain unless the issuer is configured. */
    identity->jwt_header = config->idp.keycloak.jwt_header;
    identity->client_id = or_null(config->idp.keycloak.client_id);
    identity->expected = (struct jwt_expected){
        .issuer = or_null(config->idp.keycloak.issuer),
        .issuer_end = or_null(config->idp.keycloak.issuer) == NULL ? issuer_end : NULL,
        .audience = or_null(config->idp.keycloak.jwt_aud),
        .client = identity->client_id,
        .client_needed = or_null(config->idp.keycloak.jwt_aud) == NULL,
        .bearer = true,
    };
    *options = (struct oidc_options){
        .discovery = discovery,
        .issuer = identity->expected.issuer,
        .issuer_end = identity->expected.issuer_end,
        .keys_url = config->idp.keycloak.jwks_url,
        .client_secret = config->idp.keycloak.client_secret,
    };
    return status;
}

/* The keys of a pool are below its issuer's address. */
static int cognito_issuer(const char **out, struct identity *identity, struct error *error)
{
    static const struct str tail = {"/.well-known/jwks.json", 22};
    struct str url = str_from(identity->config->idp.aws_cognito.jwks_url);
    *out = or_null(identity->config->idp.aws_cognito.issuer);
    if (*out != NULL) {
        return 0;
    }
    if (!str_ends_with(url, tail)) {
        return error_set(error, STATUS_INVALID,
                         "idp.aws_cognito.issuer is needed where jwks_url does not end with %s",
                         tail.ptr);
    }
    *out = arena_copy(&identity->arena, (struct str){url.ptr, url.len - tail.len});
    return *out == NULL ? error_out_of_memory(error) : 0;
}

static int set_up_cognito(struct identity *identity, struct oidc_options *options,
                          struct error *error)
{
    const struct config *config = identity->config;
    const char *issuer;
    int status = require(config->idp.aws_cognito.jwks_url, "idp.aws_cognito.jwks_url", error);
    status = status != 0
                 ? status
                 : require(config->idp.aws_cognito.jwt_header, "idp.aws_cognito.jwt_header", error);
    /* Its access tokens have no audience: the client is all that ties them to us. */
    status = status != 0
                 ? status
                 : require(config->idp.aws_cognito.client_id, "idp.aws_cognito.client_id", error);
    status = status != 0 ? status : cognito_issuer(&issuer, identity, error);
    if (status != 0) {
        return status;
    }
    identity->jwt_header = config->idp.aws_cognito.jwt_header;
    identity->client_id = config->idp.aws_cognito.client_id;
    identity->expected = (struct jwt_expected){
        .issuer = issuer, .client = identity->client_id, .client_needed = true, .use = "access"};
    *options = (struct oidc_options){
        .discovery = issuer,
        .issuer = issuer,
        .keys_url = config->idp.aws_cognito.jwks_url,
        .client_secret = config->idp.aws_cognito.client_secret,
    };
    return 0;
}

static int set_up_oidc(struct identity *identity, struct oidc_options *options, struct error *error)
{
    const struct config *config = identity->config;
    int status = require(config->idp.oidc.issuer, "idp.oidc.issuer", error);
    status =
        status != 0 ? status : require(config->idp.oidc.client_id, "idp.oidc.client_id", error);
    status =
        status != 0 ? status : require(config->idp.oidc.jwt_header, "idp.oidc.jwt_header", error);
    if (status != 0) {
        return status;
    }
    const char *audience = or_null(config->idp.oidc.jwt_aud);
    identity->jwt_header = config->idp.oidc.jwt_header;
    identity->client_id = config->idp.oidc.client_id;
    identity->expected = (struct jwt_expected){
        .issuer = config->idp.oidc.issuer,
        .audience = audience != NULL ? audience : identity->client_id,
        .client = identity->client_id,
    };
    *options = (struct oidc_options){
        .discovery = config->idp.oidc.issuer,
        .issuer = config->idp.oidc.issuer,
        .keys_url = or_null(config->idp.oidc.jwks_url),
        .client_secret = config->idp.oidc.client_secret,
    };
    return 0;
}

static int set_up_provider(struct identity *identity, struct error *error)
{
    struct oidc_options options;
    int status = 0;
    switch (identity->backend) {
    case CONFIG_IDP_KEYCLOAK: status = set_up_keycloak(identity, &options, error); break;
    case CONFIG_IDP_AWS_COGNITO: status = set_up_cognito(identity, &options, error); break;
    case CONFIG_IDP_OIDC: status = set_up_oidc(identity, &options, error); break;
    case CONFIG_IDP_LOCAL: return 0;
    }
    if (status != 0) {
        return status;
    }
    options.client_id = identity->client_id != NULL ? identity->client_id : "";
    options.scope = identity->config->idp.sign_in_scope;
    identity->own_sign_in = identity->config->idp.sign_in == CONFIG_SIGN_IN_PROVIDER;
    status = oidc_open(&identity->provider, &options, error);
    if (status == 0) {
        const struct jwks_source source = {oidc_fetch_keys, identity->provider};
        status = jwks_open(&identity->keys, &source, NULL, error);
    }
    return status;
}

/* ---- opening ---- */

static int take_secrets(struct identity *identity, struct connection *connection,
                        struct error *error)
{
    unsigned char secret[SECRET_BYTES];
    int status = secret_take(secret, connection, "cookies", error);
    if (status == 0) {
        const char *configured = identity->config->server.secret_key;
        secret_derive(identity->cookie_key, secret, configured, "cookie");
        secret_derive(identity->csrf_key, secret, configured, "csrf");
        sodium_memzero(secret, sizeof secret);
    }
    return status;
}

static int open_all(struct identity *identity, struct error *error)
{
    if (sodium_init() < 0) {
        return error_set(error, STATUS_INTERNAL, "libsodium cannot be used");
    }
    struct connection *connection;
    int status = http_client_prepare(error);
    if (status == 0) {
        status = set_up_provider(identity, error);
    }
    if (status == 0) {
        status = identity_take_connection(&connection, identity, error);
    }
    if (status != 0) {
        return status;
    }
    status = take_secrets(identity, connection, error);
    if (status == 0 && identity->backend == CONFIG_IDP_LOCAL) {
        status = local_open(identity, connection, error);
    }
    store_give_back(connection);
    return status;
}

int identity_open(struct identity **out, const struct config *config, struct store *store,
                  struct error *error)
{
    *out = NULL;
    struct identity *identity = memory_alloc_zeroed(1, sizeof *identity);
    if (identity == NULL) {
        return error_out_of_memory(error);
    }
    identity->config = config;
    identity->store = store;
    identity->backend = config->idp.backend;
    identity->arena = ARENA(64 << 10);
    int status = open_all(identity, error);
    if (status != 0) {
        identity_close(identity);
        return status;
    }
    *out = identity;
    return 0;
}

void identity_close(struct identity *identity)
{
    if (identity == NULL) {
        return;
    }
    jwks_close(identity->keys);
    oidc_close(identity->provider);
    local_close(identity);
    arena_free(&identity->arena);
    sodium_memzero(identity->cookie_key, sizeof identity->cookie_key);
    sodium_memzero(identity->csrf_key, sizeof identity->csrf_key);
    memory_free(identity);
}
