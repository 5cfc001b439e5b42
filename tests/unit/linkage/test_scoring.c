/* Weights by hand on one small model, and the promises of the bounds on the oracle's cases. */
#include "engine.h"

#include <math.h>
#include <stdio.h>

#include "base/memory.h"

enum { CASES = 400 };

static void assert_close(double actual, double expected)
{
    if (!(fabs(actual - expected) <= 1e-12)) {
        fail_msg("%.17g instead of %.17g", actual, expected);
    }
}

/* ---- one model by hand ---- */

static const char *const names[] = {"name", "city"};

static const char *const cells[] = {
    "ann", "rome", /* 0 */
    "ann", "oslo", /* 1 */
    "amn", NULL,   /* 2 */
    NULL,  "rome", /* 3 */
    "zoe", "rome", /* 4 */
    NULL,  NULL,   /* 5 */
    "ann", "bern", /* 6 */
    "bob", NULL,   /* 7 */
};

enum { RECORDS = 8 };

static const char model[] =
    "{\"probability_two_random_records_match\": 0.2, \"comparisons\": ["
    "{\"output_column_name\": \"n\", \"comparison_levels\": ["
    " {\"sql_condition\": \"name_l is null or name_r is null\", \"is_null_level\": true},"
    " {\"sql_condition\": \"name_l = name_r\", \"m_probability\": 0.5, \"u_probability\": 0.25,"
    "  \"tf_adjustment_column\": \"name\"},"
    " {\"sql_condition\": \"levenshtein(name_l, name_r) <= 1\", \"m_probability\": 0.25,"
    "  \"u_probability\": 0.5, \"tf_adjustment_column\": \"name\","
    "  \"tf_adjustment_weight\": 0.5, \"tf_minimum_u_value\": 0.75},"
    " {\"sql_condition\": \"ELSE\", \"m_probability\": 0.125, \"u_probability\": 0.25}]},"
    "{\"output_column_name\": \"c\", \"comparison_levels\": ["
    " {\"sql_condition\": \"city_l = city_r\", \"m_probability\": 1, \"u_probability\": 0.5,"
    "  \"tf_adjustment_column\": \"city\"},"
    " {\"sql_condition\": \"city_l is null or city_r is null\", \"m_probability\": 0.5,"
    "  \"u_probability\": 1, \"tf_adjustment_column\": \"city\","
    "  \"disable_tf_exact_match_detection\": true}]}]}";

static void open_small(struct engine *out)
{
    struct columns columns;
    table_make(&columns, names, 2, cells, RECORDS);
    engine_open(out, &columns, model);
}

/* Names: ann 3, amn, zoe and bob 1 of 6; cities: rome 3, oslo and bern 1 of 5. The prior is 1/4. */
static void weights_by_hand(void **state)
{
    (void)state;
    static const struct {
        uint32_t left, right;
        double odds;
    } pairs[] = {
        {0, 1, -1},                                          /* the cities differ: no level */
        {1, 2, 0.25 * 0.5 * 0.577350269189625765 * 0.5 * 5}, /* (.25/.75)^.5; oslo is 1 of 5 */
        {0, 3, 0.25 * 1 * 2 * (0.5 / 0.6)},                  /* NULL says nothing; rome is 3 of 5 */
        {0, 4, 0.25 * 0.5 * 2 * (0.5 / 0.6)},                /* other names */
        {2, 5, 0.25 * 1 * 0.5},       /* two NULL cities: no frequency at all */
        {5, 7, 0.25 * 1 * 0.5},       /* the same, and no name */
        {3, 5, 0.25 * 1 * 0.5 / 0.6}, /* rome against NULL: rome counts */
        {5, 6, 0.25 * 1 * 0.5 / 0.2}, /* the other way round: bern */
    };
    struct engine engine;
    open_small(&engine);
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        uint16_t levels[2];
        scorer_set_left(&engine.scorer, pairs[i].left);
        double weight = scorer_weight(&engine.scorer, pairs[i].right, -INFINITY, levels);
        assert_close(weight, pairs[i].odds < 0 ? -SCORING_WEIGHT_LIMIT : log2(pairs[i].odds));
    }
    engine_close(&engine);
}

