/* The registry of functions, and what a binding tells its caller. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "base/compiler.h"
#include "linkage/function_internal.h"

static const char *name_of(const char *name)
{
    const struct function *function = function_find(str_from(name));
    return function == NULL ? NULL : function_name(function);
}

static void test_names_and_aliases(void **state)
{
    (void)state;
    assert_string_equal(name_of("levenshtein"), "levenshtein");
    assert_string_equal(name_of("LEVENSHTEIN"), "levenshtein");
    assert_string_equal(name_of("editdist3"), "levenshtein");
    assert_string_equal(name_of("levenshtein_distance"), "levenshtein");
    assert_string_equal(name_of("jaro_winkler"), "jaro_winkler_similarity");
    assert_string_equal(name_of("jaro_winkler_sim"), "jaro_winkler_similarity");
    assert_string_equal(name_of("jaro_sim"), "jaro_similarity");
    assert_string_equal(name_of("size"), "array_length");
    assert_string_equal(name_of("element_at"), "list_extract");
    assert_string_equal(name_of("substr"), "substring");
    assert_string_equal(name_of("+"), "+");
    assert_null(name_of("soundex"));
    assert_null(name_of(""));
    assert_null(name_of("levenshtein editdist3"));
    assert_null(name_of("lev"));
}

static void check_table(const struct function_table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct function *function = &table->items[i];
        assert_ptr_equal(function_find(str_from(function->name)), function);
        const char *names = function->aliases == NULL ? "" : function->aliases;
        while (*names != '\0') {
            struct str name = {names, strcspn(names, " ")};
            assert_ptr_equal(function_find(name), function);
            names += name.len + (names[name.len] == ' ');
        }
    }
}

/* Every name leads to the one function that has it. */
static void test_names_are_unique(void **state)
{
    (void)state;
    check_table(&function_table_date);
    check_table(&function_table_date_diff);
    check_table(&function_table_date_part);
    check_table(&function_table_like);
    check_table(&function_table_list);
    check_table(&function_table_list_set);
    check_table(&function_table_math);
    check_table(&function_table_number);
    check_table(&function_table_regex);
    check_table(&function_table_similarity);
    check_table(&function_table_text);
    check_table(&function_table_text_build);
    check_table(&function_table_text_search);
}

static void test_nearest_name(void **state)
{
    (void)state;
    assert_string_equal(function_nearest(STR("levenstein")), "levenshtein");
    assert_string_equal(function_nearest(STR("jaro_winkler_similarty")), "jaro_winkler_similarity");
    assert_string_equal(function_nearest(STR("subst")), "substring");
    assert_null(function_nearest(STR("soundex_of_something")));
    assert_null(function_nearest(STR("")));
    assert_null(function_nearest(STR("x")));
}

static struct function_binding *bind(struct arena *arena, const char *name,
                                     const struct function_argument *arguments, size_t count)
{
    struct function_binding *binding;
    struct error error;
    const struct function *function = function_find(str_from(name));
    assert_non_null(function);
    assert_int_equal(function_bind(&binding, arena, function, arguments, count, &error), 0);
    return binding;
}

static void test_properties_of_bindings(void **state)
{
    (void)state;
    struct arena arena = ARENA(1 << 20);
    struct function_argument texts[] = {{.type.kind = VALUE_TEXT}, {.type.kind = VALUE_TEXT}};
    struct function_argument numbers[] = {{.type.kind = VALUE_INTEGER},
                                          {.type.kind = VALUE_DOUBLE}};
    struct function_binding *distance = bind(&arena, "levenshtein", texts, 2);
    assert_true(distance->strict);
    assert_true(distance->commutative);
    assert_true(distance->memo_size > 0);
    assert_int_equal(distance->cutoff_kind, FUNCTION_CUTOFF_ABOVE);
    assert_true(distance->cutoff == INFINITY);
    struct function_binding *similarity = bind(&arena, "jaro_similarity", texts, 2);
    assert_int_equal(similarity->cutoff_kind, FUNCTION_CUTOFF_BELOW);
    assert_true(similarity->cutoff == -INFINITY);
    assert_false(bind(&arena, "concat", texts, 2)->strict);
    assert_true(bind(&arena, "||", texts, 2)->strict);
    assert_false(bind(&arena, "||", texts, 2)->commutative);
    assert_true(bind(&arena, "+", numbers, 2)->commutative);
    assert_false(bind(&arena, "-", numbers, 2)->commutative);
    assert_int_equal(bind(&arena, "+", numbers, 2)->parameters[0].kind, VALUE_DOUBLE);
    assert_int_equal(bind(&arena, "jaccard", texts, 2)->cutoff_kind, FUNCTION_NO_CUTOFF);
    arena_free(&arena);
}

/* A distance that is told a cutoff is exact up to it and beyond it otherwise. */
static void test_cutoffs(void **state)
{
    (void)state;
    struct arena arena = ARENA(1 << 20);
    struct function_argument texts[] = {{.type.kind = VALUE_TEXT}, {.type.kind = VALUE_TEXT}};
    struct function_binding *binding = bind(&arena, "levenshtein", texts, 2);
    struct value arguments[] = {value_from_text(STR("kitten")), value_from_text(STR("sitting"))};
    uint64_t failures = 0;
    bool exhausted = false;
    struct function_call call = {
        .binding = binding,
        .scratch = &arena,
        .memo = arena_alloc_zeroed(&arena, 1, binding->memo_size),
        .failures = &failures,
        .exhausted = &exhausted,
    };
    static const double cutoffs[] = {INFINITY, 1e300, 3.9, 3.0, 2.9, 2.0, 0.0, -1.0, -INFINITY};
    for (size_t i = 0; i < ARRAY_LENGTH(cutoffs); i++) {
        struct value out;
        binding->cutoff = cutoffs[i];
        binding->run(&call, arguments, &out);
        if (cutoffs[i] >= 3.0) {
            assert_int_equal(out.integer, 3);
        } else {
            assert_true((double)out.integer > cutoffs[i]);
        }
    }
    arena_free(&arena);
}

static void test_too_many_arguments(void **state)
{
    (void)state;
    struct arena arena = ARENA(1 << 20);
    struct function_argument many[FUNCTION_MAX_ARGUMENTS + 1];
    for (size_t i = 0; i < ARRAY_LENGTH(many); i++) {
        many[i] = (struct function_argument){.type.kind = VALUE_TEXT};
    }
    struct function_binding *binding;
    struct error error;
    const struct function *concat = function_find(STR("concat"));
    assert_int_equal(function_bind(&binding, &arena, concat, many, FUNCTION_MAX_ARGUMENTS, &error),
                     0);
    assert_int_equal(
        function_bind(&binding, &arena, concat, many, FUNCTION_MAX_ARGUMENTS + 1, &error),
        STATUS_INVALID);
    assert_non_null(strstr(error.message, "more than the limit of 64"));
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_and_aliases), cmocka_unit_test(test_names_are_unique),
        cmocka_unit_test(test_nearest_name),      cmocka_unit_test(test_properties_of_bindings),
        cmocka_unit_test(test_cutoffs),           cmocka_unit_test(test_too_many_arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
