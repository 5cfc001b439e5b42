/*
 * Constant folding. What has no column is computed by the very program that would compute it for
 * each pair, so that there is one meaning of every expression.
 */
#include "linkage/expr_node.h"
#include "linkage/program.h"

/* ---- simplifying ---- */

static const struct value_type BOOLEAN = {.kind = VALUE_BOOLEAN};

static bool is_boolean_constant(const struct expr_node *node, bool value)
{
    return node->kind == EXPR_CONSTANT && !node->constant.is_null &&
           node->type.kind == VALUE_BOOLEAN && (node->constant.integer != 0) == value;
}

/* Drops the operands that do not matter (TRUE in AND, FALSE in OR); one that decides is all that
   is left. */
static int fold_logical(const struct expr_node **out, struct expr_node *node, struct arena *arena,
                        struct error *error)
{
    bool neutral = node->kind == EXPR_AND;
    uint32_t used = 0;
    for (uint32_t i = 0; i < node->count; i++) {
        const struct expr_node *operand = node->operands[i];
        if (is_boolean_constant(operand, !neutral)) {
            *out = operand;
            return 0;
        }
        if (!is_boolean_constant(operand, neutral)) {
            node->operands[used++] = operand;
        }
    }
    if (used == 0) {
        *out = expr_node_constant(arena, BOOLEAN, (struct value){.integer = neutral});
        return *out == NULL ? error_out_of_memory(error) : 0;
    }
    node->count = used;
    *out = used == 1 ? node->operands[0] : node;
    return 0;
}

/* NOT (a < b) is a >= b, and NOT NOT a is a. */
static int fold_not(const struct expr_node **out, struct arena *arena, struct error *error)
{
    const struct expr_node *operand = (*out)->operands[0];
    if (operand->kind == EXPR_NOT) {
        *out = operand->operands[0];
        return 0;
    }
    if (operand->kind != EXPR_COMPARE) {
        return 0;
    }
    struct expr_node *inverse = expr_node_new(arena, EXPR_COMPARE, BOOLEAN, 2);
    if (inverse == NULL) {
        return error_out_of_memory(error);
    }
    inverse->comparison = expr_comparison_inverse(operand->comparison);
    inverse->operands[0] = operand->operands[0];
    inverse->operands[1] = operand->operands[1];
    expr_node_finish(inverse);
    *out = inverse;
    return 0;
}

/* Whether NULL in any operand makes the node NULL. */
static bool is_strict(const struct expr_node *node)
{
    return (node->kind == EXPR_CALL && node->binding.function->strict) ||
           (node->kind == EXPR_COMPARE && node->comparison != EXPR_DISTINCT &&
            node->comparison != EXPR_NOT_DISTINCT);
}

static bool has_null_operand(const struct expr_node *node)
{
    for (uint32_t i = 0; i < node->count; i++) {
        if (expr_is_null(node->operands[i])) {
            return true;
        }
    }
    return false;
}

/* ---- computing ---- */

static bool is_loop(const struct expr_node *node)
{
    return node->kind == EXPR_TRANSFORM || node->kind == EXPR_FILTER;
}

/* Whether the operands are known. An operand that is free of columns and yet no constant is one
   that failed, or would have taken too long. */
static bool is_computable(const struct expr_node *node)
{
    if (node->kind == EXPR_CONSTANT || node->sides != 0 || node->open != 0) {
        return false;
    }
    for (uint32_t i = 0; i < (is_loop(node) ? 1 : node->count); i++) {
        if (node->operands[i]->kind != EXPR_CONSTANT) {
            return false;
        }
    }
    return true;
}

/* Bytes of texts and items of lists, one more for each value. */
static double size_of(struct value_type type, struct value value)
{
    double size = 1;
    if (!value.is_null && type.kind == VALUE_TEXT) {
        size += value.length;
    } else if (!value.is_null && type.kind == VALUE_LIST) {
        for (uint32_t i = 0; i < value.list->count; i++) {
            size += size_of(*type.element, value.list->items[i]);
        }
    }
    return size;
}

