/* Rounding, extremes, and the functions of analysis. */
#include <math.h>

#include "linkage/cast_internal.h"

static bool is_number(struct value_type type)
{
    return type.kind >= VALUE_INTEGER && type.kind <= VALUE_DOUBLE;
}

static bool is_integer(struct value_type type)
{
    return type.kind == VALUE_INTEGER || type.kind == VALUE_BIGINT;
}

/* The type of a number argument; a bare NULL is a BIGINT. A text, literal or not, is refused: of
   which number type it should be nobody could say. */
static int number_type(struct function_bind_call *call, struct value_type *out)
{
    *out = call->arguments[0].type;
    if (out->kind == VALUE_NULL) {
        *out = TYPE(VALUE_BIGINT);
    }
    if (!is_number(*out)) {
        return function_refuse_argument(call, 0,
                                        out->kind == VALUE_TEXT ? VALUE_DOUBLE : VALUE_NULL);
    }
    call->binding->parameters[0] = *out;
    call->binding->result = *out;
    return 0;
}

static void run_same(const struct function_call *call, const struct value *arguments,
                     struct value *out)
{
    (void)call;
    *out = arguments[0];
}

/* ---- abs, sign ---- */

static void run_abs_exact(const struct function_call *call, const struct value *arguments,
                          struct value *out)
{
    int64_t number = arguments[0].integer;
    int64_t least = call->binding->result.kind == VALUE_INTEGER ? INT32_MIN : INT64_MIN;
    if (number == least) {
        function_fail(call, out);
    } else {
        function_return_integer(out, number < 0 ? -number : number);
    }
}

static void run_abs_real(const struct function_call *call, const struct value *arguments,
                         struct value *out)
{
    (void)call;
    function_return_real(out, fabs(arguments[0].real));
}

static int bind_abs(struct function_bind_call *call)
{
    struct value_type type;
    if (call->count != 1) {
        return function_refuse_count(call);
    }
    int status = number_type(call, &type);
    call->binding->run = type.kind >= VALUE_FLOAT ? run_abs_real : run_abs_exact;
    return status;
}

static void run_sign(const struct function_call *call, const struct value *arguments,
                     struct value *out)
{
    (void)call;
    double number = arguments[0].real;
    function_return_integer(out, (number > 0) - (number < 0));
}

/* ---- rounding ---- */

enum rounding { ROUND, FLOOR, CEIL, TRUNC };

/* What a rounding binding has as state. */
struct rounding_state {
    enum rounding rounding;
    unsigned drop;  /* DECIMAL: decimal places to drop */
    unsigned zeros; /* DECIMAL: digits before the point that become zero */
};

/* number / 10^digits, rounded as asked. */
static int64_t divide(int64_t number, unsigned digits, enum rounding rounding)
{
    if (rounding == ROUND) {
        return cast_divide_rounded(number, digits);
    }
    int64_t by = cast_power_of_ten(digits);
    int64_t whole = number / by;
    int64_t rest = number % by;
    return whole + (rounding == CEIL && rest > 0) - (rounding == FLOOR && rest < 0);
}

static void run_round_decimal(const struct function_call *call, const struct value *arguments,
                              struct value *out)
{
    const struct rounding_state *state = call->binding->state;
    unsigned digits = state->drop + state->zeros;
    if (digits > CAST_DECIMAL_WIDTH) {
        function_return_integer(out, 0);
        return;
    }
    int64_t rounded = divide(arguments[0].integer, digits, state->rounding);
    function_return_integer(out, rounded * cast_power_of_ten(state->zeros));
}

static double round_real(double number, enum rounding rounding)
{
    switch (rounding) {
    case FLOOR: return floor(number);
    case CEIL: return ceil(number);
    case TRUNC: return trunc(number);
    case ROUND: break;
    }
    return round(number);
}

static void run_round_real(const struct function_call *call, const struct value *arguments,
                           struct value *out)
{
    const struct rounding_state *state = call->binding->state;
    function_return_real(out, round_real(arguments[0].real, state->rounding));
}

/* As DuckDB does it: by way of a multiplication, which is why round(1.005, 2) is 1. */
static void run_round_real_digits(const struct function_call *call, const struct value *arguments,
                                  struct value *out)
{
    double number = arguments[0].real;
    int64_t digits = arguments[1].integer;
    double power = pow(10.0, (double)(digits < 0 ? -digits : digits));
    double rounded = digits < 0 ? round(number / power) * power : round(number * power) / power;
    if (!isfinite(rounded)) {
        rounded = digits < 0 ? 0.0 : number;
    }
    bool narrow = call->binding->result.kind == VALUE_FLOAT;
    function_return_real(out, narrow ? (float)rounded : rounded);
}

