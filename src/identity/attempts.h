/*
 * How many wrong passwords may be tried: from one network for one name, from one network for any name,
 * and from all networks for one name.
 *
 * Whoever uses up the first has not locked the user out, who comes from elsewhere; and what the first
 * refuses the last does not count. What one network may go on with is a tenth of what all may: so it
 * takes ten of them to lock a user out, and then only while they go on.
 *
 * A network is an address of IPv4, or the 64 bits that addresses of IPv6 share which one host may take
 * as it likes.
 *
 * Thread rule: any thread.
 */
#ifndef IDENTITY_ATTEMPTS_H
#define IDENTITY_ATTEMPTS_H

#include <stdbool.h>

#include "base/error.h"
#include "base/str.h"

struct attempts;

int attempts_open(struct attempts **out, struct error *error);

/* Counts an attempt from this address, as of http_exchange's `client`, and tells whether it may be made:
   see rate_limit_try(). Names are the same whatever the case of their ASCII letters. */
bool attempts_try(struct attempts *attempts, struct str address, struct str name, double now);

/* Takes one back that may be made: it was no failure. */
void attempts_forgive(struct attempts *attempts, struct str address, struct str name);

/* NULL is fine. */
void attempts_close(struct attempts *attempts);

#endif
