#include "linkage/join_key.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/index_map.h"
#include "base/memory.h"
#include "base/vec.h"
#include "linkage/keys.h"
#include "linkage/program.h"

/* ---- values, numbered ---- */

/*
 * The distinct values of one equality, both sides together, numbered from 1. Text is numbered by a
 * dictionary; every other type by its hash and comparison, on values that own no memory.
 */
struct numbering {
    struct value_type type;
    struct dictionary texts;
    struct {
        VEC(struct value);
    } values;
    struct index_map map;
};

static bool number_equals(const void *context, uint32_t position, const void *key)
{
    const struct numbering *numbering = context;
    return value_compare(numbering->type, numbering->values.items[position],
                         *(const struct value *)key) == 0;
}

static uint64_t rehash_number(const void *context, uint32_t position)
{
    const struct numbering *numbering = context;
    return value_hash(numbering->type, numbering->values.items[position]);
}

static int number_value(struct numbering *numbering, struct value value, uint32_t *out,
                        struct error *error)
{
    *out = 0;
    if (value.is_null) {
        return 0;
    }
    if (numbering->type.kind == VALUE_TEXT) {
        return dictionary_code(&numbering->texts, value_text(value), out, error);
    }
    uint64_t hash = value_hash(numbering->type, value);
    uint32_t position = index_map_find(&numbering->map, hash, number_equals, numbering, &value);
    if (position == INDEX_MAP_NONE) {
        position = (uint32_t)numbering->values.len;
        if (!index_map_reserve(&numbering->map, position + 1, rehash_number, numbering) ||
            !vec_push(&numbering->values, value)) {
            return error_out_of_memory(error);
        }
        index_map_add(&numbering->map, hash, position);
    }
    *out = position + 1;
    return 0;
}

static uint32_t numbering_count(const struct numbering *numbering)
{
    return (numbering->type.kind == VALUE_TEXT ? numbering->texts.count
                                               : (uint32_t)numbering->values.len) +
           1;
}

static void numbering_free(struct numbering *numbering)
{
    dictionary_free(&numbering->texts);
    index_map_free(&numbering->map);
    vec_free(&numbering->values);
}

/* ---- one side of one equality ---- */

struct side {
    const struct columns *columns;
    const struct program *program;
    struct keys keys; /* of the columns that the expression names */
    struct program_bound_input *inputs;
    struct evaluator *evaluator;
    uint32_t *numbers; /* by key: the number of the expression's value */
};

static void side_free(struct side *side)
{
    evaluator_free(side->evaluator);
    memory_free(side->inputs);
    memory_free(side->numbers);
    keys_free(&side->keys);
}

static int side_bind(struct side *side, struct arena *arena, const struct expr_node *expression,
                     struct error *error)
{
    int status = program_compile_value(&side->program, arena, expression, error);
    if (status != 0) {
        return status;
    }
    struct column_set set = {0};
    program_columns(side->program, &set);
    status = keys_of_columns(&side->keys, side->columns, &set, error);
    if (status != 0) {
        return status;
    }
    size_t count = program_input_count(side->program);
    side->inputs = memory_alloc_zeroed(count, sizeof *side->inputs);
    side->numbers = memory_alloc_zeroed(side->keys.count, sizeof *side->numbers);
    if (side->inputs == NULL || side->numbers == NULL) {
        return error_out_of_memory(error);
    }
    for (size_t i = 0; i < count; i++) {
        const struct column *column =
            &side->columns->items[program_input(side->program, i)->column];
        side->inputs[i] =
            (struct program_bound_input){.codes = column->codes, .dictionary = &column->dictionary};
    }
    return evaluator_create(&side->evaluator, side->program, side->inputs, error);
}

/* The code of each record: the expression runs once for each distinct combination of values. */
static int side_number(struct side *side, struct numbering *numbering, uint32_t *out,
                       struct error *error)
{
    for (uint32_t key = 0; key < side->keys.count; key++) {
        uint32_t record = side->keys.representative[key];
        if (record == KEYS_NO_RECORD) {
            continue;
        }
        int status = number_value(numbering, evaluator_value(side->evaluator, record),
                                  &side->numbers[key], error);
        if (status != 0) {
            return status;
        }
    }
    if (evaluator_exhausted(side->evaluator)) {
        return error_set(error, STATUS_RESOURCES,
                         "a value of a blocking rule needs too much memory to compute");
    }
    for (uint32_t i = 0; i < side->columns->record_count; i++) {
        out[i] = side->numbers[side->keys.codes[i]];
    }
    return 0;
}

static int number_side(const struct columns *columns, struct arena *arena,
                       const struct expr_node *expression, struct numbering *numbering,
                       uint32_t *out, struct error *error)
{
    struct side side = {.columns = columns};
    int status = side_bind(&side, arena, expression, error);
    if (status == 0) {
        status = side_number(&side, numbering, out, error);
    }
    side_free(&side);
    return status;
}

/* ---- all equalities ---- */

/* Codes of one equality; *right is *left when the sides mirror each other. */
static int equality_codes(uint32_t *left, uint32_t *right, uint32_t *count, struct arena *arena,
                          const struct columns *columns, const struct join_equality *equality,
                          struct error *error)
{
    if (equality->column != JOIN_KEY_NO_COLUMN && left == right) {
        const struct column *column = &columns->items[equality->column];
        memcpy(left, column->codes, (size_t)columns->record_count * sizeof *left);
        *count = column->dictionary.count + 1;
        return 0;
    }
    struct numbering numbering = {.type = expr_type(equality->left)};
    int status = number_side(columns, arena, equality->left, &numbering, left, error);
    if (status == 0 && right != left) {
        status = number_side(columns, arena, equality->right, &numbering, right, error);
    }
    *count = numbering_count(&numbering);
    numbering_free(&numbering);
    return status;
}

/* Combines both sides' codes in one go, so that they are numbered alike: the left codes and the
   right codes lie one after the other in one array when they differ. */
int join_key_build(struct join_key *out, struct arena *arena, const struct columns *columns,
                   const struct join_equality *equalities, size_t count, struct error *error)
{
    *out = (struct join_key){0};
    bool mirrored = true;
    for (size_t i = 0; i < count; i++) {
        mirrored = mirrored && expr_equal(equalities[i].left, equalities[i].right, true);
    }
    uint32_t records = columns->record_count;
    size_t codes = (size_t)records * (mirrored ? 1 : 2);
    if (codes > UINT32_MAX) {
        return error_set(error, STATUS_RESOURCES,
                         "too many records for a blocking rule whose two sides differ");
    }
    uint32_t *all = memory_alloc_array(codes, sizeof *all);
    uint32_t *more = count == 1 ? NULL : memory_alloc_array(codes, sizeof *more);
    int status = all == NULL || (count > 1 && more == NULL) ? error_out_of_memory(error) : 0;
    for (size_t i = 0; status == 0 && i < count; i++) {
        uint32_t *part = i == 0 ? all : more;
        status = equality_codes(part, mirrored ? part : part + records, &out->count, arena, columns,
                                &equalities[i], error);
        if (status == 0 && i > 0) {
            status = keys_combine(all, more, (uint32_t)codes, true, &out->count, error);
        }
    }
    memory_free(more);
    if (status != 0) {
        memory_free(all);
        *out = (struct join_key){0};
        return status;
    }
    out->left = all;
    out->right = mirrored ? all : all + records;
    return 0;
}

void join_key_free(struct join_key *key)
{
    memory_free(key->left); /* the right codes lie behind them or are the same */
    *key = (struct join_key){0};
}
