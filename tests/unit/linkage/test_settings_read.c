/* Reading models: what is right, and everything that can be wrong, by its exact message. */
#include "linkage/settings.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/compiler.h"
#include "base/memory.h"
#include "model_support.h"

#define BOTH "comparisons.0.comparison_levels.0."

/* ---- faults ---- */

struct wrong {
    const char *json;
    const char *detail; /* all its lines */
};

static void check_wrong(const struct wrong *cases, size_t count)
{
    uint64_t before = memory_in_use();
    for (size_t i = 0; i < count; i++) {
        struct settings settings;
        struct error error = {0};
        int status = settings_read(&settings, str_from(cases[i].json), "m.json", &error);
        if (status != STATUS_INVALID) {
            fail_msg("accepted: %s", cases[i].json);
        }
        assert_string_equal(error.detail, cases[i].detail);
        assert_string_equal(error.message, strchr(cases[i].detail, '\n') == NULL
                                               ? "m.json has 1 fault"
                                               : "m.json has 2 faults");
    }
    assert_int_equal(memory_in_use(), before);
}

static void refuses_wrong_members_of_the_model(void **state)
{
    (void)state;
    static const struct wrong cases[] = {
        {"{}", "comparisons: is missing"},
        {"[]", "must be an object, not a list"},
        {"{\"comparisons\": null}", "comparisons: must not be null"},
        {"{\"comparisons\": []}", "comparisons: must have at least one comparison"},
        {"{\"comparisons\": 5}", "comparisons: must be a list, not 5"},
        {"{\"comparisons\": {}}", "comparisons: must be a list, not an object"},
        {MODEL_TOP(",\"link_type\":\"dedupe\""),
         "link_type: must be \"dedupe_only\", \"link_only\" or \"link_and_dedupe\", not "
         "\"dedupe\""},
        {MODEL_TOP(",\"link_type\":1"),
         "link_type: must be \"dedupe_only\", \"link_only\" or \"link_and_dedupe\", not 1"},
        {MODEL_TOP(",\"probability_two_random_records_match\":\"0.1\""),
         "probability_two_random_records_match: must be a number from 0 to 1, not \"0.1\""},
        {MODEL_TOP(",\"probability_two_random_records_match\":1.5"),
         "probability_two_random_records_match: must be a number from 0 to 1, not 1.5"},
        {MODEL_TOP(",\"probability_two_random_records_match\":-1e-9"),
         "probability_two_random_records_match: must be a number from 0 to 1, not -1e-09"},
        {MODEL_TOP(",\"probability_two_random_records_match\":true"),
         "probability_two_random_records_match: must be a number from 0 to 1, not true"},
        {MODEL_TOP(",\"em_convergence\":-1"),
         "em_convergence: must be a number of at least 0, not -1"},
        {MODEL_TOP(",\"max_iterations\":2.5"),
         "max_iterations: must be a whole number of at least 0, not 2.5"},
        {MODEL_TOP(",\"max_iterations\":-1"),
         "max_iterations: must be a whole number of at least 0, not -1"},
        {MODEL_TOP(",\"max_iterations\":2147483648"),
         "max_iterations: must be a whole number of at least 0, not 2147483648"},
        {MODEL_TOP(",\"retain_matching_columns\":1"),
         "retain_matching_columns: must be true or false, not 1"},
        {MODEL_TOP(",\"retain_intermediate_calculation_columns\":\"false\""),
         "retain_intermediate_calculation_columns: must be true or false, not \"false\""},
        {MODEL_TOP(",\"additional_columns_to_retain\":\"x\""),
         "additional_columns_to_retain: must be a list, not \"x\""},
        {MODEL_TOP(",\"additional_columns_to_retain\":[\"x\",null]"),
         "additional_columns_to_retain.1: must be a text, not null"},
        {MODEL_TOP(",\"unique_id_column_name\":\" \""), "unique_id_column_name: must not be empty"},
        {MODEL_TOP(",\"source_dataset_column_name\":7"),
         "source_dataset_column_name: must be a text, not 7"},
        {MODEL_TOP(",\"bayes_factor_column_prefix\":[]"),
         "bayes_factor_column_prefix: must be a text, not a list"},
        {MODEL_TOP(",\"linker_uid\":false"), "linker_uid: must be a text, not false"},
        {MODEL_TOP(",\"sql_dialect\":{}"), "sql_dialect: must be a text, not an object"},
    };
    check_wrong(cases, ARRAY_LENGTH(cases));
}

