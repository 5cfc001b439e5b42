/*
 * The inner loop of the CSV reader: finds the bytes that mean something to CSV, 64 at a time.
 *
 * Most bytes of a CSV file are content. A block of 64 becomes one word with a bit for each comma,
 * quote, CR, LF and NUL, and the parser walks from bit to bit.
 */
#ifndef BASE_CSV_SCAN_H
#define BASE_CSV_SCAN_H

#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* The parser may look at this many bytes past the end of what was read. */
enum { CSV_SCAN_BLOCK = 64 };

struct csv_scan {
    const char *block; /* the 64 bytes that `special` is about */
    uint64_t special;  /* bit i: block[i] means something and is not yet consumed */
    uint64_t beyond;   /* not 0: a byte over 0x7F was seen in or near the row */
};

#ifdef __SSE2__

static inline void csv_scan_block(struct csv_scan *scan)
{
    const __m128i comma = _mm_set1_epi8(',');
    const __m128i quote = _mm_set1_epi8('"');
    const __m128i line_feed = _mm_set1_epi8('\n');
    const __m128i carriage_return = _mm_set1_epi8('\r');
    uint64_t special = 0;
    uint64_t beyond = 0;
    for (unsigned i = 0; i < CSV_SCAN_BLOCK; i += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(scan->block + i));
        __m128i found = _mm_or_si128(
            _mm_or_si128(_mm_cmpeq_epi8(bytes, comma), _mm_cmpeq_epi8(bytes, line_feed)),
            _mm_or_si128(_mm_cmpeq_epi8(bytes, quote),
                         _mm_or_si128(_mm_cmpeq_epi8(bytes, carriage_return),
                                      _mm_cmpeq_epi8(bytes, _mm_setzero_si128()))));
        special |= (uint64_t)(unsigned)_mm_movemask_epi8(found) << i;
        beyond |= (unsigned)_mm_movemask_epi8(bytes);
    }
    scan->special = special;
    scan->beyond |= beyond;
}

#else

/* The top bit of each byte of `word` that equals the byte repeated in `pattern`. Exact, unlike the
   shorter forms of this trick: adding 0x7F to seven bits never carries into the next byte. */
static inline uint64_t csv_scan_equal(uint64_t word, uint64_t pattern)
{
    const uint64_t low_bits = 0x7F7F7F7F7F7F7F7Fu;
    uint64_t differs = word ^ pattern;
    return ~(((differs & low_bits) + low_bits) | differs | low_bits);
}

static inline void csv_scan_block(struct csv_scan *scan)
{
    const uint64_t ones = 0x0101010101010101u;
    uint64_t special = 0;
    for (unsigned i = 0; i < CSV_SCAN_BLOCK; i += 8) {
        uint64_t word;
        memcpy(&word, scan->block + i, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        word = __builtin_bswap64(word);
#endif
        uint64_t found = csv_scan_equal(word, ones * ',') | csv_scan_equal(word, ones * '"') |
                         csv_scan_equal(word, ones * '\n') | csv_scan_equal(word, ones * '\r') |
                         csv_scan_equal(word, 0);
        /* Gathers the eight top bits into one byte: the factor's bits are 7 apart, so that every
           product lands on its own place in the highest byte. */
        special |= ((found >> 7) * 0x0102040810204080u >> 56) << i;
        scan->beyond |= word & (ones << 7);
    }
    scan->special = special;
}

#endif

/* Begins at `start`. */
static inline void csv_scan_begin(struct csv_scan *scan, const char *start)
{
    scan->block = start;
    scan->beyond = 0;
    csv_scan_block(scan);
}

/* Consumes the next byte that means something and returns where it is. The caller has put one at
   the end of the data, so there always is one. */
static inline const char *csv_scan_next(struct csv_scan *scan)
{
    while (scan->special == 0) {
        scan->block += CSV_SCAN_BLOCK;
        csv_scan_block(scan);
    }
    const char *found = scan->block + __builtin_ctzll(scan->special);
    scan->special &= scan->special - 1;
    return found;
}

#endif
