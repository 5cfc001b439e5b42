/* Types and the order and hashes of values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "base/compiler.h"
#include "linkage/value.h"

static struct value_type type(enum value_kind kind)
{
    return (struct value_type){.kind = kind};
}

static struct value text(const char *terminated)
{
    return value_from_text(str_from(terminated));
}

/* a is before b, and each equals itself and hashes alike. */
static void check_order(struct value_type of, struct value a, struct value b)
{
    assert_true(value_compare(of, a, b) < 0);
    assert_true(value_compare(of, b, a) > 0);
    assert_int_equal(value_compare(of, a, a), 0);
    assert_true(value_hash(of, a) != value_hash(of, b));
    assert_true(value_hash(of, a) == value_hash(of, a));
}

static void check_equal(struct value_type of, struct value a, struct value b)
{
    assert_int_equal(value_compare(of, a, b), 0);
    assert_true(value_hash(of, a) == value_hash(of, b));
}

static void test_integers(void **state)
{
    (void)state;
    check_order(type(VALUE_BIGINT), (struct value){.integer = INT64_MIN},
                (struct value){.integer = INT64_MAX});
    check_order(type(VALUE_INTEGER), (struct value){.integer = -1}, (struct value){.integer = 0});
    check_order(type(VALUE_BOOLEAN), (struct value){.integer = 0}, (struct value){.integer = 1});
    check_order(type(VALUE_DATE), (struct value){.integer = -5}, (struct value){.integer = 5});
}

static void test_reals(void **state)
{
    (void)state;
    struct value_type real = type(VALUE_DOUBLE);
    check_order(real, (struct value){.real = -INFINITY}, (struct value){.real = -1.5});
    check_order(real, (struct value){.real = INFINITY}, (struct value){.real = NAN});
    check_equal(real, (struct value){.real = NAN}, (struct value){.real = -NAN});
    check_equal(real, (struct value){.real = 0.0}, (struct value){.real = -0.0});
}

static void test_texts(void **state)
{
    (void)state;
    struct value_type of = type(VALUE_TEXT);
    check_order(of, text(""), text("a"));
    check_order(of, text("B"), text("a"));
    check_order(of, text("a"), text("ab"));
    check_order(of, text("z"), text("é"));
    check_equal(of, text("same"), text("same"));
}

static struct value interval(const struct value_interval *parts)
{
    return (struct value){.interval = parts};
}

/* As DuckDB: parts are carried upwards, towards zero, and then compared in turn. */
static void test_intervals(void **state)
{
    (void)state;
    const int64_t day = INT64_C(86400000000);
    struct value_type of = type(VALUE_INTERVAL);
    struct value_interval month = {1, 0, 0};
    struct value_interval thirty_days = {0, 30, 0};
    struct value_interval hours = {0, 29, day};
    struct value_interval days = {0, 29, 0};
    struct value_interval less_a_day = {1, -1, 0};
    struct value_interval negative = {0, -1, 0};
    struct value_interval negative_hours = {0, 0, -day};
    check_equal(of, interval(&month), interval(&thirty_days));
    check_equal(of, interval(&negative), interval(&negative_hours));
    check_order(of, interval(&days), interval(&month));
    check_order(of, interval(&days), interval(&less_a_day));
    check_order(of, interval(&days), interval(&hours));
}

static void test_lists(void **state)
{
    (void)state;
    static const struct value_type element = {.kind = VALUE_TEXT};
    struct value_type of = {.kind = VALUE_LIST, .element = &element};
    struct value one[] = {text("a")};
    struct value two[] = {text("a"), text("b")};
    struct value with_null[] = {text("a"), VALUE_NONE};
    struct value_list empty = {0, NULL};
    struct value_list a = {1, one};
    struct value_list ab = {2, two};
    struct value_list a_null = {2, with_null};
    check_order(of, (struct value){.list = &empty}, (struct value){.list = &a});
    check_order(of, (struct value){.list = &a}, (struct value){.list = &ab});
    check_order(of, (struct value){.list = &ab}, (struct value){.list = &a_null});
    check_equal(of, (struct value){.list = &a_null}, (struct value){.list = &a_null});
}

static void test_null_has_a_hash(void **state)
{
    (void)state;
    assert_true(value_hash(type(VALUE_TEXT), VALUE_NONE) ==
                value_hash(type(VALUE_DOUBLE), VALUE_NONE));
}

static void test_type_names(void **state)
{
    (void)state;
    char name[64];
    struct value_type decimal = {.kind = VALUE_DECIMAL, .width = 3, .scale = 1};
    struct value_type list = {.kind = VALUE_LIST, .element = &decimal};
    struct value_type lists = {.kind = VALUE_LIST, .element = &list};
    assert_string_equal(value_type_name(decimal, name), "DECIMAL(3,1)");
    assert_string_equal(value_type_name(lists, name), "DECIMAL(3,1)[][]");
    assert_string_equal(value_type_name(type(VALUE_TEXT), name), "VARCHAR");
    /* However deep a list is, its name ends within the room. */
    struct value_type deep[100];
    deep[0] = decimal;
    for (size_t i = 1; i < ARRAY_LENGTH(deep); i++) {
        deep[i] = (struct value_type){.kind = VALUE_LIST, .element = &deep[i - 1]};
    }
    assert_true(strlen(value_type_name(deep[99], name)) < sizeof name);
}

static void test_type_equality(void **state)
{
    (void)state;
    struct value_type a = {.kind = VALUE_DECIMAL, .width = 3, .scale = 1};
    struct value_type b = {.kind = VALUE_DECIMAL, .width = 3, .scale = 2};
    struct value_type list_a = {.kind = VALUE_LIST, .element = &a};
    struct value_type list_b = {.kind = VALUE_LIST, .element = &b};
    assert_true(value_type_equal(a, a));
    assert_false(value_type_equal(a, b));
    assert_true(value_type_equal(list_a, list_a));
    assert_false(value_type_equal(list_a, list_b));
    assert_false(value_type_equal(list_a, a));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_integers),   cmocka_unit_test(test_reals),
        cmocka_unit_test(test_texts),      cmocka_unit_test(test_intervals),
        cmocka_unit_test(test_lists),      cmocka_unit_test(test_null_has_a_hash),
        cmocka_unit_test(test_type_names), cmocka_unit_test(test_type_equality),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
