/* Models compiled against columns: numbers, names, term frequencies, and all faults by message. */
#include "linkage/model.h"

#include <math.h>
#include <stdio.h>

#include "base/compiler.h"
#include "base/memory.h"
#include "model_support.h"

static const struct str names[] = {STR("a"), STR("b"), STR("C c"), STR("surname")};
static const struct expr_schema schema = {names, ARRAY_LENGTH(names)};

static void load_good(struct model *out, const char *json)
{
    struct error error = {0};
    if (model_load(out, str_from(json), "m.json", &schema, &error) != 0) {
        fail_msg("%s: %s", error.message, error.detail);
    }
}

/* ---- numbers ---- */

static void weighs_levels(void **state)
{
    (void)state;
    struct model model;
    load_good(&model,
              MODEL_LEVELS(
                  "{\"sql_condition\":\"a_l is null\",\"is_null_level\":true},"
                  "{\"sql_condition\":\"a_l = a_r\",\"m_probability\":0.5,\"u_probability\":0.125},"
                  "{\"sql_condition\":\"a_l = '1'\",\"m_probability\":0,\"u_probability\":0.5},"
                  "{\"sql_condition\":\"a_l = '2'\",\"m_probability\":0.5,\"u_probability\":0},"
                  "{\"sql_condition\":\"a_l = '3'\",\"m_probability\":0,\"u_probability\":0},"
                  "{\"sql_condition\":\"a_l = '4'\",\"m_probability\":1,\"u_probability\":1e-310},"
                  "{\"sql_condition\":\"a_l = '5'\",\"m_probability\":1e-310,\"u_probability\":1},"
                  "{\"sql_condition\":\"a_l = '6'\"},"
                  "{\"sql_condition\":\"ELSE\",\"m_probability\":0.1,\"u_probability\":0.3}"));
    const struct model_comparison *comparison = &model.comparisons[0];
    static const double factors[] = {1, 4, 0, INFINITY, 1, INFINITY, 1e-310};
    static const double weights[] = {0, 2, -INFINITY, INFINITY, 0};
    assert_int_equal(comparison->level_count, 9);
    for (size_t i = 0; i < ARRAY_LENGTH(factors); i++) {
        assert_true(comparison->levels[i].bayes_factor == factors[i]);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(weights); i++) {
        assert_true(comparison->levels[i].weight == weights[i]);
    }
    /* log2(1e310) = 310 log2(10), though 1e310 is no double. */
    assert_true(fabs(comparison->levels[5].weight - 1029.79771) < 1e-5);
    assert_true(fabs(comparison->levels[6].weight + 1029.79771) < 1e-5);
    /* Untrained: the defaults of eight levels. */
    assert_true(comparison->levels[7].bayes_factor ==
                settings_default_m(8, 1) / settings_default_u(8, 1));
    assert_true(comparison->levels[8].weight == log2(0.1 / 0.3));
    static const int gammas[] = {-1, 7, 6, 5, 4, 3, 2, 1, 0};
    for (size_t i = 0; i < ARRAY_LENGTH(gammas); i++) {
        assert_int_equal(comparison->levels[i].gamma, gammas[i]);
        assert_int_equal(comparison->levels[i].condition == NULL, i == 8);
        assert_int_equal(comparison->levels[i].tf_column, MODEL_NO_COLUMN);
    }
    assert_true(comparison->has_else);
    assert_false(comparison->has_term_frequencies);
    model_free(&model);
}

static void a_single_level_weighs_nothing_unless_trained(void **state)
{
    (void)state;
    struct model model;
    load_good(&model,
              MODEL_COMPARISONS("{\"comparison_levels\":[{\"sql_condition\":\"a_l = a_r\"}]},"
                                "{\"comparison_levels\":[{\"sql_condition\":\"b_l = b_r\","
                                "\"m_probability\":0.5,\"u_probability\":0.25}]}"));
    assert_true(model.comparisons[0].levels[0].weight == 0);
    assert_false(model.comparisons[0].has_else);
    assert_true(model.comparisons[1].levels[0].weight == 1);
    model_free(&model);
}

