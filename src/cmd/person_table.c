#include "cmd/person_table.h"

#include <inttypes.h>

#include "cmd/table.h"
#include "empi/object_id.h"

/* Before the columns of a record. */
enum { RECORD_ID, OWN_COLUMNS };

static const char *const headings[RECORD_COLUMN_COUNT] = {
    "SOURCE", "SOURCE ID", "FIRST NAME", "LAST NAME", "SEX", "RACE",   "BORN", "DIED",
    "SSN",    "ADDRESS",   "CITY",       "STATE",     "ZIP", "COUNTY", "PHONE"};

/* ---- notes ---- */

static void add_id(struct table *table, const char *prefix, int64_t id)
{
    if (id == 0) {
        table_add_text(table, (struct str){NULL, 0});
    } else {
        table_add(table, "%s%" PRId64, prefix, id);
    }
}

static void add_notes(struct table *table, const struct person_record *record)
{
    for (size_t i = 0; i < record->note_count; i++) {
        const struct person_note *note = &record->notes[i];
        add_id(table, OBJECT_ID_PERSON_RECORD, record->id);
        table_add_text(table, note->created);
        add_id(table, OBJECT_ID_USER, note->author_id);
        add_id(table, OBJECT_ID_MATCH_EVENT, note->event_id);
        table_add_text(table, note->comment);
    }
}

static void append_notes(struct text_buffer *out, const struct person *person)
{
    static const struct table_column columns[] = {{"NOTE ON", true},
                                                  {"WRITTEN", false},
                                                  {"BY", false},
                                                  {"DECISION", false},
                                                  {"COMMENT", false}};
    struct table table = TABLE(columns);
    for (size_t i = 0; i < person->record_count; i++) {
        add_notes(&table, &person->records[i]);
    }
    if (table.ends.len > 0) {
        text_append_char(out, '\n');
        table_append(out, &table);
    }
    table_free(&table);
}

/* ---- records ---- */

static bool is_empty(const struct person *person, size_t column)
{
    for (size_t i = 0; i < person->record_count; i++) {
        if (person->records[i].values[column].len > 0) {
            return false;
        }
    }
    return true;
}

void person_table_append(struct text_buffer *out, const struct person *person)
{
    struct table_column columns[OWN_COLUMNS + RECORD_COLUMN_COUNT] = {[RECORD_ID] = {"ID", true}};
    struct table table = TABLE(columns);
    table.column_count = OWN_COLUMNS;
    bool left_out[RECORD_COLUMN_COUNT];
    for (size_t i = 0; i < RECORD_COLUMN_COUNT; i++) {
        left_out[i] = is_empty(person, i);
        if (!left_out[i]) {
            columns[table.column_count++] = (struct table_column){headings[i], false};
        }
    }
    for (size_t i = 0; i < person->record_count; i++) {
        table_add(&table, "pr_%" PRId64, person->records[i].id);
        for (size_t j = 0; j < RECORD_COLUMN_COUNT; j++) {
            if (!left_out[j]) {
                table_add_text(&table, person->records[i].values[j]);
            }
        }
    }
    text_appendf(out, "p_%.*s  version %" PRId64 ", created %.*s\n", STR_ARG(person->uuid),
                 person->version, STR_ARG(person->created));
    table_append(out, &table);
    table_free(&table);
    append_notes(out, person);
}
