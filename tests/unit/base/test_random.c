#include "base/random.h"

#include <string.h>

#include "support.h"

static void follows_the_published_generator(void **state)
{
    (void)state;
    /* The first numbers from the state 1, 2, 3, 4, from the publication. */
    static const uint64_t expected[] = {11520, 0, 1509978240, 1215971899390074240u};
    struct random random = {{1, 2, 3, 4}};
    for (size_t i = 0; i < ARRAY_LENGTH(expected); i++) {
        assert_true(random_next(&random) == expected[i]);
    }
}

static void gives_the_same_for_the_same_seed(void **state)
{
    (void)state;
    static const uint64_t expected[] = {0x99ec5f36cb75f2b4, 0xbf6e1f784956452a, 0x1a5f849d4933e6e0,
                                        0x6aa594f1262d2d2c};
    struct random random;
    random_seed(&random, 0);
    for (size_t i = 0; i < ARRAY_LENGTH(expected); i++) {
        assert_true(random_next(&random) == expected[i]);
    }
    random_seed(&random, 42);
    assert_true(random_next(&random) == 0x15780b2e0c2ec716);
}

static void stays_below(void **state)
{
    (void)state;
    struct random random;
    random_seed(&random, 9);
    static const uint64_t bounds[] = {1, 2, 3, 7, 1000, ((uint64_t)1 << 63) + 1, UINT64_MAX};
    for (size_t i = 0; i < ARRAY_LENGTH(bounds); i++) {
        for (int round = 0; round < 1000; round++) {
            assert_true(random_below(&random, bounds[i]) < bounds[i]);
        }
    }
}

static void is_even(void **state)
{
    (void)state;
    struct random random;
    random_seed(&random, 11);
    enum { DRAWS = 700000, BELOW = 7 };
    int seen[BELOW] = {0};
    for (int i = 0; i < DRAWS; i++) {
        seen[random_below(&random, BELOW)]++;
    }
    for (int i = 0; i < BELOW; i++) {
        /* Five standard deviations. */
        assert_in_range(seen[i], DRAWS / BELOW - 1500, DRAWS / BELOW + 1500);
    }
    /* Three quarters of the range: without drawing again, every third number came twice as often. */
    int thirds = 0;
    for (int i = 0; i < 90000; i++) {
        thirds += random_below(&random, (uint64_t)3 << 62) % 3 == 0;
    }
    assert_in_range(thirds, 29300, 30700);
}

static void units_are_within_range(void **state)
{
    (void)state;
    struct random random;
    random_seed(&random, 12);
    double sum = 0;
    for (int i = 0; i < 100000; i++) {
        double unit = random_unit(&random);
        assert_true(unit >= 0 && unit < 1);
        sum += unit;
    }
    assert_true(sum > 49500 && sum < 50500);
}

static void secrets_fill_the_whole_and_differ(void **state)
{
    (void)state;
    static struct error error;
    static unsigned char first[1000];
    static unsigned char second[1000];
    memset(first, 0, sizeof first);
    assert_int_equal(random_secret(first, 999, &error), STATUS_OK);
    assert_int_equal(random_secret(second, 999, &error), STATUS_OK);
    assert_memory_not_equal(first, second, 16);
    assert_int_equal(first[999], 0);
    static const unsigned char zeros[8];
    for (size_t i = 0; i + 8 <= 999; i += 8) {
        assert_memory_not_equal(first + i, zeros, 8);
    }
    assert_int_equal(random_secret(NULL, 0, &error), STATUS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(follows_the_published_generator),
        cmocka_unit_test(gives_the_same_for_the_same_seed),
        cmocka_unit_test(stays_below),
        cmocka_unit_test(is_even),
        cmocka_unit_test(units_are_within_range),
        cmocka_unit_test(secrets_fill_the_whole_and_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
