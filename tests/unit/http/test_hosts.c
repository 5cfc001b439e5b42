#include "http/hosts.h"

#include "support.h"

static void reads_names(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"example.com", "example.com"},
        {"a-b.C1:8000", "a-b.C1"},
        {"example.com.", "example.com"},
        {"a_b", "a_b"},
        {"127.0.0.1:1", "127.0.0.1"},
        {"[::1]:80", "[::1]"},
        {"[::ffff:1.2.3.4]", "[::ffff:1.2.3.4]"},
        {"", NULL},
        {":80", NULL},
        {"a:", NULL},
        {"a:x", NULL},
        {"a:123456", NULL},
        {"a b", NULL},
        {"a/b", NULL},
        {"a@b", NULL},
        {"a,b", NULL},
        {"\xC3\xA4", NULL},
        {"[]", NULL},
        {"[::1", NULL},
        {"[::1]x", NULL},
        {"[::g]", NULL},
        {"::1", NULL},
        {"a%00", NULL},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct str name;
        assert_int_equal(http_host_name(&name, str_from(cases[i][0])), cases[i][1] != NULL);
        if (cases[i][1] != NULL) {
            assert_str(name, cases[i][1]);
        }
    }
    char longest[255];
    memset(longest, 'a', sizeof longest);
    struct str name;
    assert_true(http_host_name(&name, (struct str){longest, 253}));
    assert_false(http_host_name(&name, (struct str){longest, 254}));
    assert_false(http_host_name(&name, (struct str){"a\0b", 3}));
}

static bool allowed(const char *host, const struct http_names *names)
{
    return http_host_allowed(str_from(host), names);
}

static void allows_what_is_listed(void **state)
{
    (void)state;
    static const struct http_names none = {NULL, 0};
    assert_true(allowed("localhost", &none));
    assert_true(allowed("LOCALHOST:80", &none));
    assert_true(allowed("a.localhost", &none));
    assert_true(allowed("127.0.0.1", &none));
    assert_true(allowed("[::1]:8000", &none));
    assert_false(allowed("127.0.0.2", &none));
    assert_false(allowed("alocalhost", &none));
    assert_false(allowed("localhost.example.com", &none));

    static const char *const items[] = {"Example.com", ".example.org", "", ".", "10.0.0.1"};
    static const struct http_names some = {items, ARRAY_LENGTH(items)};
    assert_true(allowed("example.COM:443", &some));
    assert_true(allowed("example.com.", &some));
    assert_true(allowed("example.org", &some));
    assert_true(allowed("a.b.example.org", &some));
    assert_true(allowed("10.0.0.1", &some));
    assert_false(allowed("a.example.com", &some));
    assert_false(allowed("aexample.org", &some));
    assert_false(allowed("localhost", &some));
    assert_false(allowed("other", &some));

    static const char *const star[] = {"*"};
    static const struct http_names all = {star, 1};
    assert_true(allowed("anything", &all));
    assert_false(allowed("any thing", &all));
    assert_false(allowed("", &all));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_names),
        cmocka_unit_test(allows_what_is_listed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
