/* Conditions of the shapes `distance(x_l, x_r) <= 2`, `similarity(x_l, x_r) >= 0.9` and
   `abs(f(x_l) - f(x_r)) <= 30`, and tests for NULL. */

#include <math.h>

#include "linkage/expr_node.h"

static bool is_call_of_pair(const struct expr_node *node, struct expr_nearness *out)
{
    if (node->kind != EXPR_CALL || node->binding.is_cast || node->count != 2 ||
        node->operands[0]->kind != EXPR_COLUMN || node->operands[1]->kind != EXPR_COLUMN ||
        node->operands[0]->column != node->operands[1]->column ||
        node->operands[0]->side == node->operands[1]->side) {
        return false;
    }
    static const struct {
        const char *name;
        enum expr_measure measure;
    } measures[] = {
        {"levenshtein", EXPR_EDITS},
        {"damerau_levenshtein", EXPR_EDITS},
        {"jaro_similarity", EXPR_JARO},
        {"jaro_winkler_similarity", EXPR_JARO_WINKLER},
    };
    const char *name = function_name(node->binding.function->function);
    for (size_t i = 0; i < ARRAY_LENGTH(measures); i++) {
        if (strcmp(name, measures[i].name) == 0) {
            out->measure = measures[i].measure;
            out->column = node->operands[0]->column;
            return true;
        }
    }
    return false;
}

static bool is_number(const struct expr_node *node, double *out)
{
    if (node->kind != EXPR_CONSTANT || node->constant.is_null) {
        return false;
    }
    switch (node->type.kind) {
    case VALUE_INTEGER:
    case VALUE_BIGINT: *out = (double)node->constant.integer; return true;
    case VALUE_FLOAT:
    case VALUE_DOUBLE: *out = node->constant.real; return isfinite(*out);
    default: return false;
    }
}

/* The comparison read from right to left. */
static enum expr_comparison turned(enum expr_comparison comparison)
{
    switch (comparison) {
    case EXPR_LESS: return EXPR_GREATER;
    case EXPR_LESS_EQUAL: return EXPR_GREATER_EQUAL;
    case EXPR_GREATER: return EXPR_LESS;
    case EXPR_GREATER_EQUAL: return EXPR_LESS_EQUAL;
    default: return comparison;
    }
}

/* Edits have to be few, similarities high; equality is both. */
static bool set_limit(struct expr_nearness *out, enum expr_comparison comparison, double number)
{
    out->limit = number;
    if (out->measure != EXPR_EDITS) {
        return comparison == EXPR_GREATER || comparison == EXPR_GREATER_EQUAL ||
               comparison == EXPR_EQUAL;
    }
    out->limit = comparison == EXPR_LESS ? ceil(number) - 1 : floor(number);
    return comparison == EXPR_LESS || comparison == EXPR_LESS_EQUAL || comparison == EXPR_EQUAL;
}

bool expr_is_nearness(const struct expr_node *node, struct expr_nearness *out)
{
    double number;
    if (node->kind == EXPR_BETWEEN && is_call_of_pair(node->operands[0], out)) {
        bool edits = out->measure == EXPR_EDITS;
        return is_number(node->operands[edits ? 2 : 1], &number) &&
               set_limit(out, edits ? EXPR_LESS_EQUAL : EXPR_GREATER_EQUAL, number);
    }
    if (node->kind != EXPR_COMPARE) {
        return false;
    }
    if (is_call_of_pair(node->operands[0], out) && is_number(node->operands[1], &number)) {
        return set_limit(out, node->comparison, number);
    }
    return is_call_of_pair(node->operands[1], out) && is_number(node->operands[0], &number) &&
           set_limit(out, turned(node->comparison), number);
}

static bool is_call(const struct expr_node *node, const char *name, uint32_t count)
{
    return node->kind == EXPR_CALL && !node->binding.is_cast && node->count == count &&
           strcmp(function_name(node->binding.function->function), name) == 0;
}

bool expr_is_difference(const struct expr_node *node, const struct expr_node **left, double *limit)
{
    if (node->kind != EXPR_COMPARE) {
        return false;
    }
    bool straight = is_number(node->operands[1], limit);
    const struct expr_node *distance = node->operands[straight ? 0 : 1];
    enum expr_comparison comparison = straight ? node->comparison : turned(node->comparison);
    if ((!straight && !is_number(node->operands[0], limit)) ||
        (comparison != EXPR_LESS && comparison != EXPR_LESS_EQUAL) ||
        !is_call(distance, "abs", 1) || !is_call(distance->operands[0], "-", 2)) {
        return false;
    }
    const struct expr_node *a = distance->operands[0]->operands[0];
    const struct expr_node *b = distance->operands[0]->operands[1];
    const uint8_t left_only = 1 << EXPR_LEFT;
    const uint8_t right_only = 1 << EXPR_RIGHT;
    *left = a->sides == left_only ? a : b;
    return a->type.kind == VALUE_DOUBLE && b->type.kind == VALUE_DOUBLE &&
           (a->sides | b->sides) == (left_only | right_only) && (a->sides & b->sides) == 0 &&
           expr_equal(a, b, true);
}

bool expr_is_column(const struct expr_node *node)
{
    return node->kind == EXPR_COLUMN;
}

bool expr_is_null_test(const struct expr_node *node, const struct expr_node **value,
                       enum expr_side *side)
{
    if (node->kind != EXPR_IS_NULL || node->count != 1) {
        return false;
    }
    *value = node->operands[0];
    *side = (*value)->sides == 1 << EXPR_LEFT ? EXPR_LEFT : EXPR_RIGHT;
    return (*value)->sides == 1 << *side;
}
