#include "http/cors.h"

#include "http/response.h"
#include "support.h"

static const char *const listed[] = {"https://app.example.com", "http://b.example/", ""};
static const struct http_names names = {listed, ARRAY_LENGTH(listed)};
static const struct http_names nobody = {NULL, 0};

static const char allow_origin[] = "Access-Control-Allow-Origin";
static const char allow_credentials[] = "Access-Control-Allow-Credentials";

static void allows_what_is_listed(void **state)
{
    (void)state;
    static const struct {
        const char *origin; /* as a header; NULL: none */
        const char *expected;
    } cases[] = {
        {"Origin: https://app.example.com", "https://app.example.com"},
        {"Origin: https://APP.example.com", "https://APP.example.com"},
        {"Origin: http://b.example", "http://b.example"},
        {"Origin: https://b.example", NULL},
        {"Origin: https://app.example.com.evil", NULL},
        {"Origin: null", NULL},
        {"Origin: ", NULL},
        {NULL, NULL},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const char *const headers[] = {cases[i].origin, NULL};
        const struct http_cors cors = {&names, false};
        struct http_exchange exchange;
        exchange_begin(&exchange, headers);
        http_cors_allow(&exchange, &cors);
        struct str origin = http_response_header(&exchange.response, allow_origin);
        struct str credentials = http_response_header(&exchange.response, allow_credentials);
        assert_str(http_response_header(&exchange.response, "Vary"), "Origin");
        if (cases[i].expected != NULL) {
            assert_str(origin, cases[i].expected);
            assert_str(credentials, "true");
        } else {
            assert_null(origin.ptr);
            assert_null(credentials.ptr);
        }
        http_exchange_end(&exchange);
    }
}

static void anybody_comes_without_cookies(void **state)
{
    (void)state;
    static const char *const headers[] = {"Origin: https://evil.example", NULL};
    struct http_exchange exchange;
    for (int any = 0; any <= 1; any++) {
        const struct http_cors cors = {&nobody, any};
        exchange_begin(&exchange, headers);
        http_cors_allow(&exchange, &cors);
        struct str origin = http_response_header(&exchange.response, allow_origin);
        assert_int_equal(origin.ptr != NULL, any);
        assert_null(http_response_header(&exchange.response, allow_credentials).ptr);
        assert_int_equal(exchange.response.header_count, any ? 2 : 0);
        http_exchange_end(&exchange);
    }
}

static void answers_what_browsers_ask_before(void **state)
{
    (void)state;
    static const char *const headers[] = {
        "Origin: http://b.example", "Access-Control-Request-Method: PUT",
        "Access-Control-Request-Headers: x-a, content-type", NULL};
    const struct http_cors cors = {&names, false};
    struct http_exchange exchange;
    exchange_begin(&exchange, headers);
    exchange.method = HTTP_GET;
    assert_false(http_cors_is_preflight(&exchange));
    exchange.method = HTTP_OPTIONS;
    assert_true(http_cors_is_preflight(&exchange));
    http_cors_preflight(&exchange, &cors, HTTP_PUT | HTTP_GET);
    assert_int_equal(exchange.response.status, 204);
    assert_str(http_response_header(&exchange.response, "Access-Control-Allow-Methods"),
               "GET, HEAD, PUT");
    assert_str(http_response_header(&exchange.response, "Access-Control-Allow-Headers"),
               "x-a, content-type");
    http_exchange_end(&exchange);

    static const char *const odd[] = {"Origin: http://b.example",
                                      "Access-Control-Request-Method: PUT",
                                      "Access-Control-Request-Headers: x-a; \"b\"", NULL};
    exchange_begin(&exchange, odd);
    exchange.method = HTTP_OPTIONS;
    http_cors_preflight(&exchange, &cors, HTTP_GET);
    assert_null(http_response_header(&exchange.response, "Access-Control-Allow-Headers").ptr);
    http_exchange_end(&exchange);

    static const char *const strangers[] = {"Origin: http://c.example",
                                            "Access-Control-Request-Method: PUT", NULL};
    exchange_begin(&exchange, strangers);
    exchange.method = HTTP_OPTIONS;
    http_cors_preflight(&exchange, &cors, HTTP_GET);
    assert_int_equal(exchange.response.status, 204);
    assert_null(http_response_header(&exchange.response, allow_origin).ptr);
    assert_null(http_response_header(&exchange.response, "Access-Control-Allow-Methods").ptr);
    http_exchange_end(&exchange);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allows_what_is_listed),
        cmocka_unit_test(anybody_comes_without_cookies),
        cmocka_unit_test(answers_what_browsers_ask_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
