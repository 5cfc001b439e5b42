#include "api/config_request.h"

#include <limits.h>
#include <string.h>

#include "api/field_read.h"
#include "base/json_read.h"

#define MODEL "splink_settings"

/* What is read, on its way down. */
struct reading {
    struct field_faults *faults;
    bool saved; /* by Splink */
};

/* ---- values ---- */

/* What a model saved by Splink may leave out, or give as null. */
static bool is_left_out(const struct reading *reading, const json_t *value)
{
    return reading->saved && (value == NULL || json_is_null(value));
}

/* The engine takes no text for a number, so neither is one taken here. */
static void check_number(const struct reading *reading, const struct field_path *path,
                         const json_t *value, int least, int most)
{
    double number;
    if (json_is_string(value)) {
        field_faults_add(reading->faults, path, "A valid number is required.");
    } else {
        (void)field_read_number(&number, reading->faults, path, value, least, most);
    }
}

static void check_iterations(const struct reading *reading, const struct field_path *path,
                             const json_t *value)
{
    int64_t number;
    if (json_is_string(value)) {
        field_faults_add(reading->faults, path, "A valid integer is required.");
    } else if (field_read_integer(&number, reading->faults, path, value) && number < 1) {
        field_refuse_number(reading->faults, path, true, 1);
    }
}

static void check_text(const struct reading *reading, const struct field_path *parent,
                       const char *key, const json_t *object, bool may_be_left_out)
{
    struct field_path path = {parent, key, 0};
    const json_t *value = json_object_get(object, key);
    struct str text;
    if (!may_be_left_out || !is_left_out(reading, value)) {
        (void)field_read_text(&text, reading->faults, &path, value);
    }
}

static bool check_list(const struct reading *reading, const struct field_path *path,
                       const json_t *value, const char *empty)
{
    if (field_is_list(reading->faults, path, value) && json_array_size(value) == 0) {
        field_faults_add(reading->faults, path, "%s", empty);
    }
    return json_is_array(value);
}

/* ---- comparisons ---- */

static void check_probability(const struct reading *reading, const struct field_path *parent,
                              const char *key, const json_t *level)
{
    struct field_path path = {parent, key, 0};
    const json_t *value = json_object_get(level, key);
    if (value != NULL && !is_left_out(reading, value)) {
        check_number(reading, &path, value, 0, 1);
    }
}

static void check_level(const struct reading *reading, const struct field_path *path,
                        const json_t *level)
{
    if (!field_is_object(reading->faults, path, level)) {
        return;
    }
    check_text(reading, path, "sql_condition", level, false);
    check_text(reading, path, "label_for_charts", level, true);
    struct field_path null_path = {path, "is_null_level", 0};
    const json_t *is_null = json_object_get(level, "is_null_level");
    if (is_null != NULL && !json_is_boolean(is_null) && !is_left_out(reading, is_null)) {
        field_faults_add(reading->faults, &null_path, "Must be a valid boolean.");
    }
    check_probability(reading, path, "m_probability", level);
    check_probability(reading, path, "u_probability", level);
    bool has_both = json_object_get(level, "m_probability") != NULL &&
                    json_object_get(level, "u_probability") != NULL;
    if (!has_both && !reading->saved && !json_is_true(is_null)) {
        field_faults_add(reading->faults, path,
                         "m_probability and u_probability required when is_null_level is false");
    }
}

static void check_comparison(const struct reading *reading, const struct field_path *path,
                             const json_t *comparison)
{
    if (!field_is_object(reading->faults, path, comparison)) {
        return;
    }
    check_text(reading, path, "output_column_name", comparison, true);
    check_text(reading, path, "comparison_description", comparison, true);
    struct field_path list = {path, "comparison_levels", 0};
    const json_t *levels = json_object_get(comparison, "comparison_levels");
    if (check_list(reading, &list, levels, "At least one comparison level is required")) {
        for (size_t i = 0; i < json_array_size(levels); i++) {
            struct field_path place = {&list, NULL, i};
            check_level(reading, &place, json_array_get(levels, i));
        }
    }
}

/* ---- the model ---- */

/* Splink 3 also saves rules as plain texts. */
static void check_rule(const struct reading *reading, const struct field_path *path,
                       const json_t *rule)
{
    struct str text;
    if (json_is_string(rule)) {
        (void)field_read_text(&text, reading->faults, path, rule);
    } else if (field_is_object(reading->faults, path, rule)) {
        check_text(reading, path, "blocking_rule", rule, false);
    }
}

static void check_lists(const struct reading *reading, const struct field_path *path,
                        const json_t *model)
{
    struct field_path rules_path = {path, "blocking_rules_to_generate_predictions", 0};
    const json_t *rules = json_object_get(model, rules_path.key);
    if (check_list(reading, &rules_path, rules, "At least one blocking rule is required")) {
        for (size_t i = 0; i < json_array_size(rules); i++) {
            struct field_path place = {&rules_path, NULL, i};
            check_rule(reading, &place, json_array_get(rules, i));
        }
    }
    struct field_path comparisons_path = {path, "comparisons", 0};
    const json_t *comparisons = json_object_get(model, comparisons_path.key);
    if (check_list(reading, &comparisons_path, comparisons, "This list may not be empty.")) {
        for (size_t i = 0; i < json_array_size(comparisons); i++) {
            struct field_path place = {&comparisons_path, NULL, i};
            check_comparison(reading, &place, json_array_get(comparisons, i));
        }
    }
}

