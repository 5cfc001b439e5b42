/*
 * Explanations: what each comparison says about one pair, in parts that add up to its score.
 *
 * Thread rule: as scorer.
 */
#ifndef LINKAGE_EXPLAIN_H
#define LINKAGE_EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"
#include "linkage/scoring.h"

struct explained_comparison {
    struct str name;  /* the comparison's output column name */
    struct str label; /* the level's label for charts; "no level" when none was reached */
    bool has_level;   /* false: no level was reached, and gamma, m and u mean nothing */
    bool is_null_level;
    int gamma;
    bool has_probabilities; /* false for a null level */
    double m_probability;
    double u_probability;
    double bayes_factor;
    double frequency_factor; /* the term-frequency adjustment as a factor; 1: none */
    double weight;           /* log2 of bayes_factor; infinite where m or u is 0 */
    double frequency_weight; /* log2 of frequency_factor */
    bool is_adjusted;        /* the level adjusts; the frequencies below are NaN for a NULL value */
    double frequency_left;
    double frequency_right;
};

struct explanation {
    double prior_weight;
    struct explained_comparison *comparisons;
    size_t comparison_count;
    /* prior_weight + each weight and frequency_weight, in this order, clamped to
       SCORING_WEIGHT_LIMIT: to the last bit what scorer_weight() answers. */
    double weight;
    double probability;
};

/* Explains the pair; all memory comes from `arena`. The texts are the model's. */
int explain_pair(struct explanation *out, struct arena *arena, struct scorer *scorer, uint32_t left,
                 uint32_t right, struct error *error);

#endif
