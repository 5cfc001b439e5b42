/* + - * / with dates, timestamps and intervals. The operators themselves are function_number.c's. */
#include <math.h>

#include "linkage/calendar.h"
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
