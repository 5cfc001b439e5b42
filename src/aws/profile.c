#include "aws/profile.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/stream.h"

/* Each byte of a file is copied at most once, as key or value; names once a section. */
enum { MOST_ARENA = 8 << 20, MOST_ENTRIES = 20000, MOST_PATH_BYTES = 4096 };

const char *aws_environment(const char *name)
{
    const char *value = getenv(name);
    return value == NULL || value[0] == '\0' ? NULL : value;
}

const char *aws_profile_name(void)
{
    const char *name = aws_environment("AWS_PROFILE");
    name = name != NULL ? name : aws_environment("AWS_DEFAULT_PROFILE");
    return name != NULL ? name : "default";
}

/* ---- one file ---- */

struct reader {
    struct aws_profiles *profiles;
    const char *kind; /* of the section; NULL before the first, and in one that is not ours */
    const char *name;
    struct str parent; /* the key whose empty value may be followed by nested ones; len 0: none */
    bool is_credentials;
};

static bool add(struct reader *reader, const char *key, const char *value)
{
    struct aws_profile_entry entry = {.kind = reader->kind,
                                      .name = reader->name,
                                      .key = key,
                                      .value = value,
                                      .is_credentials = reader->is_credentials};
    return reader->profiles->len < MOST_ENTRIES && vec_push(reader->profiles, entry);
}

/* The next word of *text, which may be quoted; len 0 at the end. */
static struct str next_word(struct str *text)
{
    *text = str_trim(*text);
    size_t len = 0;
    char quote = text->len > 0 && (text->ptr[0] == '"' || text->ptr[0] == '\'') ? text->ptr[0] : 0;
    size_t start = quote != 0;
    for (len = start; len < text->len; len++) {
        char c = text->ptr[len];
        if (quote != 0 ? c == quote : c == ' ' || c == '\t') {
            break;
        }
    }
    struct str word = {text->ptr + start, len - start};
    size_t skip = quote != 0 && len < text->len ? len + 1 : len;
    *text = (struct str){text->ptr + skip, text->len - skip};
    return word;
}

/* Between the brackets. In the config file a profile is "profile NAME", but for the default one; in
   the credentials file a section is a profile, whatever its name. */
static bool begin_section(struct reader *reader, struct str text)
{
    struct str rest = text;
    struct str kind = STR("profile");
    struct str name = str_trim(text);
    if (!reader->is_credentials) {
        struct str first = next_word(&rest);
        struct str second = next_word(&rest);
        bool alone = second.len == 0;
        kind = alone && str_equal(first, STR("default")) ? kind : first;
        name = alone ? first : second;
        if (alone && !str_equal(first, STR("default"))) {
            reader->kind = NULL; /* of no use to us, nor to the command line */
            return true;
        }
    }
    reader->kind = arena_copy(&reader->profiles->arena, kind);
    reader->name = arena_copy(&reader->profiles->arena, name);
    reader->parent.len = 0;
    return reader->kind != NULL && reader->name != NULL && add(reader, NULL, NULL);
}

