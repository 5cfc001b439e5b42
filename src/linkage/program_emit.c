/*
 * From the graph to steps.
 *
 * Each value is computed at most once a pair, on first need. While steps are written, `ready` is
 * the set of nodes that are computed on every way that leads to the place. A node that is ready
 * costs nothing; one that no step before computes is computed in place; and one that was computed on
 * some of the ways is computed behind a STEP_IF_DONE, which asks at run time. Where ways meet, the
 * set is the intersection of theirs.
 */
#include "linkage/program_emit.h"

#include <math.h>

#define NO_JUMP UINT32_MAX

static const struct label NEW_LABEL = {.last = NO_JUMP};

/* ---- sets of nodes ---- */

static bool set_has(const uint64_t *set, uint32_t node)
{
    return (set[node / 64] >> (node % 64)) & 1;
}

static uint64_t *set_copy(struct emitter *emitter, const uint64_t *set)
{
    uint64_t *copy = arena_alloc_array(emitter->scratch, emitter->words, sizeof *copy);
    if (copy != NULL) {
        memcpy(copy, set, emitter->words * sizeof *copy);
    }
    return copy;
}

static void set_intersect(const struct emitter *emitter, uint64_t *set, const uint64_t *other)
{
    for (size_t i = 0; i < emitter->words; i++) {
        set[i] &= other[i];
    }
}

/* ---- steps and labels ---- */

int emit_step(struct emitter *emitter, struct step step)
{
    if (emitter->ready == NULL) {
        return 0; /* nothing comes here */
    }
    return vec_push(&emitter->steps, step) && vec_push(&emitter->computes, 0)
               ? 0
               : error_out_of_memory(emitter->error);
}

/* A step that jumps to `label`, always or not. */
static int emit_jump(struct emitter *emitter, struct label *label, struct step step)
{
    if (emitter->ready == NULL) {
        return 0;
    }
    if (label->ready == NULL) {
        label->ready = set_copy(emitter, emitter->ready);
        if (label->ready == NULL) {
            return error_out_of_memory(emitter->error);
        }
    } else {
        set_intersect(emitter, label->ready, emitter->ready);
    }
    step.target = label->last;
    label->last = (uint32_t)emitter->steps.len;
    return emit_step(emitter, step);
}

/* After it nothing comes here but by a label. */
static int emit_goto(struct emitter *emitter, struct label *label)
{
    int status = emit_jump(emitter, label, (struct step){.kind = STEP_JUMP});
    emitter->ready = NULL;
    return status;
}

void emit_label(struct emitter *emitter, struct label *label)
{
    uint32_t here = (uint32_t)emitter->steps.len;
    for (uint32_t at = label->last; at != NO_JUMP;) {
        uint32_t before = emitter->steps.items[at].target;
        emitter->steps.items[at].target = here;
        at = before;
    }
    if (emitter->ready == NULL) {
        emitter->ready = label->ready;
    } else if (label->ready != NULL) {
        set_intersect(emitter, emitter->ready, label->ready);
    }
    *label = NEW_LABEL;
}

/* A step that leaves a node's value in its register. Whether anybody will ask for its mark is known
   at the end only. */
static int emit_compute_step(struct emitter *emitter, uint32_t node, struct step step)
{
    int status = emit_step(emitter, step);
    if (status == 0 && emitter->ready != NULL) {
        emitter->computes.items[emitter->computes.len - 1] = node + 1;
    }
    return status;
}

static uint32_t register_of(struct emitter *emitter, uint32_t node)
{
    if (emitter->registers[node] == 0) {
        emitter->registers[node] = ++emitter->register_count;
    }
    return emitter->registers[node] - 1;
}

static const struct graph_node *node_at(const struct emitter *emitter, uint32_t node)
{
    return &emitter->graph->nodes.items[node];
}

