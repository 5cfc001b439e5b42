#include "http/body.h"

#include "http/response.h"
#include "http/route.h"
#include "support.h"

static struct error error;

static const struct http_body_limits limits = {.most_upload = 1000, .most_json = 100};

/* Reads a body in two pieces; 0, or the status of the refusal. *status is that of reading it. */
static unsigned read_body(struct http_body_reader *reader, struct http_exchange *exchange,
                          unsigned bodies, const char *type, struct str body, bool announced,
                          int *status)
{
    static struct http_route route;
    const char *const headers[] = {type, NULL};
    exchange_begin(exchange, headers);
    route.bodies = bodies;
    exchange->route = &route;
    uint64_t length = announced ? body.len : HTTP_LENGTH_UNKNOWN;
    *status = STATUS_OK;
    if (!http_body_begin(reader, exchange, length, &limits)) {
        return exchange->response.status;
    }
    size_t half = body.len / 2;
    if (half > 0) {
        *status = http_body_feed(reader, (struct str){body.ptr, half}, &error);
    }
    if (*status == STATUS_OK && body.len > 0) {
        *status = http_body_feed(reader, (struct str){body.ptr + half, body.len - half}, &error);
    }
    if (*status == STATUS_OK) {
        *status = http_body_finish(reader, &error);
    }
    return 0;
}

static void end(struct http_body_reader *reader, struct http_exchange *exchange)
{
    http_body_free(reader);
    http_exchange_end(exchange);
}

#define JSON_TYPE "Content-Type: application/json"
#define FORM_TYPE "Content-Type: multipart/form-data; boundary=b"
#define URL_TYPE  "Content-Type: application/x-www-form-urlencoded"

static void takes_what_the_route_does(void **state)
{
    (void)state;
    static const struct {
        unsigned bodies;
        const char *type;
        unsigned status;
    } cases[] = {
        {HTTP_BODY_NONE, "Content-Type: image/png", 0},
        {HTTP_BODY_JSON, JSON_TYPE, 0},
        {HTTP_BODY_JSON, JSON_TYPE ";charset=\"utf-8\"", 0},
        {HTTP_BODY_JSON, JSON_TYPE ";charset=utf-16", 415},
        {HTTP_BODY_JSON, FORM_TYPE, 415},
        {HTTP_BODY_JSON, "Content-Type: text/json", 415},
        {HTTP_BODY_JSON, "X-Test: 1", 415},
        {HTTP_BODY_JSON | HTTP_BODY_FORM, JSON_TYPE, 0},
        {HTTP_BODY_JSON | HTTP_BODY_FORM, FORM_TYPE, 0},
        {HTTP_BODY_FORM, "Content-Type: multipart/form-data", 400},
        {HTTP_BODY_FORM, "Content-Type: multipart/form-data; boundary=\"", 400},
        {HTTP_BODY_FORM, "Content-Type: multipart/mixed; boundary=b", 415},
        {HTTP_BODY_URLENCODED, URL_TYPE, 0},
        {HTTP_BODY_URLENCODED, JSON_TYPE, 415},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct http_body_reader reader;
        struct http_exchange exchange;
        int status;
        assert_int_equal(
            read_body(&reader, &exchange, cases[i].bodies, cases[i].type, STR("x"), true, &status),
            cases[i].status);
        end(&reader, &exchange);
    }
}