static void run_round_integer_digits(const struct function_call *call,
                                     const struct value *arguments, struct value *out)
{
    int64_t number = arguments[0].integer;
    int64_t digits = -arguments[1].integer;
    if (digits <= 0) {
        function_return_integer(out, number);
        return;
    }
    int64_t rounded = 0;
    bool overflow = false;
    if (digits <= CAST_DECIMAL_WIDTH) {
        int64_t power = cast_power_of_ten((unsigned)digits);
        overflow =
            __builtin_mul_overflow(cast_divide_rounded(number, (unsigned)digits), power, &rounded);
    }
    bool narrow = call->binding->result.kind == VALUE_INTEGER;
    if (overflow || (narrow && rounded != (int32_t)rounded)) {
        function_fail(call, out);
    } else {
        function_return_integer(out, rounded);
    }
}

/* A decimal rounded to `digits` places keeps its width and has no more places than those. */
static int bind_round_decimal(struct function_bind_call *call, struct value_type type,
                              enum rounding rounding, int64_t digits)
{
    int64_t scale = type.scale;
    if (digits >= scale) {
        call->binding->run = run_same;
        return 0;
    }
    struct rounding_state *state = arena_alloc_zeroed(call->arena, 1, sizeof *state);
    if (state == NULL) {
        return error_out_of_memory(call->error);
    }
    int64_t kept = digits < 0 ? 0 : digits;
    int64_t zeros = digits < 0 ? -digits : 0;
    if (zeros > 0 && zeros >= type.width - type.scale) {
        /* No digit would be left but one that the type has no room for: DuckDB makes it 0. */
        zeros = CAST_DECIMAL_WIDTH + 1;
    }
    *state = (struct rounding_state){rounding, (unsigned)(scale - kept), (unsigned)zeros};
    call->binding->result.scale = (uint8_t)kept;
    call->binding->state = state;
    call->binding->run = run_round_decimal;
    return 0;
}

static int bind_round_plain(struct function_bind_call *call, struct value_type type,
                            enum rounding rounding)
{
    if (type.kind == VALUE_DECIMAL) {
        return bind_round_decimal(call, type, rounding, 0);
    }
    if (is_integer(type) && (rounding == ROUND || rounding == TRUNC)) {
        call->binding->run = run_same;
        return 0;
    }
    struct rounding_state *state = arena_alloc_zeroed(call->arena, 1, sizeof *state);
    if (state == NULL) {
        return error_out_of_memory(call->error);
    }
    state->rounding = rounding;
    call->binding->state = state;
    call->binding->run = run_round_real;
    if (is_integer(type)) {
        /* floor() and ceil() of an integer are DOUBLEs. */
        call->binding->parameters[0] = call->binding->result = TYPE(VALUE_DOUBLE);
    }
    return 0;
}

static int bind_one(struct function_bind_call *call, enum rounding rounding)
{
    struct value_type type;
    if (call->count != 1) {
        return function_refuse_count(call);
    }
    int status = number_type(call, &type);
    return status != 0 ? status : bind_round_plain(call, type, rounding);
}

static int bind_floor(struct function_bind_call *call)
{
    return bind_one(call, FLOOR);
}

static int bind_ceil(struct function_bind_call *call)
{
    return bind_one(call, CEIL);
}

static int bind_trunc(struct function_bind_call *call)
{
    return bind_one(call, TRUNC);
}

/* round(number, digits). The scale of a decimal result depends on the digits: they are constant. */
static int bind_round_digits(struct function_bind_call *call, struct value_type type)
{
    const struct function_argument *digits = &call->arguments[1];
    if (!function_argument_fits(digits, TYPE(VALUE_INTEGER))) {
        return function_refuse_argument(call, 1, VALUE_INTEGER);
    }
    call->binding->parameters[1] = TYPE(VALUE_INTEGER);
    if (type.kind != VALUE_DECIMAL) {
        call->binding->run = is_integer(type) ? run_round_integer_digits : run_round_real_digits;
        return 0;
    }
    bool known = digits->constant != NULL && digits->type.kind == VALUE_INTEGER;
    if (digits->type.kind == VALUE_NULL || (known && digits->constant->is_null)) {
        call->binding->run = run_same; /* strict: it never runs */
        return 0;
    }
    if (!known) {
        return error_set(call->error, STATUS_INVALID,
                         "round of a DECIMAL takes a constant number of digits: write "
                         "round(cast(... as DOUBLE), ...)");
    }
    return bind_round_decimal(call, type, ROUND, digits->constant->integer);
}

