#include "linkage/program_graph.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <math.h>

/* Expressions of one record that a program keeps the values of. Each new one is compared with all;
   more are computed pair by pair, which is as right. */
enum { MAX_INPUTS = 1000 };

static const struct value_type BOOLEAN = {.kind = VALUE_BOOLEAN};

void graph_free(struct graph *graph)
{
    vec_free(&graph->nodes);
    vec_free(&graph->inputs);
    vec_free(&graph->origins);
    vec_free(&graph->loops);
    index_map_free(&graph->map);
}

/* ---- hash-consing ---- */

static uint64_t node_hash(const struct graph_node *node)
{
    uint64_t words[4] = {(uint64_t)node->kind | (uint64_t)node->type.kind << 8 |
                             (uint64_t)node->type.scale << 16 | (uint64_t)node->count << 32,
                         0, 0, XXH3_64bits(node->operands, node->count * sizeof *node->operands)};
    switch (node->kind) {
    case GRAPH_CONSTANT: words[1] = value_hash(node->type, node->constant); break;
    case GRAPH_INPUT: words[1] = (uint64_t)node->input << 8 | (uint64_t)node->side; break;
    case GRAPH_VARIABLE:
    case GRAPH_LOOP: words[1] = (uint64_t)node->loop << 8 | node->position; break;
    case GRAPH_CALL:
        words[1] = (uintptr_t)node->binding.function->function;
        words[2] = (uintptr_t)node->binding.function->run;
        break;
    case GRAPH_COMPARE: words[1] = (uint64_t)node->comparison; break;
    default: break;
    }
    return XXH3_64bits(words, sizeof words);
}

static bool node_equals(const void *context, uint32_t position, const void *key)
{
    const struct graph *graph = context;
    const struct graph_node *a = &graph->nodes.items[position];
    const struct graph_node *b = key;
    if (a->kind != b->kind || a->count != b->count || !value_type_equal(a->type, b->type) ||
        (a->count > 0 && memcmp(a->operands, b->operands, a->count * sizeof *a->operands) != 0)) {
        return false;
    }
    switch (a->kind) {
    case GRAPH_CONSTANT: return expr_value_identical(a->type, a->constant, b->constant);
    case GRAPH_INPUT: return a->input == b->input && a->side == b->side;
    case GRAPH_VARIABLE:
    case GRAPH_LOOP: return a->loop == b->loop && a->position == b->position;
    case GRAPH_CALL: return expr_binding_equal(&a->binding, &b->binding);
    case GRAPH_COMPARE: return a->comparison == b->comparison;
    default: return true;
    }
}

static uint64_t rehash(const void *context, uint32_t position)
{
    const struct graph *graph = context;
    return node_hash(&graph->nodes.items[position]);
}

/* The node equal to `key`, made if there is none; the key's operands are copied then. */
static int put(struct graph *graph, uint32_t *out, struct graph_node key)
{
    uint64_t hash = node_hash(&key);
    *out = index_map_find(&graph->map, hash, node_equals, graph, &key);
    if (*out != INDEX_MAP_NONE) {
        return 0;
    }
    uint32_t *operands = arena_alloc_array(graph->scratch, key.count, sizeof *operands);
    uint32_t position = (uint32_t)graph->nodes.len;
    if (operands == NULL || !index_map_reserve(&graph->map, position + 1, rehash, graph)) {
        return error_out_of_memory(graph->error);
    }
    for (uint32_t i = 0; i < key.count; i++) {
        operands[i] = key.operands[i];
        if (key.kind != GRAPH_LOOP) {
            key.levels |= graph->nodes.items[operands[i]].levels;
        }
    }
    key.operands = operands;
    key.condition = graph->condition;
    key.owner = key.levels == 0 ? 0 : graph->around[graph_level(&key) - 1];
    if (!vec_push(&graph->nodes, key)) {
        return error_out_of_memory(graph->error);
    }
    index_map_add(&graph->map, hash, position);
    *out = position;
    return 0;
}

/* ---- inputs ---- */

