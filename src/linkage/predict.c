#include "linkage/predict.h"

#include <math.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/threads.h"
#include "base/vec.h"

enum {
    /* Left records a batch: enough work to make taking a batch cheap, little enough to share the
       end of the run evenly. */
    BATCH_LEFTS = 256,
    /* Predictions that a batch may collect before it waits for its turn and hands them on. */
    BATCH_PREDICTIONS = 1 << 16,
    /* Rows asked for this many candidates ahead: about the latency of main memory in candidates. */
    PREFETCH_DISTANCE = 16,
};

/* ---- the predictor ---- */

/* Beside what scoring looks at, a row holds the record's key in every probe but the last, so that
   later ones can exclude its pairs; the last one's slot serves for the source when that matters; and
   the code that each filter looks at. */
static void fill_rows(struct predictor *predictor)
{
    struct row_table *rows = &predictor->scoring.rows;
    const struct blocking *blocking = &predictor->blocking;
    uint32_t filter_slot = predictor->first_slot + (uint32_t)blocking->probe_count;
    for (size_t i = 0; i < blocking->probe_count; i++) {
        struct pair_case *filter = blocking->probes[i].filter;
        if (filter != NULL) {
            row_table_fill(rows, filter_slot, filter->codes);
            pair_case_use_copy(filter, rows->items + filter_slot, rows->stride - 1);
            filter_slot++;
        }
    }
    for (size_t i = 0; i + 1 < blocking->probe_count; i++) {
        row_table_fill(rows, predictor->first_slot + (uint32_t)i, blocking->probes[i].right);
    }
    if (predictor->source_codes != NULL) {
        row_table_fill(rows, predictor->source_slot, predictor->source_codes);
    }
}

/* A model that only links sources leaves out the pairs within one. */
static int find_source(struct predictor *predictor, const struct model *model,
                       const struct columns *columns, struct error *error)
{
    if (model->settings->link_type != SETTINGS_LINK_ONLY) {
        return 0;
    }
    struct str name = model->settings->source_dataset_column_name;
    uint32_t column = columns_find(columns, name);
    if (column == UINT32_MAX || !columns->items[column].used) {
        error_set(error, STATUS_INVALID,
                  "link_type: link_only needs the column \"%.*s\", which tells the sources apart",
                  STR_ARG(name));
        error_hint(error, "add the column, name it in source_dataset_column_name, or set link_type "
                          "to dedupe_only");
        return STATUS_INVALID;
    }
    predictor->source_codes = columns->items[column].codes;
    return 0;
}

static int build_blocking(struct predictor *predictor, const struct model *model,
                          const struct columns *columns, unsigned threads, struct error *error)
{
    const struct expr_node **rules =
        arena_alloc_array(&predictor->arena, model->rule_count, sizeof *rules);
    if (rules == NULL) {
        return error_out_of_memory(error);
    }
    for (size_t i = 0; i < model->rule_count; i++) {
        rules[i] = model->rules[i].condition;
    }
    return blocking_build(&predictor->blocking, &predictor->arena, columns, rules,
                          model->rule_count, predictor->first_right, threads, error);
}

static uint32_t count_filters(const struct blocking *blocking)
{
    uint32_t count = 0;
    for (size_t i = 0; i < blocking->probe_count; i++) {
        count += blocking->probes[i].filter != NULL;
    }
    return count;
}

int predictor_init(struct predictor *out, const struct model *model, const struct columns *columns,
                   const struct predictor_options *options, struct error *error)
{
    *out = (struct predictor){
        .first_right = options->first_right,
        .arena = ARENA((size_t)1 << 30),
    };
    int status = find_source(out, model, columns, error);
    if (status == 0) {
        status = build_blocking(out, model, columns, options->threads, error);
    }
    if (status == 0) {
        uint32_t probes = (uint32_t)out->blocking.probe_count;
        status = scoring_init(&out->scoring, model, columns, options->threads,
                              probes + count_filters(&out->blocking), &out->first_slot, error);
        out->source_slot = out->first_slot + probes - 1;
    }
    if (status != 0) {
        predictor_free(out);
        return status;
    }
    fill_rows(out);
    return 0;
}

