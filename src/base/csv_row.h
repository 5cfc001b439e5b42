/*
 * Parses one row of CSV that lies in memory; the reader's (csv.c) inner part.
 *
 * Knows neither files nor encodings: it splits a row into fields and tells where and how that
 * fails. Fields point into the row; "" within quotes is left as it is, and marked.
 *
 * Thread rule: one thread at a time a row.
 */
#ifndef BASE_CSV_ROW_H
#define BASE_CSV_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/csv.h"
#include "base/csv_scan.h"

/* How the parsing of a field or row ended. */
enum csv_parse {
    CSV_PARSE_FIELD, /* a field; another follows (never the result for a row) */
    CSV_PARSE_ROW,   /* the row is complete */
    CSV_PARSE_MORE,  /* the bytes ended before the row did, and more may come */
    CSV_PARSE_NUL,   /* the rest are faults of the field number `count` on `line` */
    CSV_PARSE_QUOTE_INSIDE,
    CSV_PARSE_AFTER_QUOTE,
    CSV_PARSE_LONE_RETURN,
    CSV_PARSE_OPEN_QUOTE, /* of the field on `quote_line` */
};

struct csv_row {
    /* Set by the caller. `limit` must hold '\n' and be followed by CSV_SCAN_BLOCK - 1 readable
       bytes. */
    const char *start;
    const char *limit;        /* the end of the bytes */
    bool at_end;              /* whether nothing follows them */
    struct csv_field *fields; /* room for `room` fields; more are counted but not stored */
    size_t room;
    uint64_t line; /* on which the row begins; afterwards where the next row begins, or the fault */

    /* Set by csv_row_parse. */
    size_t count;        /* fields */
    const char *stop;    /* the end of the row, without its line end */
    const char *next;    /* behind the line end */
    uint64_t quote_line; /* on which the last quoted field began */
    bool open;           /* ended within quotes */
    bool escapes;        /* some field holds "" */
    bool ascii;          /* surely nothing but ASCII */

    /* Private. */
    struct csv_scan scan;
    const char *at; /* the field to parse next */
};

enum csv_parse csv_row_parse(struct csv_row *row);

#endif