static int add_input(struct graph *graph, uint32_t *out, const struct program_input *input,
                     const struct expr_node *origin)
{
    if (!vec_push(&graph->inputs, *input)) {
        return error_out_of_memory(graph->error);
    }
    if (!vec_push(&graph->origins, origin)) {
        return error_out_of_memory(graph->error);
    }
    *out = (uint32_t)graph->inputs.len - 1;
    return 0;
}

static int put_input(struct graph *graph, uint32_t *out, uint32_t input, enum expr_side side)
{
    struct graph_node key = {.kind = GRAPH_INPUT, .type = graph->inputs.items[input].type};
    key.input = input;
    key.side = side;
    return put(graph, out, key);
}

static int add_column(struct graph *graph, uint32_t *out, const struct expr_node *node)
{
    /* A value program has one record, whichever side its columns are written on. */
    enum expr_side side = graph->hoists ? node->side : EXPR_LEFT;
    for (uint32_t i = 0; i < graph->inputs.len; i++) {
        const struct program_input *input = &graph->inputs.items[i];
        if (input->value == NULL && input->column == node->column) {
            return put_input(graph, out, i, side);
        }
    }
    struct program_input input = {
        .type = node->type, .column = node->column, .condition = graph->condition};
    column_set_add(&input.columns, node->column);
    uint32_t position;
    int status = add_input(graph, &position, &input, NULL);
    return status != 0 ? status : put_input(graph, out, position, side);
}

/* Whether a node that names one side alone, and no lambda's parameter, is worth computing once for
   each distinct value of its columns. */
static bool is_worth_hoisting(const struct expr_node *node)
{
    bool columns_only = true;
    switch (node->kind) {
    case EXPR_CONSTANT:
    case EXPR_COLUMN:
    case EXPR_VARIABLE: return false;
    /* The operand's value says it, and is more likely to be wanted elsewhere too. */
    case EXPR_IS_NULL:
    case EXPR_NOT: return false;
    /* Joined from several columns it would be one value for each combination, which are many; its
       parts are cheap then. */
    case EXPR_AND:
    case EXPR_OR: return false;
    /* `a_l = b_l`: as cheap as fetching the answer. */
    case EXPR_COMPARE:
        for (uint32_t i = 0; i < node->count; i++) {
            columns_only = columns_only && node->operands[i]->kind == EXPR_COLUMN;
        }
        return !columns_only;
    default: return true;
    }
}

static bool is_hoistable(const struct graph *graph, const struct expr_node *node)
{
    bool one_sided = node->sides == 1 << EXPR_LEFT || node->sides == 1 << EXPR_RIGHT;
    return graph->hoists && one_sided && node->open == 0 && is_worth_hoisting(node) &&
           graph->origins.len < MAX_INPUTS;
}

static int add_hoisted(struct graph *graph, uint32_t *out, const struct expr_node *node)
{
    enum expr_side side = node->sides == 1 << EXPR_LEFT ? EXPR_LEFT : EXPR_RIGHT;
    for (uint32_t i = 0; i < graph->origins.len; i++) {
        const struct expr_node *origin = graph->origins.items[i];
        /* lower(x_l) and lower(x_r) are one input: so their codes can be compared. */
        if (origin != NULL && expr_equal(origin, node, origin->sides != node->sides)) {
            return put_input(graph, out, i, side);
        }
    }
    struct program_input input = {.type = node->type, .condition = graph->condition};
    expr_columns(node, side, &input.columns);
    int status = program_compile_value(&input.value, graph->arena, node, graph->error);
    uint32_t position;
    status = status != 0 ? status : add_input(graph, &position, &input, node);
    return status != 0 ? status : put_input(graph, out, position, side);
}

/* ---- nodes of each kind ---- */

static int put_over(struct graph *graph, uint32_t *out, enum graph_kind kind,
                    struct value_type type, const uint32_t *operands, uint32_t count)
{
    return put(
        graph, out,
        (struct graph_node){.kind = kind, .type = type, .operands = operands, .count = count});
}

static int put_constant(struct graph *graph, uint32_t *out, struct value_type type,
                        struct value value)
{
    struct graph_node key = {.kind = GRAPH_CONSTANT, .type = type};
    key.constant = value;
    return put(graph, out, key);
}

