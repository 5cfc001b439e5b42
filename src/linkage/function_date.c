/* Making dates and intervals, and reading and writing timestamps by a format. */
#include <math.h>

#include "linkage/calendar.h"
#include "linkage/date_format.h"
#include "linkage/function_internal.h"

static bool is_moment(enum value_kind kind)
{
    return kind == VALUE_DATE || kind == VALUE_TIMESTAMP || kind == VALUE_TIMESTAMPTZ;
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
