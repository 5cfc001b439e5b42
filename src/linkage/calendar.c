#include "linkage/calendar.h"

/*
 * Counting days: years are taken to begin in March, so that the leap day is the last of a year and
 * each month but the last has a fixed place; 400 years are a cycle of 146,097 days. Day 0 of that
 * count is 0000-03-01, 719,468 days before 1970-01-01.
 */
enum { CYCLE_YEARS = 400, CYCLE_DAYS = 146097, DAYS_TO_1970 = 719468 };

static int64_t floor_divide(int64_t number, int64_t by)
{
    return number / by - (number % by < 0);
}

static bool is_leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int calendar_month_length(int64_t year, int month)
{
    static const int LENGTHS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap(year) ? 29 : LENGTHS[month - 1];
}

bool calendar_is_valid(struct calendar_date date)
{
    const int64_t first_year = -5877641;
    const int64_t last_year = 5881580;
    if (date.month < 1 || date.month > CALENDAR_MONTHS || date.day < 1 || date.year < first_year ||
        date.year > last_year || date.day > calendar_month_length(date.year, date.month)) {
        return false;
    }
    if (date.year == first_year) {
        return date.month > 6 || (date.month == 6 && date.day >= 25);
    }
    return date.year < last_year || date.month < 7 || (date.month == 7 && date.day <= 10);
}

int64_t calendar_days(struct calendar_date date)
{
    int64_t year = date.year - (date.month <= 2);
    int64_t cycle = floor_divide(year, CYCLE_YEARS);
    int64_t year_of_cycle = year - cycle * CYCLE_YEARS;
    int month = (date.month + 9) % CALENDAR_MONTHS; /* March is 0 */
    /* Months from March on alternate between 31 and 30 days, but for August: 153 in five. */
    int64_t day_of_year = (153 * month + 2) / 5 + date.day - 1;
    int64_t day_of_cycle =
        year_of_cycle * 365 + year_of_cycle / 4 - year_of_cycle / 100 + day_of_year;
    return cycle * CYCLE_DAYS + day_of_cycle - DAYS_TO_1970;
}

struct calendar_date calendar_date(int64_t days)
{
    days += DAYS_TO_1970;
    int64_t cycle = floor_divide(days, CYCLE_DAYS);
    int64_t day = days - cycle * CYCLE_DAYS;
    /* Take out the leap days passed, so that all years have 365: one each 1,461 days (4 years) less
       one each 36,525 (100 years), and that of the cycle's last day. */
    int64_t year = (day - day / 1460 + day / 36524 - day / (CYCLE_DAYS - 1)) / 365;
    int64_t day_of_year = day - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * day_of_year + 2) / 153;
    return (struct calendar_date){
        .year = cycle * CYCLE_YEARS + year + (month >= 10),
        .month = (int)(month < 10 ? month + 3 : month - 9),
        .day = (int)(day_of_year - (153 * month + 2) / 5 + 1),
    };
}

int calendar_weekday(int64_t days)
{
    const int thursday = 4; /* of 1970-01-01 */
    int64_t day = (days + thursday) % 7;
    return (int)(day < 0 ? day + 7 : day);
}

int calendar_day_of_year(struct calendar_date date)
{
    struct calendar_date first = {date.year, 1, 1};
    return (int)(calendar_days(date) - calendar_days(first)) + 1;
}

int calendar_iso_week(int64_t days, int64_t *year)
{
    /* A week belongs to the year of its Thursday. */
    int64_t thursday = days - (calendar_weekday(days) + 6) % 7 + 3;
    struct calendar_date date = calendar_date(thursday);
    *year = date.year;
    return (calendar_day_of_year(date) - 1) / 7 + 1;
}

bool calendar_timestamp(int64_t days, int64_t microseconds, int64_t *out)
{
    /* The first day that a timestamp can hold whole: DuckDB's least timestamp is its midnight. */
    const int64_t first_day = -106751991;
    return days >= first_day && !__builtin_mul_overflow(days, CALENDAR_DAY, out) &&
           !__builtin_add_overflow(*out, microseconds, out) && calendar_timestamp_is_finite(*out);
}

int64_t calendar_day_of(int64_t timestamp, int64_t *microseconds)
{
    int64_t day = floor_divide(timestamp, CALENDAR_DAY);
    *microseconds = timestamp - day * CALENDAR_DAY;
    return day;
}

bool calendar_date_to_timestamp(int64_t days, int64_t *out)
{
    if (!calendar_date_is_finite(days)) {
        *out = days > 0 ? CALENDAR_TIMESTAMP_INFINITY : -CALENDAR_TIMESTAMP_INFINITY;
        return true;
    }
    return calendar_timestamp(days, 0, out);
}

int64_t calendar_timestamp_to_date(int64_t timestamp)
{
    if (!calendar_timestamp_is_finite(timestamp)) {
        return timestamp > 0 ? CALENDAR_DATE_INFINITY : -CALENDAR_DATE_INFINITY;
    }
    return floor_divide(timestamp, CALENDAR_DAY);
}

static bool add_days(int64_t timestamp, int64_t days, int64_t *out)
{
    int64_t microseconds;
    return !__builtin_mul_overflow(days, CALENDAR_DAY, &microseconds) &&
           !__builtin_add_overflow(timestamp, microseconds, out);
}

static bool add_months(int64_t timestamp, int64_t months, int64_t *out)
{
    int64_t microseconds;
    struct calendar_date date = calendar_date(calendar_day_of(timestamp, &microseconds));
    months += date.year * CALENDAR_MONTHS + (date.month - 1);
    date.year = floor_divide(months, CALENDAR_MONTHS);
    date.month = (int)(months - date.year * CALENDAR_MONTHS) + 1;
    int length = calendar_month_length(date.year, date.month);
    date.day = date.day > length ? length : date.day;
    return calendar_is_valid(date) &&
           !__builtin_mul_overflow(calendar_days(date), CALENDAR_DAY, out) &&
           !__builtin_add_overflow(*out, microseconds, out);
}

bool calendar_add(int64_t timestamp, struct value_interval interval, bool with_zone, int64_t *out)
{
    if (!calendar_timestamp_is_finite(timestamp)) {
        *out = timestamp;
        return true;
    }
    bool negative = interval.months < 0 || interval.days < 0 || interval.microseconds < 0;
    int64_t before = with_zone && negative ? interval.microseconds : 0;
    int64_t after = interval.microseconds - before;
    return !__builtin_add_overflow(timestamp, before, out) &&
           add_months(*out, interval.months, out) && add_days(*out, interval.days, out) &&
           !__builtin_add_overflow(*out, after, out) && calendar_timestamp_is_finite(*out);
}

bool calendar_negate(struct value_interval interval, struct value_interval *out)
{
    if (interval.months == INT32_MIN || interval.days == INT32_MIN ||
        interval.microseconds == INT64_MIN) {
        return false;
    }
    *out = (struct value_interval){-interval.months, -interval.days, -interval.microseconds};
    return true;
}
