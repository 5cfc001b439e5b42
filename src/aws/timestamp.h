/* Times as AWS writes them: RFC 3339. Any thread. */
#ifndef AWS_TIMESTAMP_H
#define AWS_TIMESTAMP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

enum { TIMESTAMP_SIZE = 32 };

/* Microseconds since 1970 of "2026-01-02T03:04:05Z": a fraction of the second does not count, "+00:00"
   and the "UTC" that old versions of the command line wrote may stand for Z, and another offset is
   taken into account. False when it is no such text. */
bool timestamp_read(int64_t *out, struct str text);

/* Seconds since 1970 as a text; empty when it is out of range. */
void timestamp_write(char out[TIMESTAMP_SIZE], int64_t seconds);

#endif
