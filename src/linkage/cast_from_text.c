/* Casts from VARCHAR. */
#include <stdlib.h>

#include "base/number_text.h"
#include "linkage/calendar.h"
#include "linkage/cast_internal.h"

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static struct str trim(struct str text)
{
    while (text.len > 0 && is_space(text.ptr[0])) {
        text.ptr++;
        text.len--;
    }
    while (text.len > 0 && is_space(text.ptr[text.len - 1])) {
        text.len--;
    }
    return text;
}

enum cast_outcome cast_text_to_boolean(struct arena *scratch, const struct cast *cast,
                                       struct value value, struct value *out)
{
    (void)scratch;
    (void)cast;
    static const char *const WORDS[2][5] = {{"false", "f", "no", "n", "0"},
                                            {"true", "t", "yes", "y", "1"}};
    for (int truth = 0; truth < 2; truth++) {
        for (size_t i = 0; i < ARRAY_LENGTH(WORDS[truth]); i++) {
            if (str_equal_ignoring_case(value_text(value), str_from(WORDS[truth][i]))) {
                function_return_integer(out, truth);
                return CAST_DONE;
            }
        }
    }
    return CAST_FAILED;
}

/* ---- numbers ---- */

/* The parts of [+-]digits[.digits][e[+-]digits]; single underscores may stand between digits. */
struct number_parts {
    bool negative;
    struct str whole;
    struct str fraction;
    int64_t exponent; /* beyond ±1,000,000 it is as good as infinite */
};

/* Digits and single underscores between them, from *at on. */
static struct str scan_digits(struct str text, size_t *at)
{
    size_t begin = *at;
    while (*at < text.len && (is_digit(text.ptr[*at]) ||
                              (text.ptr[*at] == '_' && *at > begin && text.ptr[*at - 1] != '_' &&
                               *at + 1 < text.len && is_digit(text.ptr[*at + 1])))) {
        ++*at;
    }
    return (struct str){text.ptr + begin, *at - begin};
}

static bool scan_exponent(struct str text, size_t *at, int64_t *out)
{
    enum { MOST = 1000000 };
    bool negative = *at < text.len && text.ptr[*at] == '-';
    *at += negative || (*at < text.len && text.ptr[*at] == '+');
    struct str digits = scan_digits(text, at);
    int64_t exponent = 0;
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.ptr[i] != '_' && exponent <= MOST) {
            exponent = exponent * 10 + (digits.ptr[i] - '0');
        }
    }
    *out = negative ? -exponent : exponent;
    return digits.len > 0;
}

static bool scan_number(struct str text, struct number_parts *out)
{
    text = trim(text);
    size_t at = 0;
    *out = (struct number_parts){0};
    if (text.len > 0 && (text.ptr[0] == '-' || text.ptr[0] == '+')) {
        out->negative = text.ptr[at++] == '-';
    }
    out->whole = scan_digits(text, &at);
    if (at < text.len && text.ptr[at] == '.') {
        at++;
        out->fraction = scan_digits(text, &at);
    }
    if (out->whole.len == 0 && out->fraction.len == 0) {
        return false;
    }
    if (at < text.len && (text.ptr[at] == 'e' || text.ptr[at] == 'E')) {
        at++;
        if (!scan_exponent(text, &at, &out->exponent)) {
            return false;
        }
    }
    return at == text.len;
}

/* The digits of a number one after the other, without underscores. */
struct digit_reader {
    const struct number_parts *number;
    size_t at; /* into whole, then fraction */
};

/* The next digit, or -1 after the last. */
static int next_digit(struct digit_reader *reader)
{
    struct str whole = reader->number->whole;
    struct str fraction = reader->number->fraction;
    for (; reader->at < whole.len + fraction.len; reader->at++) {
        char c =
            reader->at < whole.len ? whole.ptr[reader->at] : fraction.ptr[reader->at - whole.len];
        if (c != '_') {
            reader->at++;
            return c - '0';
        }
    }
    return -1;
}

static int64_t count_digits(struct str digits)
{
    int64_t count = 0;
    for (size_t i = 0; i < digits.len; i++) {
        count += digits.ptr[i] != '_';
    }
    return count;
}