static void weighs_the_prior(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        double weight;
    } cases[] = {
        {MODEL_TOP(",\"probability_two_random_records_match\":0.5"), 0},
        {MODEL_TOP(",\"probability_two_random_records_match\":0.2"), -2},
        {MODEL_TOP(",\"probability_two_random_records_match\":0"), -INFINITY},
        {MODEL_TOP(",\"probability_two_random_records_match\":1"), INFINITY},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct model model;
        load_good(&model, cases[i].json);
        assert_true(model.prior_weight == cases[i].weight);
        model_free(&model);
    }
}

/* ---- columns, rules, names ---- */

static void without_rules_all_pairs_meet(void **state)
{
    (void)state;
    static const char *const cases[] = {MODEL_TOP(""), MODEL_RULES("[]")};
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct model model;
        load_good(&model, cases[i]);
        assert_int_equal(model.rule_count, 1);
        assert_text(model.rules[0].text, "1=1");
        assert_non_null(model.rules[0].condition);
        model_free(&model);
    }
}

static void knows_the_columns_it_needs(void **state)
{
    (void)state;
    struct model model;
    load_good(&model, MODEL_WITH(",\"blocking_rules_to_generate_predictions\":"
                                 "[\"l.\\\"c C\\\" = r.\\\"C c\\\"\"]",
                                 "", ",\"tf_adjustment_column\":\"A\""));
    assert_true(column_set_has(&model.columns, 0));
    assert_false(column_set_has(&model.columns, 1));
    assert_true(column_set_has(&model.columns, 2));
    assert_false(column_set_has(&model.columns, 3));
    assert_true(column_set_has(&model.comparisons[0].columns, 0));
    assert_false(column_set_has(&model.comparisons[0].columns, 2));
    model_free(&model);
}

/* A comparison of one level, with further members before it. */
#define UNNAMED(more, sql) "{" more "\"comparison_levels\":[{\"sql_condition\":\"" sql "\"}]}"
#define NAMED(name, sql)   UNNAMED("\"output_column_name\":\"" name "\",", sql)

static void names_comparisons(void **state)
{
    (void)state;
    /* clang-format off */
    static const char json[] = "{\"comparisons\":["
        UNNAMED("", "a_l = a_r") ","
        UNNAMED("", "\\\"C c_r\\\" = \\\"c C_l\\\"") ","
        UNNAMED("", "surname_l = a_r and b_l = a_r") ","
        UNNAMED("", "1 = 1") ","
        NAMED("my own name", "1 = 1") ","
        "{\"comparison_levels\":[{\"sql_condition\":\"b_l = b_r\"},"
        "{\"sql_condition\":\"a_l = a_r or b_l = b_r\"}]}"
        "]}";
    /* clang-format on */
    struct model model;
    load_good(&model, json);
    static const char *const expected[] = {"a",       "C_c",         "custom_a_b_surname",
                                           "custom_", "my_own_name", "custom_b_a"};
    assert_int_equal(model.comparison_count, ARRAY_LENGTH(expected));
    for (size_t i = 0; i < ARRAY_LENGTH(expected); i++) {
        assert_text(model.comparisons[i].name, expected[i]);
    }
    model_free(&model);
}

/* ---- term frequencies ---- */

#define EXACT_SURNAME "{\"sql_condition\":\"surname_l = surname_r\",\"u_probability\":0.25"
#define FUZZY_SURNAME                                                                      \
    "{\"sql_condition\":\"levenshtein(surname_l, surname_r) <= 1\",\"u_probability\":0.5," \
    "\"tf_adjustment_column\":\"SURNAME\""

