#include "linkage/expr_syntax.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

/* ---- the tree as text: (operator operand …) ---- */

static const char *const HEADS[] = {
    [SYNTAX_LIST] = "list",
    [SYNTAX_AND] = "and",
    [SYNTAX_OR] = "or",
    [SYNTAX_NOT] = "not",
    [SYNTAX_EQUAL] = "=",
    [SYNTAX_UNEQUAL] = "<>",
    [SYNTAX_LESS] = "<",
    [SYNTAX_LESS_EQUAL] = "<=",
    [SYNTAX_GREATER] = ">",
    [SYNTAX_GREATER_EQUAL] = ">=",
    [SYNTAX_DISTINCT] = "distinct",
    [SYNTAX_NOT_DISTINCT] = "same",
    [SYNTAX_IS_NULL] = "null?",
    [SYNTAX_IS_TRUE] = "true?",
    [SYNTAX_IS_FALSE] = "false?",
    [SYNTAX_BETWEEN] = "between",
    [SYNTAX_IN] = "in",
    [SYNTAX_CASE] = "case",
    [SYNTAX_SWITCH] = "switch",
    [SYNTAX_COALESCE] = "coalesce",
    [SYNTAX_NULLIF] = "nullif",
};

static void write_node(struct text_buffer *out, const struct syntax *node);

static void write_operands(struct text_buffer *out, const struct syntax *node)
{
    for (uint32_t i = 0; i < node->count; i++) {
        text_append(out, STR(" "));
        write_node(out, node->operands[i]);
    }
    text_append(out, STR(")"));
}

static void write_type(struct text_buffer *out, const struct syntax_type *type)
{
    text_append(out, type->name);
    if (type->width != 0) {
        text_appendf(out, "(%u,%u)", type->width, type->scale);
    }
    for (unsigned i = 0; i < type->lists; i++) {
        text_append(out, STR("[]"));
    }
}

static void write_node(struct text_buffer *out, const struct syntax *node)
{
    if (node == NULL) {
        text_append(out, STR("-"));
        return;
    }
    switch (node->kind) {
    case SYNTAX_NULL: text_append(out, STR("NULL")); return;
    case SYNTAX_TRUE: text_append(out, STR("TRUE")); return;
    case SYNTAX_FALSE: text_append(out, STR("FALSE")); return;
    case SYNTAX_NUMBER: text_append(out, node->text); return;
    case SYNTAX_TEXT: text_appendf(out, "'%.*s'", STR_ARG(node->text)); return;
    case SYNTAX_NAME:
        text_appendf(out, "%.*s%s%.*s", STR_ARG(node->qualifier),
                     node->qualifier.ptr == NULL ? "" : ".", STR_ARG(node->text));
        return;
    case SYNTAX_CALL: text_appendf(out, "(%.*s", STR_ARG(node->text)); break;
    case SYNTAX_LAMBDA:
        text_appendf(out, "(lambda %.*s", STR_ARG(node->parameters[0]));
        if (node->parameters[1].ptr != NULL) {
            text_appendf(out, ",%.*s", STR_ARG(node->parameters[1]));
        }
        break;
    case SYNTAX_CAST:
        text_append(out, node->negated ? STR("(try ") : STR("(cast "));
        write_type(out, &node->type);
        break;
    default: text_appendf(out, "(%s", HEADS[node->kind]);
    }
    write_operands(out, node);
}

/* The tree, or the error's message. */
static const char *tree_of(const char *text)
{
    static struct text_buffer out = TEXT_BUFFER(1 << 20);
    static struct error error;
    text_free(&out);
    struct arena arena = ARENA(64 << 20);
    struct syntax *syntax;
    if (syntax_parse(&syntax, &arena, str_from(text), &error) != 0) {
        assert_int_equal(error.status, STATUS_INVALID);
        text_append(&out, str_from(error.message));
    } else {
        assert_int_equal(syntax->end <= strlen(text), true);
        write_node(&out, syntax);
    }
    arena_free(&arena);
    assert_false(out.failed);
    return out.ptr;
}

struct expectation {
    const char *text;
    const char *tree;
};

