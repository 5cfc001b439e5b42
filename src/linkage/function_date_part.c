/* Parts of dates, timestamps and intervals, and differences in parts. */
#include <math.h>

#include "linkage/calendar.h"
#include "linkage/date_format.h"
#include "linkage/function_internal.h"

/* ---- the parts ---- */

enum part {
    PART_MILLENNIUM,
    PART_CENTURY,
    PART_DECADE,
    PART_YEAR,
    PART_QUARTER,
    PART_MONTH,
    PART_WEEK,
    PART_DAY,
    PART_HOUR,
    PART_MINUTE,
    PART_SECOND,
    PART_MILLISECOND,
    PART_MICROSECOND,
    PART_EPOCH,
    PART_DAY_OF_WEEK,
    PART_ISO_DAY_OF_WEEK,
    PART_DAY_OF_YEAR,
    PART_YEAR_WEEK,
    PART_ISO_YEAR,
    PART_ERA,
    PART_TIME_ZONE,
    PART_JULIAN,
};

/* What may stand for each part, separated by spaces. */
static const char *const PART_NAMES[] = {
    [PART_MILLENNIUM] = "millennium millennia millenniums millenium mil mils",
    [PART_CENTURY] = "century centuries cent c",
    [PART_DECADE] = "decade decades dec decs",
    [PART_YEAR] = "year years yr yrs y",
    [PART_QUARTER] = "quarter quarters",
    [PART_MONTH] = "month months mon mons",
    [PART_WEEK] = "week weeks w weekofyear",
    [PART_DAY] = "day days d dayofmonth",
    [PART_HOUR] = "hour hours hr hrs h",
    [PART_MINUTE] = "minute minutes min mins m",
    [PART_SECOND] = "second seconds sec secs s",
    [PART_MILLISECOND] = "millisecond milliseconds ms msec msecs",
    [PART_MICROSECOND] = "microsecond microseconds us usec usecs usecond useconds",
    [PART_EPOCH] = "epoch",
    [PART_DAY_OF_WEEK] = "dow dayofweek weekday",
    [PART_ISO_DAY_OF_WEEK] = "isodow",
    [PART_DAY_OF_YEAR] = "doy dayofyear",
    [PART_YEAR_WEEK] = "yearweek",
    [PART_ISO_YEAR] = "isoyear",
    [PART_ERA] = "era",
    [PART_TIME_ZONE] = "timezone timezone_hour timezone_minute",
    [PART_JULIAN] = "julian jd",
};

static bool find_part(struct str name, enum part *out)
{
    for (size_t i = 0; i < ARRAY_LENGTH(PART_NAMES); i++) {
        for (const char *names = PART_NAMES[i]; *names != '\0';) {
            size_t length = strcspn(names, " ");
            if (str_equal_ignoring_case((struct str){names, length}, name)) {
                *out = (enum part)i;
                return true;
            }
            names += length + (names[length] == ' ');
        }
    }
    return false;
}

/* A part that is a REAL number; all others are whole. */
static bool is_real(enum part part)
{
    return part == PART_EPOCH || part == PART_JULIAN;
}

static int64_t floor_divide(int64_t number, int64_t by)
{
    return number / by - (number % by < 0);
}

/* ---- parts of moments ---- */

/* There is no year 0 in centuries: 1 … 100 are the first after Christ, 0 … -99 the first before. */
static int64_t hundreds(int64_t year, int64_t by)
{
    return year > 0 ? (year - 1) / by + 1 : year / by - 1;
}

static int64_t date_part(enum part part, int64_t days)
{
    struct calendar_date date = calendar_date(days);
    int64_t iso_year;
    int iso_week = calendar_iso_week(days, &iso_year);
    int weekday = calendar_weekday(days);
    switch (part) {
    case PART_MILLENNIUM: return hundreds(date.year, 1000);
    case PART_CENTURY: return hundreds(date.year, 100);
    case PART_DECADE: return date.year / 10;
    case PART_YEAR: return date.year;
    case PART_QUARTER: return (date.month - 1) / 3 + 1;
    case PART_MONTH: return date.month;
    case PART_WEEK: return iso_week;
    case PART_DAY: return date.day;
    case PART_DAY_OF_WEEK: return weekday;
    case PART_ISO_DAY_OF_WEEK: return weekday == 0 ? 7 : weekday;
    case PART_DAY_OF_YEAR: return calendar_day_of_year(date);
    case PART_YEAR_WEEK: return iso_year * 100 + (iso_year > 0 ? iso_week : -iso_week);
    case PART_ISO_YEAR: return iso_year;
    case PART_ERA: return date.year > 0;
    default: return 0; /* time zone: always UTC */
    }
}

