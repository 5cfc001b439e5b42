#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "base/memory.h"
#include "base/random.h"
#include "empi/value_counts.h"

static struct error error;

static uint32_t add(struct value_counts *counts, struct str value)
{
    uint32_t position;
    assert_int_equal(value_counts_add(counts, value, &position, &error), 0);
    return position;
}

static void equal_texts_share_a_place(void **state)
{
    (void)state;
    struct value_counts counts = VALUE_COUNTS(7);
    char changing[] = "Ada";
    assert_int_equal(add(&counts, str_from(changing)), 0);
    changing[0] = 'I'; /* the counts keep a copy */
    assert_int_equal(add(&counts, str_from(changing)), 1);
    assert_int_equal(add(&counts, STR("Ada")), 0);
    assert_int_equal(add(&counts, STR("")), 2);
    assert_int_equal(add(&counts, ((struct str){"a\0b", 3})), 3);
    assert_int_equal(add(&counts, ((struct str){"a\0c", 3})), 4);
    assert_int_equal(add(&counts, STR("")), 2);
    assert_int_equal(counts.len, 5);
    static const uint64_t expected[] = {2, 1, 2, 1, 1};
    for (size_t i = 0; i < counts.len; i++) {
        assert_true(counts.items[i].count == expected[i]);
    }
    assert_true(str_equal(counts.items[0].value, STR("Ada")));
    value_counts_free(&counts);
    assert_int_equal(counts.len, 0);
}

static void any_number_of_texts(void **state)
{
    (void)state;
    enum { DISTINCT = 5000, ROUNDS = 40000 };
    uint64_t expected[DISTINCT] = {0};
    uint32_t places[DISTINCT] = {0};
    struct value_counts counts = VALUE_COUNTS(0);
    struct random random;
    random_seed(&random, 11);
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t number = random_below(&random, DISTINCT);
        char text[16];
        snprintf(text, sizeof text, "%d", (int)number);
        uint32_t place = add(&counts, str_from(text));
        assert_true(expected[number] == 0 || places[number] == place);
        places[number] = place;
        expected[number]++;
    }
    for (size_t i = 0; i < DISTINCT; i++) {
        assert_true(expected[i] == 0 || counts.items[places[i]].count == expected[i]);
    }
    value_counts_free(&counts);
}

static void memory_may_run_out(void **state)
{
    (void)state;
    for (uint64_t i = 1;; i++) {
        struct value_counts counts = VALUE_COUNTS(7);
        memory_fail_from(i);
        int status = value_counts_add(&counts, STR("Ada"), NULL, &error);
        memory_fail_from(0);
        size_t kept = counts.len;
        value_counts_free(&counts);
        if (status == 0) {
            assert_true(i > 1);
            return;
        }
        assert_int_equal(status, STATUS_RESOURCES);
        assert_int_equal(kept, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_texts_share_a_place),
        cmocka_unit_test(any_number_of_texts),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
