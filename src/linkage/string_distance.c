#include "linkage/string_distance.h"

#include <math.h>
#include <stdbool.h>

#include "linkage/string_short.h"

/* ---- the prepared text ---- */

void string_pattern_set(struct string_pattern *pattern, struct str text)
{
    if (text.len > WORD) {
        return;
    }
    if (text.len == pattern->length) {
        struct str held = {pattern->bytes, SHORT};
        bool same = text.len <= SHORT ? load_short(text) == load_short(held)
                                      : memcmp(pattern->bytes, text.ptr, text.len) == 0;
        if (LIKELY(same)) {
            return;
        }
    }
    for (uint32_t i = 0; i < pattern->length; i++) {
        pattern->mask[(unsigned char)pattern->bytes[i]] = 0;
    }
    memset(pattern->bytes, 0, sizeof pattern->bytes);
    for (size_t i = 0; i < text.len; i++) {
        pattern->mask[byte_at(text, i)] |= (uint64_t)1 << i;
        pattern->bytes[i] = text.ptr[i];
    }
    pattern->length = (uint32_t)text.len;
}

/* ---- Jaro and Jaro-Winkler ---- */

/*
 * Jaro's similarity from m matches of which t are out of order (already halved), in DuckDB's order
 * of operations. It grows with m and falls with t also in floating point, since each operation is
 * rounded monotonically.
 */
static double jaro_from_counts(size_t a, size_t b, size_t matches, size_t transpositions)
{
    double m = (double)matches;
    return ((m / (double)a + m / (double)b) + (m - (double)transpositions) / m) / 3.0;
}

/*
 * Whether m matches cannot reach `at_least` even without a transposition: solved for m and freed
 * of the divisions. The allowance of 1e-9 is far above the rounding of either side, so the test may
 * let a hopeless pair pass but never drops one that reaches.
 */
struct jaro_bound {
    double lengths; /* a + b */
    double needed;  /* m (a + b) has to reach this */
};

static struct jaro_bound jaro_bound(size_t a, size_t b, double at_least)
{
    double product = (double)a * (double)b;
    return (struct jaro_bound){(double)(a + b), (3.0 * at_least - 1.0 - 1e-9) * product};
}

static bool jaro_is_out_of_reach(struct jaro_bound bound, size_t matches)
{
    return (double)matches * bound.lengths < bound.needed;
}

/* How far apart two equal bytes may stand to match; lengths of 1 and 1 are dealt with before. */
static size_t jaro_window(size_t a, size_t b)
{
    size_t half = larger(a, b) / 2;
    return half == 0 ? 0 : half - 1;
}

/* Half the number of matched positions where the matched bytes of both texts, each read in its own
   order, differ. `partners` has the bit in a of the match of each matched byte of b, in b's order,
   and `matched` all of them. */
static size_t count_transpositions(const struct string_pattern *pattern, uint64_t matched,
                                   const uint64_t *partners, size_t matches)
{
    size_t differ = 0;
    for (size_t i = 0; i < matches; i++) {
        size_t in_a = (size_t)__builtin_ctzll(matched);
        size_t in_b = (size_t)__builtin_ctzll(partners[i]);
        differ += pattern->bytes[in_a] != pattern->bytes[in_b];
        matched &= matched - 1;
    }
    return differ / 2;
}

/*
 * Jaro for texts of up to 64 bytes, a prepared in the pattern. Each byte of b takes the first byte
 * of a that is equal, near enough and still free: one mask operation each.
 */