static int bind_round(struct function_bind_call *call)
{
    struct value_type type;
    if (call->count != 1 && call->count != 2) {
        return function_refuse_count(call);
    }
    int status = number_type(call, &type);
    if (status != 0) {
        return status;
    }
    return call->count == 1 ? bind_round_plain(call, type, ROUND) : bind_round_digits(call, type);
}

/* ---- extremes ---- */

/* The greatest (`sign` 1) or least (-1) of the arguments that are not NULL. */
static void extreme(const struct function_call *call, const struct value *arguments, int sign,
                    struct value *out)
{
    *out = VALUE_NONE;
    for (size_t i = 0; i < call->binding->argument_count; i++) {
        if (!arguments[i].is_null &&
            (out->is_null || sign * value_compare(call->binding->result, arguments[i], *out) > 0)) {
            *out = arguments[i];
        }
    }
}

static void run_greatest(const struct function_call *call, const struct value *arguments,
                         struct value *out)
{
    extreme(call, arguments, 1, out);
}

static void run_least(const struct function_call *call, const struct value *arguments,
                      struct value *out)
{
    extreme(call, arguments, -1, out);
}

static int bind_extreme(struct function_bind_call *call, function_run *run)
{
    struct value_type common;
    if (call->count == 0) {
        return function_refuse_count(call);
    }
    int status = function_common_type(call, 0, &common);
    if (status != 0) {
        return status;
    }
    for (size_t i = 0; i < call->count; i++) {
        call->binding->parameters[i] = common;
    }
    call->binding->result = common;
    call->binding->run = run;
    return 0;
}

static int bind_greatest(struct function_bind_call *call)
{
    return bind_extreme(call, run_greatest);
}

static int bind_least(struct function_bind_call *call)
{
    return bind_extreme(call, run_least);
}

/* ---- analysis ---- */

/* A function of one DOUBLE. Where `in_domain` is false, DuckDB fails. */
#define REAL_FUNCTION(name, in_domain, result)                                              \
    static void run_##name(const struct function_call *call, const struct value *arguments, \
                           struct value *out)                                               \
    {                                                                                       \
        double x = arguments[0].real;                                                       \
        if (in_domain) {                                                                    \
            function_return_real(out, result);                                              \
        } else {                                                                            \
            function_fail(call, out);                                                       \
        }                                                                                   \
    }

/* Written so that NaN is in every domain: it is handed through. */
REAL_FUNCTION(sqrt, !(x < 0.0), sqrt(x))
REAL_FUNCTION(cbrt, true, cbrt(x))
REAL_FUNCTION(ln, !(x <= 0.0), log(x))
REAL_FUNCTION(log10, !(x <= 0.0), log10(x))
REAL_FUNCTION(log2, !(x <= 0.0), log2(x))
REAL_FUNCTION(exp, true, exp(x))
REAL_FUNCTION(sin, !isinf(x), sin(x))
REAL_FUNCTION(cos, !isinf(x), cos(x))
REAL_FUNCTION(tan, !isinf(x), tan(x))
REAL_FUNCTION(cot, !isinf(x) && x != 0.0, 1.0 / tan(x))
REAL_FUNCTION(asin, !(x < -1.0 || x > 1.0), asin(x))
REAL_FUNCTION(acos, !(x < -1.0 || x > 1.0), acos(x))
REAL_FUNCTION(atan, true, atan(x))
REAL_FUNCTION(sinh, true, sinh(x))
REAL_FUNCTION(cosh, true, cosh(x))
REAL_FUNCTION(tanh, true, tanh(x))
REAL_FUNCTION(asinh, true, asinh(x))
REAL_FUNCTION(acosh, true, acosh(x))
REAL_FUNCTION(atanh, !(x < -1.0 || x > 1.0), atanh(x))
REAL_FUNCTION(radians, true, x *(M_PI / 180.0))
REAL_FUNCTION(degrees, true, x *(180.0 / M_PI))

#undef REAL_FUNCTION

static void run_pow(const struct function_call *call, const struct value *arguments,
                    struct value *out)
{
    (void)call;
    function_return_real(out, pow(arguments[0].real, arguments[1].real));
}