static int64_t time_part(enum part part, int64_t time)
{
    switch (part) {
    case PART_HOUR: return time / CALENDAR_HOUR;
    case PART_MINUTE: return time / CALENDAR_MINUTE % 60;
    case PART_SECOND: return time / CALENDAR_SECOND % 60;
    case PART_MILLISECOND: return time % CALENDAR_MINUTE / 1000;
    default: return time % CALENDAR_MINUTE; /* microseconds, seconds included */
    }
}

static double real_part(enum part part, int64_t timestamp)
{
    if (part == PART_EPOCH) {
        return (double)timestamp / (double)CALENDAR_SECOND;
    }
    const int64_t julian_of_1970 = 2440588;
    int64_t time;
    int64_t days = calendar_day_of(timestamp, &time);
    return (double)(days + julian_of_1970) + (double)time / (double)CALENDAR_DAY;
}

static enum part part_of(const struct function_call *call)
{
    return *(const enum part *)call->binding->state;
}

/* Parts of infinity are NULL. The moment is the last argument: there may be a part before it. */
static void run_part(const struct function_call *call, const struct value *arguments,
                     struct value *out)
{
    enum part part = part_of(call);
    int64_t timestamp = arguments[call->binding->argument_count - 1].integer;
    if (!calendar_timestamp_is_finite(timestamp)) {
        *out = VALUE_NONE;
    } else if (is_real(part)) {
        function_return_real(out, real_part(part, timestamp));
    } else {
        int64_t time;
        int64_t days = calendar_day_of(timestamp, &time);
        bool of_time = part >= PART_HOUR && part <= PART_MICROSECOND;
        function_return_integer(out, of_time ? time_part(part, time) : date_part(part, days));
    }
}

/* The same of dates, which reach farther than timestamps. */
static void run_part_of_date(const struct function_call *call, const struct value *arguments,
                             struct value *out)
{
    enum part part = part_of(call);
    int64_t days = arguments[call->binding->argument_count - 1].integer;
    if (!calendar_date_is_finite(days)) {
        *out = VALUE_NONE;
    } else if (part == PART_EPOCH) {
        function_return_real(out, (double)(days * (CALENDAR_DAY / CALENDAR_SECOND)));
    } else if (part == PART_JULIAN) {
        function_return_real(out, real_part(part, 0) + (double)days);
    } else {
        bool of_time = part >= PART_HOUR && part <= PART_MICROSECOND;
        function_return_integer(out, of_time ? 0 : date_part(part, days));
    }
}

/* ---- parts of intervals ---- */

static int64_t interval_part(enum part part, const struct value_interval *interval)
{
    switch (part) {
    case PART_MILLENNIUM: return interval->months / 12000;
    case PART_CENTURY: return interval->months / 1200;
    case PART_DECADE: return interval->months / 120;
    case PART_YEAR: return interval->months / CALENDAR_MONTHS;
    case PART_QUARTER: return interval->months % CALENDAR_MONTHS / 3 + 1;
    case PART_MONTH: return interval->months % CALENDAR_MONTHS;
    case PART_DAY: return interval->days;
    default: return time_part(part, interval->microseconds);
    }
}

static void run_part_of_interval(const struct function_call *call, const struct value *arguments,
                                 struct value *out)
{
    const struct value_interval *interval = arguments[call->binding->argument_count - 1].interval;
    enum part part = part_of(call);
    if (part != PART_EPOCH) {
        function_return_integer(out, interval_part(part, interval));
        return;
    }
    /* A year counts 365.25 days, a month 30: in microseconds all of it is whole. */
    const double year = 365.25 * (double)CALENDAR_DAY;
    double microseconds = (double)(interval->months / CALENDAR_MONTHS) * year;
    int64_t days = (int64_t)interval->days + interval->months % CALENDAR_MONTHS * INT64_C(30);
    microseconds += (double)(days * CALENDAR_DAY) + (double)interval->microseconds;
    function_return_real(out, microseconds / (double)CALENDAR_SECOND);
}

