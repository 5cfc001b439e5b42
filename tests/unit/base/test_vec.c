#include "base/vec.h"

#include "base/error.h"
#include "support.h"

struct numbers {
    VEC(uint64_t);
};

static void grows(void **state)
{
    (void)state;
    uint64_t before = memory_in_use();
    struct numbers numbers = {0};
    for (uint64_t i = 0; i < 10000; i++) {
        assert_true(vec_push(&numbers, i * i));
    }
    assert_int_equal(numbers.len, 10000);
    assert_true(numbers.cap >= 10000);
    for (uint64_t i = 0; i < 10000; i++) {
        assert_int_equal(numbers.items[i], i * i);
    }
    vec_free(&numbers);
    assert_null(numbers.items);
    assert_int_equal(numbers.len, 0);
    assert_int_equal(numbers.cap, 0);
    assert_int_equal(memory_in_use(), before);
}

static void reserves(void **state)
{
    (void)state;
    struct numbers numbers = {0};
    assert_true(vec_reserve(&numbers, 1000));
    assert_true(numbers.cap >= 1000);
    const uint64_t *items = numbers.items;
    for (uint64_t i = 0; i < 1000; i++) {
        assert_true(vec_push(&numbers, i));
    }
    assert_ptr_equal(numbers.items, items);
    assert_false(vec_reserve(&numbers, SIZE_MAX));
    assert_int_equal(numbers.len, 1000);
    vec_free(&numbers);
}

static int push_many(void *context, struct error *error)
{
    (void)context;
    struct numbers numbers = {0};
    int status = STATUS_OK;
    for (uint64_t i = 0; i < 1000 && status == STATUS_OK; i++) {
        size_t len = numbers.len;
        if (!vec_push(&numbers, i)) {
            status = error_out_of_memory(error);
            assert_int_equal(numbers.len, len);
            assert_true(len == 0 || numbers.items[len - 1] == len - 1);
        }
    }
    vec_free(&numbers);
    return status;
}

static void survives_failing_memory(void **state)
{
    (void)state;
    assert_true(fail_every_allocation(push_many, NULL) > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows),
        cmocka_unit_test(reserves),
        cmocka_unit_test(survives_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
