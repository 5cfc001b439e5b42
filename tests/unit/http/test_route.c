#include "http/route.h"

#include "http/response.h"
#include "support.h"

static int nothing(struct http_exchange *exchange, struct error *error)
{
    (void)exchange;
    (void)error;
    return STATUS_OK;
}

static const struct http_route routes[] = {
    {.method = HTTP_GET, .path = "/api/things/first", .handle = nothing},
    {.method = HTTP_GET, .path = "/api/things/{id}", .handle = nothing},
    {.method = HTTP_POST, .path = "/api/things/{id}", .handle = nothing},
    {.method = HTTP_PUT, .path = "/api/{a}/x/{b}", .handle = nothing},
    {.method = HTTP_GET, .path = "/", .handle = nothing},
};

static void finds(void **state)
{
    (void)state;
    static const struct {
        enum http_method method;
        const char *path;
        enum http_match match;
        int row;
        unsigned allowed;
        const char *parameters[2];
    } cases[] = {
        {HTTP_GET, "/api/things/first", HTTP_MATCH_FOUND, 0, 0, {0}},
        {HTTP_HEAD, "/api/things/first", HTTP_MATCH_FOUND, 0, 0, {0}},
        {HTTP_GET, "/api/things/first/", HTTP_MATCH_FOUND, 0, 0, {0}},
        {HTTP_GET, "/api/things/7", HTTP_MATCH_FOUND, 1, 0, {"7", NULL}},
        {HTTP_POST, "/api/things/first", HTTP_MATCH_NO_METHOD, -1, HTTP_GET, {0}},
        {HTTP_POST, "/api/things/7", HTTP_MATCH_FOUND, 2, HTTP_GET, {"7", NULL}},
        {HTTP_GET, "/api/things/a%2fb%C3%A4+", HTTP_MATCH_FOUND, 1, 0, {"a/b\xC3\xA4+", NULL}},
        {HTTP_PUT, "/api/a/x/b", HTTP_MATCH_FOUND, 3, 0, {"a", "b"}},
        {HTTP_GET, "/", HTTP_MATCH_FOUND, 4, 0, {0}},
        {HTTP_DELETE, "/api/things/7", HTTP_MATCH_NO_METHOD, -1, HTTP_GET | HTTP_POST, {0}},
        {HTTP_OTHER, "/api/a/x/b", HTTP_MATCH_NO_METHOD, -1, HTTP_PUT, {0}},
        {HTTP_GET, "/api/things", HTTP_MATCH_NO_PATH, -1, 0, {0}},
        {HTTP_GET, "/api/things/", HTTP_MATCH_NO_PATH, -1, 0, {0}},
        {HTTP_GET, "/api/things//", HTTP_MATCH_NO_PATH, -1, 0, {0}},
        {HTTP_GET, "/api/things/7/8", HTTP_MATCH_NO_PATH, -1, 0, {0}},
        {HTTP_GET, "/API/things/7", HTTP_MATCH_NO_PATH, -1, 0, {0}},
        {HTTP_GET, "/api/th%69ngs/7", HTTP_MATCH_NO_PATH, -1, 0, {0}},
        {HTTP_GET, "/api/things/%00", HTTP_MATCH_NO_PATH, -1, 0, {0}},
        {HTTP_GET, "/api/things/%ff", HTTP_MATCH_NO_PATH, -1, 0, {0}},
        {HTTP_GET, "/api/things/%2", HTTP_MATCH_NO_PATH, -1, 0, {0}},
        {HTTP_GET, "*", HTTP_MATCH_NO_PATH, -1, 0, {0}},
        {HTTP_GET, "", HTTP_MATCH_NO_PATH, -1, 0, {0}},
        {HTTP_GET, "//", HTTP_MATCH_FOUND, 4, 0, {0}},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct http_exchange exchange;
        unsigned allowed;
        exchange_begin(&exchange, NULL);
        exchange.method = cases[i].method;
        exchange.path = str_from(cases[i].path);
        assert_int_equal(http_route_find(&exchange, routes, ARRAY_LENGTH(routes), &allowed),
                         cases[i].match);
        assert_ptr_equal(exchange.route, cases[i].row < 0 ? NULL : &routes[cases[i].row]);
        if (cases[i].match != HTTP_MATCH_FOUND) {
            assert_int_equal(allowed, cases[i].allowed);
        }
        for (size_t j = 0; j < 2 && cases[i].parameters[j] != NULL; j++) {
            assert_str(exchange.parameters[j], cases[i].parameters[j]);
        }
        http_exchange_end(&exchange);
    }
}

static void tells_what_is_the_routes(void **state)
{
    (void)state;
    size_t count = ARRAY_LENGTH(routes) - 1;
    assert_true(http_route_owns(STR("/api"), routes, count));
    assert_true(http_route_owns(STR("/api/"), routes, count));
    assert_true(http_route_owns(STR("/api/nothing/x"), routes, count));
    assert_false(http_route_owns(STR("/apis"), routes, count));
    assert_false(http_route_owns(STR("/"), routes, count));
    assert_false(http_route_owns(STR("*"), routes, count));
    assert_false(http_route_owns(STR("/index.html"), routes, count));
}

static void knows_methods(void **state)
{
    (void)state;
    assert_int_equal(http_method_of(STR("PATCH")), HTTP_PATCH);
    assert_int_equal(http_method_of(STR("patch")), HTTP_OTHER);
    assert_int_equal(http_method_of(STR("")), HTTP_OTHER);
    struct text_buffer text = TEXT_BUFFER(100);
    http_route_write_methods(&text, HTTP_GET | HTTP_DELETE);
    assert_str(text_str(&text), "GET, HEAD, DELETE");
    text_clear(&text);
    http_route_write_methods(&text, HTTP_OPTIONS | HTTP_POST | HTTP_PUT);
    assert_str(text_str(&text), "POST, PUT, OPTIONS");
    text_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds),
        cmocka_unit_test(tells_what_is_the_routes),
        cmocka_unit_test(knows_methods),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
