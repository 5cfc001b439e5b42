/* What copy_append_text() writes, copy_fields_read() reads; and what the server may write besides. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "empi/copy_fields.h"
#include "store/store.h"

static struct error error;

/* Reads a row; gives its fields. */
static const struct str *fields_of(struct copy_fields *fields, struct str row, size_t count)
{
    assert_int_equal(copy_fields_read(fields, row, count, &error), 0);
    assert_int_equal(fields->count, count);
    return fields->items;
}

static void assert_field(struct str field, const char *expected)
{
    if (expected == NULL) {
        assert_null(field.ptr);
        return;
    }
    assert_non_null(field.ptr);
    assert_int_equal(field.len, strlen(expected));
    assert_memory_equal(field.ptr, expected, field.len);
}

static void null_and_the_empty_text_differ(void **state)
{
    (void)state;
    struct copy_fields fields = COPY_FIELDS;
    const struct str *items = fields_of(&fields, STR("\\N\t\t\\\\N\tN\t\\N\n"), 5);
    static const char *const expected[] = {NULL, "", "\\N", "N", NULL};
    for (size_t i = 0; i < ARRAY_LENGTH(expected); i++) {
        assert_field(items[i], expected[i]);
    }
    copy_fields_free(&fields);
}

static void escapes_of_the_server(void **state)
{
    (void)state;
    struct copy_fields fields = COPY_FIELDS;
    const struct str *items = fields_of(&fields, STR("a\\bb\\fc\\nd\\re\\tf\\vg\\\\h\tplain\n"), 2);
    assert_field(items[0], "a\bb\fc\nd\re\tf\vg\\h");
    assert_field(items[1], "plain");
    copy_fields_free(&fields);
}

static void a_row_need_not_end_with_a_newline(void **state)
{
    (void)state;
    struct copy_fields fields = COPY_FIELDS;
    assert_field(fields_of(&fields, STR("a\tb"), 2)[1], "b");
    assert_field(fields_of(&fields, STR("a\t"), 2)[1], "");
    assert_field(fields_of(&fields, STR("\n"), 1)[0], "");
    copy_fields_free(&fields);
}

static void another_number_of_fields_is_a_fault(void **state)
{
    (void)state;
    struct copy_fields fields = COPY_FIELDS;
    assert_int_equal(copy_fields_read(&fields, STR("SECRET\tb\n"), 3, &error), STATUS_INTERNAL);
    assert_string_equal(error.message, "a row of the database has 2 fields, not 3");
    assert_int_equal(copy_fields_read(&fields, STR("a\tb\n"), 1, &error), STATUS_INTERNAL);
    char many[2 * COPY_MAX_FIELDS + 2];
    memset(many, '\t', sizeof many);
    assert_int_equal(
        copy_fields_read(&fields, (struct str){many, sizeof many}, COPY_MAX_FIELDS + 1, &error),
        STATUS_INTERNAL);
    copy_fields_free(&fields);
}

static void numbers(void **state)
{
    (void)state;
    struct copy_fields fields = COPY_FIELDS;
    fields_of(&fields, STR("9223372036854775807\t-3\t\\N\t0.1\t-1e-300\t\\N\tInfinity\n"), 7);
    assert_true(copy_fields_integer(&fields, 0) == INT64_MAX);
    assert_int_equal(copy_fields_integer(&fields, 1), -3);
    assert_int_equal(copy_fields_integer(&fields, 2), 0);
    assert_true(copy_fields_double(&fields, 3) == 0.1);
    assert_true(copy_fields_double(&fields, 4) == -1e-300);
    assert_true(isnan(copy_fields_double(&fields, 5)));
    copy_fields_free(&fields);
}

/* Texts of the letters that mean something to COPY, there and back. */
static void random_rows_come_back(void **state)
{
    (void)state;
    enum { ROWS = 20000, FIELDS = 6, LONGEST = 9 };
    static const char letters[] = "\\N\t\n\rab\b\f\v.";
    struct copy_fields fields = COPY_FIELDS;
    struct text_buffer row = TEXT_BUFFER(4096);
    struct random random;
    random_seed(&random, 1);
    for (int i = 0; i < ROWS; i++) {
        char texts[FIELDS][LONGEST + 1];
        bool null[FIELDS];
        text_clear(&row);
        for (size_t j = 0; j < FIELDS; j++) {
            size_t length = random_below(&random, LONGEST + 1);
            for (size_t k = 0; k < length; k++) {
                texts[j][k] = letters[random_below(&random, sizeof letters - 1)];
            }
            texts[j][length] = '\0';
            null[j] = random_below(&random, 5) == 0;
            copy_append_text(&row, (struct str){null[j] ? NULL : texts[j], length});
            text_append_char(&row, j + 1 < FIELDS ? '\t' : '\n');
        }
        const struct str *items = fields_of(&fields, text_str(&row), FIELDS);
        for (size_t j = 0; j < FIELDS; j++) {
            assert_field(items[j], null[j] ? NULL : texts[j]);
        }
    }
    text_free(&row);
    copy_fields_free(&fields);
}

static void no_memory(void **state)
{
    (void)state;
    uint64_t before = memory_in_use();
    struct copy_fields fields = COPY_FIELDS;
    memory_fail_from(1);
    int status = copy_fields_read(&fields, STR("a\tb\n"), 2, &error);
    memory_fail_from(0);
    assert_int_equal(status, STATUS_RESOURCES);
    assert_field(fields_of(&fields, STR("a\tb\n"), 2)[0], "a");
    copy_fields_free(&fields);
    assert_int_equal(memory_in_use(), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(null_and_the_empty_text_differ),
        cmocka_unit_test(escapes_of_the_server),
        cmocka_unit_test(a_row_need_not_end_with_a_newline),
        cmocka_unit_test(another_number_of_fields_is_a_fault),
        cmocka_unit_test(numbers),
        cmocka_unit_test(random_rows_come_back),
        cmocka_unit_test(no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
