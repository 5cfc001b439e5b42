/* What function_date_part.c and function_date_diff.c share: the parts of a date. Private to them. */
#ifndef LINKAGE_FUNCTION_DATE_PART_H
#define LINKAGE_FUNCTION_DATE_PART_H

#include "linkage/function_internal.h"

enum date_part {
    PART_MILLENNIUM,
    PART_CENTURY,
    PART_DECADE,
    PART_YEAR,
    PART_QUARTER,
    PART_MONTH,
    PART_WEEK,
    PART_DAY,
    PART_HOUR,
    PART_MINUTE,
    PART_SECOND,
    PART_MILLISECOND,
    PART_MICROSECOND,
    PART_EPOCH,
    PART_DAY_OF_WEEK,
    PART_ISO_DAY_OF_WEEK,
    PART_DAY_OF_YEAR,
    PART_YEAR_WEEK,
    PART_ISO_YEAR,
    PART_ERA,
    PART_TIME_ZONE,
    PART_JULIAN,
};

/* The part that the first argument, a constant, names. */
int date_part_constant(struct function_bind_call *call, enum date_part *out);

/* Makes a part the state of the binding, and reads it when the function runs. */
int date_part_keep(struct function_bind_call *call, enum date_part part);

static inline enum date_part date_part_of(const struct function_call *call)
{
    return *(const enum date_part *)call->binding->state;
}

static inline bool date_part_is_moment(enum value_kind kind)
{
    return kind == VALUE_DATE || kind == VALUE_TIMESTAMP || kind == VALUE_TIMESTAMPTZ;
}

#endif
