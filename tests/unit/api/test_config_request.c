#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/config_request.h"
#include "base/compiler.h"
#include "base/json_read.h"
#include "base/stream.h"

static struct error error;

#define LEVEL(condition)                                                                           \
    "{\"sql_condition\": \"" condition "\", \"label_for_charts\": \"x\", \"m_probability\": 0.9, " \
    "\"u_probability\": 0.1}"
#define COMPARISON(levels)                                                   \
    "{\"output_column_name\": \"city\", \"comparison_description\": \"x\", " \
    "\"comparison_levels\": [" levels "]}"
#define SETTINGS(rules, comparisons)                                                \
    "{\"probability_two_random_records_match\": 0.001, \"em_convergence\": 0.001, " \
    "\"max_iterations\": 10, \"blocking_rules_to_generate_predictions\": [" rules   \
    "], \"comparisons\": [" comparisons "]}"
#define BODY(settings, potential, automatic)                                        \
    "{\"splink_settings\": " settings ", \"potential_match_threshold\": " potential \
    ", \"auto_match_threshold\": " automatic "}"
#define RULE "{\"blocking_rule\": \"l.city = r.city\"}"
#define GOOD SETTINGS(RULE, COMPARISON(LEVEL("city_l = city_r") "," LEVEL("ELSE")))

/* Reads a body and compares its faults, "field: message" a line. */
static void assert_faults(const char *body, const char *expected)
{
    struct arena arena = ARENA(64 << 20);
    struct field_faults faults = {.arena = &arena};
    struct config_request request;
    json_t *json;
    assert_int_equal(json_read(&json, str_from(body), NULL, &error), 0);
    assert_int_equal(config_request_read(&request, &faults, json, str_from(body), &error), 0);
    struct text_buffer lines = TEXT_BUFFER(1 << 16);
    text_append(&lines, STR(""));
    for (const struct field_fault *at = faults.first; at != NULL; at = at->next) {
        text_appendf(&lines, "%s: %s\n", at->field == NULL ? "-" : at->field, at->message);
    }
    assert_string_equal(lines.ptr == NULL ? "" : lines.ptr, expected);
    text_free(&lines);
    json_decref(json);
    arena_free(&arena);
}

static void a_good_one_has_no_faults(void **state)
{
    (void)state;
    assert_faults(BODY(GOOD, "0.5", "1"), "");
    assert_faults(BODY(GOOD, "\"0.5\"", "0.5"), "");
}

static void the_text_of_the_model_is_kept(void **state)
{
    (void)state;
    static const char body[] = "{\"auto_match_threshold\": 1, \"potential_match_threshold\": 0,\n"
                               " \"splink_settings\":   " GOOD "  }";
    struct arena arena = ARENA(64 << 20);
    struct field_faults faults = {.arena = &arena};
    struct config_request request;
    json_t *json;
    assert_int_equal(json_read(&json, STR(body), NULL, &error), 0);
    assert_int_equal(config_request_read(&request, &faults, json, STR(body), &error), 0);
    assert_int_equal(faults.count, 0);
    assert_true(str_equal(request.json, STR(GOOD)));
    assert_true(request.potential_threshold == 0 && request.auto_threshold == 1);
    json_decref(json);
    arena_free(&arena);
}

static void all_of_the_table_holds(void **state)
{
    (void)state;
#define IN "splink_settings."
    assert_faults("{}", "splink_settings: This field is required.\n"
                        "potential_match_threshold: This field is required.\n"
                        "auto_match_threshold: This field is required.\n");
    assert_faults("[]", "-: Invalid data. Expected a dictionary, but got list.\n");
    assert_faults(BODY("{}", "2", "\"x\""),
                  IN "probability_two_random_records_match: This field is required.\n" IN
                     "em_convergence: This field is required.\n" IN
                     "max_iterations: This field is required.\n" IN
                     "blocking_rules_to_generate_predictions: This field is required.\n" IN
                     "comparisons: This field is required.\n"
                     "potential_match_threshold: Ensure this value is less than or equal to 1.\n"
                     "auto_match_threshold: A valid number is required.\n");
    assert_faults(BODY("\"x\"", "0.9", "0.1"),
                  "splink_settings: Invalid data. Expected a dictionary, but got str.\n"
                  "potential_match_threshold: Ensure this value is less than or equal to "
                  "auto_match_threshold.\n");
    assert_faults(BODY(SETTINGS("", ""), "0", "1"),
                  IN "blocking_rules_to_generate_predictions: At least one blocking rule is "
                     "required\n" IN "comparisons: This list may not be empty.\n");
    assert_faults(
        BODY(SETTINGS("5", COMPARISON("") ",{\"comparison_levels\": \"x\"}"), "0", "1"),
        IN "blocking_rules_to_generate_predictions.0: Invalid data. Expected a dictionary, but got "
           "int.\n" IN
           "comparisons.0.comparison_levels: At least one comparison level is required\n" IN
           "comparisons.1.output_column_name: This field is required.\n" IN
           "comparisons.1.comparison_description: This field is required.\n" IN
           "comparisons.1.comparison_levels: Expected a list of items but got type \"str\".\n");
    assert_faults(BODY(SETTINGS(RULE, "5, null"), "0", "1"),
                  IN "comparisons.0: Invalid data. Expected a dictionary, but got int.\n" IN
                     "comparisons.1: Invalid data. Expected a dictionary, but got NoneType.\n");
    assert_faults(BODY(SETTINGS("{\"blocking_rule\": []}",
                                COMPARISON("{\"is_null_level\": 3, \"m_probability\": 1.5, "
                                           "\"u_probability\": \"0.5\"}")),
                       "0", "1"),
                  IN
                  "blocking_rules_to_generate_predictions.0.blocking_rule: Not a valid "
                  "string.\n" IN
                  "comparisons.0.comparison_levels.0.sql_condition: This field is required.\n" IN
                  "comparisons.0.comparison_levels.0.label_for_charts: This field is "
                  "required.\n" IN
                  "comparisons.0.comparison_levels.0.is_null_level: Must be a valid boolean.\n" IN
                  "comparisons.0.comparison_levels.0.m_probability: Ensure this value is less "
                  "than or equal to 1.\n" IN
                  "comparisons.0.comparison_levels.0.u_probability: A valid number is "
                  "required.\n");
    assert_faults(BODY(SETTINGS(RULE, COMPARISON("{\"sql_condition\": \"ELSE\", "
                                                 "\"label_for_charts\": \"x\"}")),
                       "0", "1"),
                  IN "comparisons.0.comparison_levels.0: m_probability and u_probability required "
                     "when is_null_level is false\n");
}

