/*
 * What tells rows of imports apart: equal rows are one record.
 *
 * SHA-256 of an encoding in which no two rows look alike: each value in the order of record_columns
 * becomes its length in bytes, a colon and itself, NULL a colon alone. So 2:ab is not 1:a followed by
 * 1:b, and NULL is not the empty text.
 *
 * Thread rule: one thread at a time.
 */
#ifndef EMPI_RECORD_HASH_H
#define EMPI_RECORD_HASH_H

#include "base/error.h"
#include "base/str.h"
#include "empi/record.h"

struct record_hash;

enum { RECORD_HASH_BYTES = 32 };

int record_hash_open(struct record_hash **out, struct error *error);

/* Of RECORD_COLUMN_COUNT values; ptr NULL is NULL. */
int record_hash_make(unsigned char out[RECORD_HASH_BYTES], struct record_hash *hash,
                     const struct str *values, struct error *error);

/* NULL is fine. */
void record_hash_close(struct record_hash *hash);

#endif
