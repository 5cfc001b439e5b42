/* Numbers, with what DuckDB 1.5 answers. (Decimals beyond 18 digits are ours.) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "calls.h"

static const struct call_row ARITHMETIC[] = {
    {"+", "INTEGER:1|INTEGER:2", "INTEGER:3"},
    {"+", "INTEGER:2147483647|INTEGER:1", "INTEGER!"},
    {"+", "BIGINT:9223372036854775807|BIGINT:1", "BIGINT!"},
    {"+", "INTEGER:2147483647|BIGINT:1", "BIGINT:2147483648"},
    {"+", "INTEGER:\\N|INTEGER:1", "INTEGER:\\N"},
    {"+", "INTEGER:1|NULL:\\N", "INTEGER:\\N"},
    {"+", "NULL:\\N|NULL:\\N", "BIGINT:\\N"},
    {"+", "DECIMAL(2,1):0.1|DECIMAL(2,1):0.2", "DECIMAL(3,1):0.3"},
    {"+", "DECIMAL(4,2):99.99|DECIMAL(4,2):0.01", "DECIMAL(5,2):100.00"},
    {"+", "INTEGER:1|DECIMAL(2,1):1.5", "DECIMAL(12,1):2.5"},
    {"+", "BIGINT:3|DECIMAL(2,1):0.5", "DECIMAL(18,1):3.5"},
    {"+", "DECIMAL(18,1):99999999999999999.9|DECIMAL(18,1):0.1", "DECIMAL(18,1)!"},
    {"+", "FLOAT:1.5|FLOAT:1.1", "FLOAT:2.6"},
    {"+", "FLOAT:1.1|DOUBLE:1.1", "DOUBLE:2.200000023841858"},
    {"+", "DOUBLE:0.1|DOUBLE:0.2", "DOUBLE:0.30000000000000004"},
    {"+", "DOUBLE:1e308|DOUBLE:1e308", "DOUBLE:inf"},
    {"+", "DOUBLE:1|VARCHAR=2", "DOUBLE:3.0"},
    {"+", "INTEGER:5", "INTEGER:5"},
    {"-", "INTEGER:1|INTEGER:2", "INTEGER:-1"},
    {"-", "INTEGER:-2147483648|INTEGER:1", "INTEGER!"},
    {"-", "INTEGER:5", "INTEGER:-5"},
    {"-", "INTEGER:-2147483648", "INTEGER!"},
    {"-", "DOUBLE:-0.0", "DOUBLE:0.0"},
    {"-", "DECIMAL(3,2):1.25", "DECIMAL(3,2):-1.25"},
    {"-", "BIGINT:5|DECIMAL(2,1):0.5", "DECIMAL(18,1):4.5"},
    {"*", "INTEGER:3|INTEGER:-4", "INTEGER:-12"},
    {"*", "INTEGER:65536|INTEGER:65536", "INTEGER!"},
    {"*", "BIGINT:9223372036854775807|BIGINT:2", "BIGINT!"},
    {"*", "DECIMAL(2,1):1.5|DECIMAL(3,2):2.25", "DECIMAL(5,3):3.375"},
    {"*", "INTEGER:2|DECIMAL(2,1):1.5", "DECIMAL(12,1):3.0"},
    {"*", "BIGINT:3|DECIMAL(2,1):0.5", "DECIMAL(18,1):1.5"},
    {"*", "DECIMAL(18,17):0.1|DECIMAL(18,17):0.1", "DOUBLE:0.010000000000000002"},
    {"*", "FLOAT:1.1|INTEGER:3", "FLOAT:3.3000002"},
    {"*", "DOUBLE:1e200|DOUBLE:1e200", "DOUBLE:inf"},
    {"/", "INTEGER:5|INTEGER:2", "DOUBLE:2.5"},
    {"/", "INTEGER:1|INTEGER:0", "DOUBLE:inf"},
    {"/", "INTEGER:0|INTEGER:0", "DOUBLE:nan"},
    {"/", "INTEGER:-1|INTEGER:0", "DOUBLE:-inf"},
    {"/", "DECIMAL(2,1):1.5|INTEGER:2", "DOUBLE:0.75"},
    {"/", "FLOAT:1|FLOAT:3", "FLOAT:0.33333334"},
    {"/", "FLOAT:1|INTEGER:3", "FLOAT:0.33333334"},
    {"/", "FLOAT:1|DOUBLE:3", "DOUBLE:0.3333333333333333"},
    {"//", "INTEGER:7|INTEGER:2", "INTEGER:3"},
    {"//", "INTEGER:-7|INTEGER:2", "INTEGER:-3"},
    {"//", "INTEGER:7|INTEGER:0", "INTEGER:\\N"},
    {"//", "INTEGER:-2147483648|INTEGER:-1", "INTEGER!"},
    {"//", "BIGINT:-9223372036854775808|BIGINT:-1", "BIGINT!"},
    {"//", "DOUBLE:7.5|DOUBLE:2", "DOUBLE:3.75"},
    {"//", "DOUBLE:1|DOUBLE:0", "DOUBLE:\\N"},
    {"//", "DECIMAL(2,1):5.5|INTEGER:2", "DOUBLE:2.75"},
    {"%", "INTEGER:7|INTEGER:3", "INTEGER:1"},
    {"%", "INTEGER:-7|INTEGER:3", "INTEGER:-1"},
    {"%", "INTEGER:7|INTEGER:0", "INTEGER:\\N"},
    {"%", "INTEGER:-2147483648|INTEGER:-1", "INTEGER!"},
    {"%", "DECIMAL(2,1):5.5|INTEGER:2", "DECIMAL(11,1):1.5"},
    {"%", "DECIMAL(2,1):5.5|INTEGER:0", "DECIMAL(11,1):\\N"},
    {"%", "DOUBLE:5.5|DOUBLE:2", "DOUBLE:1.5"},
    {"%", "DOUBLE:5|DOUBLE:inf", "DOUBLE:5.0"},
    {"mod", "INTEGER:7|INTEGER:3", "INTEGER:1"},
    {"add", "INTEGER:1|INTEGER:1", "INTEGER:2"},
    {"subtract", "INTEGER:1|INTEGER:1", "INTEGER:0"},
    {"multiply", "INTEGER:2|INTEGER:3", "INTEGER:6"},
    {"divide", "INTEGER:7|INTEGER:2", "INTEGER:3"},
};

static const struct call_row ROUNDING[] = {
    {"abs", "INTEGER:-5", "INTEGER:5"},
    {"abs", "INTEGER:-2147483648", "INTEGER!"},
    {"abs", "BIGINT:-9223372036854775808", "BIGINT!"},
    {"abs", "DECIMAL(3,1):-1.5", "DECIMAL(3,1):1.5"},
    {"abs", "FLOAT:-1.5", "FLOAT:1.5"},
    {"abs", "DOUBLE:-0.0", "DOUBLE:0.0"},
    {"abs", "DOUBLE:nan", "DOUBLE:nan"},
    {"abs", "NULL:\\N", "BIGINT:\\N"},
    {"sign", "INTEGER:-5", "INTEGER:-1"},
    {"sign", "DOUBLE:0", "INTEGER:0"},
    {"sign", "DOUBLE:nan", "INTEGER:0"},
    {"sign", "DECIMAL(2,1):1.5", "INTEGER:1"},
    {"round", "INTEGER:5", "INTEGER:5"},
    {"round", "BIGINT:5", "BIGINT:5"},
    {"round", "DOUBLE:2.5", "DOUBLE:3.0"},
    {"round", "DOUBLE:-2.5", "DOUBLE:-3.0"},
    {"round", "DOUBLE:0.49999999999999994", "DOUBLE:0.0"},
    {"round", "FLOAT:2.5", "FLOAT:3.0"},
    {"round", "DECIMAL(2,1):2.5", "DECIMAL(2,0):3"},
    {"round", "DECIMAL(2,1):-2.5", "DECIMAL(2,0):-3"},
    {"round", "DOUBLE:inf", "DOUBLE:inf"},
    {"round", "DECIMAL(3,2):1.25|INTEGER=1", "DECIMAL(3,1):1.3"},
    {"round", "DECIMAL(3,2):-1.25|INTEGER=1", "DECIMAL(3,1):-1.3"},
    {"round", "DECIMAL(3,2):1.25|INTEGER=3", "DECIMAL(3,2):1.25"},
    {"round", "DECIMAL(3,2):9.99|INTEGER=0", "DECIMAL(3,0):10"},
    {"round", "DECIMAL(4,2):93.19|INTEGER=-1", "DECIMAL(4,0):90"},
    {"round", "DECIMAL(4,2):93.19|INTEGER=-2", "DECIMAL(4,0):0"},
    {"round", "DOUBLE:1.25|INTEGER=1", "DOUBLE:1.3"},
    {"round", "DOUBLE:2.675|INTEGER=2", "DOUBLE:2.68"},
    {"round", "DOUBLE:1.005|INTEGER=2", "DOUBLE:1.0"},
    {"round", "DOUBLE:123.456|INTEGER=-2", "DOUBLE:100.0"},
    {"round", "DOUBLE:1.5|INTEGER=400", "DOUBLE:1.5"},
    {"round", "DOUBLE:123.456|INTEGER=-400", "DOUBLE:0.0"},
    {"round", "DOUBLE:nan|INTEGER=1", "DOUBLE:nan"},
    {"round", "FLOAT:1.25|INTEGER=1", "FLOAT:1.3"},
    {"round", "INTEGER:1234567|INTEGER=-3", "INTEGER:1235000"},
    {"round", "INTEGER:1500|INTEGER=-3", "INTEGER:2000"},
    {"round", "INTEGER:-1500|INTEGER=-3", "INTEGER:-2000"},
    {"round", "INTEGER:5|INTEGER=-1", "INTEGER:10"},
    {"round", "INTEGER:5|INTEGER=-20", "INTEGER:0"},
    {"round", "INTEGER:5|INTEGER=2", "INTEGER:5"},
    {"round", "BIGINT:125|INTEGER=-1", "BIGINT:130"},
    {"round", "INTEGER:2147483647|INTEGER=-1", "INTEGER!"},
    {"round", "DOUBLE:1.25|INTEGER:1", "DOUBLE:1.3"},
    {"round", "DECIMAL(3,2):1.25|NULL:\\N", "DECIMAL(3,2):\\N"},
    {"floor", "DOUBLE:1.5", "DOUBLE:1.0"},
    {"floor", "DOUBLE:-1.5", "DOUBLE:-2.0"},
    {"floor", "DECIMAL(2,1):1.5", "DECIMAL(2,0):1"},
    {"floor", "DECIMAL(2,1):-1.5", "DECIMAL(2,0):-2"},
    {"floor", "DECIMAL(3,1):99.9", "DECIMAL(3,0):99"},
    {"floor", "INTEGER:3", "DOUBLE:3.0"},
    {"floor", "FLOAT:1.5", "FLOAT:1.0"},
    {"floor", "DECIMAL(2,2):0.50", "DECIMAL(2,0):0"},
    {"ceil", "DOUBLE:1.5", "DOUBLE:2.0"},
    {"ceil", "DOUBLE:-1.5", "DOUBLE:-1.0"},
    {"ceil", "DECIMAL(2,1):1.5", "DECIMAL(2,0):2"},
    {"ceil", "DECIMAL(2,1):-1.5", "DECIMAL(2,0):-1"},
    {"ceil", "DECIMAL(3,1):99.9", "DECIMAL(3,0):100"},
    {"ceil", "INTEGER:3", "DOUBLE:3.0"},
    {"ceil", "FLOAT:1.5", "FLOAT:2.0"},
    {"ceil", "DECIMAL(2,2):0.50", "DECIMAL(2,0):1"},
    {"trunc", "DOUBLE:1.5", "DOUBLE:1.0"},
    {"trunc", "DOUBLE:-1.5", "DOUBLE:-1.0"},
    {"trunc", "DECIMAL(2,1):1.5", "DECIMAL(2,0):1"},
    {"trunc", "DECIMAL(2,1):-1.5", "DECIMAL(2,0):-1"},
    {"trunc", "DECIMAL(3,1):99.9", "DECIMAL(3,0):99"},
    {"trunc", "INTEGER:3", "INTEGER:3"},
    {"trunc", "FLOAT:1.5", "FLOAT:1.0"},
    {"trunc", "DECIMAL(2,2):0.50", "DECIMAL(2,0):0"},
    {"ceiling", "DOUBLE:0.1", "DOUBLE:1.0"},
    {"ceil", "DOUBLE:-0.5", "DOUBLE:-0.0"},
};

static const struct call_row EXTREMES[] = {
    {"greatest", "INTEGER:1|DECIMAL(2,1):2.5", "DECIMAL(11,1):2.5"},
    {"greatest", "INTEGER:\\N|INTEGER:2|INTEGER:\\N", "INTEGER:2"},
    {"greatest", "NULL:\\N|NULL:\\N", "NULL:\\N"},
    {"least", "DOUBLE:nan|DOUBLE:1", "DOUBLE:1.0"},
    {"greatest", "DOUBLE:nan|DOUBLE:1", "DOUBLE:nan"},
    {"least", "INTEGER:1|BIGINT:2", "BIGINT:1"},
    {"greatest", "VARCHAR:a|VARCHAR:b|VARCHAR:\\N", "VARCHAR:b"},
    {"least", "VARCHAR:|VARCHAR:a", "VARCHAR:"},
    {"greatest", "BOOLEAN:true|BOOLEAN:false", "BOOLEAN:true"},
    {"greatest", "DATE:2020-01-01|TIMESTAMP:2020-01-01 10:00:00", "TIMESTAMP:2020-01-01 10:00:00"},
    {"greatest", "DATE:2020-01-01|VARCHAR=2021-01-01", "DATE:2021-01-01"},
    {"least", "VARCHAR[]:[a, b]|VARCHAR[]:[a]", "VARCHAR[]:[a]"},
    {"greatest", "FLOAT:1.5|INTEGER:2", "FLOAT:2.0"},
    {"least", "INTEGER:5", "INTEGER:5"},
    {"greatest", "INTERVAL:1 month|INTERVAL:29 days", "INTERVAL:1 month"},
};

static const struct call_row ANALYSIS[] = {
    {"sqrt", "DOUBLE:4", "DOUBLE:2.0"},
    {"sqrt", "DOUBLE:0", "DOUBLE:0.0"},
    {"sqrt", "DOUBLE:-1", "DOUBLE!"},
    {"sqrt", "DOUBLE:nan", "DOUBLE:nan"},
    {"sqrt", "DOUBLE:inf", "DOUBLE:inf"},
    {"sqrt", "INTEGER:9", "DOUBLE:3.0"},
    {"sqrt", "DECIMAL(3,2):2.25", "DOUBLE:1.5"},
    {"ln", "DOUBLE:0", "DOUBLE!"},
    {"ln", "DOUBLE:-1", "DOUBLE!"},
    {"ln", "DOUBLE:inf", "DOUBLE:inf"},
    {"ln", "DOUBLE:nan", "DOUBLE:nan"},
    {"ln", "DOUBLE:1", "DOUBLE:0.0"},
    {"log", "DOUBLE:0", "DOUBLE!"},
    {"log", "DOUBLE:-1", "DOUBLE!"},
    {"log", "DOUBLE:inf", "DOUBLE:inf"},
    {"log", "DOUBLE:nan", "DOUBLE:nan"},
    {"log", "DOUBLE:1", "DOUBLE:0.0"},
    {"log10", "DOUBLE:0", "DOUBLE!"},
    {"log10", "DOUBLE:-1", "DOUBLE!"},
    {"log10", "DOUBLE:inf", "DOUBLE:inf"},
    {"log10", "DOUBLE:nan", "DOUBLE:nan"},
    {"log10", "DOUBLE:1", "DOUBLE:0.0"},
    {"log2", "DOUBLE:0", "DOUBLE!"},
    {"log2", "DOUBLE:-1", "DOUBLE!"},
    {"log2", "DOUBLE:inf", "DOUBLE:inf"},
    {"log2", "DOUBLE:nan", "DOUBLE:nan"},
    {"log2", "DOUBLE:1", "DOUBLE:0.0"},
    {"log10", "DOUBLE:100", "DOUBLE:2.0"},
    {"log2", "DOUBLE:8", "DOUBLE:3.0"},
    {"exp", "DOUBLE:0", "DOUBLE:1.0"},
    {"exp", "DOUBLE:1000", "DOUBLE:inf"},
    {"exp", "DOUBLE:-1000", "DOUBLE:0.0"},
    {"log", "DOUBLE:2|DOUBLE:8", "DOUBLE:3.0"},
    {"log", "DOUBLE:10|DOUBLE:1000", "DOUBLE:3.0"},
    {"log", "DOUBLE:1|DOUBLE:8", "DOUBLE!"},
    {"log", "DOUBLE:0|DOUBLE:8", "DOUBLE!"},
    {"log", "DOUBLE:8|DOUBLE:0", "DOUBLE!"},
    {"log", "DOUBLE:-1|DOUBLE:8", "DOUBLE!"},
    {"pow", "DOUBLE:2|DOUBLE:3", "DOUBLE:8.0"},
    {"pow", "DOUBLE:0|DOUBLE:0", "DOUBLE:1.0"},
    {"pow", "DOUBLE:0|DOUBLE:-1", "DOUBLE:inf"},
    {"pow", "DOUBLE:2|DOUBLE:1024", "DOUBLE:inf"},
    {"power", "INTEGER:2|INTEGER:3", "DOUBLE:8.0"},
    {"sin", "DOUBLE:0", "DOUBLE:0.0"},
    {"sin", "DOUBLE:inf", "DOUBLE!"},
    {"sin", "DOUBLE:nan", "DOUBLE:nan"},
    {"cos", "DOUBLE:0", "DOUBLE:1.0"},
    {"cos", "DOUBLE:inf", "DOUBLE!"},
    {"cos", "DOUBLE:nan", "DOUBLE:nan"},
    {"tan", "DOUBLE:0", "DOUBLE:0.0"},
    {"tan", "DOUBLE:inf", "DOUBLE!"},
    {"tan", "DOUBLE:nan", "DOUBLE:nan"},
    {"cot", "DOUBLE:0", "DOUBLE!"},
    {"acos", "DOUBLE:1", "DOUBLE:0.0"},
    {"acos", "DOUBLE:1.0000000000000002", "DOUBLE!"},
    {"acos", "DOUBLE:nan", "DOUBLE:nan"},
    {"asin", "DOUBLE:2", "DOUBLE!"},
    {"asin", "DOUBLE:0", "DOUBLE:0.0"},
    {"atan", "DOUBLE:0", "DOUBLE:0.0"},
    {"atan2", "DOUBLE:0|DOUBLE:-1", "DOUBLE:3.141592653589793"},
    {"atanh", "DOUBLE:1", "DOUBLE:inf"},
    {"atanh", "DOUBLE:2", "DOUBLE!"},
    {"acosh", "DOUBLE:1", "DOUBLE:0.0"},
    {"asinh", "DOUBLE:0", "DOUBLE:0.0"},
    {"sinh", "DOUBLE:0", "DOUBLE:0.0"},
    {"cosh", "DOUBLE:0", "DOUBLE:1.0"},
    {"tanh", "DOUBLE:0", "DOUBLE:0.0"},
    {"radians", "DOUBLE:180", "DOUBLE:3.141592653589793"},
    {"degrees", "DOUBLE:0", "DOUBLE:0.0"},
    {"pi", "", "DOUBLE:3.141592653589793"},
    {"isnan", "DOUBLE:nan", "BOOLEAN:true"},
    {"isinf", "DOUBLE:-inf", "BOOLEAN:true"},
    {"isfinite", "DOUBLE:1", "BOOLEAN:true"},
    {"isnan", "INTEGER:1", "BOOLEAN:false"},
    {"cbrt", "DOUBLE:8", "DOUBLE:2.0"},
};

static const struct call_row REFUSALS[] = {
    {"abs", "VARCHAR:x",
     "refused: abs takes a number, but argument 1 is VARCHAR: write try_cast(... as DOUBLE)"},
    {"abs", "VARCHAR=5", "refused: argument 1 is VARCHAR"},
    {"abs", "BOOLEAN:true", "refused: argument 1 is BOOLEAN"},
    {"abs", "INTEGER:1|INTEGER:1", "refused: abs takes a number, not 2 arguments"},
    {"+", "VARCHAR:x|INTEGER:1", "refused: argument 1 is VARCHAR: write try_cast(... as DOUBLE)"},
    {"-", "INTEGER:1|VARCHAR:x", "refused: argument 2 is VARCHAR: write try_cast(... as DOUBLE)"},
    {"*", "BOOLEAN:true|INTEGER:1", "refused: argument 1 is BOOLEAN"},
    {"/", "VARCHAR:x|VARCHAR:y", "refused: argument 1 is VARCHAR"},
    {"%", "VARCHAR:x|INTEGER:2", "refused: argument 1 is VARCHAR"},
    {"//", "INTEGER:1", "refused: not 1 argument"},
    {"-", "VARCHAR:x", "refused: argument 1 is VARCHAR"},
    {"+", "VARCHAR:x", "refused: argument 1 is VARCHAR"},
    {"round", "VARCHAR:x|INTEGER=1", "refused: argument 1 is VARCHAR"},
    {"round", "DOUBLE:1.5|VARCHAR:x",
     "refused: argument 2 is VARCHAR: write try_cast(... as INTEGER)"},
    {"round", "DECIMAL(3,2):1.25|INTEGER:1", "refused: constant number of digits"},
    {"floor", "VARCHAR:x", "refused: argument 1 is VARCHAR"},
    {"greatest", "VARCHAR:a|INTEGER:1",
     "refused: argument 2 of greatest: VARCHAR and INTEGER do not go together: an explicit cast is "
     "required"},
    {"greatest", "", "refused: greatest takes one or more values"},
    {"sqrt", "VARCHAR:x",
     "refused: sqrt takes (DOUBLE), but argument 1 is VARCHAR: write try_cast(... as DOUBLE)"},
    {"radians", "VARCHAR:x", "refused: argument 1 is VARCHAR"},
    {"log", "DOUBLE:1|DOUBLE:1|DOUBLE:1",
     "refused: log takes (DOUBLE) or (DOUBLE, DOUBLE), not 3 arguments"},
};

static void test_arithmetic(void **state)
{
    (void)state;
    calls_check(ARITHMETIC, ARRAY_LENGTH(ARITHMETIC));
}

static void test_rounding(void **state)
{
    (void)state;
    calls_check(ROUNDING, ARRAY_LENGTH(ROUNDING));
}

static void test_extremes(void **state)
{
    (void)state;
    calls_check(EXTREMES, ARRAY_LENGTH(EXTREMES));
}

static void test_analysis(void **state)
{
    (void)state;
    calls_check(ANALYSIS, ARRAY_LENGTH(ANALYSIS));
}

static void test_refusals(void **state)
{
    (void)state;
    calls_check(REFUSALS, ARRAY_LENGTH(REFUSALS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arithmetic), cmocka_unit_test(test_rounding),
        cmocka_unit_test(test_extremes),   cmocka_unit_test(test_analysis),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
