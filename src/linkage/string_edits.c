/* Levenshtein and Damerau-Levenshtein. */
#include <stdbool.h>

#include "linkage/string_distance.h"
#include "linkage/string_short.h"

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

/*
 * Whether b has more than `edits` (1 or 2) bytes to which a has no equal within `edits` positions.
 * Then the texts are farther apart: an edit of either kind leaves one byte of b without an equal in
 * a at the most, and moves the others by one. That is found for all bytes at once.
 */
static inline bool is_farther(struct short_text a, struct short_text b, uint64_t edits)
{
    uint32_t alone = ~near_equals(a.bytes, b.bytes, (unsigned)edits) & (((uint32_t)1 << b.len) - 1);
    alone &= alone - 1;
    if (edits == 2) {
        alone &= alone - 1;
    }
    return alone != 0;
}

/* Levenshtein for at_most 0, 1 or 2, the bounds of linkage models, without a table. */
static uint64_t levenshtein_few(struct str left, struct str right, uint64_t at_most)
{
    struct short_text a = short_text(left);
    struct short_text b = short_text(right);
    if (a.bytes == b.bytes && a.len == b.len) {
        return 0;
    }
    if (a.len == 0 || b.len == 0) {
        return larger(a.len, b.len);
    }
    if (at_most == 0 || is_farther(a, b, at_most)) {
        return at_most + 1;
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
    if (a.len == 0 || b.len == 0) {
        return larger(a.len, b.len);
    }
    if (at_most == 0 || is_farther(a, b, at_most)) {
        return at_most + 1;
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
