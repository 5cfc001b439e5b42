#include "api/person_json.h"

#include "api/page_json.h"
#include "empi/object_id.h"

/* Of all but the columns. */
static const char *const own_fields[PERSON_FIELD_COUNT] = {
    [PERSON_FIELD_ID] = "id",
    [PERSON_FIELD_PERSON_ID] = "person_id",
    [PERSON_FIELD_CREATED] = "created",
    [PERSON_FIELD_PERSON_UPDATED] = "person_updated",
    [PERSON_FIELD_MATCHED_OR_REVIEWED] = "matched_or_reviewed",
    [PERSON_FIELD_NOTES] = "notes",
};

enum person_field person_json_find_field(struct str name)
{
    for (int i = 0; i < PERSON_FIELD_COUNT; i++) {
        if (own_fields[i] != NULL && str_equal(name, str_from(own_fields[i]))) {
            return (enum person_field)i;
        }
    }
    uint32_t column = record_column_find(name);
    return column == RECORD_COLUMN_COUNT
               ? PERSON_FIELD_COUNT
               : (enum person_field)(PERSON_FIELD_FIRST_COLUMN + (int)column);
}

/* ---- lists ---- */

void person_json_write_list(struct json_writer *json, const struct person_list *list)
{
    json_write_open_object(json);
    json_write_key(json, "persons");
    json_write_open_array(json);
    for (size_t i = 0; i < list->count; i++) {
        const struct person_summary *item = &list->items[i];
        json_write_open_object(json);
        page_json_write_person_id(json, "id", item->uuid);
        page_json_write_text(json, "first_name", item->first_name);
        page_json_write_text(json, "last_name", item->last_name);
        page_json_write_texts(json, "data_sources", item->data_sources, item->data_source_count);
        json_write_close_object(json);
    }
    json_write_close_array(json);
    page_json_write(json, &list->page);
    json_write_close_object(json);
}

void person_json_write_data_sources(struct json_writer *json, const struct data_source *sources,
                                    size_t count)
{
    json_write_open_object(json);
    json_write_key(json, "data_sources");
    json_write_open_array(json);
    for (size_t i = 0; i < count; i++) {
        json_write_open_object(json);
        page_json_write_text(json, "name", sources[i].name);
        json_write_close_object(json);
    }
    json_write_close_array(json);
    json_write_close_object(json);
}

/* ---- one ---- */

static bool has(uint32_t fields, int field)
{
    return (fields >> field & 1) != 0;
}

/* 0 is nobody and nothing. */
static void write_id_or_null(struct json_writer *json, const char *key, const char *prefix,
                             int64_t id)
{
    if (id == 0) {
        page_json_write_text(json, key, (struct str){NULL, 0});
    } else {
        page_json_write_id(json, key, prefix, id);
    }
}

/* Of its author only the id: who may not list users is not told their addresses. */
static void write_notes(struct json_writer *json, const struct person_record *record)
{
    json_write_key(json, own_fields[PERSON_FIELD_NOTES]);
    json_write_open_array(json);
    for (size_t i = 0; i < record->note_count; i++) {
        const struct person_note *note = &record->notes[i];
        json_write_open_object(json);
        page_json_write_text(json, "created", note->created);
        page_json_write_text(json, "comment", note->comment);
        write_id_or_null(json, "author", OBJECT_ID_USER, note->author_id);
        write_id_or_null(json, "match_event_id", OBJECT_ID_MATCH_EVENT, note->event_id);
        json_write_close_object(json);
    }
    json_write_close_array(json);
}

static void write_record(struct json_writer *json, const struct person_record *record,
                         uint32_t fields)
{
    const struct str times[] = {
        [PERSON_FIELD_CREATED] = record->created,
        [PERSON_FIELD_PERSON_UPDATED] = record->person_updated,
        [PERSON_FIELD_MATCHED_OR_REVIEWED] = record->matched_or_reviewed,
    };
    json_write_open_object(json);
    if (has(fields, PERSON_FIELD_ID)) {
        page_json_write_id(json, "id", OBJECT_ID_PERSON_RECORD, record->id);
    }
    if (has(fields, PERSON_FIELD_PERSON_ID)) {
        page_json_write_person_id(json, "person_id", record->person_uuid);
    }
    for (int i = PERSON_FIELD_CREATED; i <= PERSON_FIELD_MATCHED_OR_REVIEWED; i++) {
        if (has(fields, i)) {
            page_json_write_text(json, own_fields[i], times[i]);
        }
    }
    for (int i = 0; i < RECORD_COLUMN_COUNT; i++) {
        if (has(fields, PERSON_FIELD_FIRST_COLUMN + i)) {
            json_write_key_str(json, record_columns[i]);
            json_write_string(json, record->values[i]);
        }
    }
    if (has(fields, PERSON_FIELD_NOTES)) {
        write_notes(json, record);
    }
    json_write_close_object(json);
}

void person_json_write(struct json_writer *json, const struct person *person, uint32_t fields)
{
    json_write_open_object(json);
    page_json_write_person_id(json, "id", person->uuid);
    page_json_write_text(json, "created", person->created);
    json_write_key(json, "version");
    json_write_integer(json, person->version);
    json_write_key(json, "records");
    json_write_open_array(json);
    for (size_t i = 0; i < person->record_count; i++) {
        write_record(json, &person->records[i], fields);
    }
    json_write_close_array(json);
    json_write_close_object(json);
}

void person_json_write_found(struct json_writer *json, const struct person *person)
{
    json_write_open_object(json);
    json_write_key(json, "person");
    person_json_write(json, person, PERSON_FIELDS_ALL);
    json_write_close_object(json);
}
