/*
 * Reads JSON with jansson, strictly: RFC 8259, valid UTF-8, no key twice, no NUL character in a
 * text, numbers within range. A byte-order mark is passed over.
 *
 * The first call has jansson take its memory from base/memory.h, so everything that jansson makes
 * must come after it, or from nowhere but here.
 *
 * Thread rule: any thread; a json_t belongs to one thread at a time.
 */
#ifndef BASE_JSON_READ_H
#define BASE_JSON_READ_H

#include <jansson.h>

#include "base/error.h"
#include "base/str.h"

/*
 * *out is the object or list that `text` holds, to be given back with json_decref(). STATUS_INVALID
 * names the line and column, from 1, but never what stands there. `name` comes before the message
 * unless it is NULL.
 */
int json_read(json_t **out, struct str text, const char *name, struct error *error);

/* At least as many as the values that json_read() would make of a text, JSON or not; each may take 250
   bytes. Commas and opening brackets are counted, that is all. */
size_t json_count_values(struct str text);

/* The value of a key as it stands in the text of an object that json_read() has accepted; ptr NULL
   when there is none, or where its key is written with escapes. */
struct str json_read_member(struct str text, const char *key);

#endif
