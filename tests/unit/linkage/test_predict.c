/* Prediction against the oracle, on random cases and in every way it can be run; then what a run
   promises its caller: order, progress, cancellation, failures. */
#include "engine.h"

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/number_text.h"

static struct error error;

/* ---- the oracle ---- */

#ifndef __has_feature /* clang has it; gcc has macros instead */
#define __has_feature(feature) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || \
    __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
enum { CASES = 2000 }; /* each takes some ten times as long */
#else
enum { CASES = 10000 };
#endif

/* ORACLE_SEED=n runs that one case, ORACLE_CASES=n as many. */
static bool setting(const char *name, uint64_t *out)
{
    const char *text = getenv(name);
    int64_t number;
    if (text == NULL || !integer_from_text(str_from(text), &number)) {
        return false;
    }
    *out = (uint64_t)number;
    return true;
}

/* Everything that is needed to see the case by eye; the records are made up. */
static void dump(const struct oracle_case *c)
{
    struct text_buffer text = TEXT_BUFFER(1 << 20);
    text_appendf(&text, "case ORACLE_SEED=%llu\n", (unsigned long long)c->seed);
    oracle_write_records(&text, c);
    oracle_write_model(&text, c);
    fprintf(stderr, "%s\n", text.ptr); /* print_error() would cut it */
    text_free(&text);
}

static bool is_close(double actual, double expected)
{
    double difference = fabs(actual - expected);
    return difference <= 1e-12 || difference <= 1e-9 * fabs(expected);
}

static bool agrees(const struct oracle_case *c, const struct engine_pair *pair,
                   const struct oracle_verdict *verdict)
{
    bool same = pair->rule == verdict->rule && is_close(pair->weight, verdict->weight);
    for (unsigned i = 0; i < c->comparison_count; i++) {
        same = same && pair->gammas[i] == verdict->gammas[i];
        same = same && pair->levels[i] == verdict->levels[i];
    }
    return same;
}

static void report(const struct oracle_case *c, unsigned left, unsigned right,
                   const struct engine_pair *pair, const struct oracle_verdict *verdict)
{
    dump(c);
    print_error("pair %u, %u: %s by rule %u, weight %.17g, levels", left, right,
                verdict->found ? "found" : "not found", verdict->rule, verdict->weight);
    for (unsigned i = 0; i < c->comparison_count; i++) {
        print_error(" %u (gamma %d)", verdict->levels[i], verdict->gammas[i]);
    }
    if (pair == NULL) {
        fail_msg("the engine has no such pair");
        return;
    }
    print_error("\nengine: pair %u, %u by rule %u, weight %.17g, levels", pair->left, pair->right,
                pair->rule, pair->weight);
    for (unsigned i = 0; i < c->comparison_count; i++) {
        print_error(" %u (gamma %d)", pair->levels[i], pair->gammas[i]);
    }
    fail_msg("the engine says otherwise");
}

/* All pairs, in order, and the counts by rule. */
static void check_against_oracle(const struct oracle_case *c, const struct engine_pairs *pairs)
{
    uint64_t by_rule[ORACLE_RULES] = {0};
    size_t at = 0;
    for (unsigned left = 0; left < c->record_count; left++) {
        for (unsigned right = left + 1; right < c->record_count; right++) {
            struct oracle_verdict verdict;
            oracle_judge(&verdict, c, left, right);
            const struct engine_pair *pair = at < pairs->count ? &pairs->items[at] : NULL;
            bool here = pair != NULL && pair->left == left && pair->right == right;
            if (here != verdict.found || (here && !agrees(c, pair, &verdict))) {
                report(c, left, right, pair, &verdict);
            }
            by_rule[verdict.rule] += verdict.found;
            at += here;
        }
    }
    bool counted = at == pairs->count && pairs->counts.kept == at && pairs->counts.pairs == at;
    for (size_t i = 0; i < pairs->counts.rule_count; i++) {
        counted = counted && pairs->counts.pairs_by_rule[i] == by_rule[i];
    }
    if (!counted) {
        dump(c);
        fail_msg("the engine counts otherwise");
    }
}

static void check(const struct oracle_case *c, int status)
{
    if (status != 0) {
        dump(c);
        fail_msg("%s\n%s\n%s", error.message, error.detail, error.hint);
    }
}