static void starts_from_the_u_of_the_exact_match(void **state)
{
    (void)state;
    struct model model;
    load_good(
        &model,
        MODEL_LEVELS(
            "{\"sql_condition\":\"surname_l = surname_r\",\"is_null_level\":true},"
            "{\"sql_condition\":\"surname_l = surname_r and a_l = a_r\"},"
            "{\"sql_condition\":\"a_l = a_r\"}," EXACT_SURNAME "},"
            "{\"sql_condition\":\"surname_r = surname_l\",\"u_probability\":0.75}," FUZZY_SURNAME
            ",\"tf_adjustment_weight\":0.5,"
            "\"tf_minimum_u_value\":0.001}"));
    const struct model_level *level = &model.comparisons[0].levels[5];
    assert_int_equal(level->tf_column, 3);
    assert_true(level->tf_u_base == 0.25);
    assert_true(level->tf_weight == 0.5);
    assert_true(level->tf_minimum_u_value == 0.001);
    assert_true(model.comparisons[0].has_term_frequencies);
    assert_int_equal(model.comparisons[0].levels[3].exact_column, 3);
    assert_int_equal(model.comparisons[0].levels[1].exact_column, MODEL_NO_COLUMN);
    assert_int_equal(model.comparisons[0].levels[3].tf_column, MODEL_NO_COLUMN);
    model_free(&model);
}

static void starts_from_its_own_u_when_told(void **state)
{
    (void)state;
    struct model model;
    load_good(&model, MODEL_LEVELS(EXACT_SURNAME "}," FUZZY_SURNAME
                                                 ",\"disable_tf_exact_match_detection\":true}"));
    assert_true(model.comparisons[0].levels[1].tf_u_base == 0.5);
    model_free(&model);
}

static void the_adjusted_column_need_not_be_compared(void **state)
{
    (void)state;
    struct model model;
    load_good(&model, MODEL_LEVEL(",\"tf_adjustment_column\":\"\\\"c C\\\"\",\"u_probability\":0.5,"
                                  "\"disable_tf_exact_match_detection\":true"));
    assert_int_equal(model.comparisons[0].levels[0].tf_column, 2);
    assert_true(column_set_has(&model.columns, 2));
    assert_false(column_set_has(&model.comparisons[0].columns, 2));
    model_free(&model);
}

static void some_levels_have_no_adjustment(void **state)
{
    (void)state;
    static const char *const cases[] = {
        MODEL_LEVELS("{\"sql_condition\":\"ELSE\",\"tf_adjustment_column\":\"a\"}"),
        MODEL_LEVELS("{\"sql_condition\":\"a_l = a_r\",\"is_null_level\":true,"
                     "\"tf_adjustment_column\":\"a\"}"),
        /* No exact match on b is missed, as nothing is adjusted. */
        MODEL_LEVEL(",\"tf_adjustment_column\":\"b\",\"tf_adjustment_weight\":0"),
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct model model;
        load_good(&model, cases[i]);
        assert_int_equal(model.comparisons[0].levels[0].tf_column, MODEL_NO_COLUMN);
        assert_false(model.comparisons[0].has_term_frequencies);
        model_free(&model);
    }
}

/* ---- faults ---- */

#define RULES "blocking_rules_to_generate_predictions"

static void refuses_what_cannot_run(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        const char *detail;
    } cases[] = {
        {MODEL_LEVELS("{\"sql_condition\":\"\\\"nope_l\\\" = a_r\"}"),
         "comparisons.0.comparison_levels.0.sql_condition: column \"nope_l\" does not exist (at "
         "character 2); columns are: C c, a, b, surname"},
        {MODEL_RULES("[\"l.a = r.a\",\"l.nope = r.a\"]"),
         RULES ".1: column \"nope\" does not exist (at character 3); columns are: C c, a, b, "
               "surname"},
        {MODEL_RULES("[{\"blocking_rule\":\"l.nope = r.a\"}]"),
         RULES ".0.blocking_rule: column \"nope\" does not exist (at character 3); columns are: "
               "C c, a, b, surname"},
        {MODEL_LEVEL(",\"tf_adjustment_column\":\"nope\""),
         "comparisons.0.comparison_levels.0.tf_adjustment_column: column \"nope\" does not "
         "exist; columns are: C c, a, b, surname"},
        {MODEL_LEVELS("{\"sql_condition\":\"ELSE\",\"tf_adjustment_column\":\"nope\"}"),
         "comparisons.0.comparison_levels.0.tf_adjustment_column: column \"nope\" does not "
         "exist; columns are: C c, a, b, surname"},
        {MODEL_LEVELS(FUZZY_SURNAME "}"),
         "comparisons.0.comparison_levels.0.tf_adjustment_column: no level of this comparison is "
         "an exact match on \"SURNAME\" alone, from whose u the adjustment starts; add such a "
         "level, or set disable_tf_exact_match_detection to true to start from this level's own "
         "u"},
        {MODEL_COMPARISONS(UNNAMED("", "a_l = a_r") "," NAMED("A", "b_l = b_r")),
         "comparisons.1.output_column_name: \"A\" is the name of comparisons.0, too; every "
         "comparison needs one of its own"},
        {MODEL_COMPARISONS(NAMED("x y", "a_l = a_r") "," NAMED("x_y", "b_l = b_r")),
         "comparisons.1.output_column_name: \"x_y\" is the name of comparisons.0, too; every "
         "comparison needs one of its own"},
    };
    uint64_t before = memory_in_use();
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct model model;
        struct error error = {0};
        assert_int_equal(model_load(&model, str_from(cases[i].json), "m.json", &schema, &error),
                         STATUS_INVALID);
        assert_string_equal(error.detail, cases[i].detail);
        assert_string_equal(error.message, "m.json has 1 fault");
    }
    assert_int_equal(memory_in_use(), before);
}

