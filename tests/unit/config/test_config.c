#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "base/memory.h"
#include "config/config.h"
#include "config/config_key.h"

/* Every secret in these tests holds this word, and no message may. */
#define SECRET "hunter2"

static struct config *config;
static struct error error;

#define ENVIRONMENT(...) ((const char *const[]){__VA_ARGS__, NULL})

static const char *const no_environment[] = {NULL};

/* NULL for `json` is no file. */
static int read_config(const char *json, const char *const *environment)
{
    config_free(config);
    config = NULL;
    error = (struct error){0};
    struct str text = json == NULL ? (struct str){NULL, 0} : str_from(json);
    int status = config_read(&config, "x.json", text, environment, &error);
    assert_null(strstr(error.message, SECRET));
    assert_null(strstr(error.detail, SECRET));
    assert_null(strstr(error.hint, SECRET));
    assert_int_equal(status == 0, config != NULL);
    return status;
}

static void accept(const char *json, const char *const *environment)
{
    if (read_config(json, environment) != 0) {
        fail_msg("%s: %s\n%s", json == NULL ? "environment" : json, error.message, error.detail);
    }
}

/* `faults`: all lines of the detail. */
static void refuse(const char *json, const char *const *environment, const char *faults)
{
    assert_int_equal(read_config(json, environment), STATUS_INVALID);
    assert_string_equal(error.detail, faults);
}

static int tear_down(void **state)
{
    (void)state;
    config_free(config);
    config = NULL;
    return 0;
}

static const struct config_key *key_of(const char *path)
{
    for (size_t i = 0; i < config_key_count; i++) {
        if (strcmp(config_keys[i].path, path) == 0) {
            return &config_keys[i];
        }
    }
    fail_msg("no key %s", path);
    return NULL;
}

static void assert_value(const char *path, const char *expected)
{
    struct text_buffer value = TEXT_BUFFER(4096);
    config_key_value(&value, config, key_of(path));
    assert_string_equal(value.ptr == NULL ? "" : value.ptr, expected);
    text_free(&value);
}

/* ---- what is accepted ---- */

static void without_a_file_all_is_default(void **state)
{
    (void)state;
    accept(NULL, no_environment);
    assert_false(config->db.external);
    assert_null(config->db.host);
    assert_null(config->db.password);
    assert_int_equal(config->db.pool_size, 8);
    assert_string_equal(config->env, "production");
    assert_string_equal(config->server.listen, "127.0.0.1");
    assert_int_equal(config->server.port, 8000);
    assert_int_equal(config->server.allowed_hosts.count, 0);
    assert_int_equal(config->server.max_body_bytes, 10737418240);
    assert_int_equal(config->server.threads, 64);
    assert_int_equal(config->admin_only.count, 0);
    assert_int_equal(config->idp.backend, CONFIG_IDP_LOCAL);
    assert_int_equal(config->matching_service.job_runner, CONFIG_RUNNER_PROCESS);
    assert_null(config->file);

    accept("{}", no_environment);
    assert_string_equal(config->file, "x.json");
    assert_false(config->db.external);
    accept("{\"db\": {}, \"idp\": null, \"server\": {\"port\": null}}", no_environment);
    assert_false(config->db.external);
    assert_int_equal(config->server.port, 8000);
    accept("{\"db\": {\"pool_size\": 5}}", no_environment);
    assert_false(config->db.external);
    assert_int_equal(config->db.pool_size, 5);
}