/* number * 10^scale, half away from zero. False when it does not fit. It is gathered below zero,
   where there is room for one more. */
static bool scaled_integer(const struct number_parts *number, unsigned scale, int64_t *out)
{
    int64_t keep = count_digits(number->whole) + number->exponent + scale;
    struct digit_reader reader = {number, 0};
    int64_t value = 0;
    int digit = 0;
    for (; keep > 0 && digit >= 0; keep--) {
        digit = next_digit(&reader);
        if (digit < 0 && value == 0) {
            break; /* no zeros need to be appended to zero */
        }
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, digit < 0 ? 0 : digit, &value)) {
            return false;
        }
    }
    for (; keep > 0 && value != 0; keep--) {
        if (__builtin_mul_overflow(value, 10, &value)) {
            return false;
        }
    }
    if (keep == 0 && digit >= 0 && next_digit(&reader) >= 5 &&
        __builtin_sub_overflow(value, 1, &value)) {
        return false;
    }
    if (number->negative) {
        *out = value;
        return true;
    }
    return !__builtin_sub_overflow(0, value, out);
}

/* Whether the digits before the point alone are within a limit: DuckDB gathers them before it looks
   at an exponent. */
static bool whole_fits(const struct number_parts *number, int64_t limit)
{
    struct number_parts whole = {.negative = number->negative, .whole = number->whole};
    int64_t value;
    return scaled_integer(&whole, 0, &value) && value <= limit && value >= -limit - 1;
}

/* 0x… and 0b…, without sign; single underscores between digits. */
static bool scan_radix(struct str text, int64_t *out)
{
    text = trim(text);
    if (text.len < 3 || text.ptr[0] != '0') {
        return false;
    }
    char mark = (char)(text.ptr[1] | 0x20);
    int radix = mark == 'x' ? 16 : mark == 'b' ? 2 : 0;
    *out = 0;
    bool digit_before = false;
    for (size_t i = 2; i < text.len; i++) {
        char c = text.ptr[i];
        char letter = (char)(c | 0x20);
        int digit = is_digit(c) ? c - '0' : letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : 16;
        if (c == '_' && digit_before && i + 1 < text.len) {
            digit_before = false;
            continue;
        }
        if (digit >= radix || __builtin_mul_overflow(*out, radix, out) ||
            __builtin_add_overflow(*out, digit, out)) {
            return false;
        }
        digit_before = true;
    }
    return digit_before;
}

enum cast_outcome cast_text_to_integer(struct arena *scratch, const struct cast *cast,
                                       struct value value, struct value *out)
{
    (void)scratch;
    struct str text = value_text(value);
    struct number_parts number;
    int64_t integer;
    if (!scan_radix(text, &integer) &&
        (!scan_number(text, &number) || !whole_fits(&number, INT64_MAX) ||
         !scaled_integer(&number, 0, &integer))) {
        return CAST_FAILED;
    }
    if (cast->to.kind == VALUE_INTEGER && integer != (int32_t)integer) {
        return CAST_FAILED;
    }
    function_return_integer(out, integer);
    return CAST_DONE;
}

enum cast_outcome cast_text_to_decimal(struct arena *scratch, const struct cast *cast,
                                       struct value value, struct value *out)
{
    (void)scratch;
    struct value_type to = cast->to;
    int64_t limit = cast_power_of_ten(to.width);
    int64_t whole_limit = cast_power_of_ten(to.width - to.scale);
    struct number_parts number;
    int64_t decimal;
    if (!scan_number(value_text(value), &number) || !whole_fits(&number, whole_limit - 1) ||
        !scaled_integer(&number, to.scale, &decimal) || decimal >= limit || decimal <= -limit) {
        return CAST_FAILED;
    }
    function_return_integer(out, decimal);
    return CAST_DONE;
}

static char *put_digits(char *to, struct str digits)
{
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.ptr[i] != '_') {
            *to++ = digits.ptr[i];
        }
    }
    return to;
}

/* A number in plain form: digits on both sides of the point, no underscores, terminated. `out` has
   room for the text's length and 16 bytes. */
