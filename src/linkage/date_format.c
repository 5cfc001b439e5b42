#include "linkage/date_format.h"

#include <stdio.h>

#include "linkage/calendar.h"

/* A specifier, or with specifier 0 a literal text. */
struct format_item {
    char specifier;
    bool unpadded; /* %-d */
    struct str literal;
};

struct date_format {
    size_t count;
    bool has_zone;
    struct format_item items[];
};

/* ---- parsing ---- */

/* What stands for several specifiers; NULL for none. */
static const char *expansion(char specifier)
{
    switch (specifier) {
    case 'c': return "%Y-%m-%d %H:%M:%S";
    case 'x': return "%Y-%m-%d";
    case 'X':
    case 'T': return "%H:%M:%S";
    default: return NULL;
    }
}

/* Appends the items of `text` and returns 0, or the position after a fault. */
static size_t append_items(struct date_format *format, struct str text)
{
    size_t literal = 0;
    for (size_t at = 0; at < text.len;) {
        if (text.ptr[at] != '%') {
            at++;
            continue;
        }
        if (at > literal) {
            struct str before = {text.ptr + literal, at - literal};
            format->items[format->count++] = (struct format_item){.literal = before};
        }
        bool unpadded = at + 1 < text.len && text.ptr[at + 1] == '-';
        at += 1 + (size_t)unpadded;
        char specifier = at < text.len ? text.ptr[at] : '\0';
        const char *known = unpadded ? "dmyHIMSj" : "aAwudbBhmyYGHIpMSfgnzZjUWVcxXT%";
        if (specifier == '\0' || strchr(known, specifier) == NULL) {
            return at + 1;
        }
        at++;
        literal = at;
        if (specifier == '%') {
            struct str percent = {text.ptr + at - 1, 1};
            format->items[format->count++] = (struct format_item){.literal = percent};
        } else if (expansion(specifier) != NULL) {
            append_items(format, str_from(expansion(specifier)));
        } else {
            format->items[format->count++] = (struct format_item){specifier, unpadded, STR("")};
        }
    }
    if (text.len > literal) {
        struct str rest = {text.ptr + literal, text.len - literal};
        format->items[format->count++] = (struct format_item){.literal = rest};
    }
    return 0;
}

int date_format_parse(const struct date_format **out, struct arena *arena, struct str text,
                      enum date_format_use use, struct error *error)
{
    enum {
        EXPANDED = 11, /* items of the longest expansion */
        MOST = 1000    /* bytes: a format is a few words */
    };
    if (text.len == 0 || text.len > MOST) {
        return error_set(error, STATUS_INVALID, "the date format is %s",
                         text.len == 0 ? "empty" : "too long");
    }
    /* Two bytes make one specifier, one byte one literal. */
    size_t most = text.len * EXPANDED;
    struct date_format *format =
        arena_alloc_zeroed(arena, 1, sizeof *format + most * sizeof format->items[0]);
    if (format == NULL) {
        return error_out_of_memory(error);
    }
    size_t fault = append_items(format, text);
    if (fault != 0) {
        return error_set(error, STATUS_INVALID,
                         "the date format \"%.*s\" has an unknown specifier at its character %zu",
                         STR_ARG(text), fault);
    }
    for (size_t i = 0; i < format->count; i++) {
        format->has_zone |= format->items[i].specifier == 'z';
        if (format->items[i].specifier == 'Z' && use == DATE_FORMAT_READ) {
            return error_set(
                error, STATUS_INVALID,
                "the date format \"%.*s\": names of time zones (%%Z) are not supported",
                STR_ARG(text));
        }
    }
    *out = format;
    return 0;
}

bool date_format_has_zone(const struct date_format *format)
{
    return format->has_zone;
}

/* ---- names ---- */

static const char *const MONTHS[] = {"January",   "February", "March",    "April",
                                     "May",       "June",     "July",     "August",
                                     "September", "October",  "November", "December"};
static const char *const WEEKDAYS[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                       "Thursday", "Friday", "Saturday"};

enum { ABBREVIATED = 3 /* letters */ };

struct str date_format_month(int month)
{
    return str_from(MONTHS[month - 1]);
}

