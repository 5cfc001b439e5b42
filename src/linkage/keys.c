#include "linkage/keys.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/index_map.h"
#include "base/memory.h"
#include "base/vec.h"

/* ---- combining ---- */

struct combinations {
    VEC(uint64_t); /* the pairs, by their code */
};

/* A finaliser of full avalanche (XXH3's own for eight bytes): both halves of the hash are used. */
static uint64_t pair_hash(uint64_t pair)
{
    return XXH3_64bits(&pair, sizeof pair);
}

static bool pair_equals(const void *context, uint32_t position, const void *key)
{
    return ((const struct combinations *)context)->items[position] == *(const uint64_t *)key;
}

static uint64_t rehash_pair(const void *context, uint32_t position)
{
    return pair_hash(((const struct combinations *)context)->items[position]);
}

static bool combine(struct combinations *seen, struct index_map *map, uint64_t pair, uint32_t *out)
{
    uint64_t hash = pair_hash(pair);
    uint32_t position = index_map_find(map, hash, pair_equals, seen, &pair);
    if (position == INDEX_MAP_NONE) {
        position = (uint32_t)seen->len;
        if (!index_map_reserve(map, position + 1, rehash_pair, seen) || !vec_push(seen, pair)) {
            return false;
        }
        index_map_add(map, hash, position);
    }
    *out = position;
    return true;
}

int keys_combine(uint32_t *codes, const uint32_t *more, uint32_t records, bool zero_is_null,
                 uint32_t *count, struct error *error)
{
    struct combinations seen = {0};
    struct index_map map = {0};
    int status = 0;
    for (uint32_t i = 0; i < records; i++) {
        if (zero_is_null && (codes[i] == 0 || more[i] == 0)) {
            codes[i] = 0;
            continue;
        }
        uint32_t code;
        if (!combine(&seen, &map, (uint64_t)codes[i] << 32 | more[i], &code)) {
            status = error_out_of_memory(error);
            break;
        }
        codes[i] = code + (zero_is_null ? 1 : 0);
    }
    *count = (uint32_t)seen.len + (zero_is_null ? 1 : 0);
    index_map_free(&map);
    vec_free(&seen);
    return status;
}

/* ---- keys of columns ---- */

uint32_t keys_column_count(const struct columns *columns, const struct column_set *set,
                           uint32_t *only)
{
    uint32_t found = 0;
    for (uint32_t i = 0; i < columns->column_count; i++) {
        if (column_set_has(set, i)) {
            *only = i;
            found++;
        }
    }
    return found;
}

static int find_representatives(struct keys *keys, uint32_t records)
{
    keys->representative = memory_alloc_array(keys->count, sizeof *keys->representative);
    if (keys->representative == NULL) {
        return STATUS_RESOURCES;
    }
    memset(keys->representative, 0xFF, (size_t)keys->count * sizeof *keys->representative);
    /* Backwards, so that the first record of each code stays: the choice is then the same for every
       run. */
    for (uint32_t i = records; i-- > 0;) {
        keys->representative[keys->codes[i]] = i;
    }
    return 0;
}

static int combine_columns(struct keys *keys, const struct columns *columns,
                           const struct column_set *set, struct error *error)
{
    uint32_t records = columns->record_count;
    keys->owned = memory_alloc_zeroed(records, sizeof *keys->owned);
    if (keys->owned == NULL) {
        return error_out_of_memory(error);
    }
    keys->codes = keys->owned;
    keys->count = 1;
    bool first = true;
    for (uint32_t i = 0; i < columns->column_count; i++) {
        const struct column *column = &columns->items[i];
        if (!column_set_has(set, i)) {
            continue;
        }
        if (first) {
            memcpy(keys->owned, column->codes, (size_t)records * sizeof *keys->owned);
            first = false;
            continue;
        }
        int status = keys_combine(keys->owned, column->codes, records, false, &keys->count, error);
        if (status != 0) {
            return status;
        }
    }
    return 0;
}

int keys_of_columns(struct keys *out, const struct columns *columns, const struct column_set *set,
                    struct error *error)
{
    *out = (struct keys){0};
    uint32_t only = 0;
    int status = 0;
    if (keys_column_count(columns, set, &only) == 1) {
        out->codes = columns->items[only].codes;
        out->count = columns->items[only].dictionary.count + 1;
    } else {
        status = combine_columns(out, columns, set, error);
    }
    if (status == 0 && find_representatives(out, columns->record_count) != 0) {
        status = error_out_of_memory(error);
    }
    if (status != 0) {
        keys_free(out);
    }
    return status;
}

void keys_free(struct keys *keys)
{
    memory_free(keys->representative);
    memory_free(keys->owned);
    *keys = (struct keys){0};
}
