#include "linkage/model.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"

/* Syntax trees: 16 MiB of conditions are the most that can be read, and a tree is some ten times as
   large as its text. */
enum { MAX_ARENA = 512 << 20 };

/* What compiling needs at every step. Faults of the model are collected; `error` is for what ends
   the work at once. */
struct compiler {
    struct model *model;
    const struct expr_schema *schema;
    struct faults *faults;
    struct error *error;
    bool columns_told; /* by a fault: which ones there are */
};

/* ---- conditions ---- */

/* Once is enough: with many names that are wrong, all faults are to be told. */
static struct str without_columns(struct compiler *compiler, struct str message)
{
    const char *list = strstr(message.ptr, "; columns are: ");
    if (list != NULL && compiler->columns_told) {
        message.len = (size_t)(list - message.ptr);
    }
    compiler->columns_told = compiler->columns_told || list != NULL;
    return message;
}

/* Parses the text that stands at `key` of the current place; *out stays NULL after a fault. */
static int compile_condition(struct compiler *compiler, const struct expr_node **out,
                             enum expr_style style, struct str text, struct str key)
{
    struct error error = {0};
    int status = expr_parse(out, &compiler->model->arena, compiler->schema, style, text, &error);
    if (status == 0) {
        return 0;
    }
    *out = NULL;
    if (status != STATUS_INVALID) {
        *compiler->error = error;
        return status;
    }
    struct str message = without_columns(compiler, str_from(error.message));
    faults_add_key(compiler->faults, key, "%.*s%s%s", STR_ARG(message),
                   error.hint[0] == '\0' ? "" : "; ", error.hint);
    return 0;
}

static void add_columns(const struct expr_node *condition, struct column_set *out)
{
    expr_columns(condition, EXPR_LEFT, out);
    expr_columns(condition, EXPR_RIGHT, out);
}

static void merge_columns(struct column_set *out, const struct column_set *more)
{
    for (size_t i = 0; i < COLUMNS_MAX / 64; i++) {
        out->bits[i] |= more->bits[i];
    }
}

/* ---- weights ---- */

/* Splink says infinity where u is 0, whatever m is. A level that neither matches nor others reach
   says nothing, though, and a certain match is not to be made of nothing. */
static void weigh_level(struct model_level *level)
{
    double m = level->settings->m_probability;
    double u = level->settings->u_probability;
    if (level->settings->is_null_level || (m == 0 && u == 0)) {
        level->bayes_factor = 1;
        level->weight = 0;
        return;
    }
    level->bayes_factor = m / u;
    /* The quotient is the more exact near 1; the difference serves where it left the range. */
    level->weight = isnormal(level->bayes_factor) ? log2(level->bayes_factor) : log2(m) - log2(u);
}

/* ---- term frequencies ---- */

/* Splink's models write the name as SQL does, in double quotes if need be. */
static struct str unquoted(struct str name)
{
    if (name.len > 2 && name.ptr[0] == '"' && name.ptr[name.len - 1] == '"') {
        return (struct str){name.ptr + 1, name.len - 2};
    }
    return name;
}

static uint32_t find_column(const struct expr_schema *schema, struct str name)
{
    for (uint32_t i = 0; i < schema->count; i++) {
        if (str_equal_ignoring_case(schema->names[i], name)) {
            return i;
        }
    }
    return MODEL_NO_COLUMN;
}

/* The first name after `last` in alphabetical order; ptr NULL when there is none. */
static struct str next_name(const struct expr_schema *schema, struct str last)
{
    struct str next = {NULL, 0};
    for (uint32_t i = 0; i < schema->count; i++) {
        struct str name = schema->names[i];
        if ((last.ptr == NULL || str_compare(name, last) > 0) &&
            (next.ptr == NULL || str_compare(name, next) < 0)) {
            next = name;
        }
    }
    return next;
}

/* As expr_parse() says it of a column in a condition. */
static void refuse_column(struct compiler *compiler, struct str name)
{
    enum { LISTED = 12 };
    struct text_buffer list = TEXT_BUFFER(512); /* it may end early: no harm */
    struct str next = next_name(compiler->schema, (struct str){NULL, 0});
    for (int i = 0; next.ptr != NULL; i++) {
        text_append(&list, i > 0 ? STR(", ") : STR(""));
        text_append(&list, i < LISTED ? next : STR("…"));
        next = i < LISTED ? next_name(compiler->schema, next) : (struct str){NULL, 0};
    }
    faults_add_key(compiler->faults, STR("tf_adjustment_column"),
                   "column \"%.*s\" does not exist; columns are: %.*s", STR_ARG(name),
                   STR_ARG(text_str(&list)));
    text_free(&list);
}

