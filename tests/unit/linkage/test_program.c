#include "linkage/program.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "condition.h"
#include "linkage/program_step.h"
#include "table.h"

/* ---- conditions and what DuckDB says of them ---- */

enum { GOLDEN_ROWS = 120, GOLDEN_COLUMNS = 9 };

static const char *const GOLDEN_NAMES[GOLDEN_COLUMNS] = {
    "first_name", "last_name", "birth_date", "zip_code", "social_security_number",
    "email",      "phone",     "address",    "amount"};

/* Records 2i and 2i + 1 are the left and right one of row i. */
static const char *golden_cells[GOLDEN_ROWS * 2 * GOLDEN_COLUMNS];

static void read_row(size_t row, const json_t *values)
{
    for (size_t i = 0; i < GOLDEN_COLUMNS * 2; i++) {
        char key[64];
        snprintf(key, sizeof key, "%s_%c", GOLDEN_NAMES[i % GOLDEN_COLUMNS],
                 i < GOLDEN_COLUMNS ? 'l' : 'r');
        const json_t *value = json_object_get(values, key);
        assert_non_null(value);
        golden_cells[row * 2 * GOLDEN_COLUMNS + i] = json_string_value(value);
    }
}

static void assert_letters(const struct columns *columns, const char *condition,
                           const char *expected)
{
    char negation[1024];
    struct conditions conditions;
    struct error error;
    snprintf(negation, sizeof negation, "not (%s)", condition);
    const char *const texts[] = {condition, negation};
    if (conditions_open(&conditions, columns, EXPR_COMPARISON, texts, 2, &error) != 0) {
        print_error("%s: %s\n", condition, error.message);
        fail();
    }
    for (uint32_t row = 0; row < GOLDEN_ROWS; row++) {
        char letter = conditions_letter(&conditions, 2 * row, 2 * row + 1);
        /* What aborts DuckDB is NULL here. */
        if (letter != (expected[row] == 'E' ? 'N' : expected[row])) {
            print_error("%s: row %u is %c, not %c\n", condition, row, letter, expected[row]);
            fail();
        }
    }
    assert_false(evaluator_exhausted(conditions.evaluator));
    conditions_close(&conditions);
}

static void assert_golden(const struct columns *columns, const json_t *line)
{
    const char *condition = json_string_value(json_object_get(line, "condition"));
    const char *expected = json_string_value(json_object_get(line, "result"));
    const char *message =
        condition_refusal(GOLDEN_NAMES, GOLDEN_COLUMNS, EXPR_COMPARISON, condition);
    if (expected == NULL) {
        assert_true(json_is_true(json_object_get(line, "bind_error")));
        assert_string_not_equal(message, "");
    } else if (strncmp(condition, "hash(", 5) == 0) {
        /* DuckDB's hashes differ from one version to the next. */
        assert_non_null(strstr(message, "hash is not supported"));
    } else {
        assert_letters(columns, condition, expected);
    }
}

static void agrees_with_duckdb(void **state)
{
    (void)state;
    FILE *file = fopen("tests/data/conditions.jsonl", "r");
    assert_non_null(file);
    char *line = NULL;
    size_t size = 0;
    json_t *rows = json_array(); /* keeps the texts of the cells alive */
    struct columns columns = {0};
    size_t count = 0;
    while (getline(&line, &size, file) > 0) {
        json_t *parsed = json_loads(line, 0, NULL);
        assert_non_null(parsed);
        if (json_array_size(rows) < GOLDEN_ROWS) {
            read_row(json_array_size(rows), json_object_get(parsed, "row"));
            json_array_append_new(rows, parsed);
            if (json_array_size(rows) == GOLDEN_ROWS) {
                table_make(&columns, GOLDEN_NAMES, GOLDEN_COLUMNS, golden_cells, 2 * GOLDEN_ROWS);
            }
            continue;
        }
        assert_golden(&columns, parsed);
        json_decref(parsed);
        count++;
    }
    assert_int_equal(count, 122);
    columns_free(&columns);
    json_decref(rows);
    free(line);
    fclose(file);
}

/* ---- a small table ---- */

