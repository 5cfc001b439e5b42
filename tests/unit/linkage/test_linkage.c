/* A pair scored on demand weighs what it weighs in a prediction, to the last bit. */
#include "engine.h"

#include <math.h>

enum { CASES = 300 };

static struct error error;

static bool same_bits(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

static void check_predicted(struct engine *engine, const struct engine_pairs *pairs, uint64_t seed)
{
    for (size_t i = 0; i < pairs->count; i++) {
        const struct engine_pair *pair = &pairs->items[i];
        struct linkage_score score;
        linkage_score_pair(&score, &engine->scorer, pair->left, pair->right);
        if (!same_bits(score.weight, pair->weight) ||
            !same_bits(score.probability, scoring_probability(pair->weight))) {
            fail_msg("ORACLE_SEED=%llu: records %u and %u weigh %.17g, predicted %.17g",
                     (unsigned long long)seed, pair->left, pair->right, score.weight, pair->weight);
        }
    }
}

/* One record against all, itself too, in descending order. */
static void check_blocks(struct engine *engine, uint32_t records)
{
    uint32_t rights[ORACLE_RECORDS];
    double weights[ORACLE_RECORDS];
    for (uint32_t i = 0; i < records; i++) {
        rights[i] = records - 1 - i;
    }
    for (uint32_t left = 0; left < records; left++) {
        linkage_score_block(weights, &engine->scorer, left, rights, records);
        for (uint32_t i = 0; i < records; i++) {
            struct linkage_score score;
            linkage_score_pair(&score, &engine->scorer, left, rights[i]);
            assert_true(same_bits(score.weight, weights[i]));
            linkage_score_block(weights, &engine->scorer, left, rights, i); /* no more than asked */
            assert_true(same_bits(score.weight, weights[i]));
        }
    }
}

static void scores_are_those_of_predictions(void **state)
{
    (void)state;
    static struct oracle_case c;
    for (uint64_t seed = 0; seed < CASES; seed++) {
        struct engine engine;
        struct engine_pairs pairs;
        oracle_make(&c, seed);
        engine_open_case(&engine, &c);
        assert_int_equal(engine_predict(&pairs, &engine.predictor, 2, -INFINITY, &error), 0);
        check_predicted(&engine, &pairs, seed);
        check_blocks(&engine, c.record_count);
        engine_pairs_free(&pairs);
        engine_close(&engine);
    }
}

/* The way through the header as its comment shows it. */
static void from_records_to_clusters(void **state)
{
    (void)state;
    static const char *const names[] = {"name"};
    static const char *const cells[] = {"ann", "bob", "ann", "cid", "bob", "ann"};
    static const uint32_t expected[] = {0, 1, 0, 3, 1, 0};
    struct columns columns;
    struct engine engine;
    struct engine_pairs pairs;
    struct connected_components components;
    table_make(&columns, names, 1, cells, 6);
    engine_open(&engine, &columns,
                "{\"comparisons\": [{\"comparison_levels\": ["
                " {\"sql_condition\": \"name_l = name_r\", \"m_probability\": 1,"
                "  \"u_probability\": 1e-9},"
                " {\"sql_condition\": \"ELSE\", \"m_probability\": 1e-9,"
                "  \"u_probability\": 1}]}]}");
    double least = scoring_weight_of_probability(0.95);
    assert_int_equal(engine_predict(&pairs, &engine.predictor, 2, least, &error), 0);
    assert_int_equal(pairs.count, 4);
    assert_int_equal(pairs.counts.pairs, 15);
    assert_int_equal(connected_components_init(&components, 6, &error), 0);
    for (size_t i = 0; i < pairs.count; i++) {
        connected_components_link(&components, pairs.items[i].left, pairs.items[i].right);
    }
    for (uint32_t i = 0; i < 6; i++) {
        assert_int_equal(connected_components_root(&components, i), expected[i]);
    }
    connected_components_free(&components);
    engine_pairs_free(&pairs);
    engine_close(&engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scores_are_those_of_predictions),
        cmocka_unit_test(from_records_to_clusters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
