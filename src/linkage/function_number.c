/*
 * + - * / // % between numbers, with DuckDB's result types. Integers and decimals are exact: what
 * does not fit fails. Decimals have up to 18 digits here and 38 there; the types come out alike but
 * for the width, which stops at 18, and decimal places beyond 18 make a product a DOUBLE.
 */
#include <math.h>

#include "linkage/cast_internal.h"

/* Whether an exact result is within its type. */
static bool fits(struct value_type type, int64_t number)
{
    if (type.kind == VALUE_INTEGER) {
        return number == (int32_t)number;
    }
    if (type.kind == VALUE_DECIMAL) {
        int64_t limit = cast_power_of_ten(type.width);
        return number < limit && number > -limit;
    }
    return true;
}

static void return_exact(const struct function_call *call, bool overflow, int64_t number,
                         struct value *out)
{
    if (overflow || !fits(call->binding->result, number)) {
        function_fail(call, out);
    } else {
        function_return_integer(out, number);
    }
}

/* A FLOAT is computed as a double of two floats and rounded: for one operation that is exact. */
static void return_real(const struct function_call *call, double number, struct value *out)
{
    bool narrow = call->binding->result.kind == VALUE_FLOAT;
    function_return_real(out, narrow ? (float)number : number);
}

static void run_add_exact(const struct function_call *call, const struct value *arguments,
                          struct value *out)
{
    int64_t sum;
    bool overflow = __builtin_add_overflow(arguments[0].integer, arguments[1].integer, &sum);
    return_exact(call, overflow, sum, out);
}

static void run_add_real(const struct function_call *call, const struct value *arguments,
                         struct value *out)
{
    return_real(call, arguments[0].real + arguments[1].real, out);
}

static void run_subtract_exact(const struct function_call *call, const struct value *arguments,
                               struct value *out)
{
    int64_t difference;
    bool overflow = __builtin_sub_overflow(arguments[0].integer, arguments[1].integer, &difference);
    return_exact(call, overflow, difference, out);
}

static void run_subtract_real(const struct function_call *call, const struct value *arguments,
                              struct value *out)
{
    return_real(call, arguments[0].real - arguments[1].real, out);
}

static void run_multiply_exact(const struct function_call *call, const struct value *arguments,
                               struct value *out)
{
    int64_t product;
    bool overflow = __builtin_mul_overflow(arguments[0].integer, arguments[1].integer, &product);
    return_exact(call, overflow, product, out);
}

static void run_multiply_real(const struct function_call *call, const struct value *arguments,
                              struct value *out)
{
    return_real(call, arguments[0].real * arguments[1].real, out);
}

/* By zero: infinite, or not a number. */
static void run_divide(const struct function_call *call, const struct value *arguments,
                       struct value *out)
{
    return_real(call, arguments[0].real / arguments[1].real, out);
}

/* Towards zero; NULL by zero. */
static void run_divide_whole(const struct function_call *call, const struct value *arguments,
                             struct value *out)
{
    int64_t number = arguments[0].integer;
    int64_t by = arguments[1].integer;
    if (by == 0) {
        *out = VALUE_NONE;
        return;
    }
    bool overflow = number == INT64_MIN && by == -1;
    return_exact(call, overflow, overflow ? 0 : number / by, out);
}

/* Of reals "//" is "/", but NULL by zero. */
static void run_divide_real(const struct function_call *call, const struct value *arguments,
                            struct value *out)
{
    if (arguments[1].real == 0.0) {
        *out = VALUE_NONE;
        return;
    }
    run_divide(call, arguments, out);
}

/* Of the sign of the dividend; NULL by zero. DuckDB fails where the division would overflow. */
static void run_modulo_exact(const struct function_call *call, const struct value *arguments,
                             struct value *out)
{
    int64_t number = arguments[0].integer;
    int64_t by = arguments[1].integer;
    if (by == 0) {
        *out = VALUE_NONE;
        return;
    }
    int64_t least = call->binding->result.kind == VALUE_INTEGER ? INT32_MIN : INT64_MIN;
    bool overflow = number == least && by == -1;
    return_exact(call, overflow, overflow ? 0 : number % by, out);
}

static void run_modulo_real(const struct function_call *call, const struct value *arguments,
                            struct value *out)
{
    return_real(call, fmod(arguments[0].real, arguments[1].real), out);
}