static bool interval_has(enum part part)
{
    return part <= PART_EPOCH && part != PART_WEEK;
}

/* ---- binding of parts ---- */

static int keep_part(struct function_bind_call *call, enum part part)
{
    enum part *state = arena_alloc(call->arena, sizeof *state);
    if (state == NULL) {
        return error_out_of_memory(call->error);
    }
    *state = part;
    call->binding->state = state;
    return 0;
}

/* The part that the first argument names. */
static int constant_part(struct function_bind_call *call, enum part *out)
{
    struct str name;
    if (!function_constant_text(call, 0, &name)) {
        return error_set(call->error, STATUS_INVALID,
                         "%s takes the name of a part first, such as 'day'", call->function->name);
    }
    if (!find_part(name, out)) {
        struct str shown = {name.ptr, name.len > 40 ? 40 : name.len};
        return error_set(call->error, STATUS_INVALID, "%s: there is no part '%.*s' of a date",
                         call->function->name, STR_ARG(shown));
    }
    return 0;
}

static bool is_moment(enum value_kind kind)
{
    return kind == VALUE_DATE || kind == VALUE_TIMESTAMP || kind == VALUE_TIMESTAMPTZ;
}

/* Binds a part of the argument at `position`. */
static int bind_part(struct function_bind_call *call, size_t position, enum part part)
{
    enum value_kind kind = call->arguments[position].type.kind;
    if (kind == VALUE_NULL) {
        kind = VALUE_DATE;
    }
    if (kind == VALUE_INTERVAL && !interval_has(part)) {
        return error_set(call->error, STATUS_INVALID, "%s: an INTERVAL has no such part",
                         call->function->name);
    }
    if (!is_moment(kind) && kind != VALUE_INTERVAL) {
        return function_refuse_argument(call, position, VALUE_DATE);
    }
    call->binding->parameters[position] = TYPE(kind);
    call->binding->result = TYPE(is_real(part) ? VALUE_DOUBLE : VALUE_BIGINT);
    call->binding->run = kind == VALUE_DATE       ? run_part_of_date
                         : kind == VALUE_INTERVAL ? run_part_of_interval
                                                  : run_part;
    return keep_part(call, part);
}

static int bind_date_part(struct function_bind_call *call)
{
    enum part part;
    if (call->count != 2) {
        return function_refuse_count(call);
    }
    int status = constant_part(call, &part);
    return status != 0 ? status : bind_part(call, 1, part);
}

/* year(x), month(x), …: the function's name is that of the part. */
static int bind_named_part(struct function_bind_call *call)
{
    enum part part;
    if (call->count != 1) {
        return function_refuse_count(call);
    }
    if (!find_part(str_from(call->function->name), &part)) {
        return error_set(call->error, STATUS_INTERNAL, "no part is named %s", call->function->name);
    }
    return bind_part(call, 0, part);
}

/* ---- differences ---- */

/* The Monday on or before a day. */
static int64_t monday_of(int64_t days)
{
    return days - (calendar_weekday(days) + 6) % 7;
}

static int64_t months_of(int64_t days)
{
    struct calendar_date date = calendar_date(days);
    return date.year * CALENDAR_MONTHS + date.month - 1;
}

/* The number of the unit that a moment is in, from wherever: differences count boundaries. */
static int64_t unit_number(enum part part, int64_t timestamp)
{
    int64_t time;
    int64_t iso_year;
    int64_t days = calendar_day_of(timestamp, &time);
    switch (part) {
    case PART_MILLENNIUM: return calendar_date(days).year / 1000;
    case PART_CENTURY: return calendar_date(days).year / 100;
    case PART_DECADE: return calendar_date(days).year / 10;
    case PART_YEAR: return calendar_date(days).year;
    case PART_QUARTER: return months_of(days) / 3;
    case PART_MONTH: return months_of(days);
    case PART_ISO_YEAR: calendar_iso_week(days, &iso_year); return iso_year;
    case PART_HOUR: return floor_divide(timestamp, CALENDAR_HOUR);
    case PART_MINUTE: return floor_divide(timestamp, CALENDAR_MINUTE);
    case PART_SECOND:
    case PART_EPOCH: return floor_divide(timestamp, CALENDAR_SECOND);
    case PART_MILLISECOND: return floor_divide(timestamp, 1000);
    case PART_MICROSECOND: return timestamp;
    default: return days;
    }
}

