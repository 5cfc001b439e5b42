#include "empi/record.h"

/* STR() makes a compound literal, which is no constant. */
#define NAME(literal)                  \
    {                                  \
        (literal), sizeof(literal) - 1 \
    }

const struct str record_columns[RECORD_COLUMN_COUNT] = {
    NAME("data_source"),
    NAME("source_person_id"),
    NAME("first_name"),
    NAME("last_name"),
    NAME("sex"),
    NAME("race"),
    NAME("birth_date"),
    NAME("death_date"),
    NAME("social_security_number"),
    NAME("address"),
    NAME("city"),
    NAME("state"),
    NAME("zip_code"),
    NAME("county"),
    NAME("phone"),
};

uint32_t record_column_find(struct str name)
{
    for (uint32_t i = 0; i < RECORD_COLUMN_COUNT; i++) {
        if (str_equal(record_columns[i], name)) {
            return i;
        }
    }
    return RECORD_COLUMN_COUNT;
}

bool record_column_is_searched(uint32_t column)
{
    return column <= RECORD_LAST_NAME || column == RECORD_BIRTH_DATE;
}
