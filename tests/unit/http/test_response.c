#include "http/response.h"

#include <stdio.h>

#include "base/memory.h"
#include "support.h"

static void answers(void **state)
{
    (void)state;
    struct http_exchange exchange;
    exchange_begin(&exchange, NULL);
    struct http_response *response = &exchange.response;
    assert_int_equal(strlen(exchange.id), 36);
    struct json_writer *json = http_respond_json(&exchange, 201);
    json_write_open_object(json);
    json_write_close_object(json);
    assert_int_equal(response->status, 201);
    assert_str(http_response_body(response), "{}");
    assert_string_equal(response->content_type, "application/json");
    http_respond_text(&exchange, 200, "text/plain", STR("hello"));
    assert_str(http_response_body(response), "hello");
    static const char lasting[] = "for ever";
    http_respond_view(&exchange, 200, "text/plain", STR(lasting));
    assert_ptr_equal(http_response_body(response).ptr, lasting);
    http_respond_empty(&exchange, 204);
    assert_int_equal(http_response_body(response).len, 0);
    assert_null(response->content_type);
    http_respond_redirect(&exchange, 303, "/there");
    assert_str(http_response_header(response, "location"), "/there");
    http_respond_error(&exchange, 405, "Method \"%s\" not allowed.", "GET");
    assert_str(http_response_body(response),
               "{\"error\":{\"message\":\"Method \\\"GET\\\" not allowed.\"}}");
    http_response_settle(&exchange);
    assert_int_equal(response->status, 405);
    http_exchange_end(&exchange);
}

static void keeps_headers(void **state)
{
    (void)state;
    struct http_exchange exchange;
    exchange_begin(&exchange, NULL);
    struct http_response *response = &exchange.response;
    http_respond_header(&exchange, "X-A", "%d", 1);
    http_respond_header(&exchange, "x-a", "%d", 2);
    http_respond_header(&exchange, "Set-Cookie", "a");
    http_respond_header(&exchange, "Set-Cookie", "b");
    http_respond_empty(&exchange, 204);
    assert_int_equal(response->header_count, 3);
    assert_str(http_response_header(response, "X-A"), "2");
    assert_null(http_response_header(response, "X-B").ptr);
    char large[5000];
    memset(large, 'x', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    http_respond_header(&exchange, "X-Large", "%s", large);
    assert_str(http_response_header(response, "X-Large"), large);
    http_response_settle(&exchange);
    assert_int_equal(response->status, 204);

    static const char *const bad[] = {"a\r\nb", "a\nb", "\x01", "\x7F"};
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        http_respond_empty(&exchange, 204);
        http_respond_header(&exchange, "X-Bad", "%s", bad[i]);
        http_response_settle(&exchange);
        assert_int_equal(response->status, 500);
        assert_null(http_response_header(response, "X-Bad").ptr);
    }
    for (int i = 0; i <= HTTP_MOST_HEADERS; i++) {
        http_respond_header(&exchange, "Set-Cookie", "a");
    }
    http_response_settle(&exchange);
    assert_int_equal(response->status, 500);
    http_exchange_end(&exchange);
}

static void maps_failures(void **state)
{
    (void)state;
    static const struct {
        enum status status;
        unsigned expected;
        const char *body; /* NULL: with the id */
    } cases[] = {
        {STATUS_INVALID, 400,
         "{\"error\":{\"message\":\"wrong\",\"details\":[{\"message\":\"a\"},{\"message\":\"b\"}]}"
         "}"},
        {STATUS_NOT_FOUND, 404, "{\"error\":{\"message\":\"Resource not found\"}}"},
        {STATUS_CONFLICT, 409,
         "{\"error\":{\"message\":\"wrong\",\"details\":[{\"message\":\"a\"},{\"message\":\"b\"}]}"
         "}"},
        {STATUS_RESOURCES, 503,
         "{\"error\":{\"message\":\"The server is busy. Please try again later.\"}}"},
        {STATUS_CANCELLED, 503,
         "{\"error\":{\"message\":\"The server is busy. Please try again later.\"}}"},
        {STATUS_USAGE, 500, NULL},
        {STATUS_IO, 500, NULL},
        {STATUS_INTERNAL, 500, NULL},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct http_exchange exchange;
        struct error error;
        exchange_begin(&exchange, NULL);
        exchange.method_name = STR("GET");
        http_respond_header(&exchange, "X-A", "1");
        error_set(&error, cases[i].status, "wrong");
        error_detail(&error, "a");
        error_detail(&error, "b");
        http_respond_failure(&exchange, &error);
        assert_int_equal(exchange.response.status, cases[i].expected);
        assert_null(http_response_header(&exchange.response, "X-A").ptr);
        char internal[200];
        snprintf(internal, sizeof internal,
                 "{\"error\":{\"message\":\"Unexpected internal error - id=%s\"}}", exchange.id);
        assert_str(http_response_body(&exchange.response),
                   cases[i].body != NULL ? cases[i].body : internal);
        assert_int_equal(http_response_header(&exchange.response, "Retry-After").ptr != NULL,
                         cases[i].expected == 503);
        http_exchange_end(&exchange);
    }
}

static unsigned released;

static void release(void *context)
{
    (void)context;
    released++;
}

static int produce(void *context, struct stream *out, struct error *error)
{
    (void)context;
    (void)out;
    return error_set(error, STATUS_INTERNAL, "not called here");
}

static void gives_back_what_was_not_produced(void **state)
{
    (void)state;
    struct http_exchange exchange;
    exchange_begin(&exchange, NULL);
    http_respond_stream(&exchange, 200, "text/csv", produce, release, NULL);
    http_respond_stream(&exchange, 200, "text/csv", produce, release, NULL);
    assert_int_equal(released, 1);
    http_exchange_end(&exchange);
    assert_int_equal(released, 2);
}

static void an_answer_without_memory_is_one_all_the_same(void **state)
{
    (void)state;
    for (uint64_t nth = 1; nth < 8; nth++) {
        struct http_exchange exchange;
        exchange_begin(&exchange, NULL);
        memory_fail_from(nth);
        struct json_writer *json = http_respond_json(&exchange, 200);
        json_write_open_array(json);
        for (int i = 0; i < 100; i++) {
            json_write_integer(json, i);
        }
        json_write_close_array(json);
        http_respond_header(&exchange, "X-A", "1");
        http_response_settle(&exchange);
        memory_fail_from(0);
        struct str body = http_response_body(&exchange.response);
        assert_false(exchange.response.body.failed);
        assert_true(body.len > 0);
        assert_true(exchange.response.status == 200 || exchange.response.status == 500);
        http_exchange_end(&exchange);
    }
}

static void says_nothing_is_a_failure(void **state)
{
    (void)state;
    struct http_exchange exchange;
    exchange_begin(&exchange, NULL);
    http_response_settle(&exchange);
    assert_int_equal(exchange.response.status, 500);
    http_exchange_end(&exchange);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers),
        cmocka_unit_test(keeps_headers),
        cmocka_unit_test(maps_failures),
        cmocka_unit_test(gives_back_what_was_not_produced),
        cmocka_unit_test(an_answer_without_memory_is_one_all_the_same),
        cmocka_unit_test(says_nothing_is_a_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
