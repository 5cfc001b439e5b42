#include "linkage/blocking.h"

#include "base/memory.h"
#include "base/threads.h"
#include "linkage/join_key.h"

/* ---- one probe ---- */

/* The conjuncts of one disjunct, sorted into equalities and others. */
struct plan {
    uint32_t rule;
    struct join_equality *equalities;
    size_t equality_count;
    const struct expr_node **others;
    size_t other_count;
};

static int plan_probe(struct plan *out, struct arena *arena, const struct columns *columns,
                      const struct expr_node *disjunct, uint32_t rule, struct error *error)
{
    const struct expr_node *const *conjuncts;
    size_t count;
    int status = expr_conjuncts(&conjuncts, &count, arena, disjunct, error);
    if (status != 0) {
        return status;
    }
    *out = (struct plan){.rule = rule};
    out->equalities = arena_alloc_array(arena, count, sizeof *out->equalities);
    out->others = arena_alloc_array(arena, count, sizeof *out->others);
    if (out->equalities == NULL || out->others == NULL) {
        return error_out_of_memory(error);
    }
    for (size_t i = 0; i < count; i++) {
        struct join_equality *equality = &out->equalities[out->equality_count];
        struct column_set exact = {0};
        bool joins = expr_is_join_equality(conjuncts[i], &equality->left, &equality->right);
        enum value_kind kind = joins ? expr_type(equality->left).kind : VALUE_NULL;
        if (!joins || kind == VALUE_LIST || kind == VALUE_INTERVAL) {
            out->others[out->other_count++] = conjuncts[i];
            continue;
        }
        equality->column = JOIN_KEY_NO_COLUMN;
        uint32_t only;
        if (expr_is_exact_match(conjuncts[i], &exact) &&
            keys_column_count(columns, &exact, &only) == 1) {
            equality->column = only;
        }
        out->equality_count++;
    }
    return 0;
}

/* The index: members by key. Counting sort, so members of a key are ascending. */
static int index_members(struct probe *probe, uint32_t records, struct error *error)
{
    probe->starts = memory_alloc_zeroed((size_t)probe->key_count + 2, sizeof *probe->starts);
    if (probe->starts == NULL) {
        return error_out_of_memory(error);
    }
    /* starts[key + 1] counts, becomes the running end, and is the start again after the fill. */
    uint32_t *ends = probe->starts + 1;
    uint32_t total = 0;
    for (uint32_t i = 0; i < records; i++) {
        if (probe->right[i] != BLOCKING_JOINS_NOTHING) {
            ends[probe->right[i]]++;
            total++;
        }
    }
    for (uint32_t key = 0, before = 0; key < probe->key_count; key++) {
        uint32_t size = ends[key];
        probe->largest_block = size > probe->largest_block ? size : probe->largest_block;
        ends[key] = before;
        before += size;
    }
    probe->members = memory_alloc_array(total, sizeof *probe->members);
    if (probe->members == NULL) {
        return error_out_of_memory(error);
    }
    for (uint32_t i = 0; i < records; i++) {
        if (probe->right[i] != BLOCKING_JOINS_NOTHING) {
            probe->members[ends[probe->right[i]]++] = i;
        }
    }
    return 0;
}

/* A record alone with its key joins nothing: forgetting the key here keeps it from being looked up
   for each record. Only where both sides are one; the codes of others stay comparable. */
static void forget_lone_keys(struct probe *probe, uint32_t records)
{
    for (uint32_t i = 0; i < records; i++) {
        uint32_t key = probe->left[i];
        if (key != BLOCKING_JOINS_NOTHING && probe->starts[key + 1] - probe->starts[key] == 1) {
            probe->left[i] = BLOCKING_JOINS_NOTHING;
        }
    }
}

static uint64_t count_candidates(const struct probe *probe, uint32_t records, uint32_t first_right)
{
    uint64_t total = 0;
    if (probe->keyed && probe->left == probe->right && first_right == 0) {
        for (uint32_t key = 1; key < probe->key_count; key++) {
            uint64_t size = probe->starts[key + 1] - probe->starts[key];
            total += size * (size - (size > 0)) / 2;
        }
        return total;
    }
    for (uint32_t i = 0; i < records; i++) {
        uint32_t from = i + 1 > first_right ? i + 1 : first_right;
        const uint32_t *members;
        total += probe_candidates(probe, records, i, from, &members);
    }
    return total;
}

static int build_probe(struct probe *out, struct arena *arena, const struct columns *columns,
                       const struct plan *plan, uint32_t first_right, struct error *error)
{
    *out = (struct probe){.rule = plan->rule, .keyed = plan->equality_count > 0};
    int status = 0;
    if (out->keyed) {
        struct join_key key;
        status =
            join_key_build(&key, arena, columns, plan->equalities, plan->equality_count, error);
        if (status != 0) {
            return status;
        }
        out->left = key.left;
        out->right = key.right;
        out->key_count = key.count;
        status = index_members(out, columns->record_count, error);
    }
    if (status == 0 && out->keyed && out->left == out->right) {
        forget_lone_keys(out, columns->record_count);
    }
    if (status == 0) {
        out->candidates = count_candidates(out, columns->record_count, first_right);
    }
    return status;
}

