#include "linkage/scoring.h"

#include <math.h>

#include "base/memory.h"

/* ---- building ---- */

static int count_frequencies(struct scoring *scoring, const struct model_level *level,
                             struct error *error)
{
    if (level->tf_column == MODEL_NO_COLUMN) {
        return 0;
    }
    struct term_frequencies *table = &scoring->frequencies[level->tf_column];
    return table->counts != NULL
               ? 0
               : term_frequencies_count(table, scoring->columns, level->tf_column, error);
}

static void fill_level(struct scoring *scoring, struct scored_level *out,
                       const struct model_level *level)
{
    *out = (struct scored_level){.gamma = (int16_t)level->gamma, .weight = level->weight};
    if (level->tf_column != MODEL_NO_COLUMN && level->tf_weight != 0) {
        out->frequencies = &scoring->frequencies[level->tf_column];
        out->frequency_codes = scoring->columns->items[level->tf_column].codes;
        out->frequency_exponent = level->tf_weight;
        out->log2_base = log2(level->tf_u_base);
        out->log2_minimum = log2(level->tf_minimum_u_value);
    }
}

/* Whether equality of every column that the codes tell apart is what the level asks for: then it is
   out of reach with different codes. An exact match in Splink's sense need not be that: `x_l = x_l`
   is one, too, so each equality must be between the records. */
static int find_same_code(struct scored_level *out, struct arena *arena,
                          const struct expr_node *condition, const struct column_set *columns,
                          struct error *error)
{
    struct column_set exact = {0};
    if (!expr_is_exact_match(condition, &exact) || memcmp(&exact, columns, sizeof exact) != 0) {
        return 0;
    }
    const struct expr_node *const *conjuncts;
    size_t count;
    int status = expr_conjuncts(&conjuncts, &count, arena, condition, error);
    out->only_when_same = status == 0;
    for (size_t i = 0; status == 0 && i < count; i++) {
        const struct expr_node *left;
        const struct expr_node *right;
        out->only_when_same &= expr_is_join_equality(conjuncts[i], &left, &right);
    }
    return status;
}

static int init_levels(struct scoring *scoring, struct scored_comparison *out,
                       const struct model_comparison *comparison, unsigned threads,
                       struct error *error)
{
    struct arena *arena = &scoring->arena;
    out->level_count = comparison->level_count + 1;
    out->levels = arena_alloc_zeroed(arena, out->level_count, sizeof *out->levels);
    const struct expr_node **conditions =
        arena_alloc_zeroed(arena, comparison->level_count + 1, sizeof *conditions);
    if (out->levels == NULL || conditions == NULL) {
        return error_out_of_memory(error);
    }
    struct column_set columns = {0};
    size_t count = 0;
    int status = 0;
    for (size_t i = 0; status == 0 && i < comparison->level_count; i++) {
        const struct model_level *level = &comparison->levels[i];
        status = count_frequencies(scoring, level, error);
        if (status != 0) {
            return status;
        }
        fill_level(scoring, &out->levels[i], level);
        if (level->tf_column != MODEL_NO_COLUMN) {
            column_set_add(&columns, level->tf_column);
        }
        if (level->condition != NULL) {
            conditions[count++] = level->condition;
            expr_columns(level->condition, EXPR_LEFT, &columns);
            expr_columns(level->condition, EXPR_RIGHT, &columns);
        }
    }
    if (count == comparison->level_count) {
        /* No ELSE: a pair that reaches no level is certainly no match (Splink since 4.0.10). */
        out->levels[count] = (struct scored_level){.gamma = SCORING_NO_GAMMA, .weight = -INFINITY};
    }
    for (size_t i = 0; status == 0 && i < count; i++) {
        status = find_same_code(&out->levels[i], arena, conditions[i], &columns, error);
    }
    if (status != 0) {
        return status;
    }
    out->level_count = count + 1;
    out->has_conditions = count > 0;
    return count == 0 ? 0
                      : pair_case_init(&out->pair_case, arena, scoring->columns, conditions, count,
                                       &columns, threads, error);
}

/* What can be said of different codes whatever the left record is. */
static void init_bound(struct scoring *scoring, struct scored_comparison *comparison)
{
    comparison->null_record = KEYS_NO_RECORD;
    comparison->other = -INFINITY;
    for (size_t i = 0; i < comparison->level_count; i++) {
        const struct scored_level *level = &comparison->levels[i];
        if (!level->only_when_same) {
            comparison->adjusted = comparison->adjusted || level->frequencies != NULL;
            comparison->other = fmax(comparison->other, level->weight);
        }
    }
    if (comparison->has_conditions && comparison->pair_case.single) {
        const uint32_t *codes = comparison->pair_case.keys.codes;
        uint32_t at = 0;
        while (at < scoring->columns->record_count && codes[at] != COLUMNS_CODE_NULL) {
            at++;
        }
        comparison->null_record = at < scoring->columns->record_count ? at : KEYS_NO_RECORD;
    }
}

