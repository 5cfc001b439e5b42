#include "linkage/reach.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/threads.h"
#include "linkage/join_key.h"

/* ---- limits ---- */

enum { ANY = INT8_MAX, NONE = -1 };

static int8_t edit_limit(int left, int right, double edits)
{
    if (abs(left - right) > edits) {
        return NONE;
    }
    return 2 * edits >= ANY ? ANY : (int8_t)(2 * edits);
}

/* The most that a similarity can be with `matching` bytes in common and no transposition; Winkler's
   prefix is taken to be as long as it counts. */
static double most_similar(int left, int right, int matching, bool winkler)
{
    if (matching == 0) {
        return 0;
    }
    double m = matching;
    double jaro = (m / left + m / right + 1) / 3;
    return winkler && jaro > 0.7 ? jaro + 0.4 * (1 - jaro) : jaro;
}

static int8_t similarity_limit(int left, int right, double least, bool winkler)
{
    /* The bound is computed in another order than the similarity itself: allow for rounding. */
    const double margin = 1e-9;
    int shorter = left < right ? left : right;
    for (int matching = 0; matching <= shorter; matching++) {
        if (most_similar(left, right, matching, winkler) >= least - margin) {
            int limit = left + right - 2 * matching;
            return limit > ANY ? ANY : (int8_t)limit;
        }
    }
    return NONE;
}

static const reach_limits *make_limits(struct arena *arena, const struct expr_nearness *near)
{
    reach_limits *limits = arena_alloc_array(arena, REACH_LENGTHS, sizeof *limits);
    for (int left = 0; limits != NULL && left < REACH_LENGTHS; left++) {
        for (int right = 0; right < REACH_LENGTHS; right++) {
            int8_t *limit = &limits[left][right];
            if (left == REACH_LENGTHS - 1 || right == REACH_LENGTHS - 1) {
                *limit = ANY;
            } else if (near->measure == EXPR_EDITS) {
                *limit = edit_limit(left, right, near->limit);
            } else {
                bool winkler = near->measure == EXPR_JARO_WINKLER;
                *limit = similarity_limit(left, right, near->limit, winkler);
            }
        }
    }
    return limits;
}

/* ---- planning ---- */

/* The source that tells what is needed: one there is, or a new one; NULL when there is no room. */
static struct reach_source *find_source(struct reach *reach, struct row_table *rows,
                                        const struct reach_source *wanted)
{
    for (size_t i = 0; i < reach->count; i++) {
        struct reach_source *at = &reach->sources[i];
        bool same = wanted->left == NULL
                        ? at->left == NULL && at->column == wanted->column
                        : at->left != NULL && expr_equal(at->left, wanted->left, false) &&
                              expr_equal(at->right, wanted->right, false);
        if (same) {
            return at;
        }
    }
    if (reach->count == REACH_MAX_SOURCES) {
        return NULL;
    }
    struct reach_source *added = &reach->sources[reach->count++];
    *added = *wanted;
    if (wanted->left == NULL) {
        added->left_slot = added->right_slot = row_table_take(rows, 2);
    } else {
        bool mirrored = expr_equal(wanted->left, wanted->right, true);
        added->left_slot = row_table_take(rows, 1);
        added->right_slot = mirrored ? added->left_slot : row_table_take(rows, 1);
    }
    return added;
}

/* Values of these types can be numbered; see join_key.h. */
static bool has_code(struct value_type type)
{
    return type.kind != VALUE_LIST && type.kind != VALUE_INTERVAL;
}

int reach_plan(struct reach_level *out, struct reach *reach, struct arena *arena,
               struct row_table *rows, const struct expr_node *condition, uint32_t own_column,
               uint32_t own_slot, struct error *error)
{
    *out = (struct reach_level){0};
    const struct expr_node *const *conjuncts;
    size_t count;
    int status = expr_conjuncts(&conjuncts, &count, arena, condition, error);
    for (size_t i = 0; status == 0 && i < count && out->count < REACH_MAX_NEEDS; i++) {
        struct reach_need need = {own_slot, own_slot, NULL};
        struct reach_source wanted = {0};
        struct expr_nearness near;
        struct column_set exact = {0};
        bool is_near = expr_is_nearness(conjuncts[i], &near);
        bool is_equality =
            !is_near && expr_is_join_equality(conjuncts[i], &wanted.left, &wanted.right);
        if (!is_near && (!is_equality || !has_code(expr_type(wanted.left)))) {
            continue;
        }
        wanted.column = is_near ? near.column : REACH_NO_COLUMN;
        bool is_own = is_equality && own_column != REACH_NO_COLUMN &&
                      expr_is_exact_match(conjuncts[i], &exact) &&
                      column_set_has(&exact, own_column);
        struct reach_source *source = is_own ? NULL : find_source(reach, rows, &wanted);
        if (source != NULL) {
            need.left_slot = source->left_slot;
            need.right_slot = source->right_slot;
        } else if (!is_own) {
            continue;
        }
        if (is_near) {
            need.limits = make_limits(arena, &near);
            if (need.limits == NULL) {
                return error_out_of_memory(error);
            }
        }
        out->needs[out->count++] = need;
    }
    return status;
}

