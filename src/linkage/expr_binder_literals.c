/*
 * Literals as constants, with the types that DuckDB gives them.
 */
#include "base/number_text.h"
#include "linkage/expr_binder.h"

static const struct value_type DOUBLE = {.kind = VALUE_DOUBLE};
static const struct value_type TEXT = {.kind = VALUE_TEXT};

int binder_text(struct binder *binder, const struct expr_node **out, const struct syntax *syntax)
{
    /* The syntax tree is short-lived; the constant is not. */
    const char *copy = arena_copy(binder->arena, syntax->text);
    if (copy == NULL) {
        return error_out_of_memory(binder->error);
    }
    return binder_constant(binder, out, TEXT,
                           value_from_text((struct str){copy, syntax->text.len}));
}

/*
 * A decimal literal of more digits than VALUE_DECIMAL holds. DuckDB (up to 1.5) has wider decimals
 * and turns them into doubles where they meet one, its own way: digits up to 2^53 are divided by
 * the power of ten at once, others in two parts. `scale` digits stand behind the point.
 */
static double wide_decimal(struct str digits, unsigned scale)
{
    unsigned __int128 number = 0;
    unsigned __int128 power = 1;
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.ptr[i] != '.') {
            number = number * 10 + (unsigned)(digits.ptr[i] - '0');
        }
    }
    for (unsigned i = 0; i < scale; i++) {
        power *= 10;
    }
    if (number <= (uint64_t)1 << 53) {
        return (double)number / (double)power;
    }
    unsigned __int128 whole = number / power;
    return (double)whole + (double)(number % power) / (double)power;
}

/* 1.50 is DECIMAL(3,2), whatever zeros it begins with, as in DuckDB. */
static int bind_decimal(struct binder *binder, const struct expr_node **out, struct str text,
                        bool negative)
{
    const char *point = memchr(text.ptr, '.', text.len);
    unsigned width = (unsigned)(text.len - 1);
    unsigned scale = (unsigned)(text.ptr + text.len - point - 1);
    if (width <= 18) {
        int64_t number = 0;
        for (size_t i = 0; i < text.len; i++) {
            number = text.ptr[i] == '.' ? number : number * 10 + (text.ptr[i] - '0');
        }
        struct value_type type = {
            .kind = VALUE_DECIMAL, .width = (uint8_t)width, .scale = (uint8_t)scale};
        return binder_constant(binder, out, type,
                               (struct value){.integer = negative ? -number : number});
    }
    double number;
    if (width <= 38) {
        number = wide_decimal(text, scale);
    } else if (!double_from_text(text, &number)) {
        number = 0; /* cannot be: digits and a point are a number */
    }
    return binder_constant(binder, out, DOUBLE,
                           (struct value){.real = negative ? -number : number});
}

/* The type is the smallest that holds the number without its sign, as in DuckDB. */
int binder_number(struct binder *binder, const struct expr_node **out, const struct syntax *syntax,
                  bool negative)
{
    struct str text = syntax->text;
    if (text.ptr[0] == '-') { /* the bound of a slice that is left open */
        text = (struct str){text.ptr + 1, text.len - 1};
        negative = !negative;
    }
    double real;
    if (memchr(text.ptr, 'e', text.len) != NULL || memchr(text.ptr, 'E', text.len) != NULL) {
        if (!double_from_text(text, &real)) {
            return binder_fail(binder, syntax, "%.*s is not a number", STR_ARG(text));
        }
        return binder_constant(binder, out, DOUBLE,
                               (struct value){.real = negative ? -real : real});
    }
    if (memchr(text.ptr, '.', text.len) != NULL) {
        return bind_decimal(binder, out, text, negative);
    }
    uint64_t number = 0;
    uint64_t most = (uint64_t)INT64_MAX + negative;
    for (size_t i = 0; i < text.len; i++) {
        uint64_t digit = (uint64_t)(text.ptr[i] - '0');
        if (number > (most - digit) / 10) {
            return binder_fail(binder, syntax,
                               "the number is too large; write it with an exponent, as in 1e20");
        }
        number = number * 10 + digit;
    }
    struct value_type type = {.kind = number <= INT32_MAX ? VALUE_INTEGER : VALUE_BIGINT};
    /* Negated as unsigned, so that -2^63 is no overflow. */
    struct value value = {.integer = (int64_t)(negative ? -number : number)};
    return binder_constant(binder, out, type, value);
}