static void assert_trees(const struct expectation *expectations, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *tree = tree_of(expectations[i].text);
        if (strcmp(tree, expectations[i].tree) != 0) {
            print_error("%s\n", expectations[i].text);
        }
        assert_string_equal(tree, expectations[i].tree);
    }
}

#define ASSERT_TREES(...)                                    \
    do {                                                     \
        const struct expectation list_[] = {__VA_ARGS__};    \
        assert_trees(list_, sizeof list_ / sizeof list_[0]); \
    } while (0)

/* ---- tests ---- */

static void groups_operators_as_duckdb_does(void **state)
{
    (void)state;
    ASSERT_TREES({"a or b and c", "(or a (and b c))"}, {"a and b or c", "(or (and a b) c)"},
                 {"a or b or c", "(or a b c)"}, {"a and b and c and d", "(and a b c d)"},
                 {"a or (b or c)", "(or a (or b c))"}, {"(a or b) or c", "(or a b c)"},
                 {"not a and b", "(and (not a) b)"}, {"not a = b", "(not (= a b))"},
                 {"not not a", "(not (not a))"}, {"not a is null", "(not (null? a))"},
                 {"a = not b", "(= a (not b))"}, {"a = not b = c", "(= a (not (= b c)))"},
                 {"a = b is null", "(null? (= a b))"}, {"a is null = b", "(= (null? a) b)"},
                 {"a < b and c > d", "(and (< a b) (> c d))"}, {"a || b = c", "(= (|| a b) c)"},
                 {"a || b + c", "(|| a (+ b c))"}, {"a + b || c", "(|| (+ a b) c)"},
                 {"a || b || c", "(|| (|| a b) c)"}, {"a - b - c", "(- (- a b) c)"},
                 {"a + b * c", "(+ a (* b c))"}, {"a % b * c // d", "(// (* (% a b) c) d)"},
                 {"a * b ^ c", "(* a (pow b c))"}, {"2 ^ 3 ** 2", "(pow (pow 2 3) 2)"},
                 {"-a ^ 2", "(pow (- a) 2)"}, {"-a::int", "(- (cast int a))"},
                 {"-a[1]", "(- ([] a 1))"}, {"- - a", "(- (- a))"}, {"a - -1", "(- a (- 1))"},
                 {"+a", "(+ a)"}, {"not a + b", "(not (+ a b))"}, {"- a is null", "(null? (- a))"},
                 {"a ~ b || c", "(|| (~ a b) c)"}, {"(a)", "a"}, {"((a) = b)", "(= a b)"});
}

static void refuses_chains_of_comparisons(void **state)
{
    (void)state;
    ASSERT_TREES(
        {"a = b = c",
         "\"=\" cannot follow another comparison; use AND or parentheses (at character 7)"},
        {"a < b <> c",
         "\"<>\" cannot follow another comparison; use AND or parentheses (at character 7)"},
        {"a like b like c",
         "\"like\" cannot follow another comparison; use AND or parentheses (at character 10)"},
        {"a between 1 and 2 between 3 and 4",
         "\"between\" cannot follow another comparison; use AND or parentheses (at character 19)"},
        {"a is distinct from b is null",
         "\"is\" cannot follow another comparison; use AND or parentheses (at character 22)"},
        {"(a = b) = c", "(= (= a b) c)"}, {"a = b is null = c", "(= (null? (= a b)) c)"},
        {"a is null is null", "(null? (null? a))"});
}

static void reads_comparisons(void **state)
{
    (void)state;
    ASSERT_TREES({"a == b", "(= a b)"}, {"a != b", "(<> a b)"}, {"a <> b", "(<> a b)"},
                 {"a <= b", "(<= a b)"}, {"a >= b", "(>= a b)"},
                 {"a is not null", "(not (null? a))"}, {"a isnull", "(null? a)"},
                 {"a notnull", "(not (null? a))"}, {"a is unknown", "(null? a)"},
                 {"a is true", "(true? a)"}, {"a is not false", "(not (false? a))"},
                 {"a is distinct from b = c", "(distinct a (= b c))"},
                 {"a is not distinct from b or c", "(or (same a b) c)"},
                 {"a between 1 and 2 and c", "(and (between a 1 2) c)"},
                 {"a not between 1 and 2", "(not (between a 1 2))"},
                 {"a between b = c and d", "(between a (= b c) d)"},
                 {"a = b between c and d", "(= a (between b c d))"}, {"a in (1)", "(in a 1)"},
                 {"a not in (1, 'x') and b", "(and (not (in a 1 'x')) b)"},
                 {"a = b in (c)", "(= a (in b c))"}, {"a in (1) in (2)", "(in (in a 1) 2)"},
                 {"a in b", "(contains b a)"}, {"a in [b, c]", "(contains (list b c) a)"},
                 {"a in b or c", "(or (contains b a) c)"});
}