static void levels_and_gammas(void **state)
{
    (void)state;
    struct engine engine;
    open_small(&engine);
    const struct scored_comparison *name = &engine.predictor.scoring.comparisons[0];
    const struct scored_comparison *city = &engine.predictor.scoring.comparisons[1];
    uint16_t levels[2];
    scorer_set_left(&engine.scorer, 0);
    scorer_weight(&engine.scorer, 3, -INFINITY, levels);
    assert_int_equal(levels[0], 0);
    assert_int_equal(name->levels[0].gamma, -1);
    assert_int_equal(city->levels[levels[1]].gamma, 1);
    scorer_weight(&engine.scorer, 4, -INFINITY, levels);
    assert_int_equal(levels[0], 3);
    assert_int_equal(name->levels[3].gamma, 0);
    scorer_weight(&engine.scorer, 6, -INFINITY, levels);
    assert_int_equal(levels[0], 1);
    assert_int_equal(name->levels[1].gamma, 2);
    assert_int_equal(levels[1], 2);
    assert_int_equal(city->levels[2].gamma, SCORING_NO_GAMMA);
    assert_true(city->levels[2].weight == -INFINITY);
    engine_close(&engine);
}

/* ---- infinite parts ---- */

static void open_extreme(struct engine *out, double prior)
{
    static const char *const columns_named[] = {"a", "b"};
    static const char *const values[] = {"x", "1", "x", "2", "y", "1", "z", "3"};
    static char text[1024];
    struct columns columns;
    snprintf(text, sizeof text,
             "{\"probability_two_random_records_match\": %g, \"comparisons\": ["
             "{\"comparison_levels\": ["
             " {\"sql_condition\": \"a_l = a_r\", \"m_probability\": 0.5, \"u_probability\": 0},"
             " {\"sql_condition\": \"ELSE\", \"m_probability\": 0.5, \"u_probability\": 0.5}]},"
             "{\"comparison_levels\": ["
             " {\"sql_condition\": \"b_l = b_r\", \"m_probability\": 0, \"u_probability\": 0},"
             " {\"sql_condition\": \"ELSE\", \"m_probability\": 0, \"u_probability\": 0.5}]}]}",
             prior);
    table_make(&columns, columns_named, 2, values, 4);
    engine_open(out, &columns, text);
}

static double weigh(struct engine *engine, uint32_t left, uint32_t right)
{
    scorer_set_left(&engine->scorer, left);
    return scorer_weight(&engine->scorer, right, -INFINITY, engine->scorer.levels);
}

/* What is impossible by one comparison stays so, however certain another one is. */
static void no_infinity_leaves(void **state)
{
    (void)state;
    struct engine engine;
    open_extreme(&engine, 0.5);
    assert_true(weigh(&engine, 0, 1) == -SCORING_WEIGHT_LIMIT); /* +inf and -inf */
    assert_true(weigh(&engine, 0, 2) == 0);                     /* m = u = 0 says nothing */
    assert_true(weigh(&engine, 0, 0) == SCORING_WEIGHT_LIMIT);
    assert_true(weigh(&engine, 0, 3) == -SCORING_WEIGHT_LIMIT);
    engine_close(&engine);
    open_extreme(&engine, 1);
    assert_true(weigh(&engine, 0, 2) == SCORING_WEIGHT_LIMIT);
    assert_true(weigh(&engine, 0, 3) == -SCORING_WEIGHT_LIMIT);
    engine_close(&engine);
    open_extreme(&engine, 0);
    assert_true(weigh(&engine, 0, 2) == -SCORING_WEIGHT_LIMIT);
    assert_true(weigh(&engine, 0, 0) == -SCORING_WEIGHT_LIMIT);
    engine_close(&engine);
}