void predictor_free(struct predictor *predictor)
{
    blocking_free(&predictor->blocking);
    scoring_free(&predictor->scoring);
    arena_free(&predictor->arena);
    *predictor = (struct predictor){0};
}

/* ---- a run ---- */

/* An earlier probe whose key the left record has: a right record with the same key is its pair. */
struct exclusion {
    bool keyed;
    uint32_t slot;
    uint32_t key;
    struct pair_case_runner *filter; /* NULL: the key alone decides */
};

/* The candidates of a left record by each probe. */
struct candidates {
    const uint32_t *members[BLOCKING_MAX_PROBES];
    uint32_t counts[BLOCKING_MAX_PROBES];
    uint32_t from; /* right records are this or higher */
    uint64_t all;
};

/* One thread's own. */
struct worker {
    struct candidates candidates[2]; /* of the left record at hand and of the next one, in turns */
    struct scorer scorer;
    struct pair_case_runner filters[BLOCKING_MAX_PROBES]; /* by probe; unset without a filter */
    struct exclusion exclusions[BLOCKING_MAX_PROBES];
    size_t exclusion_count;
    uint64_t *pairs_by_rule;
};

/* A batch's result, until it is handed on. */
struct batch {
    struct {
        VEC(struct prediction);
    } predictions;
    struct {
        VEC(uint16_t);
    } levels; /* of all predictions, in the order of finding */
    struct text_buffer text;
};

struct run {
    struct predictor *predictor;
    const struct predict_sink *sink;
    double least;   /* options' least_weight, or -infinity where the clamp makes it void */
    double prune;   /* least less the margin for rounding */
    uint32_t lefts; /* left records a batch */
    struct worker *workers;
    unsigned worker_count;
    struct batch *batches; /* by slot */
    unsigned batch_count;
    atomic_uint_fast64_t done; /* candidates looked at */
    uint64_t kept;             /* predictions handed on */
};

static int by_right(const void *a, const void *b)
{
    uint32_t left = ((const struct prediction *)a)->right;
    uint32_t right = ((const struct prediction *)b)->right;
    return (left > right) - (left < right);
}

static bool is_excluded(struct worker *worker, const uint32_t *row, uint32_t left, uint32_t right)
{
    for (size_t i = 0; i < worker->exclusion_count; i++) {
        const struct exclusion *earlier = &worker->exclusions[i];
        if (earlier->keyed && row[earlier->slot] != earlier->key) {
            continue;
        }
        if (earlier->filter == NULL || pair_case_result(earlier->filter, left, right) == 0) {
            return true;
        }
    }
    return false;
}

/* NULL is of no known source, so neither the same nor another: such a record is in no pair. */
static inline bool is_same_source(const struct predictor *predictor, uint32_t left,
                                  const uint32_t *row)
{
    if (LIKELY(predictor->source_codes == NULL)) {
        return false;
    }
    uint32_t own = predictor->source_codes[left];
    uint32_t other = row[predictor->source_slot];
    return own == other || own == COLUMNS_CODE_NULL || other == COLUMNS_CODE_NULL;
}

static bool keep(struct worker *worker, struct batch *batch, uint32_t right, uint32_t rule,
                 double least)
{
    size_t comparisons = worker->scorer.scoring->comparison_count;
    if (!vec_reserve(&batch->levels, batch->levels.len + comparisons)) {
        return false;
    }
    uint16_t *levels = batch->levels.items + batch->levels.len;
    double weight = scorer_weight(&worker->scorer, right, least, levels);
    if (weight < least || isinf(weight)) {
        return true;
    }
    struct prediction prediction = {worker->scorer.left, right, rule, weight, batch->levels.len};
    batch->levels.len += comparisons;
    return vec_push(&batch->predictions, prediction);
}

