/*
 * Counts failures by name or address, in memory of a fixed size: a count-min sketch of leaky buckets.
 *
 * Each key has one bucket in each of two tables, found by a keyed hash; a failure fills both, time
 * drains them, and a key is limited while both are full. Others may share one bucket of a key, seldom
 * both: so nobody is limited without need, and however many names somebody makes up, nothing grows and
 * nothing is forgotten.
 *
 * Thread rule: any thread.
 */
#ifndef IDENTITY_RATE_LIMIT_H
#define IDENTITY_RATE_LIMIT_H

#include <stdbool.h>

#include "base/error.h"
#include "base/str.h"

struct rate_limit;

/* `most` failures at once; afterwards one more each `seconds`. */
int rate_limit_open(struct rate_limit **out, double most, double seconds, struct error *error);

/* Counts an attempt, and tells whether it may be made: to be called before, and taken back by
   rate_limit_forgive() when it was no failure. So attempts at the same time count, too. `now`:
   clock_monotonic(). */
bool rate_limit_try(struct rate_limit *limit, struct str key, double now);
void rate_limit_forgive(struct rate_limit *limit, struct str key);

/* NULL is fine. */
void rate_limit_close(struct rate_limit *limit);

#endif
