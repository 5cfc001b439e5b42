#include "empi/match_graph.h"

#include <stdlib.h>

#include "base/index_map.h"
#include "base/memory.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

/* ---- disjoint sets ---- */

static uint32_t root_of(uint32_t *parent, uint32_t node)
{
    while (parent[node] != node) {
        parent[node] = parent[parent[node]];
        node = parent[node];
    }
    return node;
}

/* The lower root stays. */
static void join(uint32_t *parent, uint32_t a, uint32_t b)
{
    a = root_of(parent, a);
    b = root_of(parent, b);
    parent[a > b ? a : b] = a > b ? b : a;
}

static uint32_t *singletons(size_t count)
{
    uint32_t *parent = memory_alloc_array(count, sizeof *parent);
    for (size_t i = 0; parent != NULL && i < count; i++) {
        parent[i] = (uint32_t)i;
    }
    return parent;
}

/* ---- components ---- */

struct groups {
    const struct match_result *results;
    struct index_map map; /* group id → the first result that it holds */
};

static bool group_equals(const void *context, uint32_t position, const void *key)
{
    return ((const struct groups *)context)->results[position].group == *(const int64_t *)key;
}

static uint64_t rehash_group(const void *context, uint32_t position)
{
    int64_t group = ((const struct groups *)context)->results[position].group;
    return XXH3_64bits(&group, sizeof group);
}

/* Results of one group belong together even where a decision has since parted their persons. */
static int join_groups(struct match_graph *graph, uint32_t *parent, struct error *error)
{
    struct groups groups = {.results = graph->results};
    for (size_t i = 0; i < graph->result_count; i++) {
        const struct match_result *result = &graph->results[i];
        if (result->group == 0) {
            continue;
        }
        uint64_t hash = XXH3_64bits(&result->group, sizeof result->group);
        uint32_t first = index_map_find(&groups.map, hash, group_equals, &groups, &result->group);
        if (first != INDEX_MAP_NONE) {
            join(parent, graph->results[first].left, result->left);
            continue;
        }
        if (!index_map_reserve(&groups.map, groups.map.count + 1, rehash_group, &groups)) {
            index_map_free(&groups.map);
            return error_out_of_memory(error);
        }
        index_map_add(&groups.map, hash, (uint32_t)i);
    }
    index_map_free(&groups.map);
    return 0;
}

/* Numbers the components that hold a new result and says which each person and result is in. */
static void number_components(struct match_graph *graph, uint32_t *parent)
{
    for (size_t i = 0; i < graph->person_count; i++) {
        graph->persons[i].component = MATCH_GRAPH_NONE;
        graph->persons[i].goes_on = (uint32_t)i;
    }
    /* First a mark on the roots of those with a new result, then numbers by the lowest person. */
    for (size_t i = 0; i < graph->result_count; i++) {
        if (graph->results[i].id == 0) {
            graph->persons[root_of(parent, graph->results[i].left)].component = 0;
        }
    }
    for (uint32_t i = 0; i < graph->person_count; i++) {
        struct match_person *person = &graph->persons[i];
        uint32_t root = root_of(parent, i);
        if (root == i && person->component != MATCH_GRAPH_NONE) {
            person->component = (uint32_t)graph->component_count++;
            graph->components[person->component].person = MATCH_GRAPH_NONE;
        } else {
            person->component = graph->persons[root].component;
        }
    }
    for (size_t i = 0; i < graph->result_count; i++) {
        const struct match_result *result = &graph->results[i];
        uint32_t number = graph->persons[result->left].component;
        graph->result_components[i] = number;
        if (number == MATCH_GRAPH_NONE) {
            continue;
        }
        struct match_component *component = &graph->components[number];
        if (result->group != 0 && (component->group == 0 || result->group < component->group)) {
            component->group = result->group;
        }
        if (result->probability > component->highest) {
            component->highest = result->probability;
        }
    }
}

/* ---- stewards' decisions ---- */

/* What is decided of the records of one person, or of the persons merged into it: latest first. */
struct decided {
    struct match_decision *items;
    size_t count;
    bool owned; /* items are this set's own array, not a part of the sorted input */
};

