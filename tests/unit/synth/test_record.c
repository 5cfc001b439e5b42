#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/utf8.h"
#include "synth/calendar.h"
#include "synth/record.h"

enum { PEOPLE = 20000 };

static struct synth_world *world;

static int set_up(void **state)
{
    (void)state;
    struct error error;
    return synth_world_create(&world, 3, false, &error);
}

static int tear_down(void **state)
{
    (void)state;
    synth_world_free(world);
    return 0;
}

static struct str field(const struct synth_record *record, enum synth_field number)
{
    return synth_text_str(&record->fields[number]);
}

/* The digits of a text alone. */
static struct synth_text digits_of(struct str text)
{
    struct synth_text digits;
    synth_text_clear(&digits);
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] >= '0' && text.ptr[i] <= '9') {
            synth_text_append_char(&digits, text.ptr[i]);
        }
    }
    return digits;
}

static void check_ssn(struct str text)
{
    struct synth_text digits = digits_of(text);
    if (digits.len == 9) {
        bool area_9 = digits.bytes[0] == '9';
        bool placeholder = str_equal(text, STR("000000000")) || str_equal(text, STR("666666666"));
        assert_true(area_9 || placeholder);
    }
}

static void check_phone(struct str text)
{
    struct synth_text digits = digits_of(text);
    if (digits.len != 10 || str_equal(text, STR("0000000000"))) {
        return;
    }
    bool area = memcmp(digits.bytes, "555", 3) == 0;
    bool exchange = memcmp(digits.bytes + 3, "555", 3) == 0;
    assert_true(area || exchange);
    assert_true(memcmp(digits.bytes + 3, "5551212", 7) != 0);
}

static void check_date(struct str text, bool required)
{
    if (text.len == 0) {
        assert_false(required);
        return;
    }
    assert_int_equal(text.len, 10);
    struct synth_date date = {0};
    for (size_t i = 0; i < 10; i++) {
        int32_t *part = i < 4 ? &date.year : i < 7 ? &date.month : &date.day;
        if (i == 4 || i == 7) {
            assert_int_equal(text.ptr[i], '-');
        } else {
            assert_in_range(text.ptr[i], '0', '9');
            *part = *part * 10 + (text.ptr[i] - '0');
        }
    }
    assert_in_range(date.year, 1900, 2025);
    assert_in_range(date.month, 1, 12);
    assert_in_range(date.day, 1, synth_month_length(date.year, date.month));
}

static void test_every_field_is_sound(void **state)
{
    (void)state;
    for (uint64_t number = 0; number < PEOPLE; number++) {
        struct synth_record record;
        synth_record_make(&record, world, SYNTH_ERRORS_HIGH, number, (uint32_t)(number % 5));
        check_ssn(field(&record, SYNTH_SOCIAL_SECURITY_NUMBER));
        check_phone(field(&record, SYNTH_PHONE));
        check_date(field(&record, SYNTH_BIRTH_DATE), false);
        check_date(field(&record, SYNTH_DEATH_DATE), false);
        struct str sex = field(&record, SYNTH_SEX);
        assert_true(sex.len == 0 || (sex.len == 1 && (sex.ptr[0] == 'f' || sex.ptr[0] == 'm')));
        assert_true(field(&record, SYNTH_DATA_SOURCE).len > 0);
        for (int i = 0; i < SYNTH_FIELD_COUNT; i++) {
            struct str text = synth_text_str(&record.fields[i]);
            assert_int_equal(utf8_valid_prefix(text), text.len);
        }
    }
}

/* Fields that differ between the first two records of people, and fields that are missing. */
struct tally {
    unsigned differ[SYNTH_FIELD_COUNT];
    unsigned missing[SYNTH_FIELD_COUNT];
};

static struct tally tally(enum synth_errors errors)
{
    struct tally result = {0};
    for (uint64_t number = 0; number < PEOPLE; number++) {
        struct synth_record first;
        struct synth_record second;
        synth_record_make(&first, world, errors, number, 0);
        synth_record_make(&second, world, errors, number, 1);
        for (int i = 0; i < SYNTH_FIELD_COUNT; i++) {
            struct str a = synth_text_str(&first.fields[i]);
            struct str b = synth_text_str(&second.fields[i]);
            result.missing[i] += a.len == 0;
            result.differ[i] += a.len > 0 && b.len > 0 && !str_equal(a, b);
        }
    }
    return result;
}

