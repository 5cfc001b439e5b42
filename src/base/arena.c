#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>

#include "base/memory.h"

/* Blocks double from 4 KiB to 1 MiB: small arenas stay small, large ones ask rarely. */
enum { FIRST_BLOCK = 4096, LARGEST_BLOCK = 1 << 20 };

struct arena_block {
    struct arena_block *older;
    size_t size; /* bytes of data */
    alignas(max_align_t) char data[];
};

static struct arena_block *add_block(struct arena *arena, size_t size)
{
    struct arena_block *block = memory_alloc(sizeof *block + size);
    if (block != NULL) {
        block->older = arena->blocks;
        block->size = size;
        arena->blocks = block;
    }
    return block;
}

static void *refuse(struct arena *arena)
{
    arena->failed = true;
    return NULL;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    if (size > arena->max || arena->used > arena->max - size || size > SIZE_MAX / 2) {
        return refuse(arena);
    }
#ifdef ARENA_DEBUG
    struct arena_block *own = add_block(arena, size);
    if (own == NULL) {
        return refuse(arena);
    }
    arena->used += size;
    return own->data;
#else
    size_t step = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    if (arena->next == NULL || (size_t)(arena->end - arena->next) < step) {
        size_t room = arena->blocks == NULL ? FIRST_BLOCK : arena->blocks->size * 2;
        room = room > LARGEST_BLOCK ? LARGEST_BLOCK : room;
        struct arena_block *block = add_block(arena, step > room ? step : room);
        if (block == NULL) {
            return refuse(arena);
        }
        arena->next = block->data;
        arena->end = block->data + block->size;
    }
    void *piece = arena->next;
    arena->next += step;
    arena->used += size;
    return piece;
#endif
}

void *arena_alloc_array(struct arena *arena, size_t count, size_t size)
{
    size_t bytes;
    return __builtin_mul_overflow(count, size, &bytes) ? refuse(arena) : arena_alloc(arena, bytes);
}

void *arena_alloc_zeroed(struct arena *arena, size_t count, size_t size)
{
    void *piece = arena_alloc_array(arena, count, size);
    return piece == NULL ? NULL : memset(piece, 0, count * size);
}

char *arena_copy(struct arena *arena, struct str text)
{
    char *copy = text.len == SIZE_MAX ? refuse(arena) : arena_alloc(arena, text.len + 1);
    if (copy != NULL) {
        if (text.len > 0) {
            memcpy(copy, text.ptr, text.len);
        }
        copy[text.len] = '\0';
    }
    return copy;
}

static void free_blocks(struct arena_block *block)
{
    while (block != NULL) {
        struct arena_block *older = block->older;
        memory_free(block);
        block = older;
    }
}

void arena_reset(struct arena *arena)
{
    arena->used = 0;
#ifdef ARENA_DEBUG
    free_blocks(arena->blocks);
    arena->blocks = NULL;
#else
    if (arena->blocks != NULL) {
        /* The newest block is the largest of the regular ones: keep it. */
        free_blocks(arena->blocks->older);
        arena->blocks->older = NULL;
        arena->next = arena->blocks->data;
        arena->end = arena->next + arena->blocks->size;
    }
#endif
}

void arena_free(struct arena *arena)
{
    free_blocks(arena->blocks);
    *arena = ARENA(arena->max);
}