static void refuses_wrong_comparisons(void **state)
{
    (void)state;
    static const struct wrong cases[] = {
        {MODEL_COMPARISONS("7"), "comparisons.0: must be an object, not 7"},
        {MODEL_COMPARISONS("{}"), "comparisons.0.comparison_levels: is missing"},
        {MODEL_COMPARISONS("{\"comparison_levels\":[]}"),
         "comparisons.0.comparison_levels: must have at least one comparison level"},
        {MODEL_COMPARISONS("{\"comparison_levels\":\"ELSE\"}"),
         "comparisons.0.comparison_levels: must be a list, not \"ELSE\""},
        {MODEL_COMPARISON(",\"output_column_name\":3"),
         "comparisons.0.output_column_name: must be a text, not 3"},
        {MODEL_COMPARISON(",\"comparison_description\":[1]"),
         "comparisons.0.comparison_description: must be a text, not a list"},
        {MODEL_LEVELS("\"ELSE\""),
         "comparisons.0.comparison_levels.0: must be an object, not \"ELSE\""},
        {MODEL_LEVELS("{\"label_for_charts\":\"x\"}"), BOTH "sql_condition: is missing"},
        {MODEL_LEVELS("{\"sql_condition\":null}"), BOTH "sql_condition: must not be null"},
        {MODEL_LEVELS("{\"sql_condition\":\" \\n\"}"), BOTH "sql_condition: must not be empty"},
        {MODEL_LEVELS("{\"sql_condition\":1}"), BOTH "sql_condition: must be a text, not 1"},
        {MODEL_LEVEL(",\"label_for_charts\":1"), BOTH "label_for_charts: must be a text, not 1"},
        {MODEL_LEVEL(",\"is_null_level\":\"yes\""),
         BOTH "is_null_level: must be true or false, not \"yes\""},
        {MODEL_LEVEL(",\"m_probability\":\"x\""),
         BOTH "m_probability: must be a number from 0 to 1, not \"x\""},
        {MODEL_LEVEL(",\"m_probability\":-0.5"),
         BOTH "m_probability: must be a number from 0 to 1, not -0.5"},
        {MODEL_LEVEL(",\"u_probability\":1.6"),
         BOTH "u_probability: must be a number from 0 to 1, not 1.6; leave it out to have the "
              "default of an untrained level"},
        {MODEL_LEVEL(",\"fix_m_probability\":0"),
         BOTH "fix_m_probability: must be true or false, not 0"},
        {MODEL_LEVEL(",\"fix_u_probability\":[]"),
         BOTH "fix_u_probability: must be true or false, not a list"},
        {MODEL_LEVEL(",\"tf_adjustment_column\":\"\""),
         BOTH "tf_adjustment_column: must not be empty"},
        {MODEL_LEVEL(",\"tf_adjustment_weight\":-1"),
         BOTH "tf_adjustment_weight: must be a number from 0 to 100, not -1"},
        {MODEL_LEVEL(",\"tf_minimum_u_value\":2"),
         BOTH "tf_minimum_u_value: must be a number from 0 to 1, not 2"},
        {MODEL_LEVEL(",\"disable_tf_exact_match_detection\":\"\""),
         BOTH "disable_tf_exact_match_detection: must be true or false, not \"\""},
        {MODEL_LEVELS("{\"sql_condition\":\" else\\n\"},{\"sql_condition\":\"a_l = a_r\"}"),
         BOTH "sql_condition: ELSE takes every pair that no level before it took, so it has to be "
              "the last level; 1 stands after it"},
        {MODEL_LEVELS("{\"sql_condition\":\"ELSE\"},{\"sql_condition\":\"ELSE\"},"
                      "{\"sql_condition\":\"ELSE\"}"),
         BOTH "sql_condition: ELSE takes every pair that no level before it took, so it has to be "
              "the last level; 2 stand after it"},
    };
    check_wrong(cases, ARRAY_LENGTH(cases));
}

#define RULES "blocking_rules_to_generate_predictions"

