#include "base/error.h"

#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "support.h"

static struct error error;

static void sets_and_clears(void **state)
{
    (void)state;
    memset(&error, 'x', sizeof error);
    assert_int_equal(error_set(&error, STATUS_INVALID, "%s, line %d: bad", "a.csv", 7),
                     STATUS_INVALID);
    assert_int_equal(error.status, STATUS_INVALID);
    assert_string_equal(error.message, "a.csv, line 7: bad");
    assert_string_equal(error.detail, "");
    assert_string_equal(error.hint, "");
}

static void adds_hint_detail_and_prefix(void **state)
{
    (void)state;
    error_set(&error, STATUS_INVALID, "two faults");
    error_detail(&error, "fault %d", 1);
    error_detail(&error, "fault %d", 2);
    error_hint(&error, "mend %s", "it");
    error_prefix(&error, "model %s", "m.json");
    assert_string_equal(error.message, "model m.json: two faults");
    assert_string_equal(error.detail, "fault 1\nfault 2");
    assert_string_equal(error.hint, "mend it");
}

/* `count` times "é", which is of two bytes. */
static const char *accents(size_t count)
{
    static char text[20001];
    for (size_t i = 0; i < count; i++) {
        memcpy(text + 2 * i, "\xC3\xA9", 2);
    }
    text[2 * count] = '\0';
    return text;
}

static void assert_cut_well(const char *text, size_t size)
{
    struct str cut = str_from(text);
    assert_true(cut.len >= size - 4);
    assert_true(cut.len < size);
    assert_int_equal(utf8_valid_prefix(cut), cut.len);
}

static void cuts_between_characters(void **state)
{
    (void)state;
    for (size_t shift = 0; shift < 4; shift++) {
        error_set(&error, STATUS_INVALID, "%.*s%s", (int)shift, "abcd", accents(10000));
        assert_cut_well(error.message, sizeof error.message);
        error_hint(&error, "%.*s%s", (int)shift, "abcd", accents(10000));
        assert_cut_well(error.hint, sizeof error.hint);
        error_detail(&error, "%.*s%s", (int)shift, "abcd", accents(10000));
        assert_cut_well(error.detail, sizeof error.detail);
        error_detail(&error, "no room for this");
        assert_cut_well(error.detail, sizeof error.detail);
        error_set(&error, STATUS_INVALID, "%s", accents(250));
        error_prefix(&error, "%.*sprefix of some length", (int)shift, "abcd");
        assert_cut_well(error.message, sizeof error.message);
    }
}

static void keeps_what_is_cut_within_bounds(void **state)
{
    (void)state;
    char long_text[600];
    memset(long_text, 'a', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    error_set(&error, STATUS_INVALID, "short");
    error_prefix(&error, "%s", long_text);
    assert_int_equal(strlen(error.message), sizeof error.message - 1);
    error_set(&error, STATUS_INVALID, "%s", long_text);
    assert_int_equal(strlen(error.message), sizeof error.message - 1);
    error_prefix(&error, "here");
    assert_int_equal(strlen(error.message), sizeof error.message - 1);
    assert_memory_equal(error.message, "here: aaa", 9);
    error_system(&error, ENOENT, "%s", long_text);
    assert_int_equal(strlen(error.message), sizeof error.message - 1);
}

static void tells_that_memory_is_used_up(void **state)
{
    (void)state;
    memory_limit_set((uint64_t)3 << 20);
    assert_null(memory_alloc((size_t)4 << 20));
    assert_int_equal(error_out_of_memory(&error), STATUS_RESOURCES);
    assert_string_equal(error.message, "the memory limit of 3 MiB is used up");
    assert_string_equal(error.hint,
                        "raise the memory limit, or give the program less to do at once");
    /* Well below the limit: then it is not to blame. */
    memory_fail_from(1);
    assert_null(memory_alloc(1));
    memory_fail_from(0);
    memory_limit_set(0);
    assert_int_equal(error_out_of_memory(&error), STATUS_RESOURCES);
    assert_string_equal(error.message, "out of memory");
    assert_string_equal(error.hint, "end other programs, or give this one less to do at once");
}

static void tells_what_the_system_said(void **state)
{
    (void)state;
    assert_int_equal(error_system(&error, EACCES, "%s: cannot read", "a.csv"), STATUS_IO);
    assert_string_equal(error.message, "a.csv: cannot read: Permission denied");
    static const int shortages[] = {ENOSPC, EDQUOT, EFBIG, ENOMEM, EMFILE, ENFILE};
    for (size_t i = 0; i < ARRAY_LENGTH(shortages); i++) {
        assert_int_equal(error_system(&error, shortages[i], "x"), STATUS_RESOURCES);
    }
}

static void knows_exit_statuses(void **state)
{
    (void)state;
    assert_int_equal(error_exit_status(STATUS_OK), 0);
    assert_int_equal(error_exit_status(STATUS_USAGE), 2);
    assert_int_equal(error_exit_status(STATUS_RESOURCES), 3);
    static const enum status others[] = {STATUS_INVALID, STATUS_NOT_FOUND, STATUS_CONFLICT,
                                         STATUS_IO,      STATUS_CANCELLED, STATUS_INTERNAL};
    for (size_t i = 0; i < ARRAY_LENGTH(others); i++) {
        assert_int_equal(error_exit_status(others[i]), 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets_and_clears),
        cmocka_unit_test(adds_hint_detail_and_prefix),
        cmocka_unit_test(cuts_between_characters),
        cmocka_unit_test(keeps_what_is_cut_within_bounds),
        cmocka_unit_test(tells_that_memory_is_used_up),
        cmocka_unit_test(tells_what_the_system_said),
        cmocka_unit_test(knows_exit_statuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
