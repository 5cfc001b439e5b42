#include "base/faults.h"

#include <stdio.h>

#include "support.h"

static void nothing_wrong_is_no_report(void **state)
{
    (void)state;
    struct faults faults = {0};
    struct error error = {.status = STATUS_OK};
    assert_int_equal(faults_report(&faults, "x", &error), 0);
    assert_int_equal(error.status, STATUS_OK);
}

static void every_fault_has_its_place(void **state)
{
    (void)state;
    struct faults faults = {0};
    faults_add(&faults, "top");
    faults_add_key(&faults, STR("key"), "of the top, %d", 5);
    size_t list = faults_enter_key(&faults, "list");
    size_t item = faults_enter_item(&faults, 12);
    faults_add(&faults, "item");
    faults_add_key(&faults, STR("key"), "of the item");
    faults_add_key(&faults, STR(""), "no key");
    faults_leave(&faults, item);
    faults_add(&faults, "list");
    faults_leave(&faults, list);
    faults_add(&faults, "top again");
    struct error error;
    assert_int_equal(faults_report(&faults, "model.json", &error), STATUS_INVALID);
    assert_int_equal(error.status, STATUS_INVALID);
    assert_string_equal(error.message, "model.json has 7 faults");
    assert_string_equal(error.detail, "top\n"
                                      "key: of the top, 5\n"
                                      "list.12: item\n"
                                      "list.12.key: of the item\n"
                                      "list.12: no key\n"
                                      "list: list\n"
                                      "top again");
}

static void one_fault_is_singular(void **state)
{
    (void)state;
    struct faults faults = {0};
    faults_add(&faults, "x");
    struct error error;
    assert_int_equal(faults_report(&faults, "m", &error), STATUS_INVALID);
    assert_string_equal(error.message, "m has 1 fault");
}

static void a_fault_is_one_line(void **state)
{
    (void)state;
    struct faults faults = {0};
    faults_add_key(&faults, STR("a\nb"), "c\r\n\x7f%s", "d\te");
    assert_string_equal(faults.lines, "a b: c   d e");
}

static void cuts_between_characters(void **state)
{
    (void)state;
    char text[2 * FAULTS_MAX_LINE];
    for (size_t i = 0; i < sizeof text; i += 2) {
        text[i] = (char)0xC3; /* ä */
        text[i + 1] = (char)0xA4;
    }
    struct faults faults = {0};
    faults_add(&faults, "%.*s", (int)sizeof text, text);
    assert_int_equal(strlen(faults.lines), FAULTS_MAX_LINE - 2);
    struct faults of_key = {0};
    text[0] = 'x';
    text[1] = 'y';
    text[2] = 'z';
    memmove(text + 3, text + 4, 100);
    faults_add_key(&of_key, (struct str){text, 100}, "a");
    assert_int_equal(strlen(of_key.lines), 63 + strlen(": a"));
}

static void counts_what_does_not_fit(void **state)
{
    (void)state;
    struct faults faults = {0};
    for (int i = 0; i < 1000; i++) {
        faults_add(&faults, "fault number %d", i);
    }
    assert_int_equal(faults.count, 1000);
    assert_true(faults.left_out > 0 && faults.left_out < 1000);
    struct error error;
    assert_int_equal(faults_report(&faults, "m", &error), STATUS_INVALID);
    char expected[64];
    snprintf(expected, sizeof expected, "fault number %zu\nand %zu more", 999 - faults.left_out,
             faults.left_out);
    assert_string_equal(error.detail + strlen(error.detail) - strlen(expected), expected);
    /* A short one that would still fit stays out, too: the order is kept. */
    size_t left_out = faults.left_out;
    faults_add(&faults, "x");
    assert_int_equal(faults.left_out, left_out + 1);
}

static void a_deep_path_is_cut(void **state)
{
    (void)state;
    struct faults faults = {0};
    size_t marks[200];
    for (size_t i = 0; i < 200; i++) {
        marks[i] = faults_enter_key(&faults, "abc");
    }
    faults_add(&faults, "deep");
    assert_int_equal(strlen(faults.path), FAULTS_MAX_PATH - 1);
    for (size_t i = 200; i-- > 0;) {
        faults_leave(&faults, marks[i]);
    }
    assert_int_equal(strlen(faults.path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_wrong_is_no_report), cmocka_unit_test(every_fault_has_its_place),
        cmocka_unit_test(one_fault_is_singular),      cmocka_unit_test(a_fault_is_one_line),
        cmocka_unit_test(cuts_between_characters),    cmocka_unit_test(counts_what_does_not_fit),
        cmocka_unit_test(a_deep_path_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
