#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <string.h>

#include "base/memory.h"
#include "support.h"

static void gives_aligned_pieces_apart(void **state)
{
    (void)state;
    struct arena arena = ARENA(1 << 24);
    enum { PIECES = 2000 };
    static unsigned char *pieces[PIECES];
    for (size_t i = 0; i < PIECES; i++) {
        pieces[i] = arena_alloc(&arena, i % 300);
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % alignof(max_align_t), 0);
        memset(pieces[i], (int)(i % 251), i % 300);
    }
    for (size_t i = 0; i < PIECES; i++) {
        for (size_t j = 0; j < i % 300; j++) {
            assert_int_equal(pieces[i][j], i % 251);
        }
    }
    arena_free(&arena);
}

static void gives_pieces_larger_than_a_block(void **state)
{
    (void)state;
    struct arena arena = ARENA(1 << 24);
    char *small = arena_alloc(&arena, 10);
    char *large = arena_alloc(&arena, 3 << 20);
    char *after = arena_alloc(&arena, 10);
    assert_non_null(small);
    assert_non_null(large);
    assert_non_null(after);
    memset(large, 1, 3 << 20);
    memset(small, 2, 10);
    memset(after, 3, 10);
    assert_int_equal(large[0], 1);
    assert_int_equal(large[(3 << 20) - 1], 1);
    arena_free(&arena);
}

static void keeps_its_maximum(void **state)
{
    (void)state;
    struct arena arena = ARENA(1000);
    assert_false(arena.failed);
    assert_null(arena_alloc(&arena, 1001));
    assert_true(arena.failed);
    assert_non_null(arena_alloc(&arena, 600));
    assert_null(arena_alloc(&arena, 401));
    assert_non_null(arena_alloc(&arena, 400));
    assert_null(arena_alloc(&arena, 1));
    arena_reset(&arena);
    assert_non_null(arena_alloc(&arena, 1000));
    assert_true(arena.failed);
    arena_free(&arena);
    assert_false(arena.failed);
    assert_int_equal(arena.max, 1000);
    struct arena boundless = ARENA(SIZE_MAX);
    assert_null(arena_alloc(&boundless, SIZE_MAX));
    assert_null(arena_alloc(&boundless, SIZE_MAX / 2 + 1));
    assert_null(arena_alloc_array(&boundless, SIZE_MAX / 2 + 1, 2));
    assert_null(arena_alloc_zeroed(&boundless, SIZE_MAX / 2 + 1, 2));
    arena_free(&boundless);
}

static void zeroes_and_copies(void **state)
{
    (void)state;
    struct arena arena = ARENA(1 << 20);
    for (int round = 0; round < 3; round++) {
        static const char zeros[80];
        char *dirty = arena_alloc(&arena, 200);
        assert_non_null(dirty);
        memset(dirty, 0xFF, 200);
        arena_reset(&arena);
        char *clean = arena_alloc_zeroed(&arena, 10, 8);
        assert_non_null(clean);
        assert_memory_equal(clean, zeros, 80);
    }
    char *copy = arena_copy(&arena, STR("text and more"));
    assert_non_null(copy);
    assert_string_equal(copy, "text and more");
    char *empty = arena_copy(&arena, (struct str){NULL, 0});
    assert_non_null(empty);
    assert_string_equal(empty, "");
    arena_free(&arena);
}

static void gives_everything_back(void **state)
{
    (void)state;
    uint64_t before = memory_in_use();
    struct arena arena = ARENA(1 << 24);
    for (int i = 0; i < 100; i++) {
        assert_non_null(arena_alloc(&arena, 10000));
    }
    assert_true(memory_in_use() > before + 900000);
    arena_free(&arena);
    assert_int_equal(memory_in_use(), before);
    assert_non_null(arena_alloc(&arena, 1)); /* usable afterwards */
    arena_free(&arena);
    assert_int_equal(memory_in_use(), before);
}

static void a_loop_that_resets_does_not_allocate(void **state)
{
    (void)state;
#ifdef ARENA_DEBUG
    skip(); /* every piece is an allocation of its own there */
#endif
    struct arena arena = ARENA(1 << 24);
    assert_non_null(arena_alloc(&arena, 100));
    (void)memory_allocation_count();
    for (int i = 0; i < 1000; i++) {
        arena_reset(&arena);
        assert_non_null(arena_alloc(&arena, 3000));
    }
    assert_int_equal(memory_allocation_count(), 0);
    arena_free(&arena);
}

static int fill_arena(void *context, struct error *error)
{
    (void)context;
    struct arena arena = ARENA(1 << 24);
    int status = STATUS_OK;
    for (size_t i = 0; i < 40 && status == STATUS_OK; i++) {
        if (arena_alloc_array(&arena, i, 500) == NULL ||
            arena_alloc_zeroed(&arena, i, 10) == NULL ||
            arena_copy(&arena, STR("copied")) == NULL) {
            status = error_out_of_memory(error);
        }
    }
    arena_free(&arena);
    return status;
}

static void survives_failing_memory(void **state)
{
    (void)state;
    assert_true(fail_every_allocation(fill_arena, NULL) > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_aligned_pieces_apart),
        cmocka_unit_test(gives_pieces_larger_than_a_block),
        cmocka_unit_test(keeps_its_maximum),
        cmocka_unit_test(zeroes_and_copies),
        cmocka_unit_test(gives_everything_back),
        cmocka_unit_test(a_loop_that_resets_does_not_allocate),
        cmocka_unit_test(survives_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
