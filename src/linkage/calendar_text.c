/* The texts of dates, timestamps and intervals. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/number_text.h"
#include "linkage/calendar.h"

/* ---- scanning ---- */

/* A text and how far it is read. */
struct scanner {
    const char *ptr;
    size_t len;
    size_t at;
};

static bool at_end(const struct scanner *scanner)
{
    return scanner->at >= scanner->len;
}

static char peek(const struct scanner *scanner)
{
    return at_end(scanner) ? '\0' : scanner->ptr[scanner->at];
}

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

static void skip_spaces(struct scanner *scanner)
{
    while (!at_end(scanner) && is_space(peek(scanner))) {
        scanner->at++;
    }
}

static bool accept(struct scanner *scanner, char c)
{
    if (at_end(scanner) || peek(scanner) != c) {
        return false;
    }
    scanner->at++;
    return true;
}

/* Between one and `most` digits; more are an error. */
static bool read_number(struct scanner *scanner, int most, int64_t *out)
{
    int digits = 0;
    *out = 0;
    for (; is_digit(peek(scanner)); scanner->at++) {
        if (++digits > most) {
            return false;
        }
        *out = *out * 10 + (peek(scanner) - '0');
    }
    return digits > 0;
}

/* One or two digits; a third is left. */
static bool read_two_digits(struct scanner *scanner, int64_t *out)
{
    if (!is_digit(peek(scanner))) {
        return false;
    }
    *out = scanner->ptr[scanner->at++] - '0';
    if (is_digit(peek(scanner))) {
        *out = *out * 10 + (scanner->ptr[scanner->at++] - '0');
    }
    return true;
}

/* The word, whatever its case, when it stands here. */
static bool accept_word(struct scanner *scanner, const char *word)
{
    size_t length = strlen(word);
    if (scanner->len - scanner->at < length) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        if (lower(scanner->ptr[scanner->at + i]) != word[i]) {
            return false;
        }
    }
    scanner->at += length;
    return true;
}

/* ---- dates ---- */

/* Year, month and day between equal separators, and an optional " (BC)". */
static bool scan_date(struct scanner *scanner, int64_t *out)
{
    enum { YEAR_DIGITS = 9 };
    bool negative = accept(scanner, '-');
    struct calendar_date date;
    int64_t month;
    int64_t day;
    if (!read_number(scanner, YEAR_DIGITS, &date.year)) {
        return false;
    }
    char separator = peek(scanner);
    if (at_end(scanner) ||
        (separator != '-' && separator != '/' && separator != '\\' && separator != ' ')) {
        return false;
    }
    scanner->at++;
    if (!read_two_digits(scanner, &month) || !accept(scanner, separator) ||
        !read_two_digits(scanner, &day)) {
        return false;
    }
    if (scanner->len - scanner->at >= 5 && is_space(peek(scanner))) {
        struct scanner after = *scanner;
        after.at++;
        if (accept_word(&after, "(bc)")) {
            if (negative || date.year == 0) {
                return false;
            }
            date.year = 1 - date.year;
            *scanner = after;
        }
    }
    date.year = negative ? -date.year : date.year;
    date.month = (int)month;
    date.day = (int)day;
    if (is_digit(peek(scanner)) || !calendar_is_valid(date)) {
        return false;
    }
    *out = calendar_days(date);
    return true;
}

/* "epoch", "infinity" and "-infinity"; at what follows it does not look. */
static bool scan_special_date(struct scanner *scanner, int64_t *out)
{
    bool negative = peek(scanner) == '-';
    struct str rest = {scanner->ptr + scanner->at + negative,
                       scanner->len - scanner->at - negative};
    if (accept_word(scanner, "epoch")) {
        *out = 0;
        return true;
    }
    /* The short form only when nothing follows. */
    if (accept_word(scanner, "infinity") || accept_word(scanner, "-infinity")) {
        *out = negative ? -CALENDAR_DATE_INFINITY : CALENDAR_DATE_INFINITY;
        return true;
    }
    if (str_equal_ignoring_case(rest, STR("inf"))) {
        scanner->at = scanner->len;
        *out = negative ? -CALENDAR_DATE_INFINITY : CALENDAR_DATE_INFINITY;
        return true;
    }
    return false;
}

bool calendar_parse_special_date(struct str text, int64_t *out)
{
    struct scanner scanner = {text.ptr, text.len, 0};
    return scan_special_date(&scanner, out) && at_end(&scanner);
}

bool calendar_parse_date(struct str text, int64_t *out)
{
    struct scanner scanner = {text.ptr, text.len, 0};
    skip_spaces(&scanner);
    if (scan_special_date(&scanner, out)) {
        skip_spaces(&scanner);
        return at_end(&scanner);
    }
    return scan_date(&scanner, out);
}

