/* `config check` and `config keys`. */

#include "config/config.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "cmd/commands.h"
#include "cmd/table.h"
#include "config/config_key.h"
#include "store/private_cluster.h"

enum { MAX_TEXT = 1 << 20 };

/* ---- check ---- */

enum { JSON };

static const struct command_option check_options[] = {
    [JSON] = {.name = "json", .kind = OPTION_FLAG, .help = "for programs"},
};

static const char *const origins[] = {
    [CONFIG_DEFAULT] = "default",
    [CONFIG_FILE] = "file",
    [CONFIG_ENVIRONMENT] = "environment",
};

/* That of the key, or of its old name, whichever won. */
static enum config_origin origin_of(const struct config *config, const struct config_key *key)
{
    enum config_origin origin = config->origin[key - config_keys];
    for (size_t i = 0; i < config_key_count; i++) {
        bool old = config_keys[i].new_name != NULL && config_key_target(&config_keys[i]) == key;
        if (old && config->origin[i] > origin) {
            origin = config->origin[i];
        }
    }
    return origin;
}

/* Old names and what is ignored have no effect of their own; nor has the port of no server. */
static bool is_shown(const struct config *config, const struct config_key *key)
{
    bool server =
        str_starts_with(str_from(key->path), STR("db.")) && strcmp(key->path, "db.pool_size") != 0;
    return key->kind != CONFIG_IGNORED && key->new_name == NULL && (config->db.external || !server);
}

/* Where the records are. */
static void append_database(struct text_buffer *out, const struct config *config)
{
    char directory[1024];
    if (config->db.external) {
        text_appendf(out, "%s on %s, port %u", config->db.name, config->db.host,
                     (unsigned)config->db.port);
    } else if (private_cluster_default_directory(directory, sizeof directory)) {
        text_appendf(out, "private PostgreSQL%s %s",
                     directory[0] == '/' ? " in"
                                         : ", but TUVA_EMPI_DATA_DIR is not an absolute path:",
                     directory);
    } else {
        text_append(out, STR("private PostgreSQL, but there is no place for it: name a directory "
                             "in TUVA_EMPI_DATA_DIR"));
    }
}

/* What is easily taken for a key, and is none. A variable with a double underscore would be an error;
   others may be anybody's. Their values may be secrets. */
static void append_strangers(struct text_buffer *out)
{
    for (char **entry = environ; *entry != NULL; entry++) {
        struct str name = {*entry, strcspn(*entry, "=")};
        char meant[CONFIG_VARIABLE_SIZE];
        /* Kubernetes sets such for a service called tuva-empi-db. */
        bool of_service = strncmp(*entry + name.len, "=tcp://", 7) == 0;
        if (!of_service && config_key_suggest_variable(meant, name)) {
            text_appendf(out, "note: %.*s in the environment has no effect; did you mean %s?\n",
                         STR_ARG(name), meant);
        }
    }
}

static void append_for_people(struct text_buffer *out, const struct config *config)
{
    static const struct table_column columns[] = {
        {"KEY", false}, {"VALUE", false}, {"FROM", false}};
    struct table table = TABLE(columns);
    for (size_t i = 0; i < config_key_count; i++) {
        const struct config_key *key = &config_keys[i];
        struct text_buffer value = TEXT_BUFFER(MAX_TEXT);
        config_key_value(&value, config, key);
        if (is_shown(config, key) && value.len > 0) {
            table_add_text(&table, str_from(key->path));
            table_add_text(&table, text_str(&value));
            table_add(&table, "%s", origins[origin_of(config, key)]);
        }
        table.failed = table.failed || value.failed;
        text_free(&value);
    }
    table_append(out, &table);
    table_free(&table);
    text_appendf(out, "\nfile: %s\ndatabase: ", config->file == NULL ? "none" : config->file);
    append_database(out, config);
    text_append(out, STR("\n"));
    for (size_t i = 0; i < config_key_count; i++) {
        if (config->ignored[i]) {
            text_appendf(out, "note: %s in the file has no effect\n", config_keys[i].path);
        }
    }
    append_strangers(out);
}