static const char *const NAMES[] = {"a", "b", "c"};
static const char *const CELLS[] = {
    /* 0 */ "anna", "b", "x", /* 1 */ "anna", "bb", NULL, /* 2 */ "Anna", "",   "1,2,3",
    /* 3 */ NULL,   "b", "",  /* 4 */ "",     "7",  "x",  /* 5 */ "anne", NULL, "y",
};
enum { RECORDS = sizeof CELLS / sizeof CELLS[0] / 3 };

static struct columns table;

static int open_table(void **state)
{
    (void)state;
    table_make(&table, NAMES, 3, CELLS, RECORDS);
    return 0;
}

static int close_table(void **state)
{
    (void)state;
    columns_free(&table);
    return 0;
}

static void open_conditions(struct conditions *out, const char *const *texts, size_t count)
{
    struct error error;
    if (conditions_open(out, &table, EXPR_COMPARISON, texts, count, &error) != 0) {
        print_error("%s: %s\n", texts[out->count], error.message);
        fail();
    }
}

#define OPEN(out, ...)                                                  \
    do {                                                                \
        const char *const texts_[] = {__VA_ARGS__};                     \
        open_conditions(out, texts_, sizeof texts_ / sizeof texts_[0]); \
    } while (0)

/* The letter of a condition for a pair. */
static char letter(const char *condition, uint32_t left, uint32_t right)
{
    char negation[512];
    struct conditions conditions;
    snprintf(negation, sizeof negation, "not (%s)", condition);
    OPEN(&conditions, condition, negation);
    char answer = conditions_letter(&conditions, left, right);
    conditions_close(&conditions);
    return answer;
}

static void knows_three_truth_values(void **state)
{
    (void)state;
    static const char *const values[] = {"(a_l = 'anna')", "(a_l = 'x')", "(c_r = 'x')"};
    static const char and_table[3][4] = {"TFN", "FFF", "NFN"};
    static const char or_table[3][4] = {"TTT", "TFN", "TNN"};
    for (size_t i = 0; i < 3; i++) {
        for (size_t j = 0; j < 3; j++) {
            char text[200];
            snprintf(text, sizeof text, "%s and %s", values[i], values[j]);
            assert_int_equal(letter(text, 0, 1), and_table[i][j]);
            snprintf(text, sizeof text, "%s or %s", values[i], values[j]);
            assert_int_equal(letter(text, 0, 1), or_table[i][j]);
            /* As values in registers, not as jumps. */
            snprintf(text, sizeof text, "[%s and %s] = [true]", values[i], values[j]);
            assert_int_equal(letter(text, 0, 1), and_table[i][j] == 'T' ? 'T' : 'F');
            snprintf(text, sizeof text, "(%s or %s) = (%s)", values[i], values[j], values[0]);
            assert_int_equal(letter(text, 0, 1), or_table[i][j]);
        }
    }
    assert_int_equal(letter("not (c_r = 'x')", 0, 1), 'N');
    assert_int_equal(letter("(c_r = 'x') is null", 0, 1), 'T');
    assert_int_equal(letter("(c_r = 'x') is not true", 0, 1), 'T');
    assert_int_equal(letter("(not (c_r = 'x')) is distinct from (a_l = a_r)", 0, 1), 'T');
    assert_int_equal(letter("(a_l = a_r) = (c_r is null)", 0, 1), 'T');
    assert_int_equal(letter("c_l is distinct from c_r", 0, 1), 'T');
    assert_int_equal(letter("c_l is not distinct from c_r", 1, 1), 'T');
    assert_int_equal(letter("(c_l is distinct from c_r) = false", 1, 1), 'T');
    assert_int_equal(letter("(c_l = c_r) is null", 1, 1), 'T');
}

static void answers_with_the_first_that_is_true(void **state)
{
    (void)state;
    struct conditions conditions;
    OPEN(&conditions, "a_l is null or a_r is null", "a_l = a_r", "lower(a_l) = lower(a_r)",
         "levenshtein(a_l, a_r) <= 1", "b_l = b_r");
    assert_int_equal(evaluator_case(conditions.evaluator, 3, 0), 0);
    assert_int_equal(evaluator_case(conditions.evaluator, 0, 3), 0);
    assert_int_equal(evaluator_case(conditions.evaluator, 0, 1), 1);
    assert_int_equal(evaluator_case(conditions.evaluator, 0, 2), 2);
    assert_int_equal(evaluator_case(conditions.evaluator, 0, 5), 3);
    assert_int_equal(evaluator_case(conditions.evaluator, 0, 4), -1);
    conditions_close(&conditions);
}