static size_t write_plain(const struct number_parts *number, char *out)
{
    char *to = out;
    if (number->negative) {
        *to++ = '-';
    }
    *to++ = '0';
    to = put_digits(to, number->whole);
    *to++ = '.';
    *to++ = '0';
    if (number->fraction.len > 0) {
        to = put_digits(to - 1, number->fraction);
    }
    *to++ = 'e';
    if (number->exponent < 0) {
        *to++ = '-';
    }
    uint64_t exponent = (uint64_t)(number->exponent < 0 ? -number->exponent : number->exponent);
    to += unsigned_to_text(exponent, to);
    *to = '\0';
    return (size_t)(to - out);
}

enum cast_outcome cast_text_to_real(struct arena *scratch, const struct cast *cast,
                                    struct value value, struct value *out)
{
    enum { SHORT = 64 };
    struct str text = trim(value_text(value));
    struct number_parts number;
    double real;
    if (!scan_number(text, &number)) {
        /* What is left are the words: inf, infinity and nan. */
        bool word = text.len > 0 && (text.ptr[text.len - 1] | 0x20) >= 'a';
        if (!word || !double_from_text(text, &real)) {
            return CAST_FAILED;
        }
        function_return_real(out, real);
        return CAST_DONE;
    }
    char few[SHORT + 16];
    char *plain = text.len <= SHORT ? few : arena_alloc(scratch, text.len + 16);
    if (plain == NULL) {
        return CAST_EXHAUSTED;
    }
    struct str written = {plain, write_plain(&number, plain)};
    if (cast->to.kind == VALUE_FLOAT) {
        /* Rounded once: a double in between would round twice. */
        function_return_real(out, strtof(plain, NULL));
        return CAST_DONE;
    }
    if (!double_from_text(written, &real)) {
        return CAST_FAILED;
    }
    function_return_real(out, real);
    return CAST_DONE;
}

/* ---- dates ---- */

enum cast_outcome cast_text_to_date(struct arena *scratch, const struct cast *cast,
                                    struct value value, struct value *out)
{
    (void)scratch;
    (void)cast;
    *out = (struct value){0};
    return calendar_parse_date(value_text(value), &out->integer) ? CAST_DONE : CAST_FAILED;
}

enum cast_outcome cast_text_to_timestamp(struct arena *scratch, const struct cast *cast,
                                         struct value value, struct value *out)
{
    (void)scratch;
    bool zone = cast->to.kind == VALUE_TIMESTAMPTZ;
    *out = (struct value){0};
    return calendar_parse_timestamp(value_text(value), zone, &out->integer) ? CAST_DONE
                                                                            : CAST_FAILED;
}

enum cast_outcome cast_text_to_interval(struct arena *scratch, const struct cast *cast,
                                        struct value value, struct value *out)
{
    (void)cast;
    struct value_interval parsed;
    if (!calendar_parse_interval(value_text(value), &parsed)) {
        return CAST_FAILED;
    }
    struct value_interval *interval = arena_alloc(scratch, sizeof *interval);
    if (interval == NULL) {
        return CAST_EXHAUSTED;
    }
    *interval = parsed;
    *out = (struct value){.interval = interval};
    return CAST_DONE;
}

/* ---- lists ---- */

/* The bracket that closes another; 0 for what is none. */
static char closing(char c)
{
    return c == '[' ? ']' : c == '{' ? '}' : c == '(' ? ')' : '\0';
}

/* The end of the item that begins at `at`: the comma or bracket after it, outside quotes and inner
   brackets; text.len when the brackets or quotes are wrong. */
static size_t item_end(struct str text, size_t at)
{
    enum { NESTING = 64 };
    char open[NESTING]; /* what has to close */
    size_t depth = 0;
    char quote = '\0';
    for (; at < text.len; at++) {
        char c = text.ptr[at];
        if (quote != '\0') {
            at += c == '\\';
            quote = c == quote ? '\0' : quote;
        } else if (c == '\\' && at + 1 < text.len && strchr("\"'", text.ptr[at + 1]) != NULL) {
            at++;
        } else if (c == '"' || c == '\'') {
            quote = c;
        } else if (closing(c) != '\0') {
            if (depth == NESTING) {
                return text.len;
            }
            open[depth++] = closing(c);
        } else if (depth > 0) {
            depth -= c == open[depth - 1];
        } else if (c == ',' || c == ']') {
            return at;
        }
    }
    return text.len;
}