/* No text or list that a lambda's body makes of an item of one byte is larger. */
static double growth_of(const struct expr_node *node)
{
    double growth = node->kind == EXPR_CONSTANT ? size_of(node->type, node->constant) : 2;
    for (uint32_t i = 0; i < node->count; i++) {
        growth *= growth_of(node->operands[i]);
    }
    return growth;
}

/*
 * At least the steps that computing a node takes, in the order of size. No function takes more than
 * the product of its two largest arguments (the distances do), and none makes a larger text.
 */
static double cost_of(const struct expr_node *node)
{
    double sum = 1;
    double largest = 0;
    double second = 0;
    if (is_loop(node)) {
        double most = size_of(node->operands[0]->type, node->operands[0]->constant) *
                      growth_of(node->operands[1]);
        return most * most;
    }
    for (uint32_t i = 0; i < node->count; i++) {
        double size = size_of(node->operands[i]->type, node->operands[i]->constant);
        second = size > largest ? largest : size > second ? size : second;
        largest = size > largest ? size : largest;
        sum += size;
    }
    return node->kind == EXPR_CALL ? sum + largest * second : sum;
}

/* A copy of `value` in `arena`, lists and all. */
static int copy_value(struct value *out, struct arena *arena, struct value_type type,
                      struct value value, struct error *error)
{
    *out = value;
    if (value.is_null ||
        (type.kind != VALUE_TEXT && type.kind != VALUE_INTERVAL && type.kind != VALUE_LIST)) {
        return 0;
    }
    if (type.kind == VALUE_TEXT) {
        out->text = arena_copy(arena, value_text(value));
        return out->text == NULL ? error_out_of_memory(error) : 0;
    }
    if (type.kind == VALUE_INTERVAL) {
        struct value_interval *copy = arena_alloc(arena, sizeof *copy);
        if (copy != NULL) {
            *copy = *value.interval;
        }
        out->interval = copy;
        return copy == NULL ? error_out_of_memory(error) : 0;
    }
    struct value_list *list = arena_alloc(arena, sizeof *list);
    struct value *items = arena_alloc_array(arena, value.list->count, sizeof *items);
    if (list == NULL || items == NULL) {
        return error_out_of_memory(error);
    }
    *list = (struct value_list){.count = value.list->count, .items = items};
    out->list = list;
    int status = 0;
    for (uint32_t i = 0; status == 0 && i < list->count; i++) {
        status = copy_value(&items[i], arena, *type.element, value.list->items[i], error);
    }
    return status;
}

/* *failed says that the node must stay as it is. */
static int compute(const struct expr_node **out, bool *failed, struct arena *arena,
                   struct error *error)
{
    struct arena memory = ARENA(16 << 20);
    const struct program *program;
    struct evaluator *evaluator = NULL;
    int status = program_compile_value(&program, &memory, *out, error);
    if (status == 0) {
        status = evaluator_create(&evaluator, program, NULL, error);
    }
    if (status == 0) {
        struct value value = evaluator_value(evaluator, 0);
        *failed = evaluator_failures(evaluator, 0) > 0 || evaluator_exhausted(evaluator);
        if (!*failed) {
            status = copy_value(&value, arena, (*out)->type, value, error);
            *out = status == 0 ? expr_node_constant(arena, (*out)->type, value) : NULL;
            status = status == 0 && *out == NULL ? error_out_of_memory(error) : status;
        }
    }
    evaluator_free(evaluator);
    arena_free(&memory);
    return status;
}

int expr_fold(const struct expr_node **out, struct expr_node *node, bool *failed, double *budget,
              struct arena *arena, struct error *error)
{
    *failed = false;
    *out = node;
    if (is_computable(node)) {
        double cost = cost_of(node);
        if (cost > *budget) {
            return 0;
        }
        *budget -= cost;
        return compute(out, failed, arena, error);
    }
    if (is_strict(node) && has_null_operand(node)) {
        *out = expr_node_constant(arena, node->type, VALUE_NONE);
        return *out == NULL ? error_out_of_memory(error) : 0;
    }
    switch (node->kind) {
    case EXPR_AND:
    case EXPR_OR: return fold_logical(out, node, arena, error);
    case EXPR_NOT: return fold_not(out, arena, error);
    default: return 0;
    }
}