struct str date_format_weekday(int weekday)
{
    return str_from(WEEKDAYS[weekday]);
}

/* ---- reading ---- */

/* Which of the numbers that were read make the date. Month and day go before all others; a year
   alone may still be joined by the number of a week or day within it. */
enum basis { BASIS_NONE, BASIS_YEAR, BASIS_MONTH_DAY, BASIS_YEAR_DAY, BASIS_WEEK, BASIS_ISO };

/* What has been read so far. */
struct reading {
    struct str text;
    size_t at;
    enum basis basis;
    struct calendar_date date;
    int hour;
    int minute;
    int second;
    int microsecond;
    int64_t offset; /* microseconds */
    char half;      /* 'a' or 'p' for AM and PM; 0 for neither */
    int year_day;
    int week;
    bool week_from_monday;
    int weekday;  /* from Sunday; -1 not read */
    int iso_year; /* these three: -1 not read */
    int iso_week;
    int iso_weekday;
};

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static void skip_spaces(struct reading *reading)
{
    while (reading->at < reading->text.len && is_space(reading->text.ptr[reading->at])) {
        reading->at++;
    }
}

/* A run of spaces in a literal stands for any run of white space; the rest is bytewise. */
static bool read_literal(struct reading *reading, struct str literal)
{
    for (size_t i = 0; i < literal.len;) {
        if (reading->at >= reading->text.len) {
            return false;
        }
        char c = reading->text.ptr[reading->at];
        if (!is_space(literal.ptr[i])) {
            if (c != literal.ptr[i]) {
                return false;
            }
            reading->at++;
            i++;
            continue;
        }
        if (!is_space(c)) {
            return false;
        }
        skip_spaces(reading);
        while (i < literal.len && is_space(literal.ptr[i])) {
            i++;
        }
    }
    return true;
}

/* One to `most` digits within a range; *digits is their number. */
static bool read_number(struct reading *reading, int most, int from, int to, int *out, int *digits)
{
    *out = 0;
    *digits = 0;
    while (*digits < most && reading->at < reading->text.len &&
           is_digit(reading->text.ptr[reading->at])) {
        *out = *out * 10 + (reading->text.ptr[reading->at++] - '0');
        ++*digits;
    }
    return *digits > 0 && *out >= from && *out <= to;
}

/* One of the names, whatever its case; its number from 0. */
static bool read_name(struct reading *reading, const char *const *names, size_t count, bool full,
                      int *out)
{
    struct str rest = {reading->text.ptr + reading->at, reading->text.len - reading->at};
    for (size_t i = 0; i < count; i++) {
        size_t length = full ? strlen(names[i]) : ABBREVIATED;
        if (rest.len >= length && str_equal_ignoring_case((struct str){rest.ptr, length},
                                                          (struct str){names[i], length})) {
            reading->at += length;
            *out = (int)i;
            return true;
        }
    }
    return false;
}

static bool read_half(struct reading *reading)
{
    if (reading->text.len - reading->at < 2 || lower(reading->text.ptr[reading->at + 1]) != 'm') {
        return false;
    }
    reading->half = lower(reading->text.ptr[reading->at]);
    reading->at += 2;
    return reading->half == 'a' || reading->half == 'p';
}

/* +hh[[:]mm] */
static bool read_offset(struct reading *reading)
{
    const char *at = reading->text.ptr + reading->at;
    size_t left = reading->text.len - reading->at;
    if (left < 3 || (at[0] != '+' && at[0] != '-') || !is_digit(at[1]) || !is_digit(at[2])) {
        return false;
    }
    int64_t minutes = ((at[1] - '0') * 10 + (at[2] - '0')) * 60;
    size_t colon = left > 3 && at[3] == ':';
    size_t length = 3 + colon;
    if (left >= 5 + colon && is_digit(at[3 + colon]) && is_digit(at[4 + colon])) {
        minutes += (at[3 + colon] - '0') * 10 + (at[4 + colon] - '0');
        length = 5 + colon;
    }
    reading->offset = (at[0] == '-' ? -minutes : minutes) * CALENDAR_MINUTE;
    reading->at += length;
    return true;
}

