#include "api/match_request.h"

#include "base/number_text.h"
#include "empi/object_id.h"

/* ---- values ---- */

/* As Python calls them: clients know these messages. */
static const char *type_name(const json_t *value)
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

static bool is_given(struct field_faults *faults, const struct field_path *path,
                     const json_t *value)
{
    if (value == NULL) {
        field_faults_add(faults, path, "This field is required.");
    } else if (json_is_null(value)) {
        field_faults_add(faults, path, "This field may not be null.");
    }
    return value != NULL && !json_is_null(value);
}

static bool is_object(struct field_faults *faults, const struct field_path *path,
                      const json_t *value)
{
    if (!json_is_object(value)) {
        field_faults_add(faults, path, "Invalid data. Expected a dictionary, but got %s.",
                         type_name(value));
    }
    return json_is_object(value);
}

static bool is_list(struct field_faults *faults, const struct field_path *path, const json_t *value)
{
    if (is_given(faults, path, value) && !json_is_array(value)) {
        field_faults_add(faults, path, "Expected a list of items but got type \"%s\".",
                         type_name(value));
    }
    return json_is_array(value);
}

/* White space at the ends says nothing. */
static bool read_text(struct str *out, struct field_faults *faults, const struct field_path *path,
                      const json_t *value)
{
    *out = (struct str){NULL, 0};
    if (!is_given(faults, path, value)) {
        return false;
    }
    if (!json_is_string(value)) {
        field_faults_add(faults, path, "Not a valid string.");
        return false;
    }
    *out = str_trim((struct str){json_string_value(value), json_string_length(value)});
    if (out->len == 0) {
        field_faults_add(faults, path, "This field may not be blank.");
    }
    return out->len > 0;
}

static void read_integer(int64_t *out, struct field_faults *faults, const struct field_path *path,
                         const json_t *value)
{
    if (!is_given(faults, path, value)) {
        return;
    }
    struct str text = {json_string_value(value), json_string_length(value)};
    if (json_is_integer(value)) {
        *out = json_integer_value(value);
    } else if (!json_is_string(value) || !integer_from_text(str_trim(text), out)) {
        field_faults_add(faults, path, "A valid integer is required.");
    }
}

static void read_id(int64_t *out, struct field_faults *faults, const struct field_path *path,
                    const json_t *value, const char *prefix, const char *kind)
{
    struct str text;
    if (read_text(&text, faults, path, value) && !object_id_parse(out, text, prefix)) {
        field_faults_add(faults, path, "Invalid %s ID", kind);
    }
}

static void refuse_others(struct field_faults *faults, const struct field_path *path,
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

/* ---- persons ---- */

static void read_records(struct manual_person *out, struct field_faults *faults,
                         const struct field_path *path, const json_t *value)
{
    if (!is_list(faults, path, value)) {
        return;
    }
    size_t count = json_array_size(value);
    int64_t *ids = arena_alloc_zeroed(faults->arena, count, sizeof *ids);
    if (ids == NULL) {
        faults->failed = true;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        struct field_path place = {path, NULL, i};
        read_id(&ids[i], faults, &place, json_array_get(value, i), OBJECT_ID_PERSON_RECORD,
                "PersonRecord");
    }
    out->record_ids = ids;
    out->record_count = count;
}

static void read_uuid(struct manual_person *out, struct field_faults *faults,
                      const struct field_path *path, const json_t *value)
{
    struct str text;
    if (!read_text(&text, faults, path, value)) {
        return;
    }
    char *uuid = arena_alloc(faults->arena, OBJECT_ID_UUID_SIZE);
    if (uuid == NULL) {
        faults->failed = true;
    } else if (object_id_parse_person(uuid, text)) {
        out->uuid = uuid;
    } else {
        field_faults_add(faults, path, "Invalid Person ID");
    }
}

static void read_person(struct manual_person *out, struct field_faults *faults,
                        const struct field_path *path, const json_t *value)
{
    static const char *const known[] = {"id", "version", "new_person_record_ids", NULL};
    if (!is_object(faults, path, value)) {
        return;
    }
    refuse_others(faults, path, value, known);
    const json_t *id = json_object_get(value, "id");
    const json_t *version = json_object_get(value, "version");
    struct field_path id_path = {path, "id", 0};
    struct field_path version_path = {path, "version", 0};
    struct field_path records_path = {path, "new_person_record_ids", 0};
    if (id != NULL) {
        read_uuid(out, faults, &id_path, id);
    }
    if (version != NULL) {
        out->has_version = true;
        read_integer(&out->version, faults, &version_path, version);
    }
    read_records(out, faults, &records_path, json_object_get(value, "new_person_record_ids"));
}

static void read_persons(struct manual_match *out, struct field_faults *faults, const json_t *value)
{
    struct field_path path = {NULL, "person_updates", 0};
    if (!is_list(faults, &path, value)) {
        return;
    }
    out->person_count = json_array_size(value);
    struct manual_person *persons =
        arena_alloc_zeroed(faults->arena, out->person_count, sizeof *persons);
    if (persons == NULL) {
        faults->failed = true;
        return;
    }
    for (size_t i = 0; i < out->person_count; i++) {
        struct field_path place = {&path, NULL, i};
        read_person(&persons[i], faults, &place, json_array_get(value, i));
    }
    out->persons = persons;
}

/* ---- comments ---- */

static void read_comment(struct manual_comment *out, struct field_faults *faults,
                         const struct field_path *path, const json_t *value)
{
    static const char *const known[] = {"person_record_id", "comment", NULL};
    if (!is_object(faults, path, value)) {
        return;
    }
    refuse_others(faults, path, value, known);
    struct field_path id_path = {path, "person_record_id", 0};
    struct field_path text_path = {path, "comment", 0};
    read_id(&out->record_id, faults, &id_path, json_object_get(value, "person_record_id"),
            OBJECT_ID_PERSON_RECORD, "PersonRecord");
    (void)read_text(&out->text, faults, &text_path, json_object_get(value, "comment"));
}

static void read_comments(struct manual_match *out, struct field_faults *faults,
                          const json_t *value)
{
    struct field_path path = {NULL, "comments", 0};
    if (value == NULL || !is_list(faults, &path, value)) {
        return;
    }
    out->comment_count = json_array_size(value);
    struct manual_comment *comments =
        arena_alloc_zeroed(faults->arena, out->comment_count, sizeof *comments);
    if (comments == NULL) {
        faults->failed = true;
        return;
    }
    for (size_t i = 0; i < out->comment_count; i++) {
        struct field_path place = {&path, NULL, i};
        read_comment(&comments[i], faults, &place, json_array_get(value, i));
    }
    out->comments = comments;
}

/* ---- all ---- */

int match_request_read(struct manual_match *out, struct field_faults *faults, const json_t *body,
                       struct error *error)
{
    static const char *const known[] = {"potential_match_id", "potential_match_version",
                                        "person_updates", "comments", NULL};
    *out = (struct manual_match){0};
    if (is_object(faults, NULL, body)) {
        struct field_path id_path = {NULL, "potential_match_id", 0};
        struct field_path version_path = {NULL, "potential_match_version", 0};
        refuse_others(faults, NULL, body, known);
        read_id(&out->group_id, faults, &id_path, json_object_get(body, "potential_match_id"),
                OBJECT_ID_POTENTIAL_MATCH, "PotentialMatch");
        read_integer(&out->group_version, faults, &version_path,
                     json_object_get(body, "potential_match_version"));
        read_persons(out, faults, json_object_get(body, "person_updates"));
        read_comments(out, faults, json_object_get(body, "comments"));
    }
    return field_faults_report(faults, error);
}