static double jaro_by_masks(const struct string_pattern *pattern, struct str b,
                            struct jaro_bound bound)
{
    size_t window = jaro_window(pattern->length, b.len); /* at most 31 */
    uint64_t in_window = ((uint64_t)2 << window) - 1;
    uint64_t matched = 0;
    uint64_t partners[WORD];
    size_t matches = 0;
    bool in_order = true;
    for (size_t j = 0; j < b.len; j++) {
        uint64_t free = pattern->mask[byte_at(b, j)] & in_window & ~matched;
        uint64_t first = free & -free;
        /* Most names match in order, each partner above all before it: then there is nothing to
           count. (No partner is 0, which wraps around to the greatest number.) */
        in_order &= first - 1 >= matched;
        matched |= first;
        partners[matches] = first;
        matches += first != 0;
        in_window = in_window << 1 | (j < window);
    }
    if (matches == 0 || jaro_is_out_of_reach(bound, matches)) {
        return 0.0;
    }
    size_t transpositions =
        in_order ? 0 : count_transpositions(pattern, matched, partners, matches);
    return jaro_from_counts(pattern->length, b.len, matches, transpositions);
}

/* The bits of a word that are set, added up pairwise, then by fours, then all bytes at once. */
static unsigned count_word(uint64_t word)
{
    word -= word >> 1 & 0x5555555555555555;
    word = (word & 0x3333333333333333) + (word >> 2 & 0x3333333333333333);
    word = (word + (word >> 4)) & 0x0F0F0F0F0F0F0F0F;
    return (unsigned)(word * 0x0101010101010101 >> 56);
}

/* Jaro for non-empty texts of up to 64 bytes. Before the matching, which goes byte by byte, come
   bounds from above, which do not: the lengths, then how many bytes of b can match at all. */
static double jaro_short(struct string_pattern *pattern, struct str a, struct str b,
                         double at_least)
{
    enum { NEAR = 3, NEAR_LENGTH = 9 /* longest texts of which the window is that */ };
    size_t longer = larger(a.len, b.len);
    struct jaro_bound bound = jaro_bound(a.len, b.len, at_least);
    if (jaro_is_out_of_reach(bound, smaller(a.len, b.len))) {
        return 0.0;
    }
    if (bound.needed <= 0.0) {
        string_pattern_set(pattern, a);
        return jaro_by_masks(pattern, b, bound);
    }
    if (longer <= NEAR_LENGTH) {
        uint32_t near = near_equals(load_short(a), load_short(b), NEAR);
        if (jaro_is_out_of_reach(bound, count_word(near & (((uint32_t)1 << b.len) - 1)))) {
            return 0.0;
        }
        string_pattern_set(pattern, a);
        return jaro_by_masks(pattern, b, bound);
    }
    string_pattern_set(pattern, a);
    return jaro_is_out_of_reach(bound, shared_bytes(pattern, b)) ? 0.0
                                                                 : jaro_by_masks(pattern, b, bound);
}

/*
 * Jaro for long texts. The first free equal byte within the window moves only forward, as long as
 * one byte value is looked at: so the positions of each value in a, in order, and how far each
 * value has got, give all matches in linear time.
 */
static double jaro_long(struct str a, struct str b, double at_least, struct arena *scratch)
{
    struct jaro_bound bound = jaro_bound(a.len, b.len, at_least);
    if (jaro_is_out_of_reach(bound, smaller(a.len, b.len))) {
        return 0.0;
    }
    size_t *positions = arena_alloc_array(scratch, a.len, sizeof *positions);
    char *sequence = arena_alloc(scratch, b.len); /* the matched bytes of b */
    bool *matched = arena_alloc_zeroed(scratch, a.len, sizeof *matched);
    if (positions == NULL || sequence == NULL || matched == NULL) {
        return NAN;
    }
    size_t next[BYTES + 1] = {0}; /* the first position not yet passed, by value */
    size_t ends[BYTES];
    for (size_t i = 0; i < a.len; i++) {
        next[byte_at(a, i) + 1]++;
    }
    for (size_t value = 0; value < BYTES; value++) {
        next[value + 1] += next[value];
        ends[value] = next[value];
    }
    for (size_t i = 0; i < a.len; i++) {
        positions[ends[byte_at(a, i)]++] = i;
    }
    size_t window = jaro_window(a.len, b.len);
    size_t matches = 0;
    for (size_t j = 0; j < b.len; j++) {
        unsigned char value = byte_at(b, j);
        size_t at = next[value];
        while (at < ends[value] && positions[at] + window < j) {
            at++;
        }
        if (at < ends[value] && positions[at] <= j + window) {
            matched[positions[at++]] = true;
            sequence[matches++] = b.ptr[j];
        }
        next[value] = at;
    }
    if (matches == 0) {
        return 0.0;
    }
    size_t differ = 0;
    size_t seen = 0;
    for (size_t i = 0; i < a.len; i++) {
        if (matched[i]) {
            differ += a.ptr[i] != sequence[seen++];
        }
    }
    return jaro_from_counts(a.len, b.len, matches, differ / 2);
}