/* ---- times ---- */

/* h:m[:s[.ffffff]] with up to nine digits of hours, for intervals; whatever follows is left. */
static bool scan_time(struct scanner *scanner, int64_t *out)
{
    enum { HOUR_DIGITS = 9, FRACTION_DIGITS = 6 };
    int64_t hours;
    int64_t minutes = 0;
    int64_t seconds = 0;
    skip_spaces(scanner);
    if (!read_number(scanner, HOUR_DIGITS, &hours) || !accept(scanner, ':')) {
        return false;
    }
    if (!at_end(scanner) && (!read_two_digits(scanner, &minutes) || minutes >= 60)) {
        return false;
    }
    if (!at_end(scanner)) {
        if (!accept(scanner, ':') || (!at_end(scanner) && !read_two_digits(scanner, &seconds)) ||
            seconds >= 60) {
            return false;
        }
    }
    int64_t fraction = 0;
    if (accept(scanner, '.')) {
        int64_t unit = CALENDAR_SECOND / 10;
        for (; is_digit(peek(scanner)); scanner->at++, unit /= 10) {
            fraction += (peek(scanner) - '0') * unit;
        }
    }
    *out = hours * CALENDAR_HOUR + minutes * CALENDAR_MINUTE + seconds * CALENDAR_SECOND + fraction;
    return true;
}

/* +hh[[:]mm[:ss]] or -…, in microseconds; false and nothing read when there is none. */
static bool scan_offset(struct scanner *scanner, int64_t *out)
{
    struct scanner at = *scanner;
    bool negative = accept(&at, '-');
    int64_t hours = 0;
    int64_t minutes = 0;
    if ((!negative && !accept(&at, '+')) || at.len - at.at < 2 || !is_digit(at.ptr[at.at]) ||
        !is_digit(at.ptr[at.at + 1])) {
        return false;
    }
    read_two_digits(&at, &hours);
    struct scanner more = at;
    accept(&more, ':');
    if (more.len - more.at >= 2 && is_digit(more.ptr[more.at]) && is_digit(more.ptr[more.at + 1])) {
        read_two_digits(&more, &minutes);
        at = more;
    }
    int64_t seconds = 0;
    if (accept(&at, ':')) {
        read_two_digits(&at, &seconds);
    }
    *scanner = at;
    *out = hours * CALENDAR_HOUR + minutes * CALENDAR_MINUTE + seconds * CALENDAR_SECOND;
    *out = negative ? -*out : *out;
    return true;
}

bool calendar_parse_timestamp(struct str text, bool with_zone, int64_t *out)
{
    struct scanner scanner = {text.ptr, text.len, 0};
    int64_t days;
    int64_t time = 0;
    skip_spaces(&scanner);
    if (scan_special_date(&scanner, &days)) {
        skip_spaces(&scanner);
        return at_end(&scanner) && calendar_date_to_timestamp(days, out);
    }
    if (!scan_date(&scanner, &days)) {
        return false;
    }
    if (at_end(&scanner)) {
        return calendar_timestamp(days, 0, out);
    }
    if (peek(&scanner) == ' ' || peek(&scanner) == 'T') {
        scanner.at++;
    }
    if (!scan_time(&scanner, &time) || time > CALENDAR_DAY ||
        !calendar_timestamp(days, time, out)) {
        return false;
    }
    int64_t offset;
    struct scanner zone = scanner;
    if (accept(&zone, ' ') && accept_word(&zone, "utc")) {
        scanner = zone;
    } else if (!accept(&scanner, 'Z') && scan_offset(&scanner, &offset) && with_zone &&
               __builtin_sub_overflow(*out, offset, out)) {
        return false;
    }
    skip_spaces(&scanner);
    return at_end(&scanner) && calendar_timestamp_is_finite(*out);
}

/* ---- intervals ---- */

/* A unit that an interval's text may name. A fraction of it goes to the parts below. */
struct interval_unit {
    const char *names; /* separated by spaces */
    int64_t months;
    int64_t days;
    int64_t microseconds;
};

static const struct interval_unit UNITS[] = {
    {"millennium millennia mil mils millenium", 12000, 0, 0},
    {"century centuries cent c", 1200, 0, 0},
    {"decade decades dec decs", 120, 0, 0},
    {"year years yr yrs y", 12, 0, 0},
    {"quarter quarters", 3, 0, 0},
    {"month months mon mons", 1, 0, 0},
    {"week weeks w", 0, 7, 0},
    {"day days d dayofmonth", 0, 1, 0},
    {"hour hours hr hrs h", 0, 0, CALENDAR_HOUR},
    {"minute minutes min mins m", 0, 0, CALENDAR_MINUTE},
    {"second seconds sec secs s", 0, 0, CALENDAR_SECOND},
    {"millisecond milliseconds msec msecs ms", 0, 0, 1000},
    {"microsecond microseconds us usec usecs usecond useconds", 0, 0, 1},
};

