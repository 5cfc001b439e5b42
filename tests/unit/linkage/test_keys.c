#include "table.h"

#include "base/memory.h"
#include "base/random.h"
#include "linkage/keys.h"

static const char *const names[] = {"a", "b", "c"};

static const char *const cells[] = {
    "x",  "1",  NULL, /* 0 */
    "y",  "1",  NULL, /* 1 */
    "x",  "1",  "z",  /* 2 */
    NULL, "1",  NULL, /* 3 */
    "x",  NULL, NULL, /* 4 */
    NULL, NULL, NULL, /* 5 */
    "y",  "1",  "z",  /* 6 */
    "x",  "1",  NULL, /* 7 */
};

enum { RECORDS = 8 };

static struct error error;

static struct column_set set_of(const char *letters)
{
    struct column_set set = {0};
    for (; *letters != '\0'; letters++) {
        column_set_add(&set, (uint32_t)(*letters - 'a'));
    }
    return set;
}

/* Equal codes exactly where the values in all columns of the set are equal, and a representative
   that is the first record of its code. */
static void check_keys(const struct keys *keys, const struct columns *columns,
                       const struct column_set *set)
{
    for (uint32_t i = 0; i < columns->record_count; i++) {
        assert_true(keys->codes[i] < keys->count);
        uint32_t first = i;
        for (uint32_t j = columns->record_count; j-- > 0;) {
            bool same = true;
            for (uint32_t c = 0; c < columns->column_count; c++) {
                const uint32_t *codes = columns->items[c].codes;
                same = same && (!column_set_has(set, c) || codes[i] == codes[j]);
            }
            assert_int_equal(keys->codes[i] == keys->codes[j], same);
            first = same ? j : first;
        }
        assert_int_equal(keys->representative[keys->codes[i]], first);
    }
    for (uint32_t code = 0; code < keys->count; code++) {
        uint32_t record = keys->representative[code];
        assert_true(record == KEYS_NO_RECORD || keys->codes[record] == code);
    }
}

static void equal_keys_are_equal_values(void **state)
{
    (void)state;
    static const char *const sets[] = {"", "a", "b", "c", "ab", "ac", "bc", "abc"};
    struct columns columns;
    table_make(&columns, names, 3, cells, RECORDS);
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        struct column_set set = set_of(sets[i]);
        struct keys keys;
        assert_int_equal(keys_of_columns(&keys, &columns, &set, &error), 0);
        check_keys(&keys, &columns, &set);
        keys_free(&keys);
    }
    columns_free(&columns);
}

static void one_column_keeps_its_own_codes(void **state)
{
    (void)state;
    struct columns columns;
    table_make(&columns, names, 3, cells, RECORDS);
    struct column_set set = set_of("b");
    struct keys keys;
    assert_int_equal(keys_of_columns(&keys, &columns, &set, &error), 0);
    assert_ptr_equal(keys.codes, columns.items[1].codes);
    assert_int_equal(keys.count, 2);
    assert_int_equal(keys.representative[COLUMNS_CODE_NULL], 4);
    keys_free(&keys);
    columns_free(&columns);
}

static void a_code_that_no_record_has(void **state)
{
    (void)state;
    struct columns columns;
    table_make(&columns, names, 1, (const char *const[]){"x", "y"}, 2);
    struct column_set set = set_of("a");
    struct keys keys;
    assert_int_equal(keys_of_columns(&keys, &columns, &set, &error), 0);
    assert_int_equal(keys.count, 3);
    assert_int_equal(keys.representative[COLUMNS_CODE_NULL], KEYS_NO_RECORD);
    keys_free(&keys);
    columns_free(&columns);
}

static void no_records(void **state)
{
    (void)state;
    static const char *const sets[] = {"", "a", "ab"};
    struct columns columns;
    table_make(&columns, names, 3, NULL, 0);
    for (size_t i = 0; i < 3; i++) {
        struct column_set set = set_of(sets[i]);
        struct keys keys;
        assert_int_equal(keys_of_columns(&keys, &columns, &set, &error), 0);
        for (uint32_t code = 0; code < keys.count; code++) {
            assert_int_equal(keys.representative[code], KEYS_NO_RECORD);
        }
        keys_free(&keys);
    }
    columns_free(&columns);
}