static void conditions_are_compiled(void **state)
{
    (void)state;
    assert_faults(
        BODY(SETTINGS("{\"blocking_rule\": \"l.city = \"}", COMPARISON(LEVEL("nope_l = city_r"))),
             "0", "1"),
        IN "blocking_rules_to_generate_predictions.0.blocking_rule: expected an expression after "
           "\"=\" (at character 10)\n" IN
           "comparisons.0.comparison_levels.0.sql_condition: column \"nope_l\" does not exist (at "
           "character 1); columns are: address, birth_date, city, county, data_source, death_date, "
           "first_name, last_name, phone, race, sex, social_security_number, …\n");
}

static void keys_that_nobody_knows_are_refused(void **state)
{
    (void)state;
    assert_faults(BODY(SETTINGS(RULE, "{\"output_colum_name\": \"x\", "
                                      "\"output_column_name\": \"city\", "
                                      "\"comparison_description\": \"x\", "
                                      "\"comparison_levels\": [" LEVEL("ELSE") "]}"),
                       "0", "1"),
                  IN "comparisons.0.output_colum_name: Unexpected field\n" IN
                     "comparisons.0.output_colum_name: Did you mean \"output_column_name\"?\n");
    assert_faults("{\"x\": 1}", "x: Unexpected field\n"
                                "splink_settings: This field is required.\n"
                                "potential_match_threshold: This field is required.\n"
                                "auto_match_threshold: This field is required.\n");
#undef IN
}

/* Reads a model as it was saved, with what this program has no column for put right. */
static void assert_accepted(const char *path)
{
    struct stream *stream;
    struct text_buffer body = TEXT_BUFFER(16 << 20);
    assert_int_equal(stream_open_file(&stream, path, &error), 0);
    text_append(&body, STR("{\"potential_match_threshold\": 0.5, \"auto_match_threshold\": 1, "
                           "\"splink_settings\": "));
    assert_int_equal(stream_read_all(stream, &body, &error), 0);
    text_append(&body, STR("}"));
    stream_free(stream);
    assert_faults(body.ptr, "");
    text_free(&body);
}

static void fault_25_a_model_as_splink_saves_it_is_accepted(void **state)
{
    (void)state;
    assert_accepted("examples/model.json");
    assert_accepted("tests/data/models/splink-3.9.15.json");
    assert_accepted("tests/data/models/splink-5.0.0.json");
}

/* All at once, and which columns there are only once. */
static void a_rule_with_an_unknown_column_is_told_however_many_there_are(void **state)
{
    (void)state;
    enum { RULES = 120 };
    struct text_buffer rules = TEXT_BUFFER(1 << 16);
    struct text_buffer expected = TEXT_BUFFER(1 << 16);
    struct text_buffer body = TEXT_BUFFER(1 << 17);
    for (int i = 0; i < RULES; i++) {
        text_appendf(&rules, "%s{\"blocking_rule\": \"l.a_%03d_b = r.city\"}", i == 0 ? "" : ", ",
                     i);
        text_appendf(
            &expected,
            "splink_settings.blocking_rules_to_generate_predictions.%d.blocking_rule: column "
            "\"a_%03d_b\" does not exist (at character 3)%s\n",
            i, i,
            i == 0 ? "; columns are: address, birth_date, city, county, data_source, "
                     "death_date, first_name, last_name, phone, race, sex, "
                     "social_security_number, …"
                   : "");
    }
    text_appendf(&body, BODY(SETTINGS("%s", "%s"), "0", "1"), rules.ptr,
                 COMPARISON(LEVEL("city_l = city_r") "," LEVEL("ELSE")));
    assert_faults(body.ptr, expected.ptr);
    text_free(&body);
    text_free(&rules);
    text_free(&expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_one_has_no_faults),
        cmocka_unit_test(the_text_of_the_model_is_kept),
        cmocka_unit_test(all_of_the_table_holds),
        cmocka_unit_test(conditions_are_compiled),
        cmocka_unit_test(a_rule_with_an_unknown_column_is_told_however_many_there_are),
        cmocka_unit_test(keys_that_nobody_knows_are_refused),
        cmocka_unit_test(fault_25_a_model_as_splink_saves_it_is_accepted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