/* The candidates of one probe for the worker's left record. */
static bool scan(struct run *run, struct worker *worker, struct batch *batch, size_t number,
                 const uint32_t *members, uint32_t from, uint32_t count)
{
    const struct predictor *predictor = run->predictor;
    const struct probe *probe = &predictor->blocking.probes[number];
    struct pair_case_runner *filter = probe->filter == NULL ? NULL : &worker->filters[number];
    const struct row_table *rows = &predictor->scoring.rows;
    uint32_t left = worker->scorer.left;
    uint64_t found = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t right = members == NULL ? from + i : members[i];
        if (members != NULL && i + PREFETCH_DISTANCE < count) {
            row_table_prefetch(rows, members[i + PREFETCH_DISTANCE]);
        }
        const uint32_t *row = row_table_row(rows, right);
        if (is_same_source(predictor, left, row) || is_excluded(worker, row, left, right) ||
            (filter != NULL && pair_case_result(filter, left, right) != 0)) {
            continue;
        }
        found++;
        if (scorer_bound(&worker->scorer, row, run->prune) < run->prune) {
            continue;
        }
        if (!keep(worker, batch, right, probe->rule, run->least)) {
            return false;
        }
    }
    worker->pairs_by_rule[probe->rule] += found;
    return true;
}

static void add_exclusion(struct run *run, struct worker *worker, size_t number, uint32_t left)
{
    const struct probe *probe = &run->predictor->blocking.probes[number];
    uint32_t key = probe->keyed ? probe->left[left] : BLOCKING_JOINS_NOTHING;
    if (probe->keyed && key == BLOCKING_JOINS_NOTHING) {
        return;
    }
    worker->exclusions[worker->exclusion_count++] = (struct exclusion){
        .keyed = probe->keyed,
        .slot = run->predictor->first_slot + (uint32_t)number,
        .key = key,
        .filter = probe->filter == NULL ? NULL : &worker->filters[number],
    };
}

/* Finds a left record's candidates and asks for the rows of the first ones: the record before it is
   scored meanwhile, so that nobody waits for main memory. */
static void find_candidates(const struct run *run, struct worker *worker, uint32_t left)
{
    const struct predictor *predictor = run->predictor;
    const struct blocking *blocking = &predictor->blocking;
    uint32_t records = predictor->scoring.rows.records;
    struct candidates *out = &worker->candidates[left % 2];
    out->from = left + 1 > predictor->first_right ? left + 1 : predictor->first_right;
    out->all = 0;
    for (size_t i = 0; i < blocking->probe_count; i++) {
        uint32_t count =
            probe_candidates(&blocking->probes[i], records, left, out->from, &out->members[i]);
        out->counts[i] = count;
        out->all += count;
        uint32_t ahead = count < PREFETCH_DISTANCE ? count : PREFETCH_DISTANCE;
        for (uint32_t j = 0; out->members[i] != NULL && j < ahead; j++) {
            row_table_prefetch(&predictor->scoring.rows, out->members[i][j]);
        }
    }
}

/* Asks for the places where the candidates of a later left record begin. */
static void prefetch_starts(const struct run *run, uint32_t left)
{
    const struct blocking *blocking = &run->predictor->blocking;
    for (size_t i = 0; i < blocking->probe_count; i++) {
        const struct probe *probe = &blocking->probes[i];
        if (probe->keyed) {
            __builtin_prefetch(&probe->starts[probe->left[left]]);
        }
    }
}

/* All pairs of one left record, whose candidates are found, sorted by the right one. */
static int score_left(struct run *run, struct worker *worker, struct batch *batch, uint32_t left,
                      struct error *error)
{
    const struct blocking *blocking = &run->predictor->blocking;
    const struct candidates *candidates = &worker->candidates[left % 2];
    size_t first = batch->predictions.len;
    if (candidates->all == 0) {
        return 0;
    }
    scorer_set_left(&worker->scorer, left);
    worker->exclusion_count = 0;
    for (size_t i = 0; i < blocking->probe_count; i++) {
        if (candidates->counts[i] > 0 && !scan(run, worker, batch, i, candidates->members[i],
                                               candidates->from, candidates->counts[i])) {
            return error_out_of_memory(error);
        }
        add_exclusion(run, worker, i, left);
    }
    atomic_fetch_add_explicit(&run->done, candidates->all, memory_order_relaxed);
    if (batch->predictions.len - first > 1) {
        qsort(batch->predictions.items + first, batch->predictions.len - first,
              sizeof *batch->predictions.items, by_right);
    }
    return 0;
}

static struct predictions batch_predictions(const struct batch *batch)
{
    return (struct predictions){batch->predictions.items, batch->predictions.len,
                                batch->levels.items};
}

