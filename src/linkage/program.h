/*
 * Conditions compiled once into a flat array of steps, and the evaluator that runs it.
 *
 * A program is the CASE of one comparison (its levels' conditions in order), one filter of a
 * blocking rule, or one value of a single record. The compiler moves every decision it can to
 * compile time: common subexpressions of all the conditions are computed at most once a pair,
 * on first need; expressions of one record alone are hoisted into inputs, which are computed once
 * for each distinct value before the first pair; `x_l = x_r` on a plain column compares codes; a
 * distance that is only compared with constants is told the loosest of them, so that it can stop
 * early. Conditions have three-valued logic: only TRUE selects.
 *
 * The evaluator allocates nothing per pair beyond its scratch arena, whose blocks it keeps.
 *
 * Thread rule: programs and inputs are immutable; an evaluator belongs to one thread.
 */
#ifndef LINKAGE_PROGRAM_H
#define LINKAGE_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "linkage/columns.h"
#include "linkage/expr.h"

struct program;

/*
 * Something that a program reads of a record: a plain column (value NULL), or a hoisted expression
 * over the columns of one record, whichever side it stands on.
 */
struct program_input {
    const struct program *value; /* runs with evaluator_value(); NULL for a plain column */
    struct value_type type;
    struct column_set columns; /* what it depends on */
    uint32_t column;           /* the plain column, when value is NULL */
    uint32_t condition;        /* the first condition that reads it: failures are counted there */
};

/*
 * What an input is bound to before evaluation. The caller computes `values` by running the input's
 * program on one representative record for each code.
 */
struct program_bound_input {
    const uint32_t *codes;               /* one a record: the code of the input's columns */
    uint32_t gap;                        /* numbers between the codes of two neighbours */
    const struct dictionary *dictionary; /* plain column: its texts; else NULL */
    const struct value *values;          /* hoisted: the value of each code; else NULL */
};

/* Compiles the CASE over `count` conditions, tried in order. The program keeps pointers into the
   trees, whose arena must outlive it. */
int program_compile(const struct program **out, struct arena *arena,
                    const struct expr_node *const *conditions, size_t count, struct error *error);

/* Compiles one value of a single record; the node must name columns of one side only. Its inputs
   are plain columns. */
int program_compile_value(const struct program **out, struct arena *arena,
                          const struct expr_node *value, struct error *error);

size_t program_input_count(const struct program *program);
const struct program_input *program_input(const struct program *program, size_t position);

/* All columns a program depends on, either side, hoisted inputs included; adds to *out. */
void program_columns(const struct program *program, struct column_set *out);

struct evaluator;

/* `inputs` has program_input_count() entries and must outlive the evaluator. */
int evaluator_create(struct evaluator **out, const struct program *program,
                     const struct program_bound_input *inputs, struct error *error);

/* The number, from 0, of the first condition that is TRUE for the pair, or -1. */
int evaluator_case(struct evaluator *evaluator, uint32_t left, uint32_t right);

/* The value of a value program for one record. Text and lists live until the next call. */
struct value evaluator_value(struct evaluator *evaluator, uint32_t record);

/* How often NULL stood for what DuckDB would have aborted on, since creation, in the condition of
   that number (0 for a value program). What several conditions share counts for the first. */
uint64_t evaluator_failures(const struct evaluator *evaluator, size_t condition);

/* Whether the scratch arena ever ran out: then a result was NULL for want of memory and must not
   be trusted. */
bool evaluator_exhausted(const struct evaluator *evaluator);

/* NULL is fine. */
void evaluator_free(struct evaluator *evaluator);

#endif