static void append_for_programs(struct text_buffer *out, const struct config *config)
{
    struct json_writer json;
    json_write_begin(&json, out, 2);
    json_write_open_object(&json);
    json_write_key(&json, "file");
    json_write_string(&json, config->file == NULL ? (struct str){NULL, 0} : str_from(config->file));
    json_write_key(&json, "keys");
    json_write_open_array(&json);
    for (size_t i = 0; i < config_key_count; i++) {
        const struct config_key *key = &config_keys[i];
        if (!is_shown(config, key)) {
            continue;
        }
        struct text_buffer value = TEXT_BUFFER(MAX_TEXT);
        config_key_value(&value, config, key);
        json_write_open_object(&json);
        json_write_key(&json, "key");
        json_write_string(&json, str_from(key->path));
        json_write_key(&json, "value");
        json_write_string(&json, value.len > 0 ? text_str(&value) : (struct str){NULL, 0});
        json_write_key(&json, "from");
        json_write_string(&json, str_from(origins[origin_of(config, key)]));
        json_write_close_object(&json);
        out->failed = out->failed || value.failed;
        text_free(&value);
    }
    json_write_close_array(&json);
    json_write_close_object(&json);
    text_append_char(out, '\n');
}

static int check(const struct command_line *line, struct error *error)
{
    struct config *config;
    int status = config_load(&config, error);
    if (status != 0) {
        return status;
    }
    struct text_buffer text = TEXT_BUFFER(MAX_TEXT);
    if (line->values[JSON].given) {
        append_for_programs(&text, config);
    } else {
        append_for_people(&text, config);
    }
    status = command_print(&text, error);
    text_free(&text);
    config_free(config);
    return status;
}

const struct command command_config_check = {
    .name = "config check",
    .summary = "Check the configuration and show what is in effect.",
    .notes =
        "TUVA_EMPI_CONFIG_FILE names the file; an environment variable overrides each key. All\n"
        "faults are told at once. Secrets are not shown. Which keys there are:\n"
        "tuva-empi config keys.",
    .options = check_options,
    .option_count = ARRAY_LENGTH(check_options),
    .run = check,
};

/* ---- keys ---- */

enum { MARKDOWN };

static const struct command_option keys_options[] = {
    [MARKDOWN] = {.name = "markdown",
                  .kind = OPTION_FLAG,
                  .help = "the table of the documentation"},
};

static void append_default(struct text_buffer *out, const struct config_key *key)
{
    if (key->fallback != NULL) {
        text_append(out, key->fallback[0] == '\0' ? STR("none") : str_from(key->fallback));
    }
}

static void append_markdown(struct text_buffer *out)
{
    text_append(
        out, STR("| key and variable | holds | default | meaning |\n| --- | --- | --- | --- |\n"));
    for (size_t i = 0; i < config_key_count; i++) {
        const struct config_key *key = &config_keys[i];
        char variable[CONFIG_VARIABLE_SIZE];
        config_key_variable(variable, key);
        text_appendf(out, "| `%s`<br>`%s` | ", key->path, variable);
        config_key_describe(out, key);
        text_append(out, STR(" | "));
        append_default(out, key);
        text_appendf(out, " | %s%s |\n", key->meaning, key->secret ? " (secret)" : "");
    }
}

static void append_keys(struct text_buffer *out)
{
    for (size_t i = 0; i < config_key_count; i++) {
        const struct config_key *key = &config_keys[i];
        char variable[CONFIG_VARIABLE_SIZE];
        config_key_variable(variable, key);
        text_appendf(out, "%s\n  %s\n  ", key->path, key->meaning);
        config_key_describe(out, key);
        if (key->fallback != NULL) {
            text_append(out, STR("; default: "));
            append_default(out, key);
        }
        text_appendf(out, "\n  %s\n", variable);
    }
}

static int keys(const struct command_line *line, struct error *error)
{
    struct text_buffer text = TEXT_BUFFER(MAX_TEXT);
    if (line->values[MARKDOWN].given) {
        append_markdown(&text);
    } else {
        append_keys(&text);
    }
    int status = command_print(&text, error);
    text_free(&text);
    return status;
}

const struct command command_config_keys = {
    .name = "config keys",
    .summary = "List the keys of the configuration.",
    .options = keys_options,
    .option_count = ARRAY_LENGTH(keys_options),
    .run = keys,
};