static const struct interval_unit *find_unit(struct str word)
{
    for (size_t i = 0; i < ARRAY_LENGTH(UNITS) && word.len > 0; i++) {
        for (const char *name = UNITS[i].names; *name != '\0';) {
            size_t length = strcspn(name, " ");
            if (str_equal_ignoring_case((struct str){name, length}, word)) {
                return &UNITS[i];
            }
            name += length + (name[length] == ' ');
        }
    }
    return NULL;
}

/* *sum += amount, and a fraction of a unit rounded; false on overflow of int32. */
static bool add_small(int32_t *sum, int64_t number, int64_t unit)
{
    int64_t amount;
    if (__builtin_mul_overflow(number, unit, &amount) || amount != (int32_t)amount) {
        return false;
    }
    return !__builtin_add_overflow(*sum, (int32_t)amount, sum);
}

static bool add_large(int64_t *sum, int64_t number, int64_t unit)
{
    int64_t amount;
    return !__builtin_mul_overflow(number, unit, &amount) &&
           !__builtin_add_overflow(*sum, amount, sum);
}

/* What a fraction of a unit is worth in microseconds; a fraction of next to nothing is nothing. */
static int64_t rounded(double fraction, int64_t unit)
{
    return fabs(fraction) > 1e-10 ? (int64_t)round(fraction * (double)unit) : 0;
}

/* A fraction of years becomes whole months, of quarters months and days, of months days, of weeks
   days and time, of days time. What is left of a month or day of months is dropped. */
static bool add_unit(struct value_interval *out, const struct interval_unit *unit, int64_t number,
                     double fraction)
{
    if (unit->microseconds > 0) {
        return add_large(&out->microseconds, number, unit->microseconds) &&
               add_large(&out->microseconds, rounded(fraction, unit->microseconds), 1);
    }
    if (unit->days > 0) {
        double days = unit->days > 1 ? trunc(fraction * (double)unit->days) : 0.0;
        double rest = fraction * (double)unit->days - days;
        return add_small(&out->days, number, unit->days) &&
               add_small(&out->days, (int64_t)days, 1) &&
               add_large(&out->microseconds, rounded(rest, CALENDAR_DAY), 1);
    }
    enum { DAYS_A_MONTH = 30, QUARTER = 3 };
    double months = trunc(fraction * (double)unit->months);
    double rest = fraction * (double)unit->months - months;
    int64_t days = unit->months <= QUARTER ? (int64_t)(rest * DAYS_A_MONTH) : 0;
    return add_small(&out->months, number, unit->months) &&
           add_small(&out->months, (int64_t)months, 1) && add_small(&out->days, days, 1);
}

static void skip_blanks(struct scanner *scanner)
{
    while (peek(scanner) == ' ' || peek(scanner) == '\t' || peek(scanner) == '\n') {
        scanner->at++;
    }
}

/* Digits with an optional fraction, in two parts. */
static bool scan_amount(struct scanner *scanner, int64_t *number, double *fraction)
{
    enum { FRACTION_MAX = 60 };
    size_t start = scanner->at;
    while (is_digit(peek(scanner))) {
        scanner->at++;
    }
    struct str digits = {scanner->ptr + start, scanner->at - start};
    *fraction = 0.0;
    if (!integer_from_text(digits, number)) {
        return false;
    }
    if (accept(scanner, '.')) {
        /* More digits than these do not change a double. */
        char text[2 + FRACTION_MAX] = "0.";
        size_t length = 2;
        for (; is_digit(peek(scanner)); scanner->at++) {
            if (length < sizeof text) {
                text[length++] = peek(scanner);
            }
        }
        if (length > 2) {
            double_from_text((struct str){text, length}, fraction);
        }
    }
    return true;
}

/* One amount with its unit, or a time of day, which ends the text. */
static bool scan_interval_part(struct scanner *scanner, bool first, struct value_interval *out)
{
    int64_t number;
    double fraction;
    bool negative = accept(scanner, '-');
    struct scanner start = *scanner;
    if (!scan_amount(scanner, &number, &fraction)) {
        return false;
    }
    if (fraction == 0.0 && peek(scanner) == ':') {
        int64_t time;
        bool read = scan_time(&start, &time);
        scanner->at = scanner->len;
        return read && add_large(&out->microseconds, negative ? -time : time, 1);
    }
    number = negative ? -number : number;
    fraction = negative ? -fraction : fraction;
    skip_blanks(scanner);
    size_t begin = scanner->at;
    while (lower(peek(scanner)) >= 'a' && lower(peek(scanner)) <= 'z') {
        scanner->at++;
    }
    struct str word = {scanner->ptr + begin, scanner->at - begin};
    if (word.len == 0 && first) {
        /* A number alone is seconds. */
        skip_blanks(scanner);
        return at_end(scanner) && add_large(&out->microseconds, number, CALENDAR_SECOND) &&
               add_large(&out->microseconds, rounded(fraction, CALENDAR_SECOND), 1);
    }
    const struct interval_unit *unit = find_unit(word);
    return unit != NULL && add_unit(out, unit, number, fraction);
}

