#include "config/config.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json_read.h"
#include "base/memory.h"
#include "base/stream.h"
#include "config/config_check.h"
#include "config/config_value.h"

/* A file of a few kilobytes; what is a thousand times that is another file. */
enum { MAX_FILE = 1 << 20, MAX_ARENA = 8 << 20 };

#define PREFIX "TUVA_EMPI_"

/* ---- paths ---- */

/* Whether `path` begins with `section` and a dot, or `section` is empty; *rest is what follows. */
static bool is_below(struct str path, struct str section, struct str *rest)
{
    size_t skip = section.len == 0 ? 0 : section.len + 1;
    if (!str_starts_with(path, section) || path.len <= skip ||
        (skip > 0 && path.ptr[section.len] != '.')) {
        return false;
    }
    *rest = (struct str){path.ptr + skip, path.len - skip};
    return true;
}

static bool is_section(struct str path)
{
    struct str rest;
    for (size_t i = 0; i < config_key_count; i++) {
        if (is_below(str_from(config_keys[i].path), path, &rest)) {
            return true;
        }
    }
    return false;
}

static const struct config_key *find_key(struct str path)
{
    for (size_t i = 0; i < config_key_count; i++) {
        if (str_equal(str_from(config_keys[i].path), path)) {
            return &config_keys[i];
        }
    }
    return NULL;
}

static struct str first_step(struct str path)
{
    const char *dot = memchr(path.ptr, '.', path.len);
    return (struct str){path.ptr, dot == NULL ? path.len : (size_t)(dot - path.ptr)};
}

/* The key that has this name in some other section. */
static struct str suggest_elsewhere(struct str typed)
{
    for (size_t i = 0; i < config_key_count; i++) {
        const char *dot = strrchr(config_keys[i].path, '.');
        if (dot != NULL && str_equal(str_from(dot + 1), typed)) {
            return str_from(config_keys[i].path);
        }
    }
    return (struct str){NULL, 0};
}

/* What was meant by `typed` in `section`: the nearest name there, or else the key that has this
   name in another section. len 0: nothing comes near. */
static struct str suggest(struct str section, struct str typed)
{
    struct str best = {NULL, 0};
    unsigned least = UINT32_MAX;
    for (size_t i = 0; i < config_key_count; i++) {
        struct str path = str_from(config_keys[i].path);
        struct str rest;
        if (!is_below(path, section, &rest)) {
            continue;
        }
        struct str step = first_step(rest);
        unsigned distance = str_name_distance(step, typed);
        if (distance < least && distance <= 1 + step.len / 3) {
            least = distance;
            best = (struct str){path.ptr, (size_t)(step.ptr + step.len - path.ptr)};
        }
    }
    return best.len > 0 ? best : suggest_elsewhere(typed);
}

/* ---- the file ---- */

struct reader {
    struct config *config;
    struct faults faults;
    char path[FAULTS_MAX_PATH]; /* of the object that is being read */
};

static void take_from_file(struct reader *reader, const struct config_key *key, const char *name,
                           const json_t *value)
{
    size_t position = (size_t)(key - config_keys);
    if (json_is_null(value)) {
        return;
    }
    if (key->kind == CONFIG_IGNORED || key->only_environment) {
        reader->config->ignored[position] = true;
        return;
    }
    reader->config->origin[position] = CONFIG_FILE;
    size_t mark = faults_enter_key(&reader->faults, name);
    config_value_from_json(reader->config, key, value, &reader->faults);
    faults_leave(&reader->faults, mark);
}

static void refuse_key(struct reader *reader, struct str name)
{
    struct str meant = suggest(str_from(reader->path), name);
    if (memchr(name.ptr, '.', name.len) != NULL) {
        faults_add_key(&reader->faults, name, "unknown key; each section is an object of its own");
    } else if (meant.len > 0) {
        faults_add_key(&reader->faults, name, "unknown key; did you mean \"%.*s\"?",
                       STR_ARG(meant));
    } else {
        faults_add_key(&reader->faults, name, "unknown key");
    }
}