static void counts_the_columns_of_a_set(void **state)
{
    (void)state;
    struct columns columns;
    table_make(&columns, names, 3, cells, RECORDS);
    uint32_t only = 99;
    struct column_set set = set_of("");
    assert_int_equal(keys_column_count(&columns, &set, &only), 0);
    assert_int_equal(only, 99);
    set = set_of("c");
    assert_int_equal(keys_column_count(&columns, &set, &only), 1);
    assert_int_equal(only, 2);
    set = set_of("ac");
    assert_int_equal(keys_column_count(&columns, &set, &only), 2);
    columns_free(&columns);
}

static void combining_numbers_by_first_appearance(void **state)
{
    (void)state;
    static const uint32_t more[] = {1, 1, 2, 0, 1, 2, 0};
    uint32_t codes[] = {5, 6, 5, 5, 5, 5, 0};
    uint32_t count;
    assert_int_equal(keys_combine(codes, more, 7, false, &count, &error), 0);
    static const uint32_t expected[] = {0, 1, 2, 3, 0, 2, 4};
    assert_memory_equal(codes, expected, sizeof expected);
    assert_int_equal(count, 5);
}

static void combining_with_null_joins_nothing(void **state)
{
    (void)state;
    static const uint32_t more[] = {1, 1, 2, 0, 1, 2, 0};
    uint32_t codes[] = {0, 6, 5, 5, 6, 5, 0};
    uint32_t count;
    assert_int_equal(keys_combine(codes, more, 7, true, &count, &error), 0);
    static const uint32_t expected[] = {0, 1, 2, 0, 1, 2, 0};
    assert_memory_equal(codes, expected, sizeof expected);
    assert_int_equal(count, 3);
    assert_int_equal(keys_combine(codes, more, 0, true, &count, &error), 0);
    assert_int_equal(count, 1);
}

/* Many combinations, so that the map grows; the halves of a pair exchanged are another pair. */
static void combining_many(void **state)
{
    (void)state;
    enum { MANY = 30000, SIDE = 150 };
    uint32_t *codes = memory_alloc_array(MANY, sizeof *codes);
    uint32_t *more = memory_alloc_array(MANY, sizeof *more);
    uint32_t *before = memory_alloc_array(MANY, sizeof *before);
    static uint32_t seen[SIDE][SIDE];
    assert_true(codes != NULL && more != NULL && before != NULL);
    struct random random;
    random_seed(&random, 7);
    for (uint32_t i = 0; i < MANY; i++) {
        codes[i] = before[i] = (uint32_t)random_below(&random, SIDE);
        more[i] = (uint32_t)random_below(&random, SIDE);
    }
    uint32_t count;
    assert_int_equal(keys_combine(codes, more, MANY, false, &count, &error), 0);
    uint32_t distinct = 0;
    for (uint32_t i = 0; i < MANY; i++) {
        uint32_t *code = &seen[before[i]][more[i]];
        if (*code == 0) {
            *code = ++distinct;
        }
        assert_int_equal(codes[i], *code - 1);
    }
    assert_int_equal(count, distinct);
    memory_free(codes);
    memory_free(more);
    memory_free(before);
}

static int build(void *context, struct error *failure)
{
    const struct columns *columns = context;
    static const char *const sets[] = {"", "a", "abc"};
    int status = 0;
    for (size_t i = 0; status == 0 && i < 3; i++) {
        struct column_set set = set_of(sets[i]);
        struct keys keys;
        status = keys_of_columns(&keys, columns, &set, failure);
        if (status == 0) {
            keys_free(&keys);
        }
    }
    return status;
}

static void survives_failing_memory(void **state)
{
    (void)state;
    struct columns columns;
    table_make(&columns, names, 3, cells, RECORDS);
    assert_true(table_fail_every_allocation(build, &columns) > 5);
    columns_free(&columns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_keys_are_equal_values),
        cmocka_unit_test(one_column_keeps_its_own_codes),
        cmocka_unit_test(a_code_that_no_record_has),
        cmocka_unit_test(no_records),
        cmocka_unit_test(counts_the_columns_of_a_set),
        cmocka_unit_test(combining_numbers_by_first_appearance),
        cmocka_unit_test(combining_with_null_joins_nothing),
        cmocka_unit_test(combining_many),
        cmocka_unit_test(survives_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
