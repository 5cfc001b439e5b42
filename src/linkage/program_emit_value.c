/*
 * Steps that compute a value into its register.
 */
#include <math.h>

#include "linkage/program_emit.h"

/* ---- single steps ---- */

static int compute_input(struct emitter *emitter, uint32_t position, uint32_t out)
{
    const struct graph_node *node = emit_node(emitter, position);
    struct step step = {
        .kind = STEP_LOAD, .side = (uint8_t)node->side, .out = out, .a = node->input};
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
        const struct graph_node *node = emit_node(emitter, position);
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

/* Whether both operands are inputs that no register holds yet; a second use may load them again. */
static bool takes_inputs(const struct emitter *emitter, const struct graph_node *node)
{
    for (uint32_t i = 0; i < node->count; i++) {
        if (emit_node(emitter, node->operands[i])->kind != GRAPH_INPUT ||
            emit_is_ready(emitter, node->operands[i])) {
            return false;
        }
    }
    return node->count == 2;
}

static int compute_call(struct emitter *emitter, uint32_t position, uint32_t out)
{
    const struct graph_node *node = emit_node(emitter, position);
    struct step step = {.kind = STEP_CALL, .out = out, .count = node->count};
    int status = call_of(emitter, &step.index, position);
    if (status == 0 && takes_inputs(emitter, node)) {
        const struct graph_node *a = emit_node(emitter, node->operands[0]);
        const struct graph_node *b = emit_node(emitter, node->operands[1]);
        step.kind = STEP_CALL_INPUTS;
        step.a = a->input;
        step.b = b->input;
        step.side = (uint8_t)a->side;
        step.side_b = (uint8_t)b->side;
        return emit_compute_step(emitter, position, step);
    }
    if (status == 0 && node->count == 1) {
        step.kind = STEP_CALL_1;
        status = emit_value(emitter, &step.a, node->operands[0]);
    } else if (status == 0 && node->count == 2) {
        step.kind = STEP_CALL_2;
        status = emit_operands(emitter, node, &step.a, &step.b);
    } else if (status == 0) {
        status = emit_all(emitter, &step.operands, node);
    }
    return status != 0 ? status : emit_compute_step(emitter, position, step);
}

static int compute_comparison(struct emitter *emitter, uint32_t position, uint32_t out)
{
    const struct graph_node *node = emit_node(emitter, position);
    const struct graph_node *left = emit_node(emitter, node->operands[0]);
    struct step step = {.kind = STEP_COMPARE, .out = out};
    emit_comparison(emitter, &step, node);
    bool by_equality = step.mask == MASK_EQUAL || step.mask == (MASK_LESS | MASK_GREATER);
    int status = 0;
    if (emit_compares_sides(emitter, node) && emit_is_plain(emitter, left) && by_equality) {
        step.kind = STEP_COMPARE_CODES;
        step.a = left->input;
    } else {
        status = emit_operands(emitter, node, &step.a, &step.b);
    }
    return status != 0 ? status : emit_compute_step(emitter, position, step);
}

static int compute_unary(struct emitter *emitter, uint32_t position, uint32_t out)
{
    const struct graph_node *node = emit_node(emitter, position);
    const struct graph_node *operand = emit_node(emitter, node->operands[0]);
    struct step step = {.kind = node->kind == GRAPH_NOT ? STEP_NOT : STEP_IS_NULL, .out = out};
    int status = 0;
    if (node->kind == GRAPH_IS_NULL && emit_is_plain(emitter, operand)) {
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
    const struct graph_node *node = emit_node(emitter, position);
    struct label end = EMIT_NEW_LABEL;
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
    const struct graph_node *node = emit_node(emitter, position);
    struct label end = EMIT_NEW_LABEL;
    int status = 0;
    for (uint32_t i = 0; status == 0 && i + 1 < node->count; i += 2) {
        struct label next = EMIT_NEW_LABEL;
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
    const struct graph_node *node = emit_node(emitter, position);
    struct label end = EMIT_NEW_LABEL;
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
    const struct graph_node *node = emit_node(emitter, position);
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
    struct label dropped = EMIT_NEW_LABEL;
    int status = emit_test(emitter, node->operands[1], true, &dropped, false);
    status = status != 0 ? status : emit_step(emitter, store);
    emitter->ready = NULL;
    emit_label(emitter, &dropped);
    return status != 0 ? status
                       : emit_step(emitter, (struct step){.kind = STEP_JUMP, .target = head});
}

static int compute_loop(struct emitter *emitter, uint32_t position, uint32_t out)
{
    const struct graph_node *node = emit_node(emitter, position);
    struct label end = EMIT_NEW_LABEL;
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
    switch (emit_node(emitter, position)->kind) {
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
    const struct graph_node *node = emit_node(emitter, position);
    *out = emit_register(emitter, position);
    if (node->kind == GRAPH_CONSTANT || node->kind == GRAPH_VARIABLE || emitter->ready == NULL ||
        emit_is_ready(emitter, position)) {
        return 0;
    }
    /* What does not change from item to item of a loop is asked for in each, computed in one. */
    bool maybe =
        !is_cheap(node->kind) && (emitter->seen[position] || graph_level(node) < emitter->level);
    struct label done = EMIT_NEW_LABEL;
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
