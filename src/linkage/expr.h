/*
 * SQL conditions: text in, typed tree out.
 *
 * A condition is read once, when a model is loaded. The parser knows the expressions of DuckDB that
 * a model may hold (Splink behaviour notes, section 5.6) and nothing else: no subquery, aggregate,
 * window, table function, parameter or statement exists in its grammar, so nothing in a model can
 * reach a file, the network or the database. Length (64 KiB) and nesting (200) are limited.
 *
 * In a comparison's condition the two records' columns are `name_l` and `name_r`; in a blocking
 * rule they are `l.name` and `r.name`. Names ignore case. All columns are TEXT.
 *
 * Thread rule: trees are immutable after expr_parse.
 */
#ifndef LINKAGE_EXPR_H
#define LINKAGE_EXPR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "linkage/columns.h"
#include "linkage/value.h"

enum expr_style {
    EXPR_COMPARISON, /* name_l, name_r */
    EXPR_BLOCKING,   /* l.name, r.name */
};

enum expr_side { EXPR_LEFT, EXPR_RIGHT };

/* The columns that a condition may name, by position; this is where positions in a column_set and
   in program inputs come from. */
struct expr_schema {
    const struct str *names;
    uint32_t count;
};

struct expr_node; /* opaque outside expr_*.c */

/*
 * Reads one condition, resolves names, checks types, folds constants and makes the result BOOLEAN.
 * All memory comes from `arena`; what bindings hold beyond it (compiled patterns) is given back by
 * expr_release(). The error names the character, from 1:
 *   column "nope_l" does not exist (at character 2); columns are: address, birth_date, …
 */
int expr_parse(const struct expr_node **out, struct arena *arena, const struct expr_schema *schema,
               enum expr_style style, struct str text, struct error *error);

/* Gives back what the tree's bindings hold outside the arena. NULL is fine. */
void expr_release(const struct expr_node *node);

/* The type of a node; VALUE_BOOLEAN for every condition. */
struct value_type expr_type(const struct expr_node *node);

/* The operands of the AND (or OR) at the top, nested ones flattened, in order; a node that is none
   has itself as its only operand. *out comes from the arena. */
int expr_conjuncts(const struct expr_node *const **out, size_t *count, struct arena *arena,
                   const struct expr_node *node, struct error *error);
int expr_disjuncts(const struct expr_node *const **out, size_t *count, struct arena *arena,
                   const struct expr_node *node, struct error *error);

/* The conjunction of `count` conditions (count ≥ 1). */
int expr_and(const struct expr_node **out, struct arena *arena,
             const struct expr_node *const *conditions, size_t count, struct error *error);

/* Whether `node` is `f(left columns) = g(right columns)`, whichever way round it is written and
   whatever the common type: gives both sides, already cast to it. */
bool expr_is_join_equality(const struct expr_node *node, const struct expr_node **left,
                           const struct expr_node **right);

/* The columns that a node names on a side; adds to *out. */
void expr_columns(const struct expr_node *node, enum expr_side side, struct column_set *out);

/* Splink's test for an exact match level (section 2.4): every top-level conjunct is `column =
   column` with the same name on both ends. Adds the columns to *out when it is. */
bool expr_is_exact_match(const struct expr_node *node, struct column_set *out);

/* How near two texts are, by the functions whose result bounds which bytes they share. */
enum expr_measure {
    EXPR_EDITS, /* Levenshtein or Damerau-Levenshtein: at most `limit` */
    EXPR_JARO,  /* similarities: at least `limit` */
    EXPR_JARO_WINKLER,
};

struct expr_nearness {
    enum expr_measure measure;
    uint32_t column;
    double limit; /* a whole number for edits, negative when no distance will do */
};

/* Whether `node` is TRUE only when a plain column of the two records is that near: a distance
   compared with a constant. */
bool expr_is_nearness(const struct expr_node *node, struct expr_nearness *out);

/* Whether `node` is TRUE only when a number of the one record and the same of the other differ by at
   most *limit: `abs(f(l) - f(r)) <= limit` on DOUBLE. Gives f of the left record. */
bool expr_is_difference(const struct expr_node *node, const struct expr_node **left, double *limit);

/* Whether `node` is a plain column of either record. */
bool expr_is_column(const struct expr_node *node);

/* Whether `node` is `f IS NULL` of one record: gives f and the record's side. */
bool expr_is_null_test(const struct expr_node *node, const struct expr_node **value,
                       enum expr_side *side);

/* Whether two nodes compute the same value when `b`'s sides are exchanged with `a`'s (with
   `mirrored`) or as they are: structural equality after binding. */
bool expr_equal(const struct expr_node *a, const struct expr_node *b, bool mirrored);

#endif
