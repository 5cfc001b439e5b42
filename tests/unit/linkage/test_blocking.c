/* Rules become probes; which pairs these find, the oracle of test_predict.c knows. */
#include "table.h"

#include <stdio.h>

#include "linkage/blocking.h"

static const char *const names[] = {"a", "b", "c"};

static const char *const cells[] = {
    "x",  "1",  "p",  /* 0 */
    "x",  "2",  "p",  /* 1 */
    "y",  "1",  NULL, /* 2 */
    "x",  "1",  "q",  /* 3 */
    NULL, "3",  "q",  /* 4 */
    "z",  NULL, "p",  /* 5 */
    NULL, "1",  NULL, /* 6 */
    "y",  "2",  "p q" /* 7 */
};

enum { RECORDS = 8, MOST_RULES = 70 };

static struct error error;

struct fixture {
    struct columns columns;
    struct arena arena;
    const struct expr_node *rules[MOST_RULES];
    size_t count;
};

static int setup(void **state)
{
    static struct fixture fixture;
    table_make(&fixture.columns, names, 3, cells, RECORDS);
    fixture.arena = ARENA(1 << 26);
    fixture.count = 0;
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    arena_free(&fixture->arena);
    columns_free(&fixture->columns);
    return 0;
}

static void add_rule(struct fixture *fixture, const char *rule)
{
    static const struct str schema_names[] = {{"a", 1}, {"b", 1}, {"c", 1}};
    struct expr_schema schema = {schema_names, 3};
    if (expr_parse(&fixture->rules[fixture->count++], &fixture->arena, &schema, EXPR_BLOCKING,
                   str_from(rule), &error) != 0) {
        fail_msg("%s: %s", rule, error.message);
    }
}

static void build(struct blocking *out, struct fixture *fixture, uint32_t first_right,
                  unsigned threads)
{
    int status = blocking_build(out, &fixture->arena, &fixture->columns, fixture->rules,
                                fixture->count, first_right, threads, &error);
    if (status != 0) {
        fail_msg("%s", error.message);
    }
}

static void build_one(struct blocking *out, struct fixture *fixture, const char *rule)
{
    fixture->count = 0;
    add_rule(fixture, rule);
    build(out, fixture, 0, 1);
}

/* The candidates of all left records together, which must be what the probe says; each is checked
   to be above its left record, to come in order and to share the key. */
static uint64_t count_candidates(const struct probe *probe, uint32_t first_right)
{
    uint64_t total = 0;
    for (uint32_t left = 0; left < RECORDS; left++) {
        const uint32_t *members;
        uint32_t from = left + 1 > first_right ? left + 1 : first_right;
        uint32_t count = probe_candidates(probe, RECORDS, left, from, &members);
        total += count;
        for (uint32_t i = 0; i < count; i++) {
            uint32_t right = members == NULL ? from + i : members[i];
            assert_true(right >= from && right < RECORDS);
            assert_true(members == NULL || i == 0 || members[i - 1] < right);
            assert_true(!probe->keyed || probe->left[left] == probe->right[right]);
        }
    }
    assert_int_equal(probe->candidates, total);
    return total;
}

static void an_equality_is_a_key(void **state)
{
    struct fixture *fixture = *state;
    struct blocking blocking;
    build_one(&blocking, fixture, "l.a = r.a");
    assert_int_equal(blocking.probe_count, 1);
    assert_int_equal(blocking.rule_count, 1);
    const struct probe *probe = &blocking.probes[0];
    assert_true(probe->keyed);
    assert_null(probe->filter);
    assert_ptr_equal(probe->left, probe->right);
    assert_int_equal(count_candidates(probe, 0), 3 + 1); /* three x, two y; NULL joins nothing */
    assert_int_equal(probe->largest_block, 3);
    assert_int_equal(blocking.candidates, 4);
    blocking_free(&blocking);
    assert_null(blocking.probes);
}

static void what_is_no_equality_filters(void **state)
{
    struct fixture *fixture = *state;
    static const char *const rules[] = {
        "l.a = r.a and l.b <> r.b",
        "(l.b <> r.b) and (r.a = l.a)",
        "l.a = r.a and l.b = 'x'",
        "l.a = r.a and l.b = l.c",
        "l.a = r.a and (l.b = r.b or l.c = r.c)",
        "l.a = r.a and string_split(l.b, ' ') = string_split(r.b, ' ')",
    };
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        struct blocking blocking;
        build_one(&blocking, fixture, rules[i]);
        assert_int_equal(blocking.probe_count, 1);
        assert_true(blocking.probes[0].keyed);
        assert_non_null(blocking.probes[0].filter);
        assert_int_equal(count_candidates(&blocking.probes[0], 0), 4);
        blocking_free(&blocking);
    }
}