/* ---- words ---- */

/*
 * How a word counts bytes. Names and digits want different classes: a letter seldom comes more than
 * twice in a name, while nine digits fall on ten.
 */
struct layout {
    uint8_t shift[256]; /* by byte: where its class begins */
    uint8_t width[256]; /* and how many bits it has */
};

static void letter_layout(struct layout *out)
{
    for (int byte = 0; byte < 256; byte++) {
        int letter = (byte | 0x20) - 'a';
        bool is_letter = letter >= 0 && letter < 26 && byte < 128;
        out->shift[byte] = (uint8_t)(is_letter ? 2 * letter : 52);
        out->width[byte] = is_letter ? 2 : 6;
    }
}

static void digit_layout(struct layout *out)
{
    for (int byte = 0; byte < 256; byte++) {
        bool is_digit = byte >= '0' && byte <= '9';
        out->shift[byte] = (uint8_t)(is_digit ? 5 * (byte - '0') : 50);
        out->width[byte] = is_digit ? 5 : 8;
    }
}

/* By what the column mostly holds; a sample says it well enough. */
static void choose_layout(struct layout *out, const struct dictionary *dictionary)
{
    enum { SAMPLE = 1 << 20 };
    size_t size = dictionary->bytes_len < SAMPLE ? dictionary->bytes_len : SAMPLE;
    size_t digits = 0;
    for (size_t i = 0; i < size; i++) {
        digits += dictionary->bytes[i] >= '0' && dictionary->bytes[i] <= '9';
    }
    if (digits * 2 > size) {
        digit_layout(out);
    } else {
        letter_layout(out);
    }
}

static uint64_t word_of(const struct layout *layout, struct str text)
{
    const uint64_t longest = REACH_LENGTHS - 1;
    if (text.len >= longest) {
        return longest << (64 - REACH_LENGTH_BITS);
    }
    uint64_t word = (uint64_t)text.len << (64 - REACH_LENGTH_BITS);
    uint8_t counts[64] = {0}; /* by the class's place */
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.ptr[i];
        uint8_t at = layout->shift[byte];
        if (counts[at] < layout->width[byte]) {
            word |= (uint64_t)1 << (at + counts[at]);
            counts[at]++;
        }
    }
    return word;
}

static int fill_words(const struct reach_source *source, struct row_table *rows,
                      const struct columns *columns, struct error *error)
{
    const struct column *column = &columns->items[source->column];
    struct layout layout;
    choose_layout(&layout, &column->dictionary);
    uint32_t codes = column->dictionary.count + 1;
    uint64_t *words = memory_alloc_array(codes, sizeof *words);
    if (words == NULL) {
        return error_out_of_memory(error);
    }
    /* NULL counts as a text of any length: what is known of it, its comparison knows. */
    words[COLUMNS_CODE_NULL] = (uint64_t)(REACH_LENGTHS - 1) << (64 - REACH_LENGTH_BITS);
    for (uint32_t code = 1; code < codes; code++) {
        words[code] = word_of(&layout, dictionary_text(&column->dictionary, code));
    }
    for (uint32_t record = 0; record < rows->records; record++) {
        uint32_t *slot = rows->items + (size_t)record * rows->stride + source->left_slot;
        memcpy(slot, &words[column->codes[record]], sizeof *words);
    }
    memory_free(words);
    return 0;
}

static int fill_codes(const struct reach_source *source, struct row_table *rows,
                      const struct columns *columns, struct error *error)
{
    struct arena arena = ARENA((size_t)1 << 30);
    struct join_equality equality = {source->left, source->right, JOIN_KEY_NO_COLUMN};
    struct join_key key;
    int status = join_key_build(&key, &arena, columns, &equality, 1, error);
    if (status == 0) {
        row_table_fill(rows, source->left_slot, key.left);
        if (source->right_slot != source->left_slot) {
            row_table_fill(rows, source->right_slot, key.right);
        }
        join_key_free(&key);
    }
    arena_free(&arena);
    return status;
}

struct filling {
    const struct reach *reach;
    struct row_table *rows;
    const struct columns *columns;
    unsigned threads;
};

/* Every `threads`th source. */
static int fill_share(void *context, unsigned index, struct error *error)
{
    const struct filling *work = context;
    int status = 0;
    for (size_t i = index; status == 0 && i < work->reach->count; i += work->threads) {
        const struct reach_source *source = &work->reach->sources[i];
        status = source->left == NULL ? fill_words(source, work->rows, work->columns, error)
                                      : fill_codes(source, work->rows, work->columns, error);
    }
    return status;
}

int reach_fill(const struct reach *reach, struct row_table *rows, const struct columns *columns,
               unsigned threads, struct error *error)
{
    struct filling work = {reach, rows, columns, threads};
    return threads_run(threads, fill_share, &work, error);
}
