/* Arithmetic with dates, timestamps and intervals, and their conversions by a format. */
#include <math.h>

#include "linkage/calendar.h"
#include "linkage/date_format.h"
#include "linkage/function_internal.h"

static bool is_timestamp(enum value_kind kind)
{
    return kind == VALUE_TIMESTAMP || kind == VALUE_TIMESTAMPTZ;
}

static bool is_moment(enum value_kind kind)
{
    return kind == VALUE_DATE || is_timestamp(kind);
}

void function_return_interval(const struct function_call *call, struct value_interval interval,
                              struct value *out)
{
    struct value_interval *copy = function_scratch(call, 1, sizeof *copy, out);
    if (copy != NULL) {
        *copy = interval;
        *out = (struct value){.interval = copy};
    }
}

/* ---- sums ---- */

static void add_days(const struct function_call *call, int64_t date, int64_t days,
                     struct value *out)
{
    int64_t sum = calendar_date_is_finite(date) ? date + days : date;
    if (calendar_date_is_finite(date) &&
        (sum >= CALENDAR_DATE_INFINITY || sum <= -CALENDAR_DATE_INFINITY)) {
        function_fail(call, out);
    } else {
        function_return_integer(out, sum);
    }
}

static void run_date_plus_days(const struct function_call *call, const struct value *arguments,
                               struct value *out)
{
    add_days(call, arguments[0].integer, arguments[1].integer, out);
}

static void run_days_plus_date(const struct function_call *call, const struct value *arguments,
                               struct value *out)
{
    add_days(call, arguments[1].integer, arguments[0].integer, out);
}

static void run_date_minus_days(const struct function_call *call, const struct value *arguments,
                                struct value *out)
{
    add_days(call, arguments[0].integer, -arguments[1].integer, out);
}

static void add_interval(const struct function_call *call, int64_t timestamp,
                         struct value_interval interval, struct value *out)
{
    int64_t sum;
    bool with_zone = call->binding->result.kind == VALUE_TIMESTAMPTZ;
    if (calendar_add(timestamp, interval, with_zone, &sum)) {
        function_return_integer(out, sum);
    } else {
        function_fail(call, out);
    }
}

static void run_moment_plus_interval(const struct function_call *call,
                                     const struct value *arguments, struct value *out)
{
    add_interval(call, arguments[0].integer, *arguments[1].interval, out);
}

static void run_interval_plus_moment(const struct function_call *call,
                                     const struct value *arguments, struct value *out)
{
    add_interval(call, arguments[1].integer, *arguments[0].interval, out);
}

static void run_moment_minus_interval(const struct function_call *call,
                                      const struct value *arguments, struct value *out)
{
    struct value_interval negative;
    if (calendar_negate(*arguments[1].interval, &negative)) {
        add_interval(call, arguments[0].integer, negative, out);
    } else {
        function_fail(call, out);
    }
}

static void sum_intervals(const struct function_call *call, struct value_interval a,
                          struct value_interval b, struct value *out)
{
    struct value_interval sum;
    if (__builtin_add_overflow(a.months, b.months, &sum.months) ||
        __builtin_add_overflow(a.days, b.days, &sum.days) ||
        __builtin_add_overflow(a.microseconds, b.microseconds, &sum.microseconds)) {
        function_fail(call, out);
    } else {
        function_return_interval(call, sum, out);
    }
}

static void run_interval_plus_interval(const struct function_call *call,
                                       const struct value *arguments, struct value *out)
{
    sum_intervals(call, *arguments[0].interval, *arguments[1].interval, out);
}

static void run_interval_minus_interval(const struct function_call *call,
                                        const struct value *arguments, struct value *out)
{
    struct value_interval negative;
    if (calendar_negate(*arguments[1].interval, &negative)) {
        sum_intervals(call, *arguments[0].interval, negative, out);
    } else {
        function_fail(call, out);
    }
}

static void run_negate(const struct function_call *call, const struct value *arguments,
                       struct value *out)
{
    struct value_interval negative;
    if (calendar_negate(*arguments[0].interval, &negative)) {
        function_return_interval(call, negative, out);
    } else {
        function_fail(call, out);
    }
}

static void run_date_minus_date(const struct function_call *call, const struct value *arguments,
                                struct value *out)
{
    (void)call;
    function_return_integer(out, arguments[0].integer - arguments[1].integer);
}

