#include "base/memory.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Relaxed order everywhere: these are counters, nothing is published through them. */
static atomic_uint_fast64_t in_use;
static atomic_uint_fast64_t peak;
static atomic_uint_fast64_t limit;
static atomic_uint_fast64_t tried;
static atomic_uint_fast64_t fail_from;
static atomic_uint_fast64_t fail_to;
static atomic_bool limit_refused;

static uint64_t load(const atomic_uint_fast64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

/* Notes why an allocation fails, for the message that somebody makes of it later. */
static void *refuse(bool by_limit)
{
    atomic_store_explicit(&limit_refused, by_limit, memory_order_relaxed);
    return NULL;
}

/* Whether an allocation of `size` bytes may go ahead. The check and the later count are two steps,
   so threads racing at the limit may pass it by one allocation each; that is harmless. */
static bool allowed(size_t size)
{
    uint64_t number = atomic_fetch_add_explicit(&tried, 1, memory_order_relaxed) + 1;
    uint64_t from = load(&fail_from);
    if (UNLIKELY(from != 0 && number >= from && number <= load(&fail_to))) {
        refuse(false);
        return false;
    }
    uint64_t most = load(&limit);
    uint64_t now = load(&in_use);
    bool fits = most == 0 || (size <= most && now <= most - size);
    if (UNLIKELY(!fits)) {
        refuse(true);
    }
    return fits;
}

/* Tables of millions of codes are read all over: with pages of 2 MiB most of these reads find their
   page's address at hand. Asked for where the kernel gives such pages on request only; a refusal
   changes nothing but speed. */
static void ask_for_large_pages(void *pointer, size_t size)
{
    enum { PAGE = 2 << 20, WORTHWHILE = 2 * PAGE };
    if (size >= WORTHWHILE) {
        uintptr_t begin = ((uintptr_t)pointer + PAGE - 1) & ~(uintptr_t)(PAGE - 1);
        uintptr_t end = ((uintptr_t)pointer + size) & ~(uintptr_t)(PAGE - 1);
        madvise((void *)begin, end - begin, MADV_HUGEPAGE);
    }
}

/* What malloc or calloc gave, which may be NULL. */
static void *counted(void *pointer)
{
    if (UNLIKELY(pointer == NULL)) {
        return refuse(false);
    }
    size_t size = malloc_usable_size(pointer);
    ask_for_large_pages(pointer, size);
    uint64_t now = atomic_fetch_add_explicit(&in_use, size, memory_order_relaxed) + size;
    uint64_t highest = load(&peak);
    while (now > highest && !atomic_compare_exchange_weak_explicit(
                                &peak, &highest, now, memory_order_relaxed, memory_order_relaxed)) {
    }
    return pointer;
}

void *memory_alloc(size_t size)
{
    if (!allowed(size)) {
        return NULL;
    }
    return counted(malloc(size == 0 ? 1 : size));
}

void *memory_alloc_array(size_t elements, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(elements, size, &bytes)) {
        return refuse(false);
    }
    return memory_alloc(bytes);
}

void *memory_alloc_zeroed(size_t elements, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(elements, size, &bytes)) {
        return refuse(false);
    }
    if (!allowed(bytes)) {
        return NULL;
    }
    /* calloc, not malloc and memset: the kernel's fresh pages are zero already. */
    return counted(calloc(1, bytes == 0 ? 1 : bytes));
}

void *memory_resize_array(void *old, size_t elements, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(elements, size, &bytes)) {
        return refuse(false);
    }
    size_t before = old == NULL ? 0 : malloc_usable_size(old);
    if (!allowed(bytes > before ? bytes - before : 0)) {
        return NULL;
    }
    void *pointer = realloc(old, bytes == 0 ? 1 : bytes);
    if (pointer != NULL) {
        atomic_fetch_sub_explicit(&in_use, before, memory_order_relaxed);
    }
    return counted(pointer);
}

void memory_free(void *pointer)
{
    if (pointer != NULL) {
        atomic_fetch_sub_explicit(&in_use, malloc_usable_size(pointer), memory_order_relaxed);
        free(pointer);
    }
}

void memory_limit_set(uint64_t bytes)
{
    atomic_store_explicit(&limit, bytes, memory_order_relaxed);
}

uint64_t memory_limit(void)
{
    return load(&limit);
}

bool memory_limit_is_cause(void)
{
    return atomic_load_explicit(&limit_refused, memory_order_relaxed);
}

uint64_t memory_in_use(void)
{
    return load(&in_use);
}

uint64_t memory_peak(void)
{
    return load(&peak);
}

static void fail(uint64_t from, uint64_t to)
{
    atomic_store_explicit(&tried, 0, memory_order_relaxed);
    atomic_store_explicit(&fail_to, to, memory_order_relaxed);
    atomic_store_explicit(&fail_from, from, memory_order_relaxed);
}

void memory_fail_from(uint64_t nth)
{
    fail(nth, UINT64_MAX);
}

void memory_fail_only(uint64_t nth)
{
    fail(nth, nth);
}

uint64_t memory_allocation_count(void)
{
    return atomic_exchange_explicit(&tried, 0, memory_order_relaxed);
}
