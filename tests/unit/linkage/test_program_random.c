/* Random conditions, compiled together, against the naive evaluation of each alone. */

#include <stdio.h>

#include "base/random.h"
#include "condition.h"
#include "condition_naive.h"
#include "table.h"

enum { CASES = 10000, RECORDS = 7, COLUMNS = 3, DEPTH = 4 };

static const char *const NAMES[COLUMNS] = {"a", "b", "c"};

/* Few values, so that they meet; some are numbers, truth values or nothing at all. */
static const char *const VALUES[] = {NULL, NULL, "",   "a", "b",  "ab", "ba", "abc",
                                     "1",  "2",  "12", "t", "no", "A",  "é",  "a,b"};

/* ---- made-up conditions ---- */

struct maker {
    struct random random;
    struct text_buffer out;
    unsigned variables; /* lambdas around the place; x1 is a text, y2 a number, and so on */
};

typedef void make(struct maker *maker, unsigned depth);

static make make_boolean, make_text, make_integer, make_real, make_list;

static unsigned pick(struct maker *maker, unsigned below)
{
    return (unsigned)random_below(&maker->random, below);
}

static const char *choose(struct maker *maker, const char *const *list, size_t count)
{
    return list[pick(maker, (unsigned)count)];
}

#define CHOOSE(maker, ...)                            \
    choose(maker, (const char *const[]){__VA_ARGS__}, \
           sizeof(const char *const[]){__VA_ARGS__} / sizeof(const char *))

/* A format in which each of B T I R L stands for an expression of that type, C for a column. All
   other capitals are not used. */
static void write(struct maker *maker, const char *format, unsigned depth)
{
    for (; *format != '\0'; format++) {
        switch (*format) {
        case 'B': make_boolean(maker, depth); break;
        case 'T': make_text(maker, depth); break;
        case 'I': make_integer(maker, depth); break;
        case 'R': make_real(maker, depth); break;
        case 'L': make_list(maker, depth); break;
        case 'C':
            text_appendf(&maker->out, "%s_%c", NAMES[pick(maker, COLUMNS)], "lr"[pick(maker, 2)]);
            break;
        default: text_append_char(&maker->out, *format);
        }
    }
}

static void make_boolean(struct maker *maker, unsigned depth)
{
    if (depth == 0) {
        write(maker, CHOOSE(maker, "C = C", "C = C", "C is null", "C <> C", "C = 'a'", "true"), 0);
        return;
    }
    const char *format = CHOOSE(
        maker, "(B and B)", "(B and B and B)", "(B or B)", "(B or B or B)", "not (B)", "not (B)",
        "T = T", "T <> T", "T < T", "T >= T", "T is distinct from T", "T is not distinct from T",
        "I = I", "I < I", "I <= I", "R > R", "R = R", "(B) = (B)", "(B) is distinct from (B)",
        "T is null", "T is not null", "I is null", "(B) is null", "(B) is true", "(B) is not false",
        "(B) is not true", "T in (T, 'a', T)", "T not in ('a', 'b')", "I in (1, I)",
        "I between 1 and I", "I not between I and 3", "case when B then B when B then B else B end",
        "case when B then B end", "case T when T then B when 'a' then B else B end",
        "case T when 1 then B end", "coalesce(B, B)", "if(B, B, B)", "T like 'a%'",
        "starts_with(T, T)", "L = L", "list_contains(L, T)", "jaro_winkler_similarity(C, C) >= 0.9",
        "jaro_winkler_similarity(C, C) > 0.7", "jaro_similarity(C, C) < 0.6",
        "levenshtein(C, C) <= 1", "levenshtein(C, C) between 1 and 2", "levenshtein(T, T) > 2",
        "damerau_levenshtein(C, C) < 2", "jaccard(C, C) >= 0.5", "T = 1", "C in (1, 2)");
    write(maker, format, depth - 1);
}

static void make_text(struct maker *maker, unsigned depth)
{
    if (maker->variables > 0 && pick(maker, 3) == 0) {
        text_appendf(&maker->out, "x%u", 1 + pick(maker, maker->variables));
        return;
    }
    if (depth == 0) {
        write(maker, CHOOSE(maker, "C", "C", "C", "C", "'a'", "''", "null"), 0);
        return;
    }
    const char *format = CHOOSE(
        maker, "C", "C", "lower(T)", "upper(C)", "substr(T, 1, 1)", "T || T", "T || I",
        "nullif(T, '')", "nullif(T, T)", "nullif(T, 1)", "coalesce(T, T)", "coalesce(T, T, 'a')",
        "case when B then T else T end", "case T when T then T when T then T end", "(T)[1]",
        "(L)[1]", "(L)[I]", "concat(T, T)", "greatest(T, T)", "reverse(T)", "trim(T)");
    write(maker, format, depth - 1);
}

static void make_integer(struct maker *maker, unsigned depth)
{
    if (maker->variables > 0 && pick(maker, 4) == 0) {
        text_appendf(&maker->out, "y%u", 1 + pick(maker, maker->variables));
        return;
    }
    if (depth == 0) {
        write(maker, CHOOSE(maker, "1", "2", "0", "length(C)", "try_cast(C as integer)"), 0);
        return;
    }
    const char *format =
        CHOOSE(maker, "length(T)", "length(T)", "(I + I)", "(I - I)", "abs(I)", "len(L)",
               "levenshtein(T, T)", "levenshtein(C, C)", "case when B then I else I end",
               "case I when I then I else I end", "coalesce(I, 0)", "nullif(I, 1)",
               "cast(T as integer)", "try_cast(T as integer)", "least(I, I)", "(B)::integer");
    write(maker, format, depth - 1);
}

