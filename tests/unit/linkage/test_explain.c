/* What is said about a pair, and that its parts add up to the score to the last bit. */
#include "engine.h"

#include <math.h>

#include "base/memory.h"

enum { CASES = 300 };

static struct error error;

static bool same_bits(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

static double sum_of_parts(const struct explanation *explanation)
{
    double sum = explanation->prior_weight;
    for (size_t i = 0; i < explanation->comparison_count; i++) {
        sum += explanation->comparisons[i].weight;
        sum += explanation->comparisons[i].frequency_weight;
    }
    bool lowest = isnan(sum) || sum < -SCORING_WEIGHT_LIMIT;
    return lowest ? -SCORING_WEIGHT_LIMIT : fmin(sum, SCORING_WEIGHT_LIMIT);
}

static void check_pair(struct engine *engine, const struct oracle_case *c, uint32_t left,
                       uint32_t right)
{
    uint16_t levels[ENGINE_COMPARISONS];
    struct oracle_verdict verdict;
    struct explanation explanation;
    struct arena arena = ARENA(1 << 20);
    assert_int_equal(explain_pair(&explanation, &arena, &engine->scorer, left, right, &error), 0);
    scorer_set_left(&engine->scorer, left);
    double weight = scorer_weight(&engine->scorer, right, -INFINITY, levels);
    bool same = same_bits(explanation.weight, weight);
    same = same && same_bits(sum_of_parts(&explanation), weight);
    same = same && same_bits(explanation.probability, scoring_probability(weight));
    oracle_judge(&verdict, c, left, right);
    for (unsigned i = 0; i < c->comparison_count; i++) {
        const struct explained_comparison *part = &explanation.comparisons[i];
        bool reached = verdict.levels[i] < c->comparisons[i].level_count;
        same = same && part->has_level == reached && part->gamma == verdict.gammas[i];
        same = same && part->is_null_level == (verdict.gammas[i] == -1);
    }
    if (!same) {
        fail_msg("ORACLE_SEED=%llu: records %u and %u: weight %.17g, explained as %.17g, parts "
                 "%.17g",
                 (unsigned long long)c->seed, left, right, weight, explanation.weight,
                 sum_of_parts(&explanation));
    }
    arena_free(&arena);
}

static void parts_add_up(void **state)
{
    (void)state;
    static struct oracle_case c;
    for (uint64_t seed = 0; seed < CASES; seed++) {
        struct engine engine;
        oracle_make(&c, seed);
        engine_open_case(&engine, &c);
        for (uint32_t left = 0; left < c.record_count; left++) {
            for (uint32_t right = left + 1; right < c.record_count; right++) {
                check_pair(&engine, &c, left, right);
            }
        }
        engine_close(&engine);
    }
}

/* ---- one pair in full ---- */

static const char model[] =
    "{\"probability_two_random_records_match\": 0.2, \"comparisons\": ["
    "{\"output_column_name\": \"full name\", \"comparison_levels\": ["
    " {\"sql_condition\": \"name_l is null or name_r is null\", \"is_null_level\": true,"
    "  \"label_for_charts\": \"Null\"},"
    " {\"sql_condition\": \"name_l = name_r\", \"m_probability\": 0.5, \"u_probability\": 0.25,"
    "  \"tf_adjustment_column\": \"name\", \"label_for_charts\": \"The same\"},"
    " {\"sql_condition\": \"ELSE\", \"m_probability\": 0.125, \"u_probability\": 0.25}]},"
    "{\"output_column_name\": \"c\", \"comparison_levels\": ["
    " {\"sql_condition\": \"city_l = city_r or name_l = 'zoe'\", \"m_probability\": 1,"
    "  \"u_probability\": 0.5, \"tf_adjustment_column\": \"city\","
    "  \"disable_tf_exact_match_detection\": true},"
    " {\"sql_condition\": \"city_l < city_r\", \"m_probability\": 0.5, \"u_probability\": 0}]}]}";

static const char *const names[] = {"name", "city"};

static const char *const cells[] = {
    "ann", "rome", /* 0 */
    "ann", "rome", /* 1 */
    NULL,  "oslo", /* 2 */
    "zoe", NULL,   /* 3 */
    "bob", "york", /* 4 */
};

struct fixture {
    struct engine engine;
    struct arena arena;
};

static int setup(void **state)
{
    static struct fixture fixture;
    struct columns columns;
    table_make(&columns, names, 2, cells, 5);
    engine_open(&fixture.engine, &columns, model);
    fixture.arena = ARENA(1 << 20);
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    arena_free(&fixture->arena);
    engine_close(&fixture->engine);
    return 0;
}

static struct explanation explain(struct fixture *fixture, uint32_t left, uint32_t right)
{
    struct explanation explanation;
    assert_int_equal(
        explain_pair(&explanation, &fixture->arena, &fixture->engine.scorer, left, right, &error),
        0);
    assert_int_equal(explanation.comparison_count, 2);
    return explanation;
}

static void an_adjusted_level(void **state)
{
    struct explanation explanation = explain(*state, 0, 1);
    assert_true(explanation.prior_weight == -2);
    const struct explained_comparison *name = &explanation.comparisons[0];
    assert_text(name->name, STR("full_name"));
    assert_text(name->label, STR("The same"));
    assert_true(name->has_level && name->has_probabilities && !name->is_null_level);
    assert_int_equal(name->gamma, 1);
    assert_true(name->m_probability == 0.5 && name->u_probability == 0.25);
    assert_true(name->bayes_factor == 2 && name->weight == 1);
    assert_true(name->is_adjusted);
    assert_true(name->frequency_left == 0.5 && name->frequency_right == 0.5);
    assert_true(fabs(name->frequency_factor - 0.25 / 0.5) < 1e-12);
    assert_true(name->frequency_weight == -1);
    const struct explained_comparison *city = &explanation.comparisons[1];
    assert_text(city->label, STR("city_l = city_r or name_l = 'zoe'")); /* its condition */
    assert_true(city->frequency_left == 0.5);
    assert_true(explanation.weight == -2 + 1 - 1 + 1 + 0);
    assert_true(explanation.probability == scoring_probability(explanation.weight));
}

static void a_null_level(void **state)
{
    struct explanation explanation = explain(*state, 0, 2);
    const struct explained_comparison *name = &explanation.comparisons[0];
    assert_text(name->label, STR("Null"));
    assert_true(name->has_level && name->is_null_level);
    assert_false(name->has_probabilities);
    assert_false(name->is_adjusted);
    assert_int_equal(name->gamma, -1);
    assert_true(name->bayes_factor == 1 && name->weight == 0);
    assert_true(name->frequency_factor == 1 && name->frequency_weight == 0);
}

static void no_level(void **state)
{
    struct explanation explanation = explain(*state, 0, 2);
    const struct explained_comparison *city = &explanation.comparisons[1];
    assert_text(city->name, STR("c"));
    assert_text(city->label, STR("no level"));
    assert_false(city->has_level);
    assert_false(city->has_probabilities);
    assert_true(city->bayes_factor == 0 && city->weight == -INFINITY);
    assert_true(explanation.weight == -SCORING_WEIGHT_LIMIT);
}

static void a_value_without_frequency(void **state)
{
    struct explanation explanation = explain(*state, 3, 4);
    const struct explained_comparison *city = &explanation.comparisons[1];
    assert_true(city->is_adjusted);
    assert_true(isnan(city->frequency_left));
    assert_true(city->frequency_right == 0.25);
    assert_true(city->frequency_factor == 2 && city->frequency_weight == 1);
}

static void a_level_that_no_other_pair_reaches(void **state)
{
    struct explanation explanation = explain(*state, 0, 4);
    const struct explained_comparison *city = &explanation.comparisons[1];
    assert_true(city->bayes_factor == INFINITY && city->weight == INFINITY);
    assert_int_equal(city->gamma, 0);
    assert_true(explanation.weight == SCORING_WEIGHT_LIMIT);
    assert_true(explanation.probability == 1);
}

static int explain_failing(void *context, struct error *failure)
{
    struct fixture *fixture = context;
    struct arena arena = ARENA(1 << 20);
    struct explanation explanation;
    int status = explain_pair(&explanation, &arena, &fixture->engine.scorer, 0, 1, failure);
    arena_free(&arena);
    return status;
}

static void survives_failing_memory(void **state)
{
    assert_true(table_fail_every_allocation(explain_failing, *state) >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_add_up),
        cmocka_unit_test_setup_teardown(an_adjusted_level, setup, teardown),
        cmocka_unit_test_setup_teardown(a_null_level, setup, teardown),
        cmocka_unit_test_setup_teardown(no_level, setup, teardown),
        cmocka_unit_test_setup_teardown(a_value_without_frequency, setup, teardown),
        cmocka_unit_test_setup_teardown(a_level_that_no_other_pair_reaches, setup, teardown),
        cmocka_unit_test_setup_teardown(survives_failing_memory, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