static void reads_matches(void **state)
{
    (void)state;
    ASSERT_TREES(
        {"a like 'x%'", "(~~ a 'x%')"}, {"a not like b || c", "(not (~~ a (|| b c)))"},
        {"a ilike 'x' escape '!'", "(ilike_escape a 'x' '!')"},
        {"a not like 'x' escape '\\'", "(not (like_escape a 'x' '\\'))"},
        {"a glob 'x*'", "(~~~ a 'x*')"}, {"a similar to 'x'", "(~ a 'x')"},
        {"a not similar to 'x'", "(not (~ a 'x'))"}, {"a ~~* b", "(~~* a b)"},
        {"a !~~ b", "(not (~~ a b))"}, {"a !~~* b", "(not (~~* a b))"}, {"a !~ b", "(not (~ a b))"},
        {"a ^@ b", "(starts_with a b)"}, {"a && b", "(list_has_any a b)"},
        {"a @> b", "(list_has_all a b)"}, {"a <@ b", "(list_has_all b a)"},
        {"a similar to 'x' escape 'y'", "ESCAPE belongs to LIKE and ILIKE only (at character 18)"},
        {"a between symmetric 1 and 2", "BETWEEN SYMMETRIC is not supported (at character 11)"});
}

static void reads_names(void **state)
{
    (void)state;
    ASSERT_TREES({"a_l", "a_l"}, {"\"a b\"", "a b"}, {"`a b`", "a b"}, {"l.a", "l.a"},
                 {"\"l\".\"a b\"", "l.a b"}, {"l.end", "l.end"},
                 {"l.case = r.then", "(= l.case r.then)"}, {"position", "position"},
                 {"date", "date"}, {"interval", "interval"},
                 {"a.b.c", "fields of structs are not supported (at character 4)"},
                 {"(a).b", "fields of structs are not supported (at character 4)"},
                 {"a.", "expected a column's name after \".\" (at character 3)"},
                 {"a.lower()", "functions are called by name alone, as f(x) (at character 3)"});
}

static void reads_calls(void **state)
{
    (void)state;
    ASSERT_TREES({"f()", "(f)"}, {"f(a, b)", "(f a b)"}, {"\"f\"(a)", "(f a)"},
                 {"f (a = b, not c)", "(f (= a b) (not c))"}, {"left(a, 1)", "(left a 1)"},
                 {"filter(a, b)", "(filter a b)"}, {"f(x -> x + 1)", "(f (lambda x (+ x 1)))"},
                 {"f(x -> x = 1 and y)", "(f (lambda x (and (= x 1) y)))"},
                 {"f(a, (x, i) -> x)", "(f a (lambda x,i x))"},
                 {"f(a, lambda x: x)", "(f a (lambda x x))"},
                 {"f(a, lambda x, i : x)", "(f a (lambda x,i x))"},
                 {"f(x -> g(y -> x + y))", "(f (lambda x (g (lambda y (+ x y)))))"},
                 {"f((a), (b))", "(f a b)"});
}

