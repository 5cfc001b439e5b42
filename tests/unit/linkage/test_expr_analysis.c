#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "linkage/expr.h"

static const struct str NAMES[] = {{"a", 1}, {"b", 1}, {"c", 1}};
static const struct expr_schema SCHEMA = {NAMES, 3};

static struct arena arena;

static int open_arena(void **state)
{
    (void)state;
    arena = ARENA(1 << 24);
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

/* No condition of this file holds anything beyond its arena. */
static const struct expr_node *parse(const char *text)
{
    struct error error;
    const struct expr_node *node;
    if (expr_parse(&node, &arena, &SCHEMA, EXPR_BLOCKING, str_from(text), &error) != 0) {
        print_error("%s: %s\n", text, error.message);
        fail();
    }
    return node;
}

static bool equal(const char *a, const char *b, bool mirrored)
{
    return expr_equal(parse(a), parse(b), mirrored);
}

/* The columns that a node names on a side, as letters. */
static const char *columns(const struct expr_node *node, enum expr_side side)
{
    static char letters[4];
    struct column_set set = {{0}};
    expr_columns(node, side, &set);
    size_t count = 0;
    for (uint32_t i = 0; i < 3; i++) {
        if (column_set_has(&set, i)) {
            letters[count++] = (char)('a' + i);
        }
    }
    letters[count] = '\0';
    return letters;
}

/* ---- parts ---- */

static void assert_parts(const char *text, size_t conjuncts, size_t disjuncts)
{
    struct error error;
    const struct expr_node *const *parts;
    size_t count;
    assert_int_equal(expr_conjuncts(&parts, &count, &arena, parse(text), &error), 0);
    assert_int_equal(count, conjuncts);
    assert_int_equal(expr_disjuncts(&parts, &count, &arena, parse(text), &error), 0);
    assert_int_equal(count, disjuncts);
}

static void takes_conditions_apart(void **state)
{
    (void)state;
    assert_parts("l.a = r.a", 1, 1);
    assert_parts("l.a = r.a and l.b = r.b", 2, 1);
    assert_parts("(l.a = r.a and l.b = r.b) and (l.c = r.c)", 3, 1);
    assert_parts("l.a = r.a and (l.b = r.b and (l.c = r.c and l.a < r.b))", 4, 1);
    assert_parts("l.a = r.a or (l.b = r.b or l.c = r.c)", 1, 3);
    assert_parts("l.a = r.a and (l.b = r.b or l.c = r.c)", 2, 1);
    assert_parts("l.a = r.a and 1 = 1", 1, 1);
    assert_parts("not (l.a = r.a and l.b = r.b)", 1, 1);
    struct error error;
    const struct expr_node *const *parts;
    size_t count;
    const struct expr_node *node = parse("l.a = r.b and l.b = r.c and l.c = r.a");
    assert_int_equal(expr_conjuncts(&parts, &count, &arena, node, &error), 0);
    assert_int_equal(count, 3);
    assert_string_equal(columns(parts[0], EXPR_LEFT), "a");
    assert_string_equal(columns(parts[1], EXPR_LEFT), "b");
    assert_string_equal(columns(parts[2], EXPR_LEFT), "c");
}

static void puts_conditions_together(void **state)
{
    (void)state;
    struct error error;
    const struct expr_node *list[] = {parse("l.a = r.a"), parse("l.b = r.b and l.c = r.c"),
                                      parse("l.a < r.b or l.b < r.a")};
    const struct expr_node *node;
    assert_int_equal(expr_and(&node, &arena, list, 1, &error), 0);
    assert_ptr_equal(node, list[0]);
    assert_int_equal(expr_and(&node, &arena, list, 3, &error), 0);
    assert_int_equal(expr_type(node).kind, VALUE_BOOLEAN);
    const struct expr_node *same =
        parse("l.a = r.a and l.b = r.b and l.c = r.c and (l.a < r.b or l.b < r.a)");
    assert_true(expr_equal(node, same, false));
    const struct expr_node *const *parts;
    size_t count;
    assert_int_equal(expr_conjuncts(&parts, &count, &arena, node, &error), 0);
    assert_int_equal(count, 4);
    expr_release(node); /* what the parts hold is theirs */
}

/* ---- shapes ---- */

static void assert_join(const char *text, const char *left, const char *right)
{
    const struct expr_node *sides[2];
    assert_true(expr_is_join_equality(parse(text), &sides[0], &sides[1]));
    assert_string_equal(columns(sides[0], EXPR_LEFT), left);
    assert_string_equal(columns(sides[0], EXPR_RIGHT), "");
    assert_string_equal(columns(sides[1], EXPR_LEFT), "");
    assert_string_equal(columns(sides[1], EXPR_RIGHT), right);
    assert_true(value_type_equal(expr_type(sides[0]), expr_type(sides[1])));
}

static void assert_no_join(const char *text)
{
    const struct expr_node *left;
    const struct expr_node *right;
    assert_false(expr_is_join_equality(parse(text), &left, &right));
}

static void knows_join_equalities(void **state)
{
    (void)state;
    assert_join("l.a = r.a", "a", "a");
    assert_join("r.b = l.a", "a", "b");
    assert_join("substr(l.a, 1, 2) = lower(r.b)", "a", "b");
    assert_join("l.a || l.b = r.a || r.c", "ab", "ac");
    assert_join("l.a = length(r.a)", "a", "a"); /* the text is cast */
    assert_join("not (l.a <> r.a)", "a", "a");
    assert_no_join("l.a <> r.a");
    assert_no_join("l.a = l.b");
    assert_no_join("l.a = 'x'");
    assert_no_join("l.a || r.a = r.b");
    assert_no_join("l.a is not distinct from r.a");
    assert_no_join("l.a = r.a and l.b = r.b");
    assert_no_join("not (l.a = r.a)");
}

static void names_the_columns_of_a_side(void **state)
{
    (void)state;
    const struct expr_node *node =
        parse("case l.a when r.b then coalesce(l.c, l.a) else nullif(r.c, 'x') end = 'y' and "
              "len(list_filter([l.a], x -> x = r.a)) = 1");
    assert_string_equal(columns(node, EXPR_LEFT), "ac");
    assert_string_equal(columns(node, EXPR_RIGHT), "abc");
}

static const char *exact_columns(const char *text)
{
    static char letters[8];
    struct column_set set = {{0}};
    if (!expr_is_exact_match(parse(text), &set)) {
        return "no";
    }
    size_t count = 0;
    for (uint32_t i = 0; i < 3; i++) {
        if (column_set_has(&set, i)) {
            letters[count++] = (char)('a' + i);
        }
    }
    letters[count] = '\0';
    return letters;
}

static void knows_exact_matches(void **state)
{
    (void)state;
    assert_string_equal(exact_columns("l.a = r.a"), "a");
    assert_string_equal(exact_columns("r.b = l.b"), "b");
    assert_string_equal(exact_columns("l.a = l.a"), "a"); /* as Splink has it */
    assert_string_equal(exact_columns("(l.a = r.a) and (r.c = l.c)"), "ac");
    assert_string_equal(exact_columns("l.a = r.b"), "no");
    assert_string_equal(exact_columns("l.a = r.a and l.b = 'x'"), "no");
    assert_string_equal(exact_columns("l.a = r.a or l.b = r.b"), "no");
    assert_string_equal(exact_columns("lower(l.a) = lower(r.a)"), "no");
    assert_string_equal(exact_columns("l.a[1] = r.a[1]"), "no");
    assert_string_equal(exact_columns("l.a is not distinct from r.a"), "no");
    assert_string_equal(exact_columns("true"), "no");
    struct column_set set = {{0}};
    column_set_add(&set, 2);
    assert_true(expr_is_exact_match(parse("l.a = r.a"), &set));
    assert_true(column_set_has(&set, 0) && column_set_has(&set, 2)); /* it adds */
}

/* ---- equality ---- */

static void compares_by_structure(void **state)
{
    (void)state;
    assert_true(equal("l.a = r.a", "L.\"A\" = r.a", false));
    assert_true(equal("l.a = r.b", "r.b = l.a", false));
    assert_false(equal("l.a = r.b", "l.b = r.a", false));
    assert_false(equal("l.a = r.a", "l.a <> r.a", false));
    assert_true(equal("lower(l.a) = 'x'", "lcase(l.a) = 'x'", false));
    assert_false(equal("lower(l.a) = 'x'", "upper(l.a) = 'x'", false));
    assert_false(equal("substr(l.a, 1) = 'x'", "substr(l.a, 2) = 'x'", false));
    assert_true(equal("levenshtein(l.a, r.b) < 2", "levenshtein(r.b, l.a) < 2", false));
    assert_false(equal("cast(l.a as int) = 1", "try_cast(l.a as int) = 1", false));
    assert_false(equal("cast(l.a as int) = 1", "cast(l.a as bigint) = 1", false));
    assert_false(equal("length(l.a) = 1", "length(l.a) = 1.0", false));
    assert_true(equal("[l.a, 'x'] = []", "array[l.a, 'x'] = []", false));
    assert_true(equal("list_transform([l.a], x -> x || l.b) = []",
                      "list_apply([l.a], lambda y: y || l.b) = []", false));
    assert_false(equal("list_transform([l.a], x -> x || l.b) = []",
                       "list_transform([l.a], x -> x || l.c) = []", false));
    assert_false(equal("len(list_filter([l.a], (x, i) -> i = 1)) = 1",
                       "len(list_filter([l.a], (x, i) -> x = 1)) = 1", false));
    assert_false(equal("1 / length(l.a) = 0e0", "1 / length(l.a) = -0e0", false));
    assert_false(equal("l.a = r.a and l.b = r.b", "l.b = r.b and l.a = r.a", false));
}

static void compares_with_sides_exchanged(void **state)
{
    (void)state;
    assert_true(equal("l.a = 'x'", "r.a = 'x'", true));
    assert_false(equal("l.a = 'x'", "l.a = 'x'", true));
    assert_true(equal("l.a = r.b", "l.b = r.a", true));
    assert_true(equal("l.a = r.a", "l.a = r.a", true));
    assert_true(equal("l.a < r.a", "r.a < l.a", true));
    assert_false(equal("l.a < r.a", "l.a < r.a", true));
    assert_true(equal("jaro_similarity(l.a, r.a) > 0.5", "jaro_similarity(r.a, l.a) > 0.5", true));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_arena, close_arena)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(takes_conditions_apart),        TEST(puts_conditions_together),
        TEST(knows_join_equalities),         TEST(names_the_columns_of_a_side),
        TEST(knows_exact_matches),           TEST(compares_by_structure),
        TEST(compares_with_sides_exchanged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
