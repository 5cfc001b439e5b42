/*
 * The configuration: one JSON file, overridden leaf by leaf by the environment.
 *
 * TUVA_EMPI_CONFIG_FILE names the file; without it everything has its default, and the database is
 * the program's private PostgreSQL. TUVA_EMPI_ + the path of a key in upper case, joined by "__"
 * (TUVA_EMPI_DB__HOST), overrides that key. Which keys there are stands in config_key.h; what they
 * mean for people, in docs/configuration.md.
 *
 * All faults are told at once, each with its place, what stands there and what was expected. The
 * value of a secret is in no message.
 *
 * Without a file, TUVA_EMPI_CONFIG_AWS_SECRET_ARN may name the secret of AWS Secrets Manager that is
 * the document; it is kept in memory only. Reading it is the program's: see config_set_secret_reader().
 *
 * Thread rule: immutable once loaded.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

enum config_idp {
    CONFIG_IDP_LOCAL,
    CONFIG_IDP_KEYCLOAK,
    CONFIG_IDP_AWS_COGNITO,
    CONFIG_IDP_OIDC,
};

/* Where people who come without a token are sent. */
enum config_sign_in { CONFIG_SIGN_IN_PROXY, CONFIG_SIGN_IN_PROVIDER };

enum config_runner { CONFIG_RUNNER_PROCESS, CONFIG_RUNNER_K8S };

struct config_list {
    const char *const *items;
    size_t count;
};

/* Where a value comes from. */
enum config_origin { CONFIG_DEFAULT, CONFIG_FILE, CONFIG_ENVIRONMENT };

enum { CONFIG_MAX_KEYS = 96 };

/* Texts are NUL-terminated and belong to the configuration; NULL is a key that was not given and
   has no default. A text may be empty: the files that are around leave what they do not use "". */
struct config {
    const char *env; /* a name; only "local" is special */

    struct {
        bool external; /* a server is named; else the private one, and only pool_size counts */
        const char *host;
        uint32_t port;
        const char *name;
        const char *user;
        const char *password;
        const char *sslmode;
        uint32_t pool_size; /* connections; a job needs three of them */
    } db;

    struct {
        const char *listen; /* an address */
        uint32_t port;
        struct config_list allowed_hosts;
        struct config_list cors_allowed_origins;
        struct config_list trusted_proxies; /* as ip_range_read() takes them */
        const char *secret_key;
        uint64_t max_body_bytes;
        uint32_t threads;
        const char *tls_certificate; /* paths: both or neither */
        const char *tls_key;
        const char *public_url; /* as people see it; what follows the host is of no effect */
    } server;

    struct config_list admin_only; /* of "config", "import", "export": what members may not do */

    struct {
        enum config_idp backend;
        struct {
            const char *cognito_user_pool_id;
            const char *jwt_header;
            const char *jwks_url;
            const char *client_id;
            const char *client_secret;
            const char *issuer;
        } aws_cognito;
        struct {
            const char *server_url;
            const char *realm;
            const char *jwt_header;
            const char *jwt_aud;
            const char *jwks_url;
            const char *client_id;
            const char *client_secret;
            const char *issuer;
        } keycloak;
        struct {
            const char *issuer;
            const char *client_id;
            const char *client_secret; /* without one the client is a public one */
            const char *jwt_header;
            const char *jwt_aud; /* NULL: client_id */
            const char *jwks_url;
        } oidc;
        enum config_sign_in sign_in; /* of keycloak, aws-cognito and oidc */
        const char *sign_in_scope;
        uint32_t session_minutes;     /* without a request */
        uint32_t session_hours;       /* altogether */
        uint32_t local_token_minutes; /* of tokens that the local provider gives */
    } idp;

    struct {
        enum config_runner job_runner;
        const char *job_image; /* from the environment only */
        const char *job_image_pull_policy;
        const char *secret_name;
        const char *secret_key;
        const char *mount_path;
        const char *job_service_account_name;
    } matching_service;

    const char *admin_email;

    const char *file;                           /* it was read from; NULL: none */
    enum config_origin origin[CONFIG_MAX_KEYS]; /* by position in config_keys */
    bool ignored[CONFIG_MAX_KEYS];              /* it stands in the file, but has no effect */
    struct arena arena;                         /* holds everything above */
};

/* Reads a secret: appends its text. */
typedef int config_secret_reader(struct text_buffer *out, const char *arn, struct error *error);

/* What reads the document from AWS Secrets Manager; this library knows nothing of networks. Once,
   before other threads are started; without it asking for a secret is an error. */
void config_set_secret_reader(config_secret_reader *reader);

/* Reads the file or the secret that the environment names, and the environment. STATUS_INVALID with the faults. */
int config_load(struct config **out, struct error *error);

/* The same from given parts: `text` with ptr NULL is no file, `file` its name for messages,
   `environment` as environ. All of them are copied. */
int config_read(struct config **out, const char *file, struct str text,
                const char *const *environment, struct error *error);

/* NULL is fine. */
void config_free(struct config *config);

#endif