static void reads_special_forms(void **state)
{
    (void)state;
    ASSERT_TREES(
        {"case when a then b end", "(case a b -)"},
        {"case when a then b when c then d else e end", "(case a b c d e)"},
        {"case a when b then c else d end", "(switch a b c d)"}, {"if(a, b, c)", "(case a b c)"},
        {"coalesce(a)", "(coalesce a)"}, {"ifnull(a, b)", "(coalesce a b)"},
        {"nullif(a, '')", "(nullif a '')"}, {"extract(year from a)", "(date_part 'year' a)"},
        {"extract('month' from a)", "(date_part 'month' a)"},
        {"substring(a from 2 for 3)", "(substring a 2 3)"},
        {"substring(a from 2)", "(substring a 2)"}, {"substring(a for 3)", "(substring a 1 3)"},
        {"substring(a, 2, 3)", "(substring a 2 3)"}, {"position('x' in a)", "(strpos a 'x')"},
        {"trim(a)", "(trim a)"}, {"trim(a, 'x')", "(trim a 'x')"},
        {"trim(both 'x' from a)", "(trim a 'x')"}, {"trim(leading from a)", "(ltrim a)"},
        {"trim(trailing 'x' from a)", "(rtrim a 'x')"}, {"trim('x' from a)", "(trim a 'x')"},
        {"null", "NULL"}, {"TRUE", "TRUE"}, {"False", "FALSE"}, {"[]", "(list)"},
        {"[a, [b]]", "(list a (list b))"}, {"array[a]", "(list a)"}, {"a[1]", "([] a 1)"},
        {"a[-1][2]", "([] ([] a (- 1)) 2)"}, {"a['k']", "([] a 'k')"}, {"a[1:2]", "([:] a 1 2)"},
        {"a[2:]", "([:] a 2 -1)"}, {"a[:2]", "([:] a 1 2)"}, {"a[:]", "([:] a 1 -1)"},
        {"a[1:3:2]", "([:] a 1 3 2)"});
}

static void reads_types(void **state)
{
    (void)state;
    ASSERT_TREES(
        {"cast(a as int)", "(cast int a)"}, {"try_cast(a as \"date\")", "(try date a)"},
        {"a::decimal(10, 2)", "(cast decimal(10,2) a)"},
        {"a::varchar(10) || b", "(|| (cast varchar(10,0) a) b)"},
        {"a::int::text", "(cast text (cast int a))"}, {"a::double precision", "(cast double a)"},
        {"a::character varying(3)", "(cast varchar(3,0) a)"},
        {"a::timestamp with time zone", "(cast timestamptz a)"},
        {"a::timestamp without time zone", "(cast timestamp a)"},
        {"a::int[][]", "(cast int[][] a)"}, {"date '2020-01-01'", "(cast date '2020-01-01')"},
        {"timestamp '2020-01-01'", "(cast timestamp '2020-01-01')"},
        {"interval '1 day'", "(cast interval '1 day')"},
        {"interval 2 days", "(to_days (cast integer (trunc (cast double 2))))"},
        {"interval '3' MONTH", "(to_months (cast integer (trunc (cast double '3'))))"},
        {"interval (a) second", "(to_seconds (cast double a))"},
        {"interval '1 day' and b", "(and (cast interval '1 day') b)"},
        {"a::int[3]", "lists of a fixed length are not supported (at character 8)"},
        {"a::decimal(99999)", "a type's numbers are small and whole (at character 12)"},
        {"cast(a as)", "expected a type after \"as\", found \")\" (at character 10)"},
        {"cast(a int)", "expected \"as\" after \"a\", found \"int\" (at character 8)"},
        {"a::", "expected a type after \"::\" (at character 4)"});
}

