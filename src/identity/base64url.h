/* Base64 for URLs (RFC 4648, section 5), without padding and without leniency: a text has one
   encoding only. Any thread. */
#ifndef IDENTITY_BASE64URL_H
#define IDENTITY_BASE64URL_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"

/* NUL-terminated, in the arena; NULL when that has no room. */
MUST_CHECK char *base64url_encode(struct arena *arena, const void *bytes, size_t size);

/* The bytes of `text`, NUL behind them; ptr NULL when it is no such text. *out_of_memory tells when
   the arena had no room. */
struct str base64url_decode(struct arena *arena, struct str text, bool *out_of_memory);

#endif
