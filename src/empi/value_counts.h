/*
 * Distinct texts in the order in which they first came, and how often each did.
 *
 * Thread rule: one thread.
 */
#ifndef EMPI_VALUE_COUNTS_H
#define EMPI_VALUE_COUNTS_H

#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/index_map.h"
#include "base/str.h"
#include "base/vec.h"

struct value_count {
    struct str value; /* lives as long as the counts */
    uint64_t count;
};

struct value_counts {
    VEC(struct value_count);
    struct index_map map;
    struct arena texts;
    uint64_t seed;
};

/* None yet. The seed is to be secret where texts come from outside. */
#define VALUE_COUNTS(secret) \
    ((struct value_counts){.texts = ARENA((size_t)1 << 40), .seed = (secret)})

/* Counts `value`, which is not NULL, once more; `position` may be NULL, and is where it stands. */
int value_counts_add(struct value_counts *counts, struct str value, uint32_t *position,
                     struct error *error);

void value_counts_free(struct value_counts *counts);

#endif
