/* Days as numbers: 0 is 1970-01-01, by the Gregorian calendar throughout. Any thread. */
#ifndef SYNTH_CALENDAR_H
#define SYNTH_CALENDAR_H

#include <stdint.h>

#include "synth/text.h"

struct synth_date {
    int32_t year; /* 1800 … 2199 here */
    int32_t month;
    int32_t day;
};

/* The number of a date; the date need not exist: 02-30 is 03-02 or 03-01. */
int32_t synth_day_number(struct synth_date date);

struct synth_date synth_day_date(int32_t number);

/* Days of a month, 28 … 31. */
int32_t synth_month_length(int32_t year, int32_t month);

/* Sets YYYY-MM-DD. */
void synth_date_text(struct synth_text *out, struct synth_date date);

#endif
