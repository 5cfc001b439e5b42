/* Differences between dates and timestamps in parts of them, truncation to a part, and age. */
#include "linkage/calendar.h"
#include "linkage/function_date_part.h"

static int64_t floor_divide(int64_t number, int64_t by)
{
    return number / by - (number % by < 0);
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
static int64_t unit_number(enum date_part part, int64_t timestamp)
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
    enum date_part part = date_part_of(call);
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
static int64_t complete_units(enum date_part part, int64_t from, int64_t to, int64_t microseconds)
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
    int64_t units = back ? -complete_units(date_part_of(call), to, from, -microseconds)
                         : complete_units(date_part_of(call), from, to, microseconds);
    function_return_integer(out, units);
}

/* The type that two moments, from `position` on, are compared in. */
static int bind_moments(struct function_bind_call *call, size_t position)
{
    enum value_kind kind = VALUE_TIMESTAMP;
    for (size_t i = position; i < position + 2; i++) {
        const struct function_argument *argument = &call->arguments[i];
        bool literal = function_argument_is_literal(argument);
        if (!literal && argument->type.kind != VALUE_NULL &&
            !date_part_is_moment(argument->type.kind)) {
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
    enum date_part part;
    if (call->count != 3) {
        return function_refuse_count(call);
    }
    int status = date_part_constant(call, &part);
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
    return date_part_keep(call, part);
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

static int64_t truncated_date(enum date_part part, int64_t days)
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
    enum date_part part = date_part_of(call);
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
    enum date_part part;
    if (call->count != 2) {
        return function_refuse_count(call);
    }
    int status = date_part_constant(call, &part);
    if (status != 0) {
        return status;
    }
    enum value_kind kind = call->arguments[1].type.kind;
    if (!date_part_is_moment(kind) && kind != VALUE_NULL) {
        return function_refuse_argument(call, 1, VALUE_DATE);
    }
    if (part == PART_ERA || part == PART_TIME_ZONE) {
        return error_set(call->error, STATUS_INVALID, "%s: nothing is cut at such a part",
                         call->function->name);
    }
    kind = kind == VALUE_TIMESTAMPTZ ? kind : VALUE_TIMESTAMP;
    call->binding->parameters[1] = call->binding->result = TYPE(kind);
    call->binding->run = run_date_trunc;
    return date_part_keep(call, part);
}

/* ---- age ---- */

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

#define PART_AND    "the name of a part and a DATE or TIMESTAMP"
#define PART_OF_TWO "the name of a part and two DATEs or TIMESTAMPs"

static const struct function FUNCTIONS[] = {
    {.name = "date_diff", .aliases = "datediff", .bind = bind_date_diff, .takes = PART_OF_TWO},
    {.name = "date_sub", .aliases = "datesub", .bind = bind_date_sub, .takes = PART_OF_TWO},
    {.name = "date_trunc", .aliases = "datetrunc", .bind = bind_date_trunc, .takes = PART_AND},
    {.name = "age", .bind = bind_age, .takes = "two DATEs or TIMESTAMPs"},
};

const struct function_table function_table_date_diff = {FUNCTIONS, ARRAY_LENGTH(FUNCTIONS)};