static void run_atan2(const struct function_call *call, const struct value *arguments,
                      struct value *out)
{
    (void)call;
    function_return_real(out, atan2(arguments[0].real, arguments[1].real));
}

/* log(base, x) */
static void run_log_base(const struct function_call *call, const struct value *arguments,
                         struct value *out)
{
    double base = arguments[0].real;
    double x = arguments[1].real;
    double divisor = log10(base);
    if (base <= 0.0 || x <= 0.0 || divisor == 0.0) {
        function_fail(call, out);
    } else {
        function_return_real(out, log10(x) / divisor);
    }
}

static void run_pi(const struct function_call *call, const struct value *arguments,
                   struct value *out)
{
    (void)call;
    (void)arguments;
    function_return_real(out, M_PI);
}

static void run_isnan(const struct function_call *call, const struct value *arguments,
                      struct value *out)
{
    (void)call;
    function_return_integer(out, isnan(arguments[0].real));
}

static void run_isinf(const struct function_call *call, const struct value *arguments,
                      struct value *out)
{
    (void)call;
    function_return_integer(out, isinf(arguments[0].real) != 0);
}

static void run_isfinite(const struct function_call *call, const struct value *arguments,
                         struct value *out)
{
    (void)call;
    function_return_integer(out, isfinite(arguments[0].real));
}

#define A_NUMBER "a number"

static const struct function FUNCTIONS[] = {
    {.name = "abs", .aliases = "@", .bind = bind_abs, .takes = A_NUMBER},
    {.name = "sign", .overloads = {{"r:i", run_sign}}},
    {.name = "round", .bind = bind_round, .takes = "a number, and a number of digits or not"},
    {.name = "floor", .bind = bind_floor, .takes = A_NUMBER},
    {.name = "ceil", .aliases = "ceiling", .bind = bind_ceil, .takes = A_NUMBER},
    {.name = "trunc", .bind = bind_trunc, .takes = A_NUMBER},
    {.name = "greatest",
     .bind = bind_greatest,
     .takes = "one or more values of one type",
     .null_aware = true},
    {.name = "least",
     .bind = bind_least,
     .takes = "one or more values of one type",
     .null_aware = true},
    {.name = "sqrt", .overloads = {{"r:r", run_sqrt}}},
    {.name = "cbrt", .overloads = {{"r:r", run_cbrt}}},
    {.name = "pow", .aliases = "power ^ **", .overloads = {{"rr:r", run_pow}}},
    {.name = "exp", .overloads = {{"r:r", run_exp}}},
    {.name = "ln", .overloads = {{"r:r", run_ln}}},
    {.name = "log", .overloads = {{"r:r", run_log10}, {"rr:r", run_log_base}}},
    {.name = "log10", .overloads = {{"r:r", run_log10}}},
    {.name = "log2", .overloads = {{"r:r", run_log2}}},
    {.name = "sin", .overloads = {{"r:r", run_sin}}},
    {.name = "cos", .overloads = {{"r:r", run_cos}}},
    {.name = "tan", .overloads = {{"r:r", run_tan}}},
    {.name = "cot", .overloads = {{"r:r", run_cot}}},
    {.name = "asin", .overloads = {{"r:r", run_asin}}},
    {.name = "acos", .overloads = {{"r:r", run_acos}}},
    {.name = "atan", .overloads = {{"r:r", run_atan}}},
    {.name = "atan2", .overloads = {{"rr:r", run_atan2}}},
    {.name = "sinh", .overloads = {{"r:r", run_sinh}}},
    {.name = "cosh", .overloads = {{"r:r", run_cosh}}},
    {.name = "tanh", .overloads = {{"r:r", run_tanh}}},
    {.name = "asinh", .overloads = {{"r:r", run_asinh}}},
    {.name = "acosh", .overloads = {{"r:r", run_acosh}}},
    {.name = "atanh", .overloads = {{"r:r", run_atanh}}},
    {.name = "radians", .overloads = {{"r:r", run_radians}}},
    {.name = "degrees", .overloads = {{"r:r", run_degrees}}},
    {.name = "pi", .overloads = {{":r", run_pi}}},
    {.name = "isnan", .overloads = {{"r:b", run_isnan}}},
    {.name = "isinf", .overloads = {{"r:b", run_isinf}}},
    {.name = "isfinite", .overloads = {{"r:b", run_isfinite}}},
};

const struct function_table function_table_math = {FUNCTIONS, ARRAY_LENGTH(FUNCTIONS)};