/* The u that frequencies are set against: that of the first level that is an exact match on the
   column and on nothing else (Splink behaviour notes, section 2.4). */
static const struct model_level *find_exact_level(const struct model_comparison *comparison,
                                                  uint32_t column)
{
    for (size_t i = 0; i < comparison->level_count; i++) {
        if (comparison->levels[i].exact_column == column && comparison->levels[i].gamma >= 0) {
            return &comparison->levels[i];
        }
    }
    return NULL;
}

/* The only column of an exact match. */
static uint32_t find_exact_column(const struct expr_node *condition)
{
    struct column_set exact = {0};
    if (condition == NULL || !expr_is_exact_match(condition, &exact)) {
        return MODEL_NO_COLUMN;
    }
    uint32_t found = MODEL_NO_COLUMN;
    for (uint32_t column = 0; column < COLUMNS_MAX; column++) {
        if (column_set_has(&exact, column)) {
            if (found != MODEL_NO_COLUMN) {
                return MODEL_NO_COLUMN;
            }
            found = column;
        }
    }
    return found;
}

static void adjust_level(struct compiler *compiler, struct model_comparison *comparison,
                         struct model_level *level)
{
    const struct settings_level *settings = level->settings;
    struct str name = unquoted(settings->tf_adjustment_column);
    uint32_t column = find_column(compiler->schema, name);
    if (column == MODEL_NO_COLUMN) {
        refuse_column(compiler, name);
        return;
    }
    if (settings->is_null_level || settings->is_else || settings->tf_adjustment_weight == 0) {
        return;
    }
    const struct model_level *base =
        settings->disable_tf_exact_match_detection ? level : find_exact_level(comparison, column);
    if (base == NULL) {
        faults_add_key(compiler->faults, STR("tf_adjustment_column"),
                       "no level of this comparison is an exact match on \"%.*s\" alone, from "
                       "whose u the adjustment starts; add such a level, or set "
                       "disable_tf_exact_match_detection to true to start from this level's own u",
                       STR_ARG(name));
        return;
    }
    level->tf_column = column;
    level->tf_weight = settings->tf_adjustment_weight;
    level->tf_u_base = base->settings->u_probability;
    level->tf_minimum_u_value = settings->tf_minimum_u_value;
    comparison->has_term_frequencies = true;
    column_set_add(&compiler->model->columns, column);
}

/* ---- names ---- */

/* Splink's default: the one column that the conditions name, or all of them joined. Where several
   come together Splink's order differs from run to run; here it is that of the levels, and within
   one that of the input. */
static struct str derive_name(struct compiler *compiler, const struct model_comparison *comparison,
                              struct text_buffer *buffer)
{
    struct column_set named = {0};
    uint32_t count = 0;
    struct str only = STR("");
    text_append(buffer, STR("custom_"));
    for (size_t i = 0; i < comparison->level_count; i++) {
        struct column_set columns = {0};
        if (comparison->levels[i].condition != NULL) {
            add_columns(comparison->levels[i].condition, &columns);
        }
        for (uint32_t column = 0; column < compiler->schema->count; column++) {
            if (column_set_has(&columns, column) && !column_set_has(&named, column)) {
                column_set_add(&named, column);
                count++;
                only = compiler->schema->names[column];
                text_append(buffer, count > 1 ? STR("_") : STR(""));
                text_append(buffer, only);
            }
        }
    }
    return count == 1 ? only : text_str(buffer);
}

static int name_comparison(struct compiler *compiler, struct model_comparison *comparison)
{
    struct text_buffer buffer = TEXT_BUFFER(SETTINGS_MAX_BYTES);
    struct str given = comparison->settings->output_column_name;
    struct str name = given.ptr != NULL ? given : derive_name(compiler, comparison, &buffer);
    char *copy = buffer.failed ? NULL : arena_copy(&compiler->model->arena, name);
    for (size_t i = 0; copy != NULL && i < name.len; i++) {
        copy[i] = copy[i] == ' ' ? '_' : copy[i];
    }
    comparison->name = (struct str){copy, name.len};
    text_free(&buffer);
    return copy == NULL ? error_out_of_memory(compiler->error) : 0;
}