static void reports_structure_and_conditions_together(void **state)
{
    (void)state;
    struct model model;
    struct error error = {0};
    struct str json = STR("{\"max_iterations\":\"x\",\"comparisons\":["
                          "{\"comparison_levels\":[{\"sql_condition\":\"nope_l = a_r\"},"
                          /* What is missing may be the exact match that the next level wants. */
                          "{\"m_probability\":0.5}," FUZZY_SURNAME "}]},"
                          "{\"comparison_levels\":[{\"sql_condition\":\"ELSE\","
                          "\"tf_adjustment_column\":\"no\"}]}],"
                          "\"blocking_rules_to_generate_predictions\":[{},\"l.no = r.a\"]}");
    assert_int_equal(model_load(&model, json, "m.json", &schema, &error), STATUS_INVALID);
    assert_string_equal(error.message, "m.json has 6 faults");
    assert_string_equal(
        error.detail,
        "max_iterations: must be a whole number of at least 0, not \"x\"\n"
        "comparisons.0.comparison_levels.1.sql_condition: is missing\n" RULES
        ".0.blocking_rule: is missing\n" RULES
        ".1: column \"no\" does not exist (at character 3); columns are: C c, a, b, surname\n"
        "comparisons.0.comparison_levels.0.sql_condition: column \"nope_l\" does not exist (at "
        "character 1)\n"
        "comparisons.1.comparison_levels.0.tf_adjustment_column: column \"no\" does not exist; "
        "columns are: C c, a, b, surname");
}

static void lists_a_dozen_columns(void **state)
{
    (void)state;
    enum { COUNT = 15 };
    char texts[COUNT][4];
    struct str many[COUNT];
    for (int i = 0; i < COUNT; i++) {
        snprintf(texts[i], sizeof texts[i], "x%02d", (i * 7) % COUNT);
        many[i] = str_from(texts[i]);
    }
    struct expr_schema wide = {many, COUNT};
    struct model model;
    struct error error = {0};
    struct str json = STR(MODEL_LEVELS("{\"sql_condition\":\"ELSE\","
                                       "\"tf_adjustment_column\":\"y\"}"));
    assert_int_equal(model_load(&model, json, "m.json", &wide, &error), STATUS_INVALID);
    assert_string_equal(error.detail,
                        "comparisons.0.comparison_levels.0.tf_adjustment_column: column \"y\" "
                        "does not exist; columns are: x00, x01, x02, x03, x04, x05, x06, x07, "
                        "x08, x09, x10, x11, …");
}

static void refuses_more_columns_than_a_set_holds(void **state)
{
    (void)state;
    static struct str many[COLUMNS_MAX + 1];
    for (size_t i = 0; i < ARRAY_LENGTH(many); i++) {
        many[i] = STR("a");
    }
    struct model model;
    struct error error = {0};
    struct expr_schema wide = {many, ARRAY_LENGTH(many)};
    assert_int_equal(model_load(&model, STR(MODEL_TOP("")), "m.json", &wide, &error),
                     STATUS_INVALID);
    assert_string_equal(error.message, "the records have 1025 columns; at most 1024 are allowed");
}

