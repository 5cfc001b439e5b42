/* Lets zlib draw from base/memory.h, so that its memory counts and its failures can be tested. */
#ifndef BASE_ZLIB_MEMORY_H
#define BASE_ZLIB_MEMORY_H

#include "base/memory.h"

/* In the shape of zlib's alloc_func; `opaque` is unused. */
static inline void *zlib_memory_alloc(void *opaque, unsigned count, unsigned size)
{
    (void)opaque;
    return memory_alloc_array(count, size);
}

/* In the shape of zlib's free_func. */
static inline void zlib_memory_free(void *opaque, void *pointer)
{
    (void)opaque;
    memory_free(pointer);
}

#endif
