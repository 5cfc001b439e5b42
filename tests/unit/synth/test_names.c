#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/utf8.h"
#include "synth/names.h"

static struct arena arena;
static struct synth_names names;

static int set_up(void **state)
{
    (void)state;
    struct error error;
    arena = ARENA(4 << 20);
    return synth_names_build(&names, &arena, &error);
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

/* Each word of a list is lower-case text of some length, and stands there once. */
static void check_words(const struct synth_words *words)
{
    for (uint32_t i = 0; i < words->choice.count; i++) {
        struct str word = words->items[i];
        assert_in_range(word.len, 1, 30);
        assert_int_equal(utf8_valid_prefix(word), word.len);
        for (size_t at = 0; at < word.len; at++) {
            assert_false(word.ptr[at] >= 'A' && word.ptr[at] <= 'Z');
        }
        for (uint32_t other = i + 1; other < words->choice.count; other++) {
            assert_false(str_equal(word, words->items[other]));
        }
    }
}

static void test_tables(void **state)
{
    (void)state;
    uint32_t surnames = 0;
    for (int sex = 0; sex < SYNTH_SEX_COUNT; sex++) {
        for (int period = 0; period < SYNTH_PERIODS; period++) {
            check_words(&names.first[sex][period]);
        }
        for (int origin = SYNTH_ORIGIN_BLACK; origin < SYNTH_ORIGIN_COUNT; origin++) {
            check_words(&names.origin_first[origin][sex]);
        }
    }
    for (int origin = 0; origin < SYNTH_ORIGIN_COUNT; origin++) {
        check_words(&names.surnames[origin]);
        surnames += origin == SYNTH_ORIGIN_BLACK ? 0 : names.surnames[origin].choice.count;
    }
    for (int kind = 0; kind < SYNTH_SURNAME_KINDS; kind++) {
        check_words(&names.surname_parts[kind][0]);
        check_words(&names.surname_parts[kind][1]);
    }
    assert_true(surnames >= 1000);
}

static void test_nicknames_are_ordered(void **state)
{
    (void)state;
    assert_true(names.nickname_count > 100);
    for (uint32_t i = 0; i < names.nickname_count; i++) {
        const char *entry = synth_nicknames[i];
        struct str formal = {entry, strcspn(entry, "=")};
        assert_int_equal(entry[formal.len], '=');
        if (i > 0) {
            const char *before = synth_nicknames[i - 1];
            assert_true(str_compare((struct str){before, strcspn(before, "=")}, formal) < 0);
        }
        struct random random;
        random_seed(&random, i);
        struct synth_text name;
        synth_text_set(&name, formal);
        assert_true(synth_names_shorten(&name, &names, &random));
        assert_true(name.len > 0);
        assert_false(str_equal(synth_text_str(&name), formal));
        assert_null(memchr(name.bytes, ',', name.len));
    }
    struct random random;
    random_seed(&random, 1);
    struct synth_text name;
    synth_text_set(&name, STR("zz"));
    assert_false(synth_names_shorten(&name, &names, &random));
    synth_text_clear(&name);
    assert_false(synth_names_shorten(&name, &names, &random));
}

/* How many of 100,000 draws give `sought`. */
static unsigned count_surname(enum synth_origin origin, struct str sought)
{
    struct random random;
    random_seed(&random, 11);
    unsigned found = 0;
    for (int i = 0; i < 100000; i++) {
        struct synth_text name;
        synth_names_surname(&name, &names, origin, &random);
        found += str_equal(synth_text_str(&name), sought);
    }
    return found;
}

static void test_surnames_are_skewed(void **state)
{
    (void)state;
    /* Of white people in the census of 2010 0.8 % are called Smith, a third of that Parker. */
    unsigned smith = count_surname(SYNTH_ORIGIN_WHITE, STR("smith"));
    unsigned parker = count_surname(SYNTH_ORIGIN_WHITE, STR("parker"));
    assert_in_range(smith, 700, 1800);
    assert_in_range(parker, smith / 10, smith / 3);
    assert_in_range(count_surname(SYNTH_ORIGIN_HISPANIC, STR("garcia")), 1500, 5000);
    assert_in_range(count_surname(SYNTH_ORIGIN_ASIAN, STR("nguyen")), 1500, 5000);
    assert_int_equal(count_surname(SYNTH_ORIGIN_ASIAN, STR("garza")), 0);
}

static unsigned count_first(enum synth_sex sex, int32_t year, struct str sought)
{
    struct random random;
    random_seed(&random, 12);
    unsigned found = 0;
    for (int i = 0; i < 100000; i++) {
        struct synth_text name;
        synth_names_first(&name, &names, sex, year, SYNTH_ORIGIN_WHITE, &random);
        found += str_equal(synth_text_str(&name), sought);
    }
    return found;
}

static void test_first_names_follow_fashion(void **state)
{
    (void)state;
    unsigned then = count_first(SYNTH_MALE, 1930, STR("james"));
    unsigned now = count_first(SYNTH_MALE, 2015, STR("james"));
    assert_in_range(then, 3500, 8000);
    assert_in_range(now, 500, 2500);
    assert_int_equal(count_first(SYNTH_FEMALE, 1930, STR("nevaeh")), 0);
    assert_true(count_first(SYNTH_FEMALE, 2015, STR("nevaeh")) > 50);
    /* The borders of the periods. */
    assert_true(count_first(SYNTH_FEMALE, 1944, STR("myrtle")) > 0);
    assert_int_equal(count_first(SYNTH_FEMALE, 1945, STR("myrtle")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tables),
        cmocka_unit_test(test_nicknames_are_ordered),
        cmocka_unit_test(test_surnames_are_skewed),
        cmocka_unit_test(test_first_names_follow_fashion),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