static void takes_conditions_that_are_constant(void **state)
{
    (void)state;
    struct conditions conditions;
    OPEN(&conditions, "1 = 2", "null", "a_l = 'no'", "true", "a_l = a_r");
    assert_int_equal(evaluator_case(conditions.evaluator, 0, 0), 3);
    conditions_close(&conditions);
    OPEN(&conditions, "false");
    assert_int_equal(evaluator_case(conditions.evaluator, 0, 0), -1);
    conditions_close(&conditions);
}

/* ---- inputs ---- */

/* Inputs as "a" for a plain column and "<ab>" for an expression over columns. */
static const char *inputs_of(const struct program *program)
{
    static char text[256];
    size_t used = 0;
    for (size_t i = 0; i < program_input_count(program); i++) {
        const struct program_input *input = program_input(program, i);
        used += (size_t)snprintf(text + used, sizeof text - used, input->value == NULL ? "" : "<");
        for (uint32_t j = 0; j < 3; j++) {
            if (column_set_has(&input->columns, j)) {
                text[used++] = NAMES[j][0];
            }
        }
        used += (size_t)snprintf(text + used, sizeof text - used, input->value == NULL ? "" : ">");
    }
    text[used] = '\0';
    return text;
}

#define ASSERT_INPUTS(expected, ...)                                   \
    do {                                                               \
        struct conditions conditions_;                                 \
        OPEN(&conditions_, __VA_ARGS__);                               \
        assert_string_equal(inputs_of(conditions_.program), expected); \
        conditions_close(&conditions_);                                \
    } while (0)

static void hoists_what_depends_on_one_record(void **state)
{
    (void)state;
    ASSERT_INPUTS("a", "a_l = a_r");
    ASSERT_INPUTS("ab", "a_l = b_r and b_l = a_r");
    ASSERT_INPUTS("<a>", "lower(a_l) = lower(a_r)");
    ASSERT_INPUTS("<a>", "lower(a_l) = lower(a_r)", "levenshtein(lower(a_l), lower(a_r)) < 2");
    ASSERT_INPUTS("a<a>", "a_l = a_r", "lower(a_l) = lower(a_r)");
    ASSERT_INPUTS("<a><b>", "lower(a_l) = lower(b_r)");
    ASSERT_INPUTS("<ab>", "a_l || b_l = a_r || b_r");
    ASSERT_INPUTS("<abc>", "case when a_l = 'x' then b_l else c_l end = 'y'");
    ASSERT_INPUTS("<a>", "a_l in ('x', 'y')");
    ASSERT_INPUTS("<a>",
                  "nullif(substr(a_l, 1, 1), '') is null or nullif(substr(a_r, 1, 1), '') is null");
    /* Cheaper as they are than joined over several columns. */
    ASSERT_INPUTS("ab", "a_l is null and b_l is null");
    ASSERT_INPUTS("<a><b>", "a_l = 'x' or b_l = 'y'");
    ASSERT_INPUTS("ab", "a_l = b_l");
    /* Two-sided. */
    ASSERT_INPUTS("ab", "coalesce(a_l, b_r) = 'x'");
    /* Inside lambdas: what does not need the parameter is hoisted, the rest is not. */
    ASSERT_INPUTS("<c><a>", "len(list_filter(string_split(c_l, ','), x -> x = lower(a_r))) = 1");
    ASSERT_INPUTS("<c>a", "len(list_filter(string_split(c_l, ','), x -> x = lower(a_r || x))) = 1");
    ASSERT_INPUTS("<c>", "len(list_filter(string_split(c_l, ','), x -> x = lower(x))) = 1");
    ASSERT_INPUTS("", "1 = 2");
}

