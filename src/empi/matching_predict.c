/* Step 3 of a matching job: pairs with at least one new record are scored. */

#include <math.h>

#include "base/vec.h"
#include "empi/copy_fields.h"
#include "empi/matching_internal.h"
#include "empi/record.h"
#include "linkage/linkage.h"

struct predicting {
    struct matching *matching;
    struct model model;
    struct predictor predictor; /* while pairs are scored */
    struct column_set used;
    size_t used_count;
    struct columns columns;
    struct {
        VEC(int64_t);
    } ids; /* by record number */
    uint32_t first_new;
    struct copy_fields fields;
};

/* ---- records ---- */

static void choose_columns(struct predicting *predicting)
{
    predicting->used = predicting->model.columns;
    /* A model that links sources looks at one more column than its conditions name. */
    for (uint32_t i = 0; i < RECORD_COLUMN_COUNT; i++) {
        if (str_equal_ignoring_case(record_columns[i],
                                    predicting->model.settings->source_dataset_column_name)) {
            column_set_add(&predicting->used, i);
        }
    }
    for (uint32_t i = 0; i < RECORD_COLUMN_COUNT; i++) {
        predicting->used_count += column_set_has(&predicting->used, i) ? 1 : 0;
    }
}

static int list_columns(struct text_buffer *out, const struct predicting *predicting,
                        struct error *error)
{
    text_append(out, STR("")); /* a text even when there are none */
    for (uint32_t i = 0; i < RECORD_COLUMN_COUNT; i++) {
        if (column_set_has(&predicting->used, i)) {
            text_append(out, out->len == 0 ? STR("") : STR(", "));
            text_append(out, record_columns[i]);
        }
    }
    return out->failed ? error_out_of_memory(error) : 0;
}

/* An empty text is missing to a model; no other is. The columns' fields are those from `first` on. */
static int keep_record(struct predicting *predicting, int64_t id, size_t first, struct error *error)
{
    struct str values[RECORD_COLUMN_COUNT] = {{NULL, 0}};
    size_t at = first;
    for (uint32_t i = 0; i < RECORD_COLUMN_COUNT; i++) {
        if (column_set_has(&predicting->used, i)) {
            struct str text = predicting->fields.items[at++];
            values[i] = text.len == 0 ? (struct str){NULL, 0} : text;
        }
    }
    return vec_push(&predicting->ids, id) ? columns_append(&predicting->columns, values, error)
                                          : error_out_of_memory(error);
}

static int take_old(void *context, struct str row, struct error *error)
{
    struct predicting *predicting = context;
    struct copy_fields *fields = &predicting->fields;
    int status = copy_fields_read(fields, row, 1 + predicting->used_count, error);
    if (status == 0) {
        status = keep_record(predicting, copy_fields_integer(fields, 0), 1, error);
    }
    return status != 0 ? status
                       : matching_count_row(predicting->matching, predicting->ids.len, 0, error);
}

static int take_new(void *context, const struct new_record *record, struct str values,
                    struct error *error)
{
    struct predicting *predicting = context;
    int status = predicting->used_count == 0
                     ? 0
                     : copy_fields_read(&predicting->fields, values, predicting->used_count, error);
    return status == 0 ? keep_record(predicting, record->id, 0, error) : status;
}

static int read_old(struct predicting *predicting, const char *columns, struct error *error)
{
    struct text_buffer sql = TEXT_BUFFER(4096);
    text_appendf(&sql,
                 "copy (\n"
                 "    select id%s%s\n"
                 "    from empi.person_record\n"
                 "    order by id\n"
                 ") to stdout",
                 columns[0] == '\0' ? "" : ", ", columns);
    int status = sql.failed ? error_out_of_memory(error)
                            : copy_rows_read(predicting->matching->connection, sql.ptr, take_old,
                                             predicting, error);
    text_free(&sql);
    return status;
}

/* Jobs run one at a time and ids rise, so this job's records are the last. */
static int read_all(struct predicting *predicting, struct error *error)
{
    struct matching *matching = predicting->matching;
    struct text_buffer columns = TEXT_BUFFER(1024);
    int status = list_columns(&columns, predicting, error);
    if (status == 0) {
        status = read_old(predicting, columns.ptr, error);
    }
    predicting->first_new = (uint32_t)predicting->ids.len;
    if (status == 0) {
        status = matching_read_new(matching, columns.ptr, take_new, predicting, error);
    }
    text_free(&columns);
    return status;
}

static int read_records(struct predicting *predicting, struct error *error)
{
    int status = matching_phase(predicting->matching, "reading records", error);
    if (status == 0) {
        status = columns_init(&predicting->columns, record_columns, RECORD_COLUMN_COUNT,
                              &predicting->used, error);
    }
    if (status == 0) {
        status = read_all(predicting, error);
    }
    return status == 0 ? columns_seal(&predicting->columns, NULL, error) : status;
}

