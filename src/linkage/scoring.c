#include "linkage/scoring.h"

#include <math.h>
#include <string.h>

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

/* What each condition of a comparison needs; ELSE, and no level, need nothing. */
static int plan_reach(struct scoring *scoring, uint16_t number, struct error *error)
{
    struct scored_comparison *comparison = &scoring->comparisons[number];
    const struct model_comparison *model = &scoring->model->comparisons[number];
    uint32_t column = comparison->only_column;
    int status = 0;
    for (size_t i = 0; status == 0 && i + 1 < comparison->level_count; i++) {
        status = reach_plan(&comparison->reaches[i], scoring->reach, &scoring->arena,
                            &scoring->rows, model->levels[i].condition, column, error);
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
    out->reaches = arena_alloc_zeroed(arena, out->level_count, sizeof *out->reaches);
    const struct expr_node **conditions =
        arena_alloc_zeroed(arena, comparison->level_count + 1, sizeof *conditions);
    if (out->levels == NULL || out->reaches == NULL || conditions == NULL) {
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
    out->level_count = count + 1;
    out->has_conditions = count > 0;
    if (count == 0) {
        return 0;
    }
    out->only_column = REACH_NO_COLUMN;
    if (keys_column_count(scoring->columns, &columns, &out->only_column) != 1) {
        out->only_column = REACH_NO_COLUMN;
    }
    return pair_case_init(&out->pair_case, arena, scoring->columns, conditions, count, &columns,
                          threads, error);
}

/* A record whose only column is NULL stands for all such right records. */
static void find_null(const struct scoring *scoring, struct scored_comparison *comparison)
{
    comparison->null_record = KEYS_NO_RECORD;
    if (comparison->has_conditions && comparison->pair_case.single) {
        const uint32_t *codes = comparison->pair_case.keys.codes;
        uint32_t at = 0;
        while (at < scoring->columns->record_count && codes[at] != COLUMNS_CODE_NULL) {
            at++;
        }
        comparison->null_record = at < scoring->columns->record_count ? at : KEYS_NO_RECORD;
    }
}

/* The most that a comparison's weight can fall from its best level to its last. */
static double drop(const struct scored_comparison *comparison)
{
    double most = -INFINITY;
    for (size_t i = 0; i < comparison->level_count; i++) {
        most = fmax(most, comparison->levels[i].weight);
    }
    double fall = most - comparison->levels[comparison->level_count - 1].weight;
    return isnan(fall) ? INFINITY : fall;
}

/* Insertion sort: comparisons are a handful, and equal ones keep their order. */
static void init_order(struct scoring *scoring)
{
    for (size_t i = 0; i < scoring->comparison_count; i++) {
        double own = drop(&scoring->comparisons[i]);
        size_t at = i;
        while (at > 0 && drop(&scoring->comparisons[scoring->order[at - 1]]) < own) {
            scoring->order[at] = scoring->order[at - 1];
            at--;
        }
        scoring->order[at] = (uint16_t)i;
    }
}

/* The codes of the comparisons, and what reach needs of each record. */
static int fill_rows(struct scoring *scoring, unsigned threads, struct error *error)
{
    int status = row_table_allocate(&scoring->rows, scoring->columns->record_count, error);
    if (status != 0) {
        return status;
    }
    for (uint32_t i = 0; i < scoring->comparison_count; i++) {
        struct scored_comparison *comparison = &scoring->comparisons[i];
        row_table_fill(&scoring->rows, i, comparison->pair_case.codes);
        if (comparison->has_conditions) {
            pair_case_use_copy(&comparison->pair_case, scoring->rows.items + i,
                               scoring->rows.stride - 1);
        }
    }
    return reach_fill(scoring->reach, &scoring->rows, scoring->columns, threads, error);
}

static int init_comparisons(struct scoring *scoring, const struct model *model, unsigned threads,
                            struct error *error)
{
    int status = 0;
    for (size_t i = 0; status == 0 && i < model->comparison_count; i++) {
        struct scored_comparison *comparison = &scoring->comparisons[i];
        scoring->comparison_count++;
        status = init_levels(scoring, comparison, &model->comparisons[i], threads, error);
        if (status == 0) {
            find_null(scoring, comparison);
            comparison->first_level = scoring->level_count;
            scoring->level_count += comparison->level_count;
        }
    }
    return status;
}

int scoring_init(struct scoring *out, const struct model *model, const struct columns *columns,
                 unsigned threads, uint32_t more_slots, uint32_t *first_slot, struct error *error)
{
    *out = (struct scoring){
        .model = model,
        .columns = columns,
        .prior_weight = model->prior_weight,
        .arena = ARENA((size_t)1 << 30),
    };
    size_t count = model->comparison_count;
    out->frequencies = memory_alloc_zeroed(columns->column_count, sizeof *out->frequencies);
    out->comparisons = memory_alloc_zeroed(count, sizeof *out->comparisons);
    out->order = arena_alloc_zeroed(&out->arena, count, sizeof *out->order);
    out->reach = arena_alloc_zeroed(&out->arena, 1, sizeof *out->reach);
    bool made = out->frequencies != NULL && out->comparisons != NULL && out->order != NULL &&
                out->reach != NULL;
    int status = made ? 0 : error_out_of_memory(error);
    row_table_take(&out->rows, (uint32_t)count);
    *first_slot = row_table_take(&out->rows, more_slots);
    if (status == 0) {
        status = init_comparisons(out, model, threads, error);
    }
    if (status == 0) {
        init_order(out);
    }
    /* What is looked at first lies first: mostly the first cache line of a row will do. */
    for (size_t i = 0; status == 0 && i < count; i++) {
        status = plan_reach(out, out->order[i], error);
    }
    if (status == 0) {
        status = fill_rows(out, threads, error);
    }
    if (status != 0) {
        scoring_free(out);
    }
    return status;
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
    row_table_free(&scoring->rows);
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
    out->checks = memory_alloc_zeroed(scoring->level_count * REACH_MAX_NEEDS, sizeof *out->checks);
    out->levels = memory_alloc_zeroed(count, sizeof *out->levels);
    bool made = out->runners != NULL && out->lefts != NULL && out->checks != NULL &&
                out->bounds != NULL && out->levels != NULL;
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
    memory_free(scorer->checks);
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

/* Infinite parts of both signs make NaN, of which nothing is known: as a bound that is infinity. */
static double known_or_any(double weight)
{
    return isnan(weight) ? INFINITY : weight;
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
    return known_or_any(level->weight + (isnan(own) ? fmax(part, 0) : part));
}

/* What a level asks of a right record with another code: whether it can be reached at all, for sure,
   or by the `count` checks that are appended. */
static enum reach_answer set_left_level(struct reach_check *checks, uint32_t *count,
                                        const struct reach_level *level, double bound,
                                        const uint32_t *row)
{
    *count = 0;
    for (uint32_t i = 0; i < level->count; i++) {
        enum reach_answer answer = reach_set_left(&checks[*count], &level->needs[i], row);
        if (answer == REACH_NEVER) {
            return REACH_NEVER;
        }
        *count += answer == REACH_DEPENDS;
    }
    for (uint32_t i = 0; i < *count; i++) {
        checks[i].left_of_level = *count - i;
        checks[i].bound = bound;
    }
    return *count == 0 ? REACH_ALWAYS : REACH_DEPENDS;
}

/* Moves the last `count` checks before those with a lower bound. Insertion: they are a handful. */
static void sort_in(struct reach_check *checks, struct reach_check *last, uint32_t count)
{
    struct reach_check level[REACH_MAX_NEEDS];
    memcpy(level, last, count * sizeof *level);
    while (last > checks && last[-1].bound < level[0].bound) {
        last--;
        last[count] = last[0];
    }
    memcpy(last, level, count * sizeof *level);
}

/* What decides about right records with other codes. */
static void set_left_checks(struct scorer *scorer, struct scorer_left *left,
                            const struct scored_comparison *comparison, const uint32_t *row)
{
    struct reach_check *checks = scorer->checks + comparison->first_level * REACH_MAX_NEEDS;
    struct reach_check *end = checks;
    left->rest = -INFINITY;
    for (size_t i = 0; i < comparison->level_count; i++) {
        double bound = level_bound(&comparison->levels[i], scorer->left);
        uint32_t count;
        enum reach_answer answer = set_left_level(end, &count, &comparison->reaches[i], bound, row);
        if (answer == REACH_DEPENDS) {
            sort_in(checks, end, count);
            end += count;
        } else if (answer == REACH_ALWAYS) {
            left->rest = fmax(left->rest, bound);
        }
    }
    while (end > checks && end[-1].bound <= left->rest) {
        end--;
    }
    left->checks = checks;
    left->checks_end = end;
}

static void set_left_comparison(struct scorer *scorer, size_t number, const uint32_t *row)
{
    const struct scored_comparison *comparison = &scorer->scoring->comparisons[number];
    struct scorer_left *left = &scorer->lefts[number];
    left->code = row[number];
    left->null_code = left->code;
    /* The record against itself stands for all with the same codes: frequencies included. */
    uint16_t level = reached_level(scorer, number, scorer->left);
    left->same = known_or_any(level_weight(&comparison->levels[level], scorer->left, scorer->left));
    set_left_checks(scorer, left, comparison, row);
    left->most =
        fmax(left->same, left->checks < left->checks_end ? left->checks[0].bound : left->rest);
    if (comparison->null_record != KEYS_NO_RECORD && left->code != COLUMNS_CODE_NULL) {
        left->null_code = COLUMNS_CODE_NULL;
        level = reached_level(scorer, number, comparison->null_record);
        left->null = known_or_any(
            level_weight(&comparison->levels[level], scorer->left, comparison->null_record));
        left->most = fmax(left->most, left->null);
    }
}

void scorer_set_left(struct scorer *scorer, uint32_t left)
{
    const struct scoring *scoring = scorer->scoring;
    const uint32_t *row = row_table_row(&scoring->rows, left);
    scorer->left = left;
    scorer->most = scoring->prior_weight;
    for (size_t i = 0; i < scoring->comparison_count; i++) {
        set_left_comparison(scorer, i, row);
        scorer->most += scorer->lefts[i].most;
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
    const uint32_t *row = row_table_row(&scoring->rows, right);
    double bound = scoring->prior_weight;
    for (size_t i = 0; i < scoring->comparison_count; i++) {
        scorer->bounds[i] = scorer_comparison_bound(scorer, i, row);
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