static void run_date_diff(const struct function_call *call, const struct value *arguments,
                          struct value *out)
{
    int64_t from = arguments[1].integer;
    int64_t to = arguments[2].integer;
    if (!calendar_timestamp_is_finite(from) || !calendar_timestamp_is_finite(to)) {
        *out = VALUE_NONE;
        return;
    }
    int64_t difference;
    enum part part = part_of(call);
    if (part == PART_WEEK || part == PART_YEAR_WEEK) {
        /* DuckDB counts no boundaries here but whole weeks between the two days. */
        function_return_integer(out, (unit_number(PART_DAY, to) - unit_number(PART_DAY, from)) / 7);
        return;
    }
    if (__builtin_sub_overflow(unit_number(part, to), unit_number(part, from), &difference)) {
        function_fail(call, out);
    } else {
        function_return_integer(out, difference);
    }
}

/*
 * Complete months between two moments, from <= to. On the last day of a month a month is complete
 * also when the day it began on does not exist in it.
 */
static int64_t complete_months(int64_t from, int64_t to)
{
    int64_t from_time;
    int64_t to_time;
    int64_t from_days = calendar_day_of(from, &from_time);
    int64_t to_days = calendar_day_of(to, &to_time);
    struct calendar_date first = calendar_date(from_days);
    struct calendar_date last = calendar_date(to_days);
    int length = calendar_month_length(last.year, last.month);
    if (last.day == length && first.day > length) {
        first.day = length;
    }
    int64_t months = months_of(to_days) - months_of(from_days);
    bool complete = last.day > first.day || (last.day == first.day && to_time >= from_time);
    return complete ? months : months - 1;
}

/* Complete units between two moments, from <= to. */
static int64_t complete_units(enum part part, int64_t from, int64_t to, int64_t microseconds)
{
    switch (part) {
    case PART_MILLENNIUM: return complete_months(from, to) / 12000;
    case PART_CENTURY: return complete_months(from, to) / 1200;
    case PART_DECADE: return complete_months(from, to) / 120;
    case PART_YEAR:
    case PART_ISO_YEAR: return complete_months(from, to) / CALENDAR_MONTHS;
    case PART_QUARTER: return complete_months(from, to) / 3;
    case PART_MONTH: return complete_months(from, to);
    case PART_WEEK:
    case PART_YEAR_WEEK: return microseconds / (7 * CALENDAR_DAY);
    case PART_HOUR: return microseconds / CALENDAR_HOUR;
    case PART_MINUTE: return microseconds / CALENDAR_MINUTE;
    case PART_SECOND:
    case PART_EPOCH: return microseconds / CALENDAR_SECOND;
    case PART_MILLISECOND: return microseconds / 1000;
    case PART_MICROSECOND: return microseconds;
    default: return microseconds / CALENDAR_DAY;
    }
}

static void run_date_sub(const struct function_call *call, const struct value *arguments,
                         struct value *out)
{
    int64_t from = arguments[1].integer;
    int64_t to = arguments[2].integer;
    if (!calendar_timestamp_is_finite(from) || !calendar_timestamp_is_finite(to)) {
        *out = VALUE_NONE;
        return;
    }
    int64_t microseconds;
    if (__builtin_sub_overflow(to, from, &microseconds) || microseconds == INT64_MIN) {
        function_fail(call, out);
        return;
    }
    bool back = microseconds < 0;
    int64_t units = back ? -complete_units(part_of(call), to, from, -microseconds)
                         : complete_units(part_of(call), from, to, microseconds);
    function_return_integer(out, units);
}