static void reads_each_kind(void **state)
{
    (void)state;
    struct http_body_reader reader;
    struct http_exchange exchange;
    int status;
    assert_int_equal(
        read_body(&reader, &exchange, HTTP_BODY_JSON, JSON_TYPE, STR("{\"a\": 1}"), false, &status),
        0);
    assert_int_equal(status, STATUS_OK);
    assert_str(exchange.body, "{\"a\": 1}");
    assert_int_equal(exchange.body.ptr[exchange.body.len], '\0');
    end(&reader, &exchange);

    assert_int_equal(read_body(&reader, &exchange, HTTP_BODY_JSON, "X: 1", STR(""), true, &status),
                     0);
    assert_null(exchange.body.ptr);
    end(&reader, &exchange);

    assert_int_equal(read_body(&reader, &exchange, HTTP_BODY_URLENCODED, URL_TYPE, STR("a=%41+b&c"),
                               true, &status),
                     0);
    assert_int_equal(status, STATUS_OK);
    assert_false(exchange.is_form);
    assert_int_equal(exchange.part_count, 2);
    assert_str(exchange.parts[0].text, "A b");
    assert_str(exchange.parts[1].name, "c");
    end(&reader, &exchange);

    assert_int_equal(
        read_body(&reader, &exchange, HTTP_BODY_URLENCODED, URL_TYPE, STR("a=%4"), true, &status),
        0);
    assert_int_equal(status, STATUS_INVALID);
    end(&reader, &exchange);

    static const char form[] =
        "--b\r\nContent-Disposition: form-data; name=f; filename=x.csv\r\n\r\n"
        "a,b\r\n1,2\r\n"
        "\r\n--b\r\nContent-Disposition: form-data; name=c\r\n\r\ncfg_1"
        "\r\n--b--";
    assert_int_equal(
        read_body(&reader, &exchange, HTTP_BODY_FORM, FORM_TYPE, STR(form), false, &status), 0);
    assert_int_equal(status, STATUS_OK);
    assert_true(exchange.is_form);
    assert_int_equal(exchange.part_count, 2);
    assert_str(exchange.parts[0].file_name, "x.csv");
    assert_int_equal(exchange.parts[0].size, 10);
    struct text_buffer content = TEXT_BUFFER(100);
    assert_int_equal(stream_read_all(exchange.parts[0].file, &content, &error), STATUS_OK);
    assert_str(text_str(&content), "a,b\r\n1,2\r\n");
    text_free(&content);
    assert_str(exchange.parts[1].text, "cfg_1");
    assert_null(exchange.parts[1].file);
    end(&reader, &exchange);

    /* Given up in the middle of a file. */
    assert_int_equal(read_body(&reader, &exchange, HTTP_BODY_FORM, FORM_TYPE,
                               (struct str){form, 80}, false, &status),
                     0);
    assert_int_equal(status, STATUS_INVALID);
    end(&reader, &exchange);
}

static void has_limits(void **state)
{
    (void)state;
    static const struct {
        unsigned bodies;
        const char *type;
        size_t most;
    } cases[] = {
        {HTTP_BODY_JSON, JSON_TYPE, 100},
        {HTTP_BODY_FORM, FORM_TYPE, 1000},
        {HTTP_BODY_URLENCODED, URL_TYPE, HTTP_MOST_FORM},
        {HTTP_BODY_URLENCODED | HTTP_BODY_SHORT, URL_TYPE, HTTP_MOST_SHORT},
        {HTTP_BODY_JSON | HTTP_BODY_SHORT, JSON_TYPE, 100},
        {HTTP_BODY_NONE, URL_TYPE, HTTP_MOST_IGNORED},
    };
    static char zeros[HTTP_MOST_FORM + 1];
    memset(zeros, 'x', sizeof zeros);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct http_body_reader reader;
        struct http_exchange exchange;
        int status;
        struct str body = {zeros, cases[i].most};
        assert_int_equal(
            read_body(&reader, &exchange, cases[i].bodies, cases[i].type, body, true, &status), 0);
        assert_false(reader.too_large);
        end(&reader, &exchange);
        body.len++;
        assert_int_equal(
            read_body(&reader, &exchange, cases[i].bodies, cases[i].type, body, true, &status),
            413);
        end(&reader, &exchange);
        assert_int_equal(
            read_body(&reader, &exchange, cases[i].bodies, cases[i].type, body, false, &status), 0);
        assert_int_equal(status, STATUS_INVALID);
        assert_true(reader.too_large);
        end(&reader, &exchange);
    }
}

static int read_form(void *context, struct error *out)
{
    (void)context;
    static const struct http_route route = {.bodies = HTTP_BODY_FORM};
    static const struct http_field field = {{"Content-Type", 12},
                                            {"multipart/form-data; boundary=b", 31}};
    static const char form[] = "--b\r\nContent-Disposition: form-data; name=f; filename=x\r\n\r\n1"
                               "\r\n--b\r\nContent-Disposition: form-data; name=\"c\"\r\n\r\n2"
                               "\r\n--b--";
    struct http_exchange exchange;
    struct http_body_reader reader = {0};
    int status = http_exchange_begin(&exchange, out);
    if (status != STATUS_OK) {
        return status;
    }
    exchange.route = &route;
    exchange.headers = (struct http_fields){&field, 1};
    if (!http_body_begin(&reader, &exchange, sizeof form - 1, &limits)) {
        status = error_out_of_memory(out);
    }
    if (status == STATUS_OK) {
        status = http_body_feed(&reader, STR(form), out);
    }
    if (status == STATUS_OK) {
        status = http_body_finish(&reader, out);
    }
    end(&reader, &exchange);
    return status;
}

static void survives_failing_memory(void **state)
{
    (void)state;
    assert_true(fail_every_allocation(read_form, NULL) >= 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_what_the_route_does),
        cmocka_unit_test(reads_each_kind),
        cmocka_unit_test(has_limits),
        cmocka_unit_test(survives_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
