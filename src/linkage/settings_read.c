#include "linkage/settings.h"

#include "base/compiler.h"
#include "base/json_read.h"
#include "linkage/columns.h"
#include "linkage/settings_field.h"

/* All texts of a model and its structures: 10,000 levels are 2 MiB, but a list may be filled before
   the sum of them is known to be too large: 760,000 levels of the shortest kind fill 16 MiB. */
enum { MAX_ARENA = 256 << 20 };

/* ---- comparison levels ---- */

#define LEVEL(member) offsetof(struct settings_level, member)

static const struct settings_field level_fields[] = {
    {"sql_condition", SETTINGS_NAME, true, LEVEL(sql_condition), 0, NULL},
    {"label_for_charts", SETTINGS_LABEL, false, LEVEL(label_for_charts), 0, NULL},
    {"is_null_level", SETTINGS_BOOLEAN, false, LEVEL(is_null_level), 0, NULL},
    {"m_probability", SETTINGS_PROBABILITY, false, LEVEL(m_probability), LEVEL(has_m), NULL},
    {"u_probability", SETTINGS_PROBABILITY, false, LEVEL(u_probability), LEVEL(has_u), NULL},
    {"fix_m_probability", SETTINGS_BOOLEAN, false, LEVEL(fix_m_probability), 0, NULL},
    {"fix_u_probability", SETTINGS_BOOLEAN, false, LEVEL(fix_u_probability), 0, NULL},
    {"tf_adjustment_column", SETTINGS_NAME, false, LEVEL(tf_adjustment_column), 0, NULL},
    {"tf_adjustment_weight", SETTINGS_EXPONENT, false, LEVEL(tf_adjustment_weight), 0, NULL},
    {"tf_minimum_u_value", SETTINGS_PROBABILITY, false, LEVEL(tf_minimum_u_value), 0, NULL},
    {"disable_tf_exact_match_detection", SETTINGS_BOOLEAN, false,
     LEVEL(disable_tf_exact_match_detection), 0, NULL},
};

static void read_levels(struct settings_reader *reader, json_t *value, void *out)
{
    struct settings_comparison *comparison = out;
    comparison->levels = settings_read_list(reader, value, SETTINGS_MAX_LEVELS,
                                            sizeof *comparison->levels, &comparison->level_count);
    for (size_t i = 0; i < comparison->level_count && !reader->arena->failed; i++) {
        struct settings_level *level = &comparison->levels[i];
        level->tf_adjustment_weight = 1;
        size_t mark = faults_enter_item(reader->faults, i);
        settings_read_object(reader, json_array_get(value, i), level_fields,
                             ARRAY_LENGTH(level_fields), level);
        faults_leave(reader->faults, mark);
        level->is_else = str_equal_ignoring_case(str_trim(level->sql_condition), STR("ELSE"));
        if (level->label_for_charts.ptr == NULL) {
            level->label_for_charts = level->sql_condition;
        }
    }
    if (json_is_array(value) && json_array_size(value) == 0) {
        faults_add(reader->faults, "must have at least one comparison level");
    }
}

/* ---- comparisons ---- */

#define COMPARISON(member) offsetof(struct settings_comparison, member)

static const struct settings_field comparison_fields[] = {
    {"output_column_name", SETTINGS_LABEL, false, COMPARISON(output_column_name), 0, NULL},
    {"comparison_description", SETTINGS_LABEL, false, COMPARISON(comparison_description), 0, NULL},
    {"comparison_levels", SETTINGS_OTHER, true, 0, 0, read_levels},
};

static void read_comparisons(struct settings_reader *reader, json_t *value, void *out)
{
    struct settings *settings = out;
    settings->comparisons =
        settings_read_list(reader, value, SETTINGS_MAX_COMPARISONS, sizeof *settings->comparisons,
                           &settings->comparison_count);
    for (size_t i = 0; i < settings->comparison_count && !reader->arena->failed; i++) {
        struct settings_comparison *comparison = &settings->comparisons[i];
        comparison->comparison_description = STR("CustomComparison");
        size_t mark = faults_enter_item(reader->faults, i);
        settings_read_object(reader, json_array_get(value, i), comparison_fields,
                             ARRAY_LENGTH(comparison_fields), comparison);
        faults_leave(reader->faults, mark);
    }
    if (json_is_array(value) && json_array_size(value) == 0) {
        faults_add(reader->faults, "must have at least one comparison");
    }
}

