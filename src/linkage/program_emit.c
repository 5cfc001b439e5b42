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

/* ---- sets of nodes ---- */

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

int emit_jump(struct emitter *emitter, struct label *label, struct step step)
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
    uint32_t here = (uint32_t)emitter->steps.len;
    step.target = label->last;
    int status = emit_step(emitter, step);
    label->last = status == 0 ? here : label->last;
    return status;
}

int emit_goto(struct emitter *emitter, struct label *label)
{
    int status = emit_jump(emitter, label, (struct step){.kind = STEP_JUMP});
    emitter->ready = NULL;
    return status;
}

void emit_label(struct emitter *emitter, struct label *label)
{
    uint32_t here = (uint32_t)emitter->steps.len;
    for (uint32_t at = label->last; at != EMIT_NO_JUMP;) {
        uint32_t before = emitter->steps.items[at].target;
        emitter->steps.items[at].target = here;
        at = before;
    }
    if (emitter->ready == NULL) {
        emitter->ready = label->ready;
    } else if (label->ready != NULL) {
        set_intersect(emitter, emitter->ready, label->ready);
    }
    *label = EMIT_NEW_LABEL;
}

int emit_compute_step(struct emitter *emitter, uint32_t node, struct step step)
{
    int status = emit_step(emitter, step);
    if (status == 0 && emitter->ready != NULL) {
        emitter->computes.items[emitter->computes.len - 1] = node + 1;
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
            *(node->position == 0 ? &loop->item : &loop->number) = emit_register(out, i) + 1;
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
    size_t loops = emitter->graph->loops.len;
    for (int pass = 0; pass < 2; pass++) { /* count, then fill */
        for (size_t i = 0; pass == 1 && i < loops; i++) {
            struct program_loop *loop = &emitter->loops[i];
            loop->marks = arena_alloc_array(emitter->arena, loop->mark_count, sizeof *loop->marks);
            if (loop->marks == NULL) {
                return error_out_of_memory(emitter->error);
            }
            loop->mark_count = 0;
        }
        for (uint32_t j = 0; j < emitter->graph->nodes.len; j++) {
            const struct graph_node *node = emit_node(emitter, j);
            if (emitter->marks[j] == 0 || node->levels == 0) {
                continue;
            }
            struct program_loop *loop = &emitter->loops[node->owner];
            if (pass == 1) {
                loop->marks[loop->mark_count] = emitter->marks[j];
            }
            loop->mark_count++;
        }
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
        const struct graph_node *node = emit_node(emitter, i);
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