/* Insertion sort: comparisons are a handful, and equal ones keep their order. */
static void init_order(struct scoring *scoring)
{
    for (size_t i = 0; i < scoring->comparison_count; i++) {
        uint32_t values = scoring->comparisons[i].pair_case.keys.count;
        size_t at = i;
        for (; at > 0; at--) {
            uint16_t before = scoring->order[at - 1];
            if (scoring->comparisons[before].pair_case.keys.count <= values) {
                break;
            }
            scoring->order[at] = before;
        }
        scoring->order[at] = (uint16_t)i;
    }
}

int scoring_init(struct scoring *out, const struct model *model, const struct columns *columns,
                 unsigned threads, struct error *error)
{
    *out = (struct scoring){
        .model = model,
        .columns = columns,
        .prior_weight = model->prior_weight,
        .arena = ARENA((size_t)1 << 30),
    };
    out->frequencies = memory_alloc_zeroed(columns->column_count, sizeof *out->frequencies);
    out->comparisons = memory_alloc_zeroed(model->comparison_count, sizeof *out->comparisons);
    out->order = arena_alloc_zeroed(&out->arena, model->comparison_count, sizeof *out->order);
    if (out->frequencies == NULL || out->comparisons == NULL || out->order == NULL) {
        scoring_free(out);
        return error_out_of_memory(error);
    }
    int status = 0;
    for (size_t i = 0; status == 0 && i < model->comparison_count; i++) {
        out->comparison_count++;
        status = init_levels(out, &out->comparisons[i], &model->comparisons[i], threads, error);
        if (status == 0) {
            init_bound(out, &out->comparisons[i]);
        }
    }
    if (status != 0) {
        scoring_free(out);
        return status;
    }
    init_order(out);
    return 0;
}

void scoring_free(struct scoring *scoring)
{
    for (size_t i = 0; i < scoring->comparison_count; i++) {
        pair_case_free(&scoring->comparisons[i].pair_case);
    }
    memory_free(scoring->comparisons);
    for (uint32_t i = 0; scoring->frequencies != NULL && i < scoring->columns->column_count; i++) {
        term_frequencies_free(&scoring->frequencies[i]);
    }
    memory_free(scoring->frequencies);
    arena_free(&scoring->arena);
    *scoring = (struct scoring){0};
}

/* ---- weights ---- */

double scoring_frequency_weight(const struct scored_level *level, uint32_t left, uint32_t right)
{
    if (level->frequencies == NULL) {
        return 0;
    }
    double l = level->frequencies->log2_frequency[level->frequency_codes[left]];
    double r = level->frequencies->log2_frequency[level->frequency_codes[right]];
    /* fmax ignores the NaN of a NULL value: the other side's frequency then counts for both. */
    double higher = fmax(l, r);
    if (isnan(higher)) {
        return 0;
    }
    return level->frequency_exponent * (level->log2_base - fmax(higher, level->log2_minimum));
}

static double level_weight(const struct scored_level *level, uint32_t left, uint32_t right)
{
    return level->weight + scoring_frequency_weight(level, left, right);
}

static double clamp(double weight)
{
    /* Infinite parts of both signs make NaN: what one comparison calls impossible for a match
       stays impossible, so that contradicting parameters never merge two people. */
    if (isnan(weight) || weight < -SCORING_WEIGHT_LIMIT) {
        return -SCORING_WEIGHT_LIMIT;
    }
    return weight > SCORING_WEIGHT_LIMIT ? SCORING_WEIGHT_LIMIT : weight;
}

double scoring_probability(double weight)
{
    if (weight >= 0) {
        return 1 / (1 + exp2(-weight));
    }
    double odds = exp2(weight);
    return odds / (1 + odds);
}

double scoring_weight_of_probability(double probability)
{
    return log2(probability / (1 - probability));
}

/* ---- scoring ---- */

int scorer_init(struct scorer *out, struct scoring *scoring, struct error *error)
{
    *out = (struct scorer){.scoring = scoring};
    size_t count = scoring->comparison_count;
    out->runners = memory_alloc_zeroed(count, sizeof *out->runners);
    out->lefts = memory_alloc_zeroed(count, sizeof *out->lefts);
    out->bounds = memory_alloc_zeroed(count, sizeof *out->bounds);
    out->levels = memory_alloc_zeroed(count, sizeof *out->levels);
    bool made =
        out->runners != NULL && out->lefts != NULL && out->bounds != NULL && out->levels != NULL;
    int status = made ? 0 : error_out_of_memory(error);
    for (size_t i = 0; status == 0 && i < count; i++) {
        if (scoring->comparisons[i].has_conditions) {
            status =
                pair_case_runner_init(&out->runners[i], &scoring->comparisons[i].pair_case, error);
        }
    }
    if (status != 0) {
        scorer_free(out);
    }
    return status;
}

