#include "linkage/pair_case.h"

#include "base/memory.h"
#include "base/threads.h"

/*
 * The cache. A slot is one 64-bit word and yet exact: the two codes (64 bits) go through a mixing
 * function that is a bijection, its top bits choose the slot and all the others are stored, so the
 * slot and its tag together tell the codes without a doubt. The bits freed by the choice of the slot
 * hold the result.
 */
enum {
    CACHE_BITS = 14, /* 16,384 slots, 128 KiB a comparison and thread: within the second-level
                        cache for the usual handful of comparisons */
    RESULT_MASK = (1 << CACHE_BITS) - 1,
};

_Static_assert(PAIR_CASE_MAX_CONDITIONS + PAIR_CASE_KNOWN <= RESULT_MASK, "a result fits its bits");

/* Multiplying by an odd number and xor with a right shift are both invertible. */
static inline uint64_t mix(uint32_t left, uint32_t right)
{
    uint64_t x = (uint64_t)left << 32 | right;
    x ^= x >> 31;
    x *= 0x9E3779B97F4A7C15u; /* 2^64 / golden ratio, odd */
    x ^= x >> 32;
    x *= 0xD6E8FEB86659FD93u; /* any odd number with well spread bits */
    return x;
}

/* ---- hoisted inputs ---- */

/* Enough for all the distinct values there can be; the process-wide limit is what binds. */
#define POOL_MAX (SIZE_MAX / 4)

static bool keep_list(struct arena *pool, struct value_type type, struct value *value);

/* Moves what a value points to from the evaluator's scratch memory into the pool. */
static bool keep_value(struct arena *pool, struct value_type type, struct value *value)
{
    if (value->is_null) {
        return true;
    }
    switch (type.kind) {
    case VALUE_TEXT: {
        char *copy = arena_copy(pool, value_text(*value));
        value->text = copy;
        return copy != NULL;
    }
    case VALUE_INTERVAL: {
        struct value_interval *copy = arena_alloc(pool, sizeof *copy);
        if (copy != NULL) {
            *copy = *value->interval;
        }
        value->interval = copy;
        return copy != NULL;
    }
    case VALUE_LIST: return keep_list(pool, *type.element, value);
    case VALUE_NULL:
    case VALUE_BOOLEAN:
    case VALUE_INTEGER:
    case VALUE_BIGINT:
    case VALUE_DECIMAL:
    case VALUE_FLOAT:
    case VALUE_DOUBLE:
    case VALUE_DATE:
    case VALUE_TIMESTAMP:
    case VALUE_TIMESTAMPTZ: break;
    }
    return true;
}

static bool keep_list(struct arena *pool, struct value_type type, struct value *value)
{
    uint32_t count = value->list->count;
    struct value_list *list = arena_alloc(pool, sizeof *list);
    struct value *items = arena_alloc_array(pool, count, sizeof *items);
    if (list == NULL || items == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        items[i] = value->list->items[i];
        if (!keep_value(pool, type, &items[i])) {
            return false;
        }
    }
    *list = (struct value_list){count, items};
    value->list = list;
    return true;
}

static void bind_column(struct program_bound_input *out, const struct columns *columns,
                        uint32_t column)
{
    *out = (struct program_bound_input){
        .codes = columns->items[column].codes,
        .dictionary = &columns->items[column].dictionary,
    };
}

/* An evaluator for a hoisted input's program, whose inputs are plain columns. */
static int create_value_evaluator(struct evaluator **out, struct program_bound_input **plain,
                                  const struct columns *columns, const struct program *program,
                                  struct error *error)
{
    size_t count = program_input_count(program);
    *out = NULL;
    *plain = memory_alloc_zeroed(count, sizeof **plain);
    if (*plain == NULL) {
        return error_out_of_memory(error);
    }
    for (size_t i = 0; i < count; i++) {
        bind_column(&(*plain)[i], columns, program_input(program, i)->column);
    }
    return evaluator_create(out, program, *plain, error);
}

struct hoisting {
    struct pair_case *pair_case;
    const struct columns *columns;
    const struct program_input *input;
    const struct keys *keys;
    struct value *values;
    unsigned threads;
};

/* Computes one thread's share of the values of an input: a run of codes. */
static int compute_values(void *context, unsigned index, struct error *error)
{
    const struct hoisting *work = context;
    struct pair_case *pair_case = work->pair_case;
    uint32_t from = (uint32_t)((uint64_t)work->keys->count * index / work->threads);
    uint32_t until = (uint32_t)((uint64_t)work->keys->count * (index + 1) / work->threads);
    struct program_bound_input *plain = NULL;
    struct evaluator *evaluator = NULL;
    int status =
        create_value_evaluator(&evaluator, &plain, work->columns, work->input->value, error);
    for (uint32_t code = from; status == 0 && code < until; code++) {
        uint32_t record = work->keys->representative[code];
        struct value value =
            record == KEYS_NO_RECORD ? VALUE_NONE : evaluator_value(evaluator, record);
        if (!keep_value(&pair_case->pools[index], work->input->type, &value)) {
            status = error_out_of_memory(error);
        }
        work->values[code] = value;
    }
    if (evaluator != NULL) {
        atomic_fetch_add(&pair_case->value_failures[work->input->condition],
                         evaluator_failures(evaluator, 0));
        if (evaluator_exhausted(evaluator)) {
            atomic_store(&pair_case->exhausted, true);
        }
    }
    evaluator_free(evaluator);
    memory_free(plain);
    return status;
}

