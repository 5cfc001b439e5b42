/* What is remembered must be what is evaluated: every pair of records is asked for in several
   orders, by several runners, and compared with plain functions. */
#include "table.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/memory.h"
#include "base/random.h"
#include "base/threads.h"
#include "linkage/pair_case.h"

static const char *const names[] = {"a", "b", "n"};

static const char *const cells[] = {
    "ann", "x",  "1",   /* 0 */
    "Ann", "x",  "2",   /* 1 */
    NULL,  "y",  "abc", /* 2 */
    "ann", NULL, "1",   /* 3 */
    "bob", "y",  NULL,  /* 4 */
    "",    "x",  "2",   /* 5 */
    NULL,  NULL, "",    /* 6 */
    "ann", "x",  "-7",  /* 7 */
};

enum { RECORDS = 8, MOST_CONDITIONS = 8 };

static struct error error;

struct fixture {
    struct columns columns;
    struct arena arena;
    const struct expr_node *conditions[MOST_CONDITIONS];
    size_t count;
};

static int setup(void **state)
{
    static struct fixture fixture;
    table_make(&fixture.columns, names, 3, cells, RECORDS);
    fixture.arena = ARENA(1 << 24);
    fixture.count = 0;
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    for (size_t i = 0; i < fixture->count; i++) {
        expr_release(fixture->conditions[i]);
    }
    arena_free(&fixture->arena);
    columns_free(&fixture->columns);
    return 0;
}

static void add(struct fixture *fixture, const char *condition)
{
    static const struct str schema_names[] = {{"a", 1}, {"b", 1}, {"n", 1}};
    struct expr_schema schema = {schema_names, 3};
    if (expr_parse(&fixture->conditions[fixture->count++], &fixture->arena, &schema,
                   EXPR_COMPARISON, str_from(condition), &error) != 0) {
        fail_msg("%s: %s", condition, error.message);
    }
}

static void init(struct pair_case *out, struct fixture *fixture, unsigned threads)
{
    int status = pair_case_init(out, &fixture->arena, &fixture->columns, fixture->conditions,
                                fixture->count, NULL, threads, &error);
    if (status != 0) {
        fail_msg("%s", error.message);
    }
}

static const char *at(uint32_t record, unsigned column)
{
    return cells[record * 3 + column];
}

/* Asks twice for every pair, of records with themselves too: forwards and backwards. */
static void check_results(struct pair_case *pair_case, int (*expected)(uint32_t l, uint32_t r))
{
    struct pair_case_runner runner;
    assert_int_equal(pair_case_runner_init(&runner, pair_case, &error), 0);
    for (uint32_t i = 0; i < 2 * RECORDS * RECORDS; i++) {
        uint32_t pair = i < RECORDS * RECORDS ? i : 2 * RECORDS * RECORDS - 1 - i;
        uint32_t l = pair / RECORDS;
        uint32_t r = pair % RECORDS;
        int result = pair_case_result(&runner, l, r);
        if (result != expected(l, r)) {
            fail_msg("records %u and %u: %d instead of %d", l, r, result, expected(l, r));
        }
    }
    pair_case_runner_free(&runner);
}

/* ---- cases, by hand ---- */

static int name_level(uint32_t l, uint32_t r)
{
    const char *a = at(l, 0);
    const char *b = at(r, 0);
    if (a == NULL || b == NULL) {
        return 0;
    }
    return strcmp(a, b) == 0 ? 1 : strcasecmp(a, b) == 0 ? 2 : strcmp(a, b) < 0 ? 3 : -1;
}

static void one_column(void **state)
{
    struct fixture *fixture = *state;
    struct pair_case pair_case;
    add(fixture, "a_l is null or a_r is null");
    add(fixture, "a_l = a_r");
    add(fixture, "lower(a_l) = lower(a_r)");
    add(fixture, "a_l < a_r");
    for (unsigned threads = 1; threads <= 5; threads += 4) {
        init(&pair_case, fixture, threads);
        assert_true(pair_case.single);
        check_results(&pair_case, name_level);
        check_results(&pair_case, name_level); /* a second runner finds the tables filled */
        assert_false(pair_case.exhausted);
        pair_case_free(&pair_case);
    }
}

/* NULL on one side only must not be answered for the other side. */
static int null_side(uint32_t l, uint32_t r)
{
    return at(l, 0) == NULL && at(r, 0) == NULL ? 0
           : at(l, 0) == NULL                   ? 1
           : at(r, 0) == NULL                   ? 2
                                                : -1;
}

static void null_on_either_side(void **state)
{
    struct fixture *fixture = *state;
    struct pair_case pair_case;
    add(fixture, "a_l is null and a_r is null");
    add(fixture, "a_l is null");
    add(fixture, "a_r is null");
    init(&pair_case, fixture, 1);
    check_results(&pair_case, null_side);
    pair_case_free(&pair_case);
}

