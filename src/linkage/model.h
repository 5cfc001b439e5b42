/*
 * A linkage model compiled against the columns it is to work on.
 *
 * Every SQL condition is parsed and type-checked here, every name resolved, and all numbers that
 * scoring needs are derived from m, u and the prior (Splink behaviour notes, sections 2.3 to 2.5).
 * A model that is accepted runs.
 *
 * Not done: nothing is known of records here; term frequencies are counted by scoring.h.
 *
 * Thread rule: immutable after it is built.
 */
#ifndef LINKAGE_MODEL_H
#define LINKAGE_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "linkage/columns.h"
#include "linkage/expr.h"
#include "linkage/settings.h"

#define MODEL_NO_COLUMN UINT32_MAX

struct model_level {
    const struct settings_level *settings;
    const struct expr_node *condition; /* NULL for ELSE */
    int gamma;                         /* -1 for a null level; the others n-1 … 0 */
    double bayes_factor; /* m / u; 1 for a null level, and where m and u are both 0; infinite where
                            only u is 0 */
    double weight;       /* log2 of it, exact even where the quotient leaves a double's range */
    uint32_t exact_column; /* the one column that it is an exact match on, or MODEL_NO_COLUMN */
    /* The term-frequency adjustment: (tf_u_base / max(frequency, tf_minimum_u_value)) ^ tf_weight.
       Null levels, ELSE, and levels of weight 0 have none. */
    uint32_t tf_column; /* position of the column, or MODEL_NO_COLUMN */
    double tf_weight;
    double tf_u_base; /* u of the exact match level of the column, or the level's own */
    double tf_minimum_u_value;
};

struct model_comparison {
    const struct settings_comparison *settings;
    struct str name; /* output column name, given or derived, with '_' for spaces: what stands
                        after gamma_ and bf_. No two comparisons have the same */
    struct model_level *levels;
    size_t level_count;
    bool has_else;             /* the last level is ELSE */
    bool has_term_frequencies; /* some level has a tf_column */
    struct column_set columns; /* that its conditions name */
};

struct model_rule {
    struct str text;
    const struct expr_node *condition;
};

struct model {
    const struct settings *settings;
    double prior_weight; /* log2(λ / (1 - λ)); infinite when λ is 0 or 1 */
    struct model_comparison *comparisons;
    size_t comparison_count;
    struct model_rule *rules; /* at least one: a model without any has 1=1 */
    size_t rule_count;
    struct column_set columns; /* all that rules, conditions and adjustments name, by position in
                                  the schema */
    struct settings *owned;    /* what model_load() read; else NULL */
    struct arena arena;
};

/*
 * Compiles `settings`, which must outlive the model. All faults are reported at once, as
 * settings_read() does:
 *   comparisons.2.comparison_levels.1.sql_condition: column "nope_l" does not exist (at
 *   character 2); columns are: address, birth_date
 * The names of the schema are needed only during the call.
 */
int model_compile(struct model *out, const struct settings *settings, const char *name,
                  const struct expr_schema *schema, struct error *error);

/* settings_read() and model_compile() in one, with the faults of both in one report. */
int model_load(struct model *out, struct str json, const char *name,
               const struct expr_schema *schema, struct error *error);

/* NULL, and what was zero-initialised, is fine. */
void model_free(struct model *model);

#endif
