#include "empi/value_counts.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

static uint64_t hash_of(const struct value_counts *counts, struct str value)
{
    return XXH3_64bits_withSeed(value.ptr, value.len, counts->seed);
}

static bool is_equal(const void *context, uint32_t position, const void *key)
{
    const struct value_counts *counts = context;
    return str_equal(counts->items[position].value, *(const struct str *)key);
}

static uint64_t rehash(const void *context, uint32_t position)
{
    const struct value_counts *counts = context;
    return hash_of(counts, counts->items[position].value);
}

static int add_new(struct value_counts *counts, struct str value, uint64_t hash,
                   struct error *error)
{
    struct value_count fresh = {{arena_copy(&counts->texts, value), value.len}, 0};
    if (fresh.value.ptr == NULL || counts->len >= INDEX_MAP_NONE - 1 ||
        !index_map_reserve(&counts->map, (uint32_t)counts->len + 1, rehash, counts) ||
        !vec_push(counts, fresh)) {
        return error_out_of_memory(error);
    }
    index_map_add(&counts->map, hash, (uint32_t)counts->len - 1);
    return 0;
}

int value_counts_add(struct value_counts *counts, struct str value, uint32_t *position,
                     struct error *error)
{
    uint64_t hash = hash_of(counts, value);
    uint32_t at = index_map_find(&counts->map, hash, is_equal, counts, &value);
    if (at == INDEX_MAP_NONE) {
        at = (uint32_t)counts->len;
        int status = add_new(counts, value, hash, error);
        if (status != 0) {
            return status;
        }
    }
    counts->items[at].count++;
    if (position != NULL) {
        *position = at;
    }
    return 0;
}

void value_counts_free(struct value_counts *counts)
{
    index_map_free(&counts->map);
    arena_free(&counts->texts);
    vec_free(counts);
}