/* The type that two moments, from `position` on, are compared in. */
static int bind_moments(struct function_bind_call *call, size_t position)
{
    enum value_kind kind = VALUE_TIMESTAMP;
    for (size_t i = position; i < position + 2; i++) {
        const struct function_argument *argument = &call->arguments[i];
        bool literal = function_argument_is_literal(argument);
        if (!literal && argument->type.kind != VALUE_NULL && !is_moment(argument->type.kind)) {
            return function_refuse_argument(call, i, VALUE_DATE);
        }
        if (argument->type.kind == VALUE_TIMESTAMPTZ) {
            kind = VALUE_TIMESTAMPTZ;
        }
    }
    call->binding->parameters[position] = TYPE(kind);
    call->binding->parameters[position + 1] = TYPE(kind);
    return 0;
}

static int bind_difference(struct function_bind_call *call, function_run *run)
{
    enum part part;
    if (call->count != 3) {
        return function_refuse_count(call);
    }
    int status = constant_part(call, &part);
    if (status == 0) {
        status = bind_moments(call, 1);
    }
    if (status != 0) {
        return status;
    }
    if (part == PART_ERA || part == PART_TIME_ZONE) {
        return error_set(call->error, STATUS_INVALID, "%s: there is no difference of such a part",
                         call->function->name);
    }
    call->binding->result = TYPE(VALUE_BIGINT);
    call->binding->run = run;
    return keep_part(call, part);
}

/* datediff(to, from) of Spark and others: days. */
static void run_days_between(const struct function_call *call, const struct value *arguments,
                             struct value *out)
{
    (void)call;
    if (!calendar_date_is_finite(arguments[0].integer) ||
        !calendar_date_is_finite(arguments[1].integer)) {
        *out = VALUE_NONE;
        return;
    }
    function_return_integer(out, arguments[0].integer - arguments[1].integer);
}

static int bind_date_diff(struct function_bind_call *call)
{
    if (call->count != 2) {
        return bind_difference(call, run_date_diff);
    }
    int status = bind_moments(call, 0);
    call->binding->parameters[0] = call->binding->parameters[1] = TYPE(VALUE_DATE);
    call->binding->result = TYPE(VALUE_BIGINT);
    call->binding->run = run_days_between;
    return status;
}

static int bind_date_sub(struct function_bind_call *call)
{
    return bind_difference(call, run_date_sub);
}

/* ---- truncation ---- */

static int64_t truncated_date(enum part part, int64_t days)
{
    struct calendar_date date = calendar_date(days);
    int64_t iso_year;
    switch (part) {
    case PART_MILLENNIUM:
        return calendar_days((struct calendar_date){date.year / 1000 * 1000, 1, 1});
    case PART_CENTURY: return calendar_days((struct calendar_date){date.year / 100 * 100, 1, 1});
    case PART_DECADE: return calendar_days((struct calendar_date){date.year / 10 * 10, 1, 1});
    case PART_YEAR: return calendar_days((struct calendar_date){date.year, 1, 1});
    case PART_QUARTER:
        return calendar_days((struct calendar_date){date.year, (date.month - 1) / 3 * 3 + 1, 1});
    case PART_MONTH: return calendar_days((struct calendar_date){date.year, date.month, 1});
    case PART_WEEK:
    case PART_YEAR_WEEK: return monday_of(days);
    case PART_ISO_YEAR:
        calendar_iso_week(days, &iso_year);
        return monday_of(calendar_days((struct calendar_date){iso_year, 1, 4}));
    default: return days;
    }
}

static void run_date_trunc(const struct function_call *call, const struct value *arguments,
                           struct value *out)
{
    static const int64_t UNITS[] = {
        [PART_HOUR] = CALENDAR_HOUR,     [PART_MINUTE] = CALENDAR_MINUTE,
        [PART_SECOND] = CALENDAR_SECOND, [PART_MILLISECOND] = 1000,
        [PART_MICROSECOND] = 1,          [PART_EPOCH] = CALENDAR_SECOND,
    };
    enum part part = part_of(call);
    int64_t timestamp = arguments[1].integer;
    int64_t time;
    *out = arguments[1];
    if (!calendar_timestamp_is_finite(timestamp)) {
        return;
    }
    if (part >= PART_HOUR && part <= PART_EPOCH) {
        out->integer = floor_divide(timestamp, UNITS[part]) * UNITS[part];
        return;
    }
    int64_t days = truncated_date(part, calendar_day_of(timestamp, &time));
    if (!calendar_timestamp(days, 0, &out->integer)) {
        function_fail(call, out);
    }
}