/* The same bytes when the records come in another order and more threads work. */
static void check_shuffled(const struct oracle_case *c, const struct model *model,
                           struct random *random, unsigned threads,
                           const struct engine_pairs *expected)
{
    uint32_t arrival[ORACLE_RECORDS];
    for (uint32_t i = 0; i < c->record_count; i++) {
        uint32_t other = (uint32_t)random_below(random, i + 1);
        arrival[i] = arrival[other];
        arrival[other] = i;
    }
    struct columns columns;
    struct predictor predictor;
    struct engine_pairs pairs;
    struct predictor_options options = {.threads = threads};
    engine_make_columns(&columns, c, arrival);
    check(c, predictor_init(&predictor, model, &columns, &options, &error));
    check(c, engine_predict(&pairs, &predictor, threads, -INFINITY, &error));
    if (pairs.bytes.len != expected->bytes.len ||
        (pairs.count > 0 && memcmp(pairs.bytes.ptr, expected->bytes.ptr, pairs.bytes.len) != 0)) {
        dump(c);
        fail_msg("shuffled records and %u threads give other pairs", threads);
    }
    engine_pairs_free(&pairs);
    predictor_free(&predictor);
    columns_free(&columns);
}

/* With a threshold, and with first_right, exactly what of `all` is left by them. */
static void check_filtered(const struct oracle_case *c, struct engine *engine, double least,
                           uint32_t first_right, unsigned threads, const struct engine_pairs *all)
{
    struct predictor predictor;
    struct engine_pairs pairs;
    struct predictor_options options = {.threads = threads, .first_right = first_right};
    check(c, predictor_init(&predictor, &engine->model, &engine->columns, &options, &error));
    check(c, engine_predict(&pairs, &predictor, threads, least, &error));
    size_t at = 0;
    uint64_t found = 0;
    bool same = true;
    for (size_t i = 0; i < all->count; i++) {
        const struct engine_pair *pair = &all->items[i];
        bool looked_at = pair->right >= first_right;
        bool kept = looked_at && pair->weight >= least;
        found += looked_at;
        same = same &&
               (!kept || (at < pairs.count && memcmp(&pairs.items[at], pair, sizeof *pair) == 0));
        at += kept;
    }
    if (!same || at != pairs.count || pairs.counts.pairs != found || pairs.counts.kept != at) {
        dump(c);
        fail_msg("from %.17g on and right records from %u on, %u threads: %zu pairs of %llu "
                 "instead of %zu of %llu",
                 least, first_right, threads, pairs.count, (unsigned long long)pairs.counts.pairs,
                 at, (unsigned long long)found);
    }
    engine_pairs_free(&pairs);
    predictor_free(&predictor);
}

/* A weight that occurs (then it is kept: thresholds are inclusive), one that is just missed, or any
   other. */
static double pick_threshold(struct random *random, const struct engine_pairs *all)
{
    double weight = all->count == 0 ? 0 : all->items[random_below(random, all->count)].weight;
    switch (random_below(random, 6)) {
    case 0: return nextafter(weight, INFINITY);
    case 1: return random_unit(random) * 60 - 30;
    case 2: return -SCORING_WEIGHT_LIMIT;
    default: return weight;
    }
}

/* Mostly few: starting threads takes longer than what they have to do here. */
static unsigned pick_threads(struct random *random)
{
    static const unsigned threads[] = {1, 1, 1, 2, 2, 7};
    return threads[random_below(random, 6)];
}

static void check_case(uint64_t seed)
{
    static struct oracle_case c;
    struct random random;
    struct engine engine;
    struct engine_pairs all;
    oracle_make(&c, seed);
    random_seed(&random, ~seed);
    engine_open_case(&engine, &c);
    check(&c, engine_predict(&all, &engine.predictor, 1, -INFINITY, &error));
    check_against_oracle(&c, &all);
    check_shuffled(&c, &engine.model, &random, pick_threads(&random), &all);
    for (unsigned i = 0; i < 2; i++) {
        double least = pick_threshold(&random, &all);
        uint32_t first_right = i == 0 ? 0 : (uint32_t)random_below(&random, c.record_count + 2);
        check_filtered(&c, &engine, least, first_right, pick_threads(&random), &all);
    }
    engine_pairs_free(&all);
    engine_close(&engine);
}

static void agrees_with_the_oracle(void **state)
{
    (void)state;
    uint64_t seed;
    uint64_t cases = CASES;
    if (setting("ORACLE_SEED", &seed)) {
        check_case(seed);
        return;
    }
    setting("ORACLE_CASES", &cases);
    for (seed = 0; seed < cases; seed++) {
        check_case(seed);
    }
}

/* ---- large runs ---- */