static void run_negate_exact(const struct function_call *call, const struct value *arguments,
                             struct value *out)
{
    int64_t negative;
    bool overflow = __builtin_sub_overflow(0, arguments[0].integer, &negative);
    return_exact(call, overflow, negative, out);
}

static void run_negate_real(const struct function_call *call, const struct value *arguments,
                            struct value *out)
{
    return_real(call, -arguments[0].real, out);
}

static void run_same(const struct function_call *call, const struct value *arguments,
                     struct value *out)
{
    (void)call;
    *out = arguments[0];
}

/* ---- binding ---- */

static bool is_number(struct value_type type)
{
    return type.kind >= VALUE_INTEGER && type.kind <= VALUE_DOUBLE;
}

static bool is_real(struct value_type type)
{
    return type.kind == VALUE_FLOAT || type.kind == VALUE_DOUBLE;
}

/* Finds the types of both operands; NULL and literal text take the type of the other. */
static int operand_types(struct function_bind_call *call, struct value_type types[2])
{
    for (size_t i = 0; i < 2; i++) {
        types[i] = call->arguments[i].type;
        if (function_argument_is_literal(&call->arguments[i])) {
            types[i] = TYPE(VALUE_NULL);
        }
        if (types[i].kind != VALUE_NULL && !is_number(types[i])) {
            return function_refuse_argument(
                call, i, types[i].kind == VALUE_TEXT ? VALUE_DOUBLE : VALUE_NULL);
        }
    }
    if (types[0].kind == VALUE_NULL && types[1].kind == VALUE_NULL) {
        types[0] = types[1] = TYPE(VALUE_BIGINT);
    }
    types[0] = types[0].kind == VALUE_NULL ? types[1] : types[0];
    types[1] = types[1].kind == VALUE_NULL ? types[0] : types[1];
    return 0;
}

static int bind_as(struct function_bind_call *call, struct value_type left, struct value_type right,
                   struct value_type result, function_run *run)
{
    call->binding->parameters[0] = left;
    call->binding->parameters[1] = right;
    call->binding->result = result;
    call->binding->run = run;
    return 0;
}

/* Both operands and the result have the operands' common type; a sum of decimals one digit more. */
static int bind_common(struct function_bind_call *call, bool sum, function_run *exact,
                       function_run *real)
{
    struct value_type types[2];
    struct value_type common;
    int status = operand_types(call, types);
    if (status == 0) {
        status = cast_common_type(&common, types[0], types[1], false, call->error);
    }
    if (status != 0) {
        return status;
    }
    if (sum && common.kind == VALUE_DECIMAL && common.width < CAST_DECIMAL_WIDTH) {
        common.width++;
    }
    return bind_as(call, common, common, common, is_real(common) ? real : exact);
}

/* An operand of a product as a decimal; BIGINT as the widest. */
static struct value_type as_factor(struct value_type type)
{
    enum { INTEGER_DIGITS = 10 };
    if (type.kind == VALUE_DECIMAL) {
        return type;
    }
    uint8_t width = type.kind == VALUE_INTEGER ? INTEGER_DIGITS : CAST_DECIMAL_WIDTH;
    return (struct value_type){.kind = VALUE_DECIMAL, .width = width};
}

static int bind_product(struct function_bind_call *call)
{
    struct value_type types[2];
    struct value_type common;
    int status = operand_types(call, types);
    if (status == 0) {
        status = cast_common_type(&common, types[0], types[1], false, call->error);
    }
    if (status != 0) {
        return status;
    }
    call->binding->commutative = value_type_equal(types[0], types[1]);
    if (common.kind != VALUE_DECIMAL) {
        call->binding->commutative = true;
        return bind_as(call, common, common, common,
                       is_real(common) ? run_multiply_real : run_multiply_exact);
    }
    struct value_type left = as_factor(types[0]);
    struct value_type right = as_factor(types[1]);
    int width = left.width + right.width;
    int scale = left.scale + right.scale;
    if (scale > CAST_DECIMAL_WIDTH) {
        struct value_type real = TYPE(VALUE_DOUBLE);
        return bind_as(call, real, real, real, run_multiply_real);
    }
    width = width > CAST_DECIMAL_WIDTH ? CAST_DECIMAL_WIDTH : width;
    struct value_type result = {
        .kind = VALUE_DECIMAL, .width = (uint8_t)width, .scale = (uint8_t)scale};
    return bind_as(call, left, right, result, run_multiply_exact);
}

