#include "linkage/value.h"

#define XXH_INLINE_ALL
#include <stdio.h>
#include <xxhash.h>

bool value_type_equal(struct value_type a, struct value_type b)
{
    if (a.kind != b.kind) {
        return false;
    }
    if (a.kind == VALUE_DECIMAL) {
        return a.width == b.width && a.scale == b.scale;
    }
    return a.kind != VALUE_LIST || value_type_equal(*a.element, *b.element);
}

const char *value_type_name(struct value_type type, char out[64])
{
    static const char *const NAMES[] = {
        [VALUE_NULL] = "NULL",
        [VALUE_BOOLEAN] = "BOOLEAN",
        [VALUE_INTEGER] = "INTEGER",
        [VALUE_BIGINT] = "BIGINT",
        [VALUE_DECIMAL] = "DECIMAL",
        [VALUE_FLOAT] = "FLOAT",
        [VALUE_DOUBLE] = "DOUBLE",
        [VALUE_TEXT] = "VARCHAR",
        [VALUE_DATE] = "DATE",
        [VALUE_TIMESTAMP] = "TIMESTAMP",
        [VALUE_TIMESTAMPTZ] = "TIMESTAMP WITH TIME ZONE",
        [VALUE_INTERVAL] = "INTERVAL",
    };
    /* The brackets of nested lists stand after the name of the innermost element. */
    unsigned depth = 0;
    while (type.kind == VALUE_LIST) {
        type = *type.element;
        depth++;
    }
    int used = type.kind == VALUE_DECIMAL
                   ? snprintf(out, 64, "DECIMAL(%u,%u)", type.width, type.scale)
                   : snprintf(out, 64, "%s", NAMES[type.kind]);
    for (size_t at = (size_t)used; depth > 0 && at + 2 < 64; depth--, at += 2) {
        memcpy(out + at, "[]", 3);
    }
    return out;
}

static int compare_integers(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int compare_reals(double a, double b)
{
    bool a_is_nan = a != a;
    bool b_is_nan = b != b;
    if (a_is_nan || b_is_nan) {
        return a_is_nan - b_is_nan;
    }
    return (a > b) - (a < b);
}

/* An interval as DuckDB orders it: as if a month had 30 days and a day 24 hours, whole months and
   days are carried up, towards zero, and then the parts compared in turn. That two parts may keep
   different signs, so that '1 month -1 day' is above '29 days', is DuckDB's too. */
struct normal_interval {
    int64_t parts[3]; /* months, days, microseconds */
};

static struct normal_interval normalized(const struct value_interval *interval)
{
    enum { DAYS_A_MONTH = 30 };
    const int64_t day = INT64_C(86400000000);
    const int64_t month = DAYS_A_MONTH * day;
    int64_t rest = interval->microseconds % month;
    return (struct normal_interval){{
        (int64_t)interval->months + interval->days / DAYS_A_MONTH + interval->microseconds / month,
        interval->days % DAYS_A_MONTH + rest / day,
        rest % day,
    }};
}

static int compare_intervals(const struct value_interval *left, const struct value_interval *right)
{
    struct normal_interval a = normalized(left);
    struct normal_interval b = normalized(right);
    int order = 0;
    for (int i = 0; i < 3 && order == 0; i++) {
        order = compare_integers(a.parts[i], b.parts[i]);
    }
    return order;
}

static int compare_lists(struct value_type element, const struct value_list *a,
                         const struct value_list *b)
{
    uint32_t shared = a->count < b->count ? a->count : b->count;
    for (uint32_t i = 0; i < shared; i++) {
        struct value left = a->items[i];
        struct value right = b->items[i];
        int order = left.is_null || right.is_null ? left.is_null - right.is_null
                                                  : value_compare(element, left, right);
        if (order != 0) {
            return order;
        }
    }
    return compare_integers(a->count, b->count);
}

int value_compare(struct value_type type, struct value a, struct value b)
{
    switch (type.kind) {
    case VALUE_FLOAT:
    case VALUE_DOUBLE: return compare_reals(a.real, b.real);
    case VALUE_TEXT: return str_compare(value_text(a), value_text(b));
    case VALUE_INTERVAL: return compare_intervals(a.interval, b.interval);
    case VALUE_LIST: return compare_lists(*type.element, a.list, b.list);
    case VALUE_NULL:
    case VALUE_BOOLEAN:
    case VALUE_INTEGER:
    case VALUE_BIGINT:
    case VALUE_DECIMAL:
    case VALUE_DATE:
    case VALUE_TIMESTAMP:
    case VALUE_TIMESTAMPTZ: break;
    }
    return compare_integers(a.integer, b.integer);
}

static uint64_t hash_list(struct value_type element, const struct value_list *list)
{
    uint64_t hash = list->count;
    for (uint32_t i = 0; i < list->count; i++) {
        uint64_t pair[2] = {hash, value_hash(element, list->items[i])};
        hash = XXH3_64bits(pair, sizeof pair);
    }
    return hash;
}

uint64_t value_hash(struct value_type type, struct value value)
{
    /* Any constant will do; this one is unlikely to be the hash of something else. */
    const uint64_t null_hash = UINT64_C(0x9E3779B97F4A7C15);
    if (value.is_null) {
        return null_hash;
    }
    if (type.kind == VALUE_TEXT) {
        return XXH3_64bits(value.text, value.length);
    }
    if (type.kind == VALUE_LIST) {
        return hash_list(*type.element, value.list);
    }
    if (type.kind == VALUE_INTERVAL) {
        struct normal_interval normal = normalized(value.interval);
        return XXH3_64bits(&normal, sizeof normal);
    }
    if (type.kind == VALUE_FLOAT || type.kind == VALUE_DOUBLE) {
        /* All NaN are equal, and so are both zeros. */
        double real = value.real != value.real ? __builtin_nan("") : value.real + 0.0;
        return XXH3_64bits(&real, sizeof real);
    }
    return XXH3_64bits(&value.integer, sizeof value.integer);
}