/* Two columns of 13 and 29 values in no order. */
static void make_many(struct columns *out, uint32_t count)
{
    static const struct str names[] = {{"a", 1}, {"b", 1}};
    assert_int_equal(columns_init(out, names, 2, NULL, &error), 0);
    for (uint32_t i = 0; i < count; i++) {
        char a = (char)('a' + (uint64_t)i * 7919 % 13);
        char b[2] = {'x', (char)('A' + (uint64_t)i * 104729 % 29)};
        struct str row[] = {{&a, 1}, {b, 2}};
        assert_int_equal(columns_append(out, row, &error), 0);
    }
    assert_int_equal(columns_seal(out, NULL, &error), 0);
}

static const char every_pair[] =
    "{\"blocking_rules_to_generate_predictions\": [\"1=1\"], \"comparisons\": ["
    "{\"comparison_levels\": [{\"sql_condition\": \"a_l = a_r\"}, {\"sql_condition\": \"ELSE\"}]},"
    "{\"comparison_levels\": [{\"sql_condition\": \"b_l = b_r\"}, {\"sql_condition\": "
    "\"ELSE\"}]}]}";

/* What came out of a large run: a hash of the bytes in their order, and how it came. */
struct summary {
    uint64_t hash;
    uint64_t pairs;
    uint64_t largest; /* predictions handed on at once */
    uint32_t left, right;
    bool sorted;
};

static int summarise(void *context, const struct predictions *predictions, struct str text,
                     struct error *failure)
{
    (void)failure;
    (void)text;
    struct summary *summary = context;
    for (size_t i = 0; i < predictions->count; i++) {
        const struct prediction *at = &predictions->items[i];
        bool after =
            at->left > summary->left || (at->left == summary->left && at->right > summary->right);
        summary->sorted = summary->sorted && at->left < at->right && after;
        summary->left = at->left;
        summary->right = at->right;
        uint64_t weight;
        memcpy(&weight, &at->weight, sizeof weight);
        uint64_t levels =
            predictions->levels[at->levels] + 2u * predictions->levels[at->levels + 1];
        /* Any mixing will do: all that counts is that the order matters. */
        summary->hash = (summary->hash + weight + levels + ((uint64_t)at->left << 32 | at->right)) *
                        0x9E3779B97F4A7C15u;
        summary->hash ^= summary->hash >> 29;
    }
    summary->pairs += predictions->count;
    summary->largest =
        predictions->count > summary->largest ? predictions->count : summary->largest;
    return 0;
}

static struct summary run_many(struct engine *engine, unsigned threads)
{
    struct summary summary = {.sorted = true};
    struct predict_sink sink = {.context = &summary, .take = summarise};
    struct predict_options options = {.threads = threads, .least_weight = -INFINITY};
    struct predict_counts counts;
    assert_int_equal(predict_run(&counts, &engine->predictor, &options, &sink, &error), 0);
    assert_int_equal(counts.kept, summary.pairs);
    predict_counts_free(&counts);
    return summary;
}

/* So many records that even with seven threads a batch has more predictions than it may keep
   (65,536) and hands them on before it is done. */
static void large_batches_are_handed_on_in_parts(void **state)
{
    (void)state;
    enum { MANY = 2900 };
    struct columns columns;
    struct engine engine;
    make_many(&columns, MANY);
    engine_open(&engine, &columns, every_pair);
    struct summary expected = run_many(&engine, 1);
    assert_true(expected.sorted);
    assert_int_equal(expected.pairs, (uint64_t)MANY * (MANY - 1) / 2);
    assert_true(expected.largest >= 1 << 16);
    assert_true(expected.largest < (1 << 16) + MANY);
    for (unsigned threads = 2; threads <= 7; threads += 5) {
        struct summary summary = run_many(&engine, threads);
        assert_true(summary.sorted);
        assert_true(summary.largest >= 1 << 16);
        assert_int_equal(summary.pairs, expected.pairs);
        assert_int_equal(summary.hash, expected.hash);
    }
    engine_close(&engine);
}

/* ---- progress and failures ---- */

enum { SOME = 1300 };

struct watch {
    uint64_t done;
    uint64_t total;
    unsigned calls;
    unsigned cancel_at; /* call of progress; 0: never */
    unsigned fail_at;   /* call of take; 0: never */
    unsigned taken;
    atomic_uint formatted;
    unsigned fail_format_at;
    bool falls;
};

static int watch_format(void *context, const struct predictions *predictions,
                        struct text_buffer *out, struct error *failure)
{
    struct watch *watch = context;
    text_appendf(out, "%zu", predictions->count);
    return atomic_fetch_add(&watch->formatted, 1) + 1 == watch->fail_format_at
               ? error_set(failure, STATUS_INTERNAL, "format")
               : 0;
}

