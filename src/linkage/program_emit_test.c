/*
 * Steps that test: each asks whether a truth value IS TRUE or IS FALSE, which has no third answer,
 * so that AND, OR, NOT and CASE become jumps.
 */
#include "linkage/program_emit.h"

/* ---- comparisons ---- */

void emit_comparison(const struct emitter *emitter, struct step *step,
                     const struct graph_node *node)
{
    static const uint8_t masks[] = {
        [EXPR_EQUAL] = MASK_EQUAL,
        [EXPR_UNEQUAL] = MASK_LESS | MASK_GREATER,
        [EXPR_LESS] = MASK_LESS,
        [EXPR_LESS_EQUAL] = MASK_LESS | MASK_EQUAL,
        [EXPR_GREATER] = MASK_GREATER,
        [EXPR_GREATER_EQUAL] = MASK_GREATER | MASK_EQUAL,
        [EXPR_DISTINCT] = MASK_LESS | MASK_GREATER,
        [EXPR_NOT_DISTINCT] = MASK_EQUAL,
    };
    step->mask = masks[node->comparison];
    step->null_aware = node->comparison == EXPR_DISTINCT || node->comparison == EXPR_NOT_DISTINCT;
    step->type = emit_node(emitter, node->operands[0])->type;
}

/* Whether one input is compared with itself on the other side. */
bool emit_compares_sides(const struct emitter *emitter, const struct graph_node *node)
{
    const struct graph_node *a = emit_node(emitter, node->operands[0]);
    const struct graph_node *b = emit_node(emitter, node->operands[1]);
    return a->kind == GRAPH_INPUT && b->kind == GRAPH_INPUT && a->input == b->input &&
           a->side != b->side;
}

static uint8_t test_kind(const struct step *step)
{
    switch (step->type.kind) {
    case VALUE_TEXT:
        return step->mask == MASK_EQUAL || step->mask == (MASK_LESS | MASK_GREATER)
                   ? STEP_TEST_TEXT_EQUAL
                   : STEP_TEST_TEXT;
    case VALUE_FLOAT:
    case VALUE_DOUBLE: return STEP_TEST_REAL;
    case VALUE_INTERVAL:
    case VALUE_LIST: return STEP_TEST_OTHER;
    default: return STEP_TEST_INTEGER;
    }
}

int emit_operands(struct emitter *emitter, const struct graph_node *node, uint32_t *a, uint32_t *b)
{
    int status = emit_value(emitter, a, node->operands[0]);
    return status != 0 ? status : emit_value(emitter, b, node->operands[1]);
}

static int test_comparison(struct emitter *emitter, const struct graph_node *node, bool wanted,
                           struct label *label, bool sense)
{
    struct step step = {.sense = sense};
    emit_comparison(emitter, &step, node);
    step.mask = wanted ? step.mask : (uint8_t)(step.mask ^ MASK_ALL);
    const struct graph_node *left = emit_node(emitter, node->operands[0]);
    bool plain = emit_is_plain(emitter, left);
    bool by_equality = step.mask == MASK_EQUAL || step.mask == (MASK_LESS | MASK_GREATER);
    if (emit_compares_sides(emitter, node) && (!plain || by_equality)) {
        step.kind = plain ? STEP_TEST_CODES : STEP_TEST_VALUES;
        step.a = left->input;
        if (left->side == EXPR_RIGHT) {
            /* The step compares left with right. */
            step.mask =
                (uint8_t)((step.mask & MASK_EQUAL) | (step.mask & MASK_LESS ? MASK_GREATER : 0) |
                          (step.mask & MASK_GREATER ? MASK_LESS : 0));
        }
        return emit_jump(emitter, label, step);
    }
    step.kind = test_kind(&step);
    int status = emit_operands(emitter, node, &step.a, &step.b);
    return status != 0 ? status : emit_jump(emitter, label, step);
}

/* ---- tests ---- */

/* Jumps when all operands are `wanted` (or not all, by sense). */
static int test_all(struct emitter *emitter, const struct graph_node *node, bool wanted,
                    struct label *label, bool sense)
{
    struct label not_all = EMIT_NEW_LABEL;
    int status = 0;
    for (uint32_t i = 0; status == 0 && i < node->count; i++) {
        bool last = i + 1 == node->count;
        status = sense && last ? emit_test(emitter, node->operands[i], wanted, label, true)
                               : emit_test(emitter, node->operands[i], wanted,
                                           sense ? &not_all : label, false);
    }
    emit_label(emitter, &not_all);
    return status;
}

/* Whether the node is `x_l IS NULL` for a plain input x. */
static bool is_null_test(const struct emitter *emitter, uint32_t position,
                         const struct graph_node **input)
{
    const struct graph_node *node = emit_node(emitter, position);
    if (node->kind != GRAPH_IS_NULL) {
        return false;
    }
    *input = emit_node(emitter, node->operands[0]);
    return emit_is_plain(emitter, *input);
}

/* x_l IS NULL OR x_r IS NULL, at operands i and i + 1. */
static bool tests_either_null(const struct emitter *emitter, const struct graph_node *node,
                              uint32_t i, uint32_t *input)
{
    const struct graph_node *a;
    const struct graph_node *b;
    if (i + 1 >= node->count || !is_null_test(emitter, node->operands[i], &a) ||
        !is_null_test(emitter, node->operands[i + 1], &b)) {
        return false;
    }
    *input = a->input;
    return a->input == b->input && a->side != b->side;
}

