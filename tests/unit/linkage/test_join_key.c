/* A left and a right code are equal exactly when all the equalities are TRUE for the pair. */
#include "table.h"

#include <stdio.h>
#include <strings.h>

#include "linkage/expr.h"
#include "linkage/join_key.h"

static const char *const names[] = {"a", "b", "t"};

/* Every pair of values meets: texts, numbers written in several ways, dates that parse or do not. */
static const char *const cells[] = {
    "x",   "x",    "2020-01-05", /* 0 */
    "x",   "X",    "2020-1-5",   /* 1 */
    "X",   "x",    "2020-13-05", /* 2 */
    NULL,  "x",    NULL,         /* 3 */
    "x",   NULL,   "2021-01-05", /* 4 */
    "",    "",     "",           /* 5 */
    "1",   "1.0",  "2020-01-05", /* 6 */
    "1.0", "01",   "2021-1-05",  /* 7 */
    "-0",  "0",    NULL,         /* 8 */
    "nan", "NaN",  "2020-01-06", /* 9 */
    NULL,  NULL,   NULL,         /* 10 */
    "xy",  "x",    "2020-01-05", /* 11 */
    "Xyz", "xyz ", "2020-01-05", /* 12 */
};

enum { RECORDS = 13, MOST_EQUALITIES = 4 };

static struct error error;

struct fixture {
    struct columns columns;
    struct arena arena;
    struct join_equality equalities[MOST_EQUALITIES];
    size_t count;
};