/* The shape of the Python backend's files; what they do not use is "" in them. */
static void files_of_the_python_backend_load(void **state)
{
    (void)state;
    static const char *const files[] = {
        "{\"env\": \"local\","
        " \"db\": {\"user\": \"u\", \"password\": \"" SECRET "\", \"host\": \"db\", \"port\": "
        "\"5433\"},"
        " \"django\": {\"debug\": false, \"secret_key\": \"" SECRET "\"},"
        " \"idp\": {\"backend\": \"keycloak\","
        "  \"aws_cognito\": {\"cognito_user_pool_id\": \"\", \"jwt_header\": \"X\","
        "   \"jwks_url\": \"\", \"client_id\": \"\"},"
        "  \"keycloak\": {\"server_url\": \"http://keycloak:8080\", \"realm\": \"r\","
        "   \"jwt_header\": \"X-Forwarded-Access-Token\", \"jwt_aud\": \"account\","
        "   \"jwks_url\": \"http://keycloak:8080/certs\", \"client_id\": \"c\","
        "   \"client_secret\": \"" SECRET "\"}},"
        " \"initial_setup\": {\"admin_email\": \"user@example.com\"}}",
        "{\"env\": \"ci\", \"version\": \"1.2.3\","
        " \"db\": {\"user\": \"u\", \"password\": \"p\", \"host\": \"localhost\", \"port\": "
        "\"5432\"},"
        " \"django\": {\"debug\": false, \"secret_key\": \"k\","
        "  \"allowed_hosts\": [\".localhost\", \"127.0.0.1\", \"[::1]\"]}}",
        "{\"env\": \"local-test\","
        " \"db\": {\"user\": \"u\", \"password\": \"p\", \"name\": \"n\", \"host\": \"db\","
        "  \"port\": \"5432\"},"
        " \"django\": {\"debug\": false, \"secret_key\": \"k\", \"allowed_hosts\": [\"a\"]},"
        " \"matching_service\": {\"job_runner\": \"process\", \"k8s_job_runner\": null},"
        " \"idp\": {\"backend\": \"keycloak\", \"keycloak\": {\"server_url\": \"\", \"realm\": "
        "\"\","
        "  \"jwt_header\": \"\", \"jwt_aud\": \"\", \"jwks_url\": \"\", \"client_id\": \"\","
        "  \"client_secret\": \"\"}},"
        " \"initial_setup\": {\"admin_email\": \"\"}}",
        "{\"env\": \"k8s\","
        " \"matching_service\": {\"job_runner\": \"k8s\", \"k8s_job_runner\": {"
        "  \"job_image\": \"old\", \"job_image_pull_policy\": \"IfNotPresent\","
        "  \"job_config_secret_volume\": {\"secret_name\": \"s\", \"secret_key\": \"c.json\","
        "   \"mount_path\": \"/m\"},"
        "  \"job_service_account_name\": null}}}",
    };
    accept(files[3], no_environment);
    assert_int_equal(config->matching_service.job_runner, CONFIG_RUNNER_K8S);
    assert_string_equal(config->matching_service.job_image_pull_policy, "IfNotPresent");
    assert_string_equal(config->matching_service.mount_path, "/m");
    assert_null(config->matching_service.job_image);
    assert_null(config->matching_service.job_service_account_name);
    assert_true(config->ignored[key_of("matching_service.k8s_job_runner.job_image") - config_keys]);

    accept(files[2], no_environment);
    assert_string_equal(config->db.name, "n");
    assert_string_equal(config->idp.keycloak.client_id, "");

    accept(files[1], no_environment);
    assert_string_equal(config->db.name, "tuva_empi");
    assert_int_equal(config->server.allowed_hosts.count, 3);
    assert_string_equal(config->server.allowed_hosts.items[2], "[::1]");
    assert_true(config->ignored[key_of("version") - config_keys]);
    assert_true(config->ignored[key_of("django.debug") - config_keys]);

    accept(files[0], no_environment);
    assert_true(config->db.external);
    assert_string_equal(config->db.host, "db");
    assert_int_equal(config->db.port, 5433);
    assert_string_equal(config->db.password, SECRET);
    assert_string_equal(config->server.secret_key, SECRET);
    assert_int_equal(config->idp.backend, CONFIG_IDP_KEYCLOAK);
    assert_string_equal(config->idp.keycloak.jwt_aud, "account");
    assert_string_equal(config->admin_email, "user@example.com");
}

static void ports_are_numbers_or_texts(void **state)
{
    (void)state;
    accept("{\"db\": {\"host\": \"h\", \"user\": \"u\", \"port\": 1}, \"server\": {\"port\": "
           "\"65535\"}}",
           no_environment);
    assert_int_equal(config->db.port, 1);
    assert_int_equal(config->server.port, 65535);
}

static void every_choice_is_its_word(void **state)
{
    (void)state;
    accept("{\"idp\": {\"backend\": \"oidc\", \"oidc\": {\"issuer\": \"https://a\", \"client_id\": "
           "\"b\"}}}",
           no_environment);
    assert_int_equal(config->idp.backend, CONFIG_IDP_OIDC);
    accept("{\"idp\": {\"backend\": \"local\"}}", no_environment);
    assert_int_equal(config->idp.backend, CONFIG_IDP_LOCAL);
    accept("{\"idp\": {\"backend\": \"aws-cognito\", \"aws_cognito\": {"
           "\"cognito_user_pool_id\": \"a\", \"jwt_header\": \"b\", \"jwks_url\": \"https://c/d\","
           "\"client_id\": \"e\"}}}",
           no_environment);
    assert_int_equal(config->idp.backend, CONFIG_IDP_AWS_COGNITO);
    assert_value("idp.backend", "aws-cognito");
    assert_value("idp.aws_cognito.jwks_url", "https://c/d");
}

