#include "base/json_read.h"

#include "base/compiler.h"
#include "base/memory.h"
#include "support.h"

static void reads_objects_and_lists(void **state)
{
    (void)state;
    struct error error = {0};
    json_t *json;
    assert_int_equal(json_read(&json, STR(" {\"a\": [1, 0.5, \"\\u00e4\"]}\r\n"), "x", &error), 0);
    json_t *list = json_object_get(json, "a");
    assert_int_equal(json_integer_value(json_array_get(list, 0)), 1);
    assert_true(json_real_value(json_array_get(list, 1)) == 0.5);
    assert_string_equal(json_string_value(json_array_get(list, 2)), "ä");
    json_decref(json);
    assert_int_equal(json_read(&json, STR("\xEF\xBB\xBF[]"), "x", &error), 0);
    json_decref(json);
}

struct bad {
    struct str text;
    const char *message;
};

static void says_where_it_is_wrong_but_not_what_stands_there(void **state)
{
    (void)state;
    static const struct bad cases[] = {
        {{NULL, 0}, "x: line 1, column 1: not valid JSON: '[' or '{' expected"},
        {STR("\"secret\""), "x: line 1, column 8: not valid JSON: '[' or '{' expected"},
        {STR("[1, secret]"), "x: line 1, column 10: not valid JSON: invalid token"},
        {STR("{\"a\": 1,\n \"a\": 2}"),
         "x: line 2, column 4: not valid JSON: duplicate object key"},
        {STR("[1"), "x: line 1, column 2: not valid JSON: ']' expected"},
        {STR("[] secret"), "x: line 1, column 9: not valid JSON: end of file expected"},
        {STR("[\"\xff\"]"), "x: line 1, column 2: not valid JSON: unable to decode byte 0xff"},
        {STR("[\"\\ud800\"]"), "x: line 1, column 9: not valid JSON: invalid Unicode '\\uD800'"},
        {STR("[\"\\u0000\"]"), "x: line 1, column 9: not valid JSON: a text with a NUL character"},
        {STR("[\"a\nb\"]"), "x: line 1, column 3: not valid JSON: unexpected newline"},
        {STR("[1e999]"), "x: line 1, column 6: not valid JSON: real number overflow"},
        {STR("[123456789012345678901234567890]"),
         "x: line 1, column 31: not valid JSON: an integer of more than 64 bits"},
        {STR("[01]"), "x: line 1, column 2: not valid JSON: invalid token"},
        {STR("[1,]"), "x: line 1, column 4: not valid JSON: unexpected token"},
        {STR("// x\n[]"), "x: line 1, column 1: not valid JSON: '[' or '{' expected"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct error error = {0};
        json_t *json;
        assert_int_equal(json_read(&json, cases[i].text, "x", &error), STATUS_INVALID);
        assert_null(json);
        assert_string_equal(error.message, cases[i].message);
        assert_string_equal(error.hint, "");
    }
}

static void explains_what_python_writes(void **state)
{
    (void)state;
    static const char *const cases[] = {"[NaN]", "[1, Infinity]", "[\n-Infinity]"};
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct error error = {0};
        json_t *json;
        assert_int_equal(json_read(&json, str_from(cases[i]), NULL, &error), STATUS_INVALID);
        assert_string_equal(error.hint,
                            "JSON has no NaN and no Infinity; write a number, or leave the key "
                            "out");
    }
}

static void needs_no_name(void **state)
{
    (void)state;
    struct error error = {0};
    json_t *json;
    assert_int_equal(json_read(&json, STR("{"), NULL, &error), STATUS_INVALID);
    assert_string_equal(error.message, "line 1, column 1: not valid JSON: string or '}' expected");
}

