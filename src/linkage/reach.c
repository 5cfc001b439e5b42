#include "linkage/reach.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/threads.h"
#include "linkage/join_key.h"
#include "linkage/record_values.h"

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

static bool same_source(const struct reach_source *a, const struct reach_source *b)
{
    if (a->kind != b->kind) {
        return false;
    }
    switch (a->kind) {
    case REACH_NULLS:
    case REACH_OWN: return true;
    case REACH_CODE:
        return expr_equal(a->left, b->left, false) && expr_equal(a->right, b->right, false);
    case REACH_NUMBER: return expr_equal(a->left, b->left, false);
    case REACH_WORD: break;
    }
    return a->column == b->column;
}

/* The source that tells what is needed: one there is, or a new one; NULL when there is no room. */
static struct reach_source *find_source(struct reach *reach, struct row_table *rows,
                                        const struct reach_source *wanted)
{
    for (size_t i = 0; i < reach->count; i++) {
        if (same_source(&reach->sources[i], wanted)) {
            return &reach->sources[i];
        }
    }
    if (reach->count == REACH_MAX_SOURCES) {
        return NULL;
    }
    struct reach_source *added = &reach->sources[reach->count++];
    *added = *wanted;
    bool is_code = wanted->kind == REACH_CODE;
    bool mirrored = !is_code || expr_equal(wanted->left, wanted->right, true);
    added->left_slot = row_table_take(rows, is_code ? 1 : 2);
    added->right_slot = mirrored ? added->left_slot : row_table_take(rows, 1);
    return added;
}

/* Values of these types can be numbered; see join_key.h. */
static bool has_code(struct value_type type)
{
    return type.kind != VALUE_LIST && type.kind != VALUE_INTERVAL;
}

/* The bit about a value, or about the same of the other record; 0 when there is no room. */
static uint32_t null_bit(struct reach *reach, struct row_table *rows, const struct expr_node *value)
{
    uint32_t at = 0;
    while (at < reach->nullable_count && !expr_equal(reach->nullable[at], value, false) &&
           !expr_equal(reach->nullable[at], value, true)) {
        at++;
    }
    if (at == REACH_MAX_NULLABLE) {
        return 0;
    }
    if (reach->nullable_count == 0) {
        reach->null_slot = row_table_take(rows, 1);
    }
    if (at == reach->nullable_count) {
        reach->nullable[reach->nullable_count++] = value;
    }
    return (uint32_t)1 << at;
}

/* A conjunct that only asks for NULLs, of any of some values. That the comparison's only column is
   NULL in the right record is not asked for: such a record's weight is known without. */
static bool needs_nulls(struct reach_need *need, struct reach *reach, struct row_table *rows,
                        struct arena *arena, const struct expr_node *conjunct, bool only_column,
                        bool *failed)
{
    const struct expr_node *const *disjuncts;
    size_t count;
    struct error ignored;
    *failed = expr_disjuncts(&disjuncts, &count, arena, conjunct, &ignored) != 0;
    if (*failed) {
        return false;
    }
    const struct expr_node *value;
    enum expr_side side;
    for (size_t i = 0; i < count; i++) {
        if (!expr_is_null_test(disjuncts[i], &value, &side)) {
            return false;
        }
    }
    for (size_t i = 0; i < count; i++) {
        expr_is_null_test(disjuncts[i], &value, &side);
        uint32_t bit = null_bit(reach, rows, value);
        if (bit == 0) {
            return false;
        }
        need->left_bits |= side == EXPR_LEFT ? bit : 0;
        bool known = only_column && expr_is_column(value);
        need->right_bits |= side == EXPR_RIGHT && !known ? bit : 0;
    }
    need->kind = REACH_NULLS;
    need->left_slot = need->right_slot = reach->null_slot;
    return true;
}

