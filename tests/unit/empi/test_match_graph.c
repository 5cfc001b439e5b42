#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "base/memory.h"
#include "base/random.h"
#include "empi/match_graph.h"

static struct error error;

enum { MOST_PERSONS = 8, MOST_RECORDS = 12, MOST_RESULTS = 14, MOST_DECISIONS = 12 };

/* A graph with room; results name records, and the records' owners are the persons. */
struct sample {
    struct match_graph graph;
    struct match_person persons[MOST_PERSONS];
    struct match_result results[MOST_RESULTS];
    struct match_decision decisions[MOST_DECISIONS];
};

static void begin(struct sample *sample, size_t persons)
{
    memset(sample, 0, sizeof *sample);
    sample->graph.persons = sample->persons;
    sample->graph.results = sample->results;
    sample->graph.decisions = sample->decisions;
    sample->graph.person_count = persons;
    for (size_t i = 0; i < persons; i++) {
        sample->persons[i] =
            (struct match_person){.id = 100 + (int64_t)i, .created = 1, .record_count = 1};
    }
}

static void add_result(struct sample *sample, int64_t id, int64_t group, uint32_t left,
                       uint32_t right, double probability)
{
    sample->results[sample->graph.result_count++] = (struct match_result){
        .id = id,
        .group = group,
        .left = left,
        .right = right,
        .left_record = 10 + left,
        .right_record = 10 + right,
        .weight = probability * 10,
        .probability = probability,
        .automatic = probability > 0.9,
    };
}

static void decide(struct sample *sample, uint32_t person, int64_t event, int64_t decided)
{
    sample->decisions[sample->graph.decision_count++] =
        (struct match_decision){person, event, decided};
}

static void solve(struct sample *sample)
{
    assert_int_equal(match_graph_solve(&sample->graph, &error), 0);
}

static void nothing_is_fine(void **state)
{
    (void)state;
    struct sample sample;
    begin(&sample, 0);
    solve(&sample);
    assert_int_equal(sample.graph.component_count, 0);
    match_graph_free(&sample.graph);
}

static void a_chain_becomes_one(void **state)
{
    (void)state;
    struct sample sample;
    begin(&sample, 4);
    sample.persons[2].record_count = 3;
    add_result(&sample, 0, 0, 0, 1, 0.95);
    add_result(&sample, 0, 0, 1, 2, 0.99);
    solve(&sample);
    assert_int_equal(sample.graph.component_count, 1);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(sample.persons[i].goes_on, 2);
        assert_int_equal(sample.persons[i].component, 0);
    }
    assert_int_equal(sample.persons[3].goes_on, 3);
    assert_int_equal(sample.persons[3].component, MATCH_GRAPH_NONE);
    assert_true(sample.graph.components[0].matched);
    assert_int_equal(sample.graph.components[0].group, 0);
    assert_int_equal(sample.graph.components[0].person, 2);
    assert_true(sample.graph.components[0].highest == 0.99);
    match_graph_free(&sample.graph);
}

static void the_threshold_itself_is_not_above_it(void **state)
{
    (void)state;
    struct sample sample;
    begin(&sample, 2);
    add_result(&sample, 0, 0, 0, 1, 0.9);
    solve(&sample);
    assert_int_equal(sample.persons[1].goes_on, 1);
    assert_false(sample.graph.components[0].matched);
    match_graph_free(&sample.graph);
}

/* Fewest moves, then the oldest, then the lowest id. */
static void who_goes_on(void **state)
{
    (void)state;
    struct sample sample;
    begin(&sample, 3);
    sample.persons[0].created = 2;
    add_result(&sample, 0, 0, 0, 1, 0.95);
    add_result(&sample, 0, 0, 1, 2, 0.95);
    solve(&sample);
    assert_int_equal(sample.persons[0].goes_on, 1);
    assert_int_equal(sample.persons[2].goes_on, 1);
    match_graph_free(&sample.graph);
}

/* Every job of the Python backend replaces every open group, so stewards' saves fail. */
static void fault_09_what_holds_no_new_result_is_left_alone(void **state)
{
    (void)state;
    struct sample sample;
    begin(&sample, 5);
    add_result(&sample, 7, 70, 0, 1, 0.99); /* would merge, were it touched */
    add_result(&sample, 9, 90, 2, 3, 0.5);
    add_result(&sample, 8, 80, 3, 4, 0.5);
    add_result(&sample, 0, 0, 4, 2, 0.6);
    solve(&sample);
    assert_int_equal(sample.graph.component_count, 1);
    assert_int_equal(sample.graph.result_components[0], MATCH_GRAPH_NONE);
    assert_int_equal(sample.persons[0].goes_on, 0);
    assert_int_equal(sample.persons[1].goes_on, 1);
    assert_int_equal(sample.graph.components[0].group, 80);
    assert_true(sample.graph.components[0].highest == 0.6);
    for (size_t i = 1; i < 4; i++) {
        assert_int_equal(sample.graph.result_components[i], 0);
    }
    match_graph_free(&sample.graph);
}

