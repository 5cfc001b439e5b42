/*
 * The engine as a library: two records, a model, and why the pair weighs what it weighs.
 *
 *     cc explain_pair.c $(pkg-config --cflags --libs --static tuva-linkage)
 *
 * For brevity any failure ends the program with the engine's message.
 */

#include <stdio.h>
#include <stdlib.h>

#include "linkage/linkage.h"

static const char model_json[] =
    "{\"link_type\": \"dedupe_only\","
    " \"probability_two_random_records_match\": 0.01,"
    " \"blocking_rules_to_generate_predictions\": [\"l.city = r.city\"],"
    " \"comparisons\": [{\"output_column_name\": \"name\", \"comparison_levels\": ["
    "   {\"sql_condition\": \"name_l IS NULL OR name_r IS NULL\", \"is_null_level\": true},"
    "   {\"sql_condition\": \"name_l = name_r\", \"label_for_charts\": \"exactly\","
    "    \"m_probability\": 0.8, \"u_probability\": 0.01},"
    "   {\"sql_condition\": \"levenshtein(name_l, name_r) <= 1\","
    "    \"label_for_charts\": \"nearly\", \"m_probability\": 0.16, \"u_probability\": 0.02},"
    "   {\"sql_condition\": \"ELSE\", \"label_for_charts\": \"not at all\","
    "    \"m_probability\": 0.04, \"u_probability\": 0.97}]}]}";

static const struct str names[] = {{"name", 4}, {"city", 4}};

static void check(int status, const struct error *error)
{
    if (status != STATUS_OK) {
        fprintf(stderr, "%s\n%s\n", error->message, error->detail);
        exit(1);
    }
}

static void load_records(struct columns *columns, struct error *error)
{
    static const struct str records[][2] = {{{"garcia", 6}, {"reno", 4}},
                                            {{"garcla", 6}, {"reno", 4}}};
    check(columns_init(columns, names, 2, NULL, error), error);
    check(columns_append(columns, records[0], error), error);
    check(columns_append(columns, records[1], error), error);
    check(columns_seal(columns, NULL, error), error);
}

int main(void)
{
    struct error error = {0};
    struct columns columns = {0};
    load_records(&columns, &error);

    struct model model = {0};
    struct expr_schema schema = {names, 2};
    check(model_load(&model, STR(model_json), "model", &schema, &error), &error);

    struct predictor predictor = {0};
    struct predictor_options options = {.threads = 1};
    check(predictor_init(&predictor, &model, &columns, &options, &error), &error);

    struct scorer scorer = {0};
    check(scorer_init(&scorer, &predictor.scoring, &error), &error);
    struct arena arena = ARENA(1 << 20);
    struct explanation explanation;
    check(explain_pair(&explanation, &arena, &scorer, 0, 1, &error), &error);

    printf("prior        %9.4f\n", explanation.prior_weight);
    for (size_t i = 0; i < explanation.comparison_count; i++) {
        const struct explained_comparison *part = &explanation.comparisons[i];
        printf("%.*s %.*s  %9.4f  (m %g, u %g)\n", STR_ARG(part->name), STR_ARG(part->label),
               part->weight, part->m_probability, part->u_probability);
    }
    printf("match weight %9.4f, probability %.6f\n", explanation.weight, explanation.probability);

    arena_free(&arena);
    scorer_free(&scorer);
    predictor_free(&predictor);
    model_free(&model);
    columns_free(&columns);
    return 0;
}
