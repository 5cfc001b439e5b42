#include "cmd/progress.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

/* Seconds between two updates: smooth on a terminal, rare in a log. */
#define TERMINAL_INTERVAL 0.1
#define LOG_INTERVAL      5.0

enum { BAR_WIDTH = 24 };

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

static void show(const struct progress *progress, uint64_t done, uint64_t total, double now)
{
    double elapsed = now - progress->started;
    double rate = elapsed > 0 ? (double)done / elapsed : 0;
    char done_text[32];
    char rate_text[32];
    progress_grouped(done, done_text);
    progress_grouped((uint64_t)rate, rate_text);
    if (total == 0 || done > total) {
        fprintf(stderr, "%s  %s %s, %s a second", progress->phase, done_text, progress->unit,
                rate_text);
        return;
    }
    double share = (double)done / (double)total;
    double left = rate > 0 ? (double)(total - done) / rate : 0;
    char bar[BAR_WIDTH + 1];
    memset(bar, '.', BAR_WIDTH);
    memset(bar, '#', (size_t)(share * BAR_WIDTH));
    bar[BAR_WIDTH] = '\0';
    char total_text[32];
    fprintf(stderr, "%s  [%s] %3.0f %%  %s of %s %s, %s a second, %.0f s left", progress->phase,
            bar, share * 100, done_text, progress_grouped(total, total_text), progress->unit,
            rate_text, left);
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
