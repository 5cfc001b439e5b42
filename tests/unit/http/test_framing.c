#include "http/framing.h"

#include "http/body.h"
#include "http/raw_head.h"
#include "http/response.h"
#include "support.h"

static unsigned check(struct http_framing *out, const char *version, const char *const *headers)
{
    struct http_exchange exchange;
    const char *message = NULL;
    exchange_begin(&exchange, headers);
    unsigned status =
        http_framing_check(out, &message, &exchange.headers, STR("POST"), str_from(version));
    assert_true(status == 0 || message[0] != '\0');
    http_exchange_end(&exchange);
    return status;
}

static void tells_the_length(void **state)
{
    (void)state;
    static const struct {
        const char *headers[4];
        uint64_t length;
        unsigned status;
    } cases[] = {
        {{"host: a"}, 0, 0},
        {{"Host: a", "content-LENGTH: 17"}, 17, 0},
        {{"Host: a", "Content-Length: 0017"}, 17, 0},
        {{"Host: a", "Content-Length: 999999999999999999"}, 999999999999999999, 0},
        {{"Host: a", "Transfer-Encoding: CHUNKED"}, HTTP_LENGTH_UNKNOWN, 0},
        {{"Host: a", "Expect: 100-Continue"}, 0, 0},
        {{"Content-Length: 1"}, 0, 400},
        {{"Host: a", "Content-Length: "}, 0, 400},
        {{"Host: a", "Content-Length: 1 "}, 0, 400},
        {{"Host: a", "Content-Length: +1"}, 0, 400},
        {{"Host: a", "Content-Length: 1,1"}, 0, 400},
        {{"Host: a", "Content-Length: 1000000000000000000"}, 0, 400},
        {{"Host: a", "Content-Length: 1", "Content-Length: 1"}, 0, 400},
        {{"Host: a", "Content-Length: 1", "Transfer-Encoding: chunked"}, 0, 400},
        {{"Host: a", "Transfer-Encoding: chunked ", NULL}, 0, 400},
        {{"Host: a", "Transfer-Encoding: gzip, chunked"}, 0, 400},
        {{"Host: a", "Transfer-Encoding: "}, 0, 400},
        {{"Host: a", "Transfer-Encoding: chunked", "transfer-encoding: x"}, 0, 400},
        {{"Host: a", "Host: a"}, 0, 400},
        {{"Host: a", "Content-Type: a", "Content-Type: a"}, 0, 400},
        {{"Host: a", "Authorization: a", "authorization: a"}, 0, 400},
        {{"Host: a", "X y: a"}, 0, 400},
        {{"Host: a", "X\x80: a"}, 0, 400},
        {{"Host: a", ": a"}, 0, 400},
        {{"Host: a", "X: a\rb"}, 0, 400},
        {{"Host: a", "X: a\x7F"}, 0, 400},
        {{"Host: a", "X: a\tb\xC3\xA4"}, 0, 0},
        {{"Host: a", "Expect: 200-ok"}, 0, 417},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct http_framing framing;
        assert_int_equal(check(&framing, "HTTP/1.1", cases[i].headers), cases[i].status);
        if (cases[i].status == 0) {
            assert_true(framing.length == cases[i].length);
            assert_str(framing.host, "a");
        }
    }
    struct http_framing framing;
    static const char *const chunked[] = {"Host: a", "Transfer-Encoding: chunked", NULL};
    assert_int_equal(check(&framing, "HTTP/1.0", chunked), 400);
    static const char *const expecting[] = {"Host: a", "Expect: 200-ok", NULL};
    assert_int_equal(check(&framing, "HTTP/1.0", expecting), 0);
}

static void is_certain_of_lengths_only(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"Host: a"}, {"Host: a", "Content-Length: 17"}, {"Host: a", "Transfer-Encoding: chunked"}};
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct http_framing framing;
        assert_int_equal(check(&framing, "HTTP/1.1", cases[i]), 0);
        assert_int_equal(http_framing_end_is_certain(&framing), i < 2 || !HTTP_LENIENT_LIBRARY);
    }
}

