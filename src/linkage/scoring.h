/*
 * Scoring: from a pair of records to its match weight.
 *
 * Fellegi and Sunter (1969) as Splink computes it, in log2 space:
 *
 *     weight = log2(prior odds) + sum over comparisons of [ log2(m / u) + term-frequency part ]
 *     probability = 2^weight / (1 + 2^weight)
 *
 * added in the order of the comparisons, so that the parts shown in an explanation add up to the
 * score to the last bit. This one function serves batch, single pair and explanation.
 *
 * Before a pair is scored exactly it is bounded: equal codes, and NULL, have a known weight, and
 * any other pair of values at most the largest weight of the levels it can still reach. Where the
 * bound is below the threshold no text is ever looked at; that is most of the pairs.
 *
 * Thread rule: a scoring is immutable but for the lazy tables in its pair_cases; a scorer belongs to
 * one thread.
 */
#ifndef LINKAGE_SCORING_H
#define LINKAGE_SCORING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "linkage/columns.h"
#include "linkage/model.h"
#include "linkage/pair_case.h"
#include "linkage/reach.h"
#include "linkage/row_table.h"
#include "linkage/term_frequencies.h"

/* |weight| never exceeds log2(1e300), as with Splink since 4.0.10: no infinity leaves the engine. */
#define SCORING_WEIGHT_LIMIT 996.5784284662087

/* The gamma of a pair that reaches no level of a comparison (one without ELSE). */
#define SCORING_NO_GAMMA INT16_MIN

struct scored_level {
    int16_t gamma;
    double weight;                              /* log2(m / u); may be infinite when m or u is 0 */
    const struct term_frequencies *frequencies; /* NULL: no adjustment */
    const uint32_t *frequency_codes;            /* by record: the code of the adjusted column */
    double frequency_exponent;
    double log2_base;    /* log2 of the u that the frequency is set against */
    double log2_minimum; /* log2 of the least frequency; -infinity when there is none */
};

struct scored_comparison {
    struct pair_case pair_case;
    bool has_conditions;  /* false: nothing but ELSE */
    uint32_t null_record; /* a record whose only column is NULL; KEYS_NO_RECORD: none, or several
                             columns */
    struct scored_level *levels; /* by condition; then ELSE, or "no level" */
    struct reach_level *reaches; /* by level: what different codes need to reach it */
    uint32_t only_column;        /* the one that it looks at; REACH_NO_COLUMN: none, or several */
    size_t first_level;          /* of its levels among those of all comparisons */
    size_t level_count;
};

struct scoring {
    const struct model *model;
    const struct columns *columns;
    struct scored_comparison *comparisons;
    size_t comparison_count;
    size_t level_count;    /* of all comparisons */
    uint16_t *order;       /* of the comparisons: those first that can lower a bound the most */
    struct reach *reach;   /* what its rows hold besides */
    struct row_table rows; /* each record's codes by comparison, what reach needs, and what the
                              caller of scoring_init() put there */
    struct term_frequencies *frequencies; /* by column; not counted ones are zero */
    double prior_weight;
    struct arena arena;
};

/* `model` and `columns` must outlive it. Rows have `more_slots` slots, from *first_slot on,
   for the caller to fill. */
int scoring_init(struct scoring *out, const struct model *model, const struct columns *columns,
                 unsigned threads, uint32_t more_slots, uint32_t *first_slot, struct error *error);
void scoring_free(struct scoring *scoring);

/* What is known of a comparison once the left record is chosen. */
struct scorer_left {
    uint32_t code;
    uint32_t null_code; /* the right code that weighs `null`; equal to `code` when there is
                                  none */
    double same;        /* the weight when the right record has the same code */
    double null;        /* when the right record's only column is NULL */
    /* For all other codes: what the levels ask for that one may reach, from the highest bound to the
       lowest. */
    const struct reach_check *checks;
    const struct reach_check *checks_end;
    double
        rest; /* no right record that reaches none of them weighs more; lower than their bounds */
    double most; /* no right record weighs more */
};

struct scorer {
    const struct scoring *scoring;
    struct pair_case_runner *runners; /* by comparison */
    struct scorer_left *lefts;        /* by comparison */
    struct reach_check *checks;       /* room for REACH_MAX_NEEDS a level of all comparisons */
    double *bounds;                   /* by comparison, of the pair at hand */
    uint16_t *levels;                 /* room for a caller that does not keep them */
    uint32_t left;
    double most; /* prior weight and the most of every comparison */
};

int scorer_init(struct scorer *out, struct scoring *scoring, struct error *error);
void scorer_free(struct scorer *scorer);

/* Chooses the left record of the pairs that follow. */
void scorer_set_left(struct scorer *scorer, uint32_t left);

/* The most that a comparison can weigh for the right record with that row. */
static inline double scorer_comparison_bound(const struct scorer *scorer, size_t comparison,
                                             const uint32_t *row)
{
    const struct scorer_left *left = &scorer->lefts[comparison];
    uint32_t code = row[comparison];
    if (code == left->code) {
        return left->same;
    }
    if (code == left->null_code) {
        return left->null;
    }
    struct reach_distance distance = {.slot = UINT32_MAX};
    const struct reach_check *check = left->checks;
    while (check != left->checks_end) {
        if (!reach_holds(check, row, &distance)) {
            check += check->left_of_level;
        } else if (check->left_of_level == 1) {
            return check->bound;
        } else {
            check++;
        }
    }
    return left->rest;
}

/*
 * An upper bound of the weight of the pair with the right record with that row, but for rounding;
 * as soon as it is below `least` that is what is answered. NaN when infinite parts of both signs
 * meet: then nothing is known. In the header because it is the inner loop of a linkage: most pairs
 * never get further.
 */
static inline double scorer_bound(const struct scorer *scorer, const uint32_t *row, double least)
{
    double bound = scorer->most;
    for (size_t i = 0; i < scorer->scoring->comparison_count; i++) {
        size_t at = scorer->scoring->order[i];
        bound += scorer_comparison_bound(scorer, at, row) - scorer->lefts[at].most;
        if (bound < least) {
            break;
        }
    }
    return bound;
}

/* More than the rounding of a sum of a thousand weights below 1000 can come to. */
#define SCORING_BOUND_MARGIN 1e-6

/* The weight of the pair of the chosen left record with `right`. When it is certain to be below
   `least` (above -SCORING_WEIGHT_LIMIT, or -infinity for none) it may stop early and answer
   -infinity. `levels`, by comparison, receives the positions in scored_comparison.levels; it has
   room for all, and is complete unless the answer is -infinity. */
double scorer_weight(struct scorer *scorer, uint32_t right, double least, uint16_t *levels);

/* The frequency part of a level's weight for a pair; 0 when there is none. */
double scoring_frequency_weight(const struct scored_level *level, uint32_t left, uint32_t right);

/* 1 / (1 + 2^-weight), without overflow. */
double scoring_probability(double weight);

/* log2(p / (1 - p)): the weight at which a probability is reached; infinite for 0 and 1. */
double scoring_weight_of_probability(double probability);

#endif
