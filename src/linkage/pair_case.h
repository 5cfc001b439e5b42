/*
 * A compiled CASE bound to a set of records, with what can be remembered about it.
 *
 * The result for a pair depends only on the two records' values in the columns that the conditions
 * name, and these have one code (keys.h). So results are remembered:
 *   - for two equal codes, by code;
 *   - against NULL, by code, when a single column is compared;
 *   - for the value pairs met lately, in a small direct-mapped cache of each thread. Names are
 *     skewed: a few pairs of values make up most of the pairs of records.
 * Only a pair of values that is none of these reaches the evaluator.
 *
 * Thread rule: a pair_case is built by one thread and then read by any (its tables are filled
 * lazily by relaxed atomic stores: every thread would store the same); a pair_case_runner belongs
 * to one thread.
 */
#ifndef LINKAGE_PAIR_CASE_H
#define LINKAGE_PAIR_CASE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "linkage/columns.h"
#include "linkage/keys.h"
#include "linkage/program.h"

/* A result in a table: the condition's number + PAIR_CASE_KNOWN; 0 is not known yet. */
enum { PAIR_CASE_KNOWN = 2, PAIR_CASE_MAX_CONDITIONS = 4000 };

struct pair_case {
    const struct program *program;
    size_t condition_count;
    struct program_bound_input *inputs;
    struct keys *input_keys; /* of hoisted inputs: what their values are numbered by */
    struct arena *pools;     /* texts and lists of hoisted values, one pool a thread */
    unsigned pool_count;
    struct keys keys;      /* of all columns that the conditions name */
    bool single;           /* that is one column: code 0 is NULL */
    const uint32_t *codes; /* the keys' codes, or a copy of them that lies nearer */
    uint32_t gap;          /* numbers between the codes of two neighbours there */
    _Atomic int16_t *same;
    _Atomic int16_t *right_null; /* by the left code; NULL unless single */
    _Atomic int16_t *left_null;  /* by the right code; NULL unless single */
    /* By condition, where NULL stood for an error of DuckDB: for how many distinct hoisted values, and
       whether for any pair. How often for pairs depends on what is remembered. */
    atomic_uint_fast64_t *value_failures;
    atomic_bool *pair_failures;
    atomic_bool exhausted; /* an evaluator ran out of scratch memory */
};

/*
 * Compiles and binds `count` conditions (count ≥ 1). `extra`, if not NULL, names further columns
 * that the codes shall tell apart. `arena` holds the program and must outlive the pair_case, as
 * must `columns`. Hoisted inputs are computed here, by `threads` threads.
 */
int pair_case_init(struct pair_case *out, struct arena *arena, const struct columns *columns,
                   const struct expr_node *const *conditions, size_t count,
                   const struct column_set *extra, unsigned threads, struct error *error);

void pair_case_free(struct pair_case *pair_case);

/* For how many values NULL stood in, in a condition; all failures of pairs count as one. The same
   for any number of threads. After the runners are freed. */
uint64_t pair_case_failures(const struct pair_case *pair_case, size_t condition);

/* Tells of a copy of keys.codes that the caller looks at anyway (a slot of its rows): from now on it
   is read instead. Before the first runner. */
void pair_case_use_copy(struct pair_case *pair_case, const uint32_t *codes, uint32_t gap);

struct pair_case_runner {
    struct pair_case *pair_case;
    struct evaluator *evaluator;
    uint64_t *cache; /* see pair_case.c */
};

int pair_case_runner_init(struct pair_case_runner *out, struct pair_case *pair_case,
                          struct error *error);

/* The number of the first condition that is TRUE, or -1. */
int pair_case_result(struct pair_case_runner *runner, uint32_t left, uint32_t right);

/* Adds what the runner counted to its pair_case and gives it back. */
void pair_case_runner_free(struct pair_case_runner *runner);

#endif