static void has_limits(void **state)
{
    (void)state;
    static struct http_field fields[HTTP_MOST_HEADER_COUNT + 1];
    static char large[HTTP_MOST_HEADER_BYTES];
    memset(large, 'x', sizeof large);
    struct http_framing framing;
    const char *message;
    for (size_t i = 0; i < ARRAY_LENGTH(fields); i++) {
        fields[i] = (struct http_field){STR("X"), STR("")};
    }
    fields[0] = (struct http_field){STR("Host"), STR("a")};
    for (size_t more = 0; more <= 1; more++) {
        struct http_fields headers = {fields, HTTP_MOST_HEADER_COUNT + more};
        assert_int_equal(
            http_framing_check(&framing, &message, &headers, STR("GET"), STR("HTTP/1.1")),
            more ? 431 : 0);
        fields[1].value = (struct str){large, sizeof large - 6 + more};
        headers.count = 2;
        assert_int_equal(
            http_framing_check(&framing, &message, &headers, STR("GET"), STR("HTTP/1.1")),
            more ? 431 : 0);
        fields[1].value = STR("");
    }
    const struct http_fields one = {fields, 1};
    static const struct {
        const char *method;
        unsigned status;
    } methods[] = {{"M-SEARCH", 0}, {"", 400}, {"G T", 400}, {"GET\x80", 400}, {"G\"T", 400}};
    for (size_t i = 0; i < ARRAY_LENGTH(methods); i++) {
        assert_int_equal(http_framing_check(&framing, &message, &one, str_from(methods[i].method),
                                            STR("HTTP/1.1")),
                         methods[i].status);
    }
    assert_int_equal(
        http_framing_check(&framing, &message, &one, (struct str){large, 33}, STR("HTTP/1.1")),
        400);
}

/* A head as the library leaves it, and the headers that it found: by place and length of the name,
   and of the value. */
struct layout {
    const char *head;
    size_t size;
    size_t version;
    size_t places[2][4];
    size_t count;
    bool plain;
};

#define LAYOUT(text) .head = (text), .size = sizeof(text) - 1

static void sees_what_lies_between_headers(void **state)
{
    (void)state;
    if (!HTTP_LENIENT_LIBRARY) {
        skip();
    }
    static const struct layout layouts[] = {
        {LAYOUT("GET\0/a\0HTTP/1.1\0\0Host\0 b\0\0X\0\0\0\0\0"),
         7,
         {{17, 4, 23, 1}, {26, 1, 28, 0}},
         2,
         true},
        {LAYOUT("GET\0/a\0HTTP/1.1\0\0\0\0"), 7, {{0}}, 0, true},
        /* Two blanks before the target, and one behind it. */
        {LAYOUT("GET\0 /a\0HTTP/1.1\0\0\0\0"), 8, {{0}}, 0, false},
        {LAYOUT("GET\0/a\0 HTTP/1.1\0\0\0\0"), 8, {{0}}, 0, false},
        /* A line feed alone, behind the request line, behind a header, and at the end. */
        {LAYOUT("GET\0/a\0HTTP/1.1\0Host\0 b\0\0\0\0"), 7, {{16, 4, 22, 1}}, 1, false},
        {LAYOUT("GET\0/a\0HTTP/1.1\0\0Host\0 b\0X\0 c\0\0\0\0"),
         7,
         {{17, 4, 23, 1}, {25, 1, 28, 1}},
         2,
         false},
        {LAYOUT("GET\0/a\0HTTP/1.1\0\0Host\0 b\0\0\0"), 7, {{17, 4, 23, 1}}, 1, false},
        /* A NUL in a value. */
        {LAYOUT("GET\0/a\0HTTP/1.1\0\0Host\0 b\0c\0\0\0\0"), 7, {{17, 4, 23, 1}}, 1, false},
        /* A header that the library has not found, and one that begins with a colon. */
        {LAYOUT("GET\0/a\0HTTP/1.1\0\0Host\0 b\0\0X\0 c\0\0\0\0"), 7, {{26, 1, 29, 1}}, 1, false},
        {LAYOUT("GET\0/a\0HTTP/1.1\0\0Host\0 b\0\0\0 c\0\0"), 7, {{17, 4, 23, 1}}, 1, false},
        /* Values elsewhere than behind their names. */
        {LAYOUT("GET\0/a\0HTTP/1.1\0\0Host\0 b\0\0\0\0"), 7, {{17, 4, 0, 1}}, 1, false},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(layouts); i++) {
        const struct layout *layout = &layouts[i];
        struct http_field fields[2];
        for (size_t j = 0; j < layout->count; j++) {
            const size_t *places = layout->places[j];
            fields[j].name = (struct str){layout->head + places[0], places[1]};
            fields[j].value = (struct str){layout->head + places[2], places[3]};
        }
        const struct http_fields headers = {fields, layout->count};
        assert_int_equal(http_raw_head_is_plain(layout->head, layout->size, STR("/a"),
                                                layout->head + layout->version, &headers),
                         layout->plain);
    }
    /* A name that was copied elsewhere, as that of a folded line. */
    static const char head[] = "GET\0/a\0HTTP/1.1\0\0Host\0 b\0\0\0";
    static const char copy[] = "Hostc";
    const struct http_field field = {{copy, 5}, {head + 23, 1}};
    const struct http_fields headers = {&field, 1};
    assert_false(http_raw_head_is_plain(head, sizeof head, STR("/a"), head + 7, &headers));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_the_length),
        cmocka_unit_test(is_certain_of_lengths_only),
        cmocka_unit_test(has_limits),
        cmocka_unit_test(sees_what_lies_between_headers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
