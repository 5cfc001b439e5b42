#include "linkage/settings.h"

#include "base/json.h"

/* The order of the keys, and which are left out, is Splink 4's (Splink behaviour notes, 1.6). */

static void write_text(struct json_writer *writer, const char *key, struct str text)
{
    json_write_key(writer, key);
    json_write_string(writer, text);
}

static void write_number(struct json_writer *writer, const char *key, double number)
{
    json_write_key(writer, key);
    json_write_double(writer, number);
}

static void write_boolean(struct json_writer *writer, const char *key, bool value)
{
    json_write_key(writer, key);
    json_write_boolean(writer, value);
}

static void write_level(struct json_writer *writer, const struct settings_level *level)
{
    json_write_open_object(writer);
    write_text(writer, "sql_condition", level->sql_condition);
    write_text(writer, "label_for_charts", level->label_for_charts);
    if (level->has_m) {
        write_number(writer, "m_probability", level->m_probability);
    }
    if (level->has_u) {
        write_number(writer, "u_probability", level->u_probability);
    }
    write_boolean(writer, "fix_m_probability", level->fix_m_probability);
    write_boolean(writer, "fix_u_probability", level->fix_u_probability);
    if (level->tf_adjustment_column.ptr != NULL) {
        write_text(writer, "tf_adjustment_column", level->tf_adjustment_column);
        if (level->tf_minimum_u_value != 0) {
            write_number(writer, "tf_minimum_u_value", level->tf_minimum_u_value);
        }
        write_number(writer, "tf_adjustment_weight", level->tf_adjustment_weight);
    }
    if (level->is_null_level) {
        write_boolean(writer, "is_null_level", true);
    }
    if (level->disable_tf_exact_match_detection) {
        write_boolean(writer, "disable_tf_exact_match_detection", true);
    }
    json_write_close_object(writer);
}

static void write_comparison(struct json_writer *writer,
                             const struct settings_comparison *comparison)
{
    json_write_open_object(writer);
    if (comparison->output_column_name.ptr != NULL) {
        write_text(writer, "output_column_name", comparison->output_column_name);
    }
    json_write_key(writer, "comparison_levels");
    json_write_open_array(writer);
    for (size_t i = 0; i < comparison->level_count; i++) {
        write_level(writer, &comparison->levels[i]);
    }
    json_write_close_array(writer);
    write_text(writer, "comparison_description", comparison->comparison_description);
    json_write_close_object(writer);
}

static void write_rule(struct json_writer *writer, const struct settings *settings,
                       const struct settings_rule *rule)
{
    json_write_open_object(writer);
    write_text(writer, "blocking_rule", rule->blocking_rule);
    write_text(writer, "sql_dialect",
               rule->sql_dialect.ptr != NULL ? rule->sql_dialect : settings->sql_dialect);
    /* Splink refuses fewer than two; they mean the same as none. */
    if (rule->salting_partitions > 1) {
        json_write_key(writer, "salting_partitions");
        json_write_unsigned(writer, rule->salting_partitions);
    }
    json_write_close_object(writer);
}

static void write_head(struct json_writer *writer, const struct settings *settings)
{
    write_text(writer, "link_type", settings_link_type_name(settings->link_type));
    write_number(writer, "probability_two_random_records_match",
                 settings->probability_two_random_records_match);
    write_boolean(writer, "retain_matching_columns", settings->retain_matching_columns);
    write_boolean(writer, "retain_intermediate_calculation_columns",
                  settings->retain_intermediate_calculation_columns);
    json_write_key(writer, "additional_columns_to_retain");
    json_write_open_array(writer);
    for (size_t i = 0; i < settings->additional_columns_to_retain.count; i++) {
        json_write_string(writer, settings->additional_columns_to_retain.items[i]);
    }
    json_write_close_array(writer);
    write_text(writer, "sql_dialect", settings->sql_dialect);
    write_text(writer, "linker_uid", settings->linker_uid);
    write_number(writer, "em_convergence", settings->em_convergence);
    json_write_key(writer, "max_iterations");
    json_write_unsigned(writer, settings->max_iterations);
    write_text(writer, "bayes_factor_column_prefix", settings->bayes_factor_column_prefix);
    write_text(writer, "term_frequency_adjustment_column_prefix",
               settings->term_frequency_adjustment_column_prefix);
    write_text(writer, "comparison_vector_value_column_prefix",
               settings->comparison_vector_value_column_prefix);
    write_text(writer, "unique_id_column_name", settings->unique_id_column_name);
    write_text(writer, "source_dataset_column_name", settings->source_dataset_column_name);
}

void settings_write(struct text_buffer *out, const struct settings *settings)
{
    struct json_writer writer;
    json_write_begin(&writer, out, 4);
    writer.ascii = true;
    json_write_open_object(&writer);
    write_head(&writer, settings);
    json_write_key(&writer, "blocking_rules_to_generate_predictions");
    json_write_open_array(&writer);
    for (size_t i = 0; i < settings->rule_count; i++) {
        write_rule(&writer, settings, &settings->rules[i]);
    }
    json_write_close_array(&writer);
    json_write_key(&writer, "comparisons");
    json_write_open_array(&writer);
    for (size_t i = 0; i < settings->comparison_count; i++) {
        write_comparison(&writer, &settings->comparisons[i]);
    }
    json_write_close_array(&writer);
    json_write_close_object(&writer);
}