/* ---- blocking rules ---- */

/* DuckDB, too, can only explode columns of lists, and there are none here. */
static void read_arrays_to_explode(struct settings_reader *reader, json_t *value, void *out)
{
    (void)out;
    if (!json_is_array(value)) {
        settings_refuse(reader, "a list", value);
    } else if (json_array_size(value) > 0) {
        faults_add(reader->faults, "must be empty: all columns are text, which holds no lists");
    }
}

#define RULE(member) offsetof(struct settings_rule, member)

static const struct settings_field rule_fields[] = {
    {"blocking_rule", SETTINGS_NAME, true, RULE(blocking_rule), 0, NULL},
    {"sql_dialect", SETTINGS_TEXT, false, RULE(sql_dialect), 0, NULL},
    {"salting_partitions", SETTINGS_COUNT, false, RULE(salting_partitions), 0, NULL},
    {"arrays_to_explode", SETTINGS_OTHER, false, 0, 0, read_arrays_to_explode},
};

static void read_rule(struct settings_reader *reader, json_t *value, struct settings_rule *rule)
{
    if (json_is_object(value)) {
        settings_read_object(reader, value, rule_fields, ARRAY_LENGTH(rule_fields), rule);
    } else if (!json_is_string(value)) {
        settings_refuse(reader, "a text or an object", value);
    } else {
        rule->is_plain = true;
        rule->blocking_rule = settings_read_text(reader, value);
        if (rule->blocking_rule.ptr != NULL && str_trim(rule->blocking_rule).len == 0) {
            faults_add(reader->faults, "must not be empty");
        }
    }
}

static void read_rules(struct settings_reader *reader, json_t *value, void *out)
{
    struct settings *settings = out;
    settings->rules = settings_read_list(reader, value, SETTINGS_MAX_RULES, sizeof *settings->rules,
                                         &settings->rule_count);
    for (size_t i = 0; i < settings->rule_count && !reader->arena->failed; i++) {
        size_t mark = faults_enter_item(reader->faults, i);
        read_rule(reader, json_array_get(value, i), &settings->rules[i]);
        faults_leave(reader->faults, mark);
    }
}

/* ---- the model ---- */

static void read_link_type(struct settings_reader *reader, json_t *value, void *out)
{
    static const enum settings_link_type types[] = {SETTINGS_DEDUPE_ONLY, SETTINGS_LINK_ONLY,
                                                    SETTINGS_LINK_AND_DEDUPE};
    struct settings *settings = out;
    struct str text = {json_string_value(value), json_string_length(value)};
    for (size_t i = 0; i < ARRAY_LENGTH(types); i++) {
        if (str_equal(text, settings_link_type_name(types[i]))) {
            settings->link_type = types[i];
            return;
        }
    }
    settings_refuse(reader, "\"dedupe_only\", \"link_only\" or \"link_and_dedupe\"", value);
}

static void read_names(struct settings_reader *reader, json_t *value, void *out)
{
    struct settings_names *names = &((struct settings *)out)->additional_columns_to_retain;
    names->items =
        settings_read_list(reader, value, COLUMNS_MAX, sizeof *names->items, &names->count);
    for (size_t i = 0; i < names->count && !reader->arena->failed; i++) {
        json_t *item = json_array_get(value, i);
        size_t mark = faults_enter_item(reader->faults, i);
        if (json_is_string(item)) {
            names->items[i] = settings_read_text(reader, item);
        } else {
            settings_refuse(reader, "a text", item);
        }
        faults_leave(reader->faults, mark);
    }
}

#define MODEL(member) offsetof(struct settings, member)