void scorer_free(struct scorer *scorer)
{
    for (size_t i = 0; scorer->runners != NULL && i < scorer->scoring->comparison_count; i++) {
        if (scorer->runners[i].pair_case != NULL) {
            pair_case_runner_free(&scorer->runners[i]);
        }
    }
    memory_free(scorer->runners);
    memory_free(scorer->lefts);
    memory_free(scorer->bounds);
    memory_free(scorer->levels);
    *scorer = (struct scorer){0};
}

static uint16_t reached_level(struct scorer *scorer, size_t comparison, uint32_t right)
{
    const struct scored_comparison *at = &scorer->scoring->comparisons[comparison];
    int condition = at->has_conditions
                        ? pair_case_result(&scorer->runners[comparison], scorer->left, right)
                        : -1;
    return (uint16_t)(condition < 0 ? at->level_count - 1 : (size_t)condition);
}

/* The most that a level can weigh for the left record against a different code. */
static double level_bound(const struct scored_level *level, uint32_t left)
{
    if (level->frequencies == NULL) {
        return level->weight;
    }
    const struct term_frequencies *table = level->frequencies;
    double own = table->log2_frequency[level->frequency_codes[left]];
    /* The part falls as the frequency rises (for a positive exponent), and the frequency that
       counts is the higher of the two: at least the left one's, at most the commonest's. */
    double extreme = level->frequency_exponent > 0 ? fmax(own, table->lowest) : table->highest;
    double part =
        level->frequency_exponent * (level->log2_base - fmax(extreme, level->log2_minimum));
    /* Two NULLs have no part at all. */
    return level->weight + (isnan(own) ? fmax(part, 0) : part);
}

static double different_bound(const struct scored_comparison *comparison, uint32_t left)
{
    if (!comparison->adjusted) {
        return comparison->other;
    }
    double most = -INFINITY;
    for (size_t i = 0; i < comparison->level_count; i++) {
        if (!comparison->levels[i].only_when_same) {
            most = fmax(most, level_bound(&comparison->levels[i], left));
        }
    }
    return most;
}

void scorer_set_left(struct scorer *scorer, uint32_t left)
{
    const struct scoring *scoring = scorer->scoring;
    scorer->left = left;
    for (size_t i = 0; i < scoring->comparison_count; i++) {
        const struct scored_comparison *comparison = &scoring->comparisons[i];
        struct scorer_left *out = &scorer->lefts[i];
        out->code = comparison->has_conditions ? comparison->pair_case.keys.codes[left] : 0;
        out->null_code = out->code;
        /* The record against itself stands for all with the same codes: frequencies included. */
        uint16_t level = reached_level(scorer, i, left);
        out->same = level_weight(&comparison->levels[level], left, left);
        if (comparison->null_record != KEYS_NO_RECORD && out->code != COLUMNS_CODE_NULL) {
            out->null_code = COLUMNS_CODE_NULL;
            level = reached_level(scorer, i, comparison->null_record);
            out->null = level_weight(&comparison->levels[level], left, comparison->null_record);
        }
        out->other = different_bound(comparison, left);
    }
}

/* The sum in its one order: prior, then by comparison the level's part and the frequency part. */
static double total_weight(const struct scorer *scorer, uint32_t right, const uint16_t *levels)
{
    const struct scoring *scoring = scorer->scoring;
    double weight = scoring->prior_weight;
    for (size_t i = 0; i < scoring->comparison_count; i++) {
        const struct scored_level *level = &scoring->comparisons[i].levels[levels[i]];
        weight += level->weight;
        weight += scoring_frequency_weight(level, scorer->left, right);
    }
    return clamp(weight);
}

double scorer_weight(struct scorer *scorer, uint32_t right, double least, uint16_t *levels)
{
    const struct scoring *scoring = scorer->scoring;
    double bound = scoring->prior_weight;
    for (size_t i = 0; i < scoring->comparison_count; i++) {
        const struct scored_comparison *comparison = &scoring->comparisons[i];
        const struct scorer_left *left = &scorer->lefts[i];
        uint32_t code = comparison->has_conditions ? comparison->pair_case.keys.codes[right] : 0;
        double other = code == left->null_code ? left->null : left->other;
        scorer->bounds[i] = code == left->code ? left->same : other;
        bound += scorer->bounds[i];
    }
    for (size_t i = 0; i < scoring->comparison_count; i++) {
        size_t at = scoring->order[i];
        if (bound < least - SCORING_BOUND_MARGIN) {
            return -INFINITY;
        }
        levels[at] = reached_level(scorer, at, right);
        const struct scored_level *level = &scoring->comparisons[at].levels[levels[at]];
        bound += level_weight(level, scorer->left, right) - scorer->bounds[at];
    }
    return total_weight(scorer, right, levels);
}
