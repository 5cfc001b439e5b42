#include "linkage/join_key.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/index_map.h"
#include "base/memory.h"
#include "base/vec.h"
#include "linkage/keys.h"
#include "linkage/record_values.h"

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

/* The code of each record: the expression runs once for each distinct combination of values. */
static int number_values(struct record_values *values, struct numbering *numbering, uint32_t *out,
                         struct error *error)
{
    uint32_t *numbers = memory_alloc_zeroed(values->keys.count, sizeof *numbers);
    if (numbers == NULL) {
        return error_out_of_memory(error);
    }
    int status = 0;
    for (uint32_t key = 0; status == 0 && key < values->keys.count; key++) {
        status = number_value(numbering, record_values_get(values, key), &numbers[key], error);
    }
    if (status == 0) {
        status = record_values_check(values, error);
    }
    for (uint32_t i = 0; status == 0 && i < values->columns->record_count; i++) {
        out[i] = numbers[values->keys.codes[i]];
    }
    memory_free(numbers);
    return status;
}

static int number_side(const struct columns *columns, struct arena *arena,
                       const struct expr_node *expression, struct numbering *numbering,
                       uint32_t *out, struct error *error)
{
    struct record_values values;
    int status = record_values_open(&values, arena, columns, expression, error);
    if (status == 0) {
        status = number_values(&values, numbering, out, error);
        record_values_free(&values);
    }
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
