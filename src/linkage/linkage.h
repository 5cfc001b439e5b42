/*
 * The linkage engine, for programs that use it as a library.
 *
 * Probabilistic record linkage by Fellegi and Sunter (1969) with Splink's models: same pairs, same
 * weights, without Python or a database. It knows of no files, network or SQL server.
 *
 *     struct columns columns;                      records, dictionary-encoded    (columns.h)
 *     columns_init(&columns, names, count, &error);
 *     columns_append(&columns, values, &error);    … once a record
 *     columns_seal(&columns, order, &error);
 *
 *     struct model model;                          a Splink model's JSON, compiled (model.h)
 *     model_load(&model, json, "model.json", &schema, &error);
 *
 *     struct predictor predictor;                  the model on the records        (predict.h)
 *     predictor_init(&predictor, &model, &columns, &options, &error);
 *     predict_run(&counts, &predictor, &run_options, &sink, &error);
 *
 *     struct scorer scorer;                        pairs on demand                 (scoring.h)
 *     scorer_init(&scorer, &predictor.scoring, &error);
 *     linkage_score_pair(&score, &scorer, left, right);
 *     linkage_score_block(weights, &scorer, left, rights, count);
 *     explain_pair(&explanation, &arena, &scorer, left, right, &error);            (explain.h)
 *
 *     connected_components_link(…);                clusters             (connected_components.h)
 *
 * Everything is freed by the function of the same name, in the reverse order. Functions return 0 or
 * an enum status and fill a struct error (base/error.h). A predictor is read by any number of
 * threads, each with a scorer of its own.
 */
#ifndef LINKAGE_LINKAGE_H
#define LINKAGE_LINKAGE_H

#include <stddef.h>
#include <stdint.h>

#include "linkage/columns.h"
#include "linkage/connected_components.h"
#include "linkage/explain.h"
#include "linkage/model.h"
#include "linkage/predict.h"
#include "linkage/scoring.h"

struct linkage_score {
    double weight;      /* log2 of the odds of a match, within ±SCORING_WEIGHT_LIMIT */
    double probability; /* of a match */
};

/* Scores one pair; `left` is the record with the lower number where the model's conditions are not
   symmetric. Blocking rules do not matter here. */
void linkage_score_pair(struct linkage_score *out, struct scorer *scorer, uint32_t left,
                        uint32_t right);

/* Scores one record against `count` others: weights[i] is that of the pair (left, rights[i]). */
void linkage_score_block(double *weights, struct scorer *scorer, uint32_t left,
                         const uint32_t *rights, size_t count);

#endif
