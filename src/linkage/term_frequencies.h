/*
 * Term frequencies: how common each value of a column is among the records that have one.
 *
 * tf(v) = records with value v / records with any value (Splink behaviour notes, section 3). They
 * are kept as log2, for that is what the adjustment of a weight is made of.
 *
 * Thread rule: immutable after building.
 */
#ifndef LINKAGE_TERM_FREQUENCIES_H
#define LINKAGE_TERM_FREQUENCIES_H

#include <math.h>
#include <stdint.h>

#include "base/error.h"
#include "linkage/columns.h"

struct term_frequencies {
    uint32_t *counts;       /* records that have the value, by code; [0] is 0 */
    double *log2_frequency; /* by code; NaN for NULL, which has no frequency */
    uint64_t total;         /* records that have a value */
    double lowest;          /* log2 of the rarest value's frequency; 0 when there is none */
    double highest;         /* and of the commonest's */
};

int term_frequencies_count(struct term_frequencies *out, const struct columns *columns,
                           uint32_t column, struct error *error);

/* The frequency itself, 0 … 1; NaN for NULL. */
static inline double term_frequency(const struct term_frequencies *table, uint32_t code)
{
    return code == COLUMNS_CODE_NULL ? NAN : (double)table->counts[code] / (double)table->total;
}

void term_frequencies_free(struct term_frequencies *table);

#endif
