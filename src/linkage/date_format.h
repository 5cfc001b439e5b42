/*
 * The formats of strptime() and strftime(), as DuckDB knows them: %Y %m %d and so on. A format is
 * parsed once, when a model is loaded.
 *
 * Not done: %Z in reading, since names of time zones need a database of them.
 * Thread rule: a format is immutable.
 */
#ifndef LINKAGE_DATE_FORMAT_H
#define LINKAGE_DATE_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

struct date_format;

enum date_format_use { DATE_FORMAT_READ, DATE_FORMAT_WRITE };

/* Parses a format; it keeps pointers into `text`. STATUS_INVALID for an empty or wrong one. */
int date_format_parse(const struct date_format **out, struct arena *arena, struct str text,
                      enum date_format_use use, struct error *error);

/* Whether a text read by the format tells its offset from UTC. */
bool date_format_has_zone(const struct date_format *format);

/* Reads a whole text: microseconds since 1970 (UTC when the format has an offset). False when the
   text is not of the format or is no moment that exists. *special tells that the text was one of
   "epoch", "infinity" and "-infinity", which every format accepts. */
bool date_format_read(const struct date_format *format, struct str text, int64_t *out,
                      bool *special);

/* Writes a finite timestamp; `zone` is what %Z stands for. Returns the length; with `out` NULL it
   only measures. */
size_t date_format_write(const struct date_format *format, int64_t timestamp, struct str zone,
                         char *out);

/* The English name of a month, 1 … 12, and of a day of the week, 0 … 6 from Sunday. */
struct str date_format_month(int month);
struct str date_format_weekday(int weekday);

#endif
