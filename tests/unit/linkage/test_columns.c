#include "table.h"

#include <stdio.h>

#include "base/memory.h"

static const struct str names[] = {{"id", 2}, {"First Name", 10}, {"city", 4}};

static struct error error;

static void append(struct columns *columns, struct str id, struct str name, struct str city)
{
    struct str row[] = {id, name, city};
    assert_int_equal(columns_append(columns, row, &error), 0);
}

static const struct str null_text = {NULL, 0};

static void null_and_empty_text_differ(void **state)
{
    (void)state;
    struct columns columns;
    assert_int_equal(columns_init(&columns, names, 3, NULL, &error), 0);
    append(&columns, STR("1"), null_text, STR("x"));
    append(&columns, STR("2"), STR(""), STR("x"));
    append(&columns, STR("3"), STR("\0"), null_text);
    append(&columns, STR("4"), STR(""), STR("y"));
    assert_int_equal(columns_seal(&columns, NULL, &error), 0);
    assert_int_equal(columns.record_count, 4);
    assert_null(columns_text(&columns, 1, 0).ptr);
    assert_non_null(columns_text(&columns, 1, 1).ptr);
    assert_int_equal(columns_text(&columns, 1, 1).len, 0);
    assert_text(columns_text(&columns, 1, 2), STR("\0"));
    const uint32_t *codes = columns.items[1].codes;
    assert_int_equal(codes[0], COLUMNS_CODE_NULL);
    assert_int_equal(codes[1], codes[3]);
    assert_true(codes[1] != codes[0] && codes[1] != codes[2]);
    assert_int_equal(columns.items[1].dictionary.count, 2);
    assert_int_equal(columns.items[2].dictionary.count, 2);
    columns_free(&columns);
}

static void column_of_nothing_but_null(void **state)
{
    (void)state;
    struct columns columns;
    assert_int_equal(columns_init(&columns, names, 2, NULL, &error), 0);
    struct str row[] = {null_text, null_text};
    assert_int_equal(columns_append(&columns, row, &error), 0);
    assert_int_equal(columns_seal(&columns, NULL, &error), 0);
    assert_int_equal(columns.items[0].dictionary.count, 0);
    assert_int_equal(columns.items[0].codes[0], COLUMNS_CODE_NULL);
    assert_null(columns_text(&columns, 0, 0).ptr);
    columns_free(&columns);
}

/* So that a dictionary has texts, but not one byte. */
static void column_of_nothing_but_empty_text(void **state)
{
    (void)state;
    struct columns columns;
    assert_int_equal(columns_init(&columns, names, 1, NULL, &error), 0);
    struct str row[] = {STR("")};
    assert_int_equal(columns_append(&columns, row, &error), 0);
    assert_non_null(columns_text(&columns, 0, 0).ptr);
    row[0] = null_text;
    assert_int_equal(columns_append(&columns, row, &error), 0);
    assert_int_equal(columns_seal(&columns, NULL, &error), 0);
    assert_non_null(columns_text(&columns, 0, 0).ptr);
    assert_null(columns_text(&columns, 0, 1).ptr);
    columns_free(&columns);
}

static void no_records_and_no_columns(void **state)
{
    (void)state;
    struct columns columns;
    assert_int_equal(columns_init(&columns, names, 3, NULL, &error), 0);
    assert_int_equal(columns_seal(&columns, NULL, &error), 0);
    assert_int_equal(columns.record_count, 0);
    columns_free(&columns);
    assert_int_equal(columns_init(&columns, NULL, 0, NULL, &error), 0);
    assert_int_equal(columns_append(&columns, NULL, &error), 0);
    assert_int_equal(columns_seal(&columns, NULL, &error), 0);
    assert_int_equal(columns.record_count, 1);
    columns_free(&columns);
}

/* Texts that repeat and come in no order: 7919 and the moduli used here share no divisor. */
static struct str numbered(char out[16], uint32_t i, uint32_t distinct)
{
    int length = snprintf(out, 16, "text%u", (unsigned)((uint64_t)i * 7919 % distinct));
    return (struct str){out, (size_t)length};
}

static void every_text_comes_back(void **state)
{
    (void)state;
    enum { RECORDS = 20000, DISTINCT = 6007 };
    struct columns columns;
    assert_int_equal(columns_init(&columns, names + 1, 1, NULL, &error), 0);
    char text[16];
    for (uint32_t i = 0; i < RECORDS; i++) {
        struct str row = numbered(text, i, DISTINCT);
        assert_int_equal(columns_append(&columns, &row, &error), 0);
    }
    const struct dictionary *dictionary = &columns.items[0].dictionary;
    assert_int_equal(dictionary->count, DISTINCT);
    for (uint32_t i = 0; i < RECORDS; i++) {
        struct str sought = numbered(text, i, DISTINCT);
        assert_int_equal(dictionary_find(dictionary, sought), columns.items[0].codes[i]);
    }
    assert_int_equal(dictionary_find(dictionary, STR("text")), UINT32_MAX);
    assert_int_equal(dictionary_find(dictionary, null_text), COLUMNS_CODE_NULL);
    assert_int_equal(columns_seal(&columns, NULL, &error), 0);
    for (uint32_t i = 0; i < RECORDS; i++) {
        struct str sought = numbered(text, i, DISTINCT);
        assert_text(columns_text(&columns, 0, i), sought);
    }
    columns_free(&columns);
}

