#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "synth/calendar.h"

static void test_known_days(void **state)
{
    (void)state;
    static const struct {
        struct synth_date date;
        int32_t number;
    } known[] = {
        {{1970, 1, 1}, 0},     {{1969, 12, 31}, -1},   {{2000, 2, 29}, 11016},
        {{2000, 3, 1}, 11017}, {{1900, 1, 1}, -25567}, {{1900, 3, 1}, -25508},
        {{2012, 1, 1}, 15340}, {{2025, 6, 30}, 20269}, {{2024, 12, 31}, 20088},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(known); i++) {
        assert_int_equal(synth_day_number(known[i].date), known[i].number);
        struct synth_date date = synth_day_date(known[i].number);
        assert_memory_equal(&date, &known[i].date, sizeof date);
    }
}

static void test_every_day_of_two_centuries(void **state)
{
    (void)state;
    struct synth_date expected = {1900, 1, 1};
    for (int32_t number = -25567; number <= 47482; number++) {
        struct synth_date date = synth_day_date(number);
        assert_memory_equal(&date, &expected, sizeof date);
        assert_int_equal(synth_day_number(date), number);
        if (++expected.day > synth_month_length(expected.year, expected.month)) {
            expected.day = 1;
            expected.month = expected.month % 12 + 1;
            expected.year += expected.month == 1 ? 1 : 0;
        }
    }
    assert_int_equal(expected.year, 2100);
}

static void test_month_lengths(void **state)
{
    (void)state;
    assert_int_equal(synth_month_length(2023, 2), 28);
    assert_int_equal(synth_month_length(2024, 2), 29);
    assert_int_equal(synth_month_length(1900, 2), 28);
    assert_int_equal(synth_month_length(2000, 2), 29);
    assert_int_equal(synth_month_length(2023, 12), 31);
    assert_int_equal(synth_month_length(2023, 4), 30);
}

static void test_text(void **state)
{
    (void)state;
    struct synth_text text;
    synth_date_text(&text, (struct synth_date){1987, 3, 9});
    assert_true(str_equal(synth_text_str(&text), STR("1987-03-09")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_days),
        cmocka_unit_test(test_every_day_of_two_centuries),
        cmocka_unit_test(test_month_lengths),
        cmocka_unit_test(test_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