/* Only sections of the table are entered, so the recursion is as deep as that. */
static void read_object(struct reader *reader, json_t *object)
{
    const char *name;
    size_t length;
    json_t *value;
    json_object_keylen_foreach(object, name, length, value)
    {
        size_t mark = strlen(reader->path);
        snprintf(reader->path + mark, sizeof reader->path - mark, "%s%.*s", mark > 0 ? "." : "",
                 STR_ARG(((struct str){name, length})));
        struct str path = str_from(reader->path);
        bool plain = length > 0 && memchr(name, '.', length) == NULL;
        const struct config_key *key = plain ? find_key(path) : NULL;
        bool section = plain && is_section(path);
        if (key == NULL && !section) {
            reader->path[mark] = '\0';
            refuse_key(reader, (struct str){name, length});
        } else if (key != NULL) {
            take_from_file(reader, key, name, value);
        } else if (json_is_object(value)) {
            size_t place = faults_enter_key(&reader->faults, name);
            read_object(reader, value);
            faults_leave(&reader->faults, place);
        } else if (!json_is_null(value)) {
            faults_add_key(&reader->faults, str_from(name), "must be an object");
        }
        reader->path[mark] = '\0';
    }
}

static int read_file(struct reader *reader, struct str text, struct error *error)
{
    json_t *json;
    int status = json_read(&json, text, reader->config->file, error);
    if (status != 0) {
        return status;
    }
    if (json_is_object(json)) {
        read_object(reader, json);
    } else {
        faults_add(&reader->faults, "must be an object");
    }
    json_decref(json);
    return 0;
}

/* ---- the environment ---- */

/* Only what has a double underscore is certainly meant for us: Kubernetes itself sets variables like
   TUVA_EMPI_PORT for a service of our name. */
static void refuse_variable(struct reader *reader, struct str name)
{
    char path[FAULTS_MAX_PATH];
    size_t used = 0;
    for (size_t i = strlen(PREFIX); i < name.len && used + 1 < sizeof path; i++) {
        bool step = i + 1 < name.len && name.ptr[i] == '_' && name.ptr[i + 1] == '_';
        path[used++] = step ? '.' : (char)tolower((unsigned char)name.ptr[i]);
        i += step;
    }
    /* As far as the sections are known; then the last word alone. */
    struct str section = {path, 0};
    struct str step = first_step((struct str){path, used});
    while (is_section((struct str){path, (size_t)(step.ptr + step.len - path)}) &&
           step.ptr + step.len < path + used) {
        section.len = (size_t)(step.ptr + step.len - path);
        step = first_step((struct str){path + section.len + 1, used - section.len - 1});
    }
    struct str meant = suggest(section, step);
    if (find_key(meant) == NULL) {
        const char *dot = memrchr(path, '.', used);
        const char *last = dot == NULL ? path : dot + 1;
        meant = suggest_elsewhere((struct str){last, (size_t)(path + used - last)});
    }
    const struct config_key *key = find_key(meant);
    char variable[CONFIG_VARIABLE_SIZE];
    if (key != NULL) {
        config_key_variable(variable, key);
        faults_add_key(&reader->faults, name, "unknown key; did you mean %s?", variable);
    } else {
        faults_add_key(&reader->faults, name, "unknown key");
    }
}

static const struct config_key *find_variable(struct str name)
{
    for (size_t i = 0; i < config_key_count; i++) {
        char variable[CONFIG_VARIABLE_SIZE];
        config_key_variable(variable, &config_keys[i]);
        if (str_equal(str_from(variable), name)) {
            return &config_keys[i];
        }
    }
    return NULL;
}

static void take_variable(struct reader *reader, const char *entry)
{
    struct str name = {entry, strcspn(entry, "=")};
    const struct config_key *key = find_variable(name);
    if (key == NULL) {
        if (memmem(name.ptr, name.len, "__", 2) != NULL) {
            refuse_variable(reader, name);
        }
        return;
    }
    if (key->kind == CONFIG_IGNORED || entry[name.len] == '\0') {
        return;
    }
    char variable[CONFIG_VARIABLE_SIZE];
    config_key_variable(variable, key);
    reader->config->origin[key - config_keys] = CONFIG_ENVIRONMENT;
    size_t mark = faults_enter_key(&reader->faults, variable);
    config_value_from_text(reader->config, key, entry + name.len + 1, &reader->faults);
    faults_leave(&reader->faults, mark);
}

