#include "config/config_key.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"

#define AT(member)      .at = offsetof(struct config, member)
#define RANGE(low, top) .least = (low), .most = (top)

static const char secret_meaning[] = "signs session cookies; generate it once, keep it secret";

/* In the order of the documentation. */
const struct config_key config_keys[] = {
    {"env", CONFIG_TEXT, AT(env), .fallback = "production",
     .meaning = "a name for the environment; with `local` any CORS origin is allowed"},
    {"version", CONFIG_IGNORED, .meaning = "accepted and ignored: the program knows its version"},

    {"db.host", CONFIG_NAME, AT(db.host),
     .meaning = "name or address of the PostgreSQL server, or the directory of its socket"},
    {"db.port", CONFIG_PORT, AT(db.port), .fallback = "5432", RANGE(1, 65535),
     .meaning = "its port"},
    {"db.name", CONFIG_NAME, AT(db.name), .fallback = "tuva_empi",
     .meaning = "name of the database"},
    {"db.user", CONFIG_TEXT, AT(db.user), .meaning = "the role to connect as"},
    {"db.password", CONFIG_TEXT, .secret = true, AT(db.password), .meaning = "its password"},
    {"db.sslmode", CONFIG_WORD, AT(db.sslmode),
     .words = "disable|allow|prefer|require|verify-ca|verify-full",
     .meaning = "how the connection is encrypted, in libpq's words"},
    {"db.pool_size", CONFIG_COUNT, AT(db.pool_size), .fallback = "8", RANGE(4, 1000),
     .meaning = "most connections of one process"},

    {"server.listen", CONFIG_ADDRESS, AT(server.listen), .fallback = "127.0.0.1",
     .meaning = "the address that the API listens on"},
    {"server.port", CONFIG_PORT, AT(server.port), .fallback = "8000", RANGE(1, 65535),
     .meaning = "its port"},
    {"server.allowed_hosts", CONFIG_LIST, AT(server.allowed_hosts), .fallback = "",
     .meaning = "names that a request's Host header may have, without any those of localhost; "
                "`.example.org` means all below it"},
    {"server.cors_allowed_origins", CONFIG_ORIGINS, AT(server.cors_allowed_origins), .fallback = "",
     .meaning = "origins of web pages that may call the API"},
    {"server.trusted_proxies", CONFIG_RANGES, AT(server.trusted_proxies), .fallback = "",
     .meaning = "proxies whose `X-Forwarded-For` tells the client's address"},
    {"server.secret_key", CONFIG_TEXT, .secret = true, AT(server.secret_key),
     .meaning = secret_meaning},
    {"server.max_body_bytes", CONFIG_BYTES, AT(server.max_body_bytes), .fallback = "10737418240",
     RANGE(1024, INT64_MAX),
     .meaning = "largest body of a request, uploads included, packed and unpacked"},
    {"server.threads", CONFIG_COUNT, AT(server.threads), .fallback = "64", RANGE(1, 10000),
     .meaning = "most requests served at the same time"},
    {"server.tls_certificate", CONFIG_TEXT, AT(server.tls_certificate),
     .meaning = "path of a PEM file: the certificate chain; HTTPS then"},
    {"server.tls_key", CONFIG_TEXT, AT(server.tls_key), .meaning = "path of its private key"},

    {"server.public_url", CONFIG_URL, AT(server.public_url),
     .meaning =
         "the address that people reach it at, `https://empi.example.org`; the provider sends "
         "them back there. By default that of the request"},

    {"django.debug", CONFIG_IGNORED, .meaning = "accepted and ignored"},
    {"django.secret_key", CONFIG_TEXT, .secret = true, .new_name = "server.secret_key",
     .meaning = "the old name of `server.secret_key`"},
    {"django.allowed_hosts", CONFIG_LIST, .new_name = "server.allowed_hosts",
     .meaning = "the old name of `server.allowed_hosts`"},
    {"django.cors_allowed_origins", CONFIG_ORIGINS, .new_name = "server.cors_allowed_origins",
     .meaning = "the old name of `server.cors_allowed_origins`"},

    {"authorization.admin_only", CONFIG_WORDS, AT(admin_only), .fallback = "",
     .words = "config|import|export", .meaning = "what members may not do"},

    {"idp.backend", CONFIG_CHOICE, AT(idp.backend), .fallback = "local",
     .words = "local|keycloak|aws-cognito|oidc", .meaning = "the identity provider"},
    {"idp.aws_cognito.cognito_user_pool_id", CONFIG_TEXT, AT(idp.aws_cognito.cognito_user_pool_id),
     .meaning = "the user pool"},
    {"idp.aws_cognito.jwt_header", CONFIG_TEXT, AT(idp.aws_cognito.jwt_header),
     .meaning = "the header that carries the token"},
    {"idp.aws_cognito.jwks_url", CONFIG_URL, AT(idp.aws_cognito.jwks_url),
     .meaning = "where the keys are that tokens are signed with"},
    {"idp.aws_cognito.client_id", CONFIG_TEXT, AT(idp.aws_cognito.client_id),
     .meaning = "the OAuth client"},
    {"idp.aws_cognito.client_secret", CONFIG_TEXT, .secret = true, .optional = true,
     AT(idp.aws_cognito.client_secret),
     .meaning = "its secret, if it has one; for signing in here"},
    {"idp.aws_cognito.issuer", CONFIG_URL, .optional = true, AT(idp.aws_cognito.issuer),
     .meaning = "the issuer that tokens must have; by default as `jwks_url` begins"},
    {"idp.keycloak.server_url", CONFIG_URL, AT(idp.keycloak.server_url),
     .meaning = "address of the Keycloak server"},
    {"idp.keycloak.realm", CONFIG_TEXT, AT(idp.keycloak.realm), .meaning = "its realm"},
    {"idp.keycloak.jwt_header", CONFIG_TEXT, AT(idp.keycloak.jwt_header),
     .meaning = "the header that carries the token"},
    {"idp.keycloak.jwt_aud", CONFIG_TEXT, AT(idp.keycloak.jwt_aud),
     .meaning = "the audience that tokens must have"},
    {"idp.keycloak.jwks_url", CONFIG_URL, AT(idp.keycloak.jwks_url),
     .meaning = "where the keys are that tokens are signed with"},
    {"idp.keycloak.client_id", CONFIG_TEXT, AT(idp.keycloak.client_id),
     .meaning = "the OAuth client"},
    {"idp.keycloak.client_secret", CONFIG_TEXT, .secret = true, AT(idp.keycloak.client_secret),
     .meaning = "its secret"},
    {"idp.keycloak.issuer", CONFIG_URL, .optional = true, AT(idp.keycloak.issuer),
     .meaning = "the issuer that tokens must have; by default any that ends with the realm's path"},
    {"idp.oidc.issuer", CONFIG_URL, AT(idp.oidc.issuer),
     .meaning = "the provider, by the address that it calls itself"},
    {"idp.oidc.client_id", CONFIG_TEXT, AT(idp.oidc.client_id), .meaning = "the OAuth client"},
    {"idp.oidc.client_secret", CONFIG_TEXT, .secret = true, .optional = true,
     AT(idp.oidc.client_secret), .meaning = "its secret, unless it is a public client"},
    {"idp.oidc.jwt_header", CONFIG_TEXT, .optional = true, AT(idp.oidc.jwt_header),
     .fallback = "Authorization", .meaning = "the header that carries the token"},
    {"idp.oidc.jwt_aud", CONFIG_TEXT, .optional = true, AT(idp.oidc.jwt_aud),
     .meaning = "the audience that tokens must have; by default the client"},
    {"idp.oidc.jwks_url", CONFIG_URL, .optional = true, AT(idp.oidc.jwks_url),
     .meaning = "where the keys are; by default where the provider says"},
    {"idp.sign_in.method", CONFIG_CHOICE, AT(idp.sign_in), .fallback = "proxy",
     .words = "proxy|provider",
     .meaning = "who lets people in: a proxy in front that passes their token on, or this server, "
                "which sends them to the provider and back. Not for `local`, which has a form"},
    {"idp.sign_in.scope", CONFIG_TEXT, AT(idp.sign_in_scope), .fallback = "openid email",
     .meaning = "what the server then asks the provider for"},
    {"idp.session.idle_minutes", CONFIG_COUNT, AT(idp.session_minutes), .fallback = "60",
     RANGE(1, 10080), .meaning = "minutes without a request after which a session ends"},
    {"idp.session.most_hours", CONFIG_COUNT, AT(idp.session_hours), .fallback = "12", RANGE(1, 720),
     .meaning = "hours after which it ends in any case"},
    {"idp.local.token_minutes", CONFIG_COUNT, AT(idp.local_token_minutes), .fallback = "60",
     RANGE(1, 10080), .meaning = "minutes for which a token of the local provider is good"},

    {"matching_service.job_runner", CONFIG_CHOICE, AT(matching_service.job_runner),
     .fallback = "process", .words = "process|k8s",
     .meaning = "where matching jobs run: in a child process, or as Kubernetes jobs"},
    {"matching_service.k8s_job_runner.job_image", CONFIG_TEXT, .only_environment = true,
     AT(matching_service.job_image),
     .meaning = "the jobs' image; only from the environment, so that it is the service's own"},
    {"matching_service.k8s_job_runner.job_image_pull_policy", CONFIG_WORD,
     AT(matching_service.job_image_pull_policy), .words = "Always|IfNotPresent|Never",
     .meaning = "when that image is pulled"},
    {"matching_service.k8s_job_runner.job_config_secret_volume.secret_name", CONFIG_TEXT,
     AT(matching_service.secret_name), .meaning = "the Secret that holds this configuration"},
    {"matching_service.k8s_job_runner.job_config_secret_volume.secret_key", CONFIG_TEXT,
     AT(matching_service.secret_key), .meaning = "its key, which becomes the file's name"},
    {"matching_service.k8s_job_runner.job_config_secret_volume.mount_path", CONFIG_TEXT,
     AT(matching_service.mount_path), .meaning = "where it is mounted"},
    {"matching_service.k8s_job_runner.job_service_account_name", CONFIG_TEXT,
     AT(matching_service.job_service_account_name), .meaning = "the jobs' service account"},

    {"initial_setup.admin_email", CONFIG_TEXT, AT(admin_email),
     .meaning = "the provider's user that bootstrap makes the first admin"},
};

