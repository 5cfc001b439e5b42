/*
 * Tables for people: cells are added row by row, and columns are as wide as their widest cell
 * on a terminal.
 *
 *     static const struct table_column columns[] = {{"ID", true}, {"STATUS", false}};
 *     struct table table = TABLE(columns);
 *     table_add(&table, "job_%" PRId64, id);
 *     table_add_text(&table, status);
 *     table_append(&out, &table);
 *     table_free(&table);
 *
 * Lines end after their last cell that is not empty. A failure for want of memory shows in the
 * text_buffer that the table is appended to.
 *
 * Thread rule: one thread.
 */
#ifndef CMD_TABLE_H
#define CMD_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/str.h"
#include "base/vec.h"

struct table_column {
    const char *name;
    bool right; /* aligned at its right, as numbers are */
};

struct table {
    const struct table_column *columns;
    size_t column_count;
    struct text_buffer text; /* of all cells, one after the other */
    struct {
        VEC(size_t);
    } ends; /* of each cell in `text` */
    bool failed;
};

/* For an array of columns. The most text of all cells is a sanity limit. */
#define TABLE(array) \
    ((struct table){ \
        .columns = (array), .column_count = ARRAY_LENGTH(array), .text = TEXT_BUFFER(256 << 20)})

/* The next cell; ptr NULL is an empty one. It is shown as utf8_make_plain() leaves it, so that no
   value can steer the terminal. */
void table_add_text(struct table *table, struct str text);
void table_add(struct table *table, const char *format, ...) PRINTF_LIKE(2, 3);

/* All rows, a line of headings before them. An unfinished row is not shown. */
void table_append(struct text_buffer *out, const struct table *table);

void table_free(struct table *table);

#endif