/* The item without its quotes, wherever they stand, and without the backslashes before what they
   protect. `out` has room for the item's length. Returns the length. */
static size_t unquote(struct str item, char *out)
{
    size_t length = 0;
    char quote = '\0';
    for (size_t i = 0; i < item.len; i++) {
        char c = item.ptr[i];
        char next = i + 1 < item.len ? item.ptr[i + 1] : '\0';
        if (c == '\\' && next != '\0' && (quote != '\0' || next == '"' || next == '\'')) {
            out[length++] = next;
            i++;
        } else if (quote == '\0' ? c == '"' || c == '\'' : c == quote) {
            quote = quote == '\0' ? c : '\0';
        } else {
            out[length++] = c;
        }
    }
    return length;
}

/* One item's text: NULL, or what stands there without quotes. An item in brackets keeps them: they
   are those of its own items. */
static enum cast_outcome item_text(struct arena *scratch, struct str item, struct value *out)
{
    item = trim(item);
    if (str_equal_ignoring_case(item, STR("null"))) {
        *out = VALUE_NONE;
        return CAST_DONE;
    }
    function_return_text(out, item.ptr, item.len);
    bool quoted = item.len > 0 && (memchr(item.ptr, '"', item.len) != NULL ||
                                   memchr(item.ptr, '\'', item.len) != NULL);
    if (!quoted || closing(item.ptr[0]) != '\0') {
        return CAST_DONE;
    }
    char *text = arena_alloc(scratch, item.len);
    if (text == NULL) {
        return CAST_EXHAUSTED;
    }
    function_return_text(out, text, unquote(item, text));
    return CAST_DONE;
}

static enum cast_outcome convert_item(struct arena *scratch, const struct cast *cast,
                                      struct str item, struct value *out)
{
    struct value text;
    enum cast_outcome outcome = item_text(scratch, item, &text);
    if (outcome != CAST_DONE || text.is_null) {
        *out = text;
        return outcome;
    }
    outcome = cast->element->convert(scratch, cast->element, text, out);
    if (outcome == CAST_FAILED && cast->mode == CAST_TRY) {
        *out = VALUE_NONE;
        return CAST_DONE;
    }
    return outcome;
}

/* The number of items between the brackets; false when the brackets are wrong. */
static bool count_items(struct str text, size_t *out)
{
    *out = 0;
    if (text.len < 2 || text.ptr[0] != '[') {
        return false;
    }
    if (trim((struct str){text.ptr + 1, text.len - 2}).len == 0) {
        return text.ptr[text.len - 1] == ']';
    }
    size_t at = 0;
    do {
        at = item_end(text, at + 1);
        ++*out;
    } while (at < text.len && text.ptr[at] == ',');
    return at + 1 == text.len;
}

enum cast_outcome cast_text_to_list(struct arena *scratch, const struct cast *cast,
                                    struct value value, struct value *out)
{
    struct str text = trim(value_text(value));
    size_t count;
    if (!count_items(text, &count)) {
        return CAST_FAILED;
    }
    struct value_list *list = arena_alloc(scratch, sizeof *list);
    struct value *items = arena_alloc_array(scratch, count, sizeof *items);
    if (list == NULL || items == NULL) {
        return CAST_EXHAUSTED;
    }
    size_t at = 1;
    for (size_t i = 0; i < count; i++) {
        size_t end = item_end(text, at);
        enum cast_outcome outcome =
            convert_item(scratch, cast, (struct str){text.ptr + at, end - at}, &items[i]);
        if (outcome != CAST_DONE) {
            return outcome;
        }
        at = end + 1;
    }
    *list = (struct value_list){.count = (uint32_t)count, .items = items};
    *out = (struct value){.list = list};
    return CAST_DONE;
}