static void says_what_it_expected(void **state)
{
    (void)state;
    ASSERT_TREES(
        {"", "the condition is empty"}, {" -- nothing", "the condition is empty"},
        {"first_name_l = ", "expected an expression after \"=\" (at character 16)"},
        {"first_name_l =", "expected an expression after \"=\" (at character 15)"},
        {"é = )", "expected an expression after \"=\", found \")\" (at character 5)"},
        {"= a", "expected an expression, found \"=\" (at character 1)"},
        {"a and", "expected an expression after \"and\" (at character 6)"},
        {"a = and b", "expected an expression after \"=\", found \"and\" (at character 5)"},
        {"a b", "unexpected \"b\" after the expression (at character 3)"},
        {"a, b", "unexpected \",\" after the expression (at character 2)"},
        {"a)", "\")\" has no \"(\" before it (at character 2)"},
        {"(a", "expected \")\" after \"a\" (at character 3)"},
        {"()", "expected an expression after \"(\", found \")\" (at character 2)"},
        {"f(a", "expected \")\" after \"a\" (at character 4)"},
        {"f(a,)", "expected an expression after \",\", found \")\" (at character 5)"},
        {"[1,", "expected an expression after \",\" (at character 4)"},
        {"a[", "expected an expression after \"[\" (at character 3)"},
        {"a[]", "expected an expression after \"[\", found \"]\" (at character 3)"},
        {"a is", "expected NULL, TRUE, FALSE or DISTINCT FROM after \"is\" (at character 5)"},
        {"a is not b", "expected NULL, TRUE, FALSE or DISTINCT FROM after \"not\", found \"b\" (at "
                       "character 10)"},
        {"a is distinct b", "expected \"from\" after \"distinct\", found \"b\" (at character 15)"},
        {"a in", "expected an expression after \"in\" (at character 5)"},
        {"a in ()", "expected an expression after \"(\", found \")\" (at character 7)"},
        {"a between 1", "expected \"and\" after \"1\" (at character 12)"},
        {"a between 1 and", "expected an expression after \"and\" (at character 16)"},
        {"a similar b", "expected \"to\" after \"similar\", found \"b\" (at character 11)"},
        {"case", "expected an expression after \"case\" (at character 5)"},
        {"case when a end", "expected \"then\" after \"a\", found \"end\" (at character 13)"},
        {"case when a then b", "expected \"end\" after \"b\" (at character 19)"},
        {"case a end", "expected \"when\" after \"a\", found \"end\" (at character 8)"},
        {"a not b", "unexpected \"not\" after the expression (at character 3)"},
        {"if(a, b)", "if takes 3 arguments, not 2 (at character 1)"},
        {"ifnull(a)", "ifnull takes 2 arguments, not 1 (at character 1)"},
        {"nullif(a, b, c)", "nullif takes 2 arguments, not 3 (at character 1)"},
        {"coalesce()", "expected an expression after \"(\", found \")\" (at character 10)"},
        {"extract(1 from a)",
         "expected a part of a date after \"(\", found \"1\" (at character 9)"},
        {"substring(a)", "expected \",\" or FROM after \"a\", found \")\" (at character 12)"},
        {"position(a, b)", "expected \"in\" after \"a\", found \",\" (at character 11)"},
        {"interval 1.5", "expected a unit of time after \"1.5\" (at character 13)"},
        {"f((x, y, z) -> x)",
         "a lambda has one parameter, or two: the item and its position (at character 10)"},
        {"f(lambda x x)", "expected \":\" after \"x\", found \"x\" (at character 12)"});
}

static void refuses_what_no_condition_may_hold(void **state)
{
    (void)state;
    ASSERT_TREES(
        {"first_name_l = first_name_r; drop table t",
         "\";\" is not allowed in a condition (at character 28)"},
        {"a in (select 1)", "subqueries are not allowed in a condition (at character 7)"},
        {"(select 1)", "subqueries are not allowed in a condition (at character 2)"},
        {"select 1", "subqueries are not allowed in a condition (at character 1)"},
        {"not exists (select 1)", "subqueries are not allowed in a condition (at character 5)"},
        {"with x as (select 1) select 1",
         "subqueries are not allowed in a condition (at character 1)"},
        {"a in (values (1))", "subqueries are not allowed in a condition (at character 7)"},
        {"a = any (b)",
         "ANY, ALL and SOME are not supported; use IN or list_contains (at character 5)"},
        {"a = $1", "parameters are not allowed in a condition (at character 5)"},
        {"a = ?", "parameters are not allowed in a condition (at character 5)"},
        {"a = :x", "parameters are not allowed in a condition (at character 5)"},
        {"a $1", "parameters are not allowed in a condition (at character 3)"},
        {"count(*) > 1", "aggregates are not allowed in a condition (at character 7)"},
        {"f(distinct a)", "aggregates are not allowed in a condition (at character 3)"},
        {"f(a order by b)", "aggregates are not allowed in a condition (at character 5)"},
        {"f(a) filter (where b)", "aggregates are not allowed in a condition (at character 6)"},
        {"f(a) over ()", "window functions are not allowed in a condition (at character 6)"},
        {"f(a := 1)", "named arguments are not supported (at character 3)"},
        {"{'a': 1}", "structs and maps are not supported (at character 1)"},
        {"(a, b) = (c, d)",
         "rows are not supported; compare the columns one by one with AND (at character 3)"},
        {"row(a, b)",
         "rows are not supported; compare the columns one by one with AND (at character 1)"},
        {"columns(*)", "COLUMNS(…) is not supported; name the columns one by one (at character 1)"},
        {"a collate nocase = b",
         "COLLATE is not supported; compare lower(…) or strip_accents(…) (at character 3)"},
        {"a at time zone 'UTC'", "AT TIME ZONE is not supported (at character 3)"},
        {"x -> x",
         "a lambda may only be an argument of list_transform or list_filter (at character 3)"},
        {"lambda x: x",
         "a lambda may only be an argument of list_transform or list_filter (at character 1)"},
        {"a & b", "operator \"&\" is not supported (at character 3)"},
        {"a <=> b", "operator \"<=>\" is not supported (at character 3)"},
        {"a ->> 'x'", "operator \"->>\" is not supported (at character 3)"});
}

