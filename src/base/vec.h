/*
 * Vectors: a typed array that grows. `struct { VEC(uint32_t); } ranks = {0};` declares one;
 * its fields are `items`, `len` and `cap`. Free with vec_free().
 *
 * Thread rule: one thread at a time.
 */
#ifndef BASE_VEC_H
#define BASE_VEC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/memory.h"

#define VEC(type) \
    type *items;  \
    size_t len;   \
    size_t cap

/* Room for `count` elements altogether; false when memory is used up. */
#define vec_reserve(vec, count) \
    ((count) <= (vec)->cap ||   \
     vec_grow((void **)&(vec)->items, &(vec)->cap, (count), sizeof *(vec)->items))

/* Appends; false when memory is used up, and then nothing has changed. */
#define vec_push(vec, item) \
    (vec_reserve(vec, (vec)->len + 1) ? ((vec)->items[(vec)->len++] = (item), true) : false)

#define vec_free(vec)                \
    do {                             \
        memory_free((vec)->items);   \
        (vec)->items = NULL;         \
        (vec)->len = (vec)->cap = 0; \
    } while (0)

/* What vec_reserve stands on: grows by half, at least to `wanted`. */
MUST_CHECK static inline bool vec_grow(void **items, size_t *cap, size_t wanted, size_t size)
{
    size_t room = *cap + *cap / 2;
    room = room < 16 ? 16 : room;
    room = room < wanted ? wanted : room;
    void *grown = memory_resize_array(*items, room, size);
    if (grown == NULL) {
        return false;
    }
    *items = grown;
    *cap = room;
    return true;
}

#endif