static int by_person_latest_first(const void *a, const void *b)
{
    const struct match_decision *x = a;
    const struct match_decision *y = b;
    if (x->person != y->person) {
        return x->person < y->person ? -1 : 1;
    }
    return (x->event < y->event) - (x->event > y->event);
}

/* The latest event that both know decides: apart when it put any two of their records into
   different persons. */
static bool kept_apart(const struct decided *a, const struct decided *b)
{
    size_t i = 0;
    size_t j = 0;
    while (i < a->count && j < b->count && a->items[i].event != b->items[j].event) {
        if (a->items[i].event > b->items[j].event) {
            i++;
        } else {
            j++;
        }
    }
    if (i == a->count || j == b->count) {
        return false;
    }
    int64_t event = a->items[i].event;
    int64_t person = a->items[i].decided;
    for (; i < a->count && a->items[i].event == event; i++) {
        if (a->items[i].decided != person) {
            return true;
        }
    }
    for (; j < b->count && b->items[j].event == event; j++) {
        if (b->items[j].decided != person) {
            return true;
        }
    }
    return false;
}

/* Merges b's decisions into a's. */
static bool unite(struct decided *a, struct decided *b)
{
    if (b->count == 0) {
        return true;
    }
    struct match_decision *items = memory_alloc_array(a->count + b->count, sizeof *items);
    if (items == NULL) {
        return false;
    }
    size_t i = 0;
    size_t j = 0;
    while (i < a->count || j < b->count) {
        bool take_a = j == b->count || (i < a->count && a->items[i].event >= b->items[j].event);
        items[i + j] = take_a ? a->items[i] : b->items[j];
        i += take_a;
        j += !take_a;
    }
    if (a->owned) {
        memory_free(a->items);
    }
    *a = (struct decided){items, i + j, true};
    return true;
}

/* ---- merging ---- */

struct merging {
    struct match_graph *graph;
    uint32_t *parent;                  /* of the persons merged so far */
    struct decided *decided;           /* by person; of merged ones at the root */
    struct match_decision *sorted;     /* all decisions by person, latest first */
    const struct match_result **order; /* auto-matches, falling weight */
    size_t order_count;
};

static int by_falling_weight(const void *a, const void *b)
{
    const struct match_result *x = *(const struct match_result *const *)a;
    const struct match_result *y = *(const struct match_result *const *)b;
    if (x->weight != y->weight) {
        return x->weight > y->weight ? -1 : 1;
    }
    if (x->left_record != y->left_record) {
        return x->left_record < y->left_record ? -1 : 1;
    }
    return (x->right_record > y->right_record) - (x->right_record < y->right_record);
}

static void sort_inputs(struct merging *merging)
{
    struct match_graph *graph = merging->graph;
    for (size_t i = 0; i < graph->decision_count; i++) {
        merging->sorted[i] = graph->decisions[i];
    }
    if (graph->decision_count > 1) {
        qsort(merging->sorted, graph->decision_count, sizeof *merging->sorted,
              by_person_latest_first);
    }
    for (size_t i = 0; i < graph->decision_count; i++) {
        struct decided *decided = &merging->decided[merging->sorted[i].person];
        decided->items = decided->count == 0 ? &merging->sorted[i] : decided->items;
        decided->count++;
    }
    for (size_t i = 0; i < graph->result_count; i++) {
        const struct match_result *result = &graph->results[i];
        if (graph->result_components[i] != MATCH_GRAPH_NONE && result->automatic) {
            merging->order[merging->order_count++] = result;
        }
    }
    if (merging->order_count > 1) {
        qsort(merging->order, merging->order_count, sizeof *merging->order, by_falling_weight);
    }
}

static bool merge_persons(struct merging *merging)
{
    for (size_t i = 0; i < merging->order_count; i++) {
        uint32_t a = root_of(merging->parent, merging->order[i]->left);
        uint32_t b = root_of(merging->parent, merging->order[i]->right);
        if (a == b || kept_apart(&merging->decided[a], &merging->decided[b])) {
            continue;
        }
        uint32_t low = a < b ? a : b;
        uint32_t high = a < b ? b : a;
        if (!unite(&merging->decided[low], &merging->decided[high])) {
            return false;
        }
        join(merging->parent, a, b);
    }
    return true;
}