/* ---- results ---- */

static int list_adjusting(struct predicting *predicting, struct error *error)
{
    bool kept = true;
    for (size_t i = 0; kept && i < predicting->model.comparison_count; i++) {
        if (predicting->model.comparisons[i].has_term_frequencies) {
            kept = vec_push(&predicting->matching->adjusting, (uint16_t)i);
        }
    }
    return kept ? 0 : error_out_of_memory(error);
}

/* What frequencies added: the very numbers of which the engine made the pair's weight. */
static bool keep_frequency_weights(struct predicting *predicting, const struct prediction *pair,
                                   const uint16_t *levels)
{
    struct matching *matching = predicting->matching;
    bool kept = true;
    for (size_t i = 0; kept && i < matching->adjusting.len; i++) {
        uint16_t number = matching->adjusting.items[i];
        const struct scored_level *level =
            &predicting->predictor.scoring.comparisons[number].levels[levels[number]];
        double weight = level->frequencies == NULL
                            ? NAN
                            : scoring_frequency_weight(level, pair->left, pair->right);
        kept = vec_push(&matching->frequency_weights, weight);
    }
    return kept;
}

static int keep_result(struct predicting *predicting, const struct prediction *pair,
                       double probability, const uint16_t *levels, struct error *error)
{
    struct matching *matching = predicting->matching;
    struct match_result result = {
        .left_record = predicting->ids.items[pair->left],
        .right_record = predicting->ids.items[pair->right],
        .weight = pair->weight,
        .probability = probability,
        .automatic = probability > matching->config.auto_threshold,
    };
    bool kept = vec_push(&matching->results, result);
    for (size_t i = 0; kept && i < matching->comparison_count; i++) {
        kept = vec_push(&matching->levels, levels[i]);
    }
    kept = kept && keep_frequency_weights(predicting, pair, levels);
    return kept ? 0 : error_out_of_memory(error);
}

static int take(void *context, const struct predictions *batch, struct str text,
                struct error *error)
{
    (void)text;
    struct predicting *predicting = context;
    int status = 0;
    for (size_t i = 0; status == 0 && i < batch->count; i++) {
        const struct prediction *pair = &batch->items[i];
        double probability = scoring_probability(pair->weight);
        if (probability > predicting->matching->config.potential_threshold) {
            status =
                keep_result(predicting, pair, probability, batch->levels + pair->levels, error);
        }
    }
    return status;
}

static bool progress(void *context, uint64_t done, uint64_t total)
{
    return matching_progress(((struct predicting *)context)->matching, done, total);
}

/* A little below the threshold, for it is the probability that decides. */
static double least_weight(double probability)
{
    double weight = scoring_weight_of_probability(probability);
    if (weight < -SCORING_WEIGHT_LIMIT + 1) {
        return -INFINITY;
    }
    return probability < 1 ? weight - 1e-6 : 53;
}

static int score_pairs(struct predicting *predicting, struct error *error)
{
    struct matching *matching = predicting->matching;
    struct predict_options options = {matching->options->threads,
                                      least_weight(matching->config.potential_threshold)};
    struct predict_sink sink = {.context = predicting, .take = take, .progress = progress};
    struct predict_counts counts = {0};
    int status = predict_run(&counts, &predicting->predictor, &options, &sink, error);
    predict_counts_free(&counts);
    matching->report->results = matching->results.len;
    return status;
}

static int score(struct predicting *predicting, struct error *error)
{
    struct matching *matching = predicting->matching;
    struct predictor_options options = {matching->options->threads, predicting->first_new};
    int status = matching_phase(matching, "preparing", error);
    if (status == 0) {
        status = predictor_init(&predicting->predictor, &predicting->model, &predicting->columns,
                                &options, error);
    }
    if (status != 0) {
        return status;
    }
    status = matching_phase(matching, "scoring pairs", error);
    if (status == 0) {
        status = score_pairs(predicting, error);
    }
    predictor_free(&predicting->predictor);
    return status;
}

int matching_predict(struct matching *matching, struct error *error)
{
    struct predicting predicting = {
        .matching = matching,
        .fields = COPY_FIELDS,
    };
    struct expr_schema schema = {record_columns, RECORD_COLUMN_COUNT};
    int status = model_load(&predicting.model, text_str(&matching->config.json), "the job's model",
                            &schema, error);
    if (status != 0) {
        return status;
    }
    matching->comparison_count = predicting.model.comparison_count;
    choose_columns(&predicting);
    status = list_adjusting(&predicting, error);
    if (status == 0) {
        status = read_records(&predicting, error);
    }
    if (status == 0) {
        status = score(&predicting, error);
    }
    copy_fields_free(&predicting.fields);
    vec_free(&predicting.ids);
    columns_free(&predicting.columns);
    model_free(&predicting.model);
    return status;
}
