#include "cmd/progress.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

/* Seconds between two updates: smooth on a terminal, rare in a log. */
#define TERMINAL_INTERVAL 0.1
#define LOG_INTERVAL      5.0

/* The whole line then fits 80 columns: a longer one could not be taken back on a terminal. */
enum { BAR_WIDTH = 20 };

void progress_init(struct progress *progress, bool quiet)
{
    *progress = (struct progress){.quiet = quiet, .terminal = isatty(STDERR_FILENO) == 1};
}

void progress_begin(struct progress *progress, const char *phase, const char *unit)
{
    progress_end(progress);
    progress->phase = phase;
    progress->unit = unit;
    progress->started = progress->last = clock_monotonic();
}

const char *progress_grouped(uint64_t number, char out[32])
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)number);
    char *end = out;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0) {
            *end++ = ',';
        }
        *end++ = digits[i];
    }
    *end = '\0';
    return out;
}

const char *progress_short(uint64_t number, char out[32])
{
    static const char units[] = {'k', 'M', 'G', 'T', 'P', 'E'};
    if (number < 10000) {
        return progress_grouped(number, out);
    }
    double scaled = (double)number / 1000;
    size_t unit = 0;
    while (unit + 1 < sizeof units && scaled >= 999.5) {
        scaled /= 1000;
        unit++;
    }
    /* Three digits: 12.3M, 123M. */
    snprintf(out, 32,
             scaled < 9.995   ? "%.2f%c"
             : scaled < 99.95 ? "%.1f%c"
                              : "%.0f%c",
             scaled, units[unit]);
    return out;
}

const char *progress_duration(double seconds, char out[32])
{
    /* A clock that shows more than a week helps nobody. */
    unsigned whole = seconds < 7 * 86400 ? (unsigned)(seconds + 0.5) : 7 * 86400;
    if (whole < 60) {
        snprintf(out, 32, "%u s", whole);
    } else if (whole < 3600) {
        snprintf(out, 32, "%u:%02u min", whole / 60, whole % 60);
    } else {
        snprintf(out, 32, "%u:%02u h", whole / 3600, whole / 60 % 60);
    }
    return out;
}

static void show(const struct progress *progress, uint64_t done, uint64_t total, double now)
{
    if (progress->unit == NULL) {
        fputs(progress->phase, stderr);
        return;
    }
    double elapsed = now - progress->started;
    double rate = elapsed > 0 ? (double)done / elapsed : 0;
    char done_text[32];
    char rate_text[32];
    progress_short(done, done_text);
    progress_short((uint64_t)rate, rate_text);
    if (total == 0 || done > total) {
        fprintf(stderr, "%s  %s %s, %s/s", progress->phase, done_text, progress->unit, rate_text);
        return;
    }
    double share = (double)done / (double)total;
    char bar[BAR_WIDTH + 1];
    memset(bar, '.', BAR_WIDTH);
    memset(bar, '#', (size_t)(share * BAR_WIDTH));
    bar[BAR_WIDTH] = '\0';
    char total_text[32];
    char left_text[32] = "?";
    if (rate > 0) {
        progress_duration((double)(total - done) / rate, left_text);
    }
    fprintf(stderr, "%s  [%s] %3.0f %%  %s of %s %s, %s/s, %s left", progress->phase, bar,
            share * 100, done_text, progress_short(total, total_text), progress->unit, rate_text,
            left_text);
}

void progress_update(struct progress *progress, uint64_t done, uint64_t total)
{
    if (progress->quiet) {
        return;
    }
    double now = clock_monotonic();
    if (now - progress->last < (progress->terminal ? TERMINAL_INTERVAL : LOG_INTERVAL)) {
        return;
    }
    progress->last = now;
    if (progress->terminal) {
        fputs("\r\033[K", stderr);
        show(progress, done, total, now);
        progress->shown = true;
    } else {
        show(progress, done, total, now);
        fputc('\n', stderr);
    }
}

void progress_end(struct progress *progress)
{
    if (progress->shown) {
        fputs("\r\033[K", stderr);
        progress->shown = false;
    }
}