/* What a conjunct needs, but for its slots; false when nothing is known. */
static bool needs_of(struct reach_need *need, struct reach_source *source, bool *failed,
                     struct arena *arena, const struct expr_node *conjunct)
{
    struct expr_nearness near;
    if (expr_is_nearness(conjunct, &near)) {
        source->kind = need->kind = REACH_WORD;
        source->column = near.column;
        need->limits = make_limits(arena, &near);
        *failed = need->limits == NULL;
        return true;
    }
    if (expr_is_difference(conjunct, &source->left, &need->most)) {
        source->kind = need->kind = REACH_NUMBER;
        /* The evaluator subtracts the same doubles; the margin costs nothing. */
        need->most += fabs(need->most) * 1e-9;
        return true;
    }
    source->kind = need->kind = REACH_CODE;
    return expr_is_join_equality(conjunct, &source->left, &source->right) &&
           has_code(expr_type(source->left));
}

int reach_plan(struct reach_level *out, struct reach *reach, struct arena *arena,
               struct row_table *rows, const struct expr_node *condition, uint32_t own_column,
               struct error *error)
{
    *out = (struct reach_level){0};
    const struct expr_node *const *conjuncts;
    size_t count;
    int status = expr_conjuncts(&conjuncts, &count, arena, condition, error);
    for (size_t i = 0; status == 0 && i < count && out->count < REACH_MAX_NEEDS; i++) {
        struct reach_need need = {0};
        struct reach_source wanted = {0};
        bool failed = false;
        bool only_column = own_column != REACH_NO_COLUMN;
        if (needs_nulls(&need, reach, rows, arena, conjuncts[i], only_column, &failed)) {
            out->needs[out->count++] = need;
            continue;
        }
        if (!failed && !needs_of(&need, &wanted, &failed, arena, conjuncts[i])) {
            continue;
        }
        if (failed) {
            return error_out_of_memory(error);
        }
        struct column_set exact = {0};
        bool is_own = need.kind == REACH_CODE && own_column != REACH_NO_COLUMN &&
                      expr_is_exact_match(conjuncts[i], &exact) &&
                      column_set_has(&exact, own_column);
        if (is_own) {
            need.kind = REACH_OWN;
            out->needs[out->count++] = need;
            continue;
        }
        const struct reach_source *source = find_source(reach, rows, &wanted);
        if (source != NULL) {
            need.left_slot = source->left_slot;
            need.right_slot = source->right_slot;
            out->needs[out->count++] = need;
        }
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

/* Of NULL: a text of any length as far as the right record goes, for what is known of NULL its
   comparison knows. No text has it. */
static const uint64_t NULL_WORD = (uint64_t)(REACH_LENGTHS - 1) << (64 - REACH_LENGTH_BITS);

static uint64_t word_of(const struct layout *layout, struct str text)
{
    if (text.len >= REACH_LENGTHS - 1) {
        return NULL_WORD | 1;
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
    words[COLUMNS_CODE_NULL] = NULL_WORD;
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

static int fill_numbers(const struct reach_source *source, struct row_table *rows,
                        const struct columns *columns, struct error *error)
{
    struct arena arena = ARENA((size_t)1 << 30);
    struct record_values values;
    int status = record_values_open(&values, &arena, columns, source->left, error);
    if (status != 0) {
        arena_free(&arena);
        return status;
    }
    double *numbers = memory_alloc_array(values.keys.count, sizeof *numbers);
    if (numbers == NULL) {
        status = error_out_of_memory(error);
    }
    for (uint32_t key = 0; status == 0 && key < values.keys.count; key++) {
        struct value value = record_values_get(&values, key);
        numbers[key] = value.is_null ? NAN : value.real;
    }
    for (uint32_t record = 0; status == 0 && record < rows->records; record++) {
        uint32_t *slot = rows->items + (size_t)record * rows->stride + source->left_slot;
        memcpy(slot, &numbers[values.keys.codes[record]], sizeof *numbers);
    }
    if (status == 0) {
        status = record_values_check(&values, error);
    }
    memory_free(numbers);
    record_values_free(&values);
    arena_free(&arena);
    return status;
}

static int fill_source(const struct reach_source *source, struct row_table *rows,
                       const struct columns *columns, struct error *error)
{
    switch (source->kind) {
    case REACH_NULLS: return 0; /* see fill_nulls() */
    case REACH_OWN: return 0;   /* the comparisons' codes stand there anyway */
    case REACH_CODE: return fill_codes(source, rows, columns, error);
    case REACH_NUMBER: return fill_numbers(source, rows, columns, error);
    case REACH_WORD: break;
    }
    return fill_words(source, rows, columns, error);
}

/* One value's bit in all rows. The bits of different values share a slot: one thread does all. */
static int fill_nulls(const struct reach *reach, uint32_t number, struct row_table *rows,
                      const struct columns *columns, struct error *error)
{
    struct arena arena = ARENA((size_t)1 << 30);
    struct record_values values;
    int status = record_values_open(&values, &arena, columns, reach->nullable[number], error);
    if (status != 0) {
        arena_free(&arena);
        return status;
    }
    bool *nulls = memory_alloc_array(values.keys.count, sizeof *nulls);
    if (nulls == NULL) {
        status = error_out_of_memory(error);
    }
    for (uint32_t key = 0; status == 0 && key < values.keys.count; key++) {
        nulls[key] = record_values_get(&values, key).is_null;
    }
    for (uint32_t record = 0; status == 0 && record < rows->records; record++) {
        uint32_t *slot = rows->items + (size_t)record * rows->stride + reach->null_slot;
        *slot = (number == 0 ? 0 : *slot) | (uint32_t)nulls[values.keys.codes[record]] << number;
    }
    if (status == 0) {
        status = record_values_check(&values, error);
    }
    memory_free(nulls);
    record_values_free(&values);
    arena_free(&arena);
    return status;
}

struct filling {
    const struct reach *reach;
    struct row_table *rows;
    const struct columns *columns;
    unsigned threads;
};

/* The bits, by the first thread, and every `threads`th source. */
static int fill_share(void *context, unsigned index, struct error *error)
{
    const struct filling *work = context;
    int status = 0;
    for (uint32_t i = 0; status == 0 && index == 0 && i < work->reach->nullable_count; i++) {
        status = fill_nulls(work->reach, i, work->rows, work->columns, error);
    }
    for (size_t i = index; status == 0 && i < work->reach->count; i += work->threads) {
        status = fill_source(&work->reach->sources[i], work->rows, work->columns, error);
    }
    return status;
}

int reach_fill(const struct reach *reach, struct row_table *rows, const struct columns *columns,
               unsigned threads, struct error *error)
{
    struct filling work = {reach, rows, columns, threads};
    return threads_run(threads, fill_share, &work, error);
}

/* ---- a left record ---- */

enum reach_answer reach_set_left(struct reach_check *out, const struct reach_need *need,
                                 const uint32_t *row)
{
    *out = (struct reach_check){
        .kind = need->kind,
        .slot = need->right_slot,
        .bits = need->right_bits,
        .most = need->most,
    };
    switch (need->kind) {
    case REACH_OWN: return REACH_NEVER;
    case REACH_NULLS:
        if ((row[need->left_slot] & need->left_bits) != 0) {
            return REACH_ALWAYS;
        }
        return out->bits == 0 ? REACH_NEVER : REACH_DEPENDS;
    case REACH_CODE:
        out->code = row[need->left_slot];
        return out->code == 0 ? REACH_NEVER : REACH_DEPENDS;
    case REACH_NUMBER:
        memcpy(&out->number, row + need->left_slot, sizeof out->number);
        return isnan(out->number) ? REACH_NEVER : REACH_DEPENDS;
    case REACH_WORD: break;
    }
    memcpy(&out->word, row + need->left_slot, sizeof out->word);
    out->limits = need->limits[out->word >> (64 - REACH_LENGTH_BITS)];
    return out->word == NULL_WORD ? REACH_NEVER : REACH_DEPENDS;
}
