#include "base/index_map.h"

#include "base/error.h"
#include "support.h"

/* Keys are numbers; the hash function of a test says how badly they collide. */
struct keys {
    const uint64_t *keys;
    uint64_t (*hash)(uint64_t key);
};

static uint64_t good_hash(uint64_t key)
{
    key = (key ^ key >> 31) * 0x9E3779B97F4A7C15u;
    return key ^ key >> 29;
}

static uint64_t same_hash(uint64_t key)
{
    (void)key;
    return 0x1234567887654321u;
}

/* The same place for all, with tags that differ; and the same tag, with places that differ. */
static uint64_t same_place(uint64_t key)
{
    return key << 32;
}

static uint64_t same_tag(uint64_t key)
{
    return key & 0xFFFFFFFF;
}

static bool equal(const void *context, uint32_t position, const void *key)
{
    const struct keys *keys = context;
    return keys->keys[position] == *(const uint64_t *)key;
}

static uint64_t rehash(const void *context, uint32_t position)
{
    const struct keys *keys = context;
    return keys->hash(keys->keys[position]);
}

static uint32_t find(const struct index_map *map, const struct keys *keys, uint64_t key)
{
    return index_map_find(map, keys->hash(key), equal, keys, &key);
}

static void check_map(uint64_t (*hash)(uint64_t key), uint32_t count)
{
    uint64_t *numbers = memory_alloc_array(count, sizeof *numbers);
    assert_non_null(numbers);
    struct keys keys = {numbers, hash};
    struct index_map map = {0};
    assert_int_equal(find(&map, &keys, 0), INDEX_MAP_NONE);
    for (uint32_t i = 0; i < count; i++) {
        numbers[i] = (uint64_t)i * 7;
        assert_int_equal(find(&map, &keys, numbers[i]), INDEX_MAP_NONE);
        assert_true(index_map_reserve(&map, i + 1, rehash, &keys));
        index_map_add(&map, hash(numbers[i]), i);
        assert_int_equal(map.count, i + 1);
    }
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(find(&map, &keys, numbers[i]), i);
        assert_int_equal(find(&map, &keys, numbers[i] + 1), INDEX_MAP_NONE);
    }
    index_map_free(&map);
    assert_null(map.slots);
    memory_free(numbers);
}

static void finds_what_was_added(void **state)
{
    (void)state;
    check_map(good_hash, 20000);
}

static void finds_among_collisions(void **state)
{
    (void)state;
    check_map(same_hash, 500);
    check_map(same_place, 500);
    check_map(same_tag, 2000);
}

static void is_never_full(void **state)
{
    (void)state;
    /* Else the search for an absent key would not end. */
    for (uint32_t count = 1; count < 5000; count++) {
        struct index_map map = {0};
        struct keys keys = {NULL, good_hash};
        assert_true(index_map_reserve(&map, count, rehash, &keys));
        assert_true(map.mask + 1 > count);
        assert_int_equal(map.mask & (map.mask + 1), 0);
        index_map_free(&map);
    }
}

static int build(void *context, struct error *error)
{
    (void)context;
    uint64_t numbers[200];
    struct keys keys = {numbers, good_hash};
    struct index_map map = {0};
    int status = STATUS_OK;
    for (uint32_t i = 0; i < 200 && status == STATUS_OK; i++) {
        numbers[i] = i;
        if (!index_map_reserve(&map, i + 1, rehash, &keys)) {
            status = error_out_of_memory(error);
            for (uint32_t j = 0; j < i; j++) {
                assert_int_equal(find(&map, &keys, j), j); /* as before */
            }
        } else {
            index_map_add(&map, good_hash(i), i);
        }
    }
    index_map_free(&map);
    return status;
}

static void survives_failing_memory(void **state)
{
    (void)state;
    assert_true(fail_every_allocation(build, NULL) > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_was_added),
        cmocka_unit_test(finds_among_collisions),
        cmocka_unit_test(is_never_full),
        cmocka_unit_test(survives_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
