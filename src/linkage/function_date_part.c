/* Parts of dates, timestamps and intervals. */
#include "linkage/function_date_part.h"
#include "linkage/calendar.h"
#include "linkage/date_format.h"

/* ---- the parts ---- */

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

static bool find_part(struct str name, enum date_part *out)
{
    for (size_t i = 0; i < ARRAY_LENGTH(PART_NAMES); i++) {
        for (const char *names = PART_NAMES[i]; *names != '\0';) {
            size_t length = strcspn(names, " ");
            if (str_equal_ignoring_case((struct str){names, length}, name)) {
                *out = (enum date_part)i;
                return true;
            }
            names += length + (names[length] == ' ');
        }
    }
    return false;
}

/* A part that is a REAL number; all others are whole. */
static bool is_real(enum date_part part)
{
    return part == PART_EPOCH || part == PART_JULIAN;
}

/* ---- parts of moments ---- */

/* There is no year 0 in centuries: 1 … 100 are the first after Christ, 0 … -99 the first before. */
static int64_t hundreds(int64_t year, int64_t by)
{
    return year > 0 ? (year - 1) / by + 1 : year / by - 1;
}

static int64_t day_part(enum date_part part, int64_t days)
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

static int64_t time_part(enum date_part part, int64_t time)
{
    switch (part) {
    case PART_HOUR: return time / CALENDAR_HOUR;
    case PART_MINUTE: return time / CALENDAR_MINUTE % 60;
    case PART_SECOND: return time / CALENDAR_SECOND % 60;
    case PART_MILLISECOND: return time % CALENDAR_MINUTE / 1000;
    default: return time % CALENDAR_MINUTE; /* microseconds, seconds included */
    }
}

static double real_part(enum date_part part, int64_t timestamp)
{
    if (part == PART_EPOCH) {
        return (double)timestamp / (double)CALENDAR_SECOND;
    }
    const int64_t julian_of_1970 = 2440588;
    int64_t time;
    int64_t days = calendar_day_of(timestamp, &time);
    return (double)(days + julian_of_1970) + (double)time / (double)CALENDAR_DAY;
}

/* Parts of infinity are NULL. The moment is the last argument: there may be a part before it. */
static void run_part(const struct function_call *call, const struct value *arguments,
                     struct value *out)
{
    enum date_part part = date_part_of(call);
    int64_t timestamp = arguments[call->binding->argument_count - 1].integer;
    if (!calendar_timestamp_is_finite(timestamp)) {
        *out = VALUE_NONE;
    } else if (is_real(part)) {
        function_return_real(out, real_part(part, timestamp));
    } else {
        int64_t time;
        int64_t days = calendar_day_of(timestamp, &time);
        bool of_time = part >= PART_HOUR && part <= PART_MICROSECOND;
        function_return_integer(out, of_time ? time_part(part, time) : day_part(part, days));
    }
}

/* The same of dates, which reach farther than timestamps. */
static void run_part_of_date(const struct function_call *call, const struct value *arguments,
                             struct value *out)
{
    enum date_part part = date_part_of(call);
    int64_t days = arguments[call->binding->argument_count - 1].integer;
    if (!calendar_date_is_finite(days)) {
        *out = VALUE_NONE;
    } else if (part == PART_EPOCH) {
        const int64_t day = CALENDAR_DAY / CALENDAR_SECOND;
        function_return_real(out, (double)(days * day));
    } else if (part == PART_JULIAN) {
        function_return_real(out, real_part(part, 0) + (double)days);
    } else {
        bool of_time = part >= PART_HOUR && part <= PART_MICROSECOND;
        function_return_integer(out, of_time ? 0 : day_part(part, days));
    }
}

/* ---- parts of intervals ---- */

static int64_t interval_part(enum date_part part, const struct value_interval *interval)
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
    enum date_part part = date_part_of(call);
    if (part != PART_EPOCH) {
        function_return_integer(out, interval_part(part, interval));
        return;
    }
    /* A year counts 365.25 days, a month 30: in microseconds all of it is whole. */
    const double year = 365.25 * (double)CALENDAR_DAY;
    const int64_t years = interval->months / CALENDAR_MONTHS;
    double microseconds = (double)years * year;
    int64_t days = (int64_t)interval->days + interval->months % CALENDAR_MONTHS * INT64_C(30);
    microseconds += (double)(days * CALENDAR_DAY) + (double)interval->microseconds;
    function_return_real(out, microseconds / (double)CALENDAR_SECOND);
}

static bool interval_has(enum date_part part)
{
    return part <= PART_EPOCH && part != PART_WEEK;
}

/* ---- binding of parts ---- */

int date_part_keep(struct function_bind_call *call, enum date_part part)
{
    enum date_part *state = arena_alloc(call->arena, sizeof *state);
    if (state == NULL) {
        return error_out_of_memory(call->error);
    }
    *state = part;
    call->binding->state = state;
    return 0;
}

/* The part that the first argument names. */
int date_part_constant(struct function_bind_call *call, enum date_part *out)
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

/* Binds a part of the argument at `position`. */
static int bind_part(struct function_bind_call *call, size_t position, enum date_part part)
{
    enum value_kind kind = call->arguments[position].type.kind;
    if (kind == VALUE_NULL) {
        kind = VALUE_DATE;
    }
    if (kind == VALUE_INTERVAL && !interval_has(part)) {
        return error_set(call->error, STATUS_INVALID, "%s: an INTERVAL has no such part",
                         call->function->name);
    }
    if (!date_part_is_moment(kind) && kind != VALUE_INTERVAL) {
        return function_refuse_argument(call, position, VALUE_DATE);
    }
    call->binding->parameters[position] = TYPE(kind);
    call->binding->result = TYPE(is_real(part) ? VALUE_DOUBLE : VALUE_BIGINT);
    call->binding->run = kind == VALUE_DATE       ? run_part_of_date
                         : kind == VALUE_INTERVAL ? run_part_of_interval
                                                  : run_part;
    return date_part_keep(call, part);
}

static int bind_date_part(struct function_bind_call *call)
{
    enum date_part part;
    if (call->count != 2) {
        return function_refuse_count(call);
    }
    int status = date_part_constant(call, &part);
    return status != 0 ? status : bind_part(call, 1, part);
}

/* year(x), month(x), …: the function's name is that of the part. */
static int bind_named_part(struct function_bind_call *call)
{
    enum date_part part;
    if (call->count != 1) {
        return function_refuse_count(call);
    }
    if (!find_part(str_from(call->function->name), &part)) {
        return error_set(call->error, STATUS_INTERNAL, "no part is named %s", call->function->name);
    }
    return bind_part(call, 0, part);
}

/* ---- the rest ---- */

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
    if (!date_part_is_moment(call->arguments[0].type.kind) &&
        call->arguments[0].type.kind != VALUE_NULL) {
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

#define A_MOMENT "a DATE, TIMESTAMP or INTERVAL"

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
    {.name = "last_day", .bind = bind_last_day, .takes = "a DATE or TIMESTAMP"},
    {.name = "monthname", .bind = bind_month_name, .takes = "a DATE or TIMESTAMP"},
    {.name = "dayname", .bind = bind_day_name, .takes = "a DATE or TIMESTAMP"},
    {.name = "epoch_ms", .overloads = {{"S:n", run_epoch_ms}, {"Z:n", run_epoch_ms}}},
    {.name = "epoch_us", .overloads = {{"S:n", run_epoch_us}, {"Z:n", run_epoch_us}}},
};

const struct function_table function_table_date_part = {FUNCTIONS, ARRAY_LENGTH(FUNCTIONS)};