static const struct settings_field model_fields[] = {
    {"link_type", SETTINGS_OTHER, false, 0, 0, read_link_type},
    {"probability_two_random_records_match", SETTINGS_PROBABILITY, false,
     MODEL(probability_two_random_records_match), 0, NULL},
    {"comparisons", SETTINGS_OTHER, true, 0, 0, read_comparisons},
    {"blocking_rules_to_generate_predictions", SETTINGS_OTHER, false, 0, 0, read_rules},
    {"retain_matching_columns", SETTINGS_BOOLEAN, false, MODEL(retain_matching_columns), 0, NULL},
    {"retain_intermediate_calculation_columns", SETTINGS_BOOLEAN, false,
     MODEL(retain_intermediate_calculation_columns), 0, NULL},
    {"additional_columns_to_retain", SETTINGS_OTHER, false, 0, 0, read_names},
    {"sql_dialect", SETTINGS_TEXT, false, MODEL(sql_dialect), 0, NULL},
    {"linker_uid", SETTINGS_TEXT, false, MODEL(linker_uid), 0, NULL},
    {"em_convergence", SETTINGS_AMOUNT, false, MODEL(em_convergence), 0, NULL},
    {"max_iterations", SETTINGS_COUNT, false, MODEL(max_iterations), 0, NULL},
    {"bayes_factor_column_prefix", SETTINGS_TEXT, false, MODEL(bayes_factor_column_prefix), 0,
     NULL},
    {"match_weight_column_prefix", SETTINGS_TEXT, false, MODEL(match_weight_column_prefix), 0,
     NULL},
    {"term_frequency_adjustment_column_prefix", SETTINGS_TEXT, false,
     MODEL(term_frequency_adjustment_column_prefix), 0, NULL},
    {"comparison_vector_value_column_prefix", SETTINGS_TEXT, false,
     MODEL(comparison_vector_value_column_prefix), 0, NULL},
    {"unique_id_column_name", SETTINGS_NAME, false, MODEL(unique_id_column_name), 0, NULL},
    {"source_dataset_column_name", SETTINGS_NAME, false, MODEL(source_dataset_column_name), 0,
     NULL},
};

static void set_defaults(struct settings *out)
{
    *out = (struct settings){
        .link_type = SETTINGS_DEDUPE_ONLY,
        .probability_two_random_records_match = 0.0001,
        .retain_matching_columns = true,
        .sql_dialect = STR("duckdb"),
        .em_convergence = 0.0001,
        .max_iterations = 25,
        .bayes_factor_column_prefix = STR("bf_"),
        .match_weight_column_prefix = STR("mw_"),
        .term_frequency_adjustment_column_prefix = STR("tf_"),
        .comparison_vector_value_column_prefix = STR("gamma_"),
        .unique_id_column_name = STR("unique_id"),
        .source_dataset_column_name = STR("source_dataset"),
        .arena = ARENA(MAX_ARENA),
    };
}

int settings_read_faults(struct settings *out, struct str json, const char *name,
                         struct faults *faults, struct error *error)
{
    set_defaults(out);
    if (json.len > SETTINGS_MAX_BYTES) {
        return error_set(error, STATUS_INVALID, "%s is larger than the limit of %d MiB for a model",
                         name, SETTINGS_MAX_BYTES >> 20);
    }
    json_t *document = NULL;
    int status = json_read(&document, json, name, error);
    if (status != 0) {
        return status;
    }
    struct settings_reader reader = {.faults = faults, .arena = &out->arena};
    settings_read_object(&reader, document, model_fields, ARRAY_LENGTH(model_fields), out);
    json_decref(document);
    if (out->arena.failed) {
        settings_free(out);
        return error_out_of_memory(error);
    }
    settings_complete(out, faults);
    return 0;
}

int settings_read(struct settings *out, struct str json, const char *name, struct error *error)
{
    struct faults faults = {0};
    int status = settings_read_faults(out, json, name, &faults, error);
    if (status == 0) {
        status = faults_report(&faults, name, error);
        if (status != 0) {
            settings_free(out);
        }
    }
    return status;
}