static void refuses_wrong_rules(void **state)
{
    (void)state;
    static const struct wrong cases[] = {
        {MODEL_RULES("\"1=1\""), RULES ": must be a list, not \"1=1\""},
        {MODEL_RULES("[3]"), RULES ".0: must be a text or an object, not 3"},
        {MODEL_RULES("[\"1=1\",\"\"]"), RULES ".1: must not be empty"},
        {MODEL_RULES("[{}]"), RULES ".0.blocking_rule: is missing"},
        {MODEL_RULES("[{\"blocking_rule\":\"\\t\"}]"), RULES ".0.blocking_rule: must not be empty"},
        {MODEL_RULES("[{\"blocking_rule\":\"1=1\",\"salting_partitions\":\"4\"}]"),
         RULES ".0.salting_partitions: must be a whole number of at least 0, not \"4\""},
        {MODEL_RULES("[{\"blocking_rule\":\"1=1\",\"arrays_to_explode\":[\"a\"]}]"),
         RULES ".0.arrays_to_explode: must be empty: all columns are text, which holds no lists"},
        {MODEL_RULES("[{\"blocking_rule\":\"1=1\",\"arrays_to_explode\":\"a\"}]"),
         RULES ".0.arrays_to_explode: must be a list, not \"a\""},
        {MODEL_RULES("[{\"blocking_rule\":\"1=1\",\"sql_dialect\":1}]"),
         RULES ".0.sql_dialect: must be a text, not 1"},
    };
    check_wrong(cases, ARRAY_LENGTH(cases));
}

static void refuses_unknown_keys_and_suggests_known_ones(void **state)
{
    (void)state;
    static const struct wrong cases[] = {
        {MODEL_TOP(",\"linktype\":1"), "linktype: unknown key; did you mean \"link_type\"?"},
        {MODEL_TOP(",\"Link_Type\":1"), "Link_Type: unknown key; did you mean \"link_type\"?"},
        {MODEL_TOP(",\"blocking_rules\":[]"), "blocking_rules: unknown key; did you mean "
                                              "\"blocking_rules_to_generate_predictions\"?"},
        {MODEL_TOP(",\"something_else\":null"), "something_else: unknown key"},
        {MODEL_TOP(",\"\":1"), "unknown key"},
        {MODEL_COMPARISON(",\"output_name\":1"), "comparisons.0.output_name: unknown key"},
        {MODEL_COMPARISON(",\"output_column\":1"),
         "comparisons.0.output_column: unknown key; did you mean \"output_column_name\"?"},
        {MODEL_LEVEL(",\"m_probabilty\":0.5"),
         BOTH "m_probabilty: unknown key; did you mean \"m_probability\"?"},
        {MODEL_RULES("[{\"blocking_rule\":\"1=1\",\"salting_partition\":2}]"),
         RULES ".0.salting_partition: unknown key; did you mean \"salting_partitions\"?"},
        {MODEL_TOP(",\"a\\nb\\u007f\":1"), "a b : unknown key"},
        /* 64 bytes would end within the 32nd é. */
        {MODEL_TOP(",\"xééééééééééééééééééééééééééééééééé\":1"),
         "xééééééééééééééééééééééééééééééé: unknown key"},
    };
    check_wrong(cases, ARRAY_LENGTH(cases));
}

static void reports_all_faults_at_once(void **state)
{
    (void)state;
    struct settings settings;
    struct error error = {0};
    struct str json = STR("{\"linktype\":1,\"max_iterations\":-3,\"comparisons\":["
                          "{\"comparison_levels\":[{\"m_probability\":\"a\",\"u_probability\":2}]},"
                          "{\"comparison_levels\":[{\"sql_condition\":\"ELSE\"},"
                          "{\"sql_condition\":\"1=1\",\"is_null\":true}],\"name\":7}],"
                          "\"blocking_rules_to_generate_predictions\":[{\"blocking_rules\":1}]}");
    assert_int_equal(settings_read(&settings, json, "m.json", &error), STATUS_INVALID);
    assert_string_equal(error.message, "m.json has 10 faults");
    assert_string_equal(
        error.detail,
        "linktype: unknown key; did you mean \"link_type\"?\n"
        "max_iterations: must be a whole number of at least 0, not -3\n"
        "comparisons.0.comparison_levels.0.m_probability: must be a number from 0 to 1, not "
        "\"a\"\n"
        "comparisons.0.comparison_levels.0.u_probability: must be a number from 0 to 1, not 2; "
        "leave it out to have the default of an untrained level\n"
        "comparisons.0.comparison_levels.0.sql_condition: is missing\n"
        "comparisons.1.comparison_levels.1.is_null: unknown key; did you mean "
        "\"is_null_level\"?\n"
        "comparisons.1.name: unknown key\n"
        "blocking_rules_to_generate_predictions.0.blocking_rules: unknown key; did you mean "
        "\"blocking_rule\"?\n"
        "blocking_rules_to_generate_predictions.0.blocking_rule: is missing\n"
        "comparisons.1.comparison_levels.0.sql_condition: ELSE takes every pair that no level "
        "before it took, so it has to be the last level; 1 stands after it");
}

