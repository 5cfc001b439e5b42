#include "synth/calendar.h"

/*
 * Years are counted from March, so that the leap day comes last, within eras of 400 years
 * (146,097 days). Dates here are far from year 0, which keeps all quotients positive.
 */
enum { DAYS_OF_ERA = 146097, DAYS_TO_1970 = 719468 };

int32_t synth_day_number(struct synth_date date)
{
    int32_t year = date.month <= 2 ? date.year - 1 : date.year;
    int32_t era = year / 400;
    int32_t year_of_era = year % 400;
    int32_t month = (date.month + 9) % 12; /* 0 is March */
    /* 153 days are the five months from March to July, and again from August to December. */
    int32_t day_of_year = (153 * month + 2) / 5 + date.day - 1;
    int32_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * DAYS_OF_ERA + day_of_era - DAYS_TO_1970;
}

struct synth_date synth_day_date(int32_t number)
{
    int32_t shifted = number + DAYS_TO_1970;
    int32_t era = shifted / DAYS_OF_ERA;
    int32_t day_of_era = shifted % DAYS_OF_ERA;
    int32_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int32_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int32_t month = (5 * day_of_year + 2) / 153;
    return (struct synth_date){
        .year = era * 400 + year_of_era + (month >= 10 ? 1 : 0),
        .month = month < 10 ? month + 3 : month - 9,
        .day = day_of_year - (153 * month + 2) / 5 + 1,
    };
}

int32_t synth_month_length(int32_t year, int32_t month)
{
    struct synth_date first = {year, month, 1};
    struct synth_date next = {month == 12 ? year + 1 : year, month % 12 + 1, 1};
    return synth_day_number(next) - synth_day_number(first);
}

void synth_date_text(struct synth_text *out, struct synth_date date)
{
    synth_text_clear(out);
    synth_text_append_number(out, (uint64_t)date.year, 4);
    synth_text_append_char(out, '-');
    synth_text_append_number(out, (uint64_t)date.month, 2);
    synth_text_append_char(out, '-');
    synth_text_append_number(out, (uint64_t)date.day, 2);
}
