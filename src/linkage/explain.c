#include "linkage/explain.h"

#include <math.h>

static void explain_comparison(struct explained_comparison *out,
                               const struct model_comparison *model,
                               const struct scored_comparison *scored, uint16_t position,
                               uint32_t left, uint32_t right)
{
    const struct scored_level *level = &scored->levels[position];
    *out = (struct explained_comparison){
        .name = model->name,
        .label = STR("no level"),
        .has_level = position < model->level_count,
        .gamma = level->gamma,
        .bayes_factor = exp2(level->weight),
        .weight = level->weight,
        .frequency_weight = scoring_frequency_weight(level, left, right),
        .is_adjusted = level->frequencies != NULL,
    };
    out->frequency_factor = exp2(out->frequency_weight);
    if (out->has_level) {
        const struct model_level *source = &model->levels[position];
        out->label = source->settings->label_for_charts;
        out->is_null_level = source->settings->is_null_level;
        out->has_probabilities = !out->is_null_level;
        out->m_probability = source->settings->m_probability;
        out->u_probability = source->settings->u_probability;
        out->bayes_factor = source->bayes_factor;
    }
    if (level->frequencies != NULL) {
        out->frequency_left = term_frequency(level->frequencies, level->frequency_codes[left]);
        out->frequency_right = term_frequency(level->frequencies, level->frequency_codes[right]);
    }
}

int explain_pair(struct explanation *out, struct arena *arena, struct scorer *scorer, uint32_t left,
                 uint32_t right, struct error *error)
{
    const struct scoring *scoring = scorer->scoring;
    size_t count = scoring->comparison_count;
    uint16_t *levels = arena_alloc_array(arena, count, sizeof *levels);
    *out = (struct explanation){
        .prior_weight = scoring->prior_weight,
        .comparisons = arena_alloc_array(arena, count, sizeof *out->comparisons),
        .comparison_count = count,
    };
    if (levels == NULL || out->comparisons == NULL) {
        return error_out_of_memory(error);
    }
    scorer_set_left(scorer, left);
    out->weight = scorer_weight(scorer, right, -INFINITY, levels);
    out->probability = scoring_probability(out->weight);
    for (size_t i = 0; i < count; i++) {
        explain_comparison(&out->comparisons[i], &scoring->model->comparisons[i],
                           &scoring->comparisons[i], levels[i], left, right);
    }
    return 0;
}