static void shows_only_the_beginning_of_a_long_text(void **state)
{
    (void)state;
    /* 40 bytes would end within the é. */
    static const struct wrong cases[] = {
        {MODEL_LEVEL(",\"m_probability\":\"123456789012345678901234567890123456789é1\""),
         BOTH "m_probability: must be a number from 0 to 1, not "
              "\"123456789012345678901234567890123456789…\""},
        {MODEL_LEVEL(",\"m_probability\":\"1\\n2\""),
         BOTH "m_probability: must be a number from 0 to 1, not \"1 2\""},
    };
    check_wrong(cases, ARRAY_LENGTH(cases));
}

static void refuses_what_is_no_json(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        const char *message;
        bool has_hint;
    } cases[] = {
        {"", "m.json: line 1, column 1: not valid JSON: '[' or '{' expected", false},
        {"{\n\"a\": 1,\n}", "m.json: line 3, column 1: not valid JSON: string or '}' expected",
         false},
        {"{\"a\":1,\n\"a\":2}", "m.json: line 2, column 3: not valid JSON: duplicate object key",
         false},
        {"{\"em_convergence\": NaN}", "m.json: line 1, column 22: not valid JSON: invalid token",
         true},
        {"{\"a\": Infinity}", "m.json: line 1, column 14: not valid JSON: invalid token", true},
        {"{\"a\": -Infinity}", "m.json: line 1, column 7: not valid JSON: invalid token", true},
        {"{\"a\": 1e999}", "m.json: line 1, column 11: not valid JSON: real number overflow",
         false},
        {"{\"a\": \"\\u0000\"}",
         "m.json: line 1, column 14: not valid JSON: a text with a NUL character", false},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct settings settings;
        struct error error = {0};
        assert_int_equal(settings_read(&settings, str_from(cases[i].json), "m.json", &error),
                         STATUS_INVALID);
        assert_string_equal(error.message, cases[i].message);
        assert_int_equal(error.hint[0] != '\0', cases[i].has_hint);
    }
}

/* ---- limits ---- */

/* A model whose `list` has `count` times `item`. */
static struct text_buffer repeated(const char *before, const char *item, const char *after,
                                   size_t count)
{
    struct text_buffer json = TEXT_BUFFER(64 << 20);
    text_append(&json, str_from(before));
    for (size_t i = 0; i < count; i++) {
        text_append(&json, i > 0 ? STR(",") : STR(""));
        text_append(&json, str_from(item));
    }
    text_append(&json, str_from(after));
    assert_false(json.failed);
    return json;
}

static void check_limit(const char *before, const char *item, const char *after, size_t most,
                        const char *detail)
{
    struct settings settings;
    struct error error = {0};
    struct text_buffer json = repeated(before, item, after, most);
    assert_int_equal(settings_read(&settings, text_str(&json), "m.json", &error), 0);
    settings_free(&settings);
    text_free(&json);
    json = repeated(before, item, after, most + 1);
    assert_int_equal(settings_read(&settings, text_str(&json), "m.json", &error), STATUS_INVALID);
    assert_string_equal(error.detail, detail);
    text_free(&json);
}

static void limits_the_length_of_lists(void **state)
{
    (void)state;
    check_limit("{\"comparisons\":[", "{\"comparison_levels\":[{\"sql_condition\":\"ELSE\"}]}",
                "]}", 1000, "comparisons: has 1001 entries; at most 1000 are allowed");
    check_limit("{\"comparisons\":[{\"comparison_levels\":[", "{\"sql_condition\":\"1=1\"}", "]}]}",
                1000,
                "comparisons.0.comparison_levels: has 1001 entries; at most 1000 are allowed");
    check_limit("{\"comparisons\":[{\"comparison_levels\":[{\"sql_condition\":\"ELSE\"}]}],"
                "\"blocking_rules_to_generate_predictions\":[",
                "\"1=1\"", "]}", 1000,
                "blocking_rules_to_generate_predictions: has 1001 entries; at most 1000 are "
                "allowed");
}