static void fault_02_what_a_steward_parted_stays_apart(void **state)
{
    (void)state;
    struct sample sample;
    begin(&sample, 3);
    decide(&sample, 0, 5, 100);
    decide(&sample, 1, 5, 101);
    /* 2 bridges them; the heavier result wins it. */
    add_result(&sample, 0, 0, 0, 2, 0.95);
    add_result(&sample, 0, 0, 1, 2, 0.99);
    solve(&sample);
    assert_int_equal(sample.persons[2].goes_on, sample.persons[1].goes_on);
    assert_int_not_equal(sample.persons[0].goes_on, sample.persons[1].goes_on);
    assert_false(sample.graph.components[0].matched);
    match_graph_free(&sample.graph);
}

static void a_later_decision_counts(void **state)
{
    (void)state;
    struct sample sample;
    begin(&sample, 2);
    decide(&sample, 0, 5, 100);
    decide(&sample, 1, 5, 101);
    decide(&sample, 0, 6, 100);
    decide(&sample, 1, 6, 100);
    add_result(&sample, 0, 0, 0, 1, 0.95);
    solve(&sample);
    assert_int_equal(sample.persons[0].goes_on, sample.persons[1].goes_on);
    match_graph_free(&sample.graph);
}

/* ---- against the definition ---- */

/* As the specification says it, with sets as bit masks. */
static bool apart(const struct sample *sample, unsigned a, unsigned b)
{
    int64_t latest = -1;
    bool different = false;
    for (size_t i = 0; i < sample->graph.decision_count; i++) {
        for (size_t j = 0; j < sample->graph.decision_count; j++) {
            const struct match_decision *x = &sample->decisions[i];
            const struct match_decision *y = &sample->decisions[j];
            if (!(a >> x->person & 1) || !(b >> y->person & 1) || x->event != y->event ||
                x->event < latest) {
                continue;
            }
            different = (x->event == latest && different) || x->decided != y->decided;
            latest = x->event;
        }
    }
    return different;
}

static void grow(const struct sample *sample, unsigned *sets, bool *touched)
{
    size_t count = sample->graph.person_count;
    for (size_t i = 0; i < count; i++) {
        sets[i] = 1u << i;
    }
    for (size_t round = 0; round < MOST_PERSONS * 2; round++) {
        for (size_t i = 0; i < sample->graph.result_count; i++) {
            const struct match_result *x = &sample->results[i];
            unsigned both = sets[x->left] | sets[x->right];
            for (size_t j = 0; j < sample->graph.result_count; j++) {
                const struct match_result *y = &sample->results[j];
                both |= x->group != 0 && x->group == y->group ? sets[y->left] | sets[y->right] : 0;
            }
            for (size_t j = 0; j < count; j++) {
                sets[j] |= both >> j & 1 ? both : 0;
            }
        }
    }
    for (size_t i = 0; i < count; i++) {
        touched[i] = false;
        for (size_t j = 0; j < sample->graph.result_count; j++) {
            touched[i] |= sample->results[j].id == 0 && (sets[i] >> sample->results[j].left & 1);
        }
    }
}

static const struct match_result *heaviest(const struct sample *sample, const bool *taken,
                                           const bool *touched, size_t *position)
{
    const struct match_result *best = NULL;
    for (size_t i = 0; i < sample->graph.result_count; i++) {
        const struct match_result *x = &sample->results[i];
        if (taken[i] || !touched[x->left] || !x->automatic) {
            continue;
        }
        bool before =
            best == NULL || x->weight > best->weight ||
            (x->weight == best->weight &&
             (x->left_record < best->left_record ||
              (x->left_record == best->left_record && x->right_record < best->right_record)));
        if (before) {
            best = x;
            *position = i;
        }
    }
    return best;
}

static uint32_t survivor(const struct sample *sample, unsigned set)
{
    uint32_t best = MATCH_GRAPH_NONE;
    for (uint32_t i = 0; i < sample->graph.person_count; i++) {
        const struct match_person *x = &sample->persons[i];
        const struct match_person *y = best == MATCH_GRAPH_NONE ? x : &sample->persons[best];
        bool better = x->record_count != y->record_count ? x->record_count > y->record_count
                      : x->created != y->created         ? x->created < y->created
                                                         : x->id < y->id;
        if ((set >> i & 1) && (best == MATCH_GRAPH_NONE || better)) {
            best = i;
        }
    }
    return best;
}