/* Jumps when any operand is `wanted` (or none is, by sense). */
static int test_any(struct emitter *emitter, const struct graph_node *node, bool wanted,
                    struct label *label, bool sense)
{
    struct label any = EMIT_NEW_LABEL;
    int status = 0;
    for (uint32_t i = 0; status == 0 && i < node->count; i++) {
        struct step step = {.kind = STEP_TEST_NULL_EITHER};
        if (wanted && tests_either_null(emitter, node, i, &step.a)) {
            i++;
            step.sense = sense || i + 1 < node->count;
            status = emit_jump(emitter, step.sense && !sense ? &any : label, step);
            continue;
        }
        bool last = i + 1 == node->count;
        status = !sense && last
                     ? emit_test(emitter, node->operands[i], wanted, label, false)
                     : emit_test(emitter, node->operands[i], wanted, sense ? label : &any, true);
    }
    emit_label(emitter, &any);
    return status;
}

static int test_case(struct emitter *emitter, const struct graph_node *node, bool wanted,
                     struct label *label, bool sense)
{
    struct label end = EMIT_NEW_LABEL;
    int status = 0;
    for (uint32_t i = 0; status == 0 && i + 1 < node->count; i += 2) {
        struct label next = EMIT_NEW_LABEL;
        status = emit_test(emitter, node->operands[i], true, &next, false);
        if (status == 0) {
            status = emit_test(emitter, node->operands[i + 1], wanted, label, sense);
        }
        status = status != 0 ? status : emit_goto(emitter, &end);
        emit_label(emitter, &next);
    }
    if (status == 0) {
        status = emit_test(emitter, node->operands[node->count - 1], wanted, label, sense);
    }
    emit_label(emitter, &end);
    return status;
}

static int test_is_null(struct emitter *emitter, const struct graph_node *node, bool wanted,
                        struct label *label, bool sense)
{
    const struct graph_node *operand = emit_node(emitter, node->operands[0]);
    struct step step = {.kind = STEP_TEST_NULL, .sense = wanted == sense};
    if (emit_is_plain(emitter, operand)) {
        step.kind = STEP_TEST_NULL_CODE;
        step.a = operand->input;
        step.side = (uint8_t)operand->side;
        return emit_jump(emitter, label, step);
    }
    int status = emit_value(emitter, &step.a, node->operands[0]);
    return status != 0 ? status : emit_jump(emitter, label, step);
}

/* x IS TRUE and its kin: whether one operand is a truth value that is known, *value, and the other,
   *operand, is compared with it as IS [NOT] DISTINCT FROM does. */
static bool is_truth_test(const struct emitter *emitter, const struct graph_node *node,
                          uint32_t *operand, bool *value)
{
    if (node->comparison != EXPR_DISTINCT && node->comparison != EXPR_NOT_DISTINCT) {
        return false;
    }
    for (uint32_t i = 0; i < 2; i++) {
        const struct graph_node *known = emit_node(emitter, node->operands[i]);
        if (known->kind == GRAPH_CONSTANT && known->type.kind == VALUE_BOOLEAN &&
            !known->constant.is_null) {
            *operand = node->operands[1 - i];
            *value = known->constant.integer != 0;
            return true;
        }
    }
    return false;
}

static int test_boolean(struct emitter *emitter, uint32_t position, bool wanted,
                        struct label *label, bool sense)
{
    struct step step = {.kind = STEP_TEST_BOOLEAN, .sense = sense, .b = wanted};
    int status = emit_value(emitter, &step.a, position);
    return status != 0 ? status : emit_jump(emitter, label, step);
}

int emit_test(struct emitter *emitter, uint32_t position, bool wanted, struct label *label,
              bool sense)
{
    const struct graph_node *node = emit_node(emitter, position);
    if (emitter->ready == NULL) {
        return 0;
    }
    if (emit_is_ready(emitter, position)) {
        return test_boolean(emitter, position, wanted, label, sense);
    }
    uint32_t operand;
    bool value;
    switch (node->kind) {
    case GRAPH_CONSTANT: {
        bool is = !node->constant.is_null && (node->constant.integer != 0) == wanted;
        return is == sense ? emit_goto(emitter, label) : 0;
    }
    case GRAPH_NOT: return emit_test(emitter, node->operands[0], !wanted, label, sense);
    case GRAPH_AND:
        return wanted ? test_all(emitter, node, true, label, sense)
                      : test_any(emitter, node, false, label, sense);
    case GRAPH_OR:
        return wanted ? test_any(emitter, node, true, label, sense)
                      : test_all(emitter, node, false, label, sense);
    case GRAPH_CASE: return test_case(emitter, node, wanted, label, sense);
    case GRAPH_IS_NULL: return test_is_null(emitter, node, wanted, label, sense);
    case GRAPH_COMPARE:
        if (is_truth_test(emitter, node, &operand, &value)) {
            bool same = (node->comparison == EXPR_NOT_DISTINCT) == wanted;
            return emit_test(emitter, operand, value, label, same == sense);
        }
        return test_comparison(emitter, node, wanted, label, sense);
    default: return test_boolean(emitter, position, wanted, label, sense);
    }
}
