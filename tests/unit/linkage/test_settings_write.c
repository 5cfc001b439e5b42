/* Writing models: byte for byte what Splink writes, and what is read again. */
#include "linkage/settings.h"

#include "base/compiler.h"
#include "base/memory.h"
#include "model_support.h"

static struct text_buffer rewrite(struct str json)
{
    struct settings settings;
    struct error error = {0};
    if (settings_read(&settings, json, "m.json", &error) != 0) {
        fail_msg("%s: %s", error.message, error.detail);
    }
    struct text_buffer out = TEXT_BUFFER(SETTINGS_MAX_BYTES);
    settings_write(&out, &settings);
    assert_false(out.failed);
    settings_free(&settings);
    return out;
}

static void writes_what_splink_4_wrote(void **state)
{
    (void)state;
    static const char *const paths[] = {"tests/data/people/model.json",
                                        "tests/data/small/model.json"};
    for (size_t i = 0; i < ARRAY_LENGTH(paths); i++) {
        struct text_buffer json = read_file(paths[i]);
        struct text_buffer out = rewrite(text_str(&json));
        assert_int_equal(out.len, json.len);
        assert_memory_equal(out.ptr, json.ptr, json.len);
        text_free(&out);
        text_free(&json);
    }
}

static void what_it_wrote_says_the_same_when_read(void **state)
{
    (void)state;
    static const char *const paths[] = {
        "tests/data/models/splink-3.9.15.json",
        "tests/data/models/splink-5.0.0.json",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(paths); i++) {
        struct text_buffer json = read_file(paths[i]);
        struct text_buffer once = rewrite(text_str(&json));
        struct text_buffer twice = rewrite(text_str(&once));
        assert_int_equal(once.len, twice.len);
        assert_memory_equal(once.ptr, twice.ptr, twice.len);
        text_free(&once);
        text_free(&twice);
        text_free(&json);
    }
}

/* Splink 4.0.9 loads this and writes it so itself, but for the zeros, which it drops, and for the
   description, which it forgets. */
static const char everything[] =
    "{\n"
    "    \"link_type\": \"link_only\",\n"
    "    \"probability_two_random_records_match\": 1e-05,\n"
    "    \"retain_matching_columns\": false,\n"
    "    \"retain_intermediate_calculation_columns\": true,\n"
    "    \"additional_columns_to_retain\": [\n"
    "        \"x\"\n"
    "    ],\n"
    "    \"sql_dialect\": \"duckdb\",\n"
    "    \"linker_uid\": null,\n"
    "    \"em_convergence\": 0.001,\n"
    "    \"max_iterations\": 20,\n"
    "    \"bayes_factor_column_prefix\": \"bf_\",\n"
    "    \"term_frequency_adjustment_column_prefix\": \"tf_\",\n"
    "    \"comparison_vector_value_column_prefix\": \"gamma_\",\n"
    "    \"unique_id_column_name\": \"id\",\n"
    "    \"source_dataset_column_name\": \"source_dataset\",\n"
    "    \"blocking_rules_to_generate_predictions\": [\n"
    "        {\n"
    "            \"blocking_rule\": \"l.a = r.a\",\n"
    "            \"sql_dialect\": \"duckdb\"\n"
    "        },\n"
    "        {\n"
    "            \"blocking_rule\": \"l.b = r.b\",\n"
    "            \"sql_dialect\": \"spark\",\n"
    "            \"salting_partitions\": 4\n"
    "        }\n"
    "    ],\n"
    "    \"comparisons\": [\n"
    "        {\n"
    "            \"output_column_name\": \"gr\\u00f6\\u00dfe\",\n"
    "            \"comparison_levels\": [\n"
    "                {\n"
    "                    \"sql_condition\": \"a_l is null\",\n"
    "                    \"label_for_charts\": \"\\ud83d\\ude00 \\\"\\\\ \\t\\u007f/\",\n"
    "                    \"fix_m_probability\": false,\n"
    "                    \"fix_u_probability\": false,\n"
    "                    \"is_null_level\": true\n"
    "                },\n"
    "                {\n"
    "                    \"sql_condition\": \"a_l = a_r\",\n"
    "                    \"label_for_charts\": \"a_l = a_r\",\n"
    "                    \"m_probability\": 0.0,\n"
    "                    \"u_probability\": 1.0,\n"
    "                    \"fix_m_probability\": true,\n"
    "                    \"fix_u_probability\": true,\n"
    "                    \"tf_adjustment_column\": \"a\",\n"
    "                    \"tf_minimum_u_value\": 0.001,\n"
    "                    \"tf_adjustment_weight\": 0.0,\n"
    "                    \"disable_tf_exact_match_detection\": true\n"
    "                },\n"
    "                {\n"
    "                    \"sql_condition\": \"ELSE\",\n"
    "                    \"label_for_charts\": \"ELSE\",\n"
    "                    \"fix_m_probability\": false,\n"
    "                    \"fix_u_probability\": false\n"
    "                }\n"
    "            ],\n"
    "            \"comparison_description\": \"d\"\n"
    "        }\n"
    "    ]\n"
    "}";

static void writes_every_key(void **state)
{
    (void)state;
    struct text_buffer out = rewrite(STR(everything));
    assert_string_equal(out.ptr, everything);
    text_free(&out);
}

static void leaves_out_what_splink_refuses(void **state)
{
    (void)state;
    struct text_buffer out =
        rewrite(STR(MODEL_TOP(",\"match_weight_column_prefix\":\"w_\",\"sql_dialect\":\"spark\","
                              "\"blocking_rules_to_generate_predictions\":[{\"blocking_rule\":"
                              "\"1=1\",\"salting_partitions\":1,\"arrays_to_explode\":[]}]")));
    assert_null(strstr(out.ptr, "match_weight"));
    assert_null(strstr(out.ptr, "salting"));
    assert_null(strstr(out.ptr, "explode"));
    assert_null(strstr(out.ptr, "output_column_name"));
    /* Without a dialect of its own a rule is in the model's. */
    assert_non_null(strstr(out.ptr, "\"blocking_rule\": \"1=1\",\n"
                                    "            \"sql_dialect\": \"spark\"\n"));
    text_free(&out);
}

static int write_and_free(void *context, struct error *error)
{
    struct text_buffer out = TEXT_BUFFER(SETTINGS_MAX_BYTES);
    settings_write(&out, context);
    int status = out.failed ? error_out_of_memory(error) : 0;
    text_free(&out);
    return status;
}

static void survives_every_failed_allocation(void **state)
{
    (void)state;
    struct settings settings;
    struct error error = {0};
    assert_int_equal(settings_read(&settings, STR(everything), "m.json", &error), 0);
    assert_true(fail_every_allocation(write_and_free, &settings) > 0);
    settings_free(&settings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_what_splink_4_wrote),
        cmocka_unit_test(what_it_wrote_says_the_same_when_read),
        cmocka_unit_test(writes_every_key),
        cmocka_unit_test(leaves_out_what_splink_refuses),
        cmocka_unit_test(survives_every_failed_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
