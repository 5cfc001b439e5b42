/* Time. Any thread. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/* Seconds on a clock that never goes back, from an arbitrary start. */
double clock_monotonic(void);

/* Microseconds since 1970-01-01T00:00:00Z. */
int64_t clock_now(void);

#endif