/* Splink drops the second of two without a word: names of columns ignore case. */
static void check_name(struct compiler *compiler, size_t position)
{
    const struct model_comparison *comparisons = compiler->model->comparisons;
    struct str name = comparisons[position].name;
    for (size_t i = 0; i < position; i++) {
        if (comparisons[i].name.ptr != NULL && str_equal_ignoring_case(comparisons[i].name, name)) {
            faults_add_key(compiler->faults, STR("output_column_name"),
                           "\"%.*s\" is the name of comparisons.%zu, too; every comparison needs "
                           "one of its own",
                           STR_ARG(name), i);
            return;
        }
    }
}

/* ---- comparisons ---- */

static int compile_level(struct compiler *compiler, struct model_level *level,
                         const struct settings_level *settings)
{
    *level = (struct model_level){
        .settings = settings,
        .gamma = settings->gamma,
        .exact_column = MODEL_NO_COLUMN,
        .tf_column = MODEL_NO_COLUMN,
    };
    weigh_level(level);
    if (settings->is_else || settings->sql_condition.ptr == NULL) {
        return 0;
    }
    int status = compile_condition(compiler, &level->condition, EXPR_COMPARISON,
                                   settings->sql_condition, STR("sql_condition"));
    level->exact_column = find_exact_column(level->condition);
    return status;
}

/* Not so when there are no levels, or a condition is missing or has a fault: what is looked for may have
   been there. */
static bool is_understood(const struct model_comparison *comparison)
{
    if (comparison->level_count == 0) {
        return false;
    }
    for (size_t i = 0; i < comparison->level_count; i++) {
        const struct model_level *level = &comparison->levels[i];
        if (level->condition == NULL && !level->settings->is_else) {
            return false;
        }
    }
    return true;
}

static int compile_levels(struct compiler *compiler, struct model_comparison *comparison)
{
    const struct settings_comparison *settings = comparison->settings;
    for (size_t i = 0; i < settings->level_count; i++) {
        struct model_level *level = &comparison->levels[i];
        size_t mark = faults_enter_item(compiler->faults, i);
        int status = compile_level(compiler, level, &settings->levels[i]);
        faults_leave(compiler->faults, mark);
        if (status != 0) {
            return status;
        }
        comparison->level_count++; /* from here on model_free() sees it */
        comparison->has_else = settings->levels[i].is_else;
        if (level->condition != NULL) {
            add_columns(level->condition, &comparison->columns);
        }
    }
    return 0;
}

static int compile_comparison(struct compiler *compiler, struct model_comparison *comparison,
                              const struct settings_comparison *settings)
{
    comparison->settings = settings;
    comparison->levels = arena_alloc_zeroed(&compiler->model->arena, settings->level_count,
                                            sizeof *comparison->levels);
    if (comparison->levels == NULL) {
        return error_out_of_memory(compiler->error);
    }
    size_t list = faults_enter_key(compiler->faults, "comparison_levels");
    int status = compile_levels(compiler, comparison);
    bool understood = is_understood(comparison);
    for (size_t i = 0; status == 0 && understood && i < comparison->level_count; i++) {
        if (settings->levels[i].tf_adjustment_column.ptr != NULL) {
            size_t mark = faults_enter_item(compiler->faults, i);
            adjust_level(compiler, comparison, &comparison->levels[i]);
            faults_leave(compiler->faults, mark);
        }
    }
    faults_leave(compiler->faults, list);
    merge_columns(&compiler->model->columns, &comparison->columns);
    return status != 0 || !understood ? status : name_comparison(compiler, comparison);
}

static int compile_comparisons(struct compiler *compiler, const struct settings *settings)
{
    struct model *model = compiler->model;
    model->comparisons =
        arena_alloc_zeroed(&model->arena, settings->comparison_count, sizeof *model->comparisons);
    if (model->comparisons == NULL) {
        return error_out_of_memory(compiler->error);
    }
    int status = 0;
    for (size_t i = 0; status == 0 && i < settings->comparison_count; i++) {
        size_t mark = faults_enter_item(compiler->faults, i);
        model->comparison_count++;
        status = compile_comparison(compiler, &model->comparisons[i], &settings->comparisons[i]);
        if (status == 0 && model->comparisons[i].name.ptr != NULL) {
            check_name(compiler, i);
        }
        faults_leave(compiler->faults, mark);
    }
    return status;
}

