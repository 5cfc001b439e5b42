/*
 * The values that SQL conditions compute with: DuckDB's types, as far as a Splink model needs them.
 *
 * Types are static: the binder knows the type of every expression, so a value carries none. A value
 * is 16 bytes and copied freely; text and lists point into memory that outlives it (a dictionary, a
 * program's arena, or the evaluator's scratch arena, which is reset for each pair).
 */
#ifndef LINKAGE_VALUE_H
#define LINKAGE_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

enum value_kind {
    VALUE_NULL,      /* the bare word NULL, until a context gives it a type */
    VALUE_BOOLEAN,   /* integer 0 or 1 */
    VALUE_INTEGER,   /* 32 bits, held as 64 */
    VALUE_BIGINT,    /* 64 bits */
    VALUE_DECIMAL,   /* integer times 10^-scale; width up to 18 */
    VALUE_FLOAT,     /* 32 bits, held as a double that is exactly a float */
    VALUE_DOUBLE,    /* 64 bits; NaN equals NaN and is the greatest */
    VALUE_TEXT,      /* UTF-8, compared bytewise */
    VALUE_DATE,      /* days since 1970-01-01 */
    VALUE_TIMESTAMP, /* microseconds since 1970-01-01 00:00:00, no zone */
    VALUE_TIMESTAMPTZ,
    VALUE_INTERVAL, /* struct value_interval */
    VALUE_LIST,     /* struct value_list of `element` */
};

struct value_type {
    enum value_kind kind;
    uint8_t width;                    /* VALUE_DECIMAL: digits altogether, 1 … 18 */
    uint8_t scale;                    /* VALUE_DECIMAL: digits after the point, 0 … width */
    const struct value_type *element; /* VALUE_LIST */
};

struct value;

struct value_list {
    uint32_t count;
    const struct value *items;
};

struct value_interval {
    int32_t months;
    int32_t days;
    int64_t microseconds;
};

struct value {
    union {
        int64_t integer; /* BOOLEAN, INTEGER, BIGINT, DECIMAL, DATE, TIMESTAMP(TZ) */
        double real;     /* FLOAT, DOUBLE */
        const char *text;
        const struct value_list *list;
        const struct value_interval *interval;
    };
    uint32_t length; /* bytes of text */
    bool is_null;
};

#define VALUE_NONE ((struct value){.is_null = true})

static inline struct value value_from_text(struct str text)
{
    return (struct value){
        .text = text.ptr, .length = (uint32_t)text.len, .is_null = text.ptr == NULL};
}

static inline struct str value_text(struct value value)
{
    return (struct str){value.text, value.length};
}

/* Whether two types are the same, scale and element included. */
bool value_type_equal(struct value_type a, struct value_type b);

/* The SQL name of a type, "DECIMAL(3,1)", "VARCHAR[]", for messages; `out` holds 64 bytes. */
const char *value_type_name(struct value_type type, char out[64]);

/*
 * The order of two values of the same type, neither NULL: negative, 0, positive. NaN equals NaN and
 * is above all; -0 equals 0; text is bytewise; lists compare item by item with NULL items last.
 */
int value_compare(struct value_type type, struct value a, struct value b);

/* A hash such that equal values (by value_compare, or both NULL) have equal hashes. */
uint64_t value_hash(struct value_type type, struct value value);

#endif