static void make_real(struct maker *maker, unsigned depth)
{
    if (depth == 0) {
        write(maker, CHOOSE(maker, "0.5", "0.9", "jaro_similarity(C, C)"), 0);
        return;
    }
    const char *format = CHOOSE(maker, "jaro_winkler_similarity(T, T)", "jaro_similarity(C, C)",
                                "jaro_similarity(T, T)", "(R + I)", "(I / I)", "(1 - R)",
                                "case when B then R else R end", "coalesce(R, 0.5)",
                                "levenshtein(T, T)::double", "try_cast(T as double)");
    write(maker, format, depth - 1);
}

/* A call over a list with a lambda whose body is of the type that `body` stands for. */
static void make_lambda_call(struct maker *maker, const char *function, const char *body,
                             unsigned depth)
{
    text_appendf(&maker->out, "%s(", function);
    make_list(maker, depth);
    maker->variables++;
    text_appendf(&maker->out, ", (x%u, y%u) -> ", maker->variables, maker->variables);
    write(maker, body, depth);
    maker->variables--;
    text_append(&maker->out, STR(")"));
}

static void make_list(struct maker *maker, unsigned depth)
{
    if (depth == 0) {
        write(maker, CHOOSE(maker, "[C, C]", "string_split(C, ',')", "[C, 'a']"), 0);
        return;
    }
    switch (pick(maker, 8)) {
    case 0: write(maker, "[T, T]", depth - 1); break;
    case 1: write(maker, "string_split(T, 'b')", depth - 1); break;
    case 2: write(maker, "case when B then L else L end", depth - 1); break;
    case 3: write(maker, "coalesce(L, L)", depth - 1); break;
    case 4: make_lambda_call(maker, "list_filter", "B", depth - 1); break;
    case 5: make_lambda_call(maker, "list_transform", "I::varchar", depth - 1); break;
    default: make_lambda_call(maker, "list_transform", "T", depth - 1);
    }
}

/* ---- the comparison ---- */

static void make_table(struct columns *out, struct random *random)
{
    const char *cells[RECORDS * COLUMNS];
    for (size_t i = 0; i < RECORDS * COLUMNS; i++) {
        cells[i] = VALUES[random_below(random, sizeof VALUES / sizeof VALUES[0])];
    }
    table_make(out, NAMES, COLUMNS, cells, RECORDS);
}

static int naive_case(const struct conditions *conditions, struct arena *arena,
                      const struct columns *columns, uint32_t left, uint32_t right)
{
    for (size_t i = 0; i < conditions->count; i++) {
        arena_reset(arena);
        struct value value = condition_naive(conditions->nodes[i], arena, columns, left, right);
        if (!value.is_null && value.integer != 0) {
            return (int)i;
        }
    }
    return -1;
}

static void assert_same(struct conditions *conditions, const struct columns *columns,
                        const char *const *texts)
{
    struct arena arena = ARENA(64 << 20);
    for (uint32_t left = 0; left < RECORDS; left++) {
        for (uint32_t right = 0; right < RECORDS; right++) {
            int expected = naive_case(conditions, &arena, columns, left, right);
            int answer = evaluator_case(conditions->evaluator, left, right);
            if (answer != expected) {
                for (size_t i = 0; i < conditions->count; i++) {
                    print_error("%zu: %s\n", i, texts[i]);
                }
                print_error("records %u and %u: %d, not %d\n", left, right, answer, expected);
                fail();
            }
        }
    }
    assert_false(evaluator_exhausted(conditions->evaluator));
    arena_free(&arena);
}

static void equals_the_naive_evaluation(void **state)
{
    (void)state;
    unsigned refused = 0;
    for (unsigned number = 0; number < CASES; number++) {
        struct maker maker = {.out = TEXT_BUFFER(1 << 20)};
        random_seed(&maker.random, number);
        struct columns columns;
        make_table(&columns, &maker.random);
        size_t count = 1 + pick(&maker, 6);
        char *copies[CONDITIONS_MOST];
        struct arena arena = ARENA(4 << 20);
        for (size_t i = 0; i < count; i++) {
            text_clear(&maker.out);
            make_boolean(&maker, 1 + pick(&maker, DEPTH));
            copies[i] = arena_copy(&arena, text_str(&maker.out));
            assert_non_null(copies[i]);
        }
        struct conditions conditions;
        struct error error;
        if (conditions_open(&conditions, &columns, EXPR_COMPARISON, (const char *const *)copies,
                            count, &error) == 0) {
            assert_same(&conditions, &columns, (const char *const *)copies);
            conditions_close(&conditions);
        } else {
            /* Most likely a literal of the wrong type. */
            assert_int_equal(error.status, STATUS_INVALID);
            refused++;
        }
        arena_free(&arena);
        text_free(&maker.out);
        columns_free(&columns);
    }
    assert_true(refused < CASES / 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(equals_the_naive_evaluation)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
