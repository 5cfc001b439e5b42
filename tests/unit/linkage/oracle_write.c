/* The oracle's cases as text: JSON with SQL for the engine, a table for whoever looks into one. */
#include "oracle.h"

#include <ctype.h>
#include <string.h>

#include "base/json.h"

/* How a condition names columns: name_l, or l.name. */
enum style { COMPARISON, BLOCKING };

static bool is_word(const char *name)
{
    return strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_") == strlen(name);
}

static void write_name(struct text_buffer *out, const char *name, bool capitals)
{
    for (; *name != '\0'; name++) {
        text_append_char(out, capitals ? (char)toupper((unsigned char)*name) : *name);
    }
}

static void write_column(struct text_buffer *out, enum style style,
                         const struct oracle_operand *operand, unsigned column)
{
    const char *name = oracle_column_names[column];
    const char *side = operand->side == ORACLE_LEFT ? "l" : "r";
    const char *quote = operand->spelling % 2 == 1 || !is_word(name) ? "\"" : "";
    bool capitals = operand->spelling / 2 == 1;
    if (style == BLOCKING) {
        text_appendf(out, "%s.", side);
    }
    text_appendf(out, "%s", quote);
    write_name(out, name, capitals);
    if (style == COMPARISON) {
        text_appendf(out, "_%s", side);
    }
    text_appendf(out, "%s", quote);
}

static void write_operand(struct text_buffer *out, enum style style,
                          const struct oracle_operand *operand)
{
    static const char *const forms[ORACLE_TRANSFORMS][2] = {
        [ORACLE_PLAIN] = {"", ""},
        [ORACLE_FIRST] = {"substr(", ", 1, 1)"},
        [ORACLE_FIRST_TWO] = {"SUBSTRING(", ",1,2)"},
        [ORACLE_LAST] = {"right(", ", 1)"},
        [ORACLE_LOWER] = {"LOWER(", ")"},
        [ORACLE_UPPER] = {"upper(", ")"},
        [ORACLE_NULL_IF_EMPTY] = {"nullif(", ", '')"},
        [ORACLE_EMPTY_IF_NULL] = {"coalesce(", ", '')"},
        [ORACLE_JOINED] = {"(", ")"},
        [ORACLE_LENGTH] = {"length(", ")"},
        [ORACLE_NUMBER] = {"try_cast(", " as integer)"},
        [ORACLE_SECONDS] = {"epoch(try_strptime(", ", '%Y-%m-%d'))"},
    };
    text_append(out, str_from(forms[operand->transform][0]));
    write_column(out, style, operand, operand->column);
    if (operand->transform == ORACLE_JOINED) {
        text_append(out, STR(" || "));
        write_column(out, style, operand, operand->other);
    }
    text_append(out, str_from(forms[operand->transform][1]));
}

/* `a operator b`, or the other way round. */
static void write_comparison(struct text_buffer *out, enum style style,
                             const struct oracle_condition *condition, const char *there,
                             const char *back)
{
    bool exchanged = condition->exchanged;
    write_operand(out, style, exchanged ? &condition->b : &condition->a);
    text_appendf(out, " %s ", exchanged ? back : there);
    write_operand(out, style, exchanged ? &condition->a : &condition->b);
}

static void write_threshold(struct text_buffer *out, const struct oracle_condition *condition)
{
    unsigned threshold = condition->threshold;
    if (condition->kind <= ORACLE_DAMERAU) {
        text_appendf(out, "%u", threshold);
    } else {
        text_appendf(out, "%u.%02u", threshold / 100, threshold % 100);
    }
}