static int watch_take(void *context, const struct predictions *predictions, struct str text,
                      struct error *failure)
{
    (void)predictions;
    (void)text;
    struct watch *watch = context;
    return ++watch->taken == watch->fail_at ? error_set(failure, STATUS_IO, "take") : 0;
}

static bool watch_progress(void *context, uint64_t done, uint64_t total)
{
    struct watch *watch = context;
    watch->falls = watch->falls || done < watch->done || done > total;
    watch->done = done;
    watch->total = total;
    return ++watch->calls != watch->cancel_at;
}

static int run_watched(struct engine *engine, struct watch *watch, unsigned threads)
{
    struct predict_sink sink = {watch, watch_format, watch_take, watch_progress};
    struct predict_options options = {.threads = threads, .least_weight = -INFINITY};
    struct predict_counts counts;
    int status = predict_run(&counts, &engine->predictor, &options, &sink, &error);
    if (status != 0) {
        assert_null(counts.pairs_by_rule);
    }
    predict_counts_free(&counts);
    return status;
}

static void open_some(struct engine *out)
{
    struct columns columns;
    make_many(&columns, SOME);
    engine_open(out, &columns, every_pair);
}

static void progress_ends_at_the_total(void **state)
{
    (void)state;
    struct engine engine;
    open_some(&engine);
    for (unsigned threads = 1; threads <= 7; threads += 3) {
        struct watch watch = {0};
        assert_int_equal(run_watched(&engine, &watch, threads), 0);
        assert_int_equal(watch.total, (uint64_t)SOME * (SOME - 1) / 2);
        assert_int_equal(watch.done, watch.total);
        assert_true(watch.calls > 10);
        assert_false(watch.falls);
    }
    engine_close(&engine);
}

static void progress_may_cancel(void **state)
{
    (void)state;
    struct engine engine;
    open_some(&engine);
    for (unsigned threads = 1; threads <= 7; threads += 3) {
        for (unsigned call = 1; call < 10; call += 4) {
            struct watch watch = {.cancel_at = call};
            assert_int_equal(run_watched(&engine, &watch, threads), STATUS_CANCELLED);
            assert_int_equal(error.status, STATUS_CANCELLED);
            assert_int_equal(watch.calls, call);
        }
    }
    engine_close(&engine);
}

static void failures_of_the_sink_are_returned(void **state)
{
    (void)state;
    struct engine engine;
    open_some(&engine);
    for (unsigned threads = 1; threads <= 7; threads += 3) {
        struct watch taking = {.fail_at = 3};
        assert_int_equal(run_watched(&engine, &taking, threads), STATUS_IO);
        assert_string_equal(error.message, "take");
        assert_int_equal(taking.taken, 3);
        struct watch formatting = {.fail_format_at = 4};
        assert_int_equal(run_watched(&engine, &formatting, threads), STATUS_INTERNAL);
        assert_string_equal(error.message, "format");
    }
    engine_close(&engine);
}

/* ---- the edges ---- */

static void one_record_or_none(void **state)
{
    (void)state;
    for (uint32_t count = 0; count < 2; count++) {
        for (unsigned threads = 1; threads <= 7; threads += 6) {
            struct columns columns;
            struct engine engine;
            struct engine_pairs pairs;
            make_many(&columns, count);
            engine_open(&engine, &columns, every_pair);
            assert_int_equal(engine_predict(&pairs, &engine.predictor, threads, -INFINITY, &error),
                             0);
            assert_int_equal(pairs.count, 0);
            assert_int_equal(pairs.counts.pairs, 0);
            assert_int_equal(pairs.counts.rule_count, 1);
            engine_pairs_free(&pairs);
            engine_close(&engine);
        }
    }
}

static void thresholds_beyond_all_weights(void **state)
{
    (void)state;
    struct engine engine;
    struct engine_pairs pairs;
    open_some(&engine);
    assert_int_equal(engine_predict(&pairs, &engine.predictor, 2, INFINITY, &error), 0);
    assert_int_equal(pairs.count, 0);
    assert_int_equal(pairs.counts.kept, 0);
    assert_int_equal(pairs.counts.pairs, (uint64_t)SOME * (SOME - 1) / 2);
    engine_pairs_free(&pairs);
    assert_int_equal(
        engine_predict(&pairs, &engine.predictor, 2, -2 * SCORING_WEIGHT_LIMIT, &error), 0);
    assert_int_equal(pairs.counts.kept, pairs.counts.pairs);
    engine_pairs_free(&pairs);
    engine_close(&engine);
}

