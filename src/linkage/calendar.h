/*
 * Dates, timestamps and intervals: the proleptic Gregorian calendar with DuckDB's ranges, and their
 * texts as DuckDB's CAST reads and writes them.
 *
 * A date counts days, a timestamp microseconds, both from 1970-01-01; year 0 is 1 BC. Both have two
 * values beyond all others, infinity and -infinity. Timestamps with time zone are in UTC, which is
 * the only zone here.
 *
 * Thread rule: pure functions.
 */
#ifndef LINKAGE_CALENDAR_H
#define LINKAGE_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "linkage/value.h"

#define CALENDAR_SECOND INT64_C(1000000) /* microseconds */
#define CALENDAR_MINUTE (60 * CALENDAR_SECOND)
#define CALENDAR_HOUR   (60 * CALENDAR_MINUTE)
#define CALENDAR_DAY    (24 * CALENDAR_HOUR)

#define CALENDAR_DATE_INFINITY      INT64_C(2147483647) /* and the negative of it */
#define CALENDAR_TIMESTAMP_INFINITY INT64_MAX           /* and the negative of it */

enum {
    CALENDAR_TEXT_MAX = 96, /* bytes that any text of a date, timestamp or interval takes */
    CALENDAR_MONTHS = 12,
};

struct calendar_date {
    int64_t year;
    int month; /* 1 … 12 */
    int day;   /* 1 … 31 */
};

/* ---- counting ---- */

int calendar_month_length(int64_t year, int month);

/* Whether there is such a day, within DuckDB's range: 5877642-06-25 (BC) to 5881580-07-10. */
bool calendar_is_valid(struct calendar_date date);

/* For valid dates. */
int64_t calendar_days(struct calendar_date date);
struct calendar_date calendar_date(int64_t days);

/* 0 is Sunday. */
int calendar_weekday(int64_t days);

/* From 1. */
int calendar_day_of_year(struct calendar_date date);

/* The ISO 8601 week, 1 … 53, and the year that it belongs to. */
int calendar_iso_week(int64_t days, int64_t *year);

static inline bool calendar_date_is_finite(int64_t days)
{
    return days != CALENDAR_DATE_INFINITY && days != -CALENDAR_DATE_INFINITY;
}

static inline bool calendar_timestamp_is_finite(int64_t timestamp)
{
    return timestamp != CALENDAR_TIMESTAMP_INFINITY && timestamp != -CALENDAR_TIMESTAMP_INFINITY;
}

/* A day and microseconds after its start as a timestamp; false out of range. */
bool calendar_timestamp(int64_t days, int64_t microseconds, int64_t *out);

/* The day of a timestamp, and the microseconds since its start. */
int64_t calendar_day_of(int64_t timestamp, int64_t *microseconds);

/* A date as a timestamp and back; infinite ones stay so. False out of range. */
bool calendar_date_to_timestamp(int64_t days, int64_t *out);
int64_t calendar_timestamp_to_date(int64_t timestamp);

/* ---- adding ---- */

/* timestamp + interval: months first, to the last day of a shorter month, then days, then
   microseconds. With a time zone microseconds come first when any part of the interval is negative.
   Infinite timestamps stay. False out of range. */
bool calendar_add(int64_t timestamp, struct value_interval interval, bool with_zone, int64_t *out);

/* The interval with each part negated; false when a part has no negative. */
bool calendar_negate(struct value_interval interval, struct value_interval *out);

/* ---- texts ---- */

/* CAST(text AS DATE), AS TIMESTAMP, AS INTERVAL: false when the text is none. An offset from UTC is
   taken into account for a timestamp with time zone only. */
bool calendar_parse_date(struct str text, int64_t *out);
bool calendar_parse_timestamp(struct str text, bool with_zone, int64_t *out);
bool calendar_parse_interval(struct str text, struct value_interval *out);

/* The whole of "epoch", "infinity" or "-infinity", whatever their case. */
bool calendar_parse_special_date(struct str text, int64_t *out);

/* The text without terminator into `out`, which has room for CALENDAR_TEXT_MAX bytes. Return the
   length. */
size_t calendar_format_date(int64_t days, char *out);
size_t calendar_format_timestamp(int64_t timestamp, char *out);
size_t calendar_format_interval(struct value_interval interval, char *out);

#endif
