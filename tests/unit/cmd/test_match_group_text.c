#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "cmd/match_group_text.h"

static void assert_shows(double probability, const char *expected)
{
    char out[PROBABILITY_TEXT_SIZE];
    assert_string_equal(match_group_text_probability(probability, out), expected);
}

static void a_probability_is_rounded(void **state)
{
    (void)state;
    assert_shows(0.91371, "0.9137");
    assert_shows(0.5, "0.5000");
    assert_shows(0.99994999, "0.9999");
    assert_shows(0.00005001, "0.0001");
}

static void but_never_to_what_is_certain(void **state)
{
    (void)state;
    assert_shows(0.99995, ">0.9999");
    assert_shows(0.9999999999, ">0.9999");
    assert_shows(nextafter(1, 0), ">0.9999");
    assert_shows(1, "1.0000");
    assert_shows(0.00004999, "<0.0001");
    assert_shows(1e-300, "<0.0001");
    assert_shows(0, "0.0000");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_probability_is_rounded),
        cmocka_unit_test(but_never_to_what_is_certain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