static int bind_date_trunc(struct function_bind_call *call)
{
    enum part part;
    if (call->count != 2) {
        return function_refuse_count(call);
    }
    int status = constant_part(call, &part);
    if (status != 0) {
        return status;
    }
    enum value_kind kind = call->arguments[1].type.kind;
    if (!is_moment(kind) && kind != VALUE_NULL) {
        return function_refuse_argument(call, 1, VALUE_DATE);
    }
    if (part == PART_ERA || part == PART_TIME_ZONE) {
        return error_set(call->error, STATUS_INVALID, "%s: nothing is cut at such a part",
                         call->function->name);
    }
    kind = kind == VALUE_TIMESTAMPTZ ? kind : VALUE_TIMESTAMP;
    call->binding->parameters[1] = call->binding->result = TYPE(kind);
    call->binding->run = run_date_trunc;
    return keep_part(call, part);
}

/* ---- age and the rest ---- */

/* The fields of two moments, the later first, subtracted with borrowing: from <= to. A missing day
   is borrowed from the month that `from` is in. */
static struct value_interval age_forward(int64_t from, int64_t to)
{
    int64_t from_time;
    int64_t to_time;
    struct calendar_date first = calendar_date(calendar_day_of(from, &from_time));
    struct calendar_date last = calendar_date(calendar_day_of(to, &to_time));
    int64_t months = (last.year - first.year) * CALENDAR_MONTHS + last.month - first.month;
    int days = last.day - first.day;
    int64_t time = to_time - from_time;
    if (time < 0) {
        time += CALENDAR_DAY;
        days--;
    }
    if (days < 0) {
        days += calendar_month_length(first.year, first.month);
        months--;
    }
    return (struct value_interval){(int32_t)months, days, time};
}

static void run_age(const struct function_call *call, const struct value *arguments,
                    struct value *out)
{
    int64_t to = arguments[0].integer;
    int64_t from = arguments[1].integer;
    if (!calendar_timestamp_is_finite(from) || !calendar_timestamp_is_finite(to)) {
        *out = VALUE_NONE;
        return;
    }
    struct value_interval age = from <= to ? age_forward(from, to) : age_forward(to, from);
    if (from > to) {
        age = (struct value_interval){-age.months, -age.days, -age.microseconds};
    }
    function_return_interval(call, age, out);
}

static int bind_age(struct function_bind_call *call)
{
    if (call->count != 2) {
        return error_set(call->error, STATUS_INVALID,
                         "age takes two DATEs or TIMESTAMPs, not %zu: what it counts from today "
                         "would change from day to day",
                         call->count);
    }
    int status = bind_moments(call, 0);
    call->binding->result = TYPE(VALUE_INTERVAL);
    call->binding->run = run_age;
    return status;
}

static void run_last_day(const struct function_call *call, const struct value *arguments,
                         struct value *out)
{
    (void)call;
    *out = VALUE_NONE;
    if (calendar_date_is_finite(arguments[0].integer)) {
        struct calendar_date date = calendar_date(arguments[0].integer);
        date.day = calendar_month_length(date.year, date.month);
        function_return_integer(out, calendar_days(date));
    }
}

static void run_month_name(const struct function_call *call, const struct value *arguments,
                           struct value *out)
{
    (void)call;
    *out = VALUE_NONE;
    if (calendar_date_is_finite(arguments[0].integer)) {
        struct str name = date_format_month(calendar_date(arguments[0].integer).month);
        function_return_text(out, name.ptr, name.len);
    }
}

static void run_day_name(const struct function_call *call, const struct value *arguments,
                         struct value *out)
{
    (void)call;
    *out = VALUE_NONE;
    if (calendar_date_is_finite(arguments[0].integer)) {
        struct str name = date_format_weekday(calendar_weekday(arguments[0].integer));
        function_return_text(out, name.ptr, name.len);
    }
}

