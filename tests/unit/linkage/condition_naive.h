/* Conditions evaluated by walking their trees: no graph, no steps, nothing shared, hoisted or cut
   short. What the compiled programs are held against. */
#ifndef TEST_LINKAGE_CONDITION_NAIVE_H
#define TEST_LINKAGE_CONDITION_NAIVE_H

#include "linkage/columns.h"
#include "linkage/expr.h"

/* The value of a node for a pair of records. Memory comes from `arena`. */
struct value condition_naive(const struct expr_node *node, struct arena *arena,
                             const struct columns *columns, uint32_t left, uint32_t right);

#endif
