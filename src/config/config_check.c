#include "config/config_check.h"

#include <string.h>

#include "base/compiler.h"
#include "config/config_key.h"

static bool is_given(const struct config *config, const struct config_key *key)
{
    return config->origin[key - config_keys] != CONFIG_DEFAULT;
}

static bool is_path_given(const struct config *config, const char *path)
{
    for (size_t i = 0; i < config_key_count; i++) {
        if (strcmp(config_keys[i].path, path) == 0) {
            return is_given(config, &config_keys[i]);
        }
    }
    return false;
}

static bool is_section_given(const struct config *config, const char *prefix)
{
    for (size_t i = 0; i < config_key_count; i++) {
        if (str_starts_with(str_from(config_keys[i].path), str_from(prefix)) &&
            is_given(config, &config_keys[i])) {
            return true;
        }
    }
    return false;
}

/* The whole path, which as a key of an input would be cut. */
static void add_missing(struct faults *faults, const char *path, const char *because)
{
    size_t mark = faults_enter_key(faults, path);
    faults_add(faults, "is missing: %s", because);
    faults_leave(faults, mark);
}

/* All keys of a section, because another key says so. */
static void require_section(const struct config *config, const char *prefix, const char *because,
                            struct faults *faults)
{
    for (size_t i = 0; i < config_key_count; i++) {
        if (str_starts_with(str_from(config_keys[i].path), str_from(prefix)) &&
            !config_keys[i].optional && !is_given(config, &config_keys[i])) {
            add_missing(faults, config_keys[i].path, because);
        }
    }
}

/* ---- the database ---- */

static bool is_blank(const char *text)
{
    return text == NULL || str_trim(str_from(text)).len == 0;
}

/* Of a key that is given: NULL is a value that was refused already. */
static bool is_empty(const char *text)
{
    return text != NULL && is_blank(text);
}

/* Whoever names a user or a password means a server; with its name forgotten, records must not go
   into a private database instead. */
static void check_database(struct config *config, struct faults *faults)
{
    static const char *const telling[] = {"db.host", "db.port",     "db.name",
                                          "db.user", "db.password", "db.sslmode"};
    for (size_t i = 0; i < ARRAY_LENGTH(telling); i++) {
        config->db.external = config->db.external || is_path_given(config, telling[i]);
    }
    if (!config->db.external) {
        return;
    }
    if (!is_path_given(config, "db.host")) {
        add_missing(faults, "db.host", "other keys of db name a server");
    } else if (is_empty(config->db.host)) {
        faults_add_key(faults, STR("db.host"), "must not be empty");
    }
    if (!is_path_given(config, "db.user")) {
        add_missing(faults, "db.user", "other keys of db name a server");
    } else if (is_empty(config->db.user)) {
        faults_add_key(faults, STR("db.user"), "must not be empty");
    }
    if (is_empty(config->db.name)) {
        faults_add_key(faults, STR("db.name"), "must not be empty");
    }
}

/* ---- the others ---- */

/* The environment wins over the file under either name; twice in the same place is a mistake. */
static void check_old_names(const struct config *config, struct faults *faults)
{
    for (size_t i = 0; i < config_key_count; i++) {
        const struct config_key *key = &config_keys[i];
        if (key->new_name == NULL || !is_given(config, key)) {
            continue;
        }
        const struct config_key *target = config_key_target(key);
        if (config->origin[i] == config->origin[target - config_keys]) {
            faults_add_key(faults, str_from(key->path), "is the old name of %s, which is given too",
                           target->path);
        }
    }
}

static void check_identity(const struct config *config, struct faults *faults)
{
    static const struct {
        enum config_idp backend;
        const char *section;
        const char *because;
    } providers[] = {
        {CONFIG_IDP_KEYCLOAK, "idp.keycloak.", "idp.backend is keycloak"},
        {CONFIG_IDP_AWS_COGNITO, "idp.aws_cognito.", "idp.backend is aws-cognito"},
        {CONFIG_IDP_OIDC, "idp.oidc.", "idp.backend is oidc"},
    };
    bool named = false;
    for (size_t i = 0; i < ARRAY_LENGTH(providers); i++) {
        named = named || is_section_given(config, providers[i].section);
        if (config->idp.backend == providers[i].backend) {
            require_section(config, providers[i].section, providers[i].because, faults);
        }
    }
    if (named && !is_path_given(config, "idp.backend")) {
        add_missing(faults, "idp.backend", "other keys of idp name a provider");
    }
}

static void check_server(const struct config *config, struct faults *faults)
{
    bool certificate = !is_blank(config->server.tls_certificate);
    bool key = !is_blank(config->server.tls_key);
    if (certificate != key) {
        add_missing(faults, certificate ? "server.tls_key" : "server.tls_certificate",
                    certificate ? "server.tls_certificate is given" : "server.tls_key is given");
    }
}

#define K8S    "matching_service.k8s_job_runner."
#define VOLUME K8S "job_config_secret_volume."

static void check_matching_service(const struct config *config, struct faults *faults)
{
    if (config->matching_service.job_runner == CONFIG_RUNNER_K8S &&
        !is_path_given(config, K8S "job_image_pull_policy")) {
        add_missing(faults, K8S "job_image_pull_policy", "matching_service.job_runner is k8s");
    }
    if (is_section_given(config, VOLUME)) {
        require_section(config, VOLUME, "the volume needs all three keys", faults);
    }
}

void config_check(struct config *config, struct faults *faults)
{
    check_old_names(config, faults);
    check_database(config, faults);
    check_server(config, faults);
    check_identity(config, faults);
    check_matching_service(config, faults);
}