/* A value that the key takes, as the environment has it. */
static const char *sample(const struct config_key *key)
{
    switch (key->kind) {
    case CONFIG_TEXT:
    case CONFIG_NAME: return "some text";
    case CONFIG_URL: return "https://example.org:8443/x?y=z";
    case CONFIG_WORD: return strrchr(key->words, '|') + 1;
    case CONFIG_CHOICE: return strrchr(key->words, '|') + 1;
    case CONFIG_WORDS: return "import,export";
    case CONFIG_LIST: return ".example.org,[::1]";
    case CONFIG_ADDRESS: return "::1";
    case CONFIG_ORIGIN: return "https://example.org:8443";
    case CONFIG_ORIGINS: return "https://example.org:8443,http://a/";
    case CONFIG_RANGE: return "10.0.0.0/8";
    case CONFIG_RANGES: return "10.0.0.0/8,fd00::1";
    case CONFIG_PORT: return "4321";
    case CONFIG_COUNT: return "17";
    case CONFIG_BYTES: return "123456";
    case CONFIG_IGNORED: return "anything";
    }
    return "";
}

static void the_environment_reaches_every_key(void **state)
{
    (void)state;
    static char entries[CONFIG_MAX_KEYS][256];
    const char *environment[CONFIG_MAX_KEYS + 1];
    size_t count = 0;
    for (size_t i = 0; i < config_key_count; i++) {
        char variable[CONFIG_VARIABLE_SIZE];
        config_key_variable(variable, &config_keys[i]);
        if (config_keys[i].new_name == NULL) {
            snprintf(entries[count], sizeof entries[count], "%s=%s", variable,
                     sample(&config_keys[i]));
            environment[count] = entries[count];
            count++;
        }
    }
    environment[count] = NULL;
    accept("{\"db\": {\"host\": \"other\"}, \"server\": {\"port\": 1, \"allowed_hosts\": [\"x\"]}}",
           environment);
    for (size_t i = 0; i < config_key_count; i++) {
        const struct config_key *key = &config_keys[i];
        if (key->kind != CONFIG_IGNORED && key->new_name == NULL) {
            assert_value(key->path, key->secret ? "(hidden)" : sample(key));
            assert_int_equal(config->origin[i], CONFIG_ENVIRONMENT);
        }
    }
    assert_string_equal(config->db.password, "some text");
}

static void variables_are_spelt_by_the_path(void **state)
{
    (void)state;
    char variable[CONFIG_VARIABLE_SIZE];
    config_key_variable(variable, key_of("db.host"));
    assert_string_equal(variable, "TUVA_EMPI_DB__HOST");
    config_key_variable(variable, key_of("matching_service.k8s_job_runner.job_image"));
    assert_string_equal(variable, "TUVA_EMPI_MATCHING_SERVICE__K8S_JOB_RUNNER__JOB_IMAGE");
    config_key_variable(
        variable, key_of("matching_service.k8s_job_runner.job_config_secret_volume.secret_name"));
    assert_string_equal(
        variable,
        "TUVA_EMPI_MATCHING_SERVICE__K8S_JOB_RUNNER__JOB_CONFIG_SECRET_VOLUME__SECRET_NAME");
}

static void the_environment_wins_over_both_names(void **state)
{
    (void)state;
    accept("{\"server\": {\"secret_key\": \"a\", \"allowed_hosts\": [\"x\"]}}",
           ENVIRONMENT("TUVA_EMPI_DJANGO__SECRET_KEY=b", "TUVA_EMPI_DJANGO__ALLOWED_HOSTS=y"));
    assert_string_equal(config->server.secret_key, "b");
    assert_value("server.allowed_hosts", "y");
    accept("{\"django\": {\"secret_key\": \"a\"}}", ENVIRONMENT("TUVA_EMPI_SERVER__SECRET_KEY=b"));
    assert_string_equal(config->server.secret_key, "b");
}

