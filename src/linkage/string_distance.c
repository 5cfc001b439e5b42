#include "linkage/string_distance.h"

#include <math.h>
#include <stdbool.h>

enum {
    WORD = 64,  /* bits of a mask, and so the bytes of a text that one mask covers */
    BYTES = 256 /* values of a byte */
};

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static unsigned char byte_at(struct str text, size_t at)
{
    return (unsigned char)text.ptr[at];
}

/* ---- short texts in registers ---- */

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

/* The positions 0 … 63 that are at most `window` from `at`. */
static uint64_t window_mask(size_t at, size_t window)
{
    size_t high = at + window + 1;
    uint64_t below = high >= WORD ? UINT64_MAX : ((uint64_t)1 << high) - 1;
    return at > window ? below & (UINT64_MAX << (at - window)) : below;
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
static double jaro_short(const struct string_pattern *pattern, struct str b, double at_least)
{
    size_t a_len = pattern->length;
    struct jaro_bound bound = jaro_bound(a_len, b.len, at_least);
    if (jaro_is_out_of_reach(bound, smaller(a_len, b.len)) ||
        jaro_is_out_of_reach(bound, shared_bytes(pattern, b))) {
        return 0.0;
    }
    size_t window = jaro_window(a_len, b.len);
    uint64_t matched = 0;
    uint64_t partners[WORD];
    uint64_t latest = 0;
    size_t matches = 0;
    bool in_order = true;
    for (size_t j = 0; j < b.len; j++) {
        uint64_t free = pattern->mask[byte_at(b, j)] & window_mask(j, window) & ~matched;
        uint64_t first = free & -free;
        matched |= first;
        partners[matches] = first;
        matches += first != 0;
        /* Most names match in order: then there is nothing to count. */
        in_order &= first == 0 || first > latest;
        latest = first != 0 ? first : latest;
    }
    if (matches == 0 || jaro_is_out_of_reach(bound, matches)) {
        return 0.0;
    }
    size_t transpositions =
        in_order ? 0 : count_transpositions(pattern, matched, partners, matches);
    return jaro_from_counts(a_len, b.len, matches, transpositions);
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
        return jaro_long(a, b, at_least, scratch);
    }
    string_pattern_set(pattern, a);
    return jaro_short(pattern, b, at_least);
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
    size_t most = smaller(smaller(a.len, b.len), MOST);
    size_t prefix = 0;
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

/* Cuts off what both texts begin and end with: it costs no edit in any best alignment, neither for
   Levenshtein nor for Damerau-Levenshtein. Returns the length of the common beginning. */
static size_t strip_common(struct str *a, struct str *b)
{
    size_t shared = smaller(a->len, b->len);
    size_t prefix = 0;
    while (prefix < shared && a->ptr[prefix] == b->ptr[prefix]) {
        prefix++;
    }
    size_t suffix = 0;
    shared -= prefix;
    while (suffix < shared && a->ptr[a->len - 1 - suffix] == b->ptr[b->len - 1 - suffix]) {
        suffix++;
    }
    *a = (struct str){a->ptr + prefix, a->len - prefix - suffix};
    *b = (struct str){b->ptr + prefix, b->len - prefix - suffix};
    return prefix;
}

/* ---- up to two edits between short texts ---- */

struct short_text {
    wide bytes;
    size_t len;
};

static inline struct short_text short_text(struct str text)
{
    return (struct short_text){load_short(text), text.len};
}

/* Bytes from … to - 1; from <= to, and to - from <= 15. */
static inline wide slice(struct short_text text, size_t from, size_t to)
{
    return text.bytes >> (8 * from) & (((wide)1 << (8 * (to - from))) - 1);
}

/* The text without its first bytes, fewer than 16. */
static inline struct short_text skip(struct short_text text, size_t bytes)
{
    return (struct short_text){text.bytes >> (8 * bytes), text.len - bytes};
}

/* The number of low bytes that are zero, 16 for 0. */
static inline size_t zero_bytes_below(wide bits)
{
    uint64_t low = (uint64_t)bits;
    if (low != 0) {
        return (size_t)__builtin_ctzll(low) / 8;
    }
    uint64_t high = (uint64_t)(bits >> 64);
    return high == 0 ? 16 : 8 + (size_t)__builtin_ctzll(high) / 8;
}

static inline size_t common_prefix(struct short_text a, struct short_text b)
{
    return smaller(zero_bytes_below(a.bytes ^ b.bytes), smaller(a.len, b.len));
}

/* Cuts off what both texts, not equal, begin and end with. */
static inline void strip_short(struct short_text *a, struct short_text *b)
{
    size_t prefix = common_prefix(*a, *b);
    *a = skip(*a, prefix);
    *b = skip(*b, prefix);
    while (a->len > 0 && b->len > 0 &&
           (uint8_t)(a->bytes >> (8 * (a->len - 1))) == (uint8_t)(b->bytes >> (8 * (b->len - 1)))) {
        a->len--;
        b->len--;
    }
    a->bytes = a->len == SHORT ? a->bytes : slice(*a, 0, a->len);
    b->bytes = b->len == SHORT ? b->bytes : slice(*b, 0, b->len);
}

/*
 * Whether two stripped texts, neither empty, are two Levenshtein edits apart, given that they are
 * at least two apart. First bytes differ and last bytes differ: so one edit is spent at either end,
 * and what lies between has to be equal.
 */
static inline bool two_edits_suffice(struct short_text a, struct short_text b)
{
    struct short_text longer = a.len >= b.len ? a : b;
    struct short_text other = a.len >= b.len ? b : a;
    size_t n = longer.len;
    size_t m = other.len;
    if (n == m) {
        return slice(longer, 1, n - 1) == slice(other, 1, m - 1) ||
               slice(longer, 1, n) == slice(other, 0, m - 1) ||
               slice(longer, 0, n - 1) == slice(other, 1, m);
    }
    wide middle = slice(longer, 1, n - 1);
    if (n - m == 1) {
        return middle == slice(other, 0, m - 1) || middle == slice(other, 1, m);
    }
    return n - m == 2 && middle == other.bytes;
}

static inline bool begins_exchanged(struct short_text a, struct short_text b)
{
    return a.len >= 2 && b.len >= 2 && (uint8_t)a.bytes == (uint8_t)(b.bytes >> 8) &&
           (uint8_t)(a.bytes >> 8) == (uint8_t)b.bytes;
}

/* Whether the texts are at most one edit or one exchange of neighbours apart. */
static inline bool one_damerau_edit_suffices(struct short_text a, struct short_text b)
{
    if (a.bytes == b.bytes && a.len == b.len) {
        return true;
    }
    size_t prefix = common_prefix(a, b);
    struct short_text left = skip(a, prefix);
    struct short_text right = skip(b, prefix);
    if (left.len == right.len) {
        wide differ = left.bytes ^ right.bytes;
        return differ >> 8 == 0 || (differ >> 16 == 0 && begins_exchanged(left, right));
    }
    if (left.len == right.len + 1) {
        return left.bytes >> 8 == right.bytes;
    }
    return left.len + 1 == right.len && left.bytes == right.bytes >> 8;
}

/*
 * Whether two texts with different first bytes, neither empty, are two edits apart, given that they
 * are not one apart. The first edit is known but for its kind, and leaves one; an exchange with one
 * byte dropped or put in between costs both at once.
 */
static bool two_damerau_edits_suffice(struct short_text a, struct short_text b)
{
    if (one_damerau_edit_suffices(skip(a, 1), skip(b, 1)) ||
        one_damerau_edit_suffices(skip(a, 1), b) || one_damerau_edit_suffices(a, skip(b, 1))) {
        return true;
    }
    if (begins_exchanged(a, b) && one_damerau_edit_suffices(skip(a, 2), skip(b, 2))) {
        return true;
    }
    uint8_t a0 = (uint8_t)a.bytes;
    uint8_t b0 = (uint8_t)b.bytes;
    bool dropped =
        a.len >= 3 && b.len >= 2 && a0 == (uint8_t)(b.bytes >> 8) && b0 == (uint8_t)(a.bytes >> 16);
    bool put_in =
        b.len >= 3 && a.len >= 2 && b0 == (uint8_t)(a.bytes >> 8) && a0 == (uint8_t)(b.bytes >> 16);
    return (dropped && a.len == b.len + 1 && a.bytes >> 24 == b.bytes >> 16) ||
           (put_in && b.len == a.len + 1 && b.bytes >> 24 == a.bytes >> 16);
}

/* Levenshtein for at_most 0, 1 or 2, the bounds of linkage models, without a table. */
static uint64_t levenshtein_few(struct str left, struct str right, uint64_t at_most)
{
    struct short_text a = short_text(left);
    struct short_text b = short_text(right);
    if (a.bytes == b.bytes && a.len == b.len) {
        return 0;
    }
    strip_short(&a, &b);
    size_t most = larger(a.len, b.len);
    if (a.len == 0 || b.len == 0 || most == 1) {
        return most;
    }
    return at_most == 2 && two_edits_suffice(a, b) ? 2 : at_most + 1;
}

/* Damerau-Levenshtein likewise. */
static uint64_t damerau_few(struct str left, struct str right, uint64_t at_most)
{
    struct short_text a = short_text(left);
    struct short_text b = short_text(right);
    if (a.bytes == b.bytes && a.len == b.len) {
        return 0;
    }
    size_t prefix = common_prefix(a, b);
    a = skip(a, prefix);
    b = skip(b, prefix);
    if (one_damerau_edit_suffices(a, b)) {
        return 1;
    }
    if (a.len == 0 || b.len == 0) {
        return larger(a.len, b.len);
    }
    return at_most == 2 && two_damerau_edits_suffice(a, b) ? 2 : at_most + 1;
}

/* ---- Levenshtein ---- */

/* One column of the table of distances, as its differences from row to row. */
struct column_deltas {
    uint64_t up;   /* rows where the distance grows by one from the row above */
    uint64_t down; /* rows where it falls by one */
};

/* What leaves a column at the bottom row: the change from the column before. */
struct row_deltas {
    uint64_t up;
    uint64_t down;
};

/*
 * Myers' step: the column after `column` for a text byte whose mask is `equal`, when the row above
 * the mask changes by `in`. All changes from row to row and from column to column are -1, 0 or 1,
 * so two masks hold a column of 64 rows, and one addition carries matches down the diagonal.
 */
static inline struct row_deltas myers_step(struct column_deltas *column, uint64_t equal,
                                           struct row_deltas in)
{
    uint64_t vertical = equal | column->down;
    equal |= in.down;
    uint64_t horizontal = (((equal & column->up) + column->up) ^ column->up) | equal;
    struct row_deltas rows = {.up = column->down | ~(horizontal | column->up),
                              .down = column->up & horizontal};
    uint64_t up = rows.up << 1 | in.up;
    uint64_t down = rows.down << 1 | in.down;
    column->up = down | ~(vertical | up);
    column->down = up & vertical;
    return rows;
}

/* Levenshtein for a stripped pattern of up to 64 bytes: `rows` bytes of the text in `pattern` from
   `shift` on. What the masks hold beyond these rows only flows upwards and does no harm. */
static uint64_t levenshtein_short(const struct string_pattern *pattern, size_t shift, size_t rows,
                                  struct str b, uint64_t at_most)
{
    struct column_deltas column = {.up = UINT64_MAX};
    uint64_t distance = rows;
    size_t last = rows - 1;
    for (size_t j = 0; j < b.len; j++) {
        uint64_t equal = pattern->mask[byte_at(b, j)] >> shift;
        struct row_deltas out = myers_step(&column, equal, (struct row_deltas){.up = 1});
        distance = distance + (out.up >> last & 1) - (out.down >> last & 1);
        /* Each column still to come can save one at most. */
        if (distance > at_most && distance - at_most > b.len - 1 - j) {
            return distance;
        }
    }
    return distance;
}

/* The same for long texts, in strips of 64 rows: `change` carries how each column's bottom row
   differs from the column before, from strip to strip. */
static uint64_t levenshtein_long(struct string_pattern *pattern, struct str a, struct str b,
                                 struct arena *scratch)
{
    struct row_deltas *change = arena_alloc_array(scratch, b.len, sizeof *change);
    if (change == NULL) {
        return UINT64_MAX;
    }
    for (size_t j = 0; j < b.len; j++) {
        change[j] = (struct row_deltas){.up = 1};
    }
    for (size_t from = 0; from < a.len; from += WORD) {
        size_t rows = smaller(a.len - from, WORD);
        size_t last = rows - 1;
        string_pattern_set(pattern, (struct str){a.ptr + from, rows});
        struct column_deltas column = {.up = UINT64_MAX};
        for (size_t j = 0; j < b.len; j++) {
            struct row_deltas out = myers_step(&column, pattern->mask[byte_at(b, j)], change[j]);
            change[j] = (struct row_deltas){out.up >> last & 1, out.down >> last & 1};
        }
    }
    uint64_t distance = a.len;
    for (size_t j = 0; j < b.len; j++) {
        distance = distance + change[j].up - change[j].down;
    }
    return distance;
}

uint64_t string_levenshtein(struct string_pattern *pattern, struct str a, struct str b,
                            uint64_t at_most, struct arena *scratch)
{
    size_t most = larger(a.len, b.len);
    size_t difference = most - smaller(a.len, b.len);
    if (difference > at_most) {
        return difference;
    }
    if (at_most <= 2 && most <= SHORT) {
        return levenshtein_few(a, b, at_most);
    }
    bool prepared = a.len <= WORD;
    if (prepared) {
        string_pattern_set(pattern, a);
        /* Each byte of b that a does not have at all costs an edit. */
        size_t shared = shared_bytes(pattern, b);
        if (shared < b.len && b.len - shared > at_most) {
            return b.len - shared;
        }
    }
    size_t shift = strip_common(&a, &b);
    if (a.len == 0 || b.len == 0) {
        return larger(a.len, b.len);
    }
    if (prepared) {
        return levenshtein_short(pattern, shift, a.len, b, at_most);
    }
    /* The distance is symmetric: the shorter text makes the fewer strips. */
    struct str rows = a.len <= b.len ? a : b;
    struct str columns = a.len <= b.len ? b : a;
    if (rows.len > WORD) {
        return levenshtein_long(pattern, rows, columns, scratch);
    }
    string_pattern_set(pattern, rows);
    return levenshtein_short(pattern, 0, rows.len, columns, at_most);
}

/* ---- Damerau-Levenshtein ---- */

/* Whether a has more than `at_most` distinct bytes, modulo 64, that b has not. Each costs an edit,
   since an exchange of neighbours neither makes nor removes bytes. */
static bool too_many_missing(uint64_t a, uint64_t b, uint64_t at_most)
{
    uint64_t missing = a & ~b;
    for (; missing != 0 && at_most > 0; at_most--) {
        missing &= missing - 1;
    }
    return missing != 0;
}

static uint64_t byte_set(struct str text)
{
    uint64_t set = 0;
    for (size_t i = 0; i < text.len; i++) {
        set |= (uint64_t)1 << (byte_at(text, i) % WORD);
    }
    return set;
}

/*
 * The table of Lowrance and Wagner, three rows at a time. An exchange of bytes that have become
 * neighbours by dropping x bytes between them in a, and get y bytes put in between in b, costs
 * x + 1 + y. With x and y both above 0 it is never better than replacing (that costs
 * max(x, y) + 2), so only two kinds are looked at:
 * - y = 0: the row where b's byte stood last in a may be far up; what the table held there, two
 *   columns back, is kept for each column in `kept`;
 * - x = 0: the column where a's byte stood last in b is in reach of this row and the two above.
 */
static uint64_t damerau_table(struct str a, struct str b, uint64_t at_most, uint32_t *cells)
{
    size_t width = b.len + 1;
    uint32_t *two_above = cells;
    uint32_t *above = cells + width;
    uint32_t *row = cells + 2 * width;
    uint32_t *kept = cells + 3 * width;
    uint32_t last_row[BYTES] = {0}; /* where each byte stood last in a, from 1; 0 is nowhere */
    for (size_t j = 0; j < width; j++) {
        above[j] = (uint32_t)j;
    }
    for (uint32_t i = 1; i <= a.len; i++) {
        unsigned char left = byte_at(a, i - 1);
        uint32_t last_column = 0;
        uint32_t least = row[0] = i;
        for (uint32_t j = 1; j <= b.len; j++) {
            unsigned char right = byte_at(b, j - 1);
            uint32_t best = above[j - 1] + (left != right);
            best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
            best = above[j] + 1 < best ? above[j] + 1 : best;
            if (left == right) {
                last_column = j;
                kept[j] = j >= 2 ? above[j - 2] : 0;
            } else if (last_row[right] != 0 && last_column != 0) {
                uint32_t exchanged = best;
                if (last_column == j - 1) {
                    exchanged = kept[j] + (i - last_row[right]);
                } else if (last_row[right] == i - 1) {
                    exchanged = two_above[last_column - 1] + (j - last_column);
                }
                best = exchanged < best ? exchanged : best;
            }
            row[j] = best;
            least = best < least ? best : least;
        }
        /* No later row gets below this one's least: an exchange over it costs at least as much as
           to step down to it. */
        if (least > at_most) {
            return least;
        }
        last_row[left] = i;
        uint32_t *spare = two_above;
        two_above = above;
        above = row;
        row = spare;
    }
    return above[b.len];
}

uint64_t string_damerau_levenshtein(struct str a, struct str b, uint64_t at_most,
                                    struct arena *scratch)
{
    size_t most = larger(a.len, b.len);
    size_t difference = most - smaller(a.len, b.len);
    if (difference > at_most) {
        return difference;
    }
    if (at_most <= 2 && most <= SHORT) {
        return damerau_few(a, b, at_most);
    }
    if (at_most < most) {
        uint64_t in_a = byte_set(a);
        uint64_t in_b = byte_set(b);
        if (too_many_missing(in_a, in_b, at_most) || too_many_missing(in_b, in_a, at_most)) {
            return at_most + 1;
        }
    }
    strip_common(&a, &b);
    most = larger(a.len, b.len);
    if (a.len == 0 || b.len == 0) {
        return most;
    }
    if (at_most <= 2 && most <= SHORT) {
        return damerau_few(a, b, at_most);
    }
    uint32_t cells[4 * (WORD + 1)];
    if (b.len <= WORD) {
        return damerau_table(a, b, at_most, cells);
    }
    uint32_t *many = arena_alloc_array(scratch, b.len + 1, 4 * sizeof *many);
    return many == NULL ? UINT64_MAX : damerau_table(a, b, at_most, many);
}

/* ---- Jaccard ---- */

double string_jaccard(struct str a, struct str b)
{
    if (a.len == 0 || b.len == 0) {
        return NAN;
    }
    bool in_a[BYTES] = {false};
    bool in_b[BYTES] = {false};
    unsigned distinct = 0;
    unsigned shared = 0;
    for (size_t i = 0; i < a.len; i++) {
        unsigned char value = byte_at(a, i);
        distinct += !in_a[value];
        in_a[value] = true;
    }
    for (size_t i = 0; i < b.len; i++) {
        unsigned char value = byte_at(b, i);
        distinct += !in_a[value] && !in_b[value];
        shared += in_a[value] && !in_b[value];
        in_b[value] = true;
    }
    return (double)shared / (double)distinct;
}
