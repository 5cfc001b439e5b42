/* What a browser says of where a request comes from, and where it may be sent to: origin.c, cookie.c. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>
#include <string.h>

#include "base/compiler.h"
#include "http/response.h"
#include "identity/cookie.h"
#include "identity/internal.h"

static struct error error;

static bool is_foreign(const char *host, const char *origin, const char *site,
                       const struct config *config)
{
    struct http_field fields[3];
    size_t count = 0;
    const char *const given[][2] = {{"Host", host}, {"Origin", origin}, {"Sec-Fetch-Site", site}};
    for (size_t i = 0; i < ARRAY_LENGTH(given); i++) {
        if (given[i][1] != NULL) {
            fields[count++] = (struct http_field){str_from(given[i][0]), str_from(given[i][1])};
        }
    }
    const struct http_exchange exchange = {.headers = {fields, count}};
    const struct identity identity = {.config = config};
    return identity_is_foreign(&exchange, &identity);
}

static void a_page_of_ours_or_no_browser(void **state)
{
    (void)state;
    static const char *const origins[] = {"https://ui.example.org"};
    const struct config config = {
        .server = {.public_url = "https://empi.example.org/ignored",
                   .cors_allowed_origins = {origins, ARRAY_LENGTH(origins)}}};
    static const struct {
        const char *host, *origin, *site;
        bool foreign;
    } cases[] = {
        {"a:8000", NULL, NULL, false},
        {"a:8000", "http://a:8000", NULL, false},
        {"a:8000", "https://A:8000", NULL, false}, /* TLS may end before us */
        {"a:8000", "http://a", NULL, true},
        {"a:8000", "http://a:80001", NULL, true},
        {"a:8000", "http://b.a:8000", NULL, true},
        {"a:8000", "http://a:8000.attacker.example.org", NULL, true},
        {"a:8000", "null", NULL, true},
        {"a:8000", "", NULL, true},
        {"a:8000", "a:8000", NULL, true},
        {"[::1]:8000", "http://[::1]:8000", NULL, false},
        {"a:8000", "http://b", "same-origin", false}, /* a proxy changed Host */
        {"a:8000", NULL, "same-origin", false},
        {"a:8000", NULL, "none", false},
        {"a:8000", NULL, "same-site", true},
        {"a:8000", NULL, "cross-site", true},
        {"a:8000", "http://a:8000", "cross-site", true},
        {"a:8000", NULL, "", true},
        {"a:8000", NULL, "SAME-ORIGIN", true},
        {"a:8000", "https://empi.example.org", "cross-site", false},
        {"a:8000", "https://ui.example.org", "cross-site", false},
        {"a:8000", "https://ui.example.org.attacker.example.org", NULL, true},
        {"a:8000", "http://empi.example.org", NULL, true},
        {NULL, "http://", NULL, true},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        if (is_foreign(cases[i].host, cases[i].origin, cases[i].site, &config) !=
            cases[i].foreign) {
            fail_msg("case %zu", i);
        }
    }
}

static void only_paths_of_ours_are_returned_to(void **state)
{
    (void)state;
    struct arena arena = ARENA(1 << 20);
    static const char *const good[] = {"/", "/persons", "/a?b=c&d=%20#e", "/a//b"};
    static const char *const bad[] = {"",      "a",         "//a",  "///a",        "/\\a",
                                      "\\/a",  "http://a",  "/a b", "/a\\b",       "/a\r\nb",
                                      "/\t/a", "/\xc3\xa4", " /a",  "javascript:1"};
    for (size_t i = 0; i < ARRAY_LENGTH(good); i++) {
        assert_string_equal(identity_return_path(&arena, str_from(good[i])), good[i]);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        assert_string_equal(identity_return_path(&arena, str_from(bad[i])), "/");
    }
    assert_string_equal(identity_return_path(&arena, (struct str){NULL, 0}), "/");
    assert_string_equal(identity_return_path(&arena, (struct str){"/\0/a", 4}), "/");
    arena_free(&arena);
}

/* ---- cookies ---- */