static void trusted_proxies_are_addresses_and_ranges(void **state)
{
    (void)state;
    accept(NULL, no_environment);
    assert_int_equal(config->server.trusted_proxies.count, 0);
    accept("{\"server\": {\"trusted_proxies\": [\"192.0.2.1\", \"fd00::/8\"]}}", no_environment);
    assert_value("server.trusted_proxies", "192.0.2.1,fd00::/8");
    accept("{\"server\": {\"trusted_proxies\": [\"192.0.2.1\"]}}",
           ENVIRONMENT("TUVA_EMPI_SERVER__TRUSTED_PROXIES=10.0.0.0/8, 2001:db8::1"));
    assert_value("server.trusted_proxies", "10.0.0.0/8,2001:db8::1");
#define EXPECTED "must be an address, or a range such as 10.0.0.0/8 or fd00::/8, not "
    refuse("{\"server\": {\"port\": 0, \"trusted_proxies\": [\"10.0.0.1/8\", \"::1\", \"proxy\", "
           "7, \"\"]}}",
           no_environment,
           "server.port: must be a port from 1 to 65535, not 0\n"
           "server.trusted_proxies.0: " EXPECTED "\"10.0.0.1/8\"\n"
           "server.trusted_proxies.2: " EXPECTED "\"proxy\"\n"
           "server.trusted_proxies.3: " EXPECTED "7\n"
           "server.trusted_proxies.4: must not be empty");
    refuse(NULL, ENVIRONMENT("TUVA_EMPI_SERVER__TRUSTED_PROXIES=10.0.0.0/8,10.0.0.0/33"),
           "TUVA_EMPI_SERVER__TRUSTED_PROXIES.1: " EXPECTED "\"10.0.0.0/33\"");
    refuse("{\"server\": {\"trusted_proxies\": \"10.0.0.0/8\"}}", no_environment,
           "server.trusted_proxies: must be a list of addresses, and ranges such as 10.0.0.0/8 or "
           "fd00::/8, not \"10.0.0.0/8\"");
#undef EXPECTED
}