double string_jaro(struct string_pattern *pattern, struct str a, struct str b, double at_least,
                   struct arena *scratch)
{
    if (a.len == 0 || b.len == 0) {
        return 0.0;
    }
    if (a.len > WORD || b.len > WORD) {
        return str_equal(a, b) ? 1.0 : jaro_long(a, b, at_least, scratch);
    }
    return jaro_short(pattern, a, b, at_least);
}

/*
 * The Jaro similarity that is needed for a Jaro-Winkler similarity of `at_least`: the boost
 * s + p/10 (1 - s) solved for s. Up to 0.7 there is no boost. The allowance is as above.
 */
static double jaro_needed(double at_least, size_t prefix)
{
    static const double SCALE[] = {1.0, 1.0 / 0.9, 1.0 / 0.8, 1.0 / 0.7, 1.0 / 0.6};
    if (at_least <= 0.7) {
        return at_least;
    }
    double needed = (at_least - 0.1 * (double)prefix) * SCALE[prefix] - 1e-9;
    return needed > 0.7 ? needed : 0.7;
}

/* How many bytes, up to four, both texts begin with alike. */
static size_t boosted_prefix(struct str a, struct str b)
{
    enum { MOST = 4 };
    size_t most = smaller(a.len, b.len);
    size_t prefix = 0;
    if (LIKELY(most >= MOST)) {
        wide first = load_short((struct str){a.ptr, MOST}) ^ load_short((struct str){b.ptr, MOST});
        return first == 0 ? MOST : (size_t)__builtin_ctz((uint32_t)first) / 8;
    }
    while (prefix < most && a.ptr[prefix] == b.ptr[prefix]) {
        prefix++;
    }
    return prefix;
}

double string_jaro_winkler(struct string_pattern *pattern, struct str a, struct str b,
                           double at_least, struct arena *scratch)
{
    size_t prefix = boosted_prefix(a, b);
    double jaro = string_jaro(pattern, a, b, jaro_needed(at_least, prefix), scratch);
    return jaro > 0.7 ? jaro + (double)prefix * 0.1 * (1.0 - jaro) : jaro;
}

/* ---- Jaccard ---- */

/* A set of byte values. */
struct byte_set {
    uint64_t bits[BYTES / WORD];
};

static struct byte_set byte_set(struct str text)
{
    struct byte_set set = {{0}};
    for (size_t i = 0; i < text.len; i++) {
        unsigned char value = byte_at(text, i);
        set.bits[value / WORD] |= (uint64_t)1 << (value % WORD);
    }
    return set;
}

double string_jaccard(struct str a, struct str b)
{
    if (a.len == 0 || b.len == 0) {
        return NAN;
    }
    struct byte_set in_a = byte_set(a);
    struct byte_set in_b = byte_set(b);
    unsigned shared = 0;
    unsigned either = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(in_a.bits); i++) {
        shared += count_word(in_a.bits[i] & in_b.bits[i]);
        either += count_word(in_a.bits[i] | in_b.bits[i]);
    }
    return (double)shared / (double)either;
}