static void limits_all_levels_together(void **state)
{
    (void)state;
    struct text_buffer levels =
        repeated("{\"comparison_levels\":[", "{\"sql_condition\":\"1=1\"}", "]}", 1000);
    struct text_buffer json = repeated("{\"comparisons\":[", levels.ptr, "]}", 11);
    struct settings settings;
    struct error error = {0};
    assert_int_equal(settings_read(&settings, text_str(&json), "m.json", &error), STATUS_INVALID);
    assert_string_equal(error.detail,
                        "comparisons: have 11000 levels altogether; at most 10000 are allowed");
    text_free(&levels);
    text_free(&json);
}

static void limits_size_and_depth(void **state)
{
    (void)state;
    struct settings settings;
    struct error error = {0};
    struct text_buffer json = repeated("", " ", "{}", SETTINGS_MAX_BYTES / 2);
    assert_int_equal(settings_read(&settings, text_str(&json), "m.json", &error), STATUS_INVALID);
    assert_string_equal(error.message, "m.json is larger than the limit of 16 MiB for a model");
    text_free(&json);

    char deep[4000];
    memset(deep, '[', sizeof deep);
    assert_int_equal(settings_read(&settings, (struct str){deep, sizeof deep}, "m.json", &error),
                     STATUS_INVALID);
    assert_string_equal(
        error.message,
        "m.json: line 1, column 2049: not valid JSON: maximum parsing depth reached");
}

static void says_how_many_faults_are_left_out(void **state)
{
    (void)state;
    struct text_buffer json = repeated("{\"comparisons\":[", "3", "]}", 900);
    struct settings settings;
    struct error error = {0};
    assert_int_equal(settings_read(&settings, text_str(&json), "m.json", &error), STATUS_INVALID);
    assert_string_equal(error.message, "m.json has 900 faults");
    size_t lines = 1;
    const char *last = error.detail;
    for (const char *at = error.detail; *at != '\0'; at++) {
        if (*at == '\n') {
            lines++;
            last = at + 1;
        }
    }
    char expected[64];
    snprintf(expected, sizeof expected, "and %zu more", 900 - (lines - 1));
    assert_string_equal(last, expected);
    assert_true(lines > 90);
    text_free(&json);
}

/* ---- what is right ---- */

static void read_good(struct settings *out, const char *json)
{
    struct error error = {0};
    if (settings_read(out, str_from(json), "m.json", &error) != 0) {
        fail_msg("%s: %s", error.message, error.detail);
    }
}

static void applies_defaults(void **state)
{
    (void)state;
    struct settings settings;
    read_good(&settings, MODEL_TOP(""));
    assert_int_equal(settings.link_type, SETTINGS_DEDUPE_ONLY);
    assert_true(settings.probability_two_random_records_match == 0.0001);
    assert_true(settings.retain_matching_columns);
    assert_false(settings.retain_intermediate_calculation_columns);
    assert_int_equal(settings.additional_columns_to_retain.count, 0);
    assert_text(settings.sql_dialect, "duckdb");
    assert_null(settings.linker_uid.ptr);
    assert_true(settings.em_convergence == 0.0001);
    assert_int_equal(settings.max_iterations, 25);
    assert_text(settings.bayes_factor_column_prefix, "bf_");
    assert_text(settings.match_weight_column_prefix, "mw_");
    assert_text(settings.term_frequency_adjustment_column_prefix, "tf_");
    assert_text(settings.comparison_vector_value_column_prefix, "gamma_");
    assert_text(settings.unique_id_column_name, "unique_id");
    assert_text(settings.source_dataset_column_name, "source_dataset");
    assert_int_equal(settings.rule_count, 0);
    assert_int_equal(settings.comparison_count, 1);

    const struct settings_comparison *comparison = &settings.comparisons[0];
    assert_null(comparison->output_column_name.ptr);
    assert_text(comparison->comparison_description, "CustomComparison");
    assert_int_equal(comparison->level_count, 2);
    const struct settings_level *level = &comparison->levels[0];
    assert_text(level->label_for_charts, "a_l = a_r");
    assert_false(level->is_null_level);
    assert_false(level->is_else);
    assert_false(level->has_m);
    assert_false(level->has_u);
    assert_true(level->m_probability == 0.95);
    assert_true(level->u_probability == 0.000927734375);
    assert_false(level->fix_m_probability);
    assert_false(level->fix_u_probability);
    assert_null(level->tf_adjustment_column.ptr);
    assert_true(level->tf_adjustment_weight == 1);
    assert_true(level->tf_minimum_u_value == 0);
    assert_false(level->disable_tf_exact_match_detection);
    assert_true(comparison->levels[1].is_else);
    settings_free(&settings);
}