const size_t config_key_count = ARRAY_LENGTH(config_keys);

_Static_assert(ARRAY_LENGTH(config_keys) <= CONFIG_MAX_KEYS, "struct config has room for each");

void config_key_variable(char out[CONFIG_VARIABLE_SIZE], const struct config_key *key)
{
    size_t used = (size_t)snprintf(out, CONFIG_VARIABLE_SIZE, "TUVA_EMPI_");
    for (const char *at = key->path; *at != '\0' && used + 2 < CONFIG_VARIABLE_SIZE; at++) {
        if (*at == '.') {
            out[used++] = '_';
            out[used++] = '_';
        } else {
            out[used++] = (char)toupper((unsigned char)*at);
        }
    }
    out[used] = '\0';
}

/* Besides those of the keys: the ones that a person sets. */
static const char *const other_variables[] = {
    "TUVA_EMPI_CONFIG_FILE", "TUVA_EMPI_CONFIG_AWS_SECRET_ARN", "TUVA_EMPI_DATA_DIR"};

/* A name as it is when nobody knows of the double underscores. */
static struct str without_doubles(char out[CONFIG_VARIABLE_SIZE], const char *variable)
{
    size_t length = 0;
    for (const char *at = variable; *at != '\0'; at++) {
        if (at[0] != '_' || at[1] != '_') {
            out[length++] = *at;
        }
    }
    return (struct str){out, length};
}