static void says_who_reads_an_input_first(void **state)
{
    (void)state;
    struct conditions conditions;
    OPEN(&conditions, "a_l = a_r", "lower(a_l) = lower(b_r)", "lower(b_l) = lower(c_r)");
    const struct program *program = conditions.program;
    assert_string_equal(inputs_of(program), "a<a><b><c>");
    assert_int_equal(program_input(program, 0)->condition, 0);
    assert_int_equal(program_input(program, 0)->column, 0);
    assert_int_equal(program_input(program, 1)->condition, 1);
    assert_int_equal(program_input(program, 2)->condition, 1);
    assert_int_equal(program_input(program, 3)->condition, 2);
    assert_int_equal(program_input(program, 1)->type.kind, VALUE_TEXT);
    struct column_set set = {{0}};
    program_columns(program, &set);
    assert_int_equal(set.bits[0], 7);
    conditions_close(&conditions);
}

/* ---- values ---- */

static struct value value_of(struct arena *arena, struct evaluator **evaluator,
                             const struct expr_node **node, const char *text, uint32_t record)
{
    struct error error;
    struct str names[] = {STR("a"), STR("b"), STR("c")};
    struct expr_schema schema = {names, 3};
    assert_int_equal(expr_parse(node, arena, &schema, EXPR_BLOCKING, str_from(text), &error), 0);
    const struct expr_node *left;
    const struct expr_node *right;
    assert_true(expr_is_join_equality(*node, &left, &right));
    const struct program *program;
    struct program_bound_input *inputs;
    assert_int_equal(program_compile_value(&program, arena, right, &error), 0);
    assert_int_equal(conditions_bind(&inputs, arena, program, &table, &error), 0);
    assert_int_equal(evaluator_create(evaluator, program, inputs, &error), 0);
    return evaluator_value(*evaluator, record);
}

static void computes_values_of_one_record(void **state)
{
    (void)state;
    struct arena arena = ARENA(1 << 24);
    struct evaluator *evaluator;
    const struct expr_node *node;
    struct value value = value_of(&arena, &evaluator, &node, "l.a = upper(r.a) || '-' || r.b", 1);
    assert_text(value_text(value), STR("ANNA-bb"));
    assert_true(evaluator_value(evaluator, 3).is_null);
    assert_text(value_text(evaluator_value(evaluator, 2)), STR("ANNA-"));
    evaluator_free(evaluator);
    value = value_of(&arena, &evaluator, &node, "l.c = r.c", 2);
    assert_text(value_text(value), STR("1,2,3"));
    assert_true(evaluator_value(evaluator, 1).is_null);
    evaluator_free(evaluator);
    value = value_of(&arena, &evaluator, &node,
                     "[l.a] = list_transform(string_split(r.c, ','), x -> x || '!')", 2);
    assert_int_equal(value.list->count, 3);
    assert_text(value_text(value.list->items[2]), STR("3!"));
    evaluator_free(evaluator);
    value = value_of(&arena, &evaluator, &node, "length(l.a) = try_cast(r.b as int)", 4);
    assert_int_equal(value.integer, 7);
    assert_int_equal(evaluator_failures(evaluator, 0), 0);
    evaluator_free(evaluator);
    value = value_of(&arena, &evaluator, &node, "length(l.a) = cast(r.b as int)", 0);
    assert_true(value.is_null);
    assert_int_equal(evaluator_failures(evaluator, 0), 1);
    evaluator_free(evaluator);
    arena_free(&arena);
}

/* ---- once a pair, and only on need ---- */

static void computes_shared_values_once(void **state)
{
    (void)state;
    /* jaccard fails on '', and each failure is counted: so are its runs. */
    struct conditions conditions;
    OPEN(&conditions, "jaccard(a_l, b_r) > 0.9", "jaccard(a_l, b_r) > 0.8",
         "c_l = 'x' and jaccard(b_r, a_l) > 0.7");
    assert_int_equal(evaluator_case(conditions.evaluator, 4, 0), -1);
    assert_int_equal(evaluator_failures(conditions.evaluator, 0), 1);
    assert_int_equal(evaluator_failures(conditions.evaluator, 1), 0);
    assert_int_equal(evaluator_failures(conditions.evaluator, 2), 0);
    evaluator_case(conditions.evaluator, 4, 0);
    assert_int_equal(evaluator_failures(conditions.evaluator, 0), 2);
    conditions_close(&conditions);
}