/* ---- all of it ---- */

static void take_defaults(struct reader *reader)
{
    for (size_t i = 0; i < config_key_count; i++) {
        if (config_keys[i].fallback != NULL) {
            config_value_from_text(reader->config, &config_keys[i], config_keys[i].fallback,
                                   &reader->faults);
        }
    }
}

static int read_parts(struct reader *reader, struct str text, const char *const *environment,
                      struct error *error)
{
    take_defaults(reader);
    if (text.ptr != NULL) {
        int status = read_file(reader, text, error);
        if (status != 0) {
            return status;
        }
    }
    for (size_t i = 0; environment != NULL && environment[i] != NULL; i++) {
        if (str_starts_with(str_from(environment[i]), STR(PREFIX))) {
            take_variable(reader, environment[i]);
        }
    }
    config_check(reader->config, &reader->faults);
    if (reader->config->arena.failed) {
        return error_out_of_memory(error);
    }
    char name[FAULTS_MAX_PATH];
    snprintf(name, sizeof name, "configuration%s%s", text.ptr == NULL ? "" : " ",
             text.ptr == NULL ? "" : reader->config->file);
    return faults_report(&reader->faults, name, error);
}

int config_read(struct config **out, const char *file, struct str text,
                const char *const *environment, struct error *error)
{
    *out = NULL;
    struct config *config = memory_alloc_zeroed(1, sizeof *config);
    struct reader *reader = memory_alloc_zeroed(1, sizeof *reader);
    if (config != NULL) {
        config->arena = ARENA(MAX_ARENA);
    }
    int status = config == NULL || reader == NULL ? error_out_of_memory(error) : 0;
    if (status == 0 && text.ptr != NULL) {
        config->file = arena_copy(&config->arena, str_from(file));
        status = config->file == NULL ? error_out_of_memory(error) : 0;
    }
    if (status == 0) {
        reader->config = config;
        status = read_parts(reader, text, environment, error);
    }
    memory_free(reader);
    if (status != 0) {
        config_free(config);
        return status;
    }
    *out = config;
    return 0;
}

void config_free(struct config *config)
{
    if (config != NULL) {
        arena_free(&config->arena);
        memory_free(config);
    }
}

/* ---- where it is ---- */

static config_secret_reader *read_secret;

void config_set_secret_reader(config_secret_reader *reader)
{
    read_secret = reader;
}

static int read_path(struct text_buffer *out, const char *path, struct error *error)
{
    struct stream *stream;
    int status = stream_open_file(&stream, path, error);
    if (status == 0) {
        status = stream_read_all(stream, out, error);
        stream_free(stream);
    }
    if (status != 0) {
        error_prefix(error, "TUVA_EMPI_CONFIG_FILE");
    }
    return status;
}

static int read_arn(struct text_buffer *out, const char *arn, struct error *error)
{
    int status = read_secret != NULL
                     ? read_secret(out, arn, error)
                     : error_set(error, STATUS_INVALID, "nothing here reads secrets of AWS");
    if (status != 0) {
        error_prefix(error, "TUVA_EMPI_CONFIG_AWS_SECRET_ARN");
    }
    return status;
}

static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value == NULL || value[0] == '\0' ? NULL : value;
}

int config_load(struct config **out, struct error *error)
{
    *out = NULL;
    const char *path = variable("TUVA_EMPI_CONFIG_FILE");
    const char *secret = path == NULL ? variable("TUVA_EMPI_CONFIG_AWS_SECRET_ARN") : NULL;
    struct text_buffer text = TEXT_BUFFER(MAX_FILE);
    int status = 0;
    if (path != NULL) {
        status = read_path(&text, path, error);
    } else if (secret != NULL) {
        status = read_arn(&text, secret, error);
    }
    if (status == 0) {
        const char *name = path != NULL ? path : secret;
        struct str document = name != NULL ? text_str(&text) : (struct str){NULL, 0};
        document.ptr = name != NULL && document.ptr == NULL ? "" : document.ptr;
        status = config_read(out, name, document, (const char *const *)environ, error);
    }
    if (text.ptr != NULL) {
        explicit_bzero(text.ptr, text.cap); /* passwords stand in it */
    }
    text_free(&text);
    return status;
}