bool config_key_suggest_variable(char out[CONFIG_VARIABLE_SIZE], struct str name)
{
    /* Two slips, or one in a short name: TUVA_EMPI_PORT and TUVA_EMPI_SERVICE_PORT, which Kubernetes
       sets for a service of our name, are three away from the nearest key. */
    enum { MOST = 2, PREFIX = sizeof "TUVA_EMPI_" - 1 };
    unsigned least = MOST + 1;
    for (size_t i = 0; i < config_key_count + ARRAY_LENGTH(other_variables); i++) {
        char variable[CONFIG_VARIABLE_SIZE];
        char room[CONFIG_VARIABLE_SIZE];
        if (i < config_key_count) {
            config_key_variable(variable, &config_keys[i]);
        } else {
            snprintf(variable, sizeof variable, "%s", other_variables[i - config_key_count]);
        }
        struct str plain = without_doubles(room, variable);
        if (str_equal(str_from(variable), name)) {
            return false;
        }
        /* Only the beginnings of very long names are compared by distance. */
        bool same = str_equal_ignoring_case(plain, name);
        unsigned distance = same ? 0 : str_name_distance(plain, name);
        if (same || (distance < least && distance <= (plain.len - PREFIX) / 3)) {
            memcpy(out, variable, sizeof variable);
            least = distance;
        }
    }
    return least <= MOST;
}

