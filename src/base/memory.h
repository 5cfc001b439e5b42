/*
 * The one door to the heap for base and linkage.
 *
 * Every allocation is counted against one limit for the whole process, so that a large input ends
 * with a clear message and not with the kernel's out-of-memory killer; and tests can make the nth
 * allocation fail. All functions may be called from any thread.
 */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

/* `size` bytes with undefined content, or NULL. A size of 0 gives a unique pointer. */
MUST_CHECK void *memory_alloc(size_t size);

/* `count` elements of `size` bytes, with undefined content, or NULL; the product is checked. */
MUST_CHECK void *memory_alloc_array(size_t count, size_t size);

/* The same, filled with zero bytes. */
MUST_CHECK void *memory_alloc_zeroed(size_t count, size_t size);

/* Grows or shrinks `old` (may be NULL) to `count` elements. On NULL `old` is untouched. */
MUST_CHECK void *memory_resize_array(void *old, size_t count, size_t size);

/* Frees what the functions above gave. NULL is fine. */
void memory_free(void *pointer);

/* Sets the limit in bytes over all allocations; 0 (the default) is none. */
void memory_limit_set(uint64_t bytes);
uint64_t memory_limit(void);

/* Whether the allocation that failed last, in any thread, was one that the limit forbade; false when
   the system had no more memory to give. */
bool memory_limit_is_cause(void);

/* Bytes allocated now, and the highest that has been since the start of the process. */
uint64_t memory_in_use(void);
uint64_t memory_peak(void);

/* Tests only: from now on the `nth` allocation (1 = the next) and all after it fail, or that one
   alone, as when only a large one finds no room; 0 ends it. memory_allocation_count() counts the
   allocations tried since the last call of any of them. */
void memory_fail_from(uint64_t nth);
void memory_fail_only(uint64_t nth);
uint64_t memory_allocation_count(void);

#endif
