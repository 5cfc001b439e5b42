#include "base/memory.h"

#include <string.h>

#include "support.h"

static void counts_what_is_in_use(void **state)
{
    (void)state;
    uint64_t before = memory_in_use();
    void *first = memory_alloc(1000);
    void *second = memory_alloc_zeroed(10, 100);
    assert_non_null(first);
    assert_non_null(second);
    assert_true(memory_in_use() >= before + 2000);
    assert_true(memory_peak() >= before + 2000);
    memory_free(first);
    memory_free(second);
    memory_free(NULL);
    assert_int_equal(memory_in_use(), before);
    assert_true(memory_peak() >= before + 2000);
}

static void gives_unique_pointers_for_nothing(void **state)
{
    (void)state;
    void *first = memory_alloc(0);
    void *second = memory_alloc_array(0, 8);
    void *third = memory_resize_array(NULL, 0, 8);
    assert_non_null(first);
    assert_non_null(second);
    assert_non_null(third);
    assert_ptr_not_equal(first, second);
    assert_ptr_not_equal(second, third);
    memory_free(first);
    memory_free(second);
    memory_free(third);
}

static void fails_the_nth_allocation_only(void **state)
{
    (void)state;
    memory_fail_only(2);
    void *first = memory_alloc(1);
    assert_non_null(first);
    assert_null(memory_alloc(1));
    void *second = memory_alloc_zeroed(1, 1);
    assert_non_null(second);
    assert_int_equal(memory_allocation_count(), 3);
    memory_fail_from(0);
    memory_free(first);
    memory_free(second);
}

static void refuses_products_that_overflow(void **state)
{
    (void)state;
    size_t half = SIZE_MAX / 2 + 1;
    assert_null(memory_alloc_array(half, 2));
    assert_null(memory_alloc_zeroed(half, 2));
    assert_null(memory_resize_array(NULL, half, 2));
    void *kept = memory_alloc(8);
    assert_null(memory_resize_array(kept, half, 2));
    memory_free(kept);
}

static void zeroes(void **state)
{
    (void)state;
    static const char zeros[4096];
    for (int i = 0; i < 8; i++) {
        /* Dirty memory first, which the next allocation is likely to get. */
        void *dirty = memory_alloc(4096);
        assert_non_null(dirty);
        memset(dirty, 0xFF, 4096);
        memory_free(dirty);
        void *clean = memory_alloc_zeroed(64, 64);
        assert_non_null(clean);
        assert_memory_equal(clean, zeros, 4096);
        memory_free(clean);
    }
}

static void resizing_keeps_the_content(void **state)
{
    (void)state;
    uint64_t before = memory_in_use();
    uint32_t *numbers = NULL;
    for (uint32_t count = 1; count <= 10000; count = count * 3 + 1) {
        uint32_t *grown = memory_resize_array(numbers, count, sizeof *numbers);
        assert_non_null(grown);
        numbers = grown;
        numbers[count - 1] = count;
    }
    for (uint32_t count = 1; count <= 9841; count = count * 3 + 1) {
        assert_int_equal(numbers[count - 1], count);
    }
    uint32_t *small = memory_resize_array(numbers, 4, sizeof *numbers);
    assert_non_null(small);
    assert_int_equal(small[0], 1);
    assert_int_equal(small[3], 4);
    memory_free(small);
    assert_int_equal(memory_in_use(), before);
}

static void holds_the_limit(void **state)
{
    (void)state;
    uint64_t before = memory_in_use();
    memory_limit_set(before + 10000);
    assert_int_equal(memory_limit(), before + 10000);
    void *fits = memory_alloc(6000);
    assert_non_null(fits);
    assert_null(memory_alloc(6000));
    assert_null(memory_alloc_zeroed(6, 1000));
    assert_null(memory_resize_array(fits, 20000, 1));
    void *grown = memory_resize_array(fits, 8000, 1); /* only the growth counts */
    assert_non_null(grown);
    assert_null(memory_alloc(SIZE_MAX));
    assert_true(memory_limit_is_cause());
    /* What no machine has is not the limit's doing. */
    assert_null(memory_alloc_array(SIZE_MAX, 2));
    assert_false(memory_limit_is_cause());
    assert_null(memory_alloc(6000));
    assert_true(memory_limit_is_cause());
    memory_free(grown);
    memory_limit_set(0);
    void *large = memory_alloc(20000);
    assert_non_null(large);
    memory_free(large);
}

static void fails_from_the_nth_allocation_on(void **state)
{
    (void)state;
    memory_fail_from(3);
    void *first = memory_alloc(1);
    void *second = memory_alloc_zeroed(1, 1);
    assert_non_null(first);
    assert_non_null(second);
    assert_null(memory_alloc(1));
    assert_null(memory_alloc_array(1, 1));
    assert_null(memory_resize_array(first, 100, 1));
    assert_int_equal(memory_allocation_count(), 5);
    assert_int_equal(memory_allocation_count(), 0);
    memory_fail_from(0);
    void *third = memory_alloc(1);
    assert_non_null(third);
    assert_int_equal(memory_allocation_count(), 1);
    memory_free(first);
    memory_free(second);
    memory_free(third);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_what_is_in_use),
        cmocka_unit_test(gives_unique_pointers_for_nothing),
        cmocka_unit_test(refuses_products_that_overflow),
        cmocka_unit_test(zeroes),
        cmocka_unit_test(resizing_keeps_the_content),
        cmocka_unit_test(holds_the_limit),
        cmocka_unit_test(fails_from_the_nth_allocation_on),
        cmocka_unit_test(fails_the_nth_allocation_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