static void check_components(const struct sample *sample, const unsigned *sets, const bool *touched)
{
    const struct match_graph *graph = &sample->graph;
    for (size_t i = 0; i < graph->result_count; i++) {
        const struct match_result *result = &graph->results[i];
        uint32_t number = graph->result_components[i];
        assert_int_equal(number, graph->persons[result->left].component);
        if (!touched[result->left]) {
            assert_int_equal(number, MATCH_GRAPH_NONE);
            continue;
        }
        int64_t group = 0;
        double highest = 0;
        for (size_t j = 0; j < graph->result_count; j++) {
            const struct match_result *other = &graph->results[j];
            bool inside = sets[result->left] >> other->left & 1;
            assert_int_equal(inside, graph->result_components[j] == number);
            if (inside && other->group != 0 && (group == 0 || other->group < group)) {
                group = other->group;
            }
            highest = inside && other->probability > highest ? other->probability : highest;
        }
        assert_int_equal(graph->components[number].group, group);
        assert_true(graph->components[number].highest == highest);
    }
}

static void check(const struct sample *sample)
{
    unsigned sets[MOST_PERSONS];
    unsigned merged[MOST_PERSONS];
    bool touched[MOST_PERSONS];
    bool taken[MOST_RESULTS] = {false};
    size_t count = sample->graph.person_count;
    grow(sample, sets, touched);
    check_components(sample, sets, touched);
    for (size_t i = 0; i < count; i++) {
        merged[i] = 1u << i;
    }
    size_t position = 0;
    const struct match_result *result;
    while ((result = heaviest(sample, taken, touched, &position)) != NULL) {
        taken[position] = true;
        unsigned a = merged[result->left];
        unsigned b = merged[result->right];
        if (a == b || apart(sample, a, b)) {
            continue;
        }
        for (size_t i = 0; i < count; i++) {
            merged[i] = (a | b) >> i & 1 ? a | b : merged[i];
        }
    }
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(sample->persons[i].goes_on, survivor(sample, merged[i]));
        uint32_t number = sample->persons[i].component;
        assert_int_equal(number != MATCH_GRAPH_NONE, touched[i]);
        if (touched[i]) {
            assert_int_equal(sample->graph.components[number].matched, merged[i] == sets[i]);
        }
    }
}

static void make_random(struct sample *sample, struct random *random)
{
    begin(sample, 1 + random_below(random, MOST_PERSONS));
    size_t persons = sample->graph.person_count;
    for (size_t i = 0; i < persons; i++) {
        sample->persons[i].record_count = 1 + (uint32_t)random_below(random, 2);
        sample->persons[i].created = (int64_t)random_below(random, 2);
    }
    size_t results = random_below(random, MOST_RESULTS + 1);
    for (size_t i = 0; i < results; i++) {
        static const double probabilities[] = {0.5, 0.9, 0.92, 0.95, 0.99, 0.999};
        bool old = random_below(random, 2) == 0;
        uint32_t left = (uint32_t)random_below(random, persons);
        uint32_t right = (uint32_t)random_below(random, persons);
        add_result(sample, old ? 1 + (int64_t)i : 0, old ? 1 + (int64_t)random_below(random, 4) : 0,
                   left, right, probabilities[random_below(random, ARRAY_LENGTH(probabilities))]);
        /* Records of their own, some shared. */
        sample->results[i].left_record = (int64_t)(left + 10 * random_below(random, 2));
        sample->results[i].right_record = (int64_t)(right + 10 * random_below(random, 2));
    }
    size_t decisions = random_below(random, MOST_DECISIONS + 1);
    for (size_t i = 0; i < decisions; i++) {
        decide(sample, (uint32_t)random_below(random, persons),
               1 + (int64_t)random_below(random, 3), 100 + (int64_t)random_below(random, 3));
    }
}

static void random_graphs_are_solved_as_defined(void **state)
{
    (void)state;
    struct random random;
    random_seed(&random, 20260101);
    for (int round = 0; round < 20000; round++) {
        struct sample sample;
        make_random(&sample, &random);
        solve(&sample);
        check(&sample);
        match_graph_free(&sample.graph);
    }
}

static void memory_may_fail_anywhere(void **state)
{
    (void)state;
    struct random random;
    random_seed(&random, 5);
    for (int round = 0; round < 20; round++) {
        struct sample sample;
        make_random(&sample, &random);
        uint64_t before = memory_in_use();
        int status = STATUS_RESOURCES;
        for (uint64_t nth = 1; status != 0; nth++) {
            memory_fail_from(nth);
            status = match_graph_solve(&sample.graph, &error);
            memory_fail_from(0);
            if (status != 0) {
                assert_int_equal(status, STATUS_RESOURCES);
                assert_true(memory_in_use() == before);
            }
        }
        match_graph_free(&sample.graph);
        assert_true(memory_in_use() == before);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_fine),
        cmocka_unit_test(a_chain_becomes_one),
        cmocka_unit_test(the_threshold_itself_is_not_above_it),
        cmocka_unit_test(who_goes_on),
        cmocka_unit_test(fault_09_what_holds_no_new_result_is_left_alone),
        cmocka_unit_test(fault_02_what_a_steward_parted_stays_apart),
        cmocka_unit_test(a_later_decision_counts),
        cmocka_unit_test(random_graphs_are_solved_as_defined),
        cmocka_unit_test(memory_may_fail_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
