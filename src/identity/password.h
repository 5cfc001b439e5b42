/*
 * Passwords: Argon2id by libsodium, a few at a time, for each takes 64 MiB and a tenth of a second.
 *
 * Thread rule: any thread.
 */
#ifndef IDENTITY_PASSWORD_H
#define IDENTITY_PASSWORD_H

#include <stdbool.h>

#include "base/error.h"
#include "base/str.h"

enum { PASSWORD_HASH_SIZE = 128 }; /* crypto_pwhash_STRBYTES, with the NUL */

/* Where hashing is done: `most` at a time; a few more wait for their turn. */
struct password_hall;

int password_hall_open(struct password_hall **out, unsigned most, struct error *error);
void password_hall_close(struct password_hall *hall);

/* STATUS_RESOURCES when too many wait already, when its turn does not come within ten seconds, or there
   is no memory. */
int password_hash(char out[PASSWORD_HASH_SIZE], struct password_hall *hall, struct str password,
                  struct error *error);

/* *out is whether `hash` is the password's. `hash` NULL, for nobody's: takes as long, and is never
   good. */
int password_check(bool *out, struct password_hall *hall, const char *hash, struct str password,
                   struct error *error);

#endif
