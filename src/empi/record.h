/* The fifteen columns of a person record, in import order, under one name each everywhere. */
#ifndef EMPI_RECORD_H
#define EMPI_RECORD_H

#include <stdint.h>

#include "base/str.h"

enum {
    RECORD_DATA_SOURCE,
    RECORD_SOURCE_PERSON_ID,
    RECORD_COUNTY = 13,
    RECORD_COLUMN_COUNT = 15,
};

/* Names of columns of the files, the tables and the models. */
extern const struct str record_columns[RECORD_COLUMN_COUNT];

/* The position of a name, or RECORD_COLUMN_COUNT. */
uint32_t record_column_find(struct str name);

/* For SQL and for messages: names separated by commas, the last thirteen alone and all of them. */
#define RECORD_DEMOGRAPHICS_SQL                                                                \
    "first_name,last_name,sex,race,birth_date,death_date,social_security_number,address,city," \
    "state,zip_code,county,phone"
#define RECORD_COLUMNS_SQL "data_source,source_person_id," RECORD_DEMOGRAPHICS_SQL

#endif