static void test_rates(void **state)
{
    (void)state;
    static const struct {
        enum synth_field field;
        unsigned differ[2]; /* at least, at most, per cent at medium errors */
        unsigned missing[2];
    } bounds[] = {
        {SYNTH_DATA_SOURCE, {100, 100}, {0, 0}},
        {SYNTH_FIRST_NAME, {8, 20}, {0, 1}},
        {SYNTH_LAST_NAME, {4, 16}, {0, 1}},
        {SYNTH_SEX, {0, 1}, {0, 2}},
        {SYNTH_RACE, {3, 10}, {25, 50}},
        {SYNTH_BIRTH_DATE, {2, 7}, {0, 2}},
        {SYNTH_SOCIAL_SECURITY_NUMBER, {4, 12}, {20, 45}},
        {SYNTH_ADDRESS, {25, 55}, {8, 20}},
        {SYNTH_CITY, {8, 30}, {1, 3}},
        {SYNTH_STATE, {3, 20}, {1, 3}},
        {SYNTH_ZIP_CODE, {15, 35}, {1, 3}},
        {SYNTH_COUNTY, {3, 20}, {25, 35}},
        {SYNTH_PHONE, {30, 55}, {18, 35}},
    };
    struct tally medium = tally(SYNTH_ERRORS_MEDIUM);
    for (size_t i = 0; i < ARRAY_LENGTH(bounds); i++) {
        unsigned differ = medium.differ[bounds[i].field];
        unsigned missing = medium.missing[bounds[i].field];
        unsigned both = PEOPLE - missing; /* about, for the few that are missing */
        if (differ * 100 < bounds[i].differ[0] * both * 7 / 10 ||
            differ * 100 > bounds[i].differ[1] * PEOPLE ||
            missing * 100 < bounds[i].missing[0] * PEOPLE ||
            missing * 100 > bounds[i].missing[1] * PEOPLE) {
            fail_msg("%s: %u differ, %u missing of %u", synth_field_names[bounds[i].field], differ,
                     missing, PEOPLE);
        }
    }
    struct tally low = tally(SYNTH_ERRORS_LOW);
    struct tally high = tally(SYNTH_ERRORS_HIGH);
    for (int i = SYNTH_FIRST_NAME; i < SYNTH_FIELD_COUNT; i++) {
        if (i != SYNTH_DEATH_DATE) {
            assert_true(low.missing[i] < medium.missing[i]);
            assert_true(medium.missing[i] < high.missing[i]);
        }
    }
    assert_true(low.differ[SYNTH_FIRST_NAME] * 2 < medium.differ[SYNTH_FIRST_NAME]);
    assert_true(medium.differ[SYNTH_FIRST_NAME] * 3 < high.differ[SYNTH_FIRST_NAME] * 2);
}

static void test_truth_is_in_the_id(void **state)
{
    (void)state;
    struct synth_record record;
    synth_record_make(&record, world, SYNTH_ERRORS_LOW, 1234567890123, 17);
    assert_true(str_equal(field(&record, SYNTH_SOURCE_PERSON_ID), STR("1234567890123-17")));
}

static void test_sources_differ(void **state)
{
    (void)state;
    for (uint64_t number = 0; number < 200; number++) {
        struct synth_record records[4];
        for (uint32_t i = 0; i < 4; i++) {
            synth_record_make(&records[i], world, SYNTH_ERRORS_LOW, number, i);
            for (uint32_t before = 0; before < i; before++) {
                assert_false(str_equal(field(&records[before], SYNTH_DATA_SOURCE),
                                       field(&records[i], SYNTH_DATA_SOURCE)));
            }
        }
    }
}

static void test_what_goes_wrong(void **state)
{
    (void)state;
    /* Each of these turns up somewhere among many records. */
    unsigned junior = 0, placeholder_ssn = 0, placeholder_birth = 0, unknown = 0, formatted = 0;
    unsigned swapped = 0, short_zip = 0, dead = 0;
    for (uint64_t number = 0; number < PEOPLE; number++) {
        struct synth_record record;
        struct synth_person person;
        synth_person_make(&person, world, number);
        synth_record_make(&record, world, SYNTH_ERRORS_HIGH, number, 0);
        junior += str_ends_with(field(&record, SYNTH_LAST_NAME), STR(" jr"));
        placeholder_ssn +=
            str_equal(field(&record, SYNTH_SOCIAL_SECURITY_NUMBER), STR("999999999"));
        placeholder_birth += str_equal(field(&record, SYNTH_BIRTH_DATE), STR("1900-01-01"));
        unknown += str_equal(field(&record, SYNTH_LAST_NAME), STR("unknown"));
        formatted +=
            field(&record, SYNTH_PHONE).len > 0 && field(&record, SYNTH_PHONE).ptr[0] == '(';
        swapped += str_equal(field(&record, SYNTH_FIRST_NAME), synth_text_str(&person.surname)) &&
                   str_equal(field(&record, SYNTH_LAST_NAME), synth_text_str(&person.first_name));
        short_zip += field(&record, SYNTH_ZIP_CODE).len == 4;
        dead += field(&record, SYNTH_DEATH_DATE).len > 0;
    }
    assert_true(junior > 20 && placeholder_ssn > 20 && placeholder_birth > 50 && unknown > 10);
    assert_true(formatted > 50 && swapped > 50 && short_zip > 50 && dead > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_field_is_sound), cmocka_unit_test(test_rates),
        cmocka_unit_test(test_truth_is_in_the_id),   cmocka_unit_test(test_sources_differ),
        cmocka_unit_test(test_what_goes_wrong),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
