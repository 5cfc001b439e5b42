/*
 * From the graph to steps. Private to program_*.c.
 */
#ifndef LINKAGE_PROGRAM_EMIT_H
#define LINKAGE_PROGRAM_EMIT_H

#include "linkage/program_graph.h"

/* A place in the program that jumps go to before it is known. */
struct label {
    uint32_t last;   /* the newest jump to it; each holds the number of the one before */
    uint64_t *ready; /* what is computed on every way that leads here; NULL: no way does */
};

struct emitter {
    const struct graph *graph;
    struct arena *arena;
    struct arena *scratch;
    struct error *error;
    struct {
        VEC(struct step);
    } steps;
    struct {
        VEC(struct program_call);
    } calls;
    struct {
        VEC(uint32_t);
    } computes;          /* a step: the node that it computes + 1, or 0 */
    uint32_t *registers; /* a node: its register + 1, or 0 for none so far */
    uint32_t *calls_of;  /* a node: its call + 1 */
    uint32_t *marks;     /* a node: its mark, 0 for none */
    bool *seen;          /* a node: whether steps that compute it stand somewhere before */
    uint64_t *ready;     /* nodes that are certainly computed here; NULL: nothing comes here */
    double *cutoffs;     /* a node: see graph_cutoffs() */
    size_t words;        /* of a set of nodes */
    uint32_t register_count;
    uint32_t mark_count;
    uint32_t level; /* loops around the place */
    struct program_loop *loops;
};

int emitter_init(struct emitter *out, const struct graph *graph, struct arena *arena,
                 struct arena *scratch, struct error *error);
void emitter_free(struct emitter *emitter);

#define EMIT_NO_JUMP   UINT32_MAX
#define EMIT_NEW_LABEL ((struct label){.last = EMIT_NO_JUMP})

/* ---- what conditions become ---- */

/* Steps that leave the node's value in its register, *out. */
int emit_value(struct emitter *emitter, uint32_t *out, uint32_t node);

/* Steps that jump to `label` when (the node IS wanted) is `sense`, and else go on. */
int emit_test(struct emitter *emitter, uint32_t node, bool wanted, struct label *label, bool sense);

/* ---- one step ---- */

int emit_step(struct emitter *emitter, struct step step);

/* A step that jumps to `label`, always or not. */
int emit_jump(struct emitter *emitter, struct label *label, struct step step);

/* A jump after which nothing comes here but by a label. */
int emit_goto(struct emitter *emitter, struct label *label);

/* A step that leaves a node's value in its register. Whether anybody will ask for its mark is known
   at the end only. */
int emit_compute_step(struct emitter *emitter, uint32_t node, struct step step);

/* The label is here. */
void emit_label(struct emitter *emitter, struct label *label);

/* ---- shared by tests and values ---- */

static inline const struct graph_node *emit_node(const struct emitter *emitter, uint32_t node)
{
    return &emitter->graph->nodes.items[node];
}

/* Whether an input is a column as it is. */
static inline bool emit_is_plain(const struct emitter *emitter, const struct graph_node *node)
{
    return node->kind == GRAPH_INPUT && emitter->graph->inputs.items[node->input].value == NULL;
}

/* Whether the node's register holds its value, whatever way led here. */
static inline bool emit_is_ready(const struct emitter *emitter, uint32_t node)
{
    return (emitter->ready[node / 64] >> (node % 64)) & 1;
}

/* The register of a node. */
static inline uint32_t emit_register(struct emitter *emitter, uint32_t node)
{
    if (emitter->registers[node] == 0) {
        emitter->registers[node] = ++emitter->register_count;
    }
    return emitter->registers[node] - 1;
}

/* Sets the step's mask and type for a GRAPH_COMPARE. */
void emit_comparison(const struct emitter *emitter, struct step *step,
                     const struct graph_node *node);

/* Whether it compares one input with itself on the other side. */
bool emit_compares_sides(const struct emitter *emitter, const struct graph_node *node);

/* The registers of its two operands. */
int emit_operands(struct emitter *emitter, const struct graph_node *node, uint32_t *a, uint32_t *b);

/* ---- the end ---- */

/* Fills the program from what has been emitted. */
int emit_finish(struct emitter *emitter, struct program *out);

#endif
