/*
 * Persons as the HTTP API answers them; the commands' --json is the same.
 *
 * Thread rule: as json_writer.
 */
#ifndef API_PERSON_JSON_H
#define API_PERSON_JSON_H

#include <stdint.h>

#include "base/json.h"
#include "empi/data_sources.h"
#include "empi/persons.h"

/* The fields of a record that a client may choose from, in the order in which they are written. */
enum person_field {
    PERSON_FIELD_ID,
    PERSON_FIELD_PERSON_ID,
    PERSON_FIELD_CREATED,
    PERSON_FIELD_PERSON_UPDATED,
    PERSON_FIELD_MATCHED_OR_REVIEWED,
    PERSON_FIELD_FIRST_COLUMN, /* of record_columns, which follow in their order */
    PERSON_FIELD_NOTES = PERSON_FIELD_FIRST_COLUMN + RECORD_COLUMN_COUNT,
    PERSON_FIELD_COUNT,
};

/* A set of them: bit 1 << field. */
#define PERSON_FIELDS_ALL ((UINT32_C(1) << PERSON_FIELD_COUNT) - 1)

/* The field of a name, or PERSON_FIELD_COUNT. */
enum person_field person_json_find_field(struct str name);

/* {"persons": [...], "pagination": {...}} */
void person_json_write_list(struct json_writer *json, const struct person_list *list);

/* {"id", "created", "version", "records": [...]} */
void person_json_write(struct json_writer *json, const struct person *person, uint32_t fields);

/* {"person": {...}} */
void person_json_write_found(struct json_writer *json, const struct person *person);

/* {"data_sources": [{"name"}]} */
void person_json_write_data_sources(struct json_writer *json, const struct data_source *sources,
                                    size_t count);

#endif
