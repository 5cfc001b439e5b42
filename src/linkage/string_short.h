/*
 * What the files string_*.c share: short texts in registers, and the bound that a prepared text
 * gives. Private to them.
 */
#ifndef LINKAGE_STRING_SHORT_H
#define LINKAGE_STRING_SHORT_H

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "linkage/string_distance.h"

enum {
    WORD = 64,  /* bits of a mask, and so the bytes of a text that one mask covers */
    BYTES = 256 /* values of a byte */
};

static inline size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static inline size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static inline unsigned char byte_at(struct str text, size_t at)
{
    return (unsigned char)text.ptr[at];
}

/*
 * Most texts of a person are shorter than 16 bytes and of ever changing length: what costs is not
 * the work on a byte but the loop whose end the processor guesses wrong. So short texts are loaded
 * whole into a 128-bit number, first byte lowest, and handled with shifts.
 */
enum { SHORT = 16 };
typedef unsigned __int128 wide;

/* Eight bytes, the first one lowest; compilers make one load of it on little-endian machines. */
static inline uint64_t load_eight(const char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

/* A text of up to 16 bytes, zeros above. Reads no byte outside the text: the ends of a piece are
   read by loads that overlap. */
static inline wide load_short(struct str text)
{
    size_t n = text.len;
    if (n >= 8) {
        uint64_t high = n == 8 ? 0 : load_eight(text.ptr + n - 8) >> (8 * (SHORT - n));
        return (wide)high << 64 | load_eight(text.ptr);
    }
    if (n >= 4) {
        uint32_t first;
        uint32_t last;
        memcpy(&first, text.ptr, sizeof first);
        memcpy(&last, text.ptr + n - 4, sizeof last);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        first = __builtin_bswap32(first);
        last = __builtin_bswap32(last);
#endif
        return first | (uint64_t)last << (8 * (n - 4));
    }
    if (n == 0) {
        return 0;
    }
    return (uint64_t)byte_at(text, 0) | (uint64_t)byte_at(text, n / 2) << (8 * (n / 2)) |
           (uint64_t)byte_at(text, n - 1) << (8 * (n - 1));
}

static inline size_t shared_of_eight(const struct string_pattern *pattern, uint64_t eight)
{
    size_t count = 0;
#pragma GCC unroll 8
    for (unsigned shift = 0; shift < 64; shift += 8) {
        count += pattern->mask[eight >> shift & 0xFF] != 0;
    }
    return count;
}

/* At least as many as bytes of `text` stand somewhere in the pattern. A match of any kind needs
   one, so this bounds the similarity from above; unlike the matching itself its steps do not wait
   for one another. (A NUL byte in the pattern is met by the zeros above a short text.) */
static inline size_t shared_bytes(const struct string_pattern *pattern, struct str text)
{
    if (LIKELY(text.len <= SHORT)) {
        wide bytes = load_short(text);
        size_t count = shared_of_eight(pattern, (uint64_t)bytes);
        return text.len <= 8 ? count : count + shared_of_eight(pattern, (uint64_t)(bytes >> 64));
    }
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++) {
        count += pattern->mask[byte_at(text, i)] != 0;
    }
    return count;
}

#ifdef __SSE2__

/* For each byte of b, a bit that tells whether a has an equal one at most `reach` (1, 2 or 3)
   positions away. (Behind the end of a text stand zeros, which equal the NUL bytes of the other.) */
static inline uint32_t near_equals(wide a, wide b, unsigned reach)
{
    __m128i text = _mm_set_epi64x((long long)(a >> 64), (long long)a);
    __m128i other = _mm_set_epi64x((long long)(b >> 64), (long long)b);
    __m128i equal = _mm_cmpeq_epi8(text, other);
    equal = _mm_or_si128(equal, _mm_cmpeq_epi8(_mm_slli_si128(text, 1), other));
    equal = _mm_or_si128(equal, _mm_cmpeq_epi8(_mm_srli_si128(text, 1), other));
    if (reach >= 2) {
        equal = _mm_or_si128(equal, _mm_cmpeq_epi8(_mm_slli_si128(text, 2), other));
        equal = _mm_or_si128(equal, _mm_cmpeq_epi8(_mm_srli_si128(text, 2), other));
    }
    if (reach == 3) {
        equal = _mm_or_si128(equal, _mm_cmpeq_epi8(_mm_slli_si128(text, 3), other));
        equal = _mm_or_si128(equal, _mm_cmpeq_epi8(_mm_srli_si128(text, 3), other));
    }
    return (uint32_t)_mm_movemask_epi8(equal);
}

#else

/* One bit for each byte of eight that is zero. */
static inline uint32_t zero_bytes(uint64_t eight)
{
    const uint64_t low_bits = 0x7F7F7F7F7F7F7F7F;
    uint64_t zero = ~(((eight & low_bits) + low_bits) | eight) & ~low_bits;
    /* The product adds up the eight high bits, each moved to its own place in the top byte. */
    return (uint32_t)((zero >> 7) * 0x0102040810204080 >> 56);
}

static inline uint32_t zero_bytes_of(wide bytes)
{
    return zero_bytes((uint64_t)bytes) | zero_bytes((uint64_t)(bytes >> 64)) << 8;
}

static inline uint32_t near_equals(wide a, wide b, unsigned reach)
{
    uint32_t equal = zero_bytes_of(a ^ b) | zero_bytes_of(a << 8 ^ b) | zero_bytes_of(a >> 8 ^ b);
    if (reach >= 2) {
        equal |= zero_bytes_of(a << 16 ^ b) | zero_bytes_of(a >> 16 ^ b);
    }
    if (reach == 3) {
        equal |= zero_bytes_of(a << 24 ^ b) | zero_bytes_of(a >> 24 ^ b);
    }
    return equal;
}

#endif

#endif
