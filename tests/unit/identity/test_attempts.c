/* Wrong passwords by network and name: attempts.c. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "identity/attempts.h"

static struct error error;
static struct attempts *attempts;

static int set_up(void **state)
{
    (void)state;
    return attempts_open(&attempts, &error);
}

static int tear_down(void **state)
{
    (void)state;
    attempts_close(attempts);
    return 0;
}

static bool try(const char *address, const char *name, double now)
{
    return attempts_try(attempts, str_from(address), str_from(name), now);
}

/* How many of so many attempts at once may be made. */
static unsigned count(const char *address, const char *name, unsigned tries, double now)
{
    unsigned made = 0;
    for (unsigned i = 0; i < tries; i++) {
        made += try(address, name, now);
    }
    return made;
}

static void one_place_locks_nobody_out(void **state)
{
    (void)state;
    assert_int_equal(count("203.0.113.7", "Ann", 12, 100), 10);
    assert_false(try("203.0.113.7", "aNN", 100));
    assert_true(try("203.0.113.7", "bob", 100));
    assert_true(try("198.51.100.1", "ann", 100));
    /* However long it goes on. */
    for (double now = 100; now < 20000; now += 1) {
        (void)try("203.0.113.7", "ann", now);
    }
    assert_int_equal(count("198.51.100.1", "ann", 12, 20000), 10);
}

static void a_place_has_a_limit_for_all_names_together(void **state)
{
    (void)state;
    unsigned made = 0;
    for (unsigned i = 0; i < 150; i++) {
        char name[16];
        snprintf(name, sizeof name, "user %u", i);
        made += try("203.0.113.7", name, 100);
    }
    assert_int_equal(made, 100);
    assert_true(try("203.0.113.8", "user 1", 100));
    assert_true(try("203.0.113.7", "user 500", 103));
    assert_false(try("203.0.113.7", "user 501", 103));
}

static void many_places_together_have_one_for_a_name(void **state)
{
    (void)state;
    unsigned made = 0;
    for (unsigned i = 0; i < 150; i++) {
        char address[16];
        snprintf(address, sizeof address, "203.0.113.%u", i);
        made += try(address, "ann", 100);
    }
    assert_int_equal(made, 100);
    /* Who is refused for what others did has not failed themselves. */
    assert_int_equal(count("198.51.100.1", "ann", 500, 100), 0);
    assert_int_equal(count("198.51.100.1", "bob", 12, 100), 10);
    assert_true(try("198.51.100.1", "ann", 107));
}

static void a_network_of_ipv6_is_one_place(void **state)
{
    (void)state;
    assert_int_equal(count("2001:db8:0:1::1", "ann", 6, 100), 6);
    assert_int_equal(count("2001:db8:0:1:ffff::2", "ann", 6, 100), 4);
    assert_int_equal(count("2001:db8:0:2::1", "ann", 6, 100), 6);
    /* Those of IPv4 are not. */
    assert_int_equal(count("203.0.113.1", "ann", 12, 100), 10);
    assert_int_equal(count("203.0.113.2", "ann", 12, 100), 10);
}

static void good_ones_are_taken_back(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 500; i++) {
        assert_true(try("203.0.113.7", "ann", 100));
        attempts_forgive(attempts, STR("203.0.113.7"), STR("ANN"));
    }
    assert_int_equal(count("203.0.113.7", "ann", 12, 100), 10);
}

static void any_text_is_counted(void **state)
{
    (void)state;
    char name[1000];
    memset(name, 'X', sizeof name);
    const struct str texts[] = {{name, sizeof name}, {"", 0}, {NULL, 0}, {"a\0b", 3}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_true(attempts_try(attempts, STR(""), texts[i], 100));
        attempts_forgive(attempts, STR(""), texts[i]);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(one_place_locks_nobody_out),
        TEST(a_place_has_a_limit_for_all_names_together),
        TEST(many_places_together_have_one_for_a_name),
        TEST(a_network_of_ipv6_is_one_place),
        TEST(good_ones_are_taken_back),
        TEST(any_text_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
