/*
 * CSV as RFC 4180: comma separated, double quotes, "" within quotes; \n or \r\n; UTF-8, with or
 * without a byte-order mark.
 *
 * Strict: a short or long row, text after a closing quote, a quote inside an unquoted field, an
 * open quote at the end, a lone \r outside quotes, NUL bytes and bad UTF-8 are STATUS_INVALID with
 * file, line and (where it helps) column. A final line without newline is fine; empty lines at the
 * end are fine; an empty line elsewhere is a short row (or, in a file of one column, an empty
 * value).
 *
 * Thread rule: one thread at a time a reader.
 */
#ifndef BASE_CSV_H
#define BASE_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"
#include "base/stream.h"

enum {
    CSV_MAX_COLUMNS = 4096,
    CSV_MAX_ROW_BYTES = 16 << 20, /* a longer row is an error: most likely an open quote */
};

struct csv_field {
    struct str text; /* unescaped; valid until the next row is read */
    bool quoted;     /* so that a caller can tell "" from nothing */
};

struct csv_reader;

/* Reads from `stream`, which stays the caller's and must outlive the reader, and reads the header:
   an empty file, an empty or doubled name is an error. */
int csv_reader_open(struct csv_reader **out, struct stream *stream, struct error *error);

/* The header. */
size_t csv_reader_column_count(const struct csv_reader *reader);
struct str csv_reader_column(const struct csv_reader *reader, size_t position);

/* The next row: *out points at column_count fields that live until the next call; NULL at the
   end. */
int csv_reader_next(struct csv_reader *reader, const struct csv_field **out, struct error *error);

/* The line, from 1, on which the row last read began. */
uint64_t csv_reader_line(const struct csv_reader *reader);

/* The raw bytes of the row last read, without its line end: what a copier passes on as it is. */
struct str csv_reader_raw_row(const struct csv_reader *reader);

void csv_reader_free(struct csv_reader *reader);

/* Appends one field: quoted when it holds a comma, quote, CR or LF, or begins or ends with a space;
   NULL (ptr NULL) is nothing, '' is "". */
void csv_append_field(struct text_buffer *out, struct str text);

#endif