static bool read_year(struct reading *reading, char specifier)
{
    int digits;
    int year;
    bool two = specifier == 'y';
    if (!read_number(reading, two ? 2 : 4, 0, 9999, &year, &digits)) {
        return false;
    }
    /* 69 … 99 are of the last century, as in POSIX. */
    reading->date.year = !two ? year : year >= 69 ? 1900 + year : 2000 + year;
    if (reading->basis == BASIS_NONE || reading->basis == BASIS_ISO) {
        reading->basis = BASIS_YEAR;
    }
    return true;
}

/* Whether a number within the year may make the date: after month and day it is read but not
   used, beside another such number it is refused. */
static bool join_year(struct reading *reading, enum basis basis)
{
    if (reading->basis == BASIS_NONE || reading->basis == BASIS_YEAR) {
        reading->basis = basis;
        return true;
    }
    return reading->basis == BASIS_MONTH_DAY;
}

static bool read_week(struct reading *reading, char specifier)
{
    int digits;
    if (!join_year(reading, BASIS_WEEK) ||
        !read_number(reading, 2, 0, 53, &reading->week, &digits)) {
        return false;
    }
    if (reading->basis == BASIS_WEEK) {
        reading->week_from_monday = specifier == 'W';
    }
    return true;
}

/* %G and %V: each once, and not beside weeks and days of a plain year. */
static bool read_iso(struct reading *reading, char specifier)
{
    int digits;
    int *out = specifier == 'G' ? &reading->iso_year : &reading->iso_week;
    bool again = reading->basis == BASIS_ISO && *out >= 0;
    if (again || reading->basis == BASIS_WEEK || reading->basis == BASIS_YEAR_DAY) {
        return false;
    }
    reading->basis = reading->basis == BASIS_NONE ? BASIS_ISO : reading->basis;
    return specifier == 'G' ? read_number(reading, 4, 0, 9999, out, &digits)
                            : read_number(reading, 2, 1, 53, out, &digits);
}

/* %f, %g and %n: a fraction of a second, as many digits as there are. */
static bool read_fraction(struct reading *reading, int most)
{
    int digits;
    int number;
    if (!read_number(reading, most, 0, 999999999, &number, &digits)) {
        return false;
    }
    for (; digits < 6; digits++) {
        number *= 10;
    }
    for (int unit = 10; digits > 6; digits--) {
        number = digits == 7 ? (number + unit / 2) / unit : number / unit;
    }
    reading->microsecond = number;
    return true;
}

static bool read_specifier(struct reading *reading, char specifier)
{
    int digits;
    int number;
    switch (specifier) {
    case 'd':
        reading->basis = BASIS_MONTH_DAY;
        return read_number(reading, 2, 1, 31, &reading->date.day, &digits);
    case 'm':
        reading->basis = BASIS_MONTH_DAY;
        return read_number(reading, 2, 1, 12, &reading->date.month, &digits);
    case 'b':
    case 'h':
    case 'B':
        if (!read_name(reading, MONTHS, ARRAY_LENGTH(MONTHS), specifier == 'B', &number)) {
            return false;
        }
        reading->date.month = number + 1;
        return true;
    case 'a':
    case 'A':
        return read_name(reading, WEEKDAYS, ARRAY_LENGTH(WEEKDAYS), specifier == 'A', &number);
    case 'y':
    case 'Y': return read_year(reading, specifier);
    case 'H': return read_number(reading, 2, 0, 23, &reading->hour, &digits);
    case 'I': return read_number(reading, 2, 1, 12, &reading->hour, &digits);
    case 'M': return read_number(reading, 2, 0, 59, &reading->minute, &digits);
    case 'S': return read_number(reading, 2, 0, 59, &reading->second, &digits);
    case 'p': return read_half(reading);
    case 'f': return read_fraction(reading, 6);
    case 'g': return read_fraction(reading, 3);
    case 'n': return read_fraction(reading, 9);
    case 'z': return read_offset(reading);
    case 'j':
        return join_year(reading, BASIS_YEAR_DAY) &&
               read_number(reading, 3, 1, 366, &reading->year_day, &digits);
    case 'U':
    case 'W': return read_week(reading, specifier);
    case 'w': return read_number(reading, 1, 0, 6, &reading->weekday, &digits);
    case 'u':
        return reading->iso_weekday < 0 &&
               read_number(reading, 1, 1, 7, &reading->iso_weekday, &digits);
    default: return read_iso(reading, specifier); /* G and V */
    }
}

