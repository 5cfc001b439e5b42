/*
 * The values of an expression over single records, computed once for each distinct combination of
 * what it reads.
 *
 * Thread rule: one thread.
 */
#ifndef LINKAGE_RECORD_VALUES_H
#define LINKAGE_RECORD_VALUES_H

#include "base/arena.h"
#include "base/error.h"
#include "linkage/columns.h"
#include "linkage/expr.h"
#include "linkage/keys.h"
#include "linkage/program.h"

struct record_values {
    const struct columns *columns;
    struct keys keys; /* of the columns that the expression names: values are by their codes */
    const struct program *program;
    struct program_bound_input *inputs;
    struct evaluator *evaluator;
};

/* The expression names columns of one side only. `arena` takes its program. */
int record_values_open(struct record_values *out, struct arena *arena,
                       const struct columns *columns, const struct expr_node *expression,
                       struct error *error);

/* The value for a key; NULL for one that no record has. Valid until the next call. */
struct value record_values_get(struct record_values *values, uint32_t key);

/* Fails when a value was NULL for want of memory. */
int record_values_check(const struct record_values *values, struct error *error);

void record_values_free(struct record_values *values);

#endif