static void asks_at_run_time_what_another_branch_has_computed(void **state)
{
    (void)state;
    struct conditions conditions;
    OPEN(&conditions, "c_l = c_r and jaccard(a_l, b_r) > 0.9", "jaccard(a_l, b_r) > 0.8",
         "b_l = b_r or jaccard(a_l, b_r) is null");
    /* The first condition needs it, so the second does not compute it again. */
    assert_int_equal(evaluator_case(conditions.evaluator, 4, 0), 2);
    assert_int_equal(evaluator_failures(conditions.evaluator, 0), 1);
    /* The first does not need it. */
    assert_int_equal(evaluator_case(conditions.evaluator, 4, 3), 2);
    assert_int_equal(evaluator_failures(conditions.evaluator, 0), 2);
    conditions_close(&conditions);
    OPEN(&conditions, "c_l = c_r and jaccard(a_l, b_r) > 0.9",
         "case when b_l = '7' then jaccard(a_l, b_r) else 1 end = 0.5",
         "coalesce(jaccard(a_l, b_r), jaccard(a_l, b_r) + 1) is null");
    assert_int_equal(evaluator_case(conditions.evaluator, 4, 2), 2);
    assert_int_equal(evaluator_failures(conditions.evaluator, 0), 1);
    conditions_close(&conditions);
}

static void leaves_out_what_is_not_needed(void **state)
{
    (void)state;
    struct conditions conditions;
    OPEN(&conditions, "a_l <> b_r or jaccard(a_l, b_r) > 0.9", "jaccard(b_l, a_r) > 0.5");
    assert_int_equal(evaluator_case(conditions.evaluator, 4, 0), 0);
    assert_int_equal(evaluator_failures(conditions.evaluator, 0), 0);
    assert_int_equal(evaluator_failures(conditions.evaluator, 1), 0);
    conditions_close(&conditions);
}

static void computes_in_loops_what_changes_only(void **state)
{
    (void)state;
    struct conditions conditions;
    /* Three items, and jaccard(a_r, b_l) is the same for each. */
    OPEN(&conditions,
         "len(list_filter(string_split(c_l, ','), x -> jaccard(a_r, b_l) is null)) = 3");
    assert_int_equal(evaluator_case(conditions.evaluator, 2, 4), 0);
    assert_int_equal(evaluator_failures(conditions.evaluator, 0), 1);
    conditions_close(&conditions);
    /* Here it is another one for each, in both of its places. */
    OPEN(&conditions, "len(list_filter(string_split(c_l, ','), x -> case when x = '2' then "
                      "jaccard(a_r, x) is null else jaccard(a_r, x) is null end and "
                      "jaccard(a_r, x) is null)) = 3");
    assert_int_equal(evaluator_case(conditions.evaluator, 2, 4), 0);
    assert_int_equal(evaluator_failures(conditions.evaluator, 0), 3);
    conditions_close(&conditions);
}

static void nests_lambdas(void **state)
{
    (void)state;
    assert_int_equal(letter("list_transform(string_split(c_l, ','), x -> list_transform("
                            "string_split(c_l, ','), y -> x || y || a_r))[3][2] = '32anna'",
                            2, 0),
                     'T');
    assert_int_equal(letter("list_transform(['1', '2'], lambda x, i: list_transform(['a', 'b'], "
                            "lambda y, j: x || y || i || j || a_r)) = "
                            "[['1a11anna', '1b12anna'], ['2a21anna', '2b22anna']]",
                            2, 0),
                     'T');
    assert_int_equal(letter("list_max(list_transform(flatten(list_transform(string_split(a_l, "
                            "'n'), x -> list_transform(string_split(a_r, 'n'), y -> [x, y]))), "
                            "pair -> jaro_winkler_similarity(pair[1], pair[2]))) >= 0.9",
                            0, 5),
                     'T');
    /* The inner lambda is the same text in both outer ones, yet not the same value. */
    assert_int_equal(letter("list_transform(['1', '2'], x -> list_transform([a_r], y -> x || y)) = "
                            "list_transform(['2', '1'], x -> list_transform([a_r], y -> x || y))",
                            2, 0),
                     'F');
    assert_int_equal(letter("list_filter([a_l, null, b_r], x -> x is not null and x <> a_r) = "
                            "[b_r]",
                            0, 1),
                     'T');
    assert_int_equal(letter("list_transform(case when a_l = '' then null else [a_l] end, x -> x) "
                            "is null",
                            4, 0),
                     'T');
}

