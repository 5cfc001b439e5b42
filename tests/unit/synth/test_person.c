#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "synth/calendar.h"
#include "synth/person.h"

enum { PEOPLE = 20000 };

static struct synth_world *ordinary;
static struct synth_world *families;

static int set_up(void **state)
{
    (void)state;
    struct error error;
    return synth_world_create(&ordinary, 1, false, &error) == STATUS_OK
               ? synth_world_create(&families, 1, true, &error)
               : -1;
}

static int tear_down(void **state)
{
    (void)state;
    synth_world_free(ordinary);
    synth_world_free(families);
    synth_world_free(NULL);
    return 0;
}

static void check_phone(uint64_t phone)
{
    bool area = phone / 10000000 == 555;
    bool exchange = phone / 10000 % 1000 == 555;
    assert_true(phone >= UINT64_C(2010000000) && phone <= UINT64_C(9999999999));
    assert_true(area || exchange);
    assert_false(phone % 10000000 == 5551212);
}

static void test_numbers_are_nobodys(void **state)
{
    (void)state;
    for (uint64_t number = 0; number < PEOPLE; number++) {
        struct synth_person person;
        synth_person_make(&person, ordinary, number);
        assert_in_range(person.ssn, 900010001, 999499999);
        assert_in_range(person.ssn / 10000 % 100, 1, 49);
        assert_int_not_equal(person.ssn % 10000, 0);
        check_phone(person.phones[0]);
        check_phone(person.phones[1]);
    }
}

static void test_lives_are_plausible(void **state)
{
    (void)state;
    unsigned dead = 0;
    unsigned renamed = 0;
    unsigned women = 0;
    for (uint64_t number = 0; number < PEOPLE; number++) {
        struct synth_person person;
        synth_person_make(&person, families, number);
        assert_in_range(synth_day_date(person.birth).year, 1920, 2025);
        assert_true(person.birth < SYNTH_LAST_DAY && person.death > person.birth);
        assert_true(person.death >= SYNTH_FIRST_DAY);
        assert_true(person.renamed > person.birth + 18 * 365);
        assert_in_range(person.home_count, 1, SYNTH_HOMES);
        for (uint32_t home = 1; home < person.home_count; home++) {
            assert_true(person.moved_in[home] >= person.moved_in[home - 1]);
        }
        dead += person.death != SYNTH_NEVER;
        women += person.sex == SYNTH_FEMALE;
        renamed += person.renamed < SYNTH_LAST_DAY;
    }
    assert_in_range(dead, PEOPLE * 3 / 100, PEOPLE * 12 / 100);
    assert_in_range(women, PEOPLE * 47 / 100, PEOPLE * 53 / 100);
    assert_in_range(renamed, PEOPLE * 20 / 100, PEOPLE * 45 / 100);
}

static bool same_text(const struct synth_text *a, const struct synth_text *b)
{
    return str_equal(synth_text_str(a), synth_text_str(b));
}

struct kin {
    unsigned twins;
    unsigned juniors;
    unsigned sharing; /* spouses under one roof */
};

static struct kin count_kin(const struct synth_world *world)
{
    struct kin kin = {0};
    for (uint64_t house = 0; house < PEOPLE / 4; house++) {
        struct synth_person member[4];
        for (uint64_t role = 0; role < 4; role++) {
            synth_person_make(&member[role], world, house * 4 + role);
        }
        kin.twins += member[2].birth == member[3].birth;
        kin.sharing += same_text(&member[0].homes[0].address, &member[1].homes[0].address);
        if (member[2].junior) {
            const struct synth_person *parent = &member[member[2].sex == SYNTH_MALE ? 0 : 1];
            assert_true(same_text(&member[2].first_name, &parent->first_name));
            assert_true(same_text(&member[2].surname, &member[0].surname));
            assert_true(member[2].birth > parent->birth + 15 * 365);
            assert_true(member[2].phones[0] == parent->phones[0]);
            kin.juniors++;
        }
    }
    return kin;
}

static void test_kin(void **state)
{
    (void)state;
    struct kin few = count_kin(ordinary);
    struct kin many = count_kin(families);
    /* Of 5,000 households a quarter are families: 3 % twins, 8 % juniors; or 85 %: 20 %, 30 %. */
    assert_in_range(few.sharing, 1150, 1350);
    assert_in_range(few.twins, 20, 60);
    assert_in_range(few.juniors, 70, 130);
    assert_in_range(many.sharing, 4150, 4350);
    assert_in_range(many.twins, 780, 920);
    assert_in_range(many.juniors, 1180, 1370);
}

static void test_a_person_is_always_the_same(void **state)
{
    (void)state;
    struct synth_world *again;
    struct error error;
    assert_int_equal(synth_world_create(&again, 1, false, &error), STATUS_OK);
    for (uint64_t number = 0; number < 100; number++) {
        struct synth_person first;
        struct synth_person second;
        synth_person_make(&first, ordinary, 99 - number);
        synth_person_make(&second, again, 99 - number);
        assert_true(same_text(&first.first_name, &second.first_name));
        assert_true(same_text(&first.surname, &second.surname));
        assert_int_equal(first.birth, second.birth);
        assert_int_equal(first.ssn, second.ssn);
    }
    synth_world_free(again);
}

static void test_seeds_differ(void **state)
{
    (void)state;
    struct synth_world *other;
    struct error error;
    assert_int_equal(synth_world_create(&other, 2, false, &error), STATUS_OK);
    unsigned same = 0;
    for (uint64_t number = 0; number < 1000; number++) {
        struct synth_person first;
        struct synth_person second;
        synth_person_make(&first, ordinary, number);
        synth_person_make(&second, other, number);
        same += first.birth == second.birth || first.ssn == second.ssn;
    }
    assert_true(same < 10);
    synth_world_free(other);
}

static void test_homes_by_day(void **state)
{
    (void)state;
    struct synth_person person = {.home_count = 3, .moved_in = {INT32_MIN, 100, 200}};
    assert_int_equal(synth_person_home(&person, 99), 0);
    assert_int_equal(synth_person_home(&person, 100), 1);
    assert_int_equal(synth_person_home(&person, 199), 1);
    assert_int_equal(synth_person_home(&person, 5000), 2);
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    struct synth_world *world;
    struct error error;
    memory_allocation_count();
    assert_int_equal(synth_world_create(&world, 1, false, &error), STATUS_OK);
    synth_world_free(world);
    uint64_t count = memory_allocation_count();
    assert_true(count > 1);
    for (uint64_t nth = 1; nth <= count; nth++) {
        uint64_t before = memory_in_use();
        memory_fail_from(nth);
        assert_int_equal(synth_world_create(&world, 1, false, &error), STATUS_RESOURCES);
        memory_fail_from(0);
        assert_true(memory_in_use() == before);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_are_nobodys),
        cmocka_unit_test(test_lives_are_plausible),
        cmocka_unit_test(test_kin),
        cmocka_unit_test(test_a_person_is_always_the_same),
        cmocka_unit_test(test_seeds_differ),
        cmocka_unit_test(test_homes_by_day),
        cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