static void probabilities_and_weights(void **state)
{
    (void)state;
    assert_true(scoring_probability(0) == 0.5);
    assert_close(scoring_probability(1), 2. / 3);
    assert_close(scoring_probability(-1), 1. / 3);
    assert_true(scoring_probability(SCORING_WEIGHT_LIMIT) == 1);
    assert_true(scoring_probability(-SCORING_WEIGHT_LIMIT) > 0);
    assert_true(scoring_probability(-SCORING_WEIGHT_LIMIT) < 1.1e-300);
    assert_true(scoring_probability(INFINITY) == 1);
    assert_true(scoring_probability(-INFINITY) == 0);
    for (double weight = -60; weight < 60; weight += 0.37) {
        assert_true(scoring_probability(weight) <= scoring_probability(weight + 0.37));
        double odds = exp2(weight);
        assert_close(scoring_probability(weight), odds / (1 + odds));
    }
    for (double weight = -40; weight < 20; weight += 0.37) {
        double back = scoring_weight_of_probability(scoring_probability(weight));
        assert_true(fabs(back - weight) < 1e-9);
    }
    assert_true(scoring_weight_of_probability(0) == -INFINITY);
    assert_true(scoring_weight_of_probability(0.5) == 0);
    assert_true(scoring_weight_of_probability(1) == INFINITY);
}

/* ---- bounds ---- */

/* For every pair, in both orders and of records with themselves: the bound is not below the weight,
   and with a threshold the answer is the same weight or, only when that is below, -infinity. */
static void check_pair(struct engine *engine, const uint32_t *row, uint32_t right,
                       const struct oracle_case *c)
{
    uint16_t levels[ENGINE_COMPARISONS];
    uint16_t again[ENGINE_COMPARISONS];
    double weight = scorer_weight(&engine->scorer, right, -INFINITY, levels);
    double bound = scorer_bound(&engine->scorer, row, -INFINITY);
    bool bounded =
        isnan(bound) || bound >= weight - SCORING_BOUND_MARGIN || weight == -SCORING_WEIGHT_LIMIT;
    for (int step = -1; step <= 1; step++) {
        double least = weight + step * 0.5;
        least = least > -SCORING_WEIGHT_LIMIT ? least : -INFINITY;
        double answer = scorer_weight(&engine->scorer, right, least, again);
        bool early = answer == -INFINITY && weight < least;
        bool whole =
            answer == weight && memcmp(levels, again, c->comparison_count * sizeof *levels) == 0;
        if (!bounded || (!early && !whole)) {
            fail_msg("ORACLE_SEED=%llu: records %u and %u weigh %.17g, bounded by %.17g, with a "
                     "threshold %.17g",
                     (unsigned long long)c->seed, engine->scorer.left, right, weight, bound,
                     answer);
        }
    }
}

static void bounds_hold(void **state)
{
    (void)state;
    static struct oracle_case c;
    for (uint64_t seed = 0; seed < CASES; seed++) {
        struct engine engine;
        oracle_make(&c, seed);
        engine_open_case(&engine, &c);
        const struct predictor *predictor = &engine.predictor;
        for (uint32_t left = 0; left < c.record_count; left++) {
            scorer_set_left(&engine.scorer, left);
            for (uint32_t right = 0; right < c.record_count; right++) {
                const uint32_t *row = row_table_row(&predictor->scoring.rows, right);
                check_pair(&engine, row, right, &c);
            }
        }
        engine_close(&engine);
    }
}

/* ---- memory ---- */

static int score(void *context, struct error *failure)
{
    struct engine *engine = context;
    struct scoring scoring;
    struct scorer scorer;
    uint32_t slot;
    int status = scoring_init(&scoring, &engine->model, &engine->columns, 2, 0, &slot, failure);
    if (status != 0) {
        return status;
    }
    status = scorer_init(&scorer, &scoring, failure);
    if (status == 0) {
        scorer_set_left(&scorer, 0);
        scorer_weight(&scorer, 1, -INFINITY, scorer.levels);
        scorer_free(&scorer);
    }
    scoring_free(&scoring);
    return status;
}

static void survives_failing_memory(void **state)
{
    (void)state;
    struct engine engine;
    open_small(&engine);
    assert_true(table_fail_every_allocation(score, &engine) > 20);
    engine_close(&engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_by_hand),    cmocka_unit_test(levels_and_gammas),
        cmocka_unit_test(no_infinity_leaves), cmocka_unit_test(probabilities_and_weights),
        cmocka_unit_test(bounds_hold),        cmocka_unit_test(survives_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