static void check_model(struct field_faults *faults, const struct field_path *path,
                        const json_t *model)
{
    struct reading reading = {
        .faults = faults,
        .saved = json_object_get(model, "link_type") != NULL ||
                 json_object_get(model, "sql_dialect") != NULL ||
                 json_object_get(model, "linker_uid") != NULL,
    };
    struct field_path prior = {path, "probability_two_random_records_match", 0};
    struct field_path convergence = {path, "em_convergence", 0};
    struct field_path iterations = {path, "max_iterations", 0};
    check_number(&reading, &prior, json_object_get(model, prior.key), 0, 1);
    const json_t *value = json_object_get(model, convergence.key);
    if (!is_left_out(&reading, value)) {
        check_number(&reading, &convergence, value, 0, INT_MAX);
    }
    value = json_object_get(model, iterations.key);
    if (!is_left_out(&reading, value)) {
        check_iterations(&reading, &iterations, value);
    }
    check_lists(&reading, path, model);
}

/* ---- what the engine says of it ---- */

/* The length of the path that a line of the engine begins with, before its ": "; 0 when it has
   none. */
static size_t path_length(struct str line)
{
    size_t length = 0;
    while (length < line.len && line.ptr[length] != ' ' && line.ptr[length] != ':') {
        length++;
    }
    bool ends = length + 1 < line.len && line.ptr[length] == ':' && line.ptr[length + 1] == ' ';
    return ends ? length : 0;
}

static bool is_known(const struct field_faults *faults, struct str path)
{
    char field[512];
    int length =
        snprintf(field, sizeof field, MODEL "%s%.*s", path.len > 0 ? "." : "", STR_ARG(path));
    return field_faults_has(
        faults,
        (struct str){field, length < (int)sizeof field ? (size_t)length : sizeof field - 1});
}

/* A line of the engine becomes a fault, unless its field has one already. */
static void add_line(struct field_faults *faults, struct str line)
{
    size_t length = path_length(line);
    char *path = arena_copy(faults->arena, (struct str){line.ptr, length});
    if (path == NULL) {
        faults->failed = true;
        return;
    }
    struct str message =
        length == 0 ? line : (struct str){line.ptr + length + 2, line.len - length - 2};
    struct field_path model = {NULL, MODEL, 0};
    struct field_path field = {&model, path, 0};
    const struct field_path *place = length == 0 ? &model : &field;
    if (is_known(faults, (struct str){path, length})) {
        return;
    }
    struct str unknown = STR("unknown key");
    if (!str_starts_with(message, unknown)) {
        field_faults_add(faults, place, "%.*s", STR_ARG(message));
        return;
    }
    field_faults_add(faults, place, "Unexpected field");
    struct str advice = STR("unknown key; did you mean ");
    if (str_starts_with(message, advice)) {
        field_faults_add(
            faults, place, "Did you mean %.*s",
            STR_ARG(((struct str){message.ptr + advice.len, message.len - advice.len})));
    }
}

static void add_engine_faults(struct field_faults *faults, const struct error *error)
{
    struct str before = STR(MODEL ": ");
    struct str message = str_from(error->message);
    if (error->detail[0] == '\0') {
        size_t cut = str_starts_with(message, before) ? before.len : 0;
        add_line(faults, (struct str){message.ptr + cut, message.len - cut});
    }
    for (const char *line = error->detail; *line != '\0';) {
        size_t length = strcspn(line, "\n");
        add_line(faults, (struct str){line, length});
        line += length + (line[length] == '\n');
    }
}

/* ---- all ---- */

static bool read_thresholds(struct config_request *out, struct field_faults *faults,
                            const json_t *body)
{
    struct field_path potential = {NULL, "potential_match_threshold", 0};
    struct field_path automatic = {NULL, "auto_match_threshold", 0};
    bool good = field_read_number(&out->potential_threshold, faults, &potential,
                                  json_object_get(body, potential.key), 0, 1);
    good = field_read_number(&out->auto_threshold, faults, &automatic,
                             json_object_get(body, automatic.key), 0, 1) &&
           good;
    if (good && out->potential_threshold > out->auto_threshold) {
        field_faults_add(faults, &potential,
                         "Ensure this value is less than or equal to auto_match_threshold.");
        good = false;
    }
    return good;
}

int config_request_read(struct config_request *out, struct field_faults *faults, const json_t *json,
                        struct str text, struct error *error)
{
    static const char *const known[] = {MODEL, "potential_match_threshold", "auto_match_threshold",
                                        NULL};
    *out = (struct config_request){.name = MODEL};
    if (!field_is_object(faults, NULL, json)) {
        return 0;
    }
    field_refuse_others(faults, NULL, json, known);
    struct field_path path = {NULL, MODEL, 0};
    const json_t *model = json_object_get(json, MODEL);
    out->json = json_read_member(text, MODEL);
    if (field_is_given(faults, &path, model) && field_is_object(faults, &path, model)) {
        check_model(faults, &path, model);
        if (out->json.ptr == NULL) {
            field_faults_add(faults, &path, "Write the name of this field without escapes.");
        }
    }
    bool good = read_thresholds(out, faults, json);
    if (!json_is_object(model) || out->json.ptr == NULL) {
        return 0;
    }
    /* Thresholds that are wrong are told already, and must not hide what the engine says. */
    struct config_request checked = *out;
    if (!good) {
        checked.potential_threshold = checked.auto_threshold = 0;
    }
    int status = configs_check(&checked, error);
    if (status == STATUS_INVALID) {
        add_engine_faults(faults, error);
        status = 0;
    }
    return status;
}
