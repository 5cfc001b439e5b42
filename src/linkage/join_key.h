/*
 * Join keys: for each record one code that stands for the values of the expressions on one side of a
 * blocking rule's equalities. A left and a right code are equal exactly when all the equalities are
 * TRUE for the pair.
 *
 * Thread rule: one thread builds; immutable afterwards.
 */
#ifndef LINKAGE_JOIN_KEY_H
#define LINKAGE_JOIN_KEY_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "linkage/columns.h"
#include "linkage/expr.h"

struct join_equality {
    const struct expr_node *left;
    const struct expr_node *right;
    uint32_t column; /* when both sides are just this column; else JOIN_KEY_NO_COLUMN */
};

#define JOIN_KEY_NO_COLUMN UINT32_MAX

struct join_key {
    uint32_t *left;  /* by record; 0: some part is NULL */
    uint32_t *right; /* the same array as left when the sides mirror each other */
    uint32_t count;  /* codes are below it */
};

/* `count` equalities (count ≥ 1). `arena` takes the compiled expressions. */
int join_key_build(struct join_key *out, struct arena *arena, const struct columns *columns,
                   const struct join_equality *equalities, size_t count, struct error *error);

void join_key_free(struct join_key *key);

#endif
