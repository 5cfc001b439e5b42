#include "base/json.h"

#include <jansson.h>
#include <math.h>

#include "base/memory.h"
#include "support.h"

/* One of everything, nested. */
static void write_sample(struct json_writer *json)
{
    json_write_open_object(json);
    json_write_key(json, "text");
    json_write_string(json, STR("Jos\xC3\xA9"));
    json_write_key_str(json, STR("a \"key\""));
    json_write_open_array(json);
    json_write_integer(json, -1);
    json_write_unsigned(json, 2);
    json_write_double(json, 3);
    json_write_open_object(json);
    json_write_close_object(json);
    json_write_open_array(json);
    json_write_close_array(json);
    json_write_close_array(json);
    json_write_key(json, "yes");
    json_write_boolean(json, true);
    json_write_key(json, "no");
    json_write_boolean(json, false);
    json_write_key(json, "nothing");
    json_write_null(json);
    json_write_close_object(json);
}

static void passes_json_on(void **state)
{
    (void)state;
    struct text_buffer out = TEXT_BUFFER(1000);
    struct json_writer json;
    json_write_begin(&json, &out, 0);
    json_write_open_array(&json);
    json_write_raw(&json, STR("{\"a\": 1e5}"));
    json_write_raw(&json, STR("2"));
    json_write_close_array(&json);
    assert_string_equal(out.ptr, "[{\"a\": 1e5},2]");
    text_free(&out);
}

static void writes_on_one_line(void **state)
{
    (void)state;
    struct text_buffer out = TEXT_BUFFER(1000);
    struct json_writer json;
    json_write_begin(&json, &out, 0);
    write_sample(&json);
    assert_string_equal(out.ptr, "{\"text\":\"Jos\xC3\xA9\",\"a \\\"key\\\"\":[-1,2,3.0,{},[]],"
                                 "\"yes\":true,\"no\":false,\"nothing\":null}");
    text_free(&out);
}

static void writes_with_indentation_as_python(void **state)
{
    (void)state;
    struct text_buffer out = TEXT_BUFFER(1000);
    struct json_writer json;
    json_write_begin(&json, &out, 4);
    json.ascii = true;
    write_sample(&json);
    assert_string_equal(out.ptr, "{\n"
                                 "    \"text\": \"Jos\\u00e9\",\n"
                                 "    \"a \\\"key\\\"\": [\n"
                                 "        -1,\n"
                                 "        2,\n"
                                 "        3.0,\n"
                                 "        {},\n"
                                 "        []\n"
                                 "    ],\n"
                                 "    \"yes\": true,\n"
                                 "    \"no\": false,\n"
                                 "    \"nothing\": null\n"
                                 "}");
    text_free(&out);
}

static void assert_string(struct str text, bool ascii, const char *expected)
{
    struct text_buffer out = TEXT_BUFFER(1000);
    struct json_writer json;
    json_write_begin(&json, &out, 0);
    json.ascii = ascii;
    json_write_string(&json, text);
    assert_false(out.failed);
    assert_string_equal(out.ptr, expected);
    text_free(&out);
}