/* One order for both ways to write the same comparison. */
static int put_compare(struct graph *graph, uint32_t *out, enum expr_comparison comparison,
                       uint32_t a, uint32_t b)
{
    static const enum expr_comparison exchanged[] = {
        [EXPR_EQUAL] = EXPR_EQUAL,       [EXPR_UNEQUAL] = EXPR_UNEQUAL,
        [EXPR_LESS] = EXPR_GREATER,      [EXPR_LESS_EQUAL] = EXPR_GREATER_EQUAL,
        [EXPR_GREATER] = EXPR_LESS,      [EXPR_GREATER_EQUAL] = EXPR_LESS_EQUAL,
        [EXPR_DISTINCT] = EXPR_DISTINCT, [EXPR_NOT_DISTINCT] = EXPR_NOT_DISTINCT,
    };
    uint32_t operands[] = {a < b ? a : b, a < b ? b : a};
    struct graph_node key = {
        .kind = GRAPH_COMPARE, .type = BOOLEAN, .operands = operands, .count = 2};
    key.comparison = a < b ? comparison : exchanged[comparison];
    return put(graph, out, key);
}

static int put_call(struct graph *graph, uint32_t *out, const struct expr_binding *binding,
                    uint32_t *operands, uint32_t count)
{
    const struct function_binding *function = binding->function;
    if (count == 2 && function->commutative && operands[1] < operands[0] &&
        value_type_equal(function->parameters[0], function->parameters[1])) {
        uint32_t first = operands[0];
        operands[0] = operands[1];
        operands[1] = first;
    }
    struct graph_node key = {
        .kind = GRAPH_CALL, .type = function->result, .operands = operands, .count = count};
    key.binding = *binding;
    return put(graph, out, key);
}

/* x as the type that it is compared in. */
static int put_cast(struct graph *graph, uint32_t *out, const struct expr_binding *cast, uint32_t x)
{
    *out = x;
    return cast->function == NULL ? 0 : put_call(graph, out, cast, &x, 1);
}

/* v BETWEEN a AND b: v >= a AND v <= b. */
static int add_between(struct graph *graph, uint32_t *out, const uint32_t *operands)
{
    uint32_t ends[2];
    int status = put_compare(graph, &ends[0], EXPR_GREATER_EQUAL, operands[0], operands[1]);
    if (status == 0) {
        status = put_compare(graph, &ends[1], EXPR_LESS_EQUAL, operands[0], operands[2]);
    }
    return status != 0 ? status : put_over(graph, out, GRAPH_AND, BOOLEAN, ends, 2);
}

/* v IN (a, b): v = a OR v = b. */
static int add_in(struct graph *graph, uint32_t *out, uint32_t *operands, uint32_t count)
{
    uint32_t value = operands[0];
    for (uint32_t i = 1; i < count; i++) {
        int status = put_compare(graph, &operands[i - 1], EXPR_EQUAL, value, operands[i]);
        if (status != 0) {
            return status;
        }
    }
    if (count == 2) {
        *out = operands[0];
        return 0;
    }
    return put_over(graph, out, GRAPH_OR, BOOLEAN, operands, count - 1);
}

/* CASE x WHEN a THEN … : CASE WHEN x = a THEN … */
static int add_switch(struct graph *graph, uint32_t *out, const struct expr_node *node,
                      uint32_t *operands)
{
    uint32_t x = operands[0];
    for (uint32_t i = 1; i + 1 < node->count; i += 2) {
        uint32_t cast;
        int status = put_cast(graph, &cast, &node->casts[i / 2], x);
        if (status == 0) {
            status = put_compare(graph, &operands[i], EXPR_EQUAL, cast, operands[i]);
        }
        if (status != 0) {
            return status;
        }
    }
    return put_over(graph, out, GRAPH_CASE, node->type, operands + 1, node->count - 1);
}

