#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "base/memory.h"
#include "empi/explanations.h"
#include "empi/record.h"

#define LEVEL(condition, m, u, more)                                                              \
    "{\"sql_condition\": \"" condition "\", \"m_probability\": " m ", \"u_probability\": " u more \
    "}"
#define NULL_LEVEL(column)                                                   \
    "{\"sql_condition\": \"" column "_l IS NULL OR " column "_r IS NULL\", " \
    "\"is_null_level\": true, \"label_for_charts\": \"missing\"}"
#define ADJUSTED(column) ", \"tf_adjustment_column\": \"" column "\""

/* Two comparisons that adjust, and one that may reach no level. */
static const char settings[] =
    "{\"probability_two_random_records_match\": 0.5,"
    " \"blocking_rules_to_generate_predictions\": [\"l.phone = r.phone\"],"
    " \"comparisons\": ["
    "{\"output_column_name\": \"city\", \"comparison_levels\": [" NULL_LEVEL("city") "," LEVEL(
        "city_l = city_r", "0.5", "0.25",
        ADJUSTED(
            "city")) "," LEVEL("ELSE", "0.25", "0.5",
                               "") "]},"
                                   "{\"output_column_name\": \"state\", \"comparison_levels\": "
                                   "[" LEVEL(
                                       "state_l = state_r", "0.5", "0.125",
                                       ADJUSTED(
                                           "state")) "," LEVEL("ELSE", "0.5", "1",
                                                               "") "]},"
                                                                   "{\"output_column_name\": "
                                                                   "\"sex\", "
                                                                   "\"comparison_levels\": [" LEVEL(
                                                                       "sex_l = sex_r", "0.5",
                                                                       "0.5", "") "]}"
                                                                                  "]}";

static struct model model;
static struct arena arena = ARENA(1 << 20);
static struct error error;

static int load(void **state)
{
    (void)state;
    struct expr_schema schema = {record_columns, RECORD_COLUMN_COUNT};
    return model_load(&model, STR(settings), "model", &schema, &error);
}

static int unload(void **state)
{
    (void)state;
    model_free(&model);
    arena_free(&arena);
    return 0;
}

static struct explained_result explain_stored(const char *levels, const char *frequency_weights,
                                              double weight)
{
    struct explained_evidence evidence = {str_from(levels), str_from(frequency_weights), weight};
    struct explained_result result;
    assert_int_equal(explanations_apply(&result, &arena, &model, &evidence, &error), 0);
    return result;
}

/* As of before frequencies' parts were stored. */
static struct explained_result explain(const char *levels, double weight)
{
    return explain_stored(levels, "", weight);
}

static void weights_are_the_models(void **state)
{
    (void)state;
    struct explained_result result = explain("{2,1,0}", -2);
    assert_int_equal(result.level_count, 3);
    assert_true(result.prior_weight == 0);
    assert_true(result.levels[0].weight == -1 && result.levels[1].weight == -1);
    assert_string_equal(result.levels[0].comparison.ptr, "city");
    assert_string_equal(result.levels[0].label.ptr, "ELSE");
    assert_false(result.levels[0].adjusts);
    assert_true(result.levels[0].has_level && result.levels[0].position == 2);
    assert_true(result.levels[2].has_level && result.levels[2].position == 0);
    assert_true(result.shared_frequency_weight == 0);
    result = explain("{0,1,0}", -1);
    assert_true(result.levels[0].is_null_level && result.levels[0].weight == 0);
    assert_string_equal(result.levels[0].label.ptr, "missing");
}

static void what_is_missing_came_from_the_only_level_that_adjusts(void **state)
{
    (void)state;
    struct explained_result result = explain("{1,1,0}", 3.5);
    assert_true(result.levels[0].adjusts && result.levels[0].weight == 1);
    assert_true(result.levels[0].frequency_weight == 3.5);
    assert_true(result.shared_frequency_weight == 0);
}