static int build_filter(struct probe *probe, struct arena *arena, const struct columns *columns,
                        const struct plan *plan, unsigned threads, struct error *error)
{
    if (plan->other_count == 0) {
        return 0;
    }
    const struct expr_node *condition;
    int status = expr_and(&condition, arena, plan->others, plan->other_count, error);
    if (status != 0) {
        return status;
    }
    probe->filter = memory_alloc(sizeof *probe->filter);
    if (probe->filter == NULL) {
        return error_out_of_memory(error);
    }
    return pair_case_init(probe->filter, arena, columns, &condition, 1, NULL, threads, error);
}

/* ---- all probes ---- */

static int plan_rule(struct plan *plans, size_t *count, struct arena *arena,
                     const struct columns *columns, const struct expr_node *rule, uint32_t number,
                     struct error *error)
{
    const struct expr_node *const *disjuncts;
    size_t disjunct_count;
    int status = expr_disjuncts(&disjuncts, &disjunct_count, arena, rule, error);
    /* A rule with more disjuncts than there is room for is one probe with the whole as its filter:
       slow, but right. */
    if (status == 0 && *count + disjunct_count > BLOCKING_MAX_PROBES) {
        disjuncts = &rule;
        disjunct_count = 1;
    }
    if (status == 0 && *count + disjunct_count > BLOCKING_MAX_PROBES) {
        return error_set(error, STATUS_INVALID,
                         "blocking_rules_to_generate_predictions: more than %d rules",
                         BLOCKING_MAX_PROBES);
    }
    for (size_t i = 0; status == 0 && i < disjunct_count; i++) {
        status = plan_probe(&plans[*count], arena, columns, disjuncts[i], number, error);
        *count += 1;
    }
    return status;
}

struct building {
    struct blocking *blocking;
    struct arena *arenas; /* one a thread */
    const struct columns *columns;
    const struct plan *plans;
    uint32_t first_right;
    unsigned threads;
};

/* Every `threads`th probe: join keys of different probes are independent. */
static int build_share(void *context, unsigned index, struct error *error)
{
    struct building *work = context;
    int status = 0;
    for (size_t i = index; status == 0 && i < work->blocking->probe_count; i += work->threads) {
        status = build_probe(&work->blocking->probes[i], &work->arenas[index], work->columns,
                             &work->plans[i], work->first_right, error);
    }
    return status;
}

/* Compiled join expressions are needed only while the keys are built, so each thread's arena is
   temporary. */
static int build_keys(struct building *work, struct error *error)
{
    work->arenas = memory_alloc_array(work->threads, sizeof *work->arenas);
    if (work->arenas == NULL) {
        return error_out_of_memory(error);
    }
    for (unsigned i = 0; i < work->threads; i++) {
        work->arenas[i] = ARENA((size_t)1 << 30);
    }
    int status = threads_run(work->threads, build_share, work, error);
    for (unsigned i = 0; i < work->threads; i++) {
        arena_free(&work->arenas[i]);
    }
    memory_free(work->arenas);
    return status;
}

int blocking_build(struct blocking *out, struct arena *arena, const struct columns *columns,
                   const struct expr_node *const *rules, size_t count, uint32_t first_right,
                   unsigned threads, struct error *error)
{
    *out = (struct blocking){.rule_count = count};
    struct plan *plans = arena_alloc_zeroed(arena, BLOCKING_MAX_PROBES, sizeof *plans);
    if (plans == NULL) {
        return error_out_of_memory(error);
    }
    size_t probe_count = 0;
    int status = 0;
    for (size_t i = 0; status == 0 && i < count; i++) {
        status = plan_rule(plans, &probe_count, arena, columns, rules[i], (uint32_t)i, error);
    }
    if (status != 0) {
        return status;
    }
    out->probes = memory_alloc_zeroed(probe_count, sizeof *out->probes);
    if (out->probes == NULL) {
        return error_out_of_memory(error);
    }
    out->probe_count = probe_count;
    struct building work = {
        .blocking = out,
        .columns = columns,
        .plans = plans,
        .first_right = first_right,
        .threads = threads < probe_count ? threads : (unsigned)probe_count,
    };
    status = build_keys(&work, error);
    for (size_t i = 0; status == 0 && i < probe_count; i++) {
        status = build_filter(&out->probes[i], arena, columns, &plans[i], threads, error);
        out->candidates += out->probes[i].candidates;
    }
    if (status != 0) {
        blocking_free(out);
    }
    return status;
}

void blocking_free(struct blocking *blocking)
{
    for (size_t i = 0; i < blocking->probe_count; i++) {
        struct probe *probe = &blocking->probes[i];
        memory_free(probe->left); /* the right keys lie behind them or are the same */
        memory_free(probe->members);
        memory_free(probe->starts);
        if (probe->filter != NULL) {
            pair_case_free(probe->filter);
            memory_free(probe->filter);
        }
    }
    memory_free(blocking->probes);
    *blocking = (struct blocking){0};
}
