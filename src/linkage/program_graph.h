/*
 * The values that a program computes, each once, whatever conditions ask for it. Private to
 * program_*.c.
 *
 * Trees go in, a graph comes out: equal subexpressions are one node (hash-consing), forms that are
 * short for others are spelled out, and what depends on one record alone is an input.
 */
#ifndef LINKAGE_PROGRAM_GRAPH_H
#define LINKAGE_PROGRAM_GRAPH_H

#include "base/vec.h"
#include "linkage/program_step.h"

enum graph_kind {
    GRAPH_CONSTANT,
    GRAPH_INPUT,
    GRAPH_VARIABLE,
    GRAPH_CALL,
    GRAPH_COMPARE,
    GRAPH_AND,
    GRAPH_OR,
    GRAPH_NOT,
    GRAPH_IS_NULL,
    GRAPH_CASE, /* condition, result, …, ELSE */
    GRAPH_COALESCE,
    GRAPH_LIST,
    GRAPH_LOOP, /* list, body */
};

struct graph_node {
    enum graph_kind kind;
    uint8_t levels;     /* a bit (1 << level) for each loop around it of which it needs the item */
    uint32_t owner;     /* the innermost of those loops */
    uint32_t condition; /* the first that asks for it */
    uint32_t count;
    const uint32_t *operands;
    struct value_type type;
    union {
        struct value constant;
        struct {
            uint32_t input;
            enum expr_side side;
        };
        struct {
            uint32_t loop; /* GRAPH_VARIABLE and GRAPH_LOOP */
            uint32_t position;
        };
        struct expr_binding binding;
        enum expr_comparison comparison;
    };
};

/* A lambda of the program. */
struct graph_loop {
    const struct expr_node *origin;
    uint32_t node;                     /* its GRAPH_LOOP */
    uint32_t level;                    /* loops around it */
    uint32_t around[EXPR_MAX_LAMBDAS]; /* which they are */
};

struct graph {
    struct arena *arena;   /* for what the program keeps */
    struct arena *scratch; /* for what ends with the compilation */
    struct error *error;
    bool hoists;        /* inputs may be expressions; a value program's are plain columns */
    uint32_t condition; /* that is being added */
    uint32_t level;     /* loops around what is being added */
    uint32_t around[EXPR_MAX_LAMBDAS];
    struct {
        VEC(struct graph_node);
    } nodes;
    struct {
        VEC(struct program_input);
    } inputs;
    struct {
        VEC(const struct expr_node *); /* what each input is computed from; NULL for a column */
    } origins;
    struct {
        VEC(struct graph_loop);
    } loops;
    struct index_map map;
};

/* The node of a tree. */
int graph_add(struct graph *graph, uint32_t *out, const struct expr_node *node);

/* How many loops must be around a place for the node to have a value there. */
static inline uint32_t graph_level(const struct graph_node *node)
{
    return node->levels == 0 ? 0 : 32 - (uint32_t)__builtin_clz(node->levels);
}

/*
 * Writes for each node, if it is a bounded distance, the loosest cutoff that its uses allow, or NaN
 * if there is none. Beyond the cutoff a distance may answer any number beyond it; as long as all
 * uses are comparisons with constants on the near side, they come out the same, strict or not.
 */
void graph_cutoffs(const struct graph *graph, double *cutoffs);

void graph_free(struct graph *graph);

#endif
