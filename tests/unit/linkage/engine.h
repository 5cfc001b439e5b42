/* What the tests of scoring and prediction share: a model loaded from JSON, bound to records, run,
   and its predictions collected. */
#ifndef TEST_LINKAGE_ENGINE_H
#define TEST_LINKAGE_ENGINE_H

#include "linkage/linkage.h"
#include "oracle.h"
#include "table.h"

enum { ENGINE_COMPARISONS = 8, ENGINE_COLUMNS = 16 };

struct engine {
    struct columns columns;
    struct model model;
    struct predictor predictor;
    struct scorer scorer;
};

/* All of it, for a model on the columns, which the engine takes over. The test fails when the model
   is refused. */
void engine_open(struct engine *out, const struct columns *columns, const char *model);
void engine_close(struct engine *engine);

/* The oracle's records and model. `arrival`, if not NULL, is the order in which the records come;
   their numbers are those of the case in any event. */
void engine_make_columns(struct columns *out, const struct oracle_case *c, const uint32_t *arrival);
void engine_open_case(struct engine *out, const struct oracle_case *c);

/* Loads the model for the names of the columns. */
int engine_load_model(struct model *out, const struct columns *columns, const char *json,
                      struct error *error);

/* One prediction with all that it says. Bytes between the fields are zero, so that runs can be
   compared as bytes. */
struct engine_pair {
    double weight;
    uint32_t left;
    uint32_t right;
    uint32_t rule;
    int16_t gammas[ENGINE_COMPARISONS];
    uint16_t levels[ENGINE_COMPARISONS]; /* by position in the model */
};

struct engine_pairs {
    struct text_buffer bytes;
    const struct engine_pair *items; /* into bytes */
    size_t count;
    struct predict_counts counts;
};

/* Runs the prediction and keeps what is handed on; empty after a failure. */
int engine_predict(struct engine_pairs *out, struct predictor *predictor, unsigned threads,
                   double least, struct error *error);
void engine_pairs_free(struct engine_pairs *pairs);

#endif
