#include "linkage/row_table.h"

#include "base/memory.h"

int row_table_allocate(struct row_table *rows, uint32_t records, struct error *error)
{
    rows->records = records;
    rows->stride = rows->stride == 0 ? 1 : rows->stride;
    rows->items = memory_alloc_array((size_t)records * rows->stride, sizeof *rows->items);
    return rows->items == NULL ? error_out_of_memory(error) : 0;
}

void row_table_fill(struct row_table *rows, uint32_t slot, const uint32_t *codes)
{
    uint32_t *at = rows->items + slot;
    for (uint32_t record = 0; record < rows->records; record++) {
        *at = codes == NULL ? 0 : codes[record];
        at += rows->stride;
    }
}

void row_table_free(struct row_table *rows)
{
    memory_free(rows->items);
    *rows = (struct row_table){0};
}