/* Whole days and the rest, of one sign. */
static void run_moment_minus_moment(const struct function_call *call, const struct value *arguments,
                                    struct value *out)
{
    int64_t difference;
    if (!calendar_timestamp_is_finite(arguments[0].integer) ||
        !calendar_timestamp_is_finite(arguments[1].integer) ||
        __builtin_sub_overflow(arguments[0].integer, arguments[1].integer, &difference)) {
        function_fail(call, out);
        return;
    }
    struct value_interval interval = {0, (int32_t)(difference / CALENDAR_DAY),
                                      difference % CALENDAR_DAY};
    function_return_interval(call, interval, out);
}

/* ---- products ---- */

static void run_interval_times_integer(const struct function_call *call,
                                       const struct value *arguments, struct value *out)
{
    bool first = call->binding->parameters[0].kind == VALUE_INTERVAL;
    struct value_interval interval = *arguments[first ? 0 : 1].interval;
    int64_t times = arguments[first ? 1 : 0].integer;
    struct value_interval product;
    if (times != (int32_t)times ||
        __builtin_mul_overflow(interval.months, (int32_t)times, &product.months) ||
        __builtin_mul_overflow(interval.days, (int32_t)times, &product.days) ||
        __builtin_mul_overflow(interval.microseconds, times, &product.microseconds)) {
        function_fail(call, out);
    } else {
        function_return_interval(call, product, out);
    }
}

/* Rounded to the sixth decimal place, as PostgreSQL does it on the way. */
static double to_millionths(double number)
{
    return rint(number * 1e6) / 1e6;
}

/* Whole months stay months; what is left of a month becomes days, at 30 a month, and what is left
   of a day becomes time. */
static void multiply(const struct function_call *call, const struct value_interval *interval,
                     double factor, struct value *out)
{
    const double seconds_a_day = 86400.0;
    double months = trunc(interval->months * factor);
    double more_days = to_millionths((interval->months * factor - months) * 30.0);
    double days = interval->days * factor;
    double rest = days - trunc(days) + more_days - trunc(more_days);
    double seconds = to_millionths(rest * seconds_a_day);
    double carried = fabs(seconds) >= seconds_a_day ? trunc(seconds / seconds_a_day) : 0.0;
    days = trunc(days) + trunc(more_days) + carried;
    double time =
        rint((double)interval->microseconds * factor + (seconds - carried * seconds_a_day) * 1e6);
    if (!(fabs(months) < 0x1p31 && fabs(days) < 0x1p31 && fabs(time) < 0x1p63)) {
        function_fail(call, out);
        return;
    }
    struct value_interval product = {(int32_t)months, (int32_t)days, (int64_t)time};
    function_return_interval(call, product, out);
}

static void run_interval_times_real(const struct function_call *call, const struct value *arguments,
                                    struct value *out)
{
    bool first = call->binding->parameters[0].kind == VALUE_INTERVAL;
    multiply(call, arguments[first ? 0 : 1].interval, arguments[first ? 1 : 0].real, out);
}

/* NULL by zero. */
static void run_interval_divided(const struct function_call *call, const struct value *arguments,
                                 struct value *out)
{
    if (arguments[1].real == 0.0) {
        *out = VALUE_NONE;
        return;
    }
    multiply(call, arguments[0].interval, 1.0 / arguments[1].real, out);
}

/* ---- binding of operators ---- */

static int bind_as(struct function_bind_call *call, enum value_kind left, enum value_kind right,
                   enum value_kind result, function_run *run)
{
    call->binding->parameters[0] = TYPE(left);
    call->binding->parameters[1] = TYPE(right);
    call->binding->result = TYPE(result);
    call->binding->run = run;
    return 0;
}

/* The kinds of both operands, and whether any is a date or interval. */
static bool operand_kinds(const struct function_bind_call *call, enum value_kind kinds[2])
{
    bool any = false;
    for (size_t i = 0; i < 2; i++) {
        kinds[i] = i < call->count ? call->arguments[i].type.kind : VALUE_NULL;
        any = any || is_moment(kinds[i]) || kinds[i] == VALUE_INTERVAL;
    }
    return any;
}

/* The type of a moment that an interval is added to: a date becomes a timestamp. */
static enum value_kind with_time(enum value_kind kind)
{
    return kind == VALUE_DATE ? VALUE_TIMESTAMP : kind;
}