static void takes_null_for_what_may_be_left_out(void **state)
{
    (void)state;
    struct settings settings;
    read_good(&settings,
              MODEL_WITH(",\"link_type\":null,\"linker_uid\":null,\"sql_dialect\":null,"
                         "\"max_iterations\":null,\"blocking_rules_to_generate_predictions\":["
                         "{\"blocking_rule\":\"1=1\",\"sql_dialect\":null,"
                         "\"salting_partitions\":null,\"arrays_to_explode\":null},"
                         "{\"blocking_rule\":\"2=2\",\"arrays_to_explode\":[]}]",
                         ",\"output_column_name\":null,\"comparison_description\":\"\"",
                         ",\"m_probability\":null,\"tf_adjustment_column\":null,"
                         "\"tf_adjustment_weight\":null,\"is_null_level\":null,"
                         "\"label_for_charts\":\"\""));
    assert_int_equal(settings.max_iterations, 25);
    assert_int_equal(settings.rule_count, 2);
    assert_null(settings.comparisons[0].output_column_name.ptr);
    assert_text(settings.comparisons[0].comparison_description, "CustomComparison");
    assert_text(settings.comparisons[0].levels[0].label_for_charts, "a_l = a_r");
    assert_false(settings.comparisons[0].levels[0].has_m);
    settings_free(&settings);
}

static void reads_every_key(void **state)
{
    (void)state;
    struct settings settings;
    read_good(&settings,
              MODEL_WITH(",\"link_type\":\"link_and_dedupe\","
                         "\"probability_two_random_records_match\":1,"
                         "\"retain_matching_columns\":false,"
                         "\"retain_intermediate_calculation_columns\":true,"
                         "\"additional_columns_to_retain\":[\"x\",\"y\"],"
                         "\"sql_dialect\":\"spark\",\"linker_uid\":\"q\",\"em_convergence\":0,"
                         "\"max_iterations\":0,\"bayes_factor_column_prefix\":\"\","
                         "\"match_weight_column_prefix\":\"w_\","
                         "\"term_frequency_adjustment_column_prefix\":\"t_\","
                         "\"comparison_vector_value_column_prefix\":\"g_\","
                         "\"unique_id_column_name\":\"id\",\"source_dataset_column_name\":\"s\","
                         "\"blocking_rules_to_generate_predictions\":[\"l.a = r.a\","
                         "{\"blocking_rule\":\"l.b = r.b\",\"sql_dialect\":\"spark\","
                         "\"salting_partitions\":4}]",
                         ",\"output_column_name\":\"first name\",\"comparison_description\":\"d\"",
                         ",\"label_for_charts\":\"Größe\",\"m_probability\":0,\"u_probability\":-0,"
                         "\"fix_m_probability\":true,\"fix_u_probability\":true,"
                         "\"tf_adjustment_column\":\"\\\"a\\\"\",\"tf_adjustment_weight\":0,"
                         "\"tf_minimum_u_value\":0.25,\"disable_tf_exact_match_detection\":true"));
    assert_int_equal(settings.link_type, SETTINGS_LINK_AND_DEDUPE);
    assert_true(settings.probability_two_random_records_match == 1);
    assert_false(settings.retain_matching_columns);
    assert_true(settings.retain_intermediate_calculation_columns);
    assert_int_equal(settings.additional_columns_to_retain.count, 2);
    assert_text(settings.additional_columns_to_retain.items[1], "y");
    assert_text(settings.sql_dialect, "spark");
    assert_text(settings.linker_uid, "q");
    assert_true(settings.em_convergence == 0);
    assert_int_equal(settings.max_iterations, 0);
    assert_text(settings.bayes_factor_column_prefix, "");
    assert_text(settings.match_weight_column_prefix, "w_");
    assert_text(settings.term_frequency_adjustment_column_prefix, "t_");
    assert_text(settings.comparison_vector_value_column_prefix, "g_");
    assert_text(settings.unique_id_column_name, "id");
    assert_text(settings.source_dataset_column_name, "s");
    assert_int_equal(settings.rule_count, 2);
    assert_text(settings.rules[0].blocking_rule, "l.a = r.a");
    assert_true(settings.rules[0].is_plain);
    assert_text(settings.rules[1].blocking_rule, "l.b = r.b");
    assert_text(settings.rules[1].sql_dialect, "spark");
    assert_int_equal(settings.rules[1].salting_partitions, 4);
    assert_false(settings.rules[1].is_plain);
    assert_text(settings.comparisons[0].output_column_name, "first name");
    assert_text(settings.comparisons[0].comparison_description, "d");

    const struct settings_level *level = &settings.comparisons[0].levels[0];
    assert_text(level->label_for_charts, "Größe");
    assert_true(level->has_m);
    assert_true(level->has_u);
    assert_true(level->m_probability == 0);
    assert_true(level->u_probability == 0 && !signbit(level->u_probability));
    assert_true(level->fix_m_probability);
    assert_true(level->fix_u_probability);
    assert_text(level->tf_adjustment_column, "\"a\"");
    assert_true(level->tf_adjustment_weight == 0);
    assert_true(level->tf_minimum_u_value == 0.25);
    assert_true(level->disable_tf_exact_match_detection);
    settings_free(&settings);
}

