/*
 * What a source wrote down about a person on some day: the 15 columns of an import file.
 *
 * Any thread; a record belongs to one.
 */
#ifndef SYNTH_RECORD_H
#define SYNTH_RECORD_H

#include "synth/person.h"

enum synth_field {
    SYNTH_DATA_SOURCE,
    SYNTH_SOURCE_PERSON_ID,
    SYNTH_FIRST_NAME,
    SYNTH_LAST_NAME,
    SYNTH_SEX,
    SYNTH_RACE,
    SYNTH_BIRTH_DATE,
    SYNTH_DEATH_DATE,
    SYNTH_SOCIAL_SECURITY_NUMBER,
    SYNTH_ADDRESS,
    SYNTH_CITY,
    SYNTH_STATE,
    SYNTH_ZIP_CODE,
    SYNTH_COUNTY,
    SYNTH_PHONE,
    SYNTH_FIELD_COUNT,
};

extern const char *const synth_field_names[SYNTH_FIELD_COUNT];

enum synth_errors { SYNTH_ERRORS_LOW, SYNTH_ERRORS_MEDIUM, SYNTH_ERRORS_HIGH, SYNTH_ERRORS_COUNT };

struct synth_record {
    struct synth_text fields[SYNTH_FIELD_COUNT]; /* an empty one is missing */
};

/* Record `ordinal` (from 0) of person `number`. Its source_person_id is "NUMBER-ORDINAL": the
   truth. Two records of a person come from different sources as long as there are enough. */
void synth_record_make(struct synth_record *out, const struct synth_world *world,
                       enum synth_errors errors, uint64_t number, uint32_t ordinal);

#endif