static bool is_days(enum value_kind kind)
{
    return kind == VALUE_INTEGER || kind == VALUE_NULL;
}

/* The operand that keeps the other from being used: neither days nor an interval. */
static int refuse_operand(struct function_bind_call *call, const enum value_kind kinds[2])
{
    size_t position = is_moment(kinds[0]) || kinds[0] == VALUE_INTERVAL ? 1 : 0;
    enum value_kind wanted = kinds[position] == VALUE_BIGINT ? VALUE_INTEGER
                             : kinds[position] == VALUE_TEXT ? kinds[1 - position]
                                                             : VALUE_NULL;
    return function_refuse_argument(call, position, wanted);
}

int function_bind_date_plus(struct function_bind_call *call, bool *done)
{
    enum value_kind kinds[2];
    *done = operand_kinds(call, kinds);
    if (!*done) {
        return 0;
    }
    if (call->count != 2) {
        return function_refuse_argument(call, 0, VALUE_NULL);
    }
    if (is_moment(kinds[0]) && kinds[1] == VALUE_INTERVAL) {
        return bind_as(call, with_time(kinds[0]), VALUE_INTERVAL, with_time(kinds[0]),
                       run_moment_plus_interval);
    }
    if (kinds[0] == VALUE_INTERVAL && is_moment(kinds[1])) {
        return bind_as(call, VALUE_INTERVAL, with_time(kinds[1]), with_time(kinds[1]),
                       run_interval_plus_moment);
    }
    if (kinds[0] == VALUE_DATE && is_days(kinds[1])) {
        return bind_as(call, VALUE_DATE, VALUE_INTEGER, VALUE_DATE, run_date_plus_days);
    }
    if (is_days(kinds[0]) && kinds[1] == VALUE_DATE) {
        return bind_as(call, VALUE_INTEGER, VALUE_DATE, VALUE_DATE, run_days_plus_date);
    }
    if (is_timestamp(kinds[0]) && kinds[1] == VALUE_NULL) {
        return bind_as(call, kinds[0], VALUE_INTERVAL, kinds[0], run_moment_plus_interval);
    }
    if ((kinds[0] == VALUE_INTERVAL || kinds[0] == VALUE_NULL) &&
        (kinds[1] == VALUE_INTERVAL || kinds[1] == VALUE_NULL)) {
        return bind_as(call, VALUE_INTERVAL, VALUE_INTERVAL, VALUE_INTERVAL,
                       run_interval_plus_interval);
    }
    return refuse_operand(call, kinds);
}

int function_bind_date_minus(struct function_bind_call *call, bool *done)
{
    enum value_kind kinds[2];
    *done = operand_kinds(call, kinds);
    if (!*done) {
        return 0;
    }
    if (call->count == 1 && kinds[0] == VALUE_INTERVAL) {
        call->binding->result = TYPE(VALUE_INTERVAL);
        call->binding->run = run_negate;
        return 0;
    }
    if (call->count == 1) {
        return function_refuse_argument(call, 0, VALUE_NULL);
    }
    if (is_moment(kinds[0]) && kinds[1] == VALUE_INTERVAL) {
        return bind_as(call, with_time(kinds[0]), VALUE_INTERVAL, with_time(kinds[0]),
                       run_moment_minus_interval);
    }
    if (kinds[0] == VALUE_DATE && kinds[1] == VALUE_DATE) {
        return bind_as(call, VALUE_DATE, VALUE_DATE, VALUE_BIGINT, run_date_minus_date);
    }
    if (is_moment(kinds[0]) && is_moment(kinds[1])) {
        bool zone = kinds[0] == VALUE_TIMESTAMPTZ || kinds[1] == VALUE_TIMESTAMPTZ;
        enum value_kind both = zone ? VALUE_TIMESTAMPTZ : VALUE_TIMESTAMP;
        return bind_as(call, both, both, VALUE_INTERVAL, run_moment_minus_moment);
    }
    if (kinds[0] == VALUE_DATE && is_days(kinds[1])) {
        return bind_as(call, VALUE_DATE, VALUE_INTEGER, VALUE_DATE, run_date_minus_days);
    }
    if (kinds[0] == VALUE_INTERVAL && (kinds[1] == VALUE_INTERVAL || kinds[1] == VALUE_NULL)) {
        return bind_as(call, VALUE_INTERVAL, VALUE_INTERVAL, VALUE_INTERVAL,
                       run_interval_minus_interval);
    }
    return refuse_operand(call, kinds);
}

