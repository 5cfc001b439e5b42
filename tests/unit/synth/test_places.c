#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "synth/places.h"

static struct arena arena;
static struct synth_places places;

static int set_up(void **state)
{
    (void)state;
    struct error error;
    arena = ARENA(4 << 20);
    return synth_places_build(&places, &arena, &error);
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static void test_table(void **state)
{
    (void)state;
    assert_true(synth_city_count > 250);
    for (uint32_t i = 0; i < synth_city_count; i++) {
        const struct synth_city *city = &synth_cities[i];
        assert_int_equal(strlen(city->state), 2);
        assert_int_equal(strspn(city->zip3, "0123456789"), 3);
        assert_int_equal(strlen(city->zip3), 3);
        assert_in_range(city->population, 1, 10000);
        assert_in_range(strlen(city->county), 3, 40);
        for (uint32_t other = i + 1; other < synth_city_count; other++) {
            assert_false(strcmp(city->name, synth_cities[other].name) == 0 &&
                         strcmp(city->state, synth_cities[other].state) == 0);
        }
    }
    for (uint32_t i = 0; i < synth_area_code_count; i++) {
        assert_in_range(synth_area_codes[i], 201, 999);
        assert_int_not_equal(synth_area_codes[i], 555);
    }
}

static void check_home(const struct synth_home *home)
{
    assert_int_equal(home->zip / 100,
                     (uint32_t)((home->near->zip3[0] - '0') * 100 +
                                (home->near->zip3[1] - '0') * 10 + (home->near->zip3[2] - '0')));
    assert_true(home->city.len > 0 && home->address.len > 5);
    assert_true(home->address.len < SYNTH_TEXT_MAX);
}

static void test_homes_agree_with_their_city(void **state)
{
    (void)state;
    struct random random;
    random_seed(&random, 1);
    unsigned in_city = 0;
    unsigned stayed = 0;
    unsigned los_angeles = 0;
    for (int i = 0; i < 20000; i++) {
        struct synth_home home;
        struct synth_home next;
        synth_places_home(&home, &places, &random);
        synth_places_move(&next, &places, &home, &random);
        check_home(&home);
        check_home(&next);
        in_city += str_equal(synth_text_str(&home.city), str_from(home.near->name));
        los_angeles += strcmp(home.near->name, "los angeles") == 0;
        stayed += home.near == next.near;
    }
    assert_in_range(in_city, 12600, 13400);  /* 65 % */
    assert_in_range(stayed, 13900, 14700);   /* 70 %, and chance */
    assert_in_range(los_angeles, 700, 1200); /* 3.9 of 84 million */
}

static void test_towns_are_the_same_for_every_seed(void **state)
{
    (void)state;
    /* Two towns of a name with different ZIP codes may lie near one city, but few. */
    struct str names[64];
    struct synth_home homes[64];
    size_t count = 0;
    for (uint64_t seed = 0; count < 64 && seed < 20000; seed++) {
        struct random random;
        random_seed(&random, seed);
        synth_places_home(&homes[count], &places, &random);
        if (strcmp(homes[count].near->name, "boise") == 0 &&
            !str_equal(synth_text_str(&homes[count].city), STR("boise"))) {
            names[count] = synth_text_str(&homes[count].city);
            count++;
        }
    }
    assert_true(count > 10);
    size_t distinct = 0;
    for (size_t i = 0; i < count; i++) {
        size_t before = 0;
        while (!str_equal(names[before], names[i])) {
            before++;
        }
        distinct += before == i;
    }
    assert_in_range(distinct, 3, 24);
}

static void check_respelling(const char *from, const char *to)
{
    struct random random;
    random_seed(&random, 2);
    bool found = false;
    for (int i = 0; i < 100 && !found; i++) {
        struct synth_text text;
        synth_text_set(&text, str_from(from));
        synth_places_respell(&text, &random);
        found = str_equal(synth_text_str(&text), str_from(to));
    }
    assert_true(found);
}

static void test_respelling(void **state)
{
    (void)state;
    check_respelling("12 main st", "12 main street");
    check_respelling("12 main avenue", "12 main ave");
    check_respelling("12 n main st apt 3", "12 n main st # 3");
    check_respelling("12 n main st apt 3", "12 north main st apt 3");
    struct random random;
    random_seed(&random, 2);
    struct synth_text text;
    synth_text_set(&text, STR("po box 12"));
    assert_false(synth_places_respell(&text, &random));
    synth_text_clear(&text);
    assert_false(synth_places_respell(&text, &random));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_homes_agree_with_their_city),
        cmocka_unit_test(test_towns_are_the_same_for_every_seed),
        cmocka_unit_test(test_respelling),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