/* NULLIF(x, y): CASE WHEN x = y THEN NULL ELSE x END. */
static int add_nullif(struct graph *graph, uint32_t *out, const struct expr_node *node,
                      const uint32_t *operands)
{
    uint32_t cast;
    uint32_t parts[3] = {0, 0, operands[0]};
    int status = put_cast(graph, &cast, &node->casts[0], operands[0]);
    status = status != 0 ? status : put_compare(graph, &parts[0], EXPR_EQUAL, cast, operands[1]);
    status = status != 0 ? status : put_constant(graph, &parts[1], node->type, VALUE_NONE);
    return status != 0 ? status : put_over(graph, out, GRAPH_CASE, node->type, parts, 3);
}

/* ---- loops ---- */

/* A loop that does the same over the same list. A body that needs the lambdas around it is the same
   only within the same ones. */
static bool find_loop(const struct graph *graph, uint32_t *out, const struct expr_node *node,
                      uint32_t list)
{
    for (uint32_t i = 0; i < graph->loops.len; i++) {
        const struct graph_loop *loop = &graph->loops.items[i];
        bool same_place =
            node->operands[1]->open <= 1 ||
            (loop->level == graph->level &&
             memcmp(loop->around, graph->around, graph->level * sizeof *loop->around) == 0);
        if (loop->node != INDEX_MAP_NONE && loop->origin->kind == node->kind && same_place &&
            graph->nodes.items[loop->node].operands[0] == list &&
            expr_equal(loop->origin->operands[1], node->operands[1], false)) {
            *out = loop->node;
            return true;
        }
    }
    return false;
}

static int add_loop(struct graph *graph, uint32_t *out, const struct expr_node *node)
{
    uint32_t operands[2] = {0, 0};
    int status = graph_add(graph, &operands[0], node->operands[0]);
    if (status != 0 || find_loop(graph, out, node, operands[0])) {
        return status;
    }
    uint32_t number = (uint32_t)graph->loops.len;
    struct graph_loop loop = {.origin = node, .node = INDEX_MAP_NONE, .level = graph->level};
    memcpy(loop.around, graph->around, sizeof loop.around);
    if (!vec_push(&graph->loops, loop)) {
        return error_out_of_memory(graph->error);
    }
    uint32_t level = graph->level;
    graph->around[graph->level++] = number;
    status = graph_add(graph, &operands[1], node->operands[1]);
    graph->level--;
    if (status != 0) {
        return status;
    }
    uint8_t own = (uint8_t)(1 << level);
    struct graph_node key = {
        .kind = GRAPH_LOOP, .type = node->type, .operands = operands, .count = 2};
    key.loop = number;
    key.levels = (uint8_t)(graph->nodes.items[operands[0]].levels |
                           (graph->nodes.items[operands[1]].levels & ~own));
    status = put(graph, out, key);
    graph->loops.items[number].node = *out;
    return status;
}

static int add_variable(struct graph *graph, uint32_t *out, const struct expr_node *node)
{
    uint32_t level = graph->level - 1 - node->depth;
    struct graph_node key = {.kind = GRAPH_VARIABLE, .type = node->type};
    key.levels = (uint8_t)(1 << level);
    key.loop = graph->around[level];
    key.position = node->position;
    return put(graph, out, key);
}

/* ---- all ---- */

static int add_over(struct graph *graph, uint32_t *out, const struct expr_node *node)
{
    uint32_t *operands = arena_alloc_array(graph->scratch, node->count, sizeof *operands);
    if (operands == NULL) {
        return error_out_of_memory(graph->error);
    }
    for (uint32_t i = 0; i < node->count; i++) {
        int status = graph_add(graph, &operands[i], node->operands[i]);
        if (status != 0) {
            return status;
        }
    }
    static const enum graph_kind kinds[] = {
        [EXPR_AND] = GRAPH_AND,         [EXPR_OR] = GRAPH_OR,     [EXPR_NOT] = GRAPH_NOT,
        [EXPR_IS_NULL] = GRAPH_IS_NULL, [EXPR_CASE] = GRAPH_CASE, [EXPR_COALESCE] = GRAPH_COALESCE,
        [EXPR_LIST] = GRAPH_LIST,
    };
    switch (node->kind) {
    case EXPR_CALL: return put_call(graph, out, &node->binding, operands, node->count);
    case EXPR_COMPARE: return put_compare(graph, out, node->comparison, operands[0], operands[1]);
    case EXPR_BETWEEN: return add_between(graph, out, operands);
    case EXPR_IN: return add_in(graph, out, operands, node->count);
    case EXPR_SWITCH: return add_switch(graph, out, node, operands);
    case EXPR_NULLIF: return add_nullif(graph, out, node, operands);
    default: return put_over(graph, out, kinds[node->kind], node->type, operands, node->count);
    }
}