static void without_an_equality_all_pairs_are_candidates(void **state)
{
    struct fixture *fixture = *state;
    static const char *const rules[] = {"l.a <> r.a", "1=1", "not (l.a = r.a)",
                                        "levenshtein(l.a, r.a) <= 1"};
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        struct blocking blocking;
        build_one(&blocking, fixture, rules[i]);
        assert_int_equal(blocking.probe_count, 1);
        assert_false(blocking.probes[0].keyed);
        assert_int_equal(count_candidates(&blocking.probes[0], 0), RECORDS * (RECORDS - 1) / 2);
        blocking_free(&blocking);
    }
}

static void alternatives_are_probes_of_one_rule(void **state)
{
    struct fixture *fixture = *state;
    struct blocking blocking;
    add_rule(fixture, "l.b = r.b or (l.a = r.c or l.a = r.a and l.b < r.b)");
    add_rule(fixture, "l.c = r.c");
    build(&blocking, fixture, 0, 1);
    assert_int_equal(blocking.rule_count, 2);
    assert_int_equal(blocking.probe_count, 4);
    uint64_t total = 0;
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(blocking.probes[i].rule, i / 3);
        assert_true(blocking.probes[i].keyed);
        total += count_candidates(&blocking.probes[i], 0);
    }
    assert_non_null(blocking.probes[2].filter);
    assert_int_equal(blocking.candidates, total);
    blocking_free(&blocking);
}

static void different_sides_have_keys_of_their_own(void **state)
{
    struct fixture *fixture = *state;
    struct columns columns;
    static const char *const two[] = {"x", "y", "y", "x", "x", "x", "z", NULL};
    table_make(&columns, names, 2, two, 4);
    struct blocking blocking;
    add_rule(fixture, "l.a = r.b");
    assert_int_equal(
        blocking_build(&blocking, &fixture->arena, &columns, fixture->rules, 1, 0, 1, &error), 0);
    const struct probe *probe = &blocking.probes[0];
    const uint32_t *members = NULL;
    assert_ptr_not_equal(probe->left, probe->right);
    assert_int_equal(probe_candidates(probe, 4, 0, 1, &members), 2); /* x: records 1 and 2 */
    assert_int_equal(members[0], 1);
    assert_int_equal(members[1], 2);
    assert_int_equal(probe_candidates(probe, 4, 1, 2, &members), 0); /* y: record 0 is not above */
    assert_int_equal(probe_candidates(probe, 4, 2, 3, &members), 0); /* x: record 3 has none */
    assert_int_equal(blocking.candidates, 2);
    assert_int_equal(probe->largest_block, 2);
    blocking_free(&blocking);
    columns_free(&columns);
}

static void only_new_records_on_the_right(void **state)
{
    struct fixture *fixture = *state;
    static const char *const rules[] = {"l.a = r.a", "l.a = r.c", "l.b = r.b or 1=1"};
    for (size_t i = 0; i < 3; i++) {
        for (uint32_t first_right = 0; first_right <= RECORDS + 1; first_right++) {
            struct blocking blocking;
            fixture->count = 0;
            add_rule(fixture, rules[i]);
            build(&blocking, fixture, first_right, 1);
            uint64_t total = 0;
            for (size_t j = 0; j < blocking.probe_count; j++) {
                total += count_candidates(&blocking.probes[j], first_right);
            }
            assert_int_equal(blocking.candidates, total);
            assert_true(first_right < RECORDS || total == 0);
            blocking_free(&blocking);
        }
    }
}

/* One with more alternatives than there is room for goes through all pairs with the whole as its
   filter; more rules than that are refused. */
