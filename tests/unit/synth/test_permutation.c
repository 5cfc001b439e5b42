#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "synth/permutation.h"

/* Whether every position below size is met exactly once. */
static void check_permutation(uint64_t size, uint64_t key)
{
    struct synth_permutation permutation;
    synth_permutation_build(&permutation, size, key);
    uint8_t *met = memory_alloc_zeroed(size, 1);
    assert_non_null(met);
    for (uint64_t i = 0; i < size; i++) {
        uint64_t at = synth_permutation_at(&permutation, i);
        assert_true(at < size);
        assert_int_equal(met[at], 0);
        met[at] = 1;
    }
    memory_free(met);
}

static void test_every_position_once(void **state)
{
    (void)state;
    for (uint64_t size = 1; size <= 300; size++) {
        check_permutation(size, size * 77);
    }
    /* A square, one more, one less. */
    check_permutation(65536, 1);
    check_permutation(65537, 2);
    check_permutation(65535, 3);
}

static void test_keys_differ(void **state)
{
    (void)state;
    struct synth_permutation first;
    struct synth_permutation second;
    synth_permutation_build(&first, 100000, 1);
    synth_permutation_build(&second, 100000, 2);
    unsigned same = 0;
    for (uint64_t i = 0; i < 100000; i++) {
        same += synth_permutation_at(&first, i) == synth_permutation_at(&second, i);
    }
    assert_true(same < 20); /* one on average */
}

static void test_neighbours_are_scattered(void **state)
{
    (void)state;
    struct synth_permutation permutation;
    synth_permutation_build(&permutation, 100000, 5);
    unsigned near = 0;
    uint64_t lower_half = 0;
    uint64_t before = synth_permutation_at(&permutation, 0);
    for (uint64_t i = 1; i < 100000; i++) {
        uint64_t at = synth_permutation_at(&permutation, i);
        uint64_t distance = at > before ? at - before : before - at;
        near += distance <= 50;
        lower_half += i < 50000 && at < 50000;
        before = at;
    }
    assert_in_range(near, 50, 160); /* 100 on average */
    assert_in_range(lower_half, 24400, 25600);
}

static void test_large_sizes(void **state)
{
    (void)state;
    struct synth_permutation permutation;
    const uint64_t size = (uint64_t)1 << 62;
    synth_permutation_build(&permutation, size, 5);
    uint64_t first = synth_permutation_at(&permutation, 0);
    uint64_t last = synth_permutation_at(&permutation, size - 1);
    assert_true(first < size && last < size && first != last);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_position_once),
        cmocka_unit_test(test_keys_differ),
        cmocka_unit_test(test_neighbours_are_scattered),
        cmocka_unit_test(test_large_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