static int read_and_free(void *context, struct error *error)
{
    (void)context;
    json_t *json;
    int status = json_read(&json,
                           STR("{\"a\": [1, 2.5, true, null, \"a\\u00e4\"], \"b\": {\"c\": {}}, "
                               "\"d\": 1, \"e\": 1, \"f\": 1, \"g\": 1, \"h\": 1, \"i\": 1, "
                               "\"j\": [1,2,3,4,5,6,7,8,9,10]}"),
                           "x", error);
    json_decref(json);
    return status;
}

static void survives_every_failed_allocation(void **state)
{
    (void)state;
    assert_true(fail_every_allocation(read_and_free, NULL) > 20);
}

/* jansson leaves a byte out where a text's buffer cannot grow. */
static void one_failed_allocation_changes_no_document(void **state)
{
    (void)state;
    struct str text =
        STR("[\"a text that is longer than the first buffer that jansson takes for it\"]");
    struct error error = {0};
    json_t *whole;
    json_t *json;
    assert_int_equal(json_read(&whole, text, "x", &error), 0);
    for (uint64_t nth = 1; nth <= 30; nth++) {
        memory_fail_only(nth);
        int status = json_read(&json, text, "x", &error);
        memory_fail_only(0);
        assert_true(status == STATUS_RESOURCES || (status == 0 && json_equal(json, whole)));
        json_decref(json);
    }
    json_decref(whole);
}

static void counts_what_jansson_takes(void **state)
{
    (void)state;
    struct error error = {0};
    json_t *json;
    uint64_t before = memory_in_use();
    assert_int_equal(json_read(&json, STR("[\"text\"]"), "x", &error), 0);
    assert_true(memory_in_use() > before);
    json_decref(json);
    assert_int_equal(memory_in_use(), before);
}

/* The text of a member, or "none". */
static void assert_member(const char *text, const char *key, const char *expected)
{
    struct error error = {0};
    json_t *json;
    assert_int_equal(json_read(&json, str_from(text), NULL, &error), 0);
    struct str member = json_read_member(str_from(text), key);
    json_decref(json);
    assert_true(str_equal(member.ptr == NULL ? STR("none") : member, str_from(expected)));
}

static void gives_members_as_they_stand_there(void **state)
{
    (void)state;
    assert_member("{\"a\": 1e-05, \"b\" : {\"a\": [1, {\"x\": \"}],\"}]} }", "a", "1e-05");
    assert_member("\xEF\xBB\xBF {\"a\":1,\n \"b\" :\t{ \"a\": [1, {\"x\": \"}],\"}]}\n}", "b",
                  "{ \"a\": [1, {\"x\": \"}],\"}]}");
    assert_member("{\"a\": \"\\\\\", \"b\": \"\\\"b\\\"\"}", "b", "\"\\\"b\\\"\"");
    assert_member("{\"a\": [], \"b\": null}", "b", "null");
    assert_member("{\"a\": {\"b\": 1}}", "b", "none");
    assert_member("{}", "b", "none");
    assert_member("[{\"b\": 1}]", "c", "none");
    assert_member("{\"\\u0062\": 1}", "b", "none");
}

static void counts_values_before_they_take_memory(void **state)
{
    (void)state;
    assert_int_equal(json_count_values(STR("")), 1);
    assert_int_equal(json_count_values(STR("[{},{}]")), 5);
    assert_int_equal(json_count_values(STR("{\"a,b\": \"[{\\\",\", \"c\": 1}")), 3);
    assert_int_equal(json_count_values(STR("[1,\"[[[[")), 3); /* and no byte beyond */
    assert_int_equal(json_count_values(STR("[\"\\")), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_objects_and_lists),
        cmocka_unit_test(says_where_it_is_wrong_but_not_what_stands_there),
        cmocka_unit_test(explains_what_python_writes),
        cmocka_unit_test(needs_no_name),
        cmocka_unit_test(survives_every_failed_allocation),
        cmocka_unit_test(one_failed_allocation_changes_no_document),
        cmocka_unit_test(counts_what_jansson_takes),
        cmocka_unit_test(gives_members_as_they_stand_there),
        cmocka_unit_test(counts_values_before_they_take_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
