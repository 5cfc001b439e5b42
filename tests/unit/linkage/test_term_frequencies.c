#include "table.h"

#include "linkage/term_frequencies.h"

static const char *const names[] = {"name"};
static struct error error;

static void count(struct term_frequencies *out, struct columns *columns, const char *const *cells,
                  uint32_t records)
{
    table_make(columns, names, 1, cells, records);
    assert_int_equal(term_frequencies_count(out, columns, 0, &error), 0);
}

static void assert_close(double actual, double expected)
{
    if (!(fabs(actual - expected) <= 1e-15 * fabs(expected))) {
        fail_msg("%.17g instead of %.17g", actual, expected);
    }
}

/* The denominator is the number of values, not of records; '' is a value (section 3). */
static void shares_of_the_values(void **state)
{
    (void)state;
    static const char *const cells[] = {"ann", NULL, "", "ann", "bob", NULL, "ann", ""};
    struct term_frequencies table;
    struct columns columns;
    count(&table, &columns, cells, 8);
    static const double expected[] = {3. / 6, 0, 2. / 6, 3. / 6, 1. / 6, 0, 3. / 6, 2. / 6};
    for (uint32_t i = 0; i < 8; i++) {
        uint32_t code = columns.items[0].codes[i];
        if (cells[i] == NULL) {
            assert_true(isnan(term_frequency(&table, code)));
            assert_true(isnan(table.log2_frequency[code]));
            continue;
        }
        assert_true(term_frequency(&table, code) == expected[i]);
        assert_close(table.log2_frequency[code], log2(expected[i]));
    }
    assert_int_equal(table.total, 6);
    assert_int_equal(table.counts[COLUMNS_CODE_NULL], 0);
    assert_close(table.lowest, log2(1. / 6));
    assert_close(table.highest, log2(3. / 6));
    term_frequencies_free(&table);
    columns_free(&columns);
}

/* Text is counted by its bytes: case and white space matter. */
static void values_are_counted_by_byte(void **state)
{
    (void)state;
    static const char *const cells[] = {"ann", "Ann", "ann ", "ann"};
    struct term_frequencies table;
    struct columns columns;
    count(&table, &columns, cells, 4);
    assert_true(term_frequency(&table, columns.items[0].codes[0]) == 0.5);
    assert_true(term_frequency(&table, columns.items[0].codes[1]) == 0.25);
    assert_true(term_frequency(&table, columns.items[0].codes[2]) == 0.25);
    term_frequencies_free(&table);
    columns_free(&columns);
}

static void one_value_is_certain(void **state)
{
    (void)state;
    static const char *const cells[] = {"ann", NULL, "ann"};
    struct term_frequencies table;
    struct columns columns;
    count(&table, &columns, cells, 3);
    assert_true(term_frequency(&table, 1) == 1);
    assert_true(table.lowest == 0 && table.highest == 0);
    term_frequencies_free(&table);
    columns_free(&columns);
}

static void nothing_to_count(void **state)
{
    (void)state;
    static const char *const cells[] = {NULL, NULL};
    for (uint32_t records = 0; records <= 2; records++) {
        struct term_frequencies table;
        struct columns columns;
        count(&table, &columns, cells, records);
        assert_int_equal(table.total, 0);
        assert_true(isnan(term_frequency(&table, COLUMNS_CODE_NULL)));
        assert_true(table.lowest == 0 && table.highest == 0);
        term_frequencies_free(&table);
        columns_free(&columns);
    }
}

static int build(void *context, struct error *failure)
{
    struct term_frequencies table;
    int status = term_frequencies_count(&table, context, 0, failure);
    if (status == 0) {
        term_frequencies_free(&table);
    }
    return status;
}

static void survives_failing_memory(void **state)
{
    (void)state;
    static const char *const cells[] = {"ann", NULL, "bob"};
    struct columns columns;
    table_make(&columns, names, 1, cells, 3);
    assert_int_equal(table_fail_every_allocation(build, &columns), 2);
    columns_free(&columns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_of_the_values),    cmocka_unit_test(values_are_counted_by_byte),
        cmocka_unit_test(one_value_is_certain),    cmocka_unit_test(nothing_to_count),
        cmocka_unit_test(survives_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
