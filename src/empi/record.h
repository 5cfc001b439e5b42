/* The fifteen columns of a person record, in import order, under one name each everywhere. */
#ifndef EMPI_RECORD_H
#define EMPI_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

enum {
    RECORD_DATA_SOURCE,
    RECORD_SOURCE_PERSON_ID,
    RECORD_FIRST_NAME,
    RECORD_LAST_NAME,
    RECORD_BIRTH_DATE = 6,
    RECORD_COUNTY = 13,
    RECORD_COLUMN_COUNT = 15,
};

/* The most bytes of a value of a column that is searched: an entry of an index has 2,704 at most, and
   some hold two of them. */
enum { RECORD_SEARCHED_MAX_BYTES = 1000 };

/* Names of columns of the files, the tables and the models. */
extern const struct str record_columns[RECORD_COLUMN_COUNT];

/* The position of a name, or RECORD_COLUMN_COUNT. */
uint32_t record_column_find(struct str name);

/* Whether people search by it: source and its id, names, birth date. */
bool record_column_is_searched(uint32_t column);

/* For SQL and for messages: names separated by commas, the last thirteen alone and all of them. */
#define RECORD_DEMOGRAPHICS_SQL                                                                \
    "first_name,last_name,sex,race,birth_date,death_date,social_security_number,address,city," \
    "state,zip_code,county,phone"
#define RECORD_COLUMNS_SQL "data_source,source_person_id," RECORD_DEMOGRAPHICS_SQL

#endif