/* Lets the sink make text of the predictions. */
static int format_batch(struct run *run, struct batch *batch, struct error *error)
{
    text_clear(&batch->text);
    if (run->sink->format == NULL || batch->predictions.len == 0) {
        return 0;
    }
    struct predictions predictions = batch_predictions(batch);
    int status = run->sink->format(run->sink->context, &predictions, &batch->text, error);
    return status == 0 && batch->text.failed ? error_out_of_memory(error) : status;
}

static int hand_on(struct run *run, struct batch *batch, struct error *error)
{
    int status = 0;
    run->kept += batch->predictions.len;
    if (batch->predictions.len > 0) {
        struct predictions predictions = batch_predictions(batch);
        status = run->sink->take(run->sink->context, &predictions, text_str(&batch->text), error);
    }
    batch->predictions.len = 0;
    batch->levels.len = 0;
    uint64_t done = atomic_load_explicit(&run->done, memory_order_relaxed);
    if (status == 0 && run->sink->progress != NULL &&
        !run->sink->progress(run->sink->context, done, run->predictor->blocking.candidates)) {
        status = error_set(error, STATUS_CANCELLED, "cancelled");
    }
    return status;
}

/* ---- threads ---- */

/* Hands on what a large batch has so far, when its turn has come. */
static int flush_batch(struct run *run, struct threads_order *order, struct batch *batch,
                       uint64_t number, struct error *error)
{
    int status = format_batch(run, batch, error);
    if (status == 0) {
        status = threads_await_turn(order, number, error);
    }
    return status == 0 ? hand_on(run, batch, error) : status;
}

static int produce(void *context, struct threads_order *order, unsigned worker_number,
                   uint64_t number, unsigned slot, struct error *error)
{
    struct run *run = context;
    struct worker *worker = &run->workers[worker_number];
    struct batch *batch = &run->batches[slot];
    uint32_t records = run->predictor->scoring.columns->record_count;
    uint64_t first = number * run->lefts;
    uint64_t end = first + run->lefts < records ? first + run->lefts : records;
    int status = 0;
    find_candidates(run, worker, (uint32_t)first);
    for (uint64_t left = first; status == 0 && left < end; left++) {
        if (left + 2 < records) {
            prefetch_starts(run, (uint32_t)left + 2);
        }
        if (left + 1 < end) {
            find_candidates(run, worker, (uint32_t)left + 1);
        }
        status = score_left(run, worker, batch, (uint32_t)left, error);
        if (status == 0 && batch->predictions.len >= BATCH_PREDICTIONS) {
            status = flush_batch(run, order, batch, number, error);
        }
    }
    return status == 0 ? format_batch(run, batch, error) : status;
}

static int consume(void *context, uint64_t number, unsigned slot, struct error *error)
{
    (void)number;
    struct run *run = context;
    return hand_on(run, &run->batches[slot], error);
}

static void free_run(struct run *run)
{
    for (unsigned i = 0; run->workers != NULL && i < run->worker_count; i++) {
        struct worker *worker = &run->workers[i];
        if (worker->scorer.scoring != NULL) {
            scorer_free(&worker->scorer);
        }
        for (size_t j = 0; j < BLOCKING_MAX_PROBES; j++) {
            if (worker->filters[j].pair_case != NULL) {
                pair_case_runner_free(&worker->filters[j]);
            }
        }
        memory_free(worker->pairs_by_rule);
    }
    memory_free(run->workers);
    for (unsigned i = 0; run->batches != NULL && i < run->batch_count; i++) {
        vec_free(&run->batches[i].predictions);
        vec_free(&run->batches[i].levels);
        text_free(&run->batches[i].text);
    }
    memory_free(run->batches);
}

static int init_worker(struct worker *worker, struct predictor *predictor, struct error *error)
{
    const struct blocking *blocking = &predictor->blocking;
    worker->pairs_by_rule = memory_alloc_zeroed(blocking->rule_count, sizeof(uint64_t));
    if (worker->pairs_by_rule == NULL) {
        return error_out_of_memory(error);
    }
    int status = scorer_init(&worker->scorer, &predictor->scoring, error);
    for (size_t i = 0; status == 0 && i < blocking->probe_count; i++) {
        if (blocking->probes[i].filter != NULL) {
            status = pair_case_runner_init(&worker->filters[i], blocking->probes[i].filter, error);
        }
    }
    return status;
}

