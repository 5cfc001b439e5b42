/*
 * Arenas: allocations with one named life span, freed together.
 *
 * An arena hands out memory from blocks and never frees a single piece. In a build with
 * -DARENA_DEBUG every piece is a heap allocation of its own, so that the sanitizers see overruns
 * and uses after a reset.
 *
 * Thread rule: one thread at a time.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/str.h"

struct arena_block;

struct arena {
    struct arena_block *blocks; /* the newest first */
    char *next;                 /* free bytes of the newest block */
    char *end;
    size_t used; /* bytes handed out since the last reset */
    size_t max;  /* most bytes that it may hand out */
    bool failed; /* it has refused a request; stays set until arena_free() */
};

/* An empty arena that may hand out at most `most` bytes; it allocates nothing yet. */
#define ARENA(most) ((struct arena){.max = (most)})

/* `size` bytes aligned for any type, with undefined content, or NULL when memory or the arena's
   maximum is used up. */
MUST_CHECK void *arena_alloc(struct arena *arena, size_t size);

/* `count` elements of `size` bytes; the product is checked. */
MUST_CHECK void *arena_alloc_array(struct arena *arena, size_t count, size_t size);

/* The same, filled with zero bytes. */
MUST_CHECK void *arena_alloc_zeroed(struct arena *arena, size_t count, size_t size);

/* A NUL-terminated copy of `text`, or NULL. */
MUST_CHECK char *arena_copy(struct arena *arena, struct str text);

/* Forgets all pieces; keeps one block, so that a loop that resets does not allocate. */
void arena_reset(struct arena *arena);

/* Gives everything back. The arena is empty and usable afterwards. */
void arena_free(struct arena *arena);

#endif
