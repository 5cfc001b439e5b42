/*
 * Why a stored result has its weight: the level that each comparison reached, in parts that add up.
 *
 *     match weight = prior weight + sum of the levels' weights + term-frequency part
 *
 * The levels are kept with the result and their weights are the model's. Frequencies change with
 * every import, so that what they added is kept, too, by comparison. Results of before migration 2
 * lack it: there it is what is missing to the stored weight, which can be told by level when only
 * one of the levels reached adjusts, and in one sum otherwise.
 *
 * Thread rule: as a connection.
 */
#ifndef EMPI_EXPLANATIONS_H
#define EMPI_EXPLANATIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "linkage/model.h"
#include "store/store.h"

/* What is stored of a result, in PostgreSQL's text. */
struct explained_evidence {
    struct str levels;            /* positions by comparison, "{0,2,1}" */
    struct str frequency_weights; /* by comparison, "{0,-1.5,0}"; empty where it is NULL */
    double match_weight;
};

/* Weights are log2 of Bayes factors. */
struct explained_level {
    struct str comparison; /* its output column name */
    struct str label;      /* the level's, for charts; "no level" when none was reached */
    bool has_level;        /* false: none was reached */
    size_t position;       /* of the level among the comparison's, from 0 */
    bool is_null_level;
    double weight;           /* may be infinite where m or u is 0 */
    bool adjusts;            /* for term frequencies */
    double frequency_weight; /* the adjustment; NaN when it is in shared_frequency_weight */
};

struct explained_result {
    double prior_weight;
    struct explained_level *levels; /* by comparison, in the model's order */
    size_t level_count;             /* 0: the stored levels are not of this model */
    /* Of several levels that adjust, when their parts are not stored; else 0. NaN when infinite parts
       hide it, or the weight was clamped. */
    double shared_frequency_weight;
};

/* Models by configuration, each compiled once. */
struct explanations {
    struct connection *connection;
    struct arena *arena; /* for all that is explained */
    struct explanations_model {
        int64_t config_id;
        bool usable; /* this program understands it */
        struct model model;
    } * models;
    size_t count;
};

/* The explanation may be used after explanations_free(). */
int explanations_explain(struct explained_result *out, struct explanations *explanations,
                         int64_t config_id, const struct explained_evidence *evidence,
                         struct error *error);

/* Without a database: what a compiled model says. */
int explanations_apply(struct explained_result *out, struct arena *arena, const struct model *model,
                       const struct explained_evidence *evidence, struct error *error);

/* What was zero-initialised is fine. */
void explanations_free(struct explanations *explanations);

#endif