static int bind_hoisted(struct pair_case *pair_case, size_t position, const struct columns *columns,
                        struct error *error)
{
    const struct program_input *input = program_input(pair_case->program, position);
    struct keys *keys = &pair_case->input_keys[position];
    int status = keys_of_columns(keys, columns, &input->columns, error);
    if (status != 0) {
        return status;
    }
    struct value *values = memory_alloc_array(keys->count, sizeof *values);
    if (values == NULL) {
        return error_out_of_memory(error);
    }
    pair_case->inputs[position].codes = keys->codes;
    pair_case->inputs[position].values = values;
    struct hoisting work = {pair_case, columns, input, keys, values, pair_case->pool_count};
    status = threads_run(pair_case->pool_count, compute_values, &work, error);
    /* Only the codes and values are needed from here on. */
    memory_free(keys->representative);
    keys->representative = NULL;
    return status;
}

static int bind_inputs(struct pair_case *pair_case, const struct columns *columns, unsigned threads,
                       struct error *error)
{
    size_t count = program_input_count(pair_case->program);
    pair_case->inputs = memory_alloc_zeroed(count, sizeof *pair_case->inputs);
    pair_case->input_keys = memory_alloc_zeroed(count, sizeof *pair_case->input_keys);
    pair_case->pools = memory_alloc_array(threads, sizeof *pair_case->pools);
    if (pair_case->inputs == NULL || pair_case->input_keys == NULL || pair_case->pools == NULL) {
        return error_out_of_memory(error);
    }
    for (unsigned i = 0; i < threads; i++) {
        pair_case->pools[i] = ARENA(POOL_MAX);
    }
    pair_case->pool_count = threads;
    int status = 0;
    for (size_t i = 0; status == 0 && i < count; i++) {
        const struct program_input *input = program_input(pair_case->program, i);
        if (input->value == NULL) {
            bind_column(&pair_case->inputs[i], columns, input->column);
        } else {
            status = bind_hoisted(pair_case, i, columns, error);
        }
    }
    return status;
}

/* ---- the pair_case ---- */

static int make_tables(struct pair_case *pair_case, struct error *error)
{
    uint32_t count = pair_case->keys.count;
    pair_case->same = memory_alloc_zeroed(count, sizeof *pair_case->same);
    bool made = pair_case->same != NULL;
    if (pair_case->single) {
        pair_case->right_null = memory_alloc_zeroed(count, sizeof *pair_case->right_null);
        pair_case->left_null = memory_alloc_zeroed(count, sizeof *pair_case->left_null);
        made = made && pair_case->right_null != NULL && pair_case->left_null != NULL;
    }
    return made ? 0 : error_out_of_memory(error);
}

int pair_case_init(struct pair_case *out, struct arena *arena, const struct columns *columns,
                   const struct expr_node *const *conditions, size_t count,
                   const struct column_set *extra, unsigned threads, struct error *error)
{
    *out = (struct pair_case){.condition_count = count};
    if (count > PAIR_CASE_MAX_CONDITIONS) {
        return error_set(error, STATUS_INVALID, "%zu conditions are more than the limit of %d",
                         count, PAIR_CASE_MAX_CONDITIONS);
    }
    int status = program_compile(&out->program, arena, conditions, count, error);
    if (status != 0) {
        return status;
    }
    struct column_set set = {0};
    if (extra != NULL) {
        set = *extra;
    }
    program_columns(out->program, &set);
    uint32_t only;
    out->single = keys_column_count(columns, &set, &only) == 1;
    out->value_failures = memory_alloc_zeroed(count, sizeof *out->value_failures);
    out->pair_failures = memory_alloc_zeroed(count, sizeof *out->pair_failures);
    if (out->value_failures == NULL || out->pair_failures == NULL) {
        status = error_out_of_memory(error);
    }
    if (status == 0) {
        status = bind_inputs(out, columns, threads, error);
    }
    if (status == 0) {
        status = keys_of_columns(&out->keys, columns, &set, error);
    }
    if (status == 0) {
        memory_free(out->keys.representative);
        out->keys.representative = NULL;
        out->codes = out->keys.codes;
        status = make_tables(out, error);
    }
    if (status != 0) {
        pair_case_free(out);
    }
    return status;
}