static const unsigned char key[SECRET_BYTES] = {1};
static const unsigned char other_key[SECRET_BYTES] = {2};

static void a_seal_holds(void **state)
{
    (void)state;
    struct arena arena = ARENA(1 << 20);
    char *sealed = cookie_seal(&arena, key, COOKIE_SESSION, STR("content"));
    assert_non_null(sealed);
    size_t length = strlen(sealed);
    struct str opened = cookie_open(&arena, key, COOKIE_SESSION, str_from(sealed));
    assert_string_equal(opened.ptr, "content");
    assert_null(cookie_open(&arena, other_key, COOKIE_SESSION, str_from(sealed)).ptr);
    assert_null(cookie_open(&arena, key, COOKIE_SIGN_IN, str_from(sealed)).ptr);
    assert_null(cookie_open(&arena, key, COOKIE_SESSION, (struct str){NULL, 0}).ptr);
    for (size_t i = 0; i < length; i++) {
        char kept = sealed[i];
        sealed[i] = kept == 'A' ? 'B' : 'A';
        assert_null(cookie_open(&arena, key, COOKIE_SESSION, str_from(sealed)).ptr);
        sealed[i] = kept;
        assert_null(cookie_open(&arena, key, COOKIE_SESSION, (struct str){sealed, i}).ptr);
    }
    const char *again = cookie_seal(&arena, key, COOKIE_SESSION, STR("content"));
    assert_string_not_equal(again, sealed);
    arena_free(&arena);
}

static void secure_anywhere_but_on_plain_localhost(void **state)
{
    (void)state;
    static const struct {
        const char *host;
        bool tls;
        bool secure;
    } cases[] = {
        {"localhost", false, false},
        {"localhost:8000", false, false},
        {"LOCALHOST:8000", false, false},
        {"127.0.0.1:8000", false, false},
        {"[::1]:8000", false, false},
        {"[::1]", false, false},
        {"localhost:8000", true, true},
        {"empi.example.org", false, true},
        {"localhost.example.org", false, true},
        {"127.0.0.1.example.org:80", false, true},
        {"", false, true},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct http_exchange exchange;
        assert_int_equal(http_exchange_begin(&exchange, &error), 0);
        const struct http_field host = {STR("host"), str_from(cases[i].host)};
        exchange.headers = (struct http_fields){&host, 1};
        exchange.secure = cases[i].tls;
        cookie_set(&exchange,
                   &(struct cookie){.name = "n", .value = "v", .path = "/", .seconds = 5});
        struct str line = http_response_header(&exchange.response, "Set-Cookie");
        assert_string_equal(line.ptr, cases[i].secure
                                          ? "n=v; Path=/; Max-Age=5; SameSite=Lax; HttpOnly; Secure"
                                          : "n=v; Path=/; Max-Age=5; SameSite=Lax; HttpOnly");
        http_exchange_end(&exchange);
    }
}

/* ---- keys ---- */

static void keys_are_for_one_purpose(void **state)
{
    (void)state;
    unsigned char made[5][SECRET_BYTES];
    secret_derive(made[0], key, NULL, "cookie");
    secret_derive(made[1], key, NULL, "csrf");
    secret_derive(made[2], key, "configured", "cookie");
    secret_derive(made[3], other_key, NULL, "cookie");
    secret_derive(made[4], key, "cookie", "");
    for (size_t i = 0; i < ARRAY_LENGTH(made); i++) {
        for (size_t j = 0; j < i; j++) {
            assert_memory_not_equal(made[i], made[j], SECRET_BYTES);
        }
    }
    unsigned char again[SECRET_BYTES];
    secret_derive(again, key, "", "cookie");
    assert_memory_equal(again, made[0], SECRET_BYTES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_of_ours_or_no_browser),
        cmocka_unit_test(only_paths_of_ours_are_returned_to),
        cmocka_unit_test(a_seal_holds),
        cmocka_unit_test(secure_anywhere_but_on_plain_localhost),
        cmocka_unit_test(keys_are_for_one_purpose),
    };
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
