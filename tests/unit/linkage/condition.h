/* What the tests of SQL conditions share: conditions parsed, compiled together, bound to records
   and run. */
#ifndef TEST_LINKAGE_CONDITION_H
#define TEST_LINKAGE_CONDITION_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>

#include "linkage/program.h"

enum { CONDITIONS_MOST = 16 };

/* A CASE of conditions over a set of records. */
struct conditions {
    struct arena arena;
    const struct expr_node *nodes[CONDITIONS_MOST];
    size_t count;
    const struct program *program;
    struct evaluator *evaluator;
};

/* Parses, compiles and binds; hoisted inputs are computed here. After a failure nothing is open. */
int conditions_open(struct conditions *out, const struct columns *columns, enum expr_style style,
                    const char *const *texts, size_t count, struct error *error);
void conditions_close(struct conditions *conditions);

/* One condition's value for a pair: 'T', 'F' or 'N'. The conditions must be open with the condition
   and its negation, in this order. */
char conditions_letter(struct conditions *conditions, uint32_t left, uint32_t right);

/* The message with which a condition on columns of these names is refused; "" if it is not. Valid
   until the next call. */
const char *condition_refusal(const char *const *names, uint32_t count, enum expr_style style,
                              const char *text);

/* Binds the inputs of a program to records: what a caller of the engine does. Memory comes from
   `arena`. */
int conditions_bind(struct program_bound_input **out, struct arena *arena,
                    const struct program *program, const struct columns *columns,
                    struct error *error);

#endif
