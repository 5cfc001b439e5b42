#include "api/match_request.h"

#include "api/field_read.h"
#include "base/utf8.h"
#include "empi/object_id.h"

/* ---- persons ---- */

static void read_records(struct manual_person *out, struct field_faults *faults,
                         const struct field_path *path, const json_t *value)
{
    if (!field_is_list(faults, path, value)) {
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
        (void)field_read_id(&ids[i], faults, &place, json_array_get(value, i),
                            OBJECT_ID_PERSON_RECORD, "PersonRecord");
    }
    out->record_ids = ids;
    out->record_count = count;
}

static void read_uuid(struct manual_person *out, struct field_faults *faults,
                      const struct field_path *path, const json_t *value)
{
    struct str text;
    if (!field_read_text(&text, faults, path, value)) {
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
    if (!field_is_object(faults, path, value)) {
        return;
    }
    field_refuse_others(faults, path, value, known);
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
        (void)field_read_integer(&out->version, faults, &version_path, version);
    }
    read_records(out, faults, &records_path, json_object_get(value, "new_person_record_ids"));
}

static void read_persons(struct manual_match *out, struct field_faults *faults, const json_t *value)
{
    struct field_path path = {NULL, "person_updates", 0};
    if (!field_is_list(faults, &path, value)) {
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

enum { MOST_COMMENT = 10000 }; /* characters; all of a person's comments come with its page */

static void read_comment(struct manual_comment *out, struct field_faults *faults,
                         const struct field_path *path, const json_t *value)
{
    static const char *const known[] = {"person_record_id", "comment", NULL};
    if (!field_is_object(faults, path, value)) {
        return;
    }
    field_refuse_others(faults, path, value, known);
    struct field_path id_path = {path, "person_record_id", 0};
    struct field_path text_path = {path, "comment", 0};
    (void)field_read_id(&out->record_id, faults, &id_path,
                        json_object_get(value, "person_record_id"), OBJECT_ID_PERSON_RECORD,
                        "PersonRecord");
    if (field_read_text(&out->text, faults, &text_path, json_object_get(value, "comment")) &&
        utf8_length(out->text) > MOST_COMMENT) {
        field_faults_add(faults, &text_path, "Ensure this field has no more than %d characters.",
                         MOST_COMMENT);
    }
}

static void read_comments(struct manual_match *out, struct field_faults *faults,
                          const json_t *value)
{
    struct field_path path = {NULL, "comments", 0};
    if (value == NULL || !field_is_list(faults, &path, value)) {
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
    if (field_is_object(faults, NULL, body)) {
        struct field_path id_path = {NULL, "potential_match_id", 0};
        struct field_path version_path = {NULL, "potential_match_version", 0};
        field_refuse_others(faults, NULL, body, known);
        (void)field_read_id(&out->group_id, faults, &id_path,
                            json_object_get(body, "potential_match_id"), OBJECT_ID_POTENTIAL_MATCH,
                            "PotentialMatch");
        (void)field_read_integer(&out->group_version, faults, &version_path,
                                 json_object_get(body, "potential_match_version"));
        read_persons(out, faults, json_object_get(body, "person_updates"));
        read_comments(out, faults, json_object_get(body, "comments"));
    }
    return field_faults_report(faults, error);
}
