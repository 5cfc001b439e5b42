#include "linkage/settings_field.h"

#include <assert.h>
#include <limits.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "base/number_text.h"
#include "base/utf8.h"

/* ---- messages ---- */

/* How much of a wrong text a message shows: enough to find it. */
enum { SHOWN_TEXT = 40, SHOWN_ROOM = SHOWN_TEXT + 16 };

static void describe_text(const json_t *value, char out[SHOWN_ROOM])
{
    struct str text = {json_string_value(value), json_string_length(value)};
    bool cut = text.len > SHOWN_TEXT;
    text.len = cut ? SHOWN_TEXT : text.len;
    text.len = utf8_valid_prefix(text); /* whole characters only */
    snprintf(out, SHOWN_ROOM, "\"%.*s%s\"", STR_ARG(text), cut ? "…" : "");
}

static void describe(const json_t *value, char out[SHOWN_ROOM])
{
    switch (json_typeof(value)) {
    case JSON_OBJECT: snprintf(out, SHOWN_ROOM, "an object"); return;
    case JSON_ARRAY: snprintf(out, SHOWN_ROOM, "a list"); return;
    case JSON_STRING: describe_text(value, out); return;
    case JSON_INTEGER:
        snprintf(out, SHOWN_ROOM, "%lld", (long long)json_integer_value(value));
        return;
    case JSON_REAL: out[double_to_text(json_real_value(value), out)] = '\0'; return;
    case JSON_TRUE: snprintf(out, SHOWN_ROOM, "true"); return;
    case JSON_FALSE: snprintf(out, SHOWN_ROOM, "false"); return;
    case JSON_NULL: break;
    }
    snprintf(out, SHOWN_ROOM, "null");
}

static_assert((int)DOUBLE_TEXT_MAX < (int)SHOWN_ROOM, "a number fits where it is shown");

void settings_refuse(struct settings_reader *reader, const char *expected, const json_t *value)
{
    char shown[SHOWN_ROOM];
    describe(value, shown);
    faults_add(reader->faults, "must be %s, not %s", expected, shown);
}

/* ---- single values ---- */

struct str settings_read_text(struct settings_reader *reader, const json_t *value)
{
    struct str text = {json_string_value(value), json_string_length(value)};
    char *copy = arena_copy(reader->arena, text);
    return (struct str){copy, copy == NULL ? 0 : text.len};
}

static void read_text(struct settings_reader *reader, enum settings_kind kind, const json_t *value,
                      struct str *out)
{
    if (!json_is_string(value)) {
        settings_refuse(reader, "a text", value);
        return;
    }
    struct str text = settings_read_text(reader, value);
    if (kind == SETTINGS_NAME && text.ptr != NULL && str_trim(text).len == 0) {
        faults_add(reader->faults, "must not be empty");
        return;
    }
    if (kind != SETTINGS_LABEL || text.len > 0) {
        *out = text;
    }
}

/* jansson gives no NaN and no infinity. */
static bool is_number_to(const json_t *value, double highest, double *out)
{
    double number = json_number_value(value);
    if (!json_is_number(value) || number < 0 || number > highest) {
        return false;
    }
    *out = number + 0.0; /* -0 becomes 0, whose quotients have the right sign */
    return true;
}

/* Splink's defaults for u are above 1 in places; whoever copied one into a model needs to hear what
   to do instead. */
static bool read_probability(struct settings_reader *reader, const struct settings_field *field,
                             const json_t *value, double *out)
{
    if (is_number_to(value, 1, out)) {
        return true;
    }
    char shown[SHOWN_ROOM];
    describe(value, shown);
    bool above = json_is_number(value) && json_number_value(value) > 1 && field->given_at != 0;
    faults_add(reader->faults, "must be a number from 0 to 1, not %s%s", shown,
               above ? "; leave it out to have the default of an untrained level" : "");
    return false;
}

static void read_count(struct settings_reader *reader, const json_t *value, uint32_t *out)
{
    json_int_t number = json_integer_value(value);
    if (!json_is_integer(value) || number < 0 || number > INT32_MAX) {
        settings_refuse(reader, "a whole number of at least 0", value);
        return;
    }
    *out = (uint32_t)number;
}