static bool add_setting(struct reader *reader, struct str prefix, struct str key, struct str value)
{
    struct arena *arena = &reader->profiles->arena;
    size_t skip = prefix.len == 0 ? 0 : prefix.len + 1;
    char *name = arena_alloc(arena, skip + key.len + 1);
    const char *copy = arena_copy(arena, value);
    if (name == NULL || copy == NULL) {
        return false;
    }
    if (skip > 0) {
        memcpy(name, prefix.ptr, prefix.len);
        name[prefix.len] = '.';
    }
    for (size_t i = 0; i < key.len; i++) {
        char c = key.ptr[i];
        name[skip + i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    name[skip + key.len] = '\0';
    if (skip == 0) {
        reader->parent = value.len == 0 ? (struct str){name, key.len} : (struct str){NULL, 0};
    }
    return add(reader, name, copy);
}

enum line { LINE_GOOD, LINE_WRONG, LINE_TOO_MUCH };

static enum line read_line(struct reader *reader, struct str line)
{
    bool indented = line.len > 0 && (line.ptr[0] == ' ' || line.ptr[0] == '\t');
    line = str_trim(line);
    if (line.len == 0 || line.ptr[0] == '#' || line.ptr[0] == ';') {
        return LINE_GOOD;
    }
    if (line.ptr[0] == '[') {
        const char *close = memchr(line.ptr, ']', line.len);
        if (close == NULL) {
            return LINE_WRONG;
        }
        struct str name = {line.ptr + 1, (size_t)(close - line.ptr - 1)};
        return begin_section(reader, name) ? LINE_GOOD : LINE_TOO_MUCH;
    }
    const char *equals = memchr(line.ptr, '=', line.len);
    if (indented && (reader->parent.len == 0 || equals == NULL)) {
        return LINE_GOOD; /* a longer value goes on: none of those that we read does */
    }
    if (equals == NULL || equals == line.ptr) {
        return LINE_WRONG;
    }
    if (reader->kind == NULL) {
        return LINE_GOOD;
    }
    struct str key = str_trim((struct str){line.ptr, (size_t)(equals - line.ptr)});
    struct str value =
        str_trim((struct str){equals + 1, line.len - (size_t)(equals + 1 - line.ptr)});
    struct str prefix = indented ? reader->parent : (struct str){NULL, 0};
    return add_setting(reader, prefix, key, value) ? LINE_GOOD : LINE_TOO_MUCH;
}

int aws_profiles_read(struct aws_profiles *profiles, struct str text, const char *name,
                      bool is_credentials, struct error *error)
{
    if (profiles->arena.max == 0) {
        profiles->arena = ARENA(MOST_ARENA);
    }
    struct reader reader = {.profiles = profiles, .is_credentials = is_credentials};
    if (str_starts_with(text, STR("\xEF\xBB\xBF"))) {
        text = (struct str){text.ptr + 3, text.len - 3};
    }
    if (text.len > 0 && memchr(text.ptr, '\0', text.len) != NULL) {
        return error_set(error, STATUS_INVALID, "%s: is no text: it holds a NUL byte", name);
    }
    for (unsigned number = 1; text.len > 0; number++) {
        const char *end = memchr(text.ptr, '\n', text.len);
        size_t len = end == NULL ? text.len : (size_t)(end - text.ptr);
        enum line result = read_line(&reader, (struct str){text.ptr, len});
        if (result == LINE_WRONG) {
            return error_set(error, STATUS_INVALID,
                             "%s, line %u: neither a [section] nor \"key = value\"", name, number);
        }
        if (result == LINE_TOO_MUCH) {
            return error_out_of_memory(error);
        }
        len += end != NULL;
        text = (struct str){text.ptr + len, text.len - len};
    }
    return 0;
}

/* ---- both ---- */

static const char *home_directory(char *room, size_t size)
{
    const char *home = aws_environment("HOME");
    struct passwd entry;
    struct passwd *found = NULL;
    if (home == NULL && getpwuid_r(getuid(), &entry, room, size, &found) == 0 && found != NULL) {
        home = found->pw_dir;
    }
    return home;
}

static int read_file(struct aws_profiles *profiles, const char *variable, const char *usual,
                     bool is_credentials, struct error *error)
{
    char room[1024];
    char path[MOST_PATH_BYTES];
    const char *named = aws_environment(variable);
    const char *wanted = named != NULL ? named : usual;
    const char *home = home_directory(room, sizeof room);
    if (strncmp(wanted, "~/", 2) == 0) {
        if (home == NULL) {
            return 0;
        }
        snprintf(path, sizeof path, "%s/%s", home, wanted + 2);
    } else {
        snprintf(path, sizeof path, "%s", wanted);
    }
    if (access(path, F_OK) != 0) {
        return 0;
    }
    struct stream *stream;
    struct text_buffer text = TEXT_BUFFER(AWS_PROFILES_MOST_BYTES);
    int status = stream_open_file(&stream, path, error);
    if (status == 0) {
        status = stream_read_all(stream, &text, error);
        stream_free(stream);
    }
    if (status == 0) {
        status = aws_profiles_read(profiles, text_str(&text), path, is_credentials, error);
    }
    text_free(&text);
    return status;
}

int aws_profiles_load(struct aws_profiles *out, struct error *error)
{
    *out = (struct aws_profiles){.arena = ARENA(MOST_ARENA)};
    int status = read_file(out, "AWS_CONFIG_FILE", "~/.aws/config", false, error);
    return status != 0
               ? status
               : read_file(out, "AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials", true, error);
}

/* The credentials file was read last, so the last of equal keys is the one that counts. */
static const struct aws_profile_entry *find(const struct aws_profiles *profiles, const char *kind,
                                            const char *name, const char *key)
{
    for (size_t i = profiles->len; i-- > 0;) {
        const struct aws_profile_entry *entry = &profiles->items[i];
        bool same_key = key == NULL || (entry->key != NULL && strcmp(entry->key, key) == 0);
        if (same_key && strcmp(entry->kind, kind) == 0 && strcmp(entry->name, name) == 0) {
            return entry;
        }
    }
    return NULL;
}

const char *aws_profiles_find(const struct aws_profiles *profiles, const char *kind,
                              const char *name, const char *key)
{
    const struct aws_profile_entry *entry = find(profiles, kind, name, key);
    return entry == NULL || entry->value == NULL || entry->value[0] == '\0' ? NULL : entry->value;
}

bool aws_profiles_has(const struct aws_profiles *profiles, const char *kind, const char *name)
{
    return find(profiles, kind, name, NULL) != NULL;
}

void aws_profiles_free(struct aws_profiles *profiles)
{
    arena_free(&profiles->arena);
    vec_free(profiles);
}