static int setup(void **state)
{
    static struct fixture fixture;
    table_make(&fixture.columns, names, 3, cells, RECORDS);
    fixture.arena = ARENA(1 << 24);
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

static const struct expr_node *parse(struct fixture *fixture, const char *rule)
{
    static const struct str schema_names[] = {{"a", 1}, {"b", 1}, {"t", 1}};
    struct expr_schema schema = {schema_names, 3};
    const struct expr_node *node;
    if (expr_parse(&node, &fixture->arena, &schema, EXPR_BLOCKING, str_from(rule), &error) != 0) {
        fail_msg("%s: %s", rule, error.message);
    }
    return node;
}

static void plan(struct fixture *fixture, const char *rule)
{
    const struct expr_node *const *conjuncts;
    const struct expr_node *node = parse(fixture, rule);
    assert_int_equal(expr_conjuncts(&conjuncts, &fixture->count, &fixture->arena, node, &error), 0);
    assert_true(fixture->count <= MOST_EQUALITIES);
    for (size_t i = 0; i < fixture->count; i++) {
        struct join_equality *equality = &fixture->equalities[i];
        equality->column = JOIN_KEY_NO_COLUMN;
        assert_true(expr_is_join_equality(conjuncts[i], &equality->left, &equality->right));
    }
}

static void build(struct join_key *out, struct fixture *fixture)
{
    assert_int_equal(join_key_build(out, &fixture->arena, &fixture->columns, fixture->equalities,
                                    fixture->count, &error),
                     0);
}

/* `joins` tells for the pair (left, right), as numbers of records, whether the rule is TRUE. */
static void check_rule(struct fixture *fixture, const char *rule,
                       bool (*joins)(uint32_t left, uint32_t right))
{
    struct join_key key;
    plan(fixture, rule);
    build(&key, fixture);
    for (uint32_t left = 0; left < RECORDS; left++) {
        assert_true(key.left[left] < key.count);
        assert_true(key.right[left] < key.count);
        for (uint32_t right = 0; right < RECORDS; right++) {
            bool equal = key.left[left] != 0 && key.left[left] == key.right[right];
            if (equal != joins(left, right)) {
                fail_msg("%s: records %u and %u %s", rule, left, right,
                         equal ? "join" : "do not join");
            }
        }
    }
    join_key_free(&key);
    assert_null(key.left);
}

/* ---- the rules, by hand ---- */

static const char *at(uint32_t record, unsigned column)
{
    return cells[record * 3 + column];
}

static bool same(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

static bool same_ignoring_case(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcasecmp(a, b) == 0;
}

static bool a_is_a(uint32_t l, uint32_t r)
{
    return same(at(l, 0), at(r, 0));
}

static bool a_is_b(uint32_t l, uint32_t r)
{
    return same(at(l, 0), at(r, 1));
}

static bool both(uint32_t l, uint32_t r)
{
    return same(at(l, 0), at(r, 0)) && same(at(l, 1), at(r, 1));
}

static bool crosswise(uint32_t l, uint32_t r)
{
    return same(at(l, 0), at(r, 1)) && same(at(l, 1), at(r, 0));
}

static bool a_is_b_and_b_is_b(uint32_t l, uint32_t r)
{
    return same(at(l, 0), at(r, 1)) && same(at(l, 1), at(r, 1));
}

static bool all_three(uint32_t l, uint32_t r)
{
    return both(l, r) && same(at(l, 2), at(r, 2));
}

static bool lower_a_is_lower_a(uint32_t l, uint32_t r)
{
    return same_ignoring_case(at(l, 0), at(r, 0));
}

static bool lower_a_is_lower_b_and_t(uint32_t l, uint32_t r)
{
    return same_ignoring_case(at(l, 0), at(r, 1)) && same(at(l, 2), at(r, 2));
}

static bool first_letter(uint32_t l, uint32_t r)
{
    return at(l, 0) != NULL && at(r, 0) != NULL && at(l, 0)[0] == at(r, 0)[0];
}

static bool as_long(uint32_t l, uint32_t r)
{
    return at(l, 0) != NULL && at(r, 1) != NULL && strlen(at(l, 0)) == strlen(at(r, 1));
}

static bool concatenated(uint32_t l, uint32_t r)
{
    char left[16];
    char right[16];
    if (at(l, 0) == NULL || at(l, 1) == NULL || at(r, 0) == NULL || at(r, 1) == NULL) {
        return false;
    }
    snprintf(left, sizeof left, "%s%s", at(l, 0), at(l, 1));
    snprintf(right, sizeof right, "%s%s", at(r, 0), at(r, 1));
    return strcmp(left, right) == 0;
}

/* What DuckDB makes of the texts: a class for each number, 0 where it is none. */
static int number_class(const char *text)
{
    static const char *const texts[] = {"1", "1.0", "01", "-0", "0", "nan", "NaN"};
    static const int classes[] = {1, 1, 1, 2, 2, 3, 3};
    for (size_t i = 0; text != NULL && i < 7; i++) {
        if (strcmp(text, texts[i]) == 0) {
            return classes[i];
        }
    }
    return 0;
}

static bool same_number(uint32_t l, uint32_t r)
{
    int number = number_class(at(l, 0));
    return number != 0 && number == number_class(at(r, 1));
}

static int day_class(const char *text)
{
    static const char *const texts[] = {"2020-01-05", "2020-1-5", "2021-01-05", "2021-1-05",
                                        "2020-01-06"};
    static const int classes[] = {1, 1, 2, 2, 3};
    for (size_t i = 0; text != NULL && i < 5; i++) {
        if (strcmp(text, texts[i]) == 0) {
            return classes[i];
        }
    }
    return 0;
}

static bool same_day(uint32_t l, uint32_t r)
{
    int day = day_class(at(l, 2));
    return day != 0 && day == day_class(at(r, 2));
}

static bool null_alike(uint32_t l, uint32_t r)
{
    return (at(l, 0) == NULL) == (at(r, 1) == NULL);
}

static void codes_are_equal_where_the_rule_is_true(void **state)
{
    struct fixture *fixture = *state;
    check_rule(fixture, "l.a = r.a", a_is_a);
    check_rule(fixture, "r.a = l.a", a_is_a);
    check_rule(fixture, "l.a = r.b", a_is_b);
    check_rule(fixture, "r.b = l.a", a_is_b);
    check_rule(fixture, "l.a = r.a and l.b = r.b", both);
    check_rule(fixture, "l.a = r.b and l.b = r.a", crosswise);
    check_rule(fixture, "l.a = r.b and l.b = r.b", a_is_b_and_b_is_b);
    check_rule(fixture, "l.a = r.a and r.b = l.b and l.t = r.t", all_three);
}

static void functions_are_keys_too(void **state)
{
    struct fixture *fixture = *state;
    check_rule(fixture, "lower(l.a) = lower(r.a)", lower_a_is_lower_a);
    check_rule(fixture, "lower(l.a) = lower(r.b) and l.t = r.t", lower_a_is_lower_b_and_t);
    check_rule(fixture, "substr(l.a, 1, 1) = substr(r.a, 1, 1)", first_letter);
    check_rule(fixture, "l.a || l.b = r.a || r.b", concatenated);
}

static void keys_of_other_types(void **state)
{
    struct fixture *fixture = *state;
    check_rule(fixture, "length(l.a) = length(r.b)", as_long);
    check_rule(fixture, "try_cast(l.a as double) = try_cast(r.b as double)", same_number);
    check_rule(fixture, "try_strptime(l.t, '%Y-%m-%d') = try_strptime(r.t, '%Y-%m-%d')", same_day);
    check_rule(fixture, "(l.a is null) = (r.b is null)", null_alike);
}

/* Sides that mirror each other share one array, and a plain column is taken as it is. */
static void mirrored_sides_are_one(void **state)
{
    struct fixture *fixture = *state;
    struct join_key key;
    plan(fixture, "l.a = r.a");
    fixture->equalities[0].column = 0;
    build(&key, fixture);
    assert_ptr_equal(key.left, key.right);
    assert_memory_equal(key.left, fixture->columns.items[0].codes, RECORDS * sizeof *key.left);
    join_key_free(&key);

    plan(fixture, "lower(l.a) = lower(r.a) and l.b = r.b");
    fixture->equalities[1].column = 1;
    build(&key, fixture);
    assert_ptr_equal(key.left, key.right);
    join_key_free(&key);

    plan(fixture, "l.a = r.a and l.b = r.a");
    fixture->equalities[0].column = 0;
    build(&key, fixture);
    assert_ptr_not_equal(key.left, key.right);
    for (uint32_t left = 0; left < RECORDS; left++) {
        for (uint32_t right = 0; right < RECORDS; right++) {
            bool equal = key.left[left] != 0 && key.left[left] == key.right[right];
            assert_int_equal(equal, a_is_a(left, right) && same(at(left, 1), at(right, 0)));
        }
    }
    join_key_free(&key);
}

static void no_records(void **state)
{
    struct fixture *fixture = *state;
    struct columns empty;
    table_make(&empty, names, 3, NULL, 0);
    static const char *const rules[] = {"l.a = r.a", "l.a = r.b and lower(l.b) = r.t"};
    for (size_t i = 0; i < 2; i++) {
        struct join_key key;
        plan(fixture, rules[i]);
        assert_int_equal(join_key_build(&key, &fixture->arena, &empty, fixture->equalities,
                                        fixture->count, &error),
                         0);
        join_key_free(&key);
    }
    columns_free(&empty);
}

static int build_failing(void *context, struct error *failure)
{
    const struct fixture *fixture = context;
    struct arena arena = ARENA(1 << 24);
    struct join_key key;
    int status = join_key_build(&key, &arena, &fixture->columns, fixture->equalities,
                                fixture->count, failure);
    if (status == 0) {
        join_key_free(&key);
    }
    arena_free(&arena);
    return status;
}

static void survives_failing_memory(void **state)
{
    struct fixture *fixture = *state;
    plan(fixture, "lower(l.a) = r.b and l.b = r.b and length(l.t) = length(r.t)");
    assert_true(table_fail_every_allocation(build_failing, fixture) > 10);
    plan(fixture, "l.a = r.a");
    assert_true(table_fail_every_allocation(build_failing, fixture) > 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(codes_are_equal_where_the_rule_is_true, setup, teardown),
        cmocka_unit_test_setup_teardown(functions_are_keys_too, setup, teardown),
        cmocka_unit_test_setup_teardown(keys_of_other_types, setup, teardown),
        cmocka_unit_test_setup_teardown(mirrored_sides_are_one, setup, teardown),
        cmocka_unit_test_setup_teardown(no_records, setup, teardown),
        cmocka_unit_test_setup_teardown(survives_failing_memory, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
