#include "api/field_read.h"

#include <inttypes.h>
#include <math.h>

#include "base/compiler.h"
#include "base/number_text.h"
#include "empi/object_id.h"

/* What S3 has of names: buckets in bytes, and keys. */
enum { LEAST_BUCKET = 3, MOST_BUCKET = 63, MAX_S3_URI = 5 + MOST_BUCKET + 1 + 1024 };

/* ---- kinds of values ---- */

const char *field_type_name(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT: return "dict";
    case JSON_ARRAY: return "list";
    case JSON_STRING: return "str";
    case JSON_INTEGER: return "int";
    case JSON_REAL: return "float";
    case JSON_TRUE:
    case JSON_FALSE: return "bool";
    default: return "NoneType";
    }
}

bool field_is_given(struct field_faults *faults, const struct field_path *path, const json_t *value)
{
    if (value == NULL) {
        field_faults_add(faults, path, "This field is required.");
    } else if (json_is_null(value)) {
        field_faults_add(faults, path, "This field may not be null.");
    }
    return value != NULL && !json_is_null(value);
}

bool field_is_object(struct field_faults *faults, const struct field_path *path,
                     const json_t *value)
{
    if (!json_is_object(value)) {
        field_faults_add(faults, path, "Invalid data. Expected a dictionary, but got %s.",
                         field_type_name(value));
    }
    return json_is_object(value);
}

bool field_is_list(struct field_faults *faults, const struct field_path *path, const json_t *value)
{
    if (field_is_given(faults, path, value) && !json_is_array(value)) {
        field_faults_add(faults, path, "Expected a list of items but got type \"%s\".",
                         field_type_name(value));
    }
    return json_is_array(value);
}

static struct str text_of(const json_t *value)
{
    return str_trim((struct str){json_string_value(value), json_string_length(value)});
}

/* ---- texts and numbers ---- */

bool field_read_text(struct str *out, struct field_faults *faults, const struct field_path *path,
                     const json_t *value)
{
    *out = (struct str){NULL, 0};
    if (!field_is_given(faults, path, value)) {
        return false;
    }
    if (!json_is_string(value)) {
        field_faults_add(faults, path, "Not a valid string.");
        return false;
    }
    *out = text_of(value);
    if (out->len == 0) {
        field_faults_add(faults, path, "This field may not be blank.");
    }
    return out->len > 0;
}

bool field_read_integer(int64_t *out, struct field_faults *faults, const struct field_path *path,
                        const json_t *value)
{
    if (!field_is_given(faults, path, value)) {
        return false;
    }
    if (json_is_integer(value)) {
        *out = json_integer_value(value);
        return true;
    }
    if (!json_is_string(value) || !integer_from_text(text_of(value), out)) {
        field_faults_add(faults, path, "A valid integer is required.");
        return false;
    }
    return true;
}

void field_refuse_number(struct field_faults *faults, const struct field_path *path, bool too_small,
                         int64_t bound)
{
    field_faults_add(faults, path, "Ensure this value is %s than or equal to %" PRId64 ".",
                     too_small ? "greater" : "less", bound);
}

bool field_read_number(double *out, struct field_faults *faults, const struct field_path *path,
                       const json_t *value, int least, int most)
{
    if (!field_is_given(faults, path, value)) {
        return false;
    }
    bool good = json_is_number(value) ||
                (json_is_string(value) && double_from_text(text_of(value), out) && isfinite(*out));
    if (!good) {
        field_faults_add(faults, path, "A valid number is required.");
        return false;
    }
    if (json_is_number(value)) {
        *out = json_number_value(value);
    }
    if (*out < least || *out > most) {
        field_refuse_number(faults, path, *out < least, *out < least ? least : most);
        return false;
    }
    return true;
}

/* ---- booleans ---- */

bool field_boolean_from_text(bool *out, struct str text)
{
    static const char *const words[2][6] = {{"false", "f", "no", "n", "off", "0"},
                                            {"true", "t", "yes", "y", "on", "1"}};
    for (size_t i = 0; i < 2 * ARRAY_LENGTH(words[0]); i++) {
        if (str_equal_ignoring_case(text, str_from(words[i % 2][i / 2]))) {
            *out = i % 2 == 1;
            return true;
        }
    }
    return false;
}

bool field_read_boolean(bool *out, struct field_faults *faults, const struct field_path *path,
                        const json_t *value)
{
    if (!field_is_given(faults, path, value)) {
        return false;
    }
    json_int_t number = json_integer_value(value);
    bool good = true;
    if (json_is_boolean(value)) {
        *out = json_is_true(value);
    } else if (json_is_integer(value) && (number == 0 || number == 1)) {
        *out = number == 1;
    } else {
        good = json_is_string(value) && field_boolean_from_text(out, text_of(value));
    }
    if (!good) {
        field_faults_add(faults, path, "Must be a valid boolean.");
    }
    return good;
}

/* ---- names of things ---- */

bool field_read_id(int64_t *out, struct field_faults *faults, const struct field_path *path,
                   const json_t *value, const char *prefix, const char *kind)
{
    struct str text;
    if (!field_read_text(&text, faults, path, value)) {
        return false;
    }
    if (!object_id_parse(out, text, prefix)) {
        field_faults_add(faults, path, "Invalid %s ID", kind);
        return false;
    }
    return true;
}

bool field_is_s3_uri(struct str text)
{
    struct str scheme = STR("s3://");
    size_t at = scheme.len;
    if (!str_starts_with(text, scheme) || text.len > MAX_S3_URI) {
        return false;
    }
    while (at < text.len && ((text.ptr[at] >= 'a' && text.ptr[at] <= 'z') ||
                             (text.ptr[at] >= '0' && text.ptr[at] <= '9') || text.ptr[at] == '.' ||
                             text.ptr[at] == '-')) {
        at++;
    }
    size_t bucket = at - scheme.len;
    size_t slash = at;
    while (at < text.len && text.ptr[at] == '/') {
        at++;
    }
    /* A key of nothing but slashes names nothing. */
    return bucket >= LEAST_BUCKET && bucket <= MOST_BUCKET && at > slash && at < text.len;
}

bool field_read_s3_uri(struct str *out, struct field_faults *faults, const struct field_path *path,
                       const json_t *value)
{
    if (!field_read_text(out, faults, path, value)) {
        return false;
    }
    if (!field_is_s3_uri(*out)) {
        field_faults_add(faults, path, "Invalid S3 URI");
        return false;
    }
    return true;
}

void field_refuse_others(struct field_faults *faults, const struct field_path *path,
                         const json_t *object, const char *const *known)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)object, key, value)
    {
        const char *const *at = known;
        while (*at != NULL && strcmp(*at, key) != 0) {
            at++;
        }
        if (*at == NULL) {
            struct field_path field = {path, key, 0};
            field_faults_add(faults, &field, "Unexpected field");
        }
    }
}
