#include "base/str.h"

#include "base/memory.h"
#include "support.h"

static void compares_by_byte(void **state)
{
    (void)state;
    assert_true(str_equal(STR("abc"), STR("abc")));
    assert_false(str_equal(STR("abc"), STR("abd")));
    assert_false(str_equal(STR("abc"), STR("ab")));
    assert_true(str_equal((struct str){NULL, 0}, STR("")));
    assert_int_equal(str_compare(STR("abc"), STR("abc")), 0);
    assert_true(str_compare(STR("abc"), STR("abd")) < 0);
    assert_true(str_compare(STR("b"), STR("abc")) > 0);
    assert_true(str_compare(STR("ab"), STR("abc")) < 0);
    assert_true(str_compare(STR(""), STR("a")) < 0);
    assert_int_equal(str_compare((struct str){NULL, 0}, STR("")), 0);
    /* Bytes are unsigned, and a NUL is a byte like others. */
    assert_true(str_compare(STR("\xC3\xA9"), STR("z")) > 0);
    assert_true(str_compare(STR("a\0b"), STR("a\0c")) < 0);
}

static void ignores_the_case_of_ascii_only(void **state)
{
    (void)state;
    assert_true(str_equal_ignoring_case(STR("First_NAME"), STR("first_name")));
    assert_false(str_equal_ignoring_case(STR("name"), STR("names")));
    assert_false(str_equal_ignoring_case(STR("\xC3\xA9"), STR("\xC3\x89"))); /* é, É */
    assert_false(str_equal_ignoring_case(STR("@["), STR("`{")));
}

static void finds_beginnings_and_ends(void **state)
{
    (void)state;
    assert_true(str_starts_with(STR("people.csv"), STR("people")));
    assert_true(str_starts_with(STR("people"), STR("")));
    assert_false(str_starts_with(STR("people"), STR("people.csv")));
    assert_false(str_starts_with(STR("people"), STR("eople")));
    assert_true(str_ends_with(STR("people.csv"), STR(".csv")));
    assert_true(str_ends_with(STR("people"), STR("")));
    assert_false(str_ends_with(STR("csv"), STR(".csv")));
    assert_false(str_ends_with(STR("people.csv"), STR(".cs")));
}

static void trims(void **state)
{
    (void)state;
    assert_text(str_trim(STR(" \t\r\n a b \n")), STR("a b"));
    assert_text(str_trim(STR(" \t\r\n ")), STR(""));
    assert_text(str_trim(STR("")), STR(""));
    assert_text(str_trim((struct str){NULL, 0}), STR(""));
    assert_text(str_trim(STR("a")), STR("a"));
}

static void measures_names(void **state)
{
    (void)state;
    assert_int_equal(str_name_distance(STR(""), STR("")), 0);
    assert_int_equal(str_name_distance(STR("abc"), STR("")), 3);
    assert_int_equal(str_name_distance(STR(""), STR("abc")), 3);
    assert_int_equal(str_name_distance(STR("kitten"), STR("sitting")), 3);
    assert_int_equal(str_name_distance(STR("First_Name"), STR("first_name")), 0);
    assert_int_equal(str_name_distance(STR("frist"), STR("first")), 2);
    assert_int_equal(str_name_distance(STR("flaw"), STR("lawn")), 2);
    char longer[100];
    memset(longer, 'a', sizeof longer);
    assert_int_equal(str_name_distance((struct str){longer, 100}, (struct str){longer, 64}), 0);
    assert_int_equal(str_name_distance((struct str){longer, 100}, STR("")), 64);
}

static void appends(void **state)
{
    (void)state;
    struct text_buffer text = TEXT_BUFFER(1000);
    assert_int_equal(text_str(&text).len, 0);
    text_append(&text, STR("one "));
    text_append(&text, STR(""));
    text_append(&text, (struct str){NULL, 0});
    text_append_char(&text, '2');
    text_appendf(&text, " %s %d", "three", 4);
    assert_false(text.failed);
    assert_string_equal(text.ptr, "one 2 three 4");
    assert_int_equal(text.len, 13);
    char *end = text_reserve(&text, 3);
    assert_ptr_equal(end, text.ptr + 13);
    memcpy(end, " 5", 3);
    text.len += 2;
    assert_text(text_str(&text), STR("one 2 three 4 5"));
    text_clear(&text);
    assert_string_equal(text.ptr, "");
    text_free(&text);
    assert_null(text.ptr);
    assert_int_equal(text.max, 1000);
}

static void keeps_its_maximum(void **state)
{
    (void)state;
    struct text_buffer text = TEXT_BUFFER(10);
    text_append(&text, STR("0123456789"));
    assert_false(text.failed);
    text_append_char(&text, 'x');
    assert_true(text.failed);
    assert_string_equal(text.ptr, "0123456789");
    text_append(&text, STR("")); /* a failure stays */
    assert_true(text.failed);
    assert_null(text_reserve(&text, 0));
    text_clear(&text);
    assert_false(text.failed);
    text_appendf(&text, "%s", "01234567890");
    assert_true(text.failed);
    assert_int_equal(text.len, 0);
    text_clear(&text);
    assert_null(text_reserve(&text, SIZE_MAX));
    text_free(&text);
}

static void grows_to_any_length(void **state)
{
    (void)state;
    struct text_buffer text = TEXT_BUFFER(SIZE_MAX);
    for (unsigned i = 0; i < 100000; i++) {
        text_append_char(&text, (char)('a' + i % 26));
    }
    assert_false(text.failed);
    assert_int_equal(text.len, 100000);
    for (unsigned i = 0; i < 100000; i++) {
        assert_int_equal(text.ptr[i], 'a' + i % 26);
    }
    assert_null(text_reserve(&text, SIZE_MAX - 100000));
    assert_true(text.failed);
    text_free(&text);
}

static int append_much(void *context, struct error *error)
{
    (void)context;
    struct text_buffer text = TEXT_BUFFER(100000);
    for (int i = 0; i < 1000; i++) {
        text_append(&text, STR("some text"));
        text_appendf(&text, "%d", i);
    }
    int status = text.failed ? error_out_of_memory(error) : STATUS_OK;
    text_free(&text);
    return status;
}

static void survives_failing_memory(void **state)
{
    (void)state;
    assert_true(fail_every_allocation(append_much, NULL) > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compares_by_byte),
        cmocka_unit_test(ignores_the_case_of_ascii_only),
        cmocka_unit_test(finds_beginnings_and_ends),
        cmocka_unit_test(trims),
        cmocka_unit_test(measures_names),
        cmocka_unit_test(appends),
        cmocka_unit_test(keeps_its_maximum),
        cmocka_unit_test(grows_to_any_length),
        cmocka_unit_test(survives_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
