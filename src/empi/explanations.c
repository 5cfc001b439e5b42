#include "empi/explanations.h"

#include <math.h>

#include "base/memory.h"
#include "base/number_text.h"
#include "empi/configs.h"
#include "empi/record.h"

/* ---- models ---- */

static int load_model(struct model *out, struct connection *connection, int64_t config_id,
                      struct error *error)
{
    struct matching_config config;
    struct expr_schema schema = {record_columns, RECORD_COLUMN_COUNT};
    int status = configs_read(&config, connection, config_id, error);
    if (status == 0) {
        status = model_load(out, text_str(&config.json), "model", &schema, error);
        configs_free(&config);
    }
    return status;
}

/* A model that this program refuses, which an older one may have taken, explains nothing. */
static int find_model(const struct explanations_model **out, struct explanations *explanations,
                      int64_t config_id, struct error *error)
{
    for (size_t i = 0; i < explanations->count; i++) {
        if (explanations->models[i].config_id == config_id) {
            *out = &explanations->models[i];
            return 0;
        }
    }
    struct explanations_model *models = memory_resize_array(
        explanations->models, explanations->count + 1, sizeof *explanations->models);
    if (models == NULL) {
        return error_out_of_memory(error);
    }
    explanations->models = models;
    struct explanations_model *model = &models[explanations->count];
    *model = (struct explanations_model){.config_id = config_id};
    int status = load_model(&model->model, explanations->connection, config_id, error);
    model->usable = status == 0;
    if (status != 0) {
        model->model = (struct model){0};
    }
    if (status == 0 || status == STATUS_INVALID) {
        explanations->count++;
        *out = model;
        status = 0;
    }
    return status;
}

/* ---- stored lists ---- */

/* The next item of "{0,2,1}", of which `text` is what is left: from the brace or comma before it. */
static bool next_item(struct str *out, struct str *text)
{
    size_t at = 1;
    while (at < text->len && text->ptr[at] != ',' && text->ptr[at] != '}') {
        at++;
    }
    if (at >= text->len) {
        return false;
    }
    *out = (struct str){text->ptr + 1, at - 1};
    *text = (struct str){text->ptr + at, text->len - at};
    return true;
}

/* False at the end, and at what is no position. */
static bool next_position(size_t *out, struct str *text)
{
    struct str item;
    int64_t number;
    bool found = next_item(&item, text) && integer_from_text(item, &number) && number >= 0;
    *out = found ? (size_t)number : 0;
    return found;
}

static bool next_weight(double *out, struct str *text)
{
    struct str item;
    return next_item(&item, text) && double_from_text(item, out);
}

/* ---- levels ---- */

static bool explain_level(struct explained_level *out, struct arena *arena,
                          const struct model_comparison *comparison, size_t position)
{
    *out = (struct explained_level){
        .comparison = {arena_copy(arena, comparison->name), comparison->name.len},
        .label = STR("no level"),
        .weight = -INFINITY,
    };
    if (position < comparison->level_count) {
        out->has_level = true;
        out->position = position;
        const struct model_level *level = &comparison->levels[position];
        struct str label = level->settings->label_for_charts;
        out->label = (struct str){arena_copy(arena, label), label.len};
        out->is_null_level = level->settings->is_null_level;
        out->weight = level->weight;
        out->adjusts = level->tf_column != MODEL_NO_COLUMN;
    }
    return out->comparison.ptr != NULL && out->label.ptr != NULL;
}

/* What frequencies added, as it is stored; false when it is not. */
static bool take_frequency_weights(struct explained_result *out, struct str stored)
{
    for (size_t i = 0; i < out->level_count; i++) {
        double weight;
        if (!next_weight(&weight, &stored)) {
            return false;
        }
        out->levels[i].frequency_weight = out->levels[i].adjusts ? weight : 0;
    }
    return true;
}

/* Where it is not: what is missing to the stored weight came from frequencies. */
static void share_rest(struct explained_result *out, double match_weight)
{
    double rest = match_weight - out->prior_weight;
    size_t adjusting = 0;
    for (size_t i = 0; i < out->level_count; i++) {
        rest -= out->levels[i].weight;
        adjusting += out->levels[i].adjusts ? 1 : 0;
    }
    rest = isfinite(rest) ? rest : NAN;
    for (size_t i = 0; i < out->level_count; i++) {
        double own = adjusting == 1 ? rest : NAN;
        out->levels[i].frequency_weight = out->levels[i].adjusts ? own : 0;
    }
    out->shared_frequency_weight = adjusting > 1 ? rest : 0;
}

int explanations_apply(struct explained_result *out, struct arena *arena, const struct model *model,
                       const struct explained_evidence *evidence, struct error *error)
{
    *out = (struct explained_result){.prior_weight = model->prior_weight};
    struct explained_level *explained =
        arena_alloc_array(arena, model->comparison_count, sizeof *explained);
    if (explained == NULL) {
        return error_out_of_memory(error);
    }
    struct str levels = evidence->levels;
    size_t count = 0;
    size_t position;
    while (next_position(&position, &levels)) {
        if (count == model->comparison_count || position > model->comparisons[count].level_count) {
            return 0;
        }
        if (!explain_level(&explained[count], arena, &model->comparisons[count], position)) {
            return error_out_of_memory(error);
        }
        count++;
    }
    if (count == model->comparison_count) {
        out->levels = explained;
        out->level_count = count;
        if (!take_frequency_weights(out, evidence->frequency_weights)) {
            share_rest(out, evidence->match_weight);
        }
    }
    return 0;
}

int explanations_explain(struct explained_result *out, struct explanations *explanations,
                         int64_t config_id, const struct explained_evidence *evidence,
                         struct error *error)
{
    *out = (struct explained_result){0};
    const struct explanations_model *found = NULL;
    int status = find_model(&found, explanations, config_id, error);
    if (status != 0 || !found->usable) {
        return status;
    }
    return explanations_apply(out, explanations->arena, &found->model, evidence, error);
}

void explanations_free(struct explanations *explanations)
{
    for (size_t i = 0; i < explanations->count; i++) {
        /* What was not loaded is zero. */
        model_free(&explanations->models[i].model);
    }
    memory_free(explanations->models);
    *explanations = (struct explanations){0};
}