static void write_distance(struct text_buffer *out, enum style style,
                           const struct oracle_condition *condition)
{
    /* Between a number of edits and its threshold; and between a similarity and its. */
    static const char *const operators[2][ORACLE_TESTS] = {
        {[ORACLE_NEAR] = " <= ",
         [ORACLE_NEARER] = " < ",
         [ORACLE_EXACTLY] = " = ",
         [ORACLE_FAR] = " > "},
        {[ORACLE_NEAR] = " >= ",
         [ORACLE_NEARER] = " > ",
         [ORACLE_EXACTLY] = " = ",
         [ORACLE_FAR] = " < "},
    };
    static const char *const names[] = {
        [ORACLE_DIFFERENCE] = "abs",
        [ORACLE_LEVENSHTEIN] = "levenshtein",
        [ORACLE_DAMERAU] = "damerau_levenshtein",
        [ORACLE_JARO] = "jaro_similarity",
        [ORACLE_JARO_WINKLER] = "jaro_winkler_similarity",
        [ORACLE_JACCARD] = "jaccard",
    };
    bool edits = condition->kind <= ORACLE_DAMERAU;
    const char *there = operators[edits ? 0 : 1][condition->test];
    const char *back = operators[edits ? 1 : 0][condition->test];
    if (condition->exchanged && condition->test != ORACLE_BETWEEN) {
        write_threshold(out, condition);
        text_append(out, str_from(back));
    }
    text_appendf(out, "%s(", names[condition->kind]);
    write_operand(out, style, &condition->a);
    text_append(out, condition->kind == ORACLE_DIFFERENCE ? STR(" - ") : STR(", "));
    write_operand(out, style, &condition->b);
    text_append_char(out, ')');
    if (condition->test == ORACLE_BETWEEN) {
        text_append(out, edits ? STR(" BETWEEN 0 AND ") : STR(" between "));
        write_threshold(out, condition);
        text_append(out, edits ? STR("") : STR(" and 1"));
    } else if (!condition->exchanged) {
        text_append(out, str_from(there));
        write_threshold(out, condition);
    }
}

static void write_condition(struct text_buffer *out, enum style style, const struct oracle_case *c,
                            unsigned number);

static void write_children(struct text_buffer *out, enum style style, const struct oracle_case *c,
                           const struct oracle_condition *condition, const char *between)
{
    for (unsigned i = 0; i < condition->child_count; i++) {
        text_appendf(out, "%s(", i == 0 ? "" : between);
        write_condition(out, style, c, condition->children[i]);
        text_append_char(out, ')');
    }
}

static void write_condition(struct text_buffer *out, enum style style, const struct oracle_case *c,
                            unsigned number)
{
    const struct oracle_condition *condition = &c->conditions[number];
    switch (condition->kind) {
    case ORACLE_EQUAL: write_comparison(out, style, condition, "=", "="); break;
    case ORACLE_NOT_EQUAL: write_comparison(out, style, condition, "<>", "!="); break;
    case ORACLE_LESS: write_comparison(out, style, condition, "<", ">"); break;
    case ORACLE_LESS_OR_EQUAL: write_comparison(out, style, condition, "<=", ">="); break;
    case ORACLE_SAME:
        write_comparison(out, style, condition, "IS NOT DISTINCT FROM", "is not distinct from");
        break;
    case ORACLE_EQUAL_CONSTANT:
        write_operand(out, style, &condition->a);
        text_appendf(out, " = '%s'", condition->constant);
        break;
    case ORACLE_IS_NULL:
    case ORACLE_IS_NOT_NULL:
        write_operand(out, style, &condition->a);
        text_append(out, condition->kind == ORACLE_IS_NULL ? STR(" IS NULL") : STR(" is not null"));
        break;
    case ORACLE_TRUE_CONSTANT: text_append(out, STR("1=1")); break;
    case ORACLE_FALSE_CONSTANT: text_append(out, STR("false")); break;
    case ORACLE_NULL_CONSTANT: text_append(out, STR("1 = NULL")); break;
    case ORACLE_AND: write_children(out, style, c, condition, " AND "); break;
    case ORACLE_OR: write_children(out, style, c, condition, " or "); break;
    case ORACLE_NOT:
        text_append(out, STR("NOT "));
        write_children(out, style, c, condition, "");
        break;
    case ORACLE_DIFFERENCE:
    case ORACLE_LEVENSHTEIN:
    case ORACLE_DAMERAU:
    case ORACLE_JARO:
    case ORACLE_JARO_WINKLER:
    case ORACLE_JACCARD: write_distance(out, style, condition); break;
    }
}