static bool is_plain(const struct emitter *emitter, const struct graph_node *node)
{
    return node->kind == GRAPH_INPUT && emitter->graph->inputs.items[node->input].value == NULL;
}

/* ---- comparisons ---- */

static int emit_comparison(struct emitter *emitter, struct step *step,
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
    struct value_type *type = arena_alloc(emitter->arena, sizeof *type);
    if (type == NULL) {
        return error_out_of_memory(emitter->error);
    }
    *type = node_at(emitter, node->operands[0])->type;
    step->type = type;
    return 0;
}

/* Whether one input is compared with itself on the other side. */
static bool compares_sides(const struct emitter *emitter, const struct graph_node *node)
{
    const struct graph_node *a = node_at(emitter, node->operands[0]);
    const struct graph_node *b = node_at(emitter, node->operands[1]);
    return a->kind == GRAPH_INPUT && b->kind == GRAPH_INPUT && a->input == b->input &&
           a->side != b->side;
}

static uint8_t test_kind(const struct step *step)
{
    switch (step->type->kind) {
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

static int emit_operands(struct emitter *emitter, const struct graph_node *node, uint32_t *a,
                         uint32_t *b)
{
    int status = emit_value(emitter, a, node->operands[0]);
    return status != 0 ? status : emit_value(emitter, b, node->operands[1]);
}

static int test_comparison(struct emitter *emitter, const struct graph_node *node, bool wanted,
                           struct label *label, bool sense)
{
    struct step step = {.sense = sense};
    int status = emit_comparison(emitter, &step, node);
    if (status != 0) {
        return status;
    }
    step.mask = wanted ? step.mask : (uint8_t)(step.mask ^ MASK_ALL);
    const struct graph_node *left = node_at(emitter, node->operands[0]);
    bool plain = is_plain(emitter, left);
    bool by_equality = step.mask == MASK_EQUAL || step.mask == (MASK_LESS | MASK_GREATER);
    if (compares_sides(emitter, node) && (!plain || by_equality)) {
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
    status = emit_operands(emitter, node, &step.a, &step.b);
    return status != 0 ? status : emit_jump(emitter, label, step);
}

static int compute_comparison(struct emitter *emitter, uint32_t position, uint32_t out)
{
    const struct graph_node *node = node_at(emitter, position);
    const struct graph_node *left = node_at(emitter, node->operands[0]);
    struct step step = {.kind = STEP_COMPARE, .out = out};
    int status = emit_comparison(emitter, &step, node);
    bool by_equality = step.mask == MASK_EQUAL || step.mask == (MASK_LESS | MASK_GREATER);
    if (status == 0 && compares_sides(emitter, node) && is_plain(emitter, left) && by_equality) {
        step.kind = STEP_COMPARE_CODES;
        step.a = left->input;
    } else if (status == 0) {
        status = emit_operands(emitter, node, &step.a, &step.b);
    }
    return status != 0 ? status : emit_compute_step(emitter, position, step);
}

/* ---- tests ---- */

/* Jumps when all operands are `wanted` (or not all, by sense). */
static int test_all(struct emitter *emitter, const struct graph_node *node, bool wanted,
                    struct label *label, bool sense)
{
    struct label not_all = NEW_LABEL;
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

/* Jumps when any operand is `wanted` (or none is, by sense). */
static int test_any(struct emitter *emitter, const struct graph_node *node, bool wanted,
                    struct label *label, bool sense)
{
    struct label any = NEW_LABEL;
    int status = 0;
    for (uint32_t i = 0; status == 0 && i < node->count; i++) {
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
    struct label end = NEW_LABEL;
    int status = 0;
    for (uint32_t i = 0; status == 0 && i + 1 < node->count; i += 2) {
        struct label next = NEW_LABEL;
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
    const struct graph_node *operand = node_at(emitter, node->operands[0]);
    struct step step = {.kind = STEP_TEST_NULL, .sense = wanted == sense};
    if (is_plain(emitter, operand)) {
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
        const struct graph_node *known = node_at(emitter, node->operands[i]);
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
    const struct graph_node *node = node_at(emitter, position);
    if (emitter->ready == NULL) {
        return 0;
    }
    if (set_has(emitter->ready, position)) {
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

/* ---- values ---- */

static int compute_input(struct emitter *emitter, uint32_t position, uint32_t out)
{
    const struct graph_node *node = node_at(emitter, position);
    struct step step = {.kind = is_plain(emitter, node) ? STEP_LOAD_TEXT : STEP_LOAD_VALUE,
                        .side = (uint8_t)node->side,
                        .out = out,
                        .a = node->input};
    return emit_compute_step(emitter, position, step);
}

/* The registers of all operands. */
static int emit_all(struct emitter *emitter, const uint32_t **out, const struct graph_node *node)
{
    uint32_t *registers = arena_alloc_array(emitter->arena, node->count, sizeof *registers);
    if (registers == NULL) {
        return error_out_of_memory(emitter->error);
    }
    int status = 0;
    for (uint32_t i = 0; status == 0 && i < node->count; i++) {
        status = emit_value(emitter, &registers[i], node->operands[i]);
    }
    *out = registers;
    return status;
}

/* The entry in the table of calls: one for a node, wherever its steps stand, for it has one memo.
   The binding is copied where the cutoff becomes the program's own. */
static int call_of(struct emitter *emitter, uint32_t *out, uint32_t position)
{
    if (emitter->calls_of[position] == 0) {
        const struct graph_node *node = node_at(emitter, position);
        struct program_call call = {node->binding.function, node->condition};
        if (!isnan(emitter->cutoffs[position])) {
            struct function_binding *binding = arena_alloc(emitter->arena, sizeof *binding);
            if (binding == NULL) {
                return error_out_of_memory(emitter->error);
            }
            *binding = *call.binding;
            binding->cutoff = emitter->cutoffs[position];
            call.binding = binding;
        }
        if (!vec_push(&emitter->calls, call)) {
            return error_out_of_memory(emitter->error);
        }
        emitter->calls_of[position] = (uint32_t)emitter->calls.len;
    }
    *out = emitter->calls_of[position] - 1;
    return 0;
}

static int compute_call(struct emitter *emitter, uint32_t position, uint32_t out)
{
    const struct graph_node *node = node_at(emitter, position);
    struct step step = {.kind = STEP_CALL, .out = out, .count = node->count};
    int status = emit_all(emitter, &step.operands, node);
    status = status != 0 ? status : call_of(emitter, &step.index, position);
    if (status != 0) {
        return status;
    }
    if (node->count == 1 || node->count == 2) {
        step.kind = node->count == 1 ? STEP_CALL_1 : STEP_CALL_2;
        step.a = step.operands[0];
        step.b = step.operands[node->count - 1];
    }
    return emit_compute_step(emitter, position, step);
}

static int compute_unary(struct emitter *emitter, uint32_t position, uint32_t out)
{
    const struct graph_node *node = node_at(emitter, position);
    const struct graph_node *operand = node_at(emitter, node->operands[0]);
    struct step step = {.kind = node->kind == GRAPH_NOT ? STEP_NOT : STEP_IS_NULL, .out = out};
    int status = 0;
    if (node->kind == GRAPH_IS_NULL && is_plain(emitter, operand)) {
        step.kind = STEP_IS_NULL_CODE;
        step.a = operand->input;
        step.side = (uint8_t)operand->side;
    } else {
        status = emit_value(emitter, &step.a, node->operands[0]);
    }
    return status != 0 ? status : emit_compute_step(emitter, position, step);
}

static int compute_logical(struct emitter *emitter, uint32_t position, uint32_t out)
{
    const struct graph_node *node = node_at(emitter, position);
    struct label end = NEW_LABEL;
    int status = 0;
    for (uint32_t i = 0; status == 0 && i < node->count; i++) {
        /* The first is not combined with what is left from the last pair. */
        struct step step = {
            .kind = node->kind == GRAPH_AND ? STEP_AND : STEP_OR, .out = out, .sense = i == 0};
        status = emit_value(emitter, &step.a, node->operands[i]);
        status = status != 0 ? status : emit_jump(emitter, &end, step);
    }
    emit_label(emitter, &end);
    return status;
}

static int emit_move(struct emitter *emitter, uint32_t out, uint32_t node)
{
    struct step step = {.kind = STEP_MOVE, .out = out};
    int status = emit_value(emitter, &step.a, node);
    return status != 0 ? status : emit_step(emitter, step);
}

static int compute_case(struct emitter *emitter, uint32_t position, uint32_t out)
{
    const struct graph_node *node = node_at(emitter, position);
    struct label end = NEW_LABEL;
    int status = 0;
    for (uint32_t i = 0; status == 0 && i + 1 < node->count; i += 2) {
        struct label next = NEW_LABEL;
        status = emit_test(emitter, node->operands[i], true, &next, false);
        status = status != 0 ? status : emit_move(emitter, out, node->operands[i + 1]);
        status = status != 0 ? status : emit_goto(emitter, &end);
        emit_label(emitter, &next);
    }
    status = status != 0 ? status : emit_move(emitter, out, node->operands[node->count - 1]);
    emit_label(emitter, &end);
    return status;
}

static int compute_coalesce(struct emitter *emitter, uint32_t position, uint32_t out)
{
    const struct graph_node *node = node_at(emitter, position);
    struct label end = NEW_LABEL;
    int status = 0;
    for (uint32_t i = 0; status == 0 && i < node->count; i++) {
        status = emit_move(emitter, out, node->operands[i]);
        if (status == 0 && i + 1 < node->count) {
            struct step step = {.kind = STEP_TEST_NULL, .a = out, .sense = false};
            status = emit_jump(emitter, &end, step);
        }
    }
    emit_label(emitter, &end);
    return status;
}

static int compute_list(struct emitter *emitter, uint32_t position, uint32_t out)
{
    const struct graph_node *node = node_at(emitter, position);
    struct step step = {.kind = STEP_LIST, .out = out, .count = node->count};
    int status = emit_all(emitter, &step.operands, node);
    return status != 0 ? status : emit_compute_step(emitter, position, step);
}

static int emit_loop_body(struct emitter *emitter, const struct graph_node *node, uint32_t head)
{
    const struct program_loop *loop = &emitter->loops[node->loop];
    struct step store = {
        .kind = STEP_LOOP_STORE, .index = node->loop, .a = loop->item, .target = head};
    if (!loop->filters) {
        int status = emit_value(emitter, &store.a, node->operands[1]);
        return status != 0 ? status : emit_step(emitter, store);
    }
    struct label dropped = NEW_LABEL;
    int status = emit_test(emitter, node->operands[1], true, &dropped, false);
    status = status != 0 ? status : emit_step(emitter, store);
    emitter->ready = NULL;
    emit_label(emitter, &dropped);
    return status != 0 ? status
                       : emit_step(emitter, (struct step){.kind = STEP_JUMP, .target = head});
}

static int compute_loop(struct emitter *emitter, uint32_t position, uint32_t out)
{
    const struct graph_node *node = node_at(emitter, position);
    struct label end = NEW_LABEL;
    struct step begin = {.kind = STEP_LOOP_BEGIN, .out = out, .index = node->loop};
    int status = emit_value(emitter, &begin.a, node->operands[0]);
    status = status != 0 ? status : emit_jump(emitter, &end, begin);
    uint32_t head = (uint32_t)emitter->steps.len;
    struct step next = {.kind = STEP_LOOP_NEXT, .out = out, .index = node->loop};
    status = status != 0 ? status : emit_jump(emitter, &end, next);
    emitter->level++;
    status = status != 0 ? status : emit_loop_body(emitter, node, head);
    emitter->level--;
    emitter->ready = NULL;
    emit_label(emitter, &end);
    return status;
}

static int compute(struct emitter *emitter, uint32_t position, uint32_t out)
{
    int status;
    switch (node_at(emitter, position)->kind) {
    case GRAPH_INPUT: return compute_input(emitter, position, out);
    case GRAPH_CALL: return compute_call(emitter, position, out);
    case GRAPH_COMPARE: return compute_comparison(emitter, position, out);
    case GRAPH_NOT:
    case GRAPH_IS_NULL: return compute_unary(emitter, position, out);
    case GRAPH_LIST: return compute_list(emitter, position, out);
    case GRAPH_AND:
    case GRAPH_OR: status = compute_logical(emitter, position, out); break;
    case GRAPH_CASE: status = compute_case(emitter, position, out); break;
    case GRAPH_COALESCE: status = compute_coalesce(emitter, position, out); break;
    case GRAPH_LOOP: status = compute_loop(emitter, position, out); break;
    case GRAPH_CONSTANT:
    case GRAPH_VARIABLE:
    default: return 0;
    }
    /* No single step computes these. */
    return status != 0 ? status
                       : emit_compute_step(emitter, position, (struct step){.kind = STEP_MARK});
}

/* What costs no more than to ask whether it is done already. */
static bool is_cheap(enum graph_kind kind)
{
    return kind == GRAPH_INPUT || kind == GRAPH_COMPARE || kind == GRAPH_NOT ||
           kind == GRAPH_IS_NULL;
}

int emit_value(struct emitter *emitter, uint32_t *out, uint32_t position)
{
    const struct graph_node *node = node_at(emitter, position);
    *out = register_of(emitter, position);
    if (node->kind == GRAPH_CONSTANT || node->kind == GRAPH_VARIABLE || emitter->ready == NULL ||
        set_has(emitter->ready, position)) {
        return 0;
    }
    /* What does not change from item to item of a loop is asked for in each, computed in one. */
    bool maybe =
        !is_cheap(node->kind) && (emitter->seen[position] || graph_level(node) < emitter->level);
    struct label done = NEW_LABEL;
    if (maybe) {
        if (emitter->marks[position] == 0) {
            emitter->marks[position] = emitter->mark_count++;
        }
        struct step step = {.kind = STEP_IF_DONE, .index = emitter->marks[position]};
        int status = emit_jump(emitter, &done, step);
        if (status != 0) {
            return status;
        }
    }
    emitter->seen[position] = true;
    int status = compute(emitter, position, *out);
    emit_label(emitter, &done);
    if (status == 0 && emitter->ready != NULL) {
        emitter->ready[position / 64] |= (uint64_t)1 << (position % 64);
    }
    return status;
}

/* ---- beginning and end ---- */

int emitter_init(struct emitter *out, const struct graph *graph, struct arena *arena,
                 struct arena *scratch, struct error *error)
{
    size_t count = graph->nodes.len;
    *out = (struct emitter){.graph = graph,
                            .arena = arena,
                            .scratch = scratch,
                            .error = error,
                            .words = count / 64 + 1,
                            .mark_count = 1};
    out->registers = arena_alloc_zeroed(scratch, count, sizeof *out->registers);
    out->calls_of = arena_alloc_zeroed(scratch, count, sizeof *out->calls_of);
    out->marks = arena_alloc_zeroed(scratch, count, sizeof *out->marks);
    out->seen = arena_alloc_zeroed(scratch, count, sizeof *out->seen);
    out->cutoffs = arena_alloc_array(scratch, count, sizeof *out->cutoffs);
    out->ready = arena_alloc_zeroed(scratch, out->words, sizeof *out->ready);
    out->loops = arena_alloc_zeroed(arena, graph->loops.len, sizeof *out->loops);
    if (out->registers == NULL || out->calls_of == NULL || out->marks == NULL ||
        out->seen == NULL || out->cutoffs == NULL || out->ready == NULL || out->loops == NULL) {
        return error_out_of_memory(error);
    }
    graph_cutoffs(graph, out->cutoffs);
    for (uint32_t i = 0; i < count; i++) {
        const struct graph_node *node = &graph->nodes.items[i];
        if (node->kind == GRAPH_VARIABLE) {
            struct program_loop *loop = &out->loops[node->loop];
            *(node->position == 0 ? &loop->item : &loop->number) = register_of(out, i) + 1;
        }
    }
    for (size_t i = 0; i < graph->loops.len; i++) {
        struct program_loop *loop = &out->loops[i];
        loop->filters = graph->loops.items[i].origin->kind == EXPR_FILTER;
        /* A parameter that the body does not name has a register all the same. */
        loop->item = loop->item != 0 ? loop->item - 1 : out->register_count++;
        loop->number = loop->number != 0 ? loop->number - 1 : out->register_count++;
    }
    return 0;
}

void emitter_free(struct emitter *emitter)
{
    vec_free(&emitter->steps);
    vec_free(&emitter->computes);
    vec_free(&emitter->calls);
}

/* Each loop's list of the marks that each item begins without. */
static int list_marks(struct emitter *emitter)
{
    for (uint32_t i = 0; i < emitter->graph->loops.len; i++) {
        uint32_t *marks = arena_alloc_array(emitter->arena, emitter->mark_count, sizeof *marks);
        if (marks == NULL) {
            return error_out_of_memory(emitter->error);
        }
        uint32_t count = 0;
        for (uint32_t j = 0; j < emitter->graph->nodes.len; j++) {
            const struct graph_node *node = node_at(emitter, j);
            if (emitter->marks[j] != 0 && node->levels != 0 && node->owner == i) {
                marks[count++] = emitter->marks[j];
            }
        }
        emitter->loops[i].marks = marks;
        emitter->loops[i].mark_count = count;
    }
    return 0;
}

static void *keep(struct emitter *emitter, const void *items, size_t count, size_t size)
{
    void *copy = arena_alloc_array(emitter->arena, count, size);
    if (copy != NULL && count > 0) {
        memcpy(copy, items, count * size);
    }
    return copy;
}

int emit_finish(struct emitter *emitter, struct program *out)
{
    for (size_t i = 0; i < emitter->steps.len; i++) {
        uint32_t computed = emitter->computes.items[i];
        emitter->steps.items[i].mark = computed == 0 ? 0 : emitter->marks[computed - 1];
    }
    struct value *registers =
        arena_alloc_array(emitter->arena, emitter->register_count, sizeof *registers);
    out->steps = keep(emitter, emitter->steps.items, emitter->steps.len, sizeof *out->steps);
    out->calls = keep(emitter, emitter->calls.items, emitter->calls.len, sizeof *out->calls);
    if (registers == NULL || out->steps == NULL || out->calls == NULL) {
        return error_out_of_memory(emitter->error);
    }
    for (uint32_t i = 0; i < emitter->register_count; i++) {
        registers[i] = VALUE_NONE;
    }
    for (uint32_t i = 0; i < emitter->graph->nodes.len; i++) {
        const struct graph_node *node = node_at(emitter, i);
        if (node->kind == GRAPH_CONSTANT && emitter->registers[i] != 0) {
            registers[emitter->registers[i] - 1] = node->constant;
        }
    }
    out->registers = registers;
    out->loops = emitter->loops;
    out->register_count = emitter->register_count;
    out->call_count = (uint32_t)emitter->calls.len;
    out->loop_count = (uint32_t)emitter->graph->loops.len;
    out->mark_count = emitter->mark_count;
    return list_marks(emitter);
}
