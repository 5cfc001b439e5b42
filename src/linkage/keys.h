/*
 * Keys: one 32-bit code a record that stands for the record's values in several columns, or for the
 * values of several expressions. Equal codes mean equal values, so that a comparison of many values
 * is a comparison of two integers, and a result that depends on those values alone can be kept
 * under the code.
 *
 * Thread rule: one thread builds; immutable afterwards.
 */
#ifndef LINKAGE_KEYS_H
#define LINKAGE_KEYS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "linkage/columns.h"

#define KEYS_NO_RECORD UINT32_MAX

struct keys {
    const uint32_t *codes;    /* one a record, each < count */
    uint32_t count;           /* number of codes, unused ones included */
    uint32_t *representative; /* for each code a record that has it, or KEYS_NO_RECORD */
    uint32_t *owned;          /* what `codes` points to when it is not a column's own array */
};

/* The keys of a set of columns: of one column its own codes (0 is NULL), of several a code for each
   distinct combination, of none the code 0 for all. `columns` must outlive the keys. */
int keys_of_columns(struct keys *out, const struct columns *columns, const struct column_set *set,
                    struct error *error);

/* The number of columns in a set; *only is one of them. */
uint32_t keys_column_count(const struct columns *columns, const struct column_set *set,
                           uint32_t *only);

/*
 * Replaces codes[i] by a code for the pair (codes[i], more[i]) with codes numbered from 0 in order
 * of first appearance; *count is their number. With `zero_is_null` a pair with a 0 in it gets 0 and
 * the others are numbered from 1: a join key of which one part is NULL joins nothing.
 */
int keys_combine(uint32_t *codes, const uint32_t *more, uint32_t records, bool zero_is_null,
                 uint32_t *count, struct error *error);

void keys_free(struct keys *keys);

#endif
