#include "aws/timestamp.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { DATE_AND_TIME = 19 };

/* `count` digits as a number, or -1. */
static int digits(const char *text, size_t count)
{
    int number = 0;
    for (size_t i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return -1;
        }
        number = number * 10 + (text[i] - '0');
    }
    return number;
}

/* Seconds that the zone is ahead of UTC; false when it is none. */
static bool read_zone(int *out, struct str zone)
{
    *out = 0;
    if (str_equal(zone, STR("Z")) || str_equal(zone, STR("UTC"))) {
        return true;
    }
    if (zone.len != 6 || (zone.ptr[0] != '+' && zone.ptr[0] != '-') || zone.ptr[3] != ':') {
        return false;
    }
    int hours = digits(zone.ptr + 1, 2);
    int minutes = digits(zone.ptr + 4, 2);
    if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) {
        return false;
    }
    *out = (hours * 60 + minutes) * (zone.ptr[0] == '-' ? -60 : 60);
    return true;
}

bool timestamp_read(int64_t *out, struct str text)
{
    static const char form[] = "dddd-dd-ddTdd:dd:dd";
    if (text.len <= DATE_AND_TIME) {
        return false;
    }
    for (size_t i = 0; i < DATE_AND_TIME; i++) {
        bool digit = text.ptr[i] >= '0' && text.ptr[i] <= '9';
        if (form[i] == 'd' ? !digit : text.ptr[i] != form[i]) {
            return false;
        }
    }
    const char *t = text.ptr;
    struct tm parts = {
        .tm_year = digits(t, 4) - 1900,
        .tm_mon = digits(t + 5, 2) - 1,
        .tm_mday = digits(t + 8, 2),
        .tm_hour = digits(t + 11, 2),
        .tm_min = digits(t + 14, 2),
        .tm_sec = digits(t + 17, 2),
    };
    if (parts.tm_mon < 0 || parts.tm_mon > 11 || parts.tm_mday < 1 || parts.tm_mday > 31 ||
        parts.tm_hour > 23 || parts.tm_min > 59 || parts.tm_sec > 60) {
        return false;
    }
    size_t next = DATE_AND_TIME;
    if (t[next] == '.') {
        for (next++; next < text.len && t[next] >= '0' && t[next] <= '9'; next++) {
        }
    }
    int zone;
    if (!read_zone(&zone, (struct str){t + next, text.len - next})) {
        return false;
    }
    *out = ((int64_t)timegm(&parts) - zone) * 1000000;
    return true;
}

void timestamp_write(char out[TIMESTAMP_SIZE], int64_t seconds)
{
    struct tm parts;
    time_t time = (time_t)seconds;
    if (gmtime_r(&time, &parts) == NULL ||
        strftime(out, TIMESTAMP_SIZE, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0) {
        out[0] = '\0';
    }
}
