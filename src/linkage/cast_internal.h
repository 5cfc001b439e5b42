/* What the files cast*.c share. */
#ifndef LINKAGE_CAST_INTERNAL_H
#define LINKAGE_CAST_INTERNAL_H

#include "linkage/function_internal.h"

enum { CAST_DECIMAL_WIDTH = 18 /* digits that an int64_t holds whatever they are */ };

struct cast;

enum cast_outcome {
    CAST_DONE,
    CAST_FAILED,    /* the value has no counterpart in the other type */
    CAST_EXHAUSTED, /* no memory for it */
};

/* Converts one value that is not NULL. */
typedef enum cast_outcome cast_convert(struct arena *scratch, const struct cast *cast,
                                       struct value value, struct value *out);

/* What a cast's binding has as state. */
struct cast {
    struct value_type from;
    struct value_type to;
    enum cast_mode mode;
    cast_convert *convert;
    const struct cast *element; /* LIST to LIST, TEXT to LIST: for the items */
};

/* The conversion between two types that are neither NULL nor the same; NULL when there is none. */
cast_convert *cast_find(struct value_type from, struct value_type to);

/* 10^exponent for 0 … 18. */
int64_t cast_power_of_ten(unsigned exponent);

/* number / 10^digits, half away from zero. */
int64_t cast_divide_rounded(int64_t number, unsigned digits);

/* A decimal as DuckDB turns it into a DOUBLE or (`narrow`) a FLOAT. */
double cast_decimal_to_real(int64_t number, unsigned scale, bool narrow);

/* ---- cast_number.c ---- */
cast_convert cast_to_boolean;
cast_convert cast_to_integer;
cast_convert cast_to_decimal;
cast_convert cast_to_real;

/* ---- cast_from_text.c ---- */
cast_convert cast_text_to_boolean;
cast_convert cast_text_to_integer;
cast_convert cast_text_to_decimal;
cast_convert cast_text_to_real;
cast_convert cast_text_to_date;
cast_convert cast_text_to_timestamp;
cast_convert cast_text_to_interval;
cast_convert cast_text_to_list;

/* ---- cast_to_text.c ---- */
cast_convert cast_to_text;

#endif
