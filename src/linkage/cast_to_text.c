/* Casts to VARCHAR. */
#include <stdio.h>
#include <stdlib.h>

#include "base/number_text.h"
#include "linkage/calendar.h"
#include "linkage/cast_internal.h"

enum { SCALAR_MAX = CALENDAR_TEXT_MAX /* bytes of any text of a value but text and list */ };

static size_t format_integer(int64_t number, char *out)
{
    size_t sign = number < 0;
    out[0] = '-';
    uint64_t magnitude = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    return sign + unsigned_to_text(magnitude, out + sign);
}

/* Digits with a point; a decimal of nothing but decimal places has no 0 before it. */
static size_t format_decimal(struct value_type type, int64_t number, char *out)
{
    size_t length = 0;
    uint64_t magnitude = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    uint64_t power = (uint64_t)cast_power_of_ten(type.scale);
    if (number < 0) {
        out[length++] = '-';
    }
    if (type.width > type.scale) {
        length += unsigned_to_text(magnitude / power, out + length);
    }
    if (type.scale == 0) {
        return length;
    }
    out[length++] = '.';
    uint64_t rest = magnitude % power;
    for (unsigned i = type.scale; i > 0; i--, rest /= 10) {
        out[length + i - 1] = (char)('0' + rest % 10);
    }
    return length + type.scale;
}

/*
 * The shortest decimal that reads back as the same float. Digits that suffice for a float, at most
 * nine, are so few that the double read from them has the same shortest text; so that text is the
 * float's. (DuckDB's formatter finds more digits than needed for about one float in a hundred.)
 */
static size_t format_float(double number, char *out)
{
    char text[32];
    double shortest = number;
    for (int digits = 1; digits <= 9; digits++) {
        int length = snprintf(text, sizeof text, "%.*e", digits - 1, number);
        if (length > 0 && strtof(text, NULL) == (float)number) {
            double_from_text((struct str){text, (size_t)length}, &shortest);
            break;
        }
    }
    return double_to_text(shortest, out);
}

static size_t format_scalar(struct value_type type, struct value value, char *out)
{
    switch (type.kind) {
    case VALUE_BOOLEAN: {
        struct str word = value.integer != 0 ? STR("true") : STR("false");
        memcpy(out, word.ptr, word.len);
        return word.len;
    }
    case VALUE_DECIMAL: return format_decimal(type, value.integer, out);
    case VALUE_FLOAT: return format_float(value.real, out);
    case VALUE_DOUBLE: return double_to_text(value.real, out);
    case VALUE_DATE: return calendar_format_date(value.integer, out);
    case VALUE_TIMESTAMP: return calendar_format_timestamp(value.integer, out);
    case VALUE_TIMESTAMPTZ: {
        size_t length = calendar_format_timestamp(value.integer, out);
        if (calendar_timestamp_is_finite(value.integer)) {
            memcpy(out + length, "+00", 3);
            length += 3;
        }
        return length;
    }
    case VALUE_INTERVAL: return calendar_format_interval(*value.interval, out);
    default: return format_integer(value.integer, out);
    }
}

/* ---- lists ---- */

/* Where a text is written; without room it is only measured. */
struct sink {
    char *ptr;
    size_t len;
};

static void put(struct sink *sink, const char *text, size_t length)
{
    if (sink->ptr != NULL && length > 0) {
        memcpy(sink->ptr + sink->len, text, length);
    }
    sink->len += length;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Whether an item of a list has to stand in quotes so that it can be read back. */
static bool needs_quotes(struct str text)
{
    if (text.len == 0 || str_equal_ignoring_case(text, STR("null")) || is_space(text.ptr[0]) ||
        is_space(text.ptr[text.len - 1])) {
        return true;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (strchr("\"'(),:=[]{}", text.ptr[i]) != NULL && text.ptr[i] != '\0') {
            return true;
        }
    }
    return false;
}

static void put_item_text(struct sink *sink, struct str text)
{
    if (!needs_quotes(text)) {
        put(sink, text.ptr, text.len);
        return;
    }
    put(sink, "'", 1);
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\'' || text.ptr[i] == '\\') {
            put(sink, "\\", 1);
        }
        put(sink, text.ptr + i, 1);
    }
    put(sink, "'", 1);
}

static void put_list(struct sink *sink, struct value_type element, const struct value_list *list);

static void put_item(struct sink *sink, struct value_type type, struct value value)
{
    char scalar[SCALAR_MAX];
    if (value.is_null) {
        put(sink, "NULL", 4);
    } else if (type.kind == VALUE_LIST) {
        put_list(sink, *type.element, value.list);
    } else if (type.kind == VALUE_TEXT) {
        put_item_text(sink, value_text(value));
    } else {
        put_item_text(sink, (struct str){scalar, format_scalar(type, value, scalar)});
    }
}

/* Recursion is as deep as the type, which the model's nesting limits. */
static void put_list(struct sink *sink, struct value_type element, const struct value_list *list)
{
    put(sink, "[", 1);
    for (uint32_t i = 0; i < list->count; i++) {
        if (i > 0) {
            put(sink, ", ", 2);
        }
        put_item(sink, element, list->items[i]);
    }
    put(sink, "]", 1);
}

enum cast_outcome cast_to_text(struct arena *scratch, const struct cast *cast, struct value value,
                               struct value *out)
{
    char scalar[SCALAR_MAX];
    struct sink sink = {NULL, 0};
    if (cast->from.kind == VALUE_LIST) {
        put_list(&sink, *cast->from.element, value.list);
    } else {
        sink.len = format_scalar(cast->from, value, scalar);
    }
    char *text = sink.len > UINT32_MAX ? NULL : arena_alloc(scratch, sink.len);
    if (text == NULL) {
        return CAST_EXHAUSTED;
    }
    if (cast->from.kind == VALUE_LIST) {
        sink = (struct sink){text, 0};
        put_list(&sink, *cast->from.element, value.list);
    } else {
        memcpy(text, scalar, sink.len);
    }
    function_return_text(out, text, sink.len);
    return CAST_DONE;
}