int graph_add(struct graph *graph, uint32_t *out, const struct expr_node *node)
{
    if (is_hoistable(graph, node)) {
        return add_hoisted(graph, out, node);
    }
    switch (node->kind) {
    case EXPR_CONSTANT: return put_constant(graph, out, node->type, node->constant);
    case EXPR_COLUMN: return add_column(graph, out, node);
    case EXPR_VARIABLE: return add_variable(graph, out, node);
    case EXPR_TRANSFORM:
    case EXPR_FILTER: return add_loop(graph, out, node);
    default: return add_over(graph, out, node);
    }
}

/* ---- cutoffs ---- */

/* The call below a node: itself, or what a cast to DOUBLE stands over, which keeps the order. */
static uint32_t distance_below(const struct graph *graph, uint32_t position)
{
    const struct graph_node *node = &graph->nodes.items[position];
    if (node->kind == GRAPH_CALL && node->binding.is_cast && node->type.kind == VALUE_DOUBLE) {
        const struct graph_node *below = &graph->nodes.items[node->operands[0]];
        bool integer = below->type.kind == VALUE_BIGINT || below->type.kind == VALUE_INTEGER;
        return integer ? node->operands[0] : position;
    }
    return position;
}

static bool constant_number(const struct graph_node *node, double *out)
{
    if (node->kind != GRAPH_CONSTANT || node->constant.is_null) {
        return false;
    }
    switch (node->type.kind) {
    case VALUE_INTEGER:
    case VALUE_BIGINT: *out = (double)node->constant.integer; return true;
    case VALUE_DOUBLE: *out = node->constant.real; return !isnan(*out);
    default: return false;
    }
}

/* What one use says: a comparison with a constant loosens the cutoff to it, a test for NULL needs
   none, and all else needs the true distance. */
static void note_use(const struct graph *graph, double *cutoffs, const struct graph_node *user,
                     uint32_t operand)
{
    uint32_t distance = distance_below(graph, user->operands[operand]);
    const struct graph_node *call = &graph->nodes.items[distance];
    if (call->kind != GRAPH_CALL || call->binding.function->cutoff_kind == FUNCTION_NO_CUTOFF ||
        user->kind == GRAPH_IS_NULL) {
        return;
    }
    bool below = call->binding.function->cutoff_kind == FUNCTION_CUTOFF_BELOW;
    double least = below ? -INFINITY : INFINITY;
    double constant = least;
    if (user->kind != GRAPH_COMPARE ||
        !constant_number(&graph->nodes.items[user->operands[1 - operand]], &constant)) {
        cutoffs[distance] = least;
    } else if (isnan(cutoffs[distance])) {
        cutoffs[distance] = below ? constant : fmax(constant, 0); /* a distance is a count */
    } else {
        cutoffs[distance] =
            below ? fmin(cutoffs[distance], constant) : fmax(cutoffs[distance], constant);
    }
}

void graph_cutoffs(const struct graph *graph, double *cutoffs)
{
    for (size_t i = 0; i < graph->nodes.len; i++) {
        cutoffs[i] = NAN;
    }
    for (uint32_t i = 0; i < graph->nodes.len; i++) {
        const struct graph_node *user = &graph->nodes.items[i];
        /* A transparent cast is no use of its own: its users are seen through it. */
        bool transparent = user->kind == GRAPH_CALL && distance_below(graph, i) != i;
        for (uint32_t j = 0; !transparent && j < user->count; j++) {
            note_use(graph, cutoffs, user, j);
        }
    }
}