/* The FLOAT or DOUBLE that a quotient is. */
static int bind_quotient(struct function_bind_call *call, function_run *run)
{
    struct value_type types[2];
    struct value_type common;
    int status = operand_types(call, types);
    if (status == 0) {
        status = cast_common_type(&common, types[0], types[1], false, call->error);
    }
    if (status != 0) {
        return status;
    }
    struct value_type result = TYPE(common.kind == VALUE_FLOAT ? VALUE_FLOAT : VALUE_DOUBLE);
    return bind_as(call, result, result, result, run);
}

static int bind_plus(struct function_bind_call *call)
{
    bool done;
    if (call->count != 1 && call->count != 2) {
        return function_refuse_count(call);
    }
    int status = function_bind_date_plus(call, &done);
    if (status != 0 || done) {
        return status;
    }
    if (call->count == 1) {
        if (!is_number(call->arguments[0].type) && call->arguments[0].type.kind != VALUE_NULL) {
            return function_refuse_argument(call, 0, VALUE_DOUBLE);
        }
        call->binding->result = call->arguments[0].type;
        call->binding->run = run_same;
        return 0;
    }
    bool lists =
        call->arguments[0].type.kind == VALUE_LIST || call->arguments[1].type.kind == VALUE_LIST;
    if (lists) {
        return function_bind_list_concat(call, false);
    }
    status = bind_common(call, true, run_add_exact, run_add_real);
    call->binding->commutative = true;
    return status;
}

static int bind_negate(struct function_bind_call *call)
{
    struct value_type type = call->arguments[0].type;
    if (type.kind == VALUE_NULL) {
        type = TYPE(VALUE_BIGINT);
    }
    if (!is_number(type)) {
        return function_refuse_argument(call, 0, VALUE_DOUBLE);
    }
    call->binding->parameters[0] = type;
    call->binding->result = type;
    call->binding->run = is_real(type) ? run_negate_real : run_negate_exact;
    return 0;
}

static int bind_minus(struct function_bind_call *call)
{
    bool done;
    if (call->count != 1 && call->count != 2) {
        return function_refuse_count(call);
    }
    int status = function_bind_date_minus(call, &done);
    if (status != 0 || done) {
        return status;
    }
    return call->count == 1 ? bind_negate(call)
                            : bind_common(call, true, run_subtract_exact, run_subtract_real);
}

static int bind_times(struct function_bind_call *call)
{
    bool done;
    if (call->count != 2) {
        return function_refuse_count(call);
    }
    int status = function_bind_interval_times(call, &done);
    return status != 0 || done ? status : bind_product(call);
}

static int bind_divide(struct function_bind_call *call)
{
    bool done;
    if (call->count != 2) {
        return function_refuse_count(call);
    }
    int status = function_bind_interval_divide(call, &done);
    return status != 0 || done ? status : bind_quotient(call, run_divide);
}

/* Integers by integers give one; anything else is divided as reals. */
static int bind_divide_whole(struct function_bind_call *call)
{
    struct value_type types[2];
    if (call->count != 2) {
        return function_refuse_count(call);
    }
    int status = operand_types(call, types);
    if (status != 0) {
        return status;
    }
    bool whole = types[0].kind <= VALUE_BIGINT && types[1].kind <= VALUE_BIGINT;
    return whole ? bind_common(call, false, run_divide_whole, NULL)
                 : bind_quotient(call, run_divide_real);
}

static int bind_modulo(struct function_bind_call *call)
{
    if (call->count != 2) {
        return function_refuse_count(call);
    }
    return bind_common(call, false, run_modulo_exact, run_modulo_real);
}

#define TWO_NUMBERS "two numbers"

static const struct function FUNCTIONS[] = {
    {.name = "+",
     .aliases = "add",
     .bind = bind_plus,
     .takes = "numbers, or a date and an interval or number of days"},
    {.name = "-",
     .aliases = "subtract",
     .bind = bind_minus,
     .takes = "numbers, dates, or a date and an interval or number of days"},
    {.name = "*", .aliases = "multiply", .bind = bind_times, .takes = TWO_NUMBERS},
    {.name = "/", .bind = bind_divide, .takes = TWO_NUMBERS},
    {.name = "//", .aliases = "divide", .bind = bind_divide_whole, .takes = TWO_NUMBERS},
    {.name = "%", .aliases = "mod", .bind = bind_modulo, .takes = TWO_NUMBERS},
};

const struct function_table function_table_number = {FUNCTIONS, ARRAY_LENGTH(FUNCTIONS)};