static bool is_number(enum value_kind kind)
{
    return kind == VALUE_NULL || (kind >= VALUE_INTEGER && kind <= VALUE_DOUBLE);
}

int function_bind_interval_times(struct function_bind_call *call, bool *done)
{
    enum value_kind kinds[2];
    *done = operand_kinds(call, kinds);
    if (!*done) {
        return 0;
    }
    size_t interval = kinds[0] == VALUE_INTERVAL ? 0 : 1;
    enum value_kind other = kinds[1 - interval];
    if (kinds[interval] != VALUE_INTERVAL || !is_number(other)) {
        return function_refuse_argument(call, is_number(kinds[0]) ? 1 : 0, VALUE_NULL);
    }
    bool whole = other <= VALUE_BIGINT;
    enum value_kind factor = whole ? VALUE_BIGINT : VALUE_DOUBLE;
    return bind_as(call, interval == 0 ? VALUE_INTERVAL : factor,
                   interval == 0 ? factor : VALUE_INTERVAL, VALUE_INTERVAL,
                   whole ? run_interval_times_integer : run_interval_times_real);
}

int function_bind_interval_divide(struct function_bind_call *call, bool *done)
{
    enum value_kind kinds[2];
    *done = operand_kinds(call, kinds);
    if (!*done) {
        return 0;
    }
    if (kinds[0] != VALUE_INTERVAL || !is_number(kinds[1])) {
        return function_refuse_argument(call, kinds[0] == VALUE_INTERVAL ? 1 : 0, VALUE_NULL);
    }
    return bind_as(call, VALUE_INTERVAL, VALUE_DOUBLE, VALUE_INTERVAL, run_interval_divided);
}

/* ---- making intervals and dates ---- */

/* A function that makes an interval of so many months or days; `unit` in months or days. */
#define WHOLE_UNIT(name, part, unit)                                                           \
    static void run_to_##name(const struct function_call *call, const struct value *arguments, \
                              struct value *out)                                               \
    {                                                                                          \
        struct value_interval interval = {0};                                                  \
        int64_t number;                                                                        \
        if (__builtin_mul_overflow(arguments[0].integer, INT64_C(unit), &number) ||            \
            number != (int32_t)number) {                                                       \
            function_fail(call, out);                                                          \
            return;                                                                            \
        }                                                                                      \
        interval.part = (int32_t)number;                                                       \
        function_return_interval(call, interval, out);                                         \
    }

/* Likewise of microseconds. */
#define TIME_UNIT(name, unit)                                                                  \
    static void run_to_##name(const struct function_call *call, const struct value *arguments, \
                              struct value *out)                                               \
    {                                                                                          \
        struct value_interval interval = {0};                                                  \
        if (__builtin_mul_overflow(arguments[0].integer, INT64_C(1) * (unit),                  \
                                   &interval.microseconds)) {                                  \
            function_fail(call, out);                                                          \
            return;                                                                            \
        }                                                                                      \
        function_return_interval(call, interval, out);                                         \
    }

/* Likewise of a real number of units. */
#define REAL_UNIT(name, unit)                                                                  \
    static void run_to_##name(const struct function_call *call, const struct value *arguments, \
                              struct value *out)                                               \
    {                                                                                          \
        double microseconds = round(arguments[0].real * (double)(unit));                       \
        if (!(fabs(microseconds) < 0x1p63)) {                                                  \
            function_fail(call, out);                                                          \
            return;                                                                            \
        }                                                                                      \
        struct value_interval interval = {.microseconds = (int64_t)microseconds};              \
        function_return_interval(call, interval, out);                                         \
    }

WHOLE_UNIT(millennia, months, 12000)
WHOLE_UNIT(centuries, months, 1200)
WHOLE_UNIT(decades, months, 120)
WHOLE_UNIT(years, months, 12)
WHOLE_UNIT(quarters, months, 3)
WHOLE_UNIT(months, months, 1)
WHOLE_UNIT(weeks, days, 7)
WHOLE_UNIT(days, days, 1)
TIME_UNIT(hours, CALENDAR_HOUR)
TIME_UNIT(minutes, CALENDAR_MINUTE)
TIME_UNIT(microseconds, 1)
REAL_UNIT(seconds, CALENDAR_SECOND)
REAL_UNIT(milliseconds, 1000)