/* One moment, of which only the day matters. */
static int bind_day(struct function_bind_call *call, enum value_kind result, function_run *run)
{
    if (call->count != 1) {
        return function_refuse_count(call);
    }
    if (!is_moment(call->arguments[0].type.kind) && call->arguments[0].type.kind != VALUE_NULL) {
        return function_refuse_argument(call, 0, VALUE_DATE);
    }
    call->binding->parameters[0] = TYPE(VALUE_DATE);
    call->binding->result = TYPE(result);
    call->binding->run = run;
    return 0;
}

static int bind_last_day(struct function_bind_call *call)
{
    return bind_day(call, VALUE_DATE, run_last_day);
}

static int bind_month_name(struct function_bind_call *call)
{
    return bind_day(call, VALUE_TEXT, run_month_name);
}

static int bind_day_name(struct function_bind_call *call)
{
    return bind_day(call, VALUE_TEXT, run_day_name);
}

/* epoch_ms and epoch_us of a moment. */
static void run_epoch_ms(const struct function_call *call, const struct value *arguments,
                         struct value *out)
{
    (void)call;
    *out = VALUE_NONE;
    if (calendar_timestamp_is_finite(arguments[0].integer)) {
        function_return_integer(out, arguments[0].integer / 1000);
    }
}

static void run_epoch_us(const struct function_call *call, const struct value *arguments,
                         struct value *out)
{
    (void)call;
    *out = VALUE_NONE;
    if (calendar_timestamp_is_finite(arguments[0].integer)) {
        function_return_integer(out, arguments[0].integer);
    }
}

#define A_MOMENT    "a DATE, TIMESTAMP or INTERVAL"
#define PART_AND    "the name of a part and a DATE or TIMESTAMP"
#define PART_OF_TWO "the name of a part and two DATEs or TIMESTAMPs"

#define NAMED_PART(part, others)                                                        \
    {                                                                                   \
        .name = (part), .aliases = (others), .bind = bind_named_part, .takes = A_MOMENT \
    }

static const struct function FUNCTIONS[] = {
    NAMED_PART("year", NULL),
    NAMED_PART("month", NULL),
    NAMED_PART("day", "dayofmonth"),
    NAMED_PART("quarter", NULL),
    NAMED_PART("week", "weekofyear"),
    NAMED_PART("hour", NULL),
    NAMED_PART("minute", NULL),
    NAMED_PART("second", NULL),
    NAMED_PART("millisecond", NULL),
    NAMED_PART("microsecond", NULL),
    NAMED_PART("epoch", NULL),
    NAMED_PART("dayofweek", "weekday"),
    NAMED_PART("isodow", NULL),
    NAMED_PART("dayofyear", NULL),
    NAMED_PART("yearweek", NULL),
    NAMED_PART("isoyear", NULL),
    NAMED_PART("decade", NULL),
    NAMED_PART("century", NULL),
    NAMED_PART("millennium", NULL),
    NAMED_PART("era", NULL),
    NAMED_PART("julian", NULL),
    {.name = "date_part",
     .aliases = "datepart extract",
     .bind = bind_date_part,
     .takes = "the name of a part and a DATE, TIMESTAMP or INTERVAL"},
    {.name = "date_diff", .aliases = "datediff", .bind = bind_date_diff, .takes = PART_OF_TWO},
    {.name = "date_sub", .aliases = "datesub", .bind = bind_date_sub, .takes = PART_OF_TWO},
    {.name = "date_trunc", .aliases = "datetrunc", .bind = bind_date_trunc, .takes = PART_AND},
    {.name = "age", .bind = bind_age, .takes = "two DATEs or TIMESTAMPs"},
    {.name = "last_day", .bind = bind_last_day, .takes = "a DATE or TIMESTAMP"},
    {.name = "monthname", .bind = bind_month_name, .takes = "a DATE or TIMESTAMP"},
    {.name = "dayname", .bind = bind_day_name, .takes = "a DATE or TIMESTAMP"},
    {.name = "epoch_ms", .overloads = {{"S:n", run_epoch_ms}, {"Z:n", run_epoch_ms}}},
    {.name = "epoch_us", .overloads = {{"S:n", run_epoch_us}, {"Z:n", run_epoch_us}}},
};

const struct function_table function_table_date_part = {FUNCTIONS, ARRAY_LENGTH(FUNCTIONS)};