/* `repeat` times `begin`, then a column, then as often `end`. */
static const char *nested(const char *begin, const char *end, unsigned repeat)
{
    static struct text_buffer text = TEXT_BUFFER(1 << 16);
    text_free(&text);
    for (unsigned i = 0; i < repeat; i++) {
        text_append(&text, str_from(begin));
    }
    text_append(&text, STR("a"));
    for (unsigned i = 0; i < repeat; i++) {
        text_append(&text, str_from(end));
    }
    assert_false(text.failed);
    return text.ptr;
}

static void assert_nesting(const char *begin, const char *end, unsigned most)
{
    assert_null(strstr(tree_of(nested(begin, end, most)), "too deeply"));
    assert_non_null(
        strstr(tree_of(nested(begin, end, most + 1)), "nested too deeply (at character"));
    assert_non_null(strstr(tree_of(nested(begin, end, 2500)), "nested too deeply (at character"));
}

static void limits_nesting_but_not_length(void **state)
{
    (void)state;
    assert_nesting("(", ")", EXPR_MAX_DEPTH - 1);
    assert_nesting("f(", ")", EXPR_MAX_DEPTH - 1);
    assert_nesting("not ", "", EXPR_MAX_DEPTH - 1);
    assert_nesting("- ", "", EXPR_MAX_DEPTH - 1);
    assert_nesting("", "[1]", EXPR_MAX_DEPTH - 1);
    assert_nesting("", "::int", EXPR_MAX_DEPTH - 1);
    assert_nesting("", "||b", EXPR_MAX_DEPTH - 1);
    assert_nesting("case when ", " then b end", EXPR_MAX_DEPTH - 1);
    assert_null(strstr(tree_of(nested("", " or b", 8000)), "(at character"));
    assert_null(strstr(tree_of(nested("", " and b=c", 8000)), "(at character"));
}

static void spans_what_is_written(void **state)
{
    (void)state;
    struct arena arena = ARENA(1 << 20);
    struct error error;
    struct syntax *node;
    struct str text = STR(" lower( a ) = (\"b\" || 'c') ");
    assert_int_equal(syntax_parse(&node, &arena, text, &error), 0);
    assert_int_equal(node->begin, 1);
    assert_int_equal(node->place, 12);
    assert_int_equal(node->operands[0]->begin, 1);
    assert_int_equal(node->operands[0]->end, 11);
    assert_int_equal(node->operands[1]->begin, 15);
    assert_int_equal(node->operands[1]->end, 25);
    assert_int_equal(node->operands[1]->operands[0]->begin, 15);
    assert_int_equal(node->operands[1]->operands[0]->place, 16); /* the name, not its quote */
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_operators_as_duckdb_does),
        cmocka_unit_test(refuses_chains_of_comparisons),
        cmocka_unit_test(reads_comparisons),
        cmocka_unit_test(reads_matches),
        cmocka_unit_test(reads_names),
        cmocka_unit_test(reads_calls),
        cmocka_unit_test(reads_special_forms),
        cmocka_unit_test(reads_types),
        cmocka_unit_test(says_what_it_expected),
        cmocka_unit_test(refuses_what_no_condition_may_hold),
        cmocka_unit_test(limits_nesting_but_not_length),
        cmocka_unit_test(spans_what_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
