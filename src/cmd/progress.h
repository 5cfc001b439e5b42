/*
 * Progress on standard error: a bar with rate and time left on a terminal, a line every few seconds
 * otherwise, nothing when asked to be quiet.
 *
 * Thread rule: one thread at a time.
 */
#ifndef CMD_PROGRESS_H
#define CMD_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    bool quiet;
    bool terminal;
    bool shown;        /* a bar stands on the terminal's current line */
    const char *phase; /* "reading", "scoring" */
    const char *unit;  /* what is counted: "MB", "pairs"; NULL: nothing is */
    double started;    /* when the phase began */
    double last;       /* when something was shown last */
};

void progress_init(struct progress *progress, bool quiet);

/* Begins a phase. The texts must outlive it. */
void progress_begin(struct progress *progress, const char *phase, const char *unit);

/* Cheap when nothing is due. A total of 0 is unknown. */
void progress_update(struct progress *progress, uint64_t done, uint64_t total);

/* Takes the bar off the terminal, before anything else is printed. */
void progress_end(struct progress *progress);

/* These write into a buffer of 32 bytes and return it: a number with thousands separated,
   "1,234,567"; in three digits, "1.23M" (below 10,000 as above); a time, "12 s", "3:05 min" or
   "2:30 h". */
const char *progress_grouped(uint64_t number, char out[32]);
const char *progress_short(uint64_t number, char out[32]);
const char *progress_duration(double seconds, char out[32]);

#endif