/* Whether `a` rather than `b` goes on: fewer records move, the older id lives, ties are settled. */
static bool goes_on_before(const struct match_person *a, const struct match_person *b)
{
    if (a->record_count != b->record_count) {
        return a->record_count > b->record_count;
    }
    if (a->created != b->created) {
        return a->created < b->created;
    }
    return a->id < b->id;
}

static void choose_survivors(struct merging *merging)
{
    struct match_graph *graph = merging->graph;
    /* At the root first: goes_on of a root is the best of its set so far. */
    for (uint32_t i = 0; i < graph->person_count; i++) {
        uint32_t root = root_of(merging->parent, i);
        uint32_t best = graph->persons[root].goes_on;
        if (goes_on_before(&graph->persons[i], &graph->persons[best])) {
            graph->persons[root].goes_on = i;
        }
    }
    /* The root is the lowest of its set, so its choice is final before the others copy it. */
    for (uint32_t i = 0; i < graph->person_count; i++) {
        graph->persons[i].goes_on = graph->persons[root_of(merging->parent, i)].goes_on;
    }
}

/* A component is matched when its persons have all become one. */
static void find_matched(struct match_graph *graph)
{
    for (uint32_t i = 0; i < graph->person_count; i++) {
        const struct match_person *person = &graph->persons[i];
        if (person->component == MATCH_GRAPH_NONE) {
            continue;
        }
        struct match_component *component = &graph->components[person->component];
        if (component->person == MATCH_GRAPH_NONE) {
            component->person = person->goes_on;
            component->matched = true;
        }
        component->matched = component->matched && component->person == person->goes_on;
    }
}

static int merge(struct match_graph *graph, struct error *error)
{
    struct merging merging = {
        .graph = graph,
        .parent = singletons(graph->person_count),
        .decided = memory_alloc_zeroed(graph->person_count, sizeof *merging.decided),
        .sorted = memory_alloc_array(graph->decision_count, sizeof *merging.sorted),
        .order = memory_alloc_array(graph->result_count, sizeof *merging.order),
    };
    bool done = merging.parent != NULL && merging.decided != NULL && merging.sorted != NULL &&
                merging.order != NULL;
    if (done) {
        sort_inputs(&merging);
        done = merge_persons(&merging);
    }
    if (done) {
        choose_survivors(&merging);
        find_matched(graph);
    }
    for (size_t i = 0; merging.decided != NULL && i < graph->person_count; i++) {
        if (merging.decided[i].owned) {
            memory_free(merging.decided[i].items);
        }
    }
    memory_free(merging.parent);
    memory_free(merging.decided);
    memory_free(merging.sorted);
    memory_free(merging.order);
    return done ? 0 : error_out_of_memory(error);
}

int match_graph_solve(struct match_graph *graph, struct error *error)
{
    graph->component_count = 0;
    uint32_t *parent = singletons(graph->person_count);
    graph->components = memory_alloc_zeroed(graph->person_count, sizeof *graph->components);
    graph->result_components =
        memory_alloc_array(graph->result_count, sizeof *graph->result_components);
    int status = 0;
    if (parent == NULL || graph->components == NULL || graph->result_components == NULL) {
        status = error_out_of_memory(error);
    }
    for (size_t i = 0; status == 0 && i < graph->result_count; i++) {
        join(parent, graph->results[i].left, graph->results[i].right);
    }
    if (status == 0) {
        status = join_groups(graph, parent, error);
    }
    if (status == 0) {
        number_components(graph, parent);
        status = merge(graph, error);
    }
    memory_free(parent);
    if (status != 0) {
        match_graph_free(graph);
    }
    return status;
}

void match_graph_free(struct match_graph *graph)
{
    memory_free(graph->components);
    memory_free(graph->result_components);
    graph->components = NULL;
    graph->result_components = NULL;
    graph->component_count = 0;
}
