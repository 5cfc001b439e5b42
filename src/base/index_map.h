/*
 * An open-addressing hash map over the caller's own array.
 *
 * It stores only 32-bit positions; the caller keeps the keys and answers whether the key at a
 * position is the one sought. One map so serves dictionaries of text, tuples of codes and
 * registries of names, with eight bytes a slot and mostly one cache miss a look-up: each slot
 * keeps half of the hash beside the position, so that other keys are seldom compared.
 *
 * Hashes come from the caller (XXH3); seed them where the input is hostile.
 * Thread rule: one thread builds; afterwards any number may look up.
 */
#ifndef BASE_INDEX_MAP_H
#define BASE_INDEX_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/memory.h"

#define INDEX_MAP_NONE UINT32_MAX

struct index_map {
    uint64_t *slots; /* high half of the hash << 32 | position + 1; 0 is free */
    uint64_t mask;   /* number of slots - 1, a power of two less one */
    uint32_t count;
};

/* Whether the key at `position` in the caller's array equals `key`. */
typedef bool index_map_equal(const void *context, uint32_t position, const void *key);

static inline uint64_t index_map_tag(uint64_t hash)
{
    return hash & 0xFFFFFFFF00000000u;
}

/* The position whose key equals `key`, or INDEX_MAP_NONE. */
static inline uint32_t index_map_find(const struct index_map *map, uint64_t hash,
                                      index_map_equal *equal, const void *context, const void *key)
{
    if (map->slots == NULL) {
        return INDEX_MAP_NONE;
    }
    for (uint64_t at = hash & map->mask;; at = (at + 1) & map->mask) {
        uint64_t slot = map->slots[at];
        if (slot == 0) {
            return INDEX_MAP_NONE;
        }
        if ((slot & 0xFFFFFFFF00000000u) == index_map_tag(hash)) {
            uint32_t position = (uint32_t)slot - 1;
            if (equal(context, position, key)) {
                return position;
            }
        }
    }
}

/* Makes room for `count` keys altogether; `rehash` tells the hash of the key at a position.
   False when memory is used up; the map is as before then. */
MUST_CHECK bool index_map_reserve(struct index_map *map, uint32_t count,
                                  uint64_t (*rehash)(const void *context, uint32_t position),
                                  const void *context);

/* Adds a key known to be absent, after a successful index_map_reserve for it. */
static inline void index_map_add(struct index_map *map, uint64_t hash, uint32_t position)
{
    uint64_t at = hash & map->mask;
    while (map->slots[at] != 0) {
        at = (at + 1) & map->mask;
    }
    map->slots[at] = index_map_tag(hash) | (position + (uint64_t)1);
    map->count++;
}

static inline void index_map_free(struct index_map *map)
{
    memory_free(map->slots);
    *map = (struct index_map){0};
}

#endif
