#include "cmd/table.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/utf8.h"

enum { GAP = 2 };

static const char spaces[] = "                                                                ";

/* ---- cells ---- */

static void end_cell(struct table *table)
{
    table->failed = table->failed || !vec_push(&table->ends, table->text.len);
}

void table_add_text(struct table *table, struct str text)
{
    utf8_append_plain(&table->text, text, false);
    end_cell(table);
}

void table_add(struct table *table, const char *format, ...)
{
    char cell[256];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(cell, sizeof cell, format, arguments);
    va_end(arguments);
    size_t kept = length < 0 ? 0 : (size_t)length;
    table_add_text(table, (struct str){cell, kept < sizeof cell ? kept : sizeof cell - 1});
}

static struct str cell_at(const struct table *table, size_t index)
{
    size_t begin = index == 0 ? 0 : table->ends.items[index - 1];
    return (struct str){table->text.ptr + begin, table->ends.items[index] - begin};
}

/* ---- layout ---- */

static size_t column_width(const struct table *table, size_t column, size_t rows)
{
    size_t width = strlen(table->columns[column].name);
    for (size_t row = 0; row < rows; row++) {
        size_t cell = utf8_display_width(cell_at(table, row * table->column_count + column));
        width = cell > width ? cell : width;
    }
    return width;
}

static void append_spaces(struct text_buffer *out, size_t count)
{
    while (count > 0) {
        size_t part = count < sizeof spaces - 1 ? count : sizeof spaces - 1;
        text_append(out, (struct str){spaces, part});
        count -= part;
    }
}

/* Spaces are owed until something follows them: no line ends with any. */
static void append_cell(struct text_buffer *out, struct str cell, size_t width, bool right,
                        size_t *owed)
{
    size_t own = utf8_display_width(cell);
    size_t padding = width > own ? width - own : 0;
    if (cell.len > 0) {
        append_spaces(out, *owed + (right ? padding : 0));
        text_append(out, cell);
        *owed = right ? 0 : padding;
    } else {
        *owed += width;
    }
    *owed += GAP;
}

void table_append(struct text_buffer *out, const struct table *table)
{
    out->failed = out->failed || table->failed || table->text.failed;
    if (out->failed) {
        return;
    }
    size_t rows = table->ends.len / table->column_count;
    size_t widths[32];
    size_t columns =
        table->column_count < ARRAY_LENGTH(widths) ? table->column_count : ARRAY_LENGTH(widths);
    size_t owed = 0;
    for (size_t i = 0; i < columns; i++) {
        widths[i] = column_width(table, i, rows);
        append_cell(out, str_from(table->columns[i].name), widths[i], table->columns[i].right,
                    &owed);
    }
    text_append_char(out, '\n');
    for (size_t row = 0; row < rows; row++) {
        owed = 0;
        for (size_t i = 0; i < columns; i++) {
            append_cell(out, cell_at(table, row * table->column_count + i), widths[i],
                        table->columns[i].right, &owed);
        }
        text_append_char(out, '\n');
    }
}

void table_free(struct table *table)
{
    text_free(&table->text);
    vec_free(&table->ends);
}