static void sealing_puts_records_in_order(void **state)
{
    (void)state;
    static const uint32_t order[] = {2, 0, 3, 1};
    static const char *const arrivals[] = {"b", "d", "a", "c"};
    struct columns columns;
    assert_int_equal(columns_init(&columns, names, 3, NULL, &error), 0);
    for (size_t i = 0; i < 4; i++) {
        struct str text = str_from(arrivals[i]);
        append(&columns, text, i == 1 ? null_text : text, STR("same"));
    }
    assert_false(columns.sealed);
    assert_int_equal(columns_seal(&columns, order, &error), 0);
    assert_true(columns.sealed);
    static const char *const sorted[] = {"a", "b", "c", "d"};
    for (uint32_t i = 0; i < 4; i++) {
        assert_text(columns_text(&columns, 0, i), str_from(sorted[i]));
        assert_text(columns_text(&columns, 2, i), STR("same"));
    }
    assert_null(columns_text(&columns, 1, 3).ptr);
    assert_text(columns_text(&columns, 1, 0), STR("a"));
    columns_free(&columns);
}

static void names_are_found_in_any_case(void **state)
{
    (void)state;
    struct columns columns;
    assert_int_equal(columns_init(&columns, names, 3, NULL, &error), 0);
    assert_int_equal(columns_find(&columns, STR("first name")), 1);
    assert_int_equal(columns_find(&columns, STR("CITY")), 2);
    assert_int_equal(columns_find(&columns, STR("first_name")), UINT32_MAX);
    assert_int_equal(columns_find(&columns, STR("")), UINT32_MAX);
    assert_string_equal(columns.items[1].name, "First Name");
    columns_free(&columns);
}

static void unused_columns_hold_only_their_place(void **state)
{
    (void)state;
    struct column_set used = {0};
    column_set_add(&used, 2);
    struct columns columns;
    assert_int_equal(columns_init(&columns, names, 3, &used, &error), 0);
    append(&columns, STR("1"), STR("ann"), STR("rome"));
    append(&columns, STR("2"), STR("bob"), STR("oslo"));
    static const uint32_t order[] = {1, 0};
    assert_int_equal(columns_seal(&columns, order, &error), 0);
    assert_int_equal(columns_find(&columns, STR("city")), 2);
    assert_text(columns_text(&columns, 2, 0), STR("oslo"));
    assert_null(columns.items[0].codes);
    assert_int_equal(columns.items[0].dictionary.count, 0);
    assert_false(columns.items[1].used);
    assert_true(columns.items[2].used);
    columns_free(&columns);
}

static void too_many_columns_are_refused(void **state)
{
    (void)state;
    static struct str many[COLUMNS_MAX + 1];
    for (size_t i = 0; i <= COLUMNS_MAX; i++) {
        many[i] = STR("x");
    }
    struct columns columns;
    assert_int_equal(columns_init(&columns, many, COLUMNS_MAX + 1, NULL, &error), STATUS_INVALID);
    assert_non_null(strstr(error.message, "1025"));
    columns_free(&columns);
    assert_int_equal(columns_init(&columns, many, COLUMNS_MAX, NULL, &error), 0);
    columns_free(&columns);
}

static void sets_hold_every_position(void **state)
{
    (void)state;
    struct column_set set = {0};
    for (uint32_t i = 0; i < COLUMNS_MAX; i += 3) {
        column_set_add(&set, i);
    }
    for (uint32_t i = 0; i < COLUMNS_MAX; i++) {
        assert_int_equal(column_set_has(&set, i), i % 3 == 0);
    }
}

/* A failed append leaves the record out, and the same record may be tried again. */
static void failed_append_changes_nothing(void **state)
{
    (void)state;
    struct columns columns;
    assert_int_equal(columns_init(&columns, names, 3, NULL, &error), 0);
    char text[16];
    unsigned failures = 0;
    for (uint32_t i = 0; i < 200; i++) {
        struct str value = numbered(text, i, 199);
        struct str row[] = {value, STR("same"), value};
        int status = STATUS_RESOURCES;
        for (uint64_t nth = 1; status != 0; nth++) {
            memory_fail_from(nth);
            status = columns_append(&columns, row, &error);
            memory_fail_from(0);
            assert_int_equal(columns.record_count, status == 0 ? i + 1 : i);
            failures += status != 0;
        }
    }
    assert_true(failures > 10);
    assert_int_equal(columns_seal(&columns, NULL, &error), 0);
    for (uint32_t i = 0; i < 200; i++) {
        struct str value = numbered(text, i, 199);
        assert_text(columns_text(&columns, 0, i), value);
        assert_text(columns_text(&columns, 2, i), value);
    }
    assert_int_equal(columns.items[0].dictionary.count, 199);
    columns_free(&columns);
}

static int build(void *context, struct error *failure)
{
    (void)context;
    static const char *const cells[] = {
        "1", "ann", NULL, "2", NULL, "rome", "3", "ann", "oslo", "4", "", "rome",
    };
    static const char *const columns_named[] = {"id", "name", "city"};
    struct columns columns;
    int status = table_try(&columns, columns_named, 3, cells, 4, failure);
    if (status == 0) {
        columns_free(&columns);
    }
    return status;
}

static void survives_failing_memory(void **state)
{
    (void)state;
    assert_true(table_fail_every_allocation(build, NULL) > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(null_and_empty_text_differ),
        cmocka_unit_test(column_of_nothing_but_null),
        cmocka_unit_test(column_of_nothing_but_empty_text),
        cmocka_unit_test(no_records_and_no_columns),
        cmocka_unit_test(every_text_comes_back),
        cmocka_unit_test(sealing_puts_records_in_order),
        cmocka_unit_test(names_are_found_in_any_case),
        cmocka_unit_test(unused_columns_hold_only_their_place),
        cmocka_unit_test(too_many_columns_are_refused),
        cmocka_unit_test(sets_hold_every_position),
        cmocka_unit_test(failed_append_changes_nothing),
        cmocka_unit_test(survives_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
