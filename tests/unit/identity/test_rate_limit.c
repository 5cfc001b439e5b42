/* Failures are counted by key, and drain: rate_limit.c. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>
#include <stdio.h>

#include "identity/rate_limit.h"

static struct error error;

static struct rate_limit *open_limit(double most, double seconds)
{
    struct rate_limit *limit;
    assert_int_equal(rate_limit_open(&limit, most, seconds, &error), 0);
    return limit;
}

static void so_many_and_then_one_at_a_time(void **state)
{
    (void)state;
    struct rate_limit *limit = open_limit(3, 10);
    for (unsigned i = 0; i < 3; i++) {
        assert_true(rate_limit_try(limit, STR("a"), 100));
    }
    assert_false(rate_limit_try(limit, STR("a"), 100));
    assert_false(rate_limit_try(limit, STR("a"), 109));
    assert_true(rate_limit_try(limit, STR("a"), 110.5));
    assert_false(rate_limit_try(limit, STR("a"), 110.5));
    /* What is refused does not make it last longer. */
    assert_true(rate_limit_try(limit, STR("a"), 121));
    for (unsigned i = 0; i < 3; i++) {
        assert_true(rate_limit_try(limit, STR("a"), 1000));
    }
    assert_false(rate_limit_try(limit, STR("a"), 1000));
    rate_limit_close(limit);
}

static void others_are_not_concerned(void **state)
{
    (void)state;
    struct rate_limit *limit = open_limit(2, 60);
    assert_true(rate_limit_try(limit, STR("a"), 0));
    assert_true(rate_limit_try(limit, STR("a"), 0));
    assert_false(rate_limit_try(limit, STR("a"), 0));
    assert_true(rate_limit_try(limit, STR("b"), 0));
    assert_true(rate_limit_try(limit, STR(""), 0));
    rate_limit_close(limit);
}

static void what_was_no_failure_is_taken_back(void **state)
{
    (void)state;
    struct rate_limit *limit = open_limit(2, 60);
    for (unsigned i = 0; i < 100; i++) {
        assert_true(rate_limit_try(limit, STR("a"), 5));
        rate_limit_forgive(limit, STR("a"));
    }
    rate_limit_forgive(limit, STR("b"));
    assert_true(rate_limit_try(limit, STR("a"), 5));
    assert_true(rate_limit_try(limit, STR("a"), 5));
    assert_false(rate_limit_try(limit, STR("a"), 5));
    rate_limit_close(limit);
}

/* Many made-up names neither forget a limited one, nor limit others. */
static void many_names_change_nothing(void **state)
{
    (void)state;
    struct rate_limit *limit = open_limit(5, 60);
    while (rate_limit_try(limit, STR("victim"), 0)) {
    }
    unsigned limited = 0;
    for (unsigned i = 0; i < 3000; i++) {
        char name[32];
        int length = snprintf(name, sizeof name, "name-%u", i);
        limited += !rate_limit_try(limit, (struct str){name, (size_t)length}, 0);
    }
    assert_int_equal(limited, 0);
    assert_false(rate_limit_try(limit, STR("victim"), 0));
    rate_limit_close(limit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(so_many_and_then_one_at_a_time),
        cmocka_unit_test(others_are_not_concerned),
        cmocka_unit_test(what_was_no_failure_is_taken_back),
        cmocka_unit_test(many_names_change_nothing),
    };
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