const struct config_key *config_key_target(const struct config_key *key)
{
    for (size_t i = 0; key->new_name != NULL && i < config_key_count; i++) {
        if (strcmp(config_keys[i].path, key->new_name) == 0) {
            return &config_keys[i];
        }
    }
    return key;
}

/* ---- for people ---- */

/* "a|b|c" as "a, b or c". */
static void append_words(struct text_buffer *out, const char *words)
{
    while (*words != '\0') {
        size_t length = strcspn(words, "|");
        text_append(out, (struct str){words, length});
        words += length;
        if (*words == '|') {
            words++;
            text_append(out, strchr(words, '|') != NULL ? STR(", ") : STR(" or "));
        }
    }
}

void config_key_describe(struct text_buffer *out, const struct config_key *key)
{
    switch (key->kind) {
    case CONFIG_NAME:
    case CONFIG_TEXT: text_append(out, STR("a text")); break;
    case CONFIG_URL: text_append(out, STR("an http:// or https:// address")); break;
    case CONFIG_WORD:
    case CONFIG_CHOICE: append_words(out, key->words); break;
    case CONFIG_WORDS:
        text_append(out, STR("a list of "));
        append_words(out, key->words);
        break;
    case CONFIG_LIST: text_append(out, STR("a list of texts")); break;
    case CONFIG_ADDRESS:
        text_append(out, STR("localhost or an address such as 0.0.0.0 or ::"));
        break;
    case CONFIG_ORIGIN: text_append(out, STR("an origin such as https://app.example.org")); break;
    case CONFIG_ORIGINS:
        text_append(out, STR("a list of origins such as https://app.example.org"));
        break;
    case CONFIG_RANGE:
        text_append(out, STR("an address, or a range such as 10.0.0.0/8 or fd00::/8"));
        break;
    case CONFIG_RANGES:
        text_append(out, STR("a list of addresses, and ranges such as 10.0.0.0/8 or fd00::/8"));
        break;
    case CONFIG_PORT:
        text_appendf(out, "a port from %" PRIu64 " to %" PRIu64, key->least, key->most);
        break;
    case CONFIG_COUNT:
        text_appendf(out, "a whole number from %" PRIu64 " to %" PRIu64, key->least, key->most);
        break;
    case CONFIG_BYTES: text_appendf(out, "a number of bytes, at least %" PRIu64, key->least); break;
    case CONFIG_IGNORED: text_append(out, STR("anything")); break;
    }
}

static void append_choice(struct text_buffer *out, const char *words, unsigned position)
{
    for (; position > 0; position--) {
        words += strcspn(words, "|") + 1;
    }
    text_append(out, (struct str){words, strcspn(words, "|")});
}

void config_key_value(struct text_buffer *out, const struct config *config,
                      const struct config_key *key)
{
    const char *at = (const char *)config + config_key_target(key)->at;
    switch (key->kind) {
    case CONFIG_TEXT:
    case CONFIG_NAME:
    case CONFIG_URL:
    case CONFIG_ADDRESS:
    case CONFIG_ORIGIN:
    case CONFIG_RANGE:
    case CONFIG_WORD: {
        const char *text = *(const char *const *)at;
        if (text != NULL && text[0] != '\0') {
            text_append(out, key->secret ? STR("(hidden)") : str_from(text));
        }
        break;
    }
    case CONFIG_CHOICE: append_choice(out, key->words, *(const unsigned *)at); break;
    case CONFIG_WORDS:
    case CONFIG_ORIGINS:
    case CONFIG_RANGES:
    case CONFIG_LIST: {
        const struct config_list *list = (const struct config_list *)at;
        for (size_t i = 0; i < list->count; i++) {
            text_appendf(out, "%s%s", i > 0 ? "," : "", list->items[i]);
        }
        break;
    }
    case CONFIG_PORT:
    case CONFIG_COUNT: text_appendf(out, "%" PRIu32, *(const uint32_t *)at); break;
    case CONFIG_BYTES: text_appendf(out, "%" PRIu64, *(const uint64_t *)at); break;
    case CONFIG_IGNORED: break;
    }
}