#undef WHOLE_UNIT
#undef TIME_UNIT
#undef REAL_UNIT

static void run_make_date(const struct function_call *call, const struct value *arguments,
                          struct value *out)
{
    int64_t month = arguments[1].integer;
    int64_t day = arguments[2].integer;
    struct calendar_date date = {arguments[0].integer, (int)month, (int)day};
    if (month != (int)month || day != (int)day || !calendar_is_valid(date)) {
        function_fail(call, out);
    } else {
        function_return_integer(out, calendar_days(date));
    }
}

/* ---- strptime, strftime ---- */

/* What the bindings of strptime, try_strptime and strftime have as state. */
struct formats {
    bool tries; /* no failure when no format fits */
    size_t count;
    const struct date_format *items[];
};

static void run_strptime(const struct function_call *call, const struct value *arguments,
                         struct value *out)
{
    const struct formats *formats = call->binding->state;
    for (size_t i = 0; i < formats->count; i++) {
        int64_t timestamp;
        bool special;
        if (date_format_read(formats->items[i], value_text(arguments[0]), &timestamp, &special)) {
            /* try_strptime sees in "infinity" and "epoch" a text with all fields at their
               defaults, 1900-01-01. */
            const int64_t defaults = INT64_C(-25567) * CALENDAR_DAY;
            function_return_integer(out, special && formats->tries ? defaults : timestamp);
            return;
        }
    }
    *out = VALUE_NONE;
    *call->failures += !formats->tries;
}

static int parse_formats(struct function_bind_call *call, const struct value *texts, size_t count,
                         enum date_format_use use, struct formats **out)
{
    struct formats *formats =
        arena_alloc_zeroed(call->arena, 1, sizeof *formats + count * sizeof formats->items[0]);
    if (formats == NULL) {
        return error_out_of_memory(call->error);
    }
    for (size_t i = 0; i < count; i++) {
        if (texts[i].is_null) {
            continue;
        }
        int status = date_format_parse(&formats->items[formats->count], call->arena,
                                       value_text(texts[i]), use, call->error);
        if (status != 0) {
            return status;
        }
        formats->count++;
    }
    *out = formats;
    return 0;
}

static void run_null(const struct function_call *call, const struct value *arguments,
                     struct value *out)
{
    (void)call;
    (void)arguments;
    *out = VALUE_NONE;
}

/* The formats of a constant argument: one text, or a list of them. NULL when they are NULL. */
static int constant_formats(struct function_bind_call *call, size_t position,
                            enum date_format_use use, struct formats **out)
{
    const struct function_argument *argument = &call->arguments[position];
    bool list = argument->type.kind == VALUE_LIST && argument->type.element->kind == VALUE_TEXT;
    *out = NULL;
    if (argument->type.kind == VALUE_NULL) {
        return 0;
    }
    if (argument->type.kind != VALUE_TEXT && !(list && use == DATE_FORMAT_READ)) {
        return function_refuse_argument(call, position, VALUE_TEXT);
    }
    if (argument->constant == NULL) {
        return error_set(call->error, STATUS_INVALID, "%s takes a constant format",
                         call->function->name);
    }
    if (argument->constant->is_null) {
        return 0;
    }
    if (!list) {
        return parse_formats(call, argument->constant, 1, use, out);
    }
    const struct value_list *texts = argument->constant->list;
    return parse_formats(call, texts->items, texts->count, use, out);
}

static int bind_read(struct function_bind_call *call, bool tries)
{
    struct formats *formats;
    if (call->count != 2) {
        return function_refuse_count(call);
    }
    if (!function_argument_fits(&call->arguments[0], TYPE(VALUE_TEXT))) {
        return function_refuse_argument(call, 0, VALUE_TEXT);
    }
    int status = constant_formats(call, 1, DATE_FORMAT_READ, &formats);
    if (status != 0) {
        return status;
    }
    bool zone = false;
    for (size_t i = 0; formats != NULL && i < formats->count; i++) {
        zone = zone || date_format_has_zone(formats->items[i]);
    }
    call->binding->parameters[0] = TYPE(VALUE_TEXT);
    call->binding->result = TYPE(zone ? VALUE_TIMESTAMPTZ : VALUE_TIMESTAMP);
    call->binding->run = formats == NULL ? run_null : run_strptime;
    call->binding->state = formats;
    if (formats != NULL) {
        formats->tries = tries;
    }
    return 0;
}

