#include "aws/request.h"

#include "aws/s3.h"
#include "aws/timestamp.h"
#include "support.h"

static struct error error;

static void encodes_all_but_the_unreserved(void **state)
{
    (void)state;
    struct text_buffer text = TEXT_BUFFER(4096);
    aws_append_encoded(&text, STR("aZ09-._~/ +%?&=\xC3\xA9\x01"), '/');
    assert_text(text_str(&text), "aZ09-._~/%20%2B%25%3F%26%3D%C3%A9%01");
    text_clear(&text);
    aws_append_encoded(&text, STR("a/b"), 0);
    assert_text(text_str(&text), "a%2Fb");
    text_free(&text);
}

static const struct aws_parameter query[] = {
    {"uploads", {"", 0}}, {"partNumber", {"1", 1}}, {"a", {"x y", 3}}};
static const char *const headers[] = {"range: bytes=0-"};
static const struct aws_request request = {
    .service = AWS_S3,
    .region = "eu-west-1",
    .method = "GET",
    .endpoint = "http://h:1",
    .path = {"/b//k k", 7},
    .query = query,
    .query_count = 3,
    .headers = headers,
    .header_count = 1,
    .body = {"abc", 3},
};

static int build(void *context, struct error *failure)
{
    struct aws_credentials *credentials = NULL;
    struct aws_key_texts keys = {
        .access_key = STR("AKID"), .secret_key = STR("SECRET"), .session_token = STR("TOKEN")};
    struct arena arena = ARENA(1 << 20);
    int status = aws_credentials_make(&credentials, &keys, AWS_SOURCE_FILE, "test", failure);
    struct aws_built built;
    if (status == 0) {
        status = aws_request_build(&built, &request, credentials, &arena, failure);
    }
    if (status == 0 && context != NULL) {
        assert_string_equal(built.url, "http://h:1/b//k%20k?a=x%20y&partNumber=1&uploads=");
        assert_int_equal(built.header_count, 3);
        assert_string_equal(built.headers[0], "range: bytes=0-");
        assert_string_equal(built.headers[1],
                            "x-amz-content-sha256: "
                            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_string_equal(built.headers[2], "x-amz-security-token: TOKEN");
        assert_string_equal(built.signature.provider, "aws:amz:eu-west-1:s3");
        assert_string_equal(built.signature.access_key, "AKID");
    }
    arena_free(&arena);
    aws_credentials_release(credentials);
    return status;
}

static void builds_the_canonical_form(void **state)
{
    (void)state;
    assert_int_equal(build("check", &error), 0);
    fail_each_allocation(build, NULL);
}

static void without_credentials_nothing_is_signed(void **state)
{
    (void)state;
    struct arena arena = ARENA(1 << 20);
    struct aws_built built;
    assert_int_equal(aws_request_build(&built, &request, NULL, &arena, &error), 0);
    assert_false(built.is_signed);
    assert_int_equal(built.header_count, 1);
    arena_free(&arena);
}

static void a_url_that_is_too_long_is_refused(void **state)
{
    (void)state;
    static char path[4000];
    memset(path, ' ', sizeof path);
    struct aws_request longer = request;
    longer.path = (struct str){path, sizeof path};
    struct arena arena = ARENA(1 << 20);
    struct aws_built built;
    assert_int_equal(aws_request_build(&built, &longer, NULL, &arena, &error), STATUS_INVALID);
    arena_free(&arena);
}

static void uris_are_told_apart(void **state)
{
    (void)state;
    static const char *const good[] = {"s3://abc/k", "s3://a.b-c/k//", "s3://abc/ ", "s3://abc//k",
                                       "s3://abc/\xC3\xA9"};
    static const char *const wrong[] = {
        "",           "s3://",     "s3://abc",      "s3://abc/",    "s3://ab/k", "s3://A_b/k",
        "S3://abc/k", "s3:/abc/k", "s3://abc/\xFF", "http://abc/k", "s3:///k"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(s3_uri_is_valid(good[i]));
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(s3_uri_is_valid(wrong[i]));
    }
}

static void times_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t seconds; /* -1: it is none */
    } cases[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2026-01-02T03:04:05Z", 1767323045},
        {"2026-01-02T03:04:05.678Z", 1767323045},
        {"2026-01-02T03:04:05UTC", 1767323045},
        {"2026-01-02T03:04:05+00:00", 1767323045},
        {"2026-01-02T05:04:05+02:00", 1767323045},
        {"2026-01-01T23:34:05-03:30", 1767323045},
        {"2026-01-02T03:04:05", -1},
        {"2026-13-02T03:04:05Z", -1},
        {"2026-01-02 03:04:05Z", -1},
        {"2026-01-02T03:04:05+2:00", -1},
        {"2026-01-02T03:04:05Zx", -1},
        {"", -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t time = -1000000;
        bool good = timestamp_read(&time, str_from(cases[i].text));
        assert_int_equal(good, cases[i].seconds >= 0);
        assert_int_equal(time, cases[i].seconds * 1000000);
    }
    char text[TIMESTAMP_SIZE];
    timestamp_write(text, 1767323045);
    assert_string_equal(text, "2026-01-02T03:04:05Z");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encodes_all_but_the_unreserved),
        cmocka_unit_test(builds_the_canonical_form),
        cmocka_unit_test(without_credentials_nothing_is_signed),
        cmocka_unit_test(a_url_that_is_too_long_is_refused),
        cmocka_unit_test(uris_are_told_apart),
        cmocka_unit_test(times_are_read),
    };
    return cmocka_run_group_tests_name("request", tests, NULL, NULL);
}