static bool equal(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

static int crosswise(uint32_t l, uint32_t r)
{
    return equal(at(l, 0), at(r, 1)) || equal(at(l, 1), at(r, 0))     ? 0
           : at(l, 0) != NULL && at(l, 1) != NULL && at(r, 1) == NULL ? 1
           : equal(at(l, 1), at(r, 1))                                ? 2
                                                                      : -1;
}

static void several_columns(void **state)
{
    struct fixture *fixture = *state;
    struct pair_case pair_case;
    add(fixture, "a_l = b_r or b_l = a_r");
    add(fixture, "a_l || b_l is not null and b_r is null");
    add(fixture, "b_l = b_r");
    init(&pair_case, fixture, 2);
    assert_false(pair_case.single);
    check_results(&pair_case, crosswise);
    pair_case_free(&pair_case);
}

static int always(uint32_t l, uint32_t r)
{
    (void)l;
    (void)r;
    return 1;
}

static void no_columns_at_all(void **state)
{
    struct fixture *fixture = *state;
    struct pair_case pair_case;
    add(fixture, "1 = 2");
    add(fixture, "1 = 1");
    init(&pair_case, fixture, 1);
    check_results(&pair_case, always);
    pair_case_free(&pair_case);
}

static int by_word(uint32_t l, uint32_t r)
{
    return at(l, 1) != NULL && at(r, 1) != NULL && strcmp(at(l, 1), at(r, 1)) == 0 ? 0 : -1;
}

/* Values that own memory are moved out of the evaluator that made them. */
static void hoisted_lists(void **state)
{
    struct fixture *fixture = *state;
    struct pair_case pair_case;
    add(fixture, "list_has_any(string_split(b_l, ' '), string_split(b_r, ' '))");
    init(&pair_case, fixture, 3);
    check_results(&pair_case, by_word);
    pair_case_free(&pair_case);
}

static int null_like_null(uint32_t l, uint32_t r)
{
    bool null = at(l, 0) == NULL && at(r, 0) == NULL;
    return equal(at(l, 0), at(r, 0)) || (null && l == r) ? 0 : -1;
}

/* Codes that tell more apart than the conditions do change no result. */
static void extra_columns(void **state)
{
    struct fixture *fixture = *state;
    struct pair_case pair_case;
    struct column_set extra = {0};
    column_set_add(&extra, 1);
    add(fixture, "a_l = a_r or (a_l is null and a_r is null and b_l is not distinct from b_r)");
    assert_int_equal(pair_case_init(&pair_case, &fixture->arena, &fixture->columns,
                                    fixture->conditions, 1, &extra, 1, &error),
                     0);
    assert_false(pair_case.single);
    assert_true(pair_case.keys.codes[0] != pair_case.keys.codes[3]);
    assert_int_equal(pair_case.keys.codes[0], pair_case.keys.codes[7]);
    check_results(&pair_case, null_like_null);
    pair_case_free(&pair_case);
}

static int as_numbers(uint32_t l, uint32_t r)
{
    static const char *const ones[] = {"1", "2", "-7"};
    bool known[2] = {false, false};
    for (size_t i = 0; i < 3; i++) {
        known[0] = known[0] || equal(at(l, 2), ones[i]);
        known[1] = known[1] || equal(at(r, 2), ones[i]);
    }
    bool less = known[0] && known[1] && strtol(at(l, 2), NULL, 10) < strtol(at(r, 2), NULL, 10);
    return less ? 1 : equal(at(l, 2), at(r, 2)) ? 2 : -1;
}

/* What DuckDB would abort on is NULL, and counted where it stands. */
static void failures_are_counted_by_condition(void **state)
{
    struct fixture *fixture = *state;
    struct pair_case pair_case;
    add(fixture, "a_l = 'nobody'");
    add(fixture, "cast(n_l as integer) < cast(n_r as integer)");
    add(fixture, "n_l = n_r");
    init(&pair_case, fixture, 1);
    check_results(&pair_case, as_numbers);
    assert_int_equal(pair_case_failures(&pair_case, 0), 0);
    assert_int_equal(pair_case_failures(&pair_case, 1), 2); /* 'abc' and '' */
    assert_int_equal(pair_case_failures(&pair_case, 2), 0);
    pair_case_free(&pair_case);
}

/* ---- more values than the cache has slots ---- */

enum { MANY = 700, ROUNDS = 200000 };

static char many[MANY][8];

static void make_many(struct columns *out)
{
    static const struct str name = {"a", 1};
    assert_int_equal(columns_init(out, &name, 1, NULL, &error), 0);
    for (uint32_t i = 0; i < MANY; i++) {
        snprintf(many[i], sizeof many[i], "%u", (i * 7919) % 10007);
        struct str text = str_from(many[i]);
        assert_int_equal(columns_append(out, &text, &error), 0);
    }
    assert_int_equal(columns_seal(out, NULL, &error), 0);
}

/* Any thread: no assertions. */
static int ask(void *context, unsigned index, struct error *failure)
{
    struct pair_case_runner runner;
    struct random random;
    int status = pair_case_runner_init(&runner, context, failure);
    if (status != 0) {
        return status;
    }
    random_seed(&random, index);
    for (uint32_t i = 0; i < ROUNDS; i++) {
        uint32_t l = (uint32_t)random_below(&random, MANY);
        uint32_t r = (uint32_t)random_below(&random, i % 2 == 0 ? MANY : 20);
        int order = strcmp(many[l], many[r]);
        int result = pair_case_result(&runner, l, r);
        if (result != (order == 0 ? 0 : order < 0 ? 1 : -1)) {
            status = error_set(failure, STATUS_INTERNAL, "records %u, %u: %d", l, r, result);
            break;
        }
    }
    pair_case_runner_free(&runner);
    return status;
}

static void the_cache_never_mistakes_a_pair(void **state)
{
    struct fixture *fixture = *state;
    struct columns columns;
    struct pair_case pair_case;
    make_many(&columns);
    add(fixture, "a_l = a_r");
    add(fixture, "a_l < a_r");
    assert_int_equal(pair_case_init(&pair_case, &fixture->arena, &columns, fixture->conditions, 2,
                                    NULL, 1, &error),
                     0);
    if (threads_run(4, ask, &pair_case, &error) != 0) {
        fail_msg("%s", error.message);
    }
    pair_case_free(&pair_case);
    columns_free(&columns);
}

/* ---- limits ---- */

static void too_many_conditions(void **state)
{
    struct fixture *fixture = *state;
    static const struct expr_node *conditions[PAIR_CASE_MAX_CONDITIONS + 1];
    struct pair_case pair_case;
    add(fixture, "a_l = a_r");
    for (size_t i = 0; i <= PAIR_CASE_MAX_CONDITIONS; i++) {
        conditions[i] = fixture->conditions[0];
    }
    assert_int_equal(pair_case_init(&pair_case, &fixture->arena, &fixture->columns, conditions,
                                    PAIR_CASE_MAX_CONDITIONS + 1, NULL, 1, &error),
                     STATUS_INVALID);
    pair_case_free(&pair_case);
}

static void no_records(void **state)
{
    struct fixture *fixture = *state;
    struct columns empty;
    struct pair_case pair_case;
    struct pair_case_runner runner;
    table_make(&empty, names, 3, NULL, 0);
    add(fixture, "lower(a_l) = lower(a_r)");
    add(fixture, "b_l = n_r");
    assert_int_equal(pair_case_init(&pair_case, &fixture->arena, &empty, fixture->conditions, 2,
                                    NULL, 3, &error),
                     0);
    assert_int_equal(pair_case_runner_init(&runner, &pair_case, &error), 0);
    pair_case_runner_free(&runner);
    pair_case_free(&pair_case);
    columns_free(&empty);
}

static int run_failing(void *context, struct error *failure)
{
    const struct fixture *fixture = context;
    struct arena arena = ARENA(1 << 24);
    struct pair_case pair_case;
    struct pair_case_runner runner;
    int status = pair_case_init(&pair_case, &arena, &fixture->columns, fixture->conditions,
                                fixture->count, NULL, 2, failure);
    if (status == 0) {
        status = pair_case_runner_init(&runner, &pair_case, failure);
        if (status == 0) {
            pair_case_result(&runner, 0, 1);
            pair_case_runner_free(&runner);
        }
        pair_case_free(&pair_case);
    }
    arena_free(&arena);
    return status;
}

static void survives_failing_memory(void **state)
{
    struct fixture *fixture = *state;
    add(fixture, "a_l is null or a_r is null");
    add(fixture, "levenshtein(lower(a_l), lower(a_r)) <= 1");
    add(fixture, "list_has_any(string_split(b_l, ' '), string_split(b_r, ' '))");
    assert_true(table_fail_every_allocation(run_failing, fixture) > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_column, setup, teardown),
        cmocka_unit_test_setup_teardown(null_on_either_side, setup, teardown),
        cmocka_unit_test_setup_teardown(several_columns, setup, teardown),
        cmocka_unit_test_setup_teardown(no_columns_at_all, setup, teardown),
        cmocka_unit_test_setup_teardown(hoisted_lists, setup, teardown),
        cmocka_unit_test_setup_teardown(extra_columns, setup, teardown),
        cmocka_unit_test_setup_teardown(failures_are_counted_by_condition, setup, teardown),
        cmocka_unit_test_setup_teardown(the_cache_never_mistakes_a_pair, setup, teardown),
        cmocka_unit_test_setup_teardown(too_many_conditions, setup, teardown),
        cmocka_unit_test_setup_teardown(no_records, setup, teardown),
        cmocka_unit_test_setup_teardown(survives_failing_memory, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