void pair_case_use_copy(struct pair_case *pair_case, const uint32_t *codes, uint32_t gap)
{
    for (size_t i = 0; i < program_input_count(pair_case->program); i++) {
        if (pair_case->inputs[i].codes == pair_case->codes) {
            pair_case->inputs[i].codes = codes;
            pair_case->inputs[i].gap = gap;
        }
    }
    pair_case->codes = codes;
    pair_case->gap = gap;
}

uint64_t pair_case_failures(const struct pair_case *pair_case, size_t condition)
{
    if (pair_case->value_failures == NULL || pair_case->pair_failures == NULL) {
        return 0;
    }
    return atomic_load(&pair_case->value_failures[condition]) +
           atomic_load(&pair_case->pair_failures[condition]);
}

void pair_case_free(struct pair_case *pair_case)
{
    size_t count = pair_case->program == NULL ? 0 : program_input_count(pair_case->program);
    for (size_t i = 0; i < count; i++) {
        if (pair_case->inputs != NULL) {
            memory_free((void *)pair_case->inputs[i].values);
        }
        if (pair_case->input_keys != NULL) {
            keys_free(&pair_case->input_keys[i]);
        }
    }
    for (unsigned i = 0; i < pair_case->pool_count; i++) {
        arena_free(&pair_case->pools[i]);
    }
    memory_free(pair_case->pools);
    memory_free(pair_case->inputs);
    memory_free(pair_case->input_keys);
    memory_free(pair_case->value_failures);
    memory_free(pair_case->pair_failures);
    memory_free(pair_case->same);
    memory_free(pair_case->right_null);
    memory_free(pair_case->left_null);
    keys_free(&pair_case->keys);
    *pair_case = (struct pair_case){0};
}

/* ---- running ---- */

int pair_case_runner_init(struct pair_case_runner *out, struct pair_case *pair_case,
                          struct error *error)
{
    *out = (struct pair_case_runner){.pair_case = pair_case};
    out->cache = memory_alloc_zeroed((size_t)1 << CACHE_BITS, sizeof *out->cache);
    if (out->cache == NULL) {
        return error_out_of_memory(error);
    }
    int status = evaluator_create(&out->evaluator, pair_case->program, pair_case->inputs, error);
    if (status != 0) {
        pair_case_runner_free(out);
    }
    return status;
}

/* The result kept in a table, computed on first need. */
static int remembered(struct pair_case_runner *runner, _Atomic int16_t *table, uint32_t code,
                      uint32_t left, uint32_t right)
{
    int known = atomic_load_explicit(&table[code], memory_order_relaxed);
    if (LIKELY(known != 0)) {
        return known - PAIR_CASE_KNOWN;
    }
    int result = evaluator_case(runner->evaluator, left, right);
    atomic_store_explicit(&table[code], (int16_t)(result + PAIR_CASE_KNOWN), memory_order_relaxed);
    return result;
}

int pair_case_result(struct pair_case_runner *runner, uint32_t left, uint32_t right)
{
    struct pair_case *pair_case = runner->pair_case;
    uint32_t l = pair_case->codes[(size_t)left * (pair_case->gap + 1)];
    uint32_t r = pair_case->codes[(size_t)right * (pair_case->gap + 1)];
    if (l == r) {
        return remembered(runner, pair_case->same, l, left, right);
    }
    if (pair_case->single && r == COLUMNS_CODE_NULL) {
        return remembered(runner, pair_case->right_null, l, left, right);
    }
    if (pair_case->single && l == COLUMNS_CODE_NULL) {
        return remembered(runner, pair_case->left_null, r, left, right);
    }
    uint64_t mixed = mix(l, r);
    uint64_t *slot = &runner->cache[mixed >> (64 - CACHE_BITS)];
    uint64_t tag = mixed << CACHE_BITS;
    if ((*slot & ~(uint64_t)RESULT_MASK) == tag && (*slot & RESULT_MASK) != 0) {
        return (int)(*slot & RESULT_MASK) - PAIR_CASE_KNOWN;
    }
    int result = evaluator_case(runner->evaluator, left, right);
    *slot = tag | (uint64_t)(result + PAIR_CASE_KNOWN);
    return result;
}

void pair_case_runner_free(struct pair_case_runner *runner)
{
    if (runner->evaluator != NULL) {
        struct pair_case *pair_case = runner->pair_case;
        for (size_t i = 0; i < pair_case->condition_count; i++) {
            if (evaluator_failures(runner->evaluator, i) > 0) {
                atomic_store(&pair_case->pair_failures[i], true);
            }
        }
        if (evaluator_exhausted(runner->evaluator)) {
            atomic_store(&pair_case->exhausted, true);
        }
    }
    evaluator_free(runner->evaluator);
    memory_free(runner->cache);
    *runner = (struct pair_case_runner){0};
}
