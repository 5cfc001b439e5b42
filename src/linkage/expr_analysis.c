/*
 * Questions about a bound condition that blocking and term frequencies ask.
 */
#include "linkage/expr_node.h"

enum { LEFT_ONLY = 1 << EXPR_LEFT, RIGHT_ONLY = 1 << EXPR_RIGHT };

/* ---- parts ---- */

static int parts(const struct expr_node *const **out, size_t *count, struct arena *arena,
                 const struct expr_node *node, enum expr_kind kind, struct error *error)
{
    if (node->kind == kind) { /* flattened by the binder */
        *out = node->operands;
        *count = node->count;
        return 0;
    }
    const struct expr_node **single = arena_alloc(arena, sizeof *single);
    if (single == NULL) {
        return error_out_of_memory(error);
    }
    *single = node;
    *out = single;
    *count = 1;
    return 0;
}

int expr_conjuncts(const struct expr_node *const **out, size_t *count, struct arena *arena,
                   const struct expr_node *node, struct error *error)
{
    return parts(out, count, arena, node, EXPR_AND, error);
}

int expr_disjuncts(const struct expr_node *const **out, size_t *count, struct arena *arena,
                   const struct expr_node *node, struct error *error)
{
    return parts(out, count, arena, node, EXPR_OR, error);
}

/* ---- shapes ---- */

bool expr_is_join_equality(const struct expr_node *node, const struct expr_node **left,
                           const struct expr_node **right)
{
    if (node->kind != EXPR_COMPARE || node->comparison != EXPR_EQUAL) {
        return false;
    }
    const struct expr_node *a = node->operands[0];
    const struct expr_node *b = node->operands[1];
    bool straight = a->sides == LEFT_ONLY && b->sides == RIGHT_ONLY;
    bool crossed = a->sides == RIGHT_ONLY && b->sides == LEFT_ONLY;
    *left = straight ? a : b;
    *right = straight ? b : a;
    return straight || crossed;
}

void expr_columns(const struct expr_node *node, enum expr_side side, struct column_set *out)
{
    if (node->kind == EXPR_COLUMN && node->side == side) {
        column_set_add(out, node->column);
    }
    for (uint32_t i = 0; i < node->count; i++) {
        expr_columns(node->operands[i], side, out);
    }
}

static bool is_column_equality(const struct expr_node *node, uint32_t *column)
{
    if (node->kind != EXPR_COMPARE || node->comparison != EXPR_EQUAL ||
        node->operands[0]->kind != EXPR_COLUMN || node->operands[1]->kind != EXPR_COLUMN) {
        return false;
    }
    /* Splink drops the suffix and compares the names: `x_l = x_l` passes too. */
    *column = node->operands[0]->column;
    return *column == node->operands[1]->column;
}

bool expr_is_exact_match(const struct expr_node *node, struct column_set *out)
{
    bool is_and = node->kind == EXPR_AND;
    struct column_set found = *out;
    for (uint32_t i = 0; i < (is_and ? node->count : 1); i++) {
        uint32_t column;
        if (!is_column_equality(is_and ? node->operands[i] : node, &column)) {
            return false;
        }
        column_set_add(&found, column);
    }
    *out = found;
    return true;
}

/* ---- equality ---- */

bool expr_binding_equal(const struct expr_binding *a, const struct expr_binding *b)
{
    const struct function_binding *f = a->function;
    const struct function_binding *g = b->function;
    if (a->is_cast != b->is_cast || a->tries != b->tries) {
        return false;
    }
    if (f == NULL || g == NULL) {
        return f == g;
    }
    if (f->function != g->function || f->run != g->run || f->argument_count != g->argument_count ||
        !value_type_equal(f->result, g->result)) {
        return false;
    }
    /* The state follows from these types and from the constants among the operands. */
    for (size_t i = 0; i < f->argument_count; i++) {
        if (!value_type_equal(f->parameters[i], g->parameters[i])) {
            return false;
        }
    }
    return true;
}

bool expr_value_identical(struct value_type type, struct value a, struct value b)
{
    if (a.is_null || b.is_null) {
        return a.is_null == b.is_null;
    }
    if (type.kind == VALUE_LIST) {
        bool same = a.list->count == b.list->count;
        for (uint32_t i = 0; same && i < a.list->count; i++) {
            same = expr_value_identical(*type.element, a.list->items[i], b.list->items[i]);
        }
        return same;
    }
    if (type.kind == VALUE_FLOAT || type.kind == VALUE_DOUBLE) {
        uint64_t bits[2];
        memcpy(&bits[0], &a.real, sizeof bits[0]);
        memcpy(&bits[1], &b.real, sizeof bits[1]);
        return bits[0] == bits[1];
    }
    if (type.kind == VALUE_INTERVAL) {
        /* A month equals thirty days in a comparison, not when it is added to a date. */
        return a.interval->months == b.interval->months && a.interval->days == b.interval->days &&
               a.interval->microseconds == b.interval->microseconds;
    }
    return value_compare(type, a, b) == 0;
}

/* What a node is, but for its operands. */
static bool heads_equal(const struct expr_node *a, const struct expr_node *b, bool mirrored)
{
    if (a->kind != b->kind || a->count != b->count || !value_type_equal(a->type, b->type)) {
        return false;
    }
    switch (a->kind) {
    case EXPR_CONSTANT: return expr_value_identical(a->type, a->constant, b->constant);
    case EXPR_COLUMN: return a->column == b->column && (a->side == b->side) != mirrored;
    case EXPR_VARIABLE: return a->depth == b->depth && a->position == b->position;
    case EXPR_CALL: return expr_binding_equal(&a->binding, &b->binding);
    case EXPR_COMPARE: return a->comparison == b->comparison;
    default: return true; /* SWITCH and NULLIF: their casts follow from the operands' types */
    }
}

static bool is_symmetric(const struct expr_node *node)
{
    return (node->kind == EXPR_COMPARE && expr_comparison_is_symmetric(node->comparison)) ||
           (node->kind == EXPR_CALL && node->count == 2 && node->binding.function->commutative);
}

bool expr_equal(const struct expr_node *a, const struct expr_node *b, bool mirrored)
{
    if (!heads_equal(a, b, mirrored)) {
        return false;
    }
    bool equal = true;
    for (uint32_t i = 0; equal && i < a->count; i++) {
        equal = expr_equal(a->operands[i], b->operands[i], mirrored);
    }
    return equal || (is_symmetric(a) && expr_equal(a->operands[0], b->operands[1], mirrored) &&
                     expr_equal(a->operands[1], b->operands[0], mirrored));
}
