/* What is checked of a configuration before any database is asked. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "empi/configs.h"

static struct error error;

#define LEVELS(column)                                                              \
    "[{\"sql_condition\": \"" column "_l IS NULL OR " column "_r IS NULL\", "       \
    "\"is_null_level\": true}, "                                                    \
    "{\"sql_condition\": \"" column "_l = " column "_r\", \"m_probability\": 0.9, " \
    "\"u_probability\": 0.1}, "                                                     \
    "{\"sql_condition\": \"ELSE\", \"m_probability\": 0.1, \"u_probability\": 0.9}]"

#define MODEL(column, more)                                                 \
    "{\"probability_two_random_records_match\": 0.01, " more                \
    "\"blocking_rules_to_generate_predictions\": [\"l.phone = r.phone\"], " \
    "\"comparisons\": [{\"output_column_name\": \"" column                  \
    "\", \"comparison_levels\": " LEVELS(column) "}]}"

#define GOOD MODEL("last_name", "\"link_type\": \"dedupe_only\", ")

static int check(const char *json, double potential, double automatic)
{
    struct config_request request = {str_from(json), "model.json", potential, automatic};
    error = (struct error){0};
    return configs_check(&request, &error);
}

static void refuse(const char *json, double potential, double automatic, const char *told)
{
    assert_int_equal(check(json, potential, automatic), STATUS_INVALID);
    if (strstr(error.message, told) == NULL && strstr(error.detail, told) == NULL) {
        fail_msg("not told: %s\nbut: %s\n%s", told, error.message, error.detail);
    }
}

static void a_model_that_fits(void **state)
{
    (void)state;
    assert_int_equal(check(GOOD, 0.5, 0.95), 0);
    assert_int_equal(check("\xEF\xBB\xBF" GOOD, 0.5, 0.95), 0);
}

static void thresholds(void **state)
{
    (void)state;
    static const double good[][2] = {{0, 0}, {0, 1}, {1, 1}, {0.5, 0.5}};
    for (size_t i = 0; i < ARRAY_LENGTH(good); i++) {
        assert_int_equal(check(GOOD, good[i][0], good[i][1]), 0);
    }
    refuse(GOOD, -0.1, 0.5, "potential_match_threshold must be a number from 0 to 1");
    refuse(GOOD, (double)NAN, 0.5, "potential_match_threshold must be a number from 0 to 1");
    refuse(GOOD, 0.5, 1.1, "auto_match_threshold must be a number from 0 to 1");
    refuse(GOOD, 0.5, (double)NAN, "auto_match_threshold must be a number from 0 to 1");
    refuse(GOOD, 0.5, (double)INFINITY, "auto_match_threshold must be a number from 0 to 1");
    refuse(GOOD, 0.9, 0.5, "potential_match_threshold must not exceed auto_match_threshold");
}

static void columns_that_records_do_not_have(void **state)
{
    (void)state;
    refuse(MODEL("shoe_size", ""), 0.5, 0.9, "shoe_size");
    refuse("{\"probability_two_random_records_match\": 0.01, "
           "\"blocking_rules_to_generate_predictions\": [\"l.shoe_size = r.shoe_size\"], "
           "\"comparisons\": [{\"output_column_name\": \"phone\", \"comparison_levels\": " LEVELS(
               "phone") "}]}",
           0.5, 0.9, "blocking_rules_to_generate_predictions.0");
    refuse("", 0.5, 0.9, "model.json");
    refuse("[]", 0.5, 0.9, "model.json");
}

/* A model that links sources needs to know a record's. */
static void the_column_of_the_source(void **state)
{
    (void)state;
    refuse(MODEL("last_name", "\"link_type\": \"link_only\", "), 0.5, 0.9,
           "source_dataset_column_name");
    assert_int_equal(check(MODEL("last_name", "\"link_type\": \"link_only\", "
                                              "\"source_dataset_column_name\": \"data_source\", "),
                           0.5, 0.9),
                     0);
}

static void no_memory(void **state)
{
    (void)state;
    assert_int_equal(check(GOOD, 0.5, 0.9), 0);
    uint64_t before = memory_in_use();
    int status = STATUS_RESOURCES;
    uint64_t failed = 0;
    while (status != 0) {
        memory_fail_from(failed + 1);
        status = check(GOOD, 0.5, 0.9);
        memory_fail_from(0);
        assert_true(status == 0 || status == STATUS_RESOURCES);
        assert_int_equal(memory_in_use(), before);
        failed += status != 0 ? 1 : 0;
    }
    assert_true(failed > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_model_that_fits),
        cmocka_unit_test(thresholds),
        cmocka_unit_test(columns_that_records_do_not_have),
        cmocka_unit_test(the_column_of_the_source),
        cmocka_unit_test(no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