static void escapes(void **state)
{
    (void)state;
    assert_string(STR(""), false, "\"\"");
    assert_string((struct str){NULL, 0}, false, "null");
    assert_string(STR("\"\\/"), false, "\"\\\"\\\\/\"");
    assert_string(STR("\b\f\n\r\t"), false, "\"\\b\\f\\n\\r\\t\"");
    assert_string(STR("a\0b\x01\x1F\x7F"), false, "\"a\\u0000b\\u0001\\u001f\x7F\"");
    assert_string(STR("a\x7F"), true, "\"a\\u007f\"");
    assert_string(STR("\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"), false,
                  "\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"");
    assert_string(STR("\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z"), true,
                  "\"\\u00e9\\u20ac\\ud83d\\ude00z\"");
    assert_string(STR("\xF4\x8F\xBF\xBF"), true, "\"\\udbff\\udfff\"");
}

static void replaces_what_is_not_utf8(void **state)
{
    (void)state;
    assert_string(STR("a\xFF"), false, "\"a\xEF\xBF\xBD\"");
    assert_string(STR("\xC3"), false, "\"\xEF\xBF\xBD\"");
    assert_string(STR("x\xE2\x82y\n"), false, "\"x\xEF\xBF\xBD\xEF\xBF\xBDy\\n\"");
    assert_string(STR("x\xFFy"), true, "\"x\\ufffdy\"");
}

/* What one number is written as, in an array as most are. */
static void assert_number(void (*write)(struct json_writer *json, const void *number),
                          const void *number, const char *expected)
{
    struct text_buffer out = TEXT_BUFFER(100);
    struct json_writer json;
    json_write_begin(&json, &out, 0);
    json_write_open_array(&json);
    write(&json, number);
    json_write_close_array(&json);
    assert_string_equal(out.ptr, expected);
    json_t *read = json_loads(out.ptr, 0, NULL);
    assert_non_null(read);
    json_decref(read);
    text_free(&out);
}

static void write_double(struct json_writer *json, const void *number)
{
    json_write_double(json, *(const double *)number);
}

static void write_integer(struct json_writer *json, const void *number)
{
    json_write_integer(json, *(const int64_t *)number);
}

static void write_unsigned(struct json_writer *json, const void *number)
{
    json_write_unsigned(json, *(const uint64_t *)number);
}

static void writes_numbers(void **state)
{
    (void)state;
    assert_number(write_double, &(double){0.1}, "[0.1]");
    assert_number(write_double, &(double){-0.0}, "[-0.0]");
    assert_number(write_double, &(double){1e22}, "[1e+22]");
    assert_number(write_double, &(double){1e-7}, "[1e-07]");
    assert_number(write_double, &(double){NAN}, "[null]");
    assert_number(write_double, &(double){INFINITY}, "[null]");
    assert_number(write_double, &(double){-INFINITY}, "[null]");
    assert_number(write_integer, &(int64_t){0}, "[0]");
    assert_number(write_integer, &(int64_t){INT64_MAX}, "[9223372036854775807]");
    assert_number(write_integer, &(int64_t){INT64_MIN}, "[-9223372036854775808]");
    assert_number(write_unsigned, &(uint64_t){0}, "[0]");
    assert_number(write_unsigned, &(uint64_t){INT64_MAX}, "[9223372036854775807]");
}

static void writes_what_jansson_reads(void **state)
{
    (void)state;
    for (unsigned indent = 0; indent <= 2; indent++) {
        struct text_buffer out = TEXT_BUFFER(100000);
        struct json_writer json;
        json_write_begin(&json, &out, indent);
        for (unsigned depth = 1; depth < JSON_MAX_DEPTH; depth++) {
            if (depth % 2) {
                json_write_open_array(&json);
                json_write_string(&json, STR("\x01\xFF\"\\"));
            } else {
                json_write_open_object(&json);
                json_write_key(&json, "k\n");
            }
        }
        json_write_null(&json);
        for (unsigned depth = JSON_MAX_DEPTH - 1; depth > 0; depth--) {
            if (depth % 2) {
                json_write_close_array(&json);
            } else {
                json_write_close_object(&json);
            }
        }
        assert_false(out.failed);
        json_t *read = json_loadb(out.ptr, out.len, 0, NULL);
        assert_non_null(read);
        assert_string_equal(json_string_value(json_array_get(read, 0)), "\x01\xEF\xBF\xBD\"\\");
        json_decref(read);
        text_free(&out);
    }
}

static int write_document(void *context, struct error *error)
{
    (void)context;
    struct text_buffer out = TEXT_BUFFER(100000);
    struct json_writer json;
    json_write_begin(&json, &out, 2);
    json_write_open_array(&json);
    for (int i = 0; i < 50; i++) {
        write_sample(&json);
    }
    json_write_close_array(&json);
    int status = out.failed ? error_out_of_memory(error) : STATUS_OK;
    text_free(&out);
    return status;
}

static void survives_failing_memory(void **state)
{
    (void)state;
    assert_true(fail_every_allocation(write_document, NULL) > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_on_one_line),
        cmocka_unit_test(writes_with_indentation_as_python),
        cmocka_unit_test(escapes),
        cmocka_unit_test(replaces_what_is_not_utf8),
        cmocka_unit_test(writes_numbers),
        cmocka_unit_test(passes_json_on),
        cmocka_unit_test(writes_what_jansson_reads),
        cmocka_unit_test(survives_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
