#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "empi/object_id.h"
#include "empi/page.h"

#define UUID "0123abcd-4567-89ef-a012-b3456789cdef"

static int64_t number_of(const char *text)
{
    int64_t number = -1;
    return object_id_parse(&number, str_from(text), OBJECT_ID_PERSON_RECORD) ? number : -1;
}

static void numbers_are_as_they_are_given_out(void **state)
{
    (void)state;
    assert_int_equal(number_of("pr_1"), 1);
    assert_int_equal(number_of("pr_9223372036854775807"), INT64_MAX);
    static const char *const wrong[] = {
        "",      "pr_",    "pr",    "1",      "pr_0",   "pr_01", "pr_-1",
        "pr_+1", "pr_1 ",  " pr_1", "pr_1.0", "pr_1e3", "PR_1",  "pr_9223372036854775808",
        "prr_1", "prre_1", "p_1",   "pr_x",   "pr__1",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
        assert_int_equal(number_of(wrong[i]), -1);
    }
}

static void persons_are_uuids(void **state)
{
    (void)state;
    char uuid[OBJECT_ID_UUID_SIZE];
    assert_true(object_id_parse_person(uuid, STR("p_" UUID)));
    assert_string_equal(uuid, UUID);
    static const char *const wrong[] = {
        "",
        "p_",
        "0123abcd-4567-89ef-a012-b3456789cdef",
        "p_0123abcd-4567-89ef-a012-b3456789cdef0",
        "pr_0123abcd-4567-89ef-a012-b3456789cdef",
        "p_0123ABCD-4567-89ef-a012-b3456789cdef",
        "p_0123abcd-4567-89ef-a012-b3456789cde",
        "p_0123abcd_4567-89ef-a012-b3456789cdef",
        "p_g123abcd-4567-89ef-a012-b3456789cdef",
        "p_0123abcd4-567-89ef-a012-b3456789cdef",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
        assert_false(object_id_parse_person(uuid, str_from(wrong[i])));
    }
}

static void pages_count_what_is_left(void **state)
{
    (void)state;
    static const struct {
        struct page page;
        int64_t total;
        bool next;
    } cases[] = {
        {{1, 50, 0}, 0, false},   {{1, 50, 1}, 1, false},
        {{1, 50, 50}, 1, false},  {{1, 50, 51}, 2, true},
        {{2, 50, 51}, 2, false},  {{2, 50, 100}, 2, false},
        {{9, 50, 100}, 2, false}, {{1, 1, INT64_MAX}, INT64_MAX, true},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        assert_int_equal(page_total(&cases[i].page), cases[i].total);
        assert_int_equal(page_has_next(&cases[i].page), cases[i].next);
        assert_int_equal(page_has_previous(&cases[i].page), cases[i].page.number > 1);
    }
    struct page_request last = {PAGE_NUMBER_MOST, PAGE_SIZE_MOST};
    assert_true(page_offset(last) > 0 && page_offset(last) <= INT64_MAX - PAGE_SIZE_MOST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_as_they_are_given_out),
        cmocka_unit_test(persons_are_uuids),
        cmocka_unit_test(pages_count_what_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
