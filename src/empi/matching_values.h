/*
 * What searches look through: the distinct names, birth dates and sources, and how many records have
 * each. Counted as the rows of a matching job pass, added to what is there at its end.
 *
 * Thread rule: one thread.
 */
#ifndef EMPI_MATCHING_VALUES_H
#define EMPI_MATCHING_VALUES_H

#include "base/error.h"
#include "base/str.h"
#include "empi/value_counts.h"
#include "store/store.h"

enum searched {
    SEARCHED_DATA_SOURCE,
    SEARCHED_FIRST_NAME,
    SEARCHED_LAST_NAME,
    SEARCHED_BIRTH_DATE,
    SEARCHED_COUNT
};

/* In that order. */
#define SEARCHED_COLUMNS_SQL "data_source,first_name,last_name,birth_date"

struct matching_values {
    struct value_counts counts[SEARCHED_COUNT];
};

int matching_values_init(struct matching_values *out, struct error *error);

/* Counts those of one record; ptr NULL is none. */
int matching_values_add(struct matching_values *values, const struct str row[SEARCHED_COUNT],
                        struct error *error);

/* Within the job's transaction. */
int matching_values_write(const struct matching_values *values, struct connection *connection,
                          struct error *error);

void matching_values_free(struct matching_values *values);

#endif
