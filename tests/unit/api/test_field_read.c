#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/field_read.h"
#include "base/compiler.h"
#include "base/json_read.h"

static const struct field_path path = {NULL, "x", 0};

struct reading {
    struct arena arena;
    struct field_faults faults;
    json_t *body;
    const json_t *value;
};

/* The value of "x". */
static void begin(struct reading *out, const char *body)
{
    struct error error;
    *out = (struct reading){.arena = ARENA(1 << 20)};
    out->faults.arena = &out->arena;
    assert_int_equal(json_read(&out->body, str_from(body), NULL, &error), 0);
    out->value = json_object_get(out->body, "x");
}

static void end(struct reading *reading)
{
    json_decref(reading->body);
    arena_free(&reading->arena);
}

static const char *fault_of(const struct reading *reading)
{
    return reading->faults.first == NULL ? "" : reading->faults.first->message;
}

struct number_case {
    const char *body, *fault;
    double value;
};

static void numbers(void **state)
{
    (void)state;
    static const struct number_case cases[] = {
        {"{\"x\": 0.5}", "", 0.5},
        {"{\"x\": 1}", "", 1},
        {"{\"x\": \" 0.25 \"}", "", 0.25},
        {"{\"x\": 1.01}", "Ensure this value is less than or equal to 1.", 0},
        {"{\"x\": -1}", "Ensure this value is greater than or equal to 0.", 0},
        {"{\"x\": \"nan\"}", "A valid number is required.", 0},
        {"{\"x\": \"inf\"}", "A valid number is required.", 0},
        {"{\"x\": true}", "A valid number is required.", 0},
        {"{\"x\": []}", "A valid number is required.", 0},
        {"{\"x\": null}", "This field may not be null.", 0},
        {"{}", "This field is required.", 0},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct reading reading;
        double number = 0;
        begin(&reading, cases[i].body);
        bool good = field_read_number(&number, &reading.faults, &path, reading.value, 0, 1);
        assert_string_equal(fault_of(&reading), cases[i].fault);
        assert_int_equal(good, cases[i].fault[0] == '\0');
        assert_true(!good || number == cases[i].value);
        end(&reading);
    }
}

static void texts_and_integers(void **state)
{
    (void)state;
    static const struct {
        const char *body, *text, *integer;
    } cases[] = {
        {"{\"x\": \"7\"}", "", ""},
        {"{\"x\": 7}", "Not a valid string.", ""},
        {"{\"x\": \" \"}", "This field may not be blank.", "A valid integer is required."},
        {"{\"x\": 7.0}", "Not a valid string.", "A valid integer is required."},
        {"{\"x\": {}}", "Not a valid string.", "A valid integer is required."},
        {"{\"x\": null}", "This field may not be null.", "This field may not be null."},
        {"{}", "This field is required.", "This field is required."},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct reading reading;
        struct str text;
        int64_t integer;
        begin(&reading, cases[i].body);
        (void)field_read_text(&text, &reading.faults, &path, reading.value);
        assert_string_equal(fault_of(&reading), cases[i].text);
        end(&reading);
        begin(&reading, cases[i].body);
        (void)field_read_integer(&integer, &reading.faults, &path, reading.value);
        assert_string_equal(fault_of(&reading), cases[i].integer);
        end(&reading);
    }
}

static void booleans(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        int value; /* -1: a fault */
    } cases[] = {{"{\"x\": true}", 1}, {"{\"x\": false}", 0}, {"{\"x\": 1}", 1},
                 {"{\"x\": 0}", 0},    {"{\"x\": 2}", -1},    {"{\"x\": \"yes\"}", 1},
                 {"{\"x\": []}", -1}};
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct reading reading;
        bool value = false;
        begin(&reading, cases[i].body);
        bool good = field_read_boolean(&value, &reading.faults, &path, reading.value);
        assert_int_equal(good, cases[i].value >= 0);
        assert_string_equal(fault_of(&reading), good ? "" : "Must be a valid boolean.");
        assert_int_equal(value, cases[i].value == 1);
        end(&reading);
    }
}

static void places_in_s3(void **state)
{
    (void)state;
    static const char *const good[] = {"s3://bucket/key", "s3://a.b-1/a b/c%20+\xC3\xA4",
                                       "s3://buc//k"};
    static const char *const bad[] = {"",
                                      "s3://",
                                      "s3://bucket",
                                      "s3://bucket/",
                                      "s3://bucket//",
                                      "s3:///key",
                                      "s3://Bucket/key",
                                      "s3://b_c/key",
                                      "S3://b/key",
                                      "file:///etc/passwd",
                                      "/etc/passwd",
                                      "https://b/key",
                                      "s3://bucket:80/key",
                                      "s3://bu/key"};
    for (size_t i = 0; i < ARRAY_LENGTH(good); i++) {
        assert_true(field_is_s3_uri(str_from(good[i])));
    }
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        assert_false(field_is_s3_uri(str_from(bad[i])));
    }
}

static void what_nobody_knows_is_refused(void **state)
{
    (void)state;
    static const char *const known[] = {"x", NULL};
    struct reading reading;
    begin(&reading, "{\"x\": 1, \"y\": 2, \"z\": 3}");
    field_refuse_others(&reading.faults, &path, reading.body, known);
    assert_int_equal(reading.faults.count, 2);
    assert_string_equal(reading.faults.first->field, "x.y");
    assert_string_equal(fault_of(&reading), "Unexpected field");
    assert_true(field_faults_has(&reading.faults, STR("x.z")));
    assert_false(field_faults_has(&reading.faults, STR("x")));
    end(&reading);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers),
        cmocka_unit_test(texts_and_integers),
        cmocka_unit_test(booleans),
        cmocka_unit_test(places_in_s3),
        cmocka_unit_test(what_nobody_knows_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