bool calendar_parse_interval(struct str text, struct value_interval *out)
{
    struct scanner scanner = {text.ptr, text.len, 0};
    struct value_interval sum = {0};
    accept(&scanner, '@');
    bool first = true;
    for (skip_blanks(&scanner); !at_end(&scanner); skip_blanks(&scanner)) {
        if (lower(peek(&scanner)) == 'a') {
            if (!accept_word(&scanner, "ago") || !calendar_negate(sum, &sum)) {
                return false;
            }
            skip_blanks(&scanner);
            if (!at_end(&scanner)) {
                return false;
            }
            break;
        }
        if (!scan_interval_part(&scanner, first, &sum)) {
            return false;
        }
        first = false;
    }
    *out = sum;
    return !first;
}

/* ---- formatting ---- */

size_t calendar_format_date(int64_t days, char *out)
{
    if (!calendar_date_is_finite(days)) {
        const char *word = days > 0 ? "infinity" : "-infinity";
        return (size_t)snprintf(out, CALENDAR_TEXT_MAX, "%s", word);
    }
    struct calendar_date date = calendar_date(days);
    bool before_christ = date.year <= 0;
    long year = (long)(before_christ ? 1 - date.year : date.year);
    return (size_t)snprintf(out, CALENDAR_TEXT_MAX, "%04ld-%02d-%02d%s", year, date.month, date.day,
                            before_christ ? " (BC)" : "");
}

/* hh:mm:ss and as many digits of a fraction as it has. */
static size_t format_time(int64_t microseconds, char *out, size_t size)
{
    int64_t seconds = microseconds / CALENDAR_SECOND;
    int fraction = (int)(microseconds % CALENDAR_SECOND);
    size_t length = (size_t)snprintf(out, size, "%02" PRId64 ":%02d:%02d", seconds / 3600,
                                     (int)(seconds / 60 % 60), (int)(seconds % 60));
    if (fraction != 0) {
        length += (size_t)snprintf(out + length, size - length, ".%06d", fraction);
        while (out[length - 1] == '0') {
            length--;
        }
    }
    return length;
}

size_t calendar_format_timestamp(int64_t timestamp, char *out)
{
    if (!calendar_timestamp_is_finite(timestamp)) {
        return calendar_format_date(calendar_timestamp_to_date(timestamp), out);
    }
    int64_t time;
    int64_t days = calendar_day_of(timestamp, &time);
    size_t length = calendar_format_date(days, out);
    out[length++] = ' ';
    return length + format_time(time, out + length, CALENDAR_TEXT_MAX - length);
}

/* " 3 months", with a space before unless it comes first. */
static size_t format_part(int64_t number, const char *unit, bool first, char *out, size_t size)
{
    bool one = number == 1 || number == -1;
    return (size_t)snprintf(out, size, "%s%" PRId64 " %s%s", first ? "" : " ", number, unit,
                            one ? "" : "s");
}

size_t calendar_format_interval(struct value_interval interval, char *out)
{
    size_t length = 0;
    size_t size = CALENDAR_TEXT_MAX;
    int years = interval.months / CALENDAR_MONTHS;
    int months = interval.months % CALENDAR_MONTHS;
    if (years != 0) {
        length += format_part(years, "year", length == 0, out + length, size - length);
    }
    if (months != 0) {
        length += format_part(months, "month", length == 0, out + length, size - length);
    }
    if (interval.days != 0) {
        length += format_part(interval.days, "day", length == 0, out + length, size - length);
    }
    if (interval.microseconds == 0 && length > 0) {
        return length;
    }
    if (length > 0) {
        out[length++] = ' ';
    }
    uint64_t magnitude = (uint64_t)interval.microseconds;
    if (interval.microseconds < 0) {
        out[length++] = '-';
        magnitude = 0 - magnitude;
    }
    /* INT64_MIN has no negative; its last microsecond is lost rather than its sign. */
    int64_t time = magnitude > INT64_MAX ? INT64_MAX : (int64_t)magnitude;
    return length + format_time(time, out + length, size - length);
}
