#include "base/index_map.h"

/* At most three quarters full: short probe runs with linear probing. */
static uint64_t slots_for(uint32_t count)
{
    uint64_t slots = 16;
    while (slots / 4 * 3 < count) {
        slots *= 2;
    }
    return slots;
}

bool index_map_reserve(struct index_map *map, uint32_t count,
                       uint64_t (*rehash)(const void *context, uint32_t position),
                       const void *context)
{
    uint64_t wanted = slots_for(count);
    if (map->slots != NULL && wanted <= map->mask + 1) {
        return true;
    }
    uint64_t *slots = memory_alloc_zeroed(wanted, sizeof *slots);
    if (slots == NULL) {
        return false;
    }
    struct index_map grown = {.slots = slots, .mask = wanted - 1};
    for (uint64_t at = 0; map->slots != NULL && at <= map->mask; at++) {
        if (map->slots[at] != 0) {
            uint32_t position = (uint32_t)map->slots[at] - 1;
            index_map_add(&grown, rehash(context, position), position);
        }
    }
    memory_free(map->slots);
    *map = grown;
    return true;
}
