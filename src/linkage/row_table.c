#include "linkage/row_table.h"

#include "base/memory.h"

int row_table_allocate(struct row_table *rows, uint32_t records, struct error *error)
{
    rows->records = records;
    /* A short row divides a cache line, a long one fills some: none touches one line more than it
       must. The extra line is for moving the first row to a line's begin. */
    uint32_t stride = 1;
    while (stride < rows->stride && stride < ROW_TABLE_LINE) {
        stride *= 2;
    }
    rows->stride = (rows->stride + stride - 1) / stride * stride;
    rows->stride = rows->stride == 0 ? 1 : rows->stride;
    rows->memory =
        memory_alloc_array((size_t)records * rows->stride + ROW_TABLE_LINE, sizeof *rows->items);
    if (rows->memory == NULL) {
        return error_out_of_memory(error);
    }
    const uintptr_t line = ROW_TABLE_LINE * sizeof *rows->items;
    rows->items = (uint32_t *)(((uintptr_t)rows->memory + line - 1) / line * line);
    return 0;
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
    memory_free(rows->memory);
    *rows = (struct row_table){0};
}