static int init_run(struct run *run, struct error *error)
{
    run->workers = memory_alloc_zeroed(run->worker_count, sizeof *run->workers);
    run->batches = memory_alloc_zeroed(run->batch_count, sizeof *run->batches);
    if (run->workers == NULL || run->batches == NULL) {
        return error_out_of_memory(error);
    }
    int status = 0;
    for (unsigned i = 0; status == 0 && i < run->worker_count; i++) {
        status = init_worker(&run->workers[i], run->predictor, error);
    }
    for (unsigned i = 0; i < run->batch_count; i++) {
        run->batches[i].text = TEXT_BUFFER(SIZE_MAX / 2);
    }
    return status;
}

static int collect_counts(struct predict_counts *counts, const struct run *run, struct error *error)
{
    size_t rules = run->predictor->blocking.rule_count;
    *counts = (struct predict_counts){.rule_count = rules, .kept = run->kept};
    counts->pairs_by_rule = memory_alloc_zeroed(rules, sizeof *counts->pairs_by_rule);
    if (counts->pairs_by_rule == NULL) {
        return error_out_of_memory(error);
    }
    for (unsigned i = 0; i < run->worker_count; i++) {
        for (size_t j = 0; j < rules; j++) {
            counts->pairs_by_rule[j] += run->workers[i].pairs_by_rule[j];
            counts->pairs += run->workers[i].pairs_by_rule[j];
        }
    }
    return 0;
}

static int refuse_exhausted(const char *place, size_t number, struct error *error)
{
    error_set(error, STATUS_RESOURCES,
              "%s.%zu: a condition needs too much memory for one pair of records", place, number);
    error_hint(error,
               "cut very long values, or compare a part of them, as in substr(x_l, 1, 1000)");
    return STATUS_RESOURCES;
}

/* After the runners are gone: whether any value could not be computed for want of memory. */
static int check_exhausted(const struct predictor *predictor, struct error *error)
{
    for (size_t i = 0; i < predictor->scoring.comparison_count; i++) {
        if (atomic_load(&predictor->scoring.comparisons[i].pair_case.exhausted)) {
            return refuse_exhausted("comparisons", i, error);
        }
    }
    for (size_t i = 0; i < predictor->blocking.probe_count; i++) {
        const struct probe *probe = &predictor->blocking.probes[i];
        if (probe->filter != NULL && atomic_load(&probe->filter->exhausted)) {
            return refuse_exhausted("blocking_rules_to_generate_predictions", probe->rule, error);
        }
    }
    return 0;
}

int predict_run(struct predict_counts *counts, struct predictor *predictor,
                const struct predict_options *options, const struct predict_sink *sink,
                struct error *error)
{
    *counts = (struct predict_counts){0};
    uint64_t records = predictor->scoring.columns->record_count;
    struct run run = {
        .predictor = predictor,
        .sink = sink,
        .least = options->least_weight > -SCORING_WEIGHT_LIMIT ? options->least_weight : -INFINITY,
        .worker_count = options->threads,
        .batch_count = threads_slots(options->threads),
    };
    run.prune = run.least - SCORING_BOUND_MARGIN;
    uint64_t even = records / (16 * (uint64_t)options->threads) + 1;
    run.lefts = even < BATCH_LEFTS ? (uint32_t)even : BATCH_LEFTS;
    int status = init_run(&run, error);
    if (status == 0) {
        struct threads_ordered work = {produce, consume, &run};
        status = threads_run_ordered(&work, (records + run.lefts - 1) / run.lefts, options->threads,
                                     error);
    }
    if (status == 0) {
        status = collect_counts(counts, &run, error);
    }
    free_run(&run);
    if (status == 0) {
        status = check_exhausted(predictor, error);
    }
    if (status != 0) {
        predict_counts_free(counts);
    }
    return status;
}

void predict_counts_free(struct predict_counts *counts)
{
    memory_free(counts->pairs_by_rule);
    *counts = (struct predict_counts){0};
}