static void lists_in_the_environment(void **state)
{
    (void)state;
    static const struct {
        const char *entry, *value;
    } cases[] = {
        {"TUVA_EMPI_SERVER__ALLOWED_HOSTS=", ""},
        {"TUVA_EMPI_SERVER__ALLOWED_HOSTS=a", "a"},
        {"TUVA_EMPI_SERVER__ALLOWED_HOSTS= a , b", "a,b"},
        {"TUVA_EMPI_SERVER__ALLOWED_HOSTS=[::1]", "[::1]"},
        {"TUVA_EMPI_SERVER__ALLOWED_HOSTS=[\"a\", \"b\"]", "a,b"},
        {"TUVA_EMPI_SERVER__ALLOWED_HOSTS=[]", ""},
        {"TUVA_EMPI_SERVER__ALLOWED_HOSTS= [ \"a\",\t\"b\" ] ", "a,b"},
        {"TUVA_EMPI_SERVER__ALLOWED_HOSTS=[ ]", ""},
        {"TUVA_EMPI_SERVER__ALLOWED_HOSTS= [::1] , b", "[::1],b"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        accept("{\"server\": {\"allowed_hosts\": [\"file\"]}}", ENVIRONMENT(cases[i].entry));
        assert_value("server.allowed_hosts", cases[i].value);
    }
}

/* Kubernetes sets such variables for a service of our name; others are of our tests and tools. */
static void foreign_variables_are_let_be(void **state)
{
    (void)state;
    accept(NULL,
           ENVIRONMENT("TUVA_EMPI_PORT=tcp://10.0.0.1:8000", "TUVA_EMPI_SERVICE_HOST=10.0.0.1",
                       "TUVA_EMPI_CONFIG_FILE=/x", "TUVA_EMPI_DATA_DIR=/y", "PATH=/bin",
                       "TUVA_EMPI_", "TUVA_EMPI_DB__HOST", "TUVA_EMPI_VERSION=9"));
    assert_false(config->db.external);
}

/* ---- what is refused ---- */

static void each_fault_has_its_message(void **state)
{
    (void)state;
    static const struct {
        const char *json, *faults;
    } cases[] = {
        {"[]", "must be an object"},
        {"{\"env\": 5}", "env: must be a text, not 5"},
        {"{\"env\": true}", "env: must be a text, not true"},
        {"{\"env\": [1]}", "env: must be a text, not a list"},
        {"{\"db\": \"x\"}", "db: must be an object"},
        {"{\"db\": {\"host\": 5, \"user\": \"u\"}}", "db.host: must be a text, not 5"},
        {"{\"idp\": {\"keycloak\": 3}}", "idp.keycloak: must be an object"},
        {"{\"server\": {\"port\": 0}}", "server.port: must be a port from 1 to 65535, not 0"},
        {"{\"server\": {\"port\": 65536}}",
         "server.port: must be a port from 1 to 65535, not 65536"},
        {"{\"server\": {\"port\": -1}}", "server.port: must be a port from 1 to 65535, not -1"},
        {"{\"server\": {\"port\": 80.5}}", "server.port: must be a port from 1 to 65535, not 80.5"},
        {"{\"server\": {\"port\": \"http\"}}",
         "server.port: must be a port from 1 to 65535, not \"http\""},
        {"{\"server\": {\"port\": \"\"}}", "server.port: must be a port from 1 to 65535, not \"\""},
        {"{\"server\": {\"threads\": 0}}",
         "server.threads: must be a whole number from 1 to 10000, not 0"},
        {"{\"server\": {\"threads\": \"8\"}}",
         "server.threads: must be a whole number from 1 to 10000, not \"8\""},
        {"{\"server\": {\"max_body_bytes\": 1023}}",
         "server.max_body_bytes: must be a number of bytes, at least 1024, not 1023"},
        {"{\"server\": {\"allowed_hosts\": \"x\"}}",
         "server.allowed_hosts: must be a list of texts, not \"x\""},
        {"{\"server\": {\"allowed_hosts\": [\"x\", 5, \"\"]}}",
         "server.allowed_hosts.1: must be a text, not 5\n"
         "server.allowed_hosts.2: must not be empty"},
        {"{\"server\": {\"tls_key\": \"/k\"}}",
         "server.tls_certificate: is missing: server.tls_key is given"},
        {"{\"server\": {\"tls_certificate\": \"/c\"}}",
         "server.tls_key: is missing: server.tls_certificate is given"},
        {"{\"authorization\": {\"admin_only\": [\"import\", \"imports\"]}}",
         "authorization.admin_only.1: must be config, import or export, not \"imports\""},
        {"{\"idp\": {\"backend\": \"okta\"}}",
         "idp.backend: must be local, keycloak, aws-cognito or oidc, not \"okta\""},
        {"{\"idp\": {\"backend\": \"local\", \"keycloak\": {\"jwks_url\": \"ftp://x\"}}}",
         "idp.keycloak.jwks_url: must be an http:// or https:// address, not \"ftp://x\""},
        {"{\"idp\": {\"backend\": \"local\", \"keycloak\": {\"jwks_url\": \"http:///x\"}}}",
         "idp.keycloak.jwks_url: must be an http:// or https:// address, not \"http:///x\""},
        {"{\"idp\": {\"backend\": \"local\", \"keycloak\": {\"jwks_url\": \"http://a b\"}}}",
         "idp.keycloak.jwks_url: must be an http:// or https:// address, not \"http://a b\""},
        {"{\"idp\": {\"keycloak\": {\"realm\": \"r\"}}}",
         "idp.backend: is missing: other keys of idp name a provider"},
        {"{\"idp\": {\"backend\": \"aws-cognito\", \"aws_cognito\": {\"client_id\": \"x\"}}}",
         "idp.aws_cognito.cognito_user_pool_id: is missing: idp.backend is aws-cognito\n"
         "idp.aws_cognito.jwt_header: is missing: idp.backend is aws-cognito\n"
         "idp.aws_cognito.jwks_url: is missing: idp.backend is aws-cognito"},
        {"{\"idp\": {\"backend\": \"keycloak\"}}",
         "idp.keycloak.server_url: is missing: idp.backend is keycloak\n"
         "idp.keycloak.realm: is missing: idp.backend is keycloak\n"
         "idp.keycloak.jwt_header: is missing: idp.backend is keycloak\n"
         "idp.keycloak.jwt_aud: is missing: idp.backend is keycloak\n"
         "idp.keycloak.jwks_url: is missing: idp.backend is keycloak\n"
         "idp.keycloak.client_id: is missing: idp.backend is keycloak\n"
         "idp.keycloak.client_secret: is missing: idp.backend is keycloak"},
        {"{\"idp\": {\"backend\": \"oidc\", \"oidc\": {\"jwt_aud\": \"x\"}}}",
         "idp.oidc.issuer: is missing: idp.backend is oidc\n"
         "idp.oidc.client_id: is missing: idp.backend is oidc"},
        {"{\"idp\": {\"sign_in\": {\"method\": \"form\"}}}",
         "idp.sign_in.method: must be proxy or provider, not \"form\""},
        {"{\"matching_service\": {\"job_runner\": \"slurm\"}}",
         "matching_service.job_runner: must be process or k8s, not \"slurm\""},
        {"{\"matching_service\": {\"job_runner\": \"k8s\"}}",
         "matching_service.k8s_job_runner.job_image_pull_policy: is missing: "
         "matching_service.job_runner is k8s"},
        {"{\"matching_service\": {\"k8s_job_runner\": {\"job_image_pull_policy\": \"always\"}}}",
         "matching_service.k8s_job_runner.job_image_pull_policy: must be Always, IfNotPresent or "
         "Never, not \"always\""},
        {"{\"matching_service\": {\"k8s_job_runner\": {\"job_config_secret_volume\": "
         "{\"secret_key\": \"x\"}}}}",
         "matching_service.k8s_job_runner.job_config_secret_volume.secret_name: is missing: the "
         "volume needs all three keys\n"
         "matching_service.k8s_job_runner.job_config_secret_volume.mount_path: is missing: the "
         "volume needs all three keys"},
        {"{\"db\": {\"user\": \"u\", \"password\": \"" SECRET "\"}}",
         "db.host: is missing: other keys of db name a server"},
        {"{\"db\": {\"sslmode\": \"require\"}}",
         "db.host: is missing: other keys of db name a server\n"
         "db.user: is missing: other keys of db name a server"},
        {"{\"db\": {\"host\": \" \", \"user\": \"\", \"name\": \"\"}}",
         "db.host: must not be empty\ndb.user: must not be empty\ndb.name: must not be empty"},
        {"{\"db\": {\"host\": \"h\", \"user\": \"u\", \"sslmode\": \"yes\"}}",
         "db.sslmode: must be disable, allow, prefer, require, verify-ca or verify-full, not "
         "\"yes\""},
        {"{\"db\": {\"host\": \"h\", \"user\": \"u\", \"pool_size\": 1001}}",
         "db.pool_size: must be a whole number from 4 to 1000, not 1001"},
        {"{\"django\": {\"secret_key\": \"" SECRET "\"}, \"server\": {\"secret_key\": \"" SECRET
         "\"}}",
         "django.secret_key: is the old name of server.secret_key, which is given too"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        refuse(cases[i].json, no_environment, cases[i].faults);
    }
}

static void all_faults_come_at_once(void **state)
{
    (void)state;
    refuse("{\"env\": 1, \"sever\": {}, \"db\": {\"port\": \"x\"}}",
           ENVIRONMENT("TUVA_EMPI_SERVER__PORT=0"),
           "env: must be a text, not 1\n"
           "sever: unknown key; did you mean \"server\"?\n"
           "db.port: must be a port from 1 to 65535, not \"x\"\n"
           "TUVA_EMPI_SERVER__PORT: must be a port from 1 to 65535, not \"0\"\n"
           "db.host: is missing: other keys of db name a server\n"
           "db.user: is missing: other keys of db name a server");
    assert_string_equal(error.message, "configuration x.json has 6 faults");
    refuse(NULL, ENVIRONMENT("TUVA_EMPI_SERVER__PORT=0"),
           "TUVA_EMPI_SERVER__PORT: must be a port from 1 to 65535, not \"0\"");
    assert_string_equal(error.message, "configuration has 1 fault");
}

static void unknown_keys_get_a_suggestion(void **state)
{
    (void)state;
    static const struct {
        const char *json, *faults;
    } files[] = {
        {"{\"dbs\": 1}", "dbs: unknown key; did you mean \"db\"?"},
        {"{\"host\": 1}", "host: unknown key; did you mean \"db.host\"?"},
        {"{\"zebra\": 1}", "zebra: unknown key"},
        {"{\"\": 1}", "unknown key"},
        {"{\"db\": {\"pasword\": \"" SECRET "\"}}",
         "db.pasword: unknown key; did you mean \"db.password\"?"},
        {"{\"db\": {\"Host\": \"x\"}}", "db.Host: unknown key; did you mean \"db.host\"?"},
        {"{\"idp\": {\"keycloak\": {\"jwt_audience\": \"x\"}}}",
         "idp.keycloak.jwt_audience: unknown key"},
        {"{\"idp\": {\"keycloack\": {}}}",
         "idp.keycloack: unknown key; did you mean \"idp.keycloak\"?"},
        {"{\"db.host\": \"x\"}", "db.host: unknown key; each section is an object of its own"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(files); i++) {
        refuse(files[i].json, no_environment, files[i].faults);
    }
    static const struct {
        const char *entry, *faults;
    } variables[] = {
        {"TUVA_EMPI_DB__HOTS=x",
         "TUVA_EMPI_DB__HOTS: unknown key; did you mean TUVA_EMPI_DB__HOST?"},
        {"TUVA_EMPI_DATABASE__PASSWORD=" SECRET,
         "TUVA_EMPI_DATABASE__PASSWORD: unknown key; did you mean TUVA_EMPI_DB__PASSWORD?"},
        {"TUVA_EMPI_IDP__KEYCLOAK__RELAM=x", "TUVA_EMPI_IDP__KEYCLOAK__RELAM: unknown key; did you "
                                             "mean TUVA_EMPI_IDP__KEYCLOAK__REALM?"},
        {"TUVA_EMPI_ZEBRA__X=1", "TUVA_EMPI_ZEBRA__X: unknown key"},
        {"TUVA_EMPI___=1", "TUVA_EMPI___: unknown key"},
        {"TUVA_EMPI_DB__=1", "TUVA_EMPI_DB__: unknown key"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(variables); i++) {
        refuse(NULL, ENVIRONMENT(variables[i].entry), variables[i].faults);
    }
}

static void wrong_variables(void **state)
{
    (void)state;
    static const struct {
        const char *entry, *faults;
    } cases[] = {
        {"TUVA_EMPI_IDP__BACKEND=",
         "TUVA_EMPI_IDP__BACKEND: must be local, keycloak, aws-cognito or "
         "oidc, not \"\""},
        {"TUVA_EMPI_SERVER__THREADS=many",
         "TUVA_EMPI_SERVER__THREADS: must be a whole number from 1 to 10000, not \"many\""},
        {"TUVA_EMPI_SERVER__ALLOWED_HOSTS=a,,b",
         "TUVA_EMPI_SERVER__ALLOWED_HOSTS.1: must not be empty"},
        {"TUVA_EMPI_SERVER__ALLOWED_HOSTS=[\"a\", 5]",
         "TUVA_EMPI_SERVER__ALLOWED_HOSTS.1: must be a text, not 5"},
        {"TUVA_EMPI_SERVER__ALLOWED_HOSTS=[\"a\"",
         "TUVA_EMPI_SERVER__ALLOWED_HOSTS: must be a list of texts, not \"[\"a\"\""},
        {"TUVA_EMPI_AUTHORIZATION__ADMIN_ONLY=export,all",
         "TUVA_EMPI_AUTHORIZATION__ADMIN_ONLY.1: must be config, import or export, not \"all\""},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        refuse(NULL, ENVIRONMENT(cases[i].entry), cases[i].faults);
    }
}

static void a_broken_file_is_told_by_line_and_column(void **state)
{
    (void)state;
    assert_int_equal(read_config("{\"db\":\n {\"password\": \"" SECRET "\" x", no_environment),
                     STATUS_INVALID);
    assert_string_equal(error.message, "x.json: line 2, column 25: not valid JSON: '}' expected");
    assert_int_equal(read_config("", no_environment), STATUS_INVALID);
    assert_int_equal(read_config("{\"db\": {\"host\": \"a\", \"host\": \"b\"}}", no_environment),
                     STATUS_INVALID);
}

/* ---- secrets ---- */

static void no_fault_shows_a_secret(void **state)
{
    (void)state;
#define NO_CONNECTION_STRING                                                                 \
    ": must not be a connection string; its parts go to db.host, db.port, db.name, db.user " \
    "and db.password"
    static const struct {
        const char *json, *faults;
    } cases[] = {
        {"{\"db\": {\"host\": \"h\", \"user\": \"u\", \"password\": [\"" SECRET "\"]}}",
         "db.password: must be a text"},
        {"{\"server\": {\"secret_key\": {\"" SECRET "\": 1}}}",
         "server.secret_key: must be a text"},
        {"{\"django\": {\"secret_key\": 4711}}", "django.secret_key: must be a text"},
        {"{\"idp\": {\"backend\": \"local\", \"keycloak\": {\"client_secret\": false}}}",
         "idp.keycloak.client_secret: must be a text"},
        {"{\"idp\": {\"backend\": \"local\", \"keycloak\": {\"server_url\": \"http://me:" SECRET
         "@host/\"}}}",
         "idp.keycloak.server_url: must not hold a user's name or password"},
        {"{\"db\": {\"host\": \"postgres://u:" SECRET "@h:5432/n\", \"user\": \"u\"}}",
         "db.host" NO_CONNECTION_STRING},
        {"{\"db\": {\"host\": \"h\", \"user\": \"u\", \"name\": \"password=" SECRET "\"}}",
         "db.name" NO_CONNECTION_STRING},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        refuse(cases[i].json, no_environment, cases[i].faults);
    }
}

static void long_and_odd_values_are_cut(void **state)
{
    (void)state;
    refuse("{\"idp\": {\"backend\": \"aaaaaaaaaabbbbbbbbbbccccccccccddddddddd\xc3\xa4\xc3\xa4\"}}",
           no_environment,
           "idp.backend: must be local, keycloak, aws-cognito or oidc, not "
           "\"aaaaaaaaaabbbbbbbbbbccccccccccddddddddd…\"");
    refuse("{\"idp\": {\"backend\": \"a\\nb\"}}", no_environment,
           "idp.backend: must be local, keycloak, aws-cognito or oidc, not \"a b\"");
}

/* ---- the table ---- */

static void the_table_is_sound(void **state)
{
    (void)state;
    assert_true(config_key_count <= CONFIG_MAX_KEYS);
    for (size_t i = 0; i < config_key_count; i++) {
        const struct config_key *key = &config_keys[i];
        char variable[CONFIG_VARIABLE_SIZE];
        config_key_variable(variable, key);
        assert_true(strlen(variable) + 1 < CONFIG_VARIABLE_SIZE);
        assert_non_null(key->meaning);
        assert_null(strchr(key->meaning, '|'));
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(config_keys[j].path, key->path);
        }
        if (key->new_name != NULL) {
            assert_ptr_not_equal(config_key_target(key), key);
            assert_int_equal(config_key_target(key)->kind, key->kind);
            assert_int_equal(config_key_target(key)->secret, key->secret);
        }
        bool named = strstr(key->path, "password") != NULL || strstr(key->path, "client_secret");
        assert_true(key->secret || !named);
    }
}

/* ---- memory ---- */

static void every_failed_allocation_is_told(void **state)
{
    (void)state;
    static const char json[] =
        "{\"db\": {\"host\": \"h\", \"user\": \"u\"}, \"server\": {\"allowed_hosts\": [\"a\"]}}";
    tear_down(NULL);
    for (unsigned failures = 0;; failures++) {
        uint64_t before = memory_in_use();
        memory_fail_from(failures + 1);
        int status = config_read(
            &config, "x.json", STR(json),
            ENVIRONMENT("TUVA_EMPI_SERVER__CORS_ALLOWED_ORIGINS=[\"https://b\"]"), &error);
        memory_fail_from(0);
        if (status == 0) {
            assert_true(failures > 5);
            break;
        }
        assert_int_equal(status, STATUS_RESOURCES);
        assert_int_equal(memory_in_use(), before);
    }
    tear_down(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_file_all_is_default),
        cmocka_unit_test(files_of_the_python_backend_load),
        cmocka_unit_test(ports_are_numbers_or_texts),
        cmocka_unit_test(every_choice_is_its_word),
        cmocka_unit_test(the_environment_reaches_every_key),
        cmocka_unit_test(variables_are_spelt_by_the_path),
        cmocka_unit_test(the_environment_wins_over_both_names),
        cmocka_unit_test(trusted_proxies_are_addresses_and_ranges),
        cmocka_unit_test(lists_in_the_environment),
        cmocka_unit_test(foreign_variables_are_let_be),
        cmocka_unit_test(each_fault_has_its_message),
        cmocka_unit_test(all_faults_come_at_once),
        cmocka_unit_test(unknown_keys_get_a_suggestion),
        cmocka_unit_test(wrong_variables),
        cmocka_unit_test(a_broken_file_is_told_by_line_and_column),
        cmocka_unit_test(no_fault_shows_a_secret),
        cmocka_unit_test(long_and_odd_values_are_cut),
        cmocka_unit_test(the_table_is_sound),
        cmocka_unit_test(every_failed_allocation_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, tear_down);
}
