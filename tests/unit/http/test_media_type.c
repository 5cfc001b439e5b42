#include "http/media_type.h"

#include "support.h"

static void reads_the_type(void **state)
{
    (void)state;
    assert_str(http_media_type(STR(" text/html ; charset=x")), "text/html");
    assert_str(http_media_type(STR("text/html")), "text/html");
    assert_int_equal(http_media_type((struct str){NULL, 0}).len, 0);
}

static void reads_parameters(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        bool read;
        const char *value; /* NULL: there is none */
    } cases[] = {
        {"a/b", true, NULL},
        {"a/b; x=1", true, NULL},
        {"a/b;name=1", true, "1"},
        {"a/b ; NAME = 1 ; x=2", true, "1"},
        {"a/b; x=\"; name=2\"; name=1", true, "1"},
        {"a/b; name=\"a b;c\"", true, "a b;c"},
        {"a/b; name=\"\"", true, ""},
        {"a/b; name=\"a\\\"b\\\\c\\d\"", true, "a\"b\\c\\d"},
        {"a/b; filename=x; name=1;", true, "1"},
        {"a/b;;name=1;;", true, "1"},
        {"a/b; name=1; name=1", false, NULL},
        {"a/b; name=\"1", false, NULL},
        {"a/b; name=\"1\\\"", false, NULL},
        {"a/b; name=\"1\"x", false, NULL},
        {"a/b; name", false, NULL},
        {"a/b; name=", false, NULL},
        {"a/b; =1", false, NULL},
        {"a/b; name=1 x", false, NULL},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct arena arena = ARENA(1000);
        struct str value;
        assert_int_equal(http_media_parameter(&value, str_from(cases[i].header), "name", &arena),
                         cases[i].read);
        if (cases[i].value != NULL) {
            assert_str(value, cases[i].value);
            assert_int_equal(value.ptr[value.len], '\0');
        } else if (cases[i].read) {
            assert_null(value.ptr);
        }
        arena_free(&arena);
    }
    struct arena none = ARENA(2);
    struct str value;
    assert_false(http_media_parameter(&value, STR("a; name=abc"), "name", &none));
    assert_true(none.failed);
    arena_free(&none);
}

static void takes_what_is_accepted_one_by_one(void **state)
{
    (void)state;
    struct str rest = STR("a/b ;q=0.0, c/d; q=0.5 ,e/f,,g; x=1;q=0");
    static const struct {
        const char *name;
        bool wanted;
    } expected[] = {{"a/b", false}, {"c/d", true}, {"e/f", true}, {"", true}, {"g", false}};
    for (size_t i = 0; i < ARRAY_LENGTH(expected); i++) {
        struct str name;
        assert_true(rest.len > 0);
        assert_int_equal(http_take_accepted(&name, &rest), expected[i].wanted);
        assert_str(name, expected[i].name);
    }
    assert_int_equal(rest.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_type),
        cmocka_unit_test(reads_parameters),
        cmocka_unit_test(takes_what_is_accepted_one_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
