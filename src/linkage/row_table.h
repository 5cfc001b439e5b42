/*
 * Rows: for each record the few 32-bit codes that the inner loop of a linkage looks at, side by
 * side, so that a candidate costs one or two cache lines and no more.
 *
 * Thread rule: planned and filled by one thread, or slot by slot by several; then immutable.
 */
#ifndef LINKAGE_ROW_TABLE_H
#define LINKAGE_ROW_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum { ROW_TABLE_LINE = 64 / sizeof(uint32_t) }; /* slots of a cache line */

struct row_table {
    uint32_t *items; /* at the begin of a cache line */
    void *memory;    /* what they lie in */
    uint32_t records;
    uint32_t stride; /* slots a record */
};

/* While planning: takes `count` slots side by side and returns the first. */
static inline uint32_t row_table_take(struct row_table *rows, uint32_t count)
{
    uint32_t first = rows->stride;
    rows->stride += count;
    return first;
}

/* Ends the planning: room for all slots of all records, undefined until filled. */
int row_table_allocate(struct row_table *rows, uint32_t records, struct error *error);

/* Fills one slot of all records; `codes` NULL stands for zeros. */
void row_table_fill(struct row_table *rows, uint32_t slot, const uint32_t *codes);

void row_table_free(struct row_table *rows);

static inline const uint32_t *row_table_row(const struct row_table *rows, uint32_t record)
{
    return rows->items + (size_t)record * rows->stride;
}

/* Asks for a row ahead of its use: every cache line of it. */
static inline void row_table_prefetch(const struct row_table *rows, uint32_t record)
{
    const uint32_t *row = row_table_row(rows, record);
    for (uint32_t slot = 0; slot < rows->stride; slot += ROW_TABLE_LINE) {
        __builtin_prefetch(row + slot);
    }
}

#endif