/* ---- blocking rules ---- */

static int compile_rule(struct compiler *compiler, struct model_rule *rule,
                        const struct settings_rule *settings)
{
    if (settings->blocking_rule.ptr == NULL) {
        return 0;
    }
    rule->text = settings->blocking_rule;
    struct str key = settings->is_plain ? STR("") : STR("blocking_rule");
    int status =
        compile_condition(compiler, &rule->condition, EXPR_BLOCKING, settings->blocking_rule, key);
    if (status == 0 && rule->condition != NULL) {
        add_columns(rule->condition, &compiler->model->columns);
    }
    return status;
}

static int compile_rules(struct compiler *compiler, const struct settings *settings)
{
    static const struct settings_rule every_pair = {.blocking_rule = {"1=1", 3}};
    struct model *model = compiler->model;
    const struct settings_rule *rules = settings->rule_count == 0 ? &every_pair : settings->rules;
    size_t count = settings->rule_count == 0 ? 1 : settings->rule_count;
    model->rules = arena_alloc_zeroed(&model->arena, count, sizeof *model->rules);
    if (model->rules == NULL) {
        return error_out_of_memory(compiler->error);
    }
    int status = 0;
    for (size_t i = 0; status == 0 && i < count; i++) {
        size_t mark = faults_enter_item(compiler->faults, i);
        model->rule_count++;
        status = compile_rule(compiler, &model->rules[i], &rules[i]);
        faults_leave(compiler->faults, mark);
    }
    return status;
}

/* ---- the model ---- */

static int compile(struct compiler *compiler, const struct settings *settings)
{
    double prior = settings->probability_two_random_records_match;
    compiler->model->settings = settings;
    compiler->model->prior_weight = log2(prior / (1 - prior));
    size_t mark = faults_enter_key(compiler->faults, "blocking_rules_to_generate_predictions");
    int status = compile_rules(compiler, settings);
    faults_leave(compiler->faults, mark);
    if (status == 0) {
        mark = faults_enter_key(compiler->faults, "comparisons");
        status = compile_comparisons(compiler, settings);
        faults_leave(compiler->faults, mark);
    }
    return status;
}

/* A column_set holds no more; rows of CSV may. */
static int check_schema(const struct expr_schema *schema, struct error *error)
{
    return schema->count <= COLUMNS_MAX
               ? 0
               : error_set(error, STATUS_INVALID,
                           "the records have %u columns; at most %d are allowed", schema->count,
                           COLUMNS_MAX);
}

int model_compile(struct model *out, const struct settings *settings, const char *name,
                  const struct expr_schema *schema, struct error *error)
{
    *out = (struct model){.arena = ARENA(MAX_ARENA)};
    struct faults faults = {0};
    struct compiler compiler = {out, schema, &faults, error, false};
    int status = check_schema(schema, error);
    if (status == 0) {
        status = compile(&compiler, settings);
    }
    if (status == 0) {
        status = faults_report(&faults, name, error);
    }
    if (status != 0) {
        model_free(out);
    }
    return status;
}

int model_load(struct model *out, struct str json, const char *name,
               const struct expr_schema *schema, struct error *error)
{
    *out = (struct model){.arena = ARENA(MAX_ARENA)};
    struct faults faults = {0};
    struct compiler compiler = {out, schema, &faults, error, false};
    int status = check_schema(schema, error);
    if (status != 0) {
        return status;
    }
    out->owned = memory_alloc_zeroed(1, sizeof *out->owned);
    if (out->owned == NULL) {
        return error_out_of_memory(error);
    }
    status = settings_read_faults(out->owned, json, name, &faults, error);
    if (status == 0) {
        status = compile(&compiler, out->owned);
    }
    if (status == 0) {
        status = faults_report(&faults, name, error);
    }
    if (status != 0) {
        model_free(out);
    }
    return status;
}

void model_free(struct model *model)
{
    if (model == NULL) {
        return;
    }
    for (size_t i = 0; i < model->comparison_count; i++) {
        for (size_t k = 0; k < model->comparisons[i].level_count; k++) {
            expr_release(model->comparisons[i].levels[k].condition);
        }
    }
    for (size_t i = 0; i < model->rule_count; i++) {
        expr_release(model->rules[i].condition);
    }
    settings_free(model->owned);
    memory_free(model->owned);
    arena_free(&model->arena);
    *model = (struct model){0};
}