static void refuses_what_is_no_json(void **state)
{
    (void)state;
    struct model model;
    struct error error = {0};
    assert_int_equal(model_load(&model, STR("{"), "m.json", &schema, &error), STATUS_INVALID);
    assert_string_equal(error.message,
                        "m.json: line 1, column 1: not valid JSON: string or '}' expected");
}

static void compiles_settings_that_it_does_not_own(void **state)
{
    (void)state;
    struct settings settings;
    struct error error = {0};
    assert_int_equal(settings_read(&settings, STR(MODEL_TOP("")), "m.json", &error), 0);
    struct model model;
    assert_int_equal(model_compile(&model, &settings, "m.json", &schema, &error), 0);
    assert_ptr_equal(model.settings, &settings);
    assert_ptr_equal(model.comparisons[0].settings, &settings.comparisons[0]);
    model_free(&model);
    struct expr_schema other = {names + 1, 1};
    assert_int_equal(model_compile(&model, &settings, "m.json", &other, &error), STATUS_INVALID);
    settings_free(&settings);
    model_free(NULL);
}

/* ---- whole models, memory ---- */

static const struct str people[] = {
    STR("data_source"),
    STR("source_person_id"),
    STR("first_name"),
    STR("last_name"),
    STR("sex"),
    STR("race"),
    STR("birth_date"),
    STR("death_date"),
    STR("social_security_number"),
    STR("address"),
    STR("city"),
    STR("state"),
    STR("zip_code"),
    STR("county"),
    STR("phone"),
    STR("surname"),
    STR("dob"),
    STR("postcode"),
    STR("email"),
    STR("unique_id"),
};
static const struct expr_schema people_schema = {people, ARRAY_LENGTH(people)};

static void compiles_models_of_every_splink(void **state)
{
    (void)state;
    static const char *const paths[] = {
        "tests/data/people/model.json",
        "tests/data/small/model.json",
        "tests/data/models/splink-3.9.15.json",
        "tests/data/models/splink-5.0.0.json",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(paths); i++) {
        struct text_buffer json = read_file(paths[i]);
        struct model model;
        struct error error = {0};
        if (model_load(&model, text_str(&json), paths[i], &people_schema, &error) != 0) {
            fail_msg("%s\n%s", error.message, error.detail);
        }
        model_free(&model);
        text_free(&json);
    }
}

static int load_and_free(void *context, struct error *error)
{
    struct model model;
    int status = model_load(&model, *(struct str *)context, "m.json", &people_schema, error);
    if (status == 0) {
        model_free(&model);
    }
    return status;
}

static void survives_every_failed_allocation(void **state)
{
    (void)state;
    struct text_buffer json = read_file("tests/data/small/model.json");
    struct str text = text_str(&json);
    assert_true(fail_every_allocation(load_and_free, &text) > 100);
    text_free(&json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weighs_levels),
        cmocka_unit_test(a_single_level_weighs_nothing_unless_trained),
        cmocka_unit_test(weighs_the_prior),
        cmocka_unit_test(without_rules_all_pairs_meet),
        cmocka_unit_test(knows_the_columns_it_needs),
        cmocka_unit_test(names_comparisons),
        cmocka_unit_test(starts_from_the_u_of_the_exact_match),
        cmocka_unit_test(starts_from_its_own_u_when_told),
        cmocka_unit_test(the_adjusted_column_need_not_be_compared),
        cmocka_unit_test(some_levels_have_no_adjustment),
        cmocka_unit_test(refuses_what_cannot_run),
        cmocka_unit_test(reports_structure_and_conditions_together),
        cmocka_unit_test(lists_a_dozen_columns),
        cmocka_unit_test(refuses_more_columns_than_a_set_holds),
        cmocka_unit_test(refuses_what_is_no_json),
        cmocka_unit_test(compiles_settings_that_it_does_not_own),
        cmocka_unit_test(compiles_models_of_every_splink),
        cmocka_unit_test(survives_every_failed_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