/* The Monday on or before a day. */
static int64_t monday_of(int64_t days)
{
    return days - (calendar_weekday(days) + 6) % 7;
}

/* The day that the numbers make; false when there is none such. */
static bool day_of(const struct reading *reading, int64_t *out)
{
    struct calendar_date first = {reading->date.year, 1, 1};
    if (reading->basis == BASIS_YEAR_DAY) {
        *out = calendar_days(first) + reading->year_day - 1;
        return true;
    }
    if (reading->basis == BASIS_WEEK) {
        /* Days before the first Sunday or Monday are in week 0. */
        bool monday = reading->week_from_monday;
        int64_t new_year = calendar_days(first);
        int64_t start = monday_of(new_year) - !monday;
        int weekday = reading->weekday < 0 ? 0 : (reading->weekday + 7 - monday) % 7;
        start -= start >= new_year ? 7 : 0;
        *out = start + (int64_t)reading->week * 7 + weekday;
        return true;
    }
    if (reading->basis == BASIS_ISO) {
        /* The fourth of January is always in the first week. */
        struct calendar_date fourth = {reading->iso_year < 0 ? 1900 : reading->iso_year, 1, 4};
        int week = reading->iso_week < 0 ? 1 : reading->iso_week;
        int weekday = reading->iso_weekday < 0 ? 1 : reading->iso_weekday;
        *out = monday_of(calendar_days(fourth)) + (int64_t)(week - 1) * 7 + weekday - 1;
        return true;
    }
    *out = calendar_is_valid(reading->date) ? calendar_days(reading->date) : 0;
    return calendar_is_valid(reading->date);
}

static bool finish_reading(struct reading *reading, int64_t *out)
{
    skip_spaces(reading);
    if (reading->at != reading->text.len || (reading->half != '\0' && reading->hour > 12)) {
        return false;
    }
    if (reading->half == 'a' && reading->hour == 12) {
        reading->hour = 0;
    } else if (reading->half == 'p' && reading->hour != 12) {
        reading->hour += 12;
    }
    int64_t days;
    int64_t time = reading->hour * CALENDAR_HOUR + reading->minute * CALENDAR_MINUTE +
                   reading->second * CALENDAR_SECOND + reading->microsecond - reading->offset;
    return day_of(reading, &days) && calendar_timestamp(days, time, out);
}

bool date_format_read(const struct date_format *format, struct str text, int64_t *out,
                      bool *special)
{
    struct reading reading = {
        .text = text,
        .date = {1900, 1, 1},
        .weekday = -1,
        .iso_year = -1,
        .iso_week = -1,
        .iso_weekday = -1,
    };
    skip_spaces(&reading);
    struct str trimmed = str_trim((struct str){text.ptr + reading.at, text.len - reading.at});
    int64_t days;
    *special =
        trimmed.len > 4 && !is_digit(trimmed.ptr[0]) && calendar_parse_special_date(trimmed, &days);
    if (*special) {
        return calendar_date_to_timestamp(days, out);
    }
    for (size_t i = 0; i < format->count; i++) {
        const struct format_item *item = &format->items[i];
        bool read = item->specifier == '\0' ? read_literal(&reading, item->literal)
                                            : read_specifier(&reading, item->specifier);
        if (!read) {
            return false;
        }
    }
    return finish_reading(&reading, out);
}

/* ---- writing ---- */

/* A moment taken apart once for all specifiers. */
struct moment {
    struct calendar_date date;
    int64_t days;
    int64_t time; /* microseconds since midnight */
    struct str zone;
};

enum { FIELD_MAX = 24 /* bytes of any specifier's text, but the zone's */ };

static size_t put_number(char *out, int64_t number, int width)
{
    return (size_t)snprintf(out, FIELD_MAX, "%0*lld", width, (long long)number);
}