/* ---- cutoffs ---- */

/* The cutoff that a program's only distance is told. */
static double cutoff_of(const char *first, const char *second)
{
    struct conditions conditions;
    const char *const texts[] = {first, second};
    open_conditions(&conditions, texts, second == NULL ? 1 : 2);
    double cutoff = 0;
    unsigned found = 0;
    for (uint32_t i = 0; i < conditions.program->call_count; i++) {
        const struct function_binding *binding = conditions.program->calls[i].binding;
        if (binding->cutoff_kind != FUNCTION_NO_CUTOFF) {
            cutoff = binding->cutoff;
            found++;
        }
    }
    assert_int_equal(found, 1);
    conditions_close(&conditions);
    return cutoff;
}

#define NONE_BELOW (-(double)INFINITY)
#define NONE_ABOVE ((double)INFINITY)
#define JARO       "jaro_similarity(a_l, a_r)"
#define EDITS      "levenshtein(a_l, a_r)"

static void tells_distances_the_loosest_cutoff(void **state)
{
    (void)state;
    static const struct {
        const char *first;
        const char *second;
        double cutoff;
    } cases[] = {
        {JARO " >= 0.9", NULL, 0.9},
        {"0.9 < " JARO, NULL, 0.9},
        {JARO " >= 0.9", JARO " > 0.7", 0.7},
        {"not (" JARO " < 0.9)", "jaro_similarity(a_r, a_l) = 0.95", 0.9},
        {JARO " between 0.5 and 0.7", NULL, 0.5},
        {JARO " >= 0.9", JARO " is null", 0.9},
        {JARO " in (0.4, 0.8)", NULL, 0.4},
        {JARO " >= 0.9", JARO " >= jaro_winkler_similarity('a', 'b')", 0},
        /* Any other use needs the number itself. */
        {JARO " >= 0.9", JARO " + 1 > 1.5", NONE_BELOW},
        {JARO " >= 0.9", "greatest(" JARO ", 0.5) > 0.7", NONE_BELOW},
        {JARO " >= try_cast(b_l as double)", NULL, NONE_BELOW},
        {JARO " >= 0.9", "(" JARO ")::varchar = '1.0'", NONE_BELOW},
        {JARO " >= 'nan'::double", NULL, NONE_BELOW},
        {JARO " is null", NULL, NONE_BELOW},
        {EDITS " <= 2", NULL, 2},
        {EDITS " <= 1", EDITS " < 3", 3},
        {EDITS " between 1 and 2", NULL, 2},
        {EDITS " > 2", NULL, 2},
        {EDITS " >= -1", NULL, 0},
        {EDITS " <= 2.5e0", EDITS " = 1", 2.5},
        {EDITS " / 2 <= 1", EDITS " = 1", NONE_ABOVE},
        {EDITS " <= 2", "case when " EDITS " = 1 then 1 else 0 end = 1", 2},
        {EDITS " <= 2", "len(list_filter([1, 2], x -> " EDITS " > x)) = 1", NONE_ABOVE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double cutoff = cutoff_of(cases[i].first, cases[i].second);
        if (!(cutoff == cases[i].cutoff)) {
            print_error("%s, %s: %g\n", cases[i].first,
                        cases[i].second == NULL ? "" : cases[i].second, cutoff);
        }
        assert_true(cutoff == cases[i].cutoff);
    }
}

/* ---- failures and limits ---- */

static void counts_failures_by_condition(void **state)
{
    (void)state;
    struct conditions conditions;
    OPEN(&conditions, "a_l = a_r", "cast(a_l || b_r as int) = 5", "jaccard(a_l, b_r) > 0.5");
    for (uint32_t i = 0; i < RECORDS; i++) {
        for (uint32_t j = 0; j < RECORDS; j++) {
            evaluator_case(conditions.evaluator, i, j);
        }
    }
    assert_int_equal(evaluator_failures(conditions.evaluator, 0), 0);
    /* 6 × 6 pairs; NULL in a_l (6) or b_r (5 more), a_l = a_r decided before (8 less the two that
       have NULL in b_r), and '' || '7' is a number (1, which is a_l = a_r). */
    assert_int_equal(evaluator_failures(conditions.evaluator, 1), 36 - 6 - 5 - 6);
    assert_true(evaluator_failures(conditions.evaluator, 2) > 0);
    conditions_close(&conditions);
}

static void stops_when_scratch_memory_is_used_up(void **state)
{
    (void)state;
    /* 4,000 × 4,000 items do not fit. */
    static char many[8001];
    for (size_t i = 0; i < 8000; i++) {
        many[i] = i % 2 == 0 ? 'a' : ',';
    }
    const char *const cells[] = {many, "b", "x", "a", "b", "x"};
    struct columns columns;
    table_make(&columns, NAMES, 3, cells, 2);
    static const char *const texts[] = {
        "list_transform(string_split(a_l, ','), x -> list_transform(string_split(a_l, ','), "
        "y -> x || y || b_r)) is null"};
    struct conditions conditions;
    struct error error;
    assert_int_equal(conditions_open(&conditions, &columns, EXPR_COMPARISON, texts, 1, &error), 0);
    evaluator_case(conditions.evaluator, 1, 1);
    assert_false(evaluator_exhausted(conditions.evaluator));
    evaluator_case(conditions.evaluator, 0, 0);
    assert_true(evaluator_exhausted(conditions.evaluator));
    evaluator_case(conditions.evaluator, 1, 1);
    assert_true(evaluator_exhausted(conditions.evaluator)); /* it does not forget */
    conditions_close(&conditions);
    columns_free(&columns);
}

/* ---- memory ---- */

static int parse_compile_and_run(void *context, struct error *error)
{
    (void)context;
    static const char *const texts[] = {
        "a_l is null or a_r is null",
        "regexp_replace(a_l, '[^a-z]', '') = regexp_replace(a_r, '[^a-z]', '') and 'a' || 'b' = "
        "'ab'",
        "len(list_filter(string_split(c_l, ','), x -> x <> a_r)) = 2",
        "case b_l when '7' then levenshtein(a_l, b_r) else length(c_l) end <= 2 or a_l in (b_r, "
        "c_r)",
        "nullif(a_l, b_r) || coalesce(c_l, 'none') = date '2020-01-01'",
    };
    struct conditions conditions;
    int status = conditions_open(&conditions, &table, EXPR_COMPARISON, texts, 5, error);
    if (status != 0) {
        return status;
    }
    for (uint32_t i = 0; i < RECORDS; i++) {
        evaluator_case(conditions.evaluator, i, (i * 5 + 1) % RECORDS);
    }
    bool exhausted = evaluator_exhausted(conditions.evaluator);
    conditions_close(&conditions);
    return exhausted ? error_out_of_memory(error) : 0;
}

static void survives_every_failing_allocation(void **state)
{
    (void)state;
    assert_true(table_fail_every_allocation(parse_compile_and_run, NULL) > 20);
}

static int parse_wrongly(void *context, struct error *error)
{
    /* Refused at its end, when patterns have been compiled. */
    static const char *const texts[] = {"regexp_matches(a_l, '^x') and nope_l = 1"};
    (void)context;
    struct conditions conditions;
    int status = conditions_open(&conditions, &table, EXPR_COMPARISON, texts, 1, error);
    assert_int_not_equal(status, 0);
    return status == STATUS_INVALID ? 0 : status;
}

static void gives_everything_back_when_it_refuses(void **state)
{
    (void)state;
    assert_true(table_fail_every_allocation(parse_wrongly, NULL) > 3);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_table, close_table)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_duckdb),
        TEST(knows_three_truth_values),
        TEST(answers_with_the_first_that_is_true),
        TEST(takes_conditions_that_are_constant),
        TEST(hoists_what_depends_on_one_record),
        TEST(says_who_reads_an_input_first),
        TEST(computes_values_of_one_record),
        TEST(computes_shared_values_once),
        TEST(asks_at_run_time_what_another_branch_has_computed),
        TEST(leaves_out_what_is_not_needed),
        TEST(computes_in_loops_what_changes_only),
        TEST(nests_lambdas),
        TEST(tells_distances_the_loosest_cutoff),
        TEST(counts_failures_by_condition),
        cmocka_unit_test(stops_when_scratch_memory_is_used_up),
        TEST(survives_every_failing_allocation),
        TEST(gives_everything_back_when_it_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