static void more_probes_than_there_is_room_for(void **state)
{
    struct fixture *fixture = *state;
    static char rule[8192];
    struct blocking blocking;
    size_t length = 0;
    for (unsigned i = 0; i <= BLOCKING_MAX_PROBES; i++) {
        length += (size_t)snprintf(rule + length, sizeof rule - length,
                                   "%sl.a = r.a and l.b = '%u'", i == 0 ? "" : " or ", i);
    }
    build_one(&blocking, fixture, rule);
    assert_int_equal(blocking.probe_count, 1);
    assert_false(blocking.probes[0].keyed);
    assert_non_null(blocking.probes[0].filter);
    blocking_free(&blocking);

    fixture->count = 0;
    for (unsigned i = 0; i < BLOCKING_MAX_PROBES; i++) {
        add_rule(fixture, "l.a = r.a");
    }
    build(&blocking, fixture, 0, 3);
    assert_int_equal(blocking.probe_count, BLOCKING_MAX_PROBES);
    blocking_free(&blocking);
    add_rule(fixture, "l.a = r.a");
    assert_int_equal(blocking_build(&blocking, &fixture->arena, &fixture->columns, fixture->rules,
                                    fixture->count, 0, 1, &error),
                     STATUS_INVALID);
    assert_non_null(strstr(error.message, "more than 64 rules"));
}

static void add_mixed_rules(struct fixture *fixture)
{
    add_rule(fixture, "l.a = r.a and l.b = r.b");
    add_rule(fixture, "substr(l.c, 1, 1) = substr(r.c, 1, 1) and levenshtein(l.a, r.a) <= 1");
    add_rule(fixture, "l.a = r.c or l.b = r.b");
    add_rule(fixture, "lower(l.a) < lower(r.a)");
}

static void threads_build_the_same(void **state)
{
    struct fixture *fixture = *state;
    struct blocking one;
    struct blocking seven;
    add_mixed_rules(fixture);
    build(&one, fixture, 0, 1);
    build(&seven, fixture, 0, 7);
    assert_int_equal(one.probe_count, 5);
    assert_int_equal(seven.probe_count, 5);
    for (size_t i = 0; i < 5; i++) {
        const struct probe *a = &one.probes[i];
        const struct probe *b = &seven.probes[i];
        assert_int_equal(a->keyed, b->keyed);
        assert_int_equal(a->candidates, b->candidates);
        assert_int_equal(a->key_count, b->key_count);
        if (a->keyed) {
            assert_memory_equal(a->left, b->left, RECORDS * sizeof *a->left);
            assert_memory_equal(a->right, b->right, RECORDS * sizeof *a->right);
            assert_memory_equal(a->starts, b->starts, (a->key_count + 1) * sizeof *a->starts);
        }
    }
    blocking_free(&one);
    blocking_free(&seven);
}

static void no_records(void **state)
{
    struct fixture *fixture = *state;
    struct columns empty;
    struct blocking blocking;
    table_make(&empty, names, 3, NULL, 0);
    add_mixed_rules(fixture);
    assert_int_equal(blocking_build(&blocking, &fixture->arena, &empty, fixture->rules,
                                    fixture->count, 0, 2, &error),
                     0);
    assert_int_equal(blocking.candidates, 0);
    blocking_free(&blocking);
    columns_free(&empty);
}

static int build_failing(void *context, struct error *failure)
{
    const struct fixture *fixture = context;
    struct arena arena = ARENA(1 << 24);
    struct blocking blocking;
    int status = blocking_build(&blocking, &arena, &fixture->columns, fixture->rules,
                                fixture->count, 0, 2, failure);
    if (status == 0) {
        blocking_free(&blocking);
    }
    arena_free(&arena);
    return status;
}

static void survives_failing_memory(void **state)
{
    struct fixture *fixture = *state;
    add_mixed_rules(fixture);
    assert_true(table_fail_every_allocation(build_failing, fixture) > 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_equality_is_a_key, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_no_equality_filters, setup, teardown),
        cmocka_unit_test_setup_teardown(without_an_equality_all_pairs_are_candidates, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(alternatives_are_probes_of_one_rule, setup, teardown),
        cmocka_unit_test_setup_teardown(different_sides_have_keys_of_their_own, setup, teardown),
        cmocka_unit_test_setup_teardown(only_new_records_on_the_right, setup, teardown),
        cmocka_unit_test_setup_teardown(more_probes_than_there_is_room_for, setup, teardown),
        cmocka_unit_test_setup_teardown(threads_build_the_same, setup, teardown),
        cmocka_unit_test_setup_teardown(no_records, setup, teardown),
        cmocka_unit_test_setup_teardown(survives_failing_memory, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
