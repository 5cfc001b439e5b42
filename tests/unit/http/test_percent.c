#include "http/percent.h"

#include "base/memory.h"
#include "support.h"

static struct error error;

static void decodes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool plus;
        const char *expected; /* NULL: at fault */
    } cases[] = {
        {"", false, ""},
        {"abc", false, "abc"},
        {"a%20b+c", false, "a b+c"},
        {"a%20b+c%2B", true, "a b c+"},
        {"%c3%A4", false, "\xC3\xA4"},
        {"%2525", false, "%25"},
        {"%", false, NULL},
        {"%4", false, NULL},
        {"%4g", false, NULL},
        {"%-1", false, NULL},
        {"a%00b", false, NULL},
        {"%ff", false, NULL},
        {"%C3", false, NULL},
        {"%ed%a0%80", false, NULL}, /* half of a surrogate pair */
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct arena arena = ARENA(1000);
        struct str out;
        bool valid;
        bool done =
            http_percent_decode(&out, str_from(cases[i].text), cases[i].plus, &arena, &valid);
        assert_int_equal(done, cases[i].expected != NULL);
        assert_int_equal(valid, cases[i].expected != NULL);
        if (done) {
            assert_str(out, cases[i].expected);
            assert_int_equal(out.ptr[out.len], '\0');
        }
        arena_free(&arena);
    }
    struct arena none = ARENA(2);
    struct str out;
    bool valid;
    assert_false(http_percent_decode(&out, STR("abc"), false, &none, &valid));
    assert_true(valid);
    arena_free(&none);
}

static void reads_queries(void **state)
{
    (void)state;
    struct arena arena = ARENA(1 << 20);
    struct http_fields fields;
    assert_int_equal(http_query_read(&fields, STR("&a=1&&b=+%3D=&c&=d&"), &arena, &error), 0);
    assert_int_equal(fields.count, 4);
    static const char *const expected[][2] = {{"a", "1"}, {"b", " =="}, {"c", ""}, {"", "d"}};
    for (size_t i = 0; i < 4; i++) {
        assert_str(fields.items[i].name, expected[i][0]);
        assert_str(fields.items[i].value, expected[i][1]);
    }
    assert_int_equal(http_query_read(&fields, (struct str){NULL, 0}, &arena, &error), 0);
    assert_int_equal(fields.count, 0);
    assert_int_equal(http_query_read(&fields, STR("a=%f"), &arena, &error), STATUS_INVALID);
    struct text_buffer many = TEXT_BUFFER(4096);
    for (int i = 0; i < HTTP_MOST_ARGUMENTS; i++) {
        text_append(&many, STR("a&"));
    }
    assert_int_equal(http_query_read(&fields, text_str(&many), &arena, &error), 0);
    assert_int_equal(fields.count, HTTP_MOST_ARGUMENTS);
    text_append(&many, STR("a"));
    assert_int_equal(http_query_read(&fields, text_str(&many), &arena, &error), STATUS_INVALID);
    text_free(&many);
    arena_free(&arena);
}

static void reads_cookies(void **state)
{
    (void)state;
    const struct http_field headers[] = {
        {STR("Accept"), STR("a=b")},
        {STR("COOKIE"), STR("a=1; b=\"2 3\";c=4=5; bare; =x ;d=; e=\x01; a=6")},
        {STR("cookie"), STR("f=7")},
    };
    const struct http_fields all = {headers, 3};
    struct arena arena = ARENA(1 << 20);
    struct http_fields fields;
    assert_int_equal(http_cookies_read(&fields, &all, &arena, &error), STATUS_OK);
    static const char *const expected[][2] = {{"a", "1"}, {"b", "2 3"}, {"c", "4=5"},
                                              {"d", ""},  {"a", "6"},   {"f", "7"}};
    assert_int_equal(fields.count, ARRAY_LENGTH(expected));
    for (size_t i = 0; i < fields.count; i++) {
        assert_str(fields.items[i].name, expected[i][0]);
        assert_str(fields.items[i].value, expected[i][1]);
    }
    struct text_buffer many = TEXT_BUFFER(4096);
    for (int i = 0; i <= HTTP_MOST_COOKIES; i++) {
        text_append(&many, STR("a=1;"));
    }
    const struct http_field long_one = {STR("Cookie"), text_str(&many)};
    const struct http_fields one = {&long_one, 1};
    assert_int_equal(http_cookies_read(&fields, &one, &arena, &error), STATUS_OK);
    assert_int_equal(fields.count, HTTP_MOST_COOKIES);
    text_free(&many);
    arena_free(&arena);
}

static void cuts_targets(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *path; /* NULL: none at all */
        const char *query;
        const char *authority;
    } cases[] = {
        {"/", "/", NULL, NULL},         {"/a/b?c=d?e", "/a/b", "c=d?e", NULL},
        {"/a?", "/a", NULL, NULL},      {"/a|b^[c]%00", "/a|b^[c]%00", NULL, NULL},
        {"*", "*", NULL, NULL},         {"http://a:80/b?c", "/b", "c", "a:80"},
        {"HTTPS://a", "/", NULL, "a"},  {"http://a?b", "/", "b", "a"},
        {"", NULL, NULL, NULL},         {"a", NULL, NULL, NULL},
        {"*a", NULL, NULL, NULL},       {"?a", NULL, NULL, NULL},
        {"http://", NULL, NULL, NULL},  {"http:///a", NULL, NULL, NULL},
        {"ftp://a/", NULL, NULL, NULL}, {"localhost:80", NULL, NULL, NULL},
        {"/a b", NULL, NULL, NULL},     {"/a#b", NULL, NULL, NULL},
        {"/\x7F", NULL, NULL, NULL},    {"/\xC3\xA4", NULL, NULL, NULL},
        {"/\t", NULL, NULL, NULL},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct http_target target;
        assert_int_equal(http_target_read(&target, str_from(cases[i].text)), cases[i].path != NULL);
        if (cases[i].path == NULL) {
            continue;
        }
        assert_str(target.path, cases[i].path);
        const char *const expected[] = {cases[i].query, cases[i].authority};
        const struct str found[] = {target.query, target.authority};
        for (size_t j = 0; j < 2; j++) {
            if (expected[j] == NULL) {
                assert_null(found[j].ptr);
            } else {
                assert_str(found[j], expected[j]);
            }
        }
    }
}

static int read_all(void *context, struct error *out)
{
    (void)context;
    static const struct http_field cookie = {{"Cookie", 6}, {"a=1; b=2", 8}};
    const struct http_fields headers = {&cookie, 1};
    struct arena arena = ARENA(1 << 20);
    struct http_fields fields;
    int status = http_query_read(&fields, STR("a=1&b=2"), &arena, out);
    if (status == STATUS_OK) {
        status = http_cookies_read(&fields, &headers, &arena, out);
    }
    arena_free(&arena);
    return status;
}

static void survives_failing_memory(void **state)
{
    (void)state;
    assert_true(fail_every_allocation(read_all, NULL) >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decodes),
        cmocka_unit_test(reads_queries),
        cmocka_unit_test(reads_cookies),
        cmocka_unit_test(cuts_targets),
        cmocka_unit_test(survives_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
