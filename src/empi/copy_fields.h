/*
 * Rows of COPY's text format, read field by field: how large sets come out of the database.
 *
 * Thread rule: one thread.
 */
#ifndef EMPI_COPY_FIELDS_H
#define EMPI_COPY_FIELDS_H

#include <stdint.h>

#include "base/error.h"
#include "base/str.h"

enum { COPY_MAX_FIELDS = 32 };

struct copy_fields {
    struct str items[COPY_MAX_FIELDS]; /* ptr NULL for NULL; valid until the next row */
    size_t count;
    struct text_buffer unescaped; /* what the fields with escapes stand for */
};

#define COPY_FIELDS ((struct copy_fields){.unescaped = TEXT_BUFFER((size_t)1 << 30)})

/* Splits one row; STATUS_INTERNAL unless it has exactly `count` fields. */
int copy_fields_read(struct copy_fields *fields, struct str row, size_t count, struct error *error);

/* A field of digits; 0 for NULL. */
int64_t copy_fields_integer(const struct copy_fields *fields, size_t position);
double copy_fields_double(const struct copy_fields *fields, size_t position);

void copy_fields_free(struct copy_fields *fields);

#endif