static size_t put_name(char *out, struct str name, bool full)
{
    size_t length = full ? name.len : ABBREVIATED;
    memcpy(out, name.ptr, length);
    return length;
}

/* Years before 1000 are padded, those before 0 carry a sign and are not. */
static size_t put_year(char *out, int64_t year)
{
    return put_number(out, year, year < 0 ? 1 : 4);
}

/* Weeks that begin on Sunday (`start` 0) or Monday (1); days before the first are in week 0. */
static int week_of(const struct moment *moment, int start)
{
    int weekday = (calendar_weekday(moment->days) + 7 - start) % 7;
    return (calendar_day_of_year(moment->date) - 1 + 7 - weekday) / 7;
}

static size_t put_date(char *out, char specifier, const struct moment *moment, bool unpadded)
{
    int two = unpadded ? 1 : 2;
    int weekday = calendar_weekday(moment->days);
    int64_t iso_year;
    int iso_week = calendar_iso_week(moment->days, &iso_year);
    int64_t in_century = moment->date.year < 0 ? -moment->date.year % 100 : moment->date.year % 100;
    switch (specifier) {
    case 'a':
    case 'A': return put_name(out, date_format_weekday(weekday), specifier == 'A');
    case 'b':
    case 'h':
    case 'B': return put_name(out, date_format_month(moment->date.month), specifier == 'B');
    case 'd': return put_number(out, moment->date.day, two);
    case 'm': return put_number(out, moment->date.month, two);
    case 'y': return put_number(out, in_century, two);
    case 'Y': return put_year(out, moment->date.year);
    case 'j': return put_number(out, calendar_day_of_year(moment->date), unpadded ? 1 : 3);
    case 'w': return put_number(out, weekday, 1);
    case 'u': return put_number(out, weekday == 0 ? 7 : weekday, 1);
    case 'U': return put_number(out, week_of(moment, 0), 2);
    case 'W': return put_number(out, week_of(moment, 1), 2);
    case 'V': return put_number(out, iso_week, 2);
    default: return put_year(out, iso_year); /* G */
    }
}

static size_t put_time(char *out, char specifier, int64_t time, bool unpadded)
{
    int two = unpadded ? 1 : 2;
    int64_t hour = time / CALENDAR_HOUR;
    int64_t fraction = time % CALENDAR_SECOND;
    switch (specifier) {
    case 'H': return put_number(out, hour, two);
    case 'I': return put_number(out, hour % 12 == 0 ? 12 : hour % 12, two);
    case 'M': return put_number(out, time / CALENDAR_MINUTE % 60, two);
    case 'S': return put_number(out, time / CALENDAR_SECOND % 60, two);
    case 'f': return put_number(out, fraction, 6);
    case 'g': return put_number(out, fraction / 1000, 3);
    case 'n': return put_number(out, fraction * 1000, 9);
    default: return put_name(out, hour < 12 ? STR("AM") : STR("PM"), true); /* p */
    }
}

static struct str write_item(const struct format_item *item, const struct moment *moment, char *out)
{
    if (item->specifier == '\0') {
        return item->literal;
    }
    if (item->specifier == 'Z') {
        return moment->zone;
    }
    if (item->specifier == 'z') {
        return STR("+00");
    }
    bool time = strchr("HIMSfgnp", item->specifier) != NULL;
    size_t length = time ? put_time(out, item->specifier, moment->time, item->unpadded)
                         : put_date(out, item->specifier, moment, item->unpadded);
    return (struct str){out, length};
}

size_t date_format_write(const struct date_format *format, int64_t timestamp, struct str zone,
                         char *out)
{
    struct moment moment = {.zone = zone};
    moment.days = calendar_day_of(timestamp, &moment.time);
    moment.date = calendar_date(moment.days);
    size_t length = 0;
    for (size_t i = 0; i < format->count; i++) {
        char field[FIELD_MAX];
        struct str text = write_item(&format->items[i], &moment, field);
        if (out != NULL && text.len > 0) {
            memcpy(out + length, text.ptr, text.len);
        }
        length += text.len;
    }
    return length;
}