static void write_sql(struct json_writer *json, enum style style, const struct oracle_case *c,
                      unsigned number)
{
    struct text_buffer sql = TEXT_BUFFER(1 << 16);
    write_condition(&sql, style, c, number);
    json_write_string(json, text_str(&sql));
    text_free(&sql);
}

static void write_number(struct json_writer *json, const char *key, double number)
{
    json_write_key(json, key);
    json_write_double(json, number);
}

static void write_flag(struct json_writer *json, const char *key)
{
    json_write_key(json, key);
    json_write_boolean(json, true);
}

static void write_level(struct json_writer *json, const struct oracle_case *c,
                        const struct oracle_level *level)
{
    json_write_open_object(json);
    json_write_key(json, "sql_condition");
    if (level->condition == ORACLE_NONE) {
        json_write_string(json, STR("ELSE"));
    } else {
        write_sql(json, COMPARISON, c, level->condition);
    }
    if (level->is_null) {
        write_flag(json, "is_null_level");
    }
    if (level->has_m) {
        write_number(json, "m_probability", level->m);
    }
    if (level->has_u) {
        write_number(json, "u_probability", level->u);
    }
    if (level->tf_column != ORACLE_NONE) {
        json_write_key(json, "tf_adjustment_column");
        json_write_string(json, str_from(oracle_column_names[level->tf_column]));
        write_number(json, "tf_adjustment_weight", level->tf_weight);
        write_number(json, "tf_minimum_u_value", level->tf_minimum);
        if (level->tf_own_u) {
            write_flag(json, "disable_tf_exact_match_detection");
        }
    }
    json_write_close_object(json);
}

static void write_rules(struct json_writer *json, const struct oracle_case *c)
{
    json_write_key(json, "blocking_rules_to_generate_predictions");
    json_write_open_array(json);
    for (unsigned i = 0; i < c->rule_count; i++) {
        if (c->rule_is_object[i]) {
            json_write_open_object(json);
            json_write_key(json, "blocking_rule");
        }
        write_sql(json, BLOCKING, c, c->rules[i]);
        if (c->rule_is_object[i]) {
            json_write_close_object(json);
        }
    }
    json_write_close_array(json);
}

static void write_comparisons(struct json_writer *json, const struct oracle_case *c)
{
    json_write_key(json, "comparisons");
    json_write_open_array(json);
    for (unsigned i = 0; i < c->comparison_count; i++) {
        char name[] = {'C', (char)('0' + i), '\0'};
        json_write_open_object(json);
        json_write_key(json, "output_column_name");
        json_write_string(json, str_from(name));
        json_write_key(json, "comparison_levels");
        json_write_open_array(json);
        for (unsigned j = 0; j < c->comparisons[i].level_count; j++) {
            write_level(json, c, &c->comparisons[i].levels[j]);
        }
        json_write_close_array(json);
        json_write_close_object(json);
    }
    json_write_close_array(json);
}

void oracle_write_model(struct text_buffer *out, const struct oracle_case *c)
{
    struct json_writer json;
    json_write_begin(&json, out, 1);
    json_write_open_object(&json);
    json_write_key(&json, "link_type");
    json_write_string(&json, c->link_only ? STR("link_only") : STR("dedupe_only"));
    json_write_key(&json, "source_dataset_column_name");
    json_write_string(&json, str_from(oracle_column_names[ORACLE_SOURCE]));
    write_number(&json, "probability_two_random_records_match", c->prior);
    write_rules(&json, c);
    write_comparisons(&json, c);
    json_write_close_object(&json);
}

void oracle_write_records(struct text_buffer *out, const struct oracle_case *c)
{
    for (unsigned i = 0; i < c->record_count; i++) {
        text_appendf(out, "%2u:", i);
        for (unsigned j = 0; j < ORACLE_COLUMNS; j++) {
            bool null = c->null[i][j];
            text_appendf(out, null ? "  %s=NULL" : "  %s='%s'", oracle_column_names[j],
                         c->cells[i][j]);
        }
        text_append_char(out, '\n');
    }
}