static int bind_strptime(struct function_bind_call *call)
{
    return bind_read(call, false);
}

static int bind_try_strptime(struct function_bind_call *call)
{
    return bind_read(call, true);
}

/* The moment is the first argument or the second: parameters tell which is no text. */
static void run_strftime(const struct function_call *call, const struct value *arguments,
                         struct value *out)
{
    const struct formats *formats = call->binding->state;
    size_t moment = call->binding->parameters[0].kind == VALUE_TEXT ? 1 : 0;
    int64_t timestamp = arguments[moment].integer;
    if (!calendar_timestamp_is_finite(timestamp)) {
        struct str word = timestamp > 0 ? STR("infinity") : STR("-infinity");
        function_return_text(out, word.ptr, word.len);
        return;
    }
    bool has_zone = call->binding->parameters[moment].kind == VALUE_TIMESTAMPTZ;
    struct str zone = has_zone ? STR("UTC") : STR("");
    size_t length = date_format_write(formats->items[0], timestamp, zone, NULL);
    char *text = function_new_text(call, length, out);
    if (text != NULL) {
        date_format_write(formats->items[0], timestamp, zone, text);
    }
}

static int bind_strftime(struct function_bind_call *call)
{
    struct formats *formats;
    if (call->count != 2) {
        return function_refuse_count(call);
    }
    size_t format = is_moment(call->arguments[1].type.kind) ? 0 : 1;
    enum value_kind kind = call->arguments[1 - format].type.kind;
    if (!is_moment(kind) && kind != VALUE_NULL) {
        return function_refuse_argument(call, 1 - format, VALUE_TIMESTAMP);
    }
    int status = constant_formats(call, format, DATE_FORMAT_WRITE, &formats);
    if (status != 0) {
        return status;
    }
    call->binding->parameters[format] = TYPE(VALUE_TEXT);
    call->binding->parameters[1 - format] =
        TYPE(kind == VALUE_TIMESTAMPTZ ? VALUE_TIMESTAMPTZ : VALUE_TIMESTAMP);
    call->binding->result = TYPE(VALUE_TEXT);
    call->binding->run = formats == NULL ? run_null : run_strftime;
    call->binding->state = formats;
    return 0;
}

static const struct function FUNCTIONS[] = {
    {.name = "to_millennia", .overloads = {{"n:V", run_to_millennia}}},
    {.name = "to_centuries", .overloads = {{"n:V", run_to_centuries}}},
    {.name = "to_decades", .overloads = {{"n:V", run_to_decades}}},
    {.name = "to_years", .overloads = {{"n:V", run_to_years}}},
    {.name = "to_quarters", .overloads = {{"n:V", run_to_quarters}}},
    {.name = "to_months", .overloads = {{"n:V", run_to_months}}},
    {.name = "to_weeks", .overloads = {{"n:V", run_to_weeks}}},
    {.name = "to_days", .overloads = {{"n:V", run_to_days}}},
    {.name = "to_hours", .overloads = {{"n:V", run_to_hours}}},
    {.name = "to_minutes", .overloads = {{"n:V", run_to_minutes}}},
    {.name = "to_seconds", .overloads = {{"r:V", run_to_seconds}}},
    {.name = "to_milliseconds", .overloads = {{"r:V", run_to_milliseconds}}},
    {.name = "to_microseconds", .overloads = {{"n:V", run_to_microseconds}}},
    {.name = "make_date", .overloads = {{"nnn:D", run_make_date}}},
    {.name = "strptime",
     .bind = bind_strptime,
     .takes = "a text (VARCHAR) and a format or list of formats (VARCHAR)"},
    {.name = "try_strptime",
     .bind = bind_try_strptime,
     .takes = "a text (VARCHAR) and a format or list of formats (VARCHAR)"},
    {.name = "strftime",
     .bind = bind_strftime,
     .takes = "a DATE or TIMESTAMP and a format (VARCHAR)"},
};

const struct function_table function_table_date = {FUNCTIONS, ARRAY_LENGTH(FUNCTIONS)};