static void passes_over_a_byte_order_mark(void **state)
{
    (void)state;
    struct settings settings;
    read_good(&settings, "\xEF\xBB\xBF" MODEL_TOP(""));
    settings_free(&settings);
}

static void reads_models_of_every_splink(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        size_t comparisons, rules;
        double prior;
    } models[] = {
        {"tests/data/people/model.json", 8, 6, 0.0003886497090726257},
        {"tests/data/small/model.json", 5, 4, 0.004520621729763004},
        {"tests/data/models/splink-3.9.15.json", 4, 2, 0.0001},
        {"tests/data/models/splink-5.0.0.json", 3, 2, 0.0001},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(models); i++) {
        struct text_buffer json = read_file(models[i].path);
        struct settings settings;
        read_good(&settings, json.ptr);
        assert_int_equal(settings.comparison_count, models[i].comparisons);
        assert_int_equal(settings.rule_count, models[i].rules);
        assert_true(settings.probability_two_random_records_match == models[i].prior);
        settings_free(&settings);
        text_free(&json);
    }
}

/* ---- memory ---- */

static int read_and_free(void *context, struct error *error)
{
    struct settings settings;
    int status = settings_read(&settings, *(struct str *)context, "m.json", error);
    if (status == 0) {
        settings_free(&settings);
    }
    return status;
}

static void survives_every_failed_allocation(void **state)
{
    (void)state;
    struct text_buffer json = read_file("tests/data/small/model.json");
    struct str text = text_str(&json);
    assert_true(fail_every_allocation(read_and_free, &text) > 100);
    text_free(&json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_wrong_members_of_the_model),
        cmocka_unit_test(refuses_wrong_comparisons),
        cmocka_unit_test(refuses_wrong_rules),
        cmocka_unit_test(refuses_unknown_keys_and_suggests_known_ones),
        cmocka_unit_test(reports_all_faults_at_once),
        cmocka_unit_test(shows_only_the_beginning_of_a_long_text),
        cmocka_unit_test(refuses_what_is_no_json),
        cmocka_unit_test(limits_the_length_of_lists),
        cmocka_unit_test(limits_all_levels_together),
        cmocka_unit_test(limits_size_and_depth),
        cmocka_unit_test(says_how_many_faults_are_left_out),
        cmocka_unit_test(applies_defaults),
        cmocka_unit_test(takes_null_for_what_may_be_left_out),
        cmocka_unit_test(reads_every_key),
        cmocka_unit_test(passes_over_a_byte_order_mark),
        cmocka_unit_test(reads_models_of_every_splink),
        cmocka_unit_test(survives_every_failed_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