static const char link_only[] =
    "{\"link_type\": \"link_only\", \"source_dataset_column_name\": \"B\","
    " \"blocking_rules_to_generate_predictions\": [\"l.a = r.a\"], \"comparisons\": ["
    "{\"comparison_levels\": [{\"sql_condition\": \"a_l = a_r\"}, {\"sql_condition\": "
    "\"ELSE\"}]}]}";

static int try_link_only(const struct str *names, uint32_t count, const struct column_set *used)
{
    struct columns columns;
    struct model model;
    struct predictor predictor;
    struct predictor_options options = {.threads = 1};
    struct str row[] = {STR("x"), STR("y")};
    assert_int_equal(columns_init(&columns, names, count, used, &error), 0);
    assert_int_equal(columns_append(&columns, row, &error), 0);
    assert_int_equal(columns_append(&columns, row, &error), 0);
    assert_int_equal(columns_seal(&columns, NULL, &error), 0);
    assert_int_equal(engine_load_model(&model, &columns, link_only, &error), 0);
    int status = predictor_init(&predictor, &model, &columns, &options, &error);
    if (status == 0) {
        predictor_free(&predictor);
    }
    model_free(&model);
    columns_free(&columns);
    return status;
}

/* Without it every pair would look like one of two sources, or all like one of the same. */
static void linking_needs_the_source_column(void **state)
{
    (void)state;
    static const struct str names[] = {{"a", 1}, {"b", 1}};
    static const struct str others[] = {{"a", 1}, {"c", 1}};
    assert_int_equal(try_link_only(names, 2, NULL), 0);
    assert_int_equal(try_link_only(others, 2, NULL), STATUS_INVALID);
    assert_non_null(strstr(error.message, "\"B\""));
    struct column_set used = {0};
    column_set_add(&used, 0);
    assert_int_equal(try_link_only(names, 2, &used), STATUS_INVALID);
}

/* ---- memory ---- */

static const char rich[] =
    "{\"blocking_rules_to_generate_predictions\": ["
    " \"l.a = r.a and levenshtein(l.b, r.b) <= 1\","
    " \"substr(l.b, 2, 1) = substr(r.b, 2, 1) or l.a = r.b\"], \"comparisons\": ["
    "{\"comparison_levels\": [{\"sql_condition\": \"a_l is null or a_r is null\","
    " \"is_null_level\": true}, {\"sql_condition\": \"a_l = a_r\", \"tf_adjustment_column\": "
    "\"a\"},"
    " {\"sql_condition\": \"jaro_winkler_similarity(lower(a_l), lower(a_r)) > 0.8\"},"
    " {\"sql_condition\": \"ELSE\"}]},"
    "{\"comparison_levels\": [{\"sql_condition\": \"b_l = b_r\"}, {\"sql_condition\": "
    "\"ELSE\"}]}]}";

struct work {
    const struct columns *columns;
    const struct model *model;
    unsigned threads;
};

static int predict_all(void *context, struct error *failure)
{
    const struct work *work = context;
    struct predictor predictor;
    struct engine_pairs pairs;
    struct predictor_options options = {.threads = work->threads};
    int status = predictor_init(&predictor, work->model, work->columns, &options, failure);
    if (status != 0) {
        return status;
    }
    status = engine_predict(&pairs, &predictor, work->threads, -INFINITY, failure);
    if (status == 0) {
        engine_pairs_free(&pairs);
    }
    predictor_free(&predictor);
    return status;
}

static void survives_failing_memory(void **state)
{
    (void)state;
    struct columns columns;
    struct model model;
    make_many(&columns, 60);
    assert_int_equal(engine_load_model(&model, &columns, rich, &error), 0);
    for (unsigned threads = 1; threads <= 3; threads += 2) {
        struct work work = {&columns, &model, threads};
        assert_true(table_fail_every_allocation(predict_all, &work) > 50);
    }
    model_free(&model);
    columns_free(&columns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_the_oracle),
        cmocka_unit_test(large_batches_are_handed_on_in_parts),
        cmocka_unit_test(progress_ends_at_the_total),
        cmocka_unit_test(progress_may_cancel),
        cmocka_unit_test(failures_of_the_sink_are_returned),
        cmocka_unit_test(one_record_or_none),
        cmocka_unit_test(thresholds_beyond_all_weights),
        cmocka_unit_test(linking_needs_the_source_column),
        cmocka_unit_test(survives_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
