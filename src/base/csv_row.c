#include "base/csv_row.h"

/* A field is complete and `mark` is the byte that should end it. */
static inline enum csv_parse end_field(struct csv_row *row, const char *mark)
{
    if (LIKELY(*mark == ',')) {
        row->at = mark + 1;
        return CSV_PARSE_FIELD;
    }
    row->stop = mark;
    if (*mark == '\n') {
        if (mark == row->limit) {
            row->next = mark;
            return row->at_end ? CSV_PARSE_ROW : CSV_PARSE_MORE;
        }
        row->next = mark + 1;
        row->line++;
        return CSV_PARSE_ROW;
    }
    /* A carriage return. At the limit the line feed may be still to come. */
    if (mark + 1 == row->limit) {
        return row->at_end ? CSV_PARSE_LONE_RETURN : CSV_PARSE_MORE;
    }
    if (mark[1] != '\n') {
        return CSV_PARSE_LONE_RETURN;
    }
    row->next = mark + 2;
    row->line++;
    return CSV_PARSE_ROW;
}

static inline void store_field(struct csv_row *row, const char *end, bool quoted)
{
    if (LIKELY(row->count < row->room)) {
        row->fields[row->count] =
            (struct csv_field){.text = {row->at, (size_t)(end - row->at)}, .quoted = quoted};
    }
}

static enum csv_parse parse_quoted(struct csv_row *row)
{
    row->at = csv_scan_next(&row->scan) + 1; /* behind the opening quote */
    row->open = true;
    row->quote_line = row->line;
    const char *mark;
    for (;;) {
        mark = csv_scan_next(&row->scan);
        if (*mark == '"') {
            /* At the limit '\n' stands behind it, and end_field finds out. */
            if (mark[1] != '"') {
                break;
            }
            row->escapes = true;
            (void)csv_scan_next(&row->scan);
        } else if (*mark == '\n') {
            if (mark == row->limit) {
                return row->at_end ? CSV_PARSE_OPEN_QUOTE : CSV_PARSE_MORE;
            }
            row->line++;
        } else if (*mark == '\0') {
            return CSV_PARSE_NUL;
        }
    }
    row->open = false;
    store_field(row, mark, true);
    if (mark[1] != ',' && mark[1] != '\n' && mark[1] != '\r') {
        return CSV_PARSE_AFTER_QUOTE;
    }
    return end_field(row, csv_scan_next(&row->scan));
}

static inline enum csv_parse parse_field(struct csv_row *row)
{
    if (*row->at == '"') {
        return parse_quoted(row);
    }
    const char *mark = csv_scan_next(&row->scan);
    if (UNLIKELY(*mark == '"')) {
        return CSV_PARSE_QUOTE_INSIDE;
    }
    if (UNLIKELY(*mark == '\0')) {
        return CSV_PARSE_NUL;
    }
    store_field(row, mark, false);
    return end_field(row, mark);
}

enum csv_parse csv_row_parse(struct csv_row *row)
{
    row->count = 0;
    row->at = row->stop = row->next = row->start;
    row->quote_line = row->line;
    row->open = row->escapes = false;
    csv_scan_begin(&row->scan, row->start);
    enum csv_parse result;
    while ((result = parse_field(row)) == CSV_PARSE_FIELD) {
        row->count++;
    }
    row->count += result == CSV_PARSE_ROW;
    row->ascii = row->scan.beyond == 0;
    return result;
}
