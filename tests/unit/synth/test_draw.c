#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "synth/draw.h"

static void test_choice_follows_weights(void **state)
{
    (void)state;
    struct arena arena = ARENA(1 << 20);
    static const uint32_t weights[] = {5, 0, 80, 10, 5};
    struct synth_choice choice;
    assert_true(synth_choice_build(&choice, weights, ARRAY_LENGTH(weights), &arena));
    uint32_t drawn[ARRAY_LENGTH(weights)] = {0};
    struct random random;
    random_seed(&random, 7);
    for (int i = 0; i < 100000; i++) {
        drawn[synth_choice_draw(&choice, &random)]++;
    }
    for (size_t i = 0; i < ARRAY_LENGTH(weights); i++) {
        assert_in_range(drawn[i], weights[i] * 1000 - weights[i] * 60,
                        weights[i] * 1000 + weights[i] * 60);
    }
    arena_free(&arena);
}

static void test_choice_of_one(void **state)
{
    (void)state;
    struct arena arena = ARENA(1 << 20);
    struct synth_choice choice;
    assert_true(synth_choice_build(&choice, (const uint32_t[]){3}, 1, &arena));
    struct random random;
    random_seed(&random, 7);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(synth_choice_draw(&choice, &random), 0);
    }
    arena_free(&arena);
}

static void test_zipf_falls(void **state)
{
    (void)state;
    struct arena arena = ARENA(1 << 20);
    struct synth_choice choice;
    assert_true(synth_choice_zipf(&choice, 1000, 1, &arena));
    uint32_t drawn[1000] = {0};
    struct random random;
    random_seed(&random, 8);
    for (int i = 0; i < 1000000; i++) {
        drawn[synth_choice_draw(&choice, &random)]++;
    }
    /* The harmonic number of 1000 is 7.485: rank 0 has 13.36 %, rank 9 a tenth of that. */
    assert_in_range(drawn[0], 132000, 135200);
    assert_in_range(drawn[9], 12800, 13920);
    assert_in_range(drawn[99], 1200, 1480);
    arena_free(&arena);
}

static void test_words_are_split(void **state)
{
    (void)state;
    struct arena arena = ARENA(1 << 20);
    struct synth_words words;
    assert_true(synth_words_build(&words, "smith,de la cruz,o'brien", 1, &arena));
    assert_int_equal(words.choice.count, 3);
    assert_true(str_equal(words.items[0], STR("smith")));
    assert_true(str_equal(words.items[1], STR("de la cruz")));
    assert_true(str_equal(words.items[2], STR("o'brien")));
    arena_free(&arena);
}

static void test_full_arena_is_told(void **state)
{
    (void)state;
    struct arena arena = ARENA(64);
    struct synth_choice choice;
    struct synth_words words;
    assert_false(synth_choice_zipf(&choice, 1000, 1, &arena));
    assert_false(synth_words_build(&words, "a,b,c,d,e,f,g,h", 1, &arena));
    arena_free(&arena);
}

static void test_bounds_of_draws(void **state)
{
    (void)state;
    struct random random;
    random_seed(&random, 9);
    uint32_t seen[7] = {0};
    for (int i = 0; i < 10000; i++) {
        int32_t drawn = synth_between(&random, -3, 3);
        assert_in_range(drawn + 3, 0, 6);
        seen[drawn + 3]++;
        assert_false(synth_chance(&random, 0));
        assert_true(synth_chance(&random, 10000));
    }
    for (int i = 0; i < 7; i++) {
        assert_in_range(seen[i], 1250, 1610);
    }
}

static void test_mix_tells_apart(void **state)
{
    (void)state;
    uint64_t first = synth_mix(1, SYNTH_STREAM_PERSON, 2);
    assert_true(first == synth_mix(1, SYNTH_STREAM_PERSON, 2));
    assert_true(first != synth_mix(2, SYNTH_STREAM_PERSON, 2));
    assert_true(first != synth_mix(1, SYNTH_STREAM_LIFE, 2));
    assert_true(first != synth_mix(1, SYNTH_STREAM_PERSON, 1));
    /* Seed and number must not be interchangeable. */
    assert_true(synth_mix(1, SYNTH_STREAM_ROWS, 0) != synth_mix(0, SYNTH_STREAM_ROWS, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_choice_follows_weights),
        cmocka_unit_test(test_choice_of_one),
        cmocka_unit_test(test_zipf_falls),
        cmocka_unit_test(test_words_are_split),
        cmocka_unit_test(test_full_arena_is_told),
        cmocka_unit_test(test_bounds_of_draws),
        cmocka_unit_test(test_mix_tells_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