static void or_from_several_together(void **state)
{
    (void)state;
    struct explained_result result = explain("{1,0,0}", 4.25);
    assert_true(isnan(result.levels[0].frequency_weight));
    assert_true(isnan(result.levels[1].frequency_weight));
    assert_true(result.shared_frequency_weight == 1.25);
}

static void what_is_stored_is_told_by_level(void **state)
{
    (void)state;
    struct explained_result result = explain_stored("{1,0,0}", "{0.5,-0.0625,0}", 3.4375);
    assert_true(result.levels[0].frequency_weight == 0.5);
    assert_true(result.levels[1].frequency_weight == -0.0625);
    assert_true(result.levels[2].frequency_weight == 0);
    assert_true(result.shared_frequency_weight == 0);
    /* Of one alone, too: it is what the job saw that counts. */
    result = explain_stored("{1,1,0}", "{0.125,0,0}", 3.5);
    assert_true(result.levels[0].frequency_weight == 0.125);
    assert_true(result.levels[1].frequency_weight == 0);
    assert_true(result.shared_frequency_weight == 0);
}

static void stored_parts_may_be_infinite(void **state)
{
    (void)state;
    struct explained_result result =
        explain_stored("{1,0,1}", "{-Infinity,1e-05,0}", -996.5784284662087);
    assert_true(result.levels[0].frequency_weight == -INFINITY);
    assert_true(result.levels[1].frequency_weight == 1e-05);
    assert_true(result.shared_frequency_weight == 0);
}

static void what_is_no_list_of_parts_counts_as_none(void **state)
{
    (void)state;
    static const char *const wrong[] = {"{",       "{}",         "{1}",  "{1,2", "{1,2,3",
                                        "{1,x,3}", "{NULL,1,2}", "{,,}", "x"};
    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
        struct explained_result result = explain_stored("{1,0,0}", wrong[i], 4.25);
        assert_true(isnan(result.levels[0].frequency_weight));
        assert_true(isnan(result.levels[1].frequency_weight));
        assert_true(result.levels[2].frequency_weight == 0);
        assert_true(result.shared_frequency_weight == 1.25);
    }
}

static void no_level_hides_the_rest(void **state)
{
    (void)state;
    struct explained_result result = explain("{1,1,1}", -996.5784284662087);
    assert_string_equal(result.levels[2].label.ptr, "no level");
    assert_false(result.levels[2].has_level);
    assert_true(isinf(result.levels[2].weight));
    assert_true(isnan(result.levels[0].frequency_weight));
}

static void levels_of_another_model_explain_nothing(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",        "{}",      "{1}",     "{1,1}",   "{1,1,0,0}",
        "{3,3,0}", "{4,1,0}", "{1,1,2}", "{x,1,0}", "{1,1,999999999999}",
        "{1,1,",   "{1,-1,0}"};
    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
        assert_int_equal(explain(wrong[i], 1).level_count, 0);
    }
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    const struct explained_evidence evidence = {STR("{1,1,0}"), STR("{1,0,0}"), 1};
    int status = STATUS_RESOURCES;
    for (uint64_t nth = 1; status != 0; nth++) {
        struct arena own = ARENA(1 << 20);
        struct explained_result result;
        memory_fail_from(nth);
        status = explanations_apply(&result, &own, &model, &evidence, &error);
        memory_fail_from(0);
        assert_true(status == 0 || status == STATUS_RESOURCES);
        arena_free(&own);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_are_the_models),
        cmocka_unit_test(what_is_missing_came_from_the_only_level_that_adjusts),
        cmocka_unit_test(or_from_several_together),
        cmocka_unit_test(what_is_stored_is_told_by_level),
        cmocka_unit_test(stored_parts_may_be_infinite),
        cmocka_unit_test(what_is_no_list_of_parts_counts_as_none),
        cmocka_unit_test(no_level_hides_the_rest),
        cmocka_unit_test(levels_of_another_model_explain_nothing),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
