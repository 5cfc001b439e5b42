/* Casts between numbers, and to BOOLEAN. */
#include <math.h>

#include "linkage/cast_internal.h"

int64_t cast_power_of_ten(unsigned exponent)
{
    static const int64_t POWERS[CAST_DECIMAL_WIDTH + 1] = {
        1,
        10,
        100,
        1000,
        10000,
        100000,
        1000000,
        10000000,
        100000000,
        1000000000,
        10000000000,
        100000000000,
        1000000000000,
        10000000000000,
        100000000000000,
        1000000000000000,
        10000000000000000,
        100000000000000000,
        1000000000000000000,
    };
    return POWERS[exponent];
}

int64_t cast_divide_rounded(int64_t number, unsigned digits)
{
    int64_t by = cast_power_of_ten(digits);
    int64_t whole = number / by;
    int64_t rest = number % by;
    /* Doubling the rest could overflow for 18 digits; half of a power of ten is exact. */
    int64_t half = by / 2;
    if (digits > 0 && (rest >= half || rest <= -half)) {
        whole += rest > 0 ? 1 : -1;
    }
    return whole;
}

/* The least integer that all smaller ones of a type are exact up to. */
double cast_decimal_to_real(int64_t number, unsigned scale, bool narrow)
{
    const int64_t exact = narrow ? INT64_C(1) << 24 : INT64_C(1) << 53;
    int64_t power = cast_power_of_ten(scale);
    bool is_exact = scale == 0 || (number <= exact && number >= -exact);
    /* Not the correctly rounded quotient: DuckDB divides, or adds two parts, in the type itself. */
    const int64_t whole = number / power;
    const int64_t rest = number % power;
    if (narrow) {
        return is_exact ? (float)number / (float)power : (float)whole + (float)rest / (float)power;
    }
    return is_exact ? (double)number / (double)power : (double)whole + (double)rest / (double)power;
}

/* A number of any type as a double, for tests that need no exactness. */
static double real_of(struct value_type type, struct value value)
{
    if (type.kind == VALUE_FLOAT || type.kind == VALUE_DOUBLE) {
        return value.real;
    }
    return (double)value.integer;
}

enum cast_outcome cast_to_boolean(struct arena *scratch, const struct cast *cast,
                                  struct value value, struct value *out)
{
    (void)scratch;
    function_return_integer(out, real_of(cast->from, value) != 0.0);
    return CAST_DONE;
}

static bool fits_integer(enum value_kind kind, int64_t number)
{
    return kind != VALUE_INTEGER || number == (int32_t)number;
}

enum cast_outcome cast_to_integer(struct arena *scratch, const struct cast *cast,
                                  struct value value, struct value *out)
{
    (void)scratch;
    int64_t number = value.integer;
    if (cast->from.kind == VALUE_DECIMAL) {
        number = cast_divide_rounded(number, cast->from.scale);
    } else if (cast->from.kind == VALUE_FLOAT || cast->from.kind == VALUE_DOUBLE) {
        /* Half to even, unlike decimals: that is what the processor does and DuckDB leaves. */
        double limit = cast->to.kind == VALUE_INTEGER ? 0x1p31 : 0x1p63;
        double rounded = nearbyint(value.real);
        if (!(value.real >= -limit && rounded < limit)) {
            return CAST_FAILED;
        }
        number = (int64_t)rounded;
    }
    function_return_integer(out, number);
    return fits_integer(cast->to.kind, number) ? CAST_DONE : CAST_FAILED;
}

static enum cast_outcome return_decimal(struct value_type type, int64_t number, struct value *out)
{
    int64_t limit = cast_power_of_ten(type.width);
    function_return_integer(out, number);
    return number < limit && number > -limit ? CAST_DONE : CAST_FAILED;
}

enum cast_outcome cast_to_decimal(struct arena *scratch, const struct cast *cast,
                                  struct value value, struct value *out)
{
    (void)scratch;
    struct value_type to = cast->to;
    if (cast->from.kind == VALUE_FLOAT || cast->from.kind == VALUE_DOUBLE) {
        /* DuckDB takes the whole number through the type that it came from. */
        double number = round(value.real * (double)cast_power_of_ten(to.scale));
        number = cast->from.kind == VALUE_FLOAT ? (float)number : number;
        double limit = (double)cast_power_of_ten(to.width);
        if (!(number < limit && number > -limit)) {
            return CAST_FAILED;
        }
        return return_decimal(to, (int64_t)number, out);
    }
    unsigned scale = cast->from.kind == VALUE_DECIMAL ? cast->from.scale : 0;
    if (scale > to.scale) {
        return return_decimal(to, cast_divide_rounded(value.integer, scale - to.scale), out);
    }
    int64_t number;
    if (__builtin_mul_overflow(value.integer, cast_power_of_ten(to.scale - scale), &number)) {
        return CAST_FAILED;
    }
    return return_decimal(to, number, out);
}

enum cast_outcome cast_to_real(struct arena *scratch, const struct cast *cast, struct value value,
                               struct value *out)
{
    (void)scratch;
    bool narrow = cast->to.kind == VALUE_FLOAT;
    if (cast->from.kind == VALUE_FLOAT || cast->from.kind == VALUE_DOUBLE) {
        function_return_real(out, narrow ? (float)value.real : value.real);
        return isinf(out->real) && !isinf(value.real) ? CAST_FAILED : CAST_DONE;
    }
    unsigned scale = cast->from.kind == VALUE_DECIMAL ? cast->from.scale : 0;
    function_return_real(out, cast_decimal_to_real(value.integer, scale, narrow));
    return CAST_DONE;
}
