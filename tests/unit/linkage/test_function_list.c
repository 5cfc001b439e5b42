/* Lists, with what DuckDB 1.5 answers. (The order of list_distinct is ours.) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "calls.h"

static const struct call_row ITEMS[] = {
    {"[]", "VARCHAR[]:[a, b, c]|BIGINT:1", "VARCHAR:a"},
    {"[]", "VARCHAR[]:[a, b, c]|BIGINT:3", "VARCHAR:c"},
    {"[]", "VARCHAR[]:[a, b, c]|BIGINT:-1", "VARCHAR:c"},
    {"[]", "VARCHAR[]:[a, b, c]|BIGINT:-3", "VARCHAR:a"},
    {"[]", "VARCHAR[]:[a, b, c]|BIGINT:0", "VARCHAR:\\N"},
    {"[]", "VARCHAR[]:[a, b, c]|BIGINT:4", "VARCHAR:\\N"},
    {"[]", "VARCHAR[]:[a, b, c]|BIGINT:-4", "VARCHAR:\\N"},
    {"[]", "VARCHAR[]:[a, b, c]|BIGINT:\\N", "VARCHAR:\\N"},
    {"list_extract", "INTEGER[]:[7, 8]|INTEGER:2", "INTEGER:8"},
    {"array_extract", "INTEGER[]:[7, 8]|INTEGER:2", "INTEGER:8"},
    {"list_element", "INTEGER[]:[7, 8]|INTEGER:2", "INTEGER:8"},
    {"element_at", "VARCHAR[]:[a, b]|INTEGER=2", "VARCHAR:b"},
    {"[]", "VARCHAR[]:[NULL]|BIGINT:1", "VARCHAR:\\N"},
    {"list_extract", "VARCHAR:abc|BIGINT:2", "VARCHAR:b"},
    {"[:]", "VARCHAR[]:[a, b, c, d]|BIGINT:1|BIGINT:2", "VARCHAR[]:[a, b]"},
    {"[:]", "VARCHAR[]:[a, b, c, d]|BIGINT:2|BIGINT:-1", "VARCHAR[]:[b, c, d]"},
    {"[:]", "VARCHAR[]:[a, b, c, d]|BIGINT:-2|BIGINT:-1", "VARCHAR[]:[c, d]"},
    {"[:]", "VARCHAR[]:[a, b, c, d]|BIGINT:0|BIGINT:2", "VARCHAR[]:[a, b]"},
    {"[:]", "VARCHAR[]:[a, b, c, d]|BIGINT:3|BIGINT:1", "VARCHAR[]:[]"},
    {"[:]", "VARCHAR[]:[a, b, c, d]|BIGINT:-10|BIGINT:2", "VARCHAR[]:[a, b]"},
    {"[:]", "VARCHAR[]:[a, b, c, d]|BIGINT:1|BIGINT:-2", "VARCHAR[]:[a, b, c]"},
    {"[:]", "VARCHAR[]:[a, b, c, d]|BIGINT:5|BIGINT:9", "VARCHAR[]:[]"},
    {"[:]", "VARCHAR[]:[a, b, c, d]|BIGINT:1|BIGINT:-9", "VARCHAR[]:[]"},
    {"list_slice", "VARCHAR[]:[a, b]|BIGINT:1|BIGINT:1", "VARCHAR[]:[a]"},
    {"[:]", "VARCHAR[]:\\N|BIGINT:1|BIGINT:1", "VARCHAR[]:\\N"},
    {"[:]", "VARCHAR[]:[]|BIGINT:1|BIGINT:1", "VARCHAR[]:[]"},
    {"list_contains", "VARCHAR[]:[a, NULL]|VARCHAR:a", "BOOLEAN:true"},
    {"list_contains", "VARCHAR[]:[a, NULL]|VARCHAR:b", "BOOLEAN:false"},
    {"list_contains", "VARCHAR[]:[a, NULL]|VARCHAR:\\N", "BOOLEAN:\\N"},
    {"list_contains", "INTEGER[]:[1, 2]|DECIMAL(2,1):2.0", "BOOLEAN:true"},
    {"array_has", "VARCHAR[]:[]|VARCHAR:a", "BOOLEAN:false"},
    {"contains", "VARCHAR[]:[a]|VARCHAR=a", "BOOLEAN:true"},
    {"list_position", "VARCHAR[]:[a, NULL, b]|VARCHAR:b", "INTEGER:3"},
    {"list_position", "VARCHAR[]:[a, NULL]|VARCHAR:\\N", "INTEGER:2"},
    {"list_position", "VARCHAR[]:[a]|VARCHAR:z", "INTEGER:\\N"},
    {"list_position", "VARCHAR[]:\\N|VARCHAR:z", "INTEGER:\\N"},
    {"list_contains", "VARCHAR[][]:[[a], [b]]|VARCHAR[]:[b]", "BOOLEAN:true"},
};

static const struct call_row JOINING[] = {
    {"list_concat", "VARCHAR[]:[a]|VARCHAR[]:[b, NULL]", "VARCHAR[]:[a, b, NULL]"},
    {"list_concat", "VARCHAR[]:[a]|VARCHAR[]:\\N", "VARCHAR[]:[a]"},
    {"list_concat", "VARCHAR[]:\\N|VARCHAR[]:\\N", "VARCHAR[]:[]"},
    {"||", "VARCHAR[]:[a]|VARCHAR[]:[b]", "VARCHAR[]:[a, b]"},
    {"||", "VARCHAR[]:[a]|VARCHAR[]:\\N", "VARCHAR[]:\\N"},
    {"+", "INTEGER[]:[1]|INTEGER[]:[2]", "INTEGER[]:[1, 2]"},
    {"concat", "VARCHAR[]:[a]|VARCHAR[]:[b]", "VARCHAR[]:[a, b]"},
    {"array_cat", "INTEGER[]:[1]|BIGINT[]:[2]", "BIGINT[]:[1, 2]"},
    {"list_append", "VARCHAR[]:[a]|VARCHAR:b", "VARCHAR[]:[a, b]"},
    {"list_append", "VARCHAR[]:\\N|VARCHAR:b", "VARCHAR[]:[b]"},
    {"list_append", "VARCHAR[]:[a]|VARCHAR:\\N", "VARCHAR[]:[a, NULL]"},
    {"list_prepend", "VARCHAR:b|VARCHAR[]:[a]", "VARCHAR[]:[b, a]"},
    {"flatten", "VARCHAR[][]:[[a, b], NULL, [], [NULL]]", "VARCHAR[]:[a, b, NULL]"},
    {"flatten", "VARCHAR[][]:[]", "VARCHAR[]:[]"},
    {"array_to_string", "VARCHAR[]:[a, NULL, b]|VARCHAR=-", "VARCHAR:a-b"},
    {"array_to_string", "INTEGER[]:[1, 2]|VARCHAR=, ", "VARCHAR:1, 2"},
    {"array_to_string", "VARCHAR[]:[]|VARCHAR=-", "VARCHAR:"},
    {"array_to_string", "VARCHAR[]:[NULL]|VARCHAR=-", "VARCHAR:\\N"},
};

static const struct call_row ORDER[] = {
    {"list_sort", "VARCHAR[]:[b, NULL, a, c, a]", "VARCHAR[]:[a, a, b, c, NULL]"},
    {"list_sort", "VARCHAR[]:[]", "VARCHAR[]:[]"},
    {"list_sort", "VARCHAR[]:[NULL]", "VARCHAR[]:[NULL]"},
    {"list_sort", "VARCHAR[]:\\N", "VARCHAR[]:\\N"},
    {"list_reverse_sort", "VARCHAR[]:[b, NULL, a, c, a]", "VARCHAR[]:[c, b, a, a, NULL]"},
    {"list_reverse_sort", "VARCHAR[]:[]", "VARCHAR[]:[]"},
    {"list_reverse_sort", "VARCHAR[]:[NULL]", "VARCHAR[]:[NULL]"},
    {"list_reverse_sort", "VARCHAR[]:\\N", "VARCHAR[]:\\N"},
    {"list_reverse", "VARCHAR[]:[b, NULL, a, c, a]", "VARCHAR[]:[a, c, a, NULL, b]"},
    {"list_reverse", "VARCHAR[]:[]", "VARCHAR[]:[]"},
    {"list_reverse", "VARCHAR[]:[NULL]", "VARCHAR[]:[NULL]"},
    {"list_reverse", "VARCHAR[]:\\N", "VARCHAR[]:\\N"},
    {"list_max", "VARCHAR[]:[b, NULL, a, c, a]", "VARCHAR:c"},
    {"list_max", "VARCHAR[]:[]", "VARCHAR:\\N"},
    {"list_max", "VARCHAR[]:[NULL]", "VARCHAR:\\N"},
    {"list_max", "VARCHAR[]:\\N", "VARCHAR:\\N"},
    {"list_min", "VARCHAR[]:[b, NULL, a, c, a]", "VARCHAR:a"},
    {"list_min", "VARCHAR[]:[]", "VARCHAR:\\N"},
    {"list_min", "VARCHAR[]:[NULL]", "VARCHAR:\\N"},
    {"list_min", "VARCHAR[]:\\N", "VARCHAR:\\N"},
    {"list_sort", "INTEGER[]:[10, 9, 8, 7, 6, 5, 4, 3, 2, 1, NULL, 11]",
     "INTEGER[]:[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, NULL]"},
    {"list_max", "DOUBLE[]:[1.5, nan, 2]", "DOUBLE:nan"},
    {"list_min", "VARCHAR[][]:[[b], [a]]", "VARCHAR[]:[a]"},
    {"array_sort", "DATE[]:[2020-01-02, 2020-01-01]", "DATE[]:[2020-01-01, 2020-01-02]"},
};

static const struct call_row SETS[] = {
    {"list_unique", "VARCHAR[]:[a, a, NULL, b]", "BIGINT:2"},
    {"list_unique", "VARCHAR[]:[]", "BIGINT:0"},
    {"list_unique", "VARCHAR[]:\\N", "BIGINT:\\N"},
    {"list_unique",
     "VARCHAR[]:[x0, x1, x2, x3, x4, x5, x6, x7, x8, x9, x10, x11, x12, x0, x1, x2, x3, x4, x5, "
     "x6, x7, x8, x9, x10, x11, x12, x0, x1, x2, x3, x4, x5, x6, x7, x8, x9, x10, x11, x12, x0]",
     "BIGINT:13"},
    {"list_distinct", "VARCHAR[]:[b, a, b, NULL]", "VARCHAR[]:[b, a]"},
    {"list_distinct", "VARCHAR[]:[]", "VARCHAR[]:[]"},
    {"list_distinct",
     "VARCHAR[]:[x0, x1, x2, x3, x4, x5, x6, x7, x8, x9, x10, x11, x12, x0, x1, x2, x3, x4, x5, "
     "x6, x7, x8, x9, x10, x11, x12, x0, x1, x2, x3, x4, x5, x6, x7, x8, x9, x10, x11, x12, x0]",
     "VARCHAR[]:[x0, x1, x2, x3, x4, x5, x6, x7, x8, x9, x10, x11, x12]"},
    {"list_intersect", "VARCHAR[]:[b, a]|VARCHAR[]:[a, b, c]", "VARCHAR[]:[a, b]"},
    {"list_intersect", "VARCHAR[]:[a, b, c]|VARCHAR[]:[c, b, a]", "VARCHAR[]:[c, b, a]"},
    {"list_intersect", "VARCHAR[]:[a, a, b]|VARCHAR[]:[a]", "VARCHAR[]:[a]"},
    {"list_intersect", "VARCHAR[]:[a, NULL]|VARCHAR[]:[NULL, a]", "VARCHAR[]:[a]"},
    {"list_intersect", "VARCHAR[]:[a]|VARCHAR[]:\\N", "VARCHAR[]:[]"},
    {"list_intersect", "VARCHAR[]:\\N|VARCHAR[]:[a]", "VARCHAR[]:\\N"},
    {"list_intersect", "VARCHAR[]:[]|VARCHAR[]:[a]", "VARCHAR[]:[]"},
    {"list_intersect",
     "VARCHAR[]:[x0, x1, x2, x3, x4, x5, x6, x7, x8, x9, x10, x11, x12, x0, x1, x2, x3, x4, x5, "
     "x6, x7, x8, x9, x10, x11, x12, x0, x1, x2, x3, x4, x5, x6, x7, x8, x9, x10, x11, x12, "
     "x0]|VARCHAR[]:[x12, x3, y]",
     "VARCHAR[]:[x3, x12]"},
    {"array_intersect", "INTEGER[]:[1, 2]|INTEGER[]:[2, 3]", "INTEGER[]:[2]"},
    {"list_has_any", "VARCHAR[]:[a, b]|VARCHAR[]:[b, c]", "BOOLEAN:true"},
    {"list_has_any", "VARCHAR[]:[a, b]|VARCHAR[]:[a]", "BOOLEAN:true"},
    {"list_has_any", "VARCHAR[]:[a]|VARCHAR[]:[]", "BOOLEAN:false"},
    {"list_has_any", "VARCHAR[]:[a, NULL]|VARCHAR[]:[NULL]", "BOOLEAN:false"},
    {"list_has_any", "VARCHAR[]:\\N|VARCHAR[]:[a]", "BOOLEAN:\\N"},
    {"list_has_any", "VARCHAR[]:[a]|VARCHAR[]:\\N", "BOOLEAN:\\N"},
    {"list_has_any",
     "VARCHAR[]:[x0, x1, x2, x3, x4, x5, x6, x7, x8, x9, x10, x11, x12, x0, x1, x2, x3, x4, x5, "
     "x6, x7, x8, x9, x10, x11, x12, x0, x1, x2, x3, x4, x5, x6, x7, x8, x9, x10, x11, x12, "
     "x0]|VARCHAR[]:[x0, x12]",
     "BOOLEAN:true"},
    {"list_has_all", "VARCHAR[]:[a, b]|VARCHAR[]:[b, c]", "BOOLEAN:false"},
    {"list_has_all", "VARCHAR[]:[a, b]|VARCHAR[]:[a]", "BOOLEAN:true"},
    {"list_has_all", "VARCHAR[]:[a]|VARCHAR[]:[]", "BOOLEAN:true"},
    {"list_has_all", "VARCHAR[]:[a, NULL]|VARCHAR[]:[NULL]", "BOOLEAN:true"},
    {"list_has_all", "VARCHAR[]:\\N|VARCHAR[]:[a]", "BOOLEAN:\\N"},
    {"list_has_all", "VARCHAR[]:[a]|VARCHAR[]:\\N", "BOOLEAN:\\N"},
    {"list_has_all",
     "VARCHAR[]:[x0, x1, x2, x3, x4, x5, x6, x7, x8, x9, x10, x11, x12, x0, x1, x2, x3, x4, x5, "
     "x6, x7, x8, x9, x10, x11, x12, x0, x1, x2, x3, x4, x5, x6, x7, x8, x9, x10, x11, x12, "
     "x0]|VARCHAR[]:[x0, x12]",
     "BOOLEAN:true"},
    {"list_has_any", "INTEGER[]:[1]|BIGINT[]:[1]", "BOOLEAN:true"},
};

static const struct call_row NUMBERS[] = {
    {"array_length", "VARCHAR[]:[a, NULL]", "BIGINT:2"},
    {"array_length", "VARCHAR[]:\\N", "BIGINT:\\N"},
    {"array_length", "VARCHAR[]:[a]|INTEGER=1", "BIGINT:1"},
    {"array_length", "VARCHAR[]:[a]|INTEGER=2", "BIGINT!"},
    {"size", "VARCHAR[]:[a, b]", "BIGINT:2"},
    {"list_count", "VARCHAR[]:[a, NULL]", "BIGINT:1"},
    {"list_sum", "INTEGER[]:[1, NULL, 2]", "BIGINT:3"},
    {"list_sum", "INTEGER[]:[]", "BIGINT:\\N"},
    {"list_sum", "BIGINT[]:[9223372036854775807, 1]", "BIGINT!"},
    {"list_sum", "DECIMAL(4,2)[]:[1.5, 2.25]", "DECIMAL(18,2):3.75"},
    {"list_sum", "DOUBLE[]:[1.5, 2]", "DOUBLE:3.5"},
    {"list_avg", "INTEGER[]:[1, 2, NULL]", "DOUBLE:1.5"},
    {"list_avg", "INTEGER[]:[]", "DOUBLE:\\N"},
    {"list_cosine_similarity", "DOUBLE[]:[1, 2, 3]|DOUBLE[]:[3, 2, 1]",
     "DOUBLE:0.7142857142857143"},
    {"list_cosine_similarity", "DOUBLE[]:[1]|DOUBLE[]:[1]", "DOUBLE:1.0"},
    {"list_cosine_similarity", "DOUBLE[]:[0]|DOUBLE[]:[0]", "DOUBLE:-1.0"},
    {"list_cosine_similarity", "DOUBLE[]:[]|DOUBLE[]:[]", "DOUBLE:\\N"},
    {"list_cosine_similarity", "DOUBLE[]:[1, 2]|DOUBLE[]:[1]", "DOUBLE!"},
    {"list_cosine_similarity", "DOUBLE[]:[1, NULL]|DOUBLE[]:[1, 2]", "DOUBLE!"},
    {"list_cosine_similarity", "DOUBLE[]:[1, 0]|DOUBLE[]:[-1, 0]", "DOUBLE:-1.0"},
    {"list_cosine_similarity", "FLOAT[]:[1.1, 2.2]|FLOAT[]:[3.3, -4.4]", "FLOAT:-0.4472136"},
    {"array_cosine_similarity", "DOUBLE[]:[1, 2]|DOUBLE[]:[2, 1]", "DOUBLE:0.8"},
    {"list_inner_product", "DOUBLE[]:[1, 2]|DOUBLE[]:[3, 4]", "DOUBLE:11.0"},
    {"list_distance", "DOUBLE[]:[1, 2]|DOUBLE[]:[3, 4]", "DOUBLE:2.8284271247461903"},
};

static const struct call_row REFUSALS[] = {
    {"list_contains", "VARCHAR[]:[a]|INTEGER:1", "refused: VARCHAR and INTEGER do not go together"},
    {"list_intersect", "VARCHAR[]:[a]|INTEGER[]:[1]", "refused: do not go together"},
    {"list_intersect", "VARCHAR:a|VARCHAR:b",
     "refused: list_intersect takes two lists of one type, but argument 1 is VARCHAR"},
    {"array_length", "VARCHAR:a", "refused: argument 1 is VARCHAR"},
    {"flatten", "INTEGER[]:[1]",
     "refused: flatten takes a list of lists, but argument 1 is INTEGER[]"},
    {"||", "VARCHAR[]:[a]|VARCHAR:b", "refused: cannot join a list with what is none"},
    {"concat", "VARCHAR:a|VARCHAR[]:[b]", "refused: cannot join a list"},
    {"list_extract", "VARCHAR[]:[a]|VARCHAR:x", "refused: argument 2 is VARCHAR"},
    {"[]", "INTEGER:1|INTEGER:1", "refused: argument 1 is INTEGER"},
    {"[:]", "VARCHAR:a|INTEGER:1|INTEGER:1|INTEGER:1", "refused: step is not supported"},
    {"list_cosine_similarity", "VARCHAR[]:[a]|VARCHAR[]:[b]",
     "refused: two lists of numbers, but argument 1 is VARCHAR[]"},
    {"list_sum", "VARCHAR[]:[a]", "refused: a list of numbers"},
    {"list_max", "VARCHAR[]:[a]|VARCHAR[]:[b]", "refused: not 2 arguments"},
};

static void test_items(void **state)
{
    (void)state;
    calls_check(ITEMS, ARRAY_LENGTH(ITEMS));
}

static void test_joining(void **state)
{
    (void)state;
    calls_check(JOINING, ARRAY_LENGTH(JOINING));
}

static void test_order(void **state)
{
    (void)state;
    calls_check(ORDER, ARRAY_LENGTH(ORDER));
}

static void test_sets(void **state)
{
    (void)state;
    calls_check(SETS, ARRAY_LENGTH(SETS));
}

static void test_numbers(void **state)
{
    (void)state;
    calls_check(NUMBERS, ARRAY_LENGTH(NUMBERS));
}

static void test_refusals(void **state)
{
    (void)state;
    calls_check(REFUSALS, ARRAY_LENGTH(REFUSALS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_items),   cmocka_unit_test(test_joining),
        cmocka_unit_test(test_order),   cmocka_unit_test(test_sets),
        cmocka_unit_test(test_numbers), cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