static void read_value(struct settings_reader *reader, const struct settings_field *field,
                       json_t *value, void *out)
{
    void *at = (char *)out + field->at;
    bool good = true;
    switch (field->kind) {
    case SETTINGS_TEXT:
    case SETTINGS_LABEL:
    case SETTINGS_NAME: read_text(reader, field->kind, value, at); break;
    case SETTINGS_BOOLEAN:
        if (json_is_boolean(value)) {
            *(bool *)at = json_is_true(value);
        } else {
            settings_refuse(reader, "true or false", value);
        }
        break;
    case SETTINGS_PROBABILITY: good = read_probability(reader, field, value, at); break;
    case SETTINGS_AMOUNT:
        good = is_number_to(value, INFINITY, at);
        if (!good) {
            settings_refuse(reader, "a number of at least 0", value);
        }
        break;
    case SETTINGS_EXPONENT:
        good = is_number_to(value, SETTINGS_MAX_EXPONENT, at);
        if (!good) {
            settings_refuse(reader, "a number from 0 to 100", value);
        }
        break;
    case SETTINGS_COUNT: read_count(reader, value, at); break;
    case SETTINGS_OTHER: field->read(reader, value, out); break;
    }
    if (field->given_at != 0) {
        *(bool *)((char *)out + field->given_at) = good;
    }
}

/* ---- objects and lists ---- */

static const struct settings_field *find_field(const struct settings_field *fields, size_t count,
                                               struct str key)
{
    for (size_t i = 0; i < count; i++) {
        if (str_equal(str_from(fields[i].key), key)) {
            return &fields[i];
        }
    }
    return NULL;
}

/* How unlike two names are; UINT_MAX when nobody would mean the one by the other. One letter in
   three may be wrong, or the end be missing. */
static unsigned unlikeness(struct str known, struct str key)
{
    enum { SHORTEST_BEGINNING = 3 };
    unsigned distance = str_name_distance(known, key);
    size_t longer = known.len > key.len ? known.len : key.len;
    bool begins = key.len >= SHORTEST_BEGINNING && str_starts_with(known, key);
    return begins || distance <= longer / 3 ? distance : UINT_MAX;
}

static void refuse_key(struct settings_reader *reader, const struct settings_field *fields,
                       size_t count, struct str key)
{
    const char *nearest = NULL;
    unsigned least = UINT_MAX;
    for (size_t i = 0; i < count; i++) {
        unsigned distance = unlikeness(str_from(fields[i].key), key);
        if (distance < least) {
            least = distance;
            nearest = fields[i].key;
        }
    }
    if (nearest != NULL) {
        faults_add_key(reader->faults, key, "unknown key; did you mean \"%s\"?", nearest);
    } else {
        faults_add_key(reader->faults, key, "unknown key");
    }
}

static void read_member(struct settings_reader *reader, const struct settings_field *fields,
                        size_t count, struct str key, json_t *value, void *out)
{
    const struct settings_field *field = find_field(fields, count, key);
    if (field == NULL) {
        refuse_key(reader, fields, count, key);
        return;
    }
    if (json_is_null(value)) {
        return; /* as if it were not there; the caller asks for the required ones */
    }
    size_t mark = faults_enter_key(reader->faults, field->key);
    read_value(reader, field, value, out);
    faults_leave(reader->faults, mark);
}

void settings_read_object(struct settings_reader *reader, json_t *json,
                          const struct settings_field *fields, size_t count, void *out)
{
    if (!json_is_object(json)) {
        settings_refuse(reader, "an object", json);
        return;
    }
    for (void *at = json_object_iter(json); at != NULL && !reader->arena->failed;
         at = json_object_iter_next(json, at)) {
        struct str key = {json_object_iter_key(at), json_object_iter_key_len(at)};
        read_member(reader, fields, count, key, json_object_iter_value(at), out);
    }
    for (size_t i = 0; i < count; i++) {
        const json_t *value = json_object_get(json, fields[i].key);
        if (fields[i].required && (value == NULL || json_is_null(value))) {
            faults_add_key(reader->faults, str_from(fields[i].key),
                           value == NULL ? "is missing" : "must not be null");
        }
    }
}

void *settings_read_list(struct settings_reader *reader, const json_t *value, size_t most,
                         size_t size, size_t *count)
{
    *count = 0;
    if (!json_is_array(value)) {
        settings_refuse(reader, "a list", value);
        return NULL;
    }
    size_t length = json_array_size(value);
    if (length > most) {
        faults_add(reader->faults, "has %zu entries; at most %zu are allowed", length, most);
        return NULL;
    }
    if (length == 0) {
        return NULL;
    }
    void *items = arena_alloc_zeroed(reader->arena, length, size);
    *count = items == NULL ? 0 : length;
    return items;
}
