#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "synth/corruption.h"

static struct synth_text text_of(const char *terminated)
{
    struct synth_text text;
    synth_text_set(&text, str_from(terminated));
    return text;
}

static bool text_is(const struct synth_text *text, const char *terminated)
{
    return str_equal(synth_text_str(text), str_from(terminated));
}

static void test_words_change_by_little(void **state)
{
    (void)state;
    struct random random;
    random_seed(&random, 1);
    unsigned changed = 0;
    for (int i = 0; i < 20000; i++) {
        struct synth_text text = text_of("christopher");
        synth_corrupt_word(&text, &random);
        changed += !text_is(&text, "christopher");
        assert_true(str_name_distance(synth_text_str(&text), STR("christopher")) <= 2);
        for (size_t at = 0; at < text.len; at++) {
            char c = text.bytes[at];
            assert_true((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'));
        }
    }
    assert_in_range(changed, 19900, 20000);
}

static void test_words_stay_valid(void **state)
{
    (void)state;
    static const char *const words[] = {"zoë", "núñez", "é", "", "123", "o'brien", "a", "li", "--"};
    struct random random;
    random_seed(&random, 2);
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
        for (int times = 0; times < 3000; times++) {
            struct synth_text text = text_of(words[i]);
            synth_corrupt_word(&text, &random);
            struct str result = synth_text_str(&text);
            assert_int_equal(utf8_valid_prefix(result), result.len);
            assert_true(result.len > 0 || words[i][0] == '\0');
        }
    }
}

static void test_a_full_text_is_not_overrun(void **state)
{
    (void)state;
    struct random random;
    random_seed(&random, 3);
    struct synth_text text;
    synth_text_clear(&text);
    while (text.len < SYNTH_TEXT_MAX) {
        synth_text_append(&text, STR("name1"));
    }
    assert_int_equal(text.len, SYNTH_TEXT_MAX);
    for (int times = 0; times < 20000; times++) {
        struct synth_text word = text;
        synth_corrupt_word(&word, &random);
        synth_corrupt_digits(&word, 0, &random);
        assert_in_range(word.len, SYNTH_TEXT_MAX - 6, SYNTH_TEXT_MAX);
    }
}

static void test_digits_before_first_are_left(void **state)
{
    (void)state;
    struct random random;
    random_seed(&random, 4);
    unsigned changed = 0;
    for (int times = 0; times < 20000; times++) {
        struct synth_text text = text_of("912345678");
        synth_corrupt_digits(&text, 1, &random);
        assert_int_equal(text.bytes[0], '9');
        assert_in_range(text.len, 8, 10);
        for (size_t at = 0; at < text.len; at++) {
            assert_true(text.bytes[at] >= '0' && text.bytes[at] <= '9');
        }
        changed += !text_is(&text, "912345678");
    }
    assert_int_equal(changed, 20000);
    struct synth_text text = text_of("main st");
    synth_corrupt_digits(&text, 0, &random);
    assert_true(text_is(&text, "main st"));
    synth_corrupt_digits(&text, 50, &random);
    assert_true(text_is(&text, "main st"));
}

static void test_dates_exist(void **state)
{
    (void)state;
    struct random random;
    random_seed(&random, 5);
    for (int32_t day = -25567; day < 20269; day++) {
        struct synth_date date = synth_day_date(day);
        synth_corrupt_date(&date, &random);
        assert_in_range(date.year, 1900, 2025);
        assert_in_range(date.month, 1, 12);
        assert_in_range(date.day, 1, synth_month_length(date.year, date.month));
    }
}

static void test_accents(void **state)
{
    (void)state;
    struct synth_text text = text_of("zoë peña-núñez");
    assert_true(synth_strip_accents(&text));
    assert_true(text_is(&text, "zoe pena-nunez"));
    assert_false(synth_strip_accents(&text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_change_by_little),
        cmocka_unit_test(test_words_stay_valid),
        cmocka_unit_test(test_a_full_text_is_not_overrun),
        cmocka_unit_test(test_digits_before_first_are_left),
        cmocka_unit_test(test_dates_exist),
        cmocka_unit_test(test_accents),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
