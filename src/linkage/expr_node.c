#include "linkage/expr_node.h"

enum expr_comparison expr_comparison_inverse(enum expr_comparison comparison)
{
    static const enum expr_comparison inverses[] = {
        [EXPR_EQUAL] = EXPR_UNEQUAL,         [EXPR_UNEQUAL] = EXPR_EQUAL,
        [EXPR_LESS] = EXPR_GREATER_EQUAL,    [EXPR_GREATER_EQUAL] = EXPR_LESS,
        [EXPR_GREATER] = EXPR_LESS_EQUAL,    [EXPR_LESS_EQUAL] = EXPR_GREATER,
        [EXPR_DISTINCT] = EXPR_NOT_DISTINCT, [EXPR_NOT_DISTINCT] = EXPR_DISTINCT,
    };
    return inverses[comparison];
}

bool expr_comparison_is_symmetric(enum expr_comparison comparison)
{
    return comparison == EXPR_EQUAL || comparison == EXPR_UNEQUAL || comparison == EXPR_DISTINCT ||
           comparison == EXPR_NOT_DISTINCT;
}

struct expr_node *expr_node_new(struct arena *arena, enum expr_kind kind, struct value_type type,
                                uint32_t count)
{
    struct expr_node *node = arena_alloc_zeroed(arena, 1, sizeof *node);
    if (node == NULL) {
        return NULL;
    }
    node->kind = kind;
    node->type = type;
    node->count = count;
    if (count > 0) {
        node->operands = arena_alloc_zeroed(arena, count, sizeof *node->operands);
        return node->operands == NULL ? NULL : node;
    }
    return node;
}

struct expr_node *expr_node_constant(struct arena *arena, struct value_type type,
                                     struct value value)
{
    struct expr_node *node = expr_node_new(arena, EXPR_CONSTANT, type, 0);
    if (node != NULL) {
        node->constant = value;
    }
    return node;
}

void expr_node_finish(struct expr_node *node)
{
    if (node->kind == EXPR_COLUMN) {
        node->sides = (uint8_t)(1 << node->side);
    } else if (node->kind == EXPR_VARIABLE) {
        node->open = (uint8_t)(node->depth + 1);
    }
    bool has_lambda = node->kind == EXPR_TRANSFORM || node->kind == EXPR_FILTER;
    for (uint32_t i = 0; i < node->count; i++) {
        const struct expr_node *operand = node->operands[i];
        uint8_t open = operand->open;
        if (has_lambda && i == 1 && open > 0) {
            open--; /* its own parameters are no longer open */
        }
        node->sides |= operand->sides;
        node->open = open > node->open ? open : node->open;
    }
}

struct value_type expr_type(const struct expr_node *node)
{
    return node->type;
}

void expr_release(const struct expr_node *node)
{
    for (struct expr_owned *owned = node == NULL ? NULL : node->owned; owned != NULL;
         owned = owned->next) {
        /* What bindings hold is theirs to give back, though all else sees it as constant. */
        owned->binding->release((void *)(uintptr_t)owned->binding->state);
    }
}

int expr_and(const struct expr_node **out, struct arena *arena,
             const struct expr_node *const *conditions, size_t count, struct error *error)
{
    if (count == 1) {
        *out = conditions[0];
        return 0;
    }
    uint32_t total = 0;
    for (size_t i = 0; i < count; i++) {
        total += conditions[i]->kind == EXPR_AND ? conditions[i]->count : 1;
    }
    struct expr_node *node =
        expr_node_new(arena, EXPR_AND, (struct value_type){.kind = VALUE_BOOLEAN}, total);
    if (node == NULL) {
        return error_out_of_memory(error);
    }
    uint32_t used = 0;
    for (size_t i = 0; i < count; i++) {
        bool merged = conditions[i]->kind == EXPR_AND;
        for (uint32_t j = 0; j < (merged ? conditions[i]->count : 1); j++) {
            node->operands[used++] = merged ? conditions[i]->operands[j] : conditions[i];
        }
    }
    expr_node_finish(node);
    *out = node;
    return 0;
}
