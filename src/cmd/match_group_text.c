#include "cmd/match_group_text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "cmd/person_table.h"
#include "cmd/search_options.h"
#include "cmd/table.h"

const char *match_group_text_probability(double probability, char out[PROBABILITY_TEXT_SIZE])
{
    bool high = probability < 1 && probability >= 0.99995;
    bool low = probability > 0 && probability < 0.00005;
    snprintf(out, PROBABILITY_TEXT_SIZE, "%s%.4f",
             high  ? ">"
             : low ? "<"
                   : "",
             high  ? 0.9999
             : low ? 0.0001
                   : probability);
    return out;
}

static void add_weight(struct table *table, double weight)
{
    if (isnan(weight)) {
        table_add(table, "?");
    } else {
        table_add(table, "%+.2f", weight);
    }
}

static void add_row(struct table *table, const char *name, const char *level, double weight)
{
    table_add(table, "%s", name);
    table_add(table, "%s", level);
    add_weight(table, weight);
}

/* Parts that add up to the weight, the last row. */
static void append_parts(struct text_buffer *out, const struct match_result_detail *result)
{
    static const struct table_column columns[] = {
        {"COMPARISON", false}, {"LEVEL", false}, {"WEIGHT", true}};
    const struct explained_result *explanation = &result->explanation;
    struct table table = TABLE(columns);
    add_row(&table, "any two records", "", explanation->prior_weight);
    bool shared = false;
    for (size_t i = 0; i < explanation->level_count; i++) {
        const struct explained_level *level = &explanation->levels[i];
        table_add_text(&table, level->comparison);
        table_add_text(&table, level->label);
        add_weight(&table, level->weight);
        shared = shared || (level->adjusts && isnan(level->frequency_weight));
        if (level->adjusts && !isnan(level->frequency_weight)) {
            add_row(&table, "", "how common the value is", level->frequency_weight);
        }
    }
    if (shared) {
        add_row(&table, "", "how common the values are", explanation->shared_frequency_weight);
    }
    add_row(&table, "match weight", "", result->match_weight);
    table_append(out, &table);
    table_free(&table);
}

static void append_result(struct text_buffer *out, const struct match_result_detail *result)
{
    char probability[PROBABILITY_TEXT_SIZE];
    text_appendf(out, "\npr_%" PRId64 " and pr_%" PRId64 ": match probability %s\n",
                 result->person_record_l_id, result->person_record_r_id,
                 match_group_text_probability(result->match_probability, probability));
    if (result->explanation.level_count > 0) {
        append_parts(out, result);
    }
}

void match_group_text_append(struct text_buffer *out, const struct match_group_detail *group)
{
    text_appendf(out, "pm_%" PRId64 "  version %" PRId64 ", created %.*s\n", group->id,
                 group->version, STR_ARG(group->created));
    search_options_append_page(out, &group->page, group->person_count, "person", "persons");
    for (size_t i = 0; i < group->person_count; i++) {
        text_append_char(out, '\n');
        person_table_append(out, &group->persons[i]);
    }
    for (size_t i = 0; i < group->result_count; i++) {
        append_result(out, &group->results[i]);
    }
    int64_t more = group->total_result_count - (int64_t)group->result_count;
    if (more > 0) {
        text_appendf(out, "\nand %" PRId64 " more of lower probability\n", more);
    }
}
