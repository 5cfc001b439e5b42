#include "http/client.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <stdarg.h>

#include <cmocka.h>

#include "base/memory.h"
#include "canned_server.h"

static struct error error;
static struct http_client_response response;
static char url[128];

static const char *url_of(const struct canned_server *server, const char *path)
{
    snprintf(url, sizeof url, "http://127.0.0.1:%u%s", server->port, path);
    return url;
}

static void assert_text(struct str text, const char *expected)
{
    assert_int_equal(text.len, strlen(expected));
    assert_memory_equal(text.ptr, expected, text.len);
}

/* One request to a server that answers `answer`; the request's url is set. */
static int ask(struct canned_server *server, const char *answer,
               struct http_client_request *request)
{
    canned_server_start(server, NULL, str_from(answer));
    request->url = url_of(server, "/a/../b%20c?x=");
    int status = http_client_run(&response, request, &error);
    if (status != 0) {
        print_message("%s\n", error.message);
    }
    return status;
}

static void end(struct canned_server *server)
{
    http_client_response_free(&response);
    canned_server_stop(server);
}

static int collect(void *context, struct str piece, struct error *error_)
{
    (void)error_;
    text_append(context, piece);
    return 0;
}

static void gets_an_answer(void **state)
{
    (void)state;
    struct canned_server server;
    struct http_client_request request = {.method = "GET"};
    assert_int_equal(ask(&server,
                         "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Odd:  a: b \r\n\r\nhello",
                         &request),
                     0);
    assert_int_equal(response.status, 200);
    assert_text(text_str(&response.body), "hello");
    assert_int_equal(response.body.ptr[5], '\0');
    assert_int_equal(response.received, 5);
    assert_text(http_client_header(&response, "x-odd"), "a: b");
    assert_null(http_client_header(&response, "x-none").ptr);
    /* The path and the query are sent as they were given. */
    assert_true(str_starts_with(text_str(&server.request), STR("GET /a/../b%20c?x= HTTP/1.1\r\n")));
    end(&server);
}

static void an_empty_answer_is_a_text(void **state)
{
    (void)state;
    struct canned_server server;
    struct http_client_request request = {.method = "DELETE"};
    assert_int_equal(ask(&server, "HTTP/1.1 204 No Content\r\n\r\n", &request), 0);
    assert_int_equal(response.status, 204);
    assert_text(text_str(&response.body), "");
    end(&server);
}

static void headers_of_interim_answers_do_not_count(void **state)
{
    (void)state;
    struct canned_server server;
    struct http_client_request request = {.method = "GET"};
    assert_int_equal(ask(&server,
                         "HTTP/1.1 100 Continue\r\nA: 1\r\n\r\n"
                         "HTTP/1.1 200 OK\r\nB: 2\r\nContent-Length: 0\r\n\r\n",
                         &request),
                     0);
    assert_null(http_client_header(&response, "a").ptr);
    assert_text(http_client_header(&response, "b"), "2");
    end(&server);
}

static void a_redirect_is_an_answer(void **state)
{
    (void)state;
    struct canned_server server;
    struct http_client_request request = {.method = "GET"};
    assert_int_equal(ask(&server,
                         "HTTP/1.1 307 Temporary Redirect\r\nLocation: /other\r\n"
                         "Content-Length: 0\r\n\r\n",
                         &request),
                     0);
    assert_int_equal(response.status, 307);
    assert_int_equal(server.connections, 1);
    end(&server);
}

static void head_waits_for_no_body(void **state)
{
    (void)state;
    struct canned_server server;
    struct http_client_request request = {.method = "HEAD"};
    assert_int_equal(ask(&server, "HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n", &request), 0);
    assert_text(http_client_header(&response, "content-length"), "1234");
    assert_int_equal(response.received, 0);
    end(&server);
}

static void sends_a_body_and_headers(void **state)
{
    (void)state;
    struct canned_server server;
    const char *const headers[] = {"Content-Type: text/csv", "X-One: 1"};
    struct http_client_request request = {
        .method = "PUT", .headers = headers, .header_count = 2, .body = STR("a,b\n")};
    assert_int_equal(ask(&server, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", &request), 0);
    struct str sent = text_str(&server.request);
    assert_true(str_starts_with(sent, STR("PUT ")));
    assert_non_null(memmem(sent.ptr, sent.len, "Content-Type: text/csv\r\n", 24));
    assert_non_null(memmem(sent.ptr, sent.len, "X-One: 1\r\n", 10));
    assert_true(str_ends_with(sent, STR("\r\n\r\na,b\n")));
    end(&server);
}

static void a_post_without_a_body_has_a_length(void **state)
{
    (void)state;
    struct canned_server server;
    struct http_client_request request = {.method = "POST"};
    assert_int_equal(ask(&server, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", &request), 0);
    struct str sent = text_str(&server.request);
    assert_non_null(memmem(sent.ptr, sent.len, "Content-Length: 0\r\n", 19));
    end(&server);
}

/* Gives `left` times the letter x, and nothing when none are left. */
struct source {
    size_t left;
};

static int give(void *context, char *out, size_t size, size_t *got, struct error *error_)
{
    (void)error_;
    struct source *source = context;
    *got = size < source->left ? size : source->left;
    memset(out, 'x', *got);
    source->left -= *got;
    return 0;
}

static void uploads_what_is_read(void **state)
{
    (void)state;
    struct canned_server server;
    struct source source = {.left = 600000};
    struct http_client_request request = {
        .method = "PUT", .upload = give, .upload_size = 600000, .context = &source};
    assert_int_equal(ask(&server, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", &request), 0);
    struct str sent = text_str(&server.request);
    const char *body = memmem(sent.ptr, sent.len, "\r\n\r\n", 4);
    assert_int_equal(sent.ptr + sent.len - body, 4 + 600000);
    end(&server);
}

static void an_upload_that_ends_early_is_a_failure(void **state)
{
    (void)state;
    struct canned_server server;
    struct source source = {.left = 5};
    struct http_client_request request = {
        .method = "PUT", .upload = give, .upload_size = 6, .context = &source};
    assert_int_equal(ask(&server, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", &request),
                     STATUS_IO);
    assert_non_null(strstr(error.message, "ended before its announced length"));
    end(&server);
}

static void hands_on_a_good_body(void **state)
{
    (void)state;
    struct canned_server server;
    struct text_buffer got = TEXT_BUFFER(100);
    struct http_client_request request = {.method = "GET", .download = collect, .context = &got};
    assert_int_equal(
        ask(&server, "HTTP/1.1 206 Partial\r\nContent-Length: 5\r\n\r\nhello", &request), 0);
    assert_text(text_str(&got), "hello");
    assert_int_equal(response.body.len, 0);
    assert_int_equal(response.received, 5);
    text_free(&got);
    end(&server);
}

/* Notes the status and a header in the text that collect() goes on with. */
static int note(void *context, const struct http_client_response *answer, struct error *error_)
{
    (void)error_;
    text_appendf(context, "%u %.*s:", answer->status, STR_ARG(http_client_header(answer, "etag")));
    return 0;
}

static void headers_come_before_the_body(void **state)
{
    (void)state;
    struct canned_server server;
    struct text_buffer got = TEXT_BUFFER(100);
    struct http_client_request request = {
        .method = "GET", .begin = note, .download = collect, .context = &got};
    assert_int_equal(
        ask(&server, "HTTP/1.1 206 Partial\r\nETag: x\r\nContent-Length: 5\r\n\r\nhello", &request),
        0);
    assert_text(text_str(&got), "206 x:hello");
    end(&server);
    /* Also when there is none; but not for a refusal. */
    text_clear(&got);
    assert_int_equal(
        ask(&server, "HTTP/1.1 200 OK\r\nETag: y\r\nContent-Length: 0\r\n\r\n", &request), 0);
    assert_text(text_str(&got), "200 y:");
    end(&server);
    text_clear(&got);
    assert_int_equal(
        ask(&server, "HTTP/1.1 404 No\r\nETag: z\r\nContent-Length: 0\r\n\r\n", &request), 0);
    assert_text(text_str(&got), "");
    text_free(&got);
    end(&server);
}

static void keeps_the_body_of_a_refusal(void **state)
{
    (void)state;
    struct canned_server server;
    struct text_buffer got = TEXT_BUFFER(100);
    struct http_client_request request = {.method = "GET", .download = collect, .context = &got};
    assert_int_equal(
        ask(&server, "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone", &request), 0);
    assert_int_equal(response.status, 404);
    assert_text(text_str(&response.body), "none");
    assert_int_equal(got.len, 0);
    end(&server);
}

static int refuse(void *context, struct str piece, struct error *error_)
{
    (void)context;
    (void)piece;
    return error_set(error_, STATUS_CONFLICT, "no more of this");
}

static void the_receivers_failure_is_the_calls(void **state)
{
    (void)state;
    struct canned_server server;
    struct http_client_request request = {.method = "GET", .download = refuse};
    assert_int_equal(ask(&server, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", &request),
                     STATUS_CONFLICT);
    assert_string_equal(error.message, "no more of this");
    end(&server);
}

static void a_body_beyond_its_limit_is_refused(void **state)
{
    (void)state;
    struct canned_server server;
    struct http_client_request request = {.method = "GET", .most_bytes = 4};
    assert_int_equal(ask(&server, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", &request),
                     STATUS_INVALID);
    assert_non_null(strstr(error.message, "longer than the 4 bytes"));
    end(&server);
    request.most_bytes = 5;
    assert_int_equal(ask(&server, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", &request),
                     0);
    end(&server);
}

static void endless_headers_are_refused(void **state)
{
    (void)state;
    struct canned_server server;
    struct text_buffer answer = TEXT_BUFFER(1 << 20);
    text_append(&answer, STR("HTTP/1.1 200 OK\r\n"));
    for (unsigned i = 0; i < 300; i++) {
        text_appendf(&answer, "X-%u: y\r\n", i);
    }
    text_append(&answer, STR("\r\n"));
    struct http_client_request request = {.method = "GET"};
    assert_int_equal(ask(&server, answer.ptr, &request), STATUS_INVALID);
    assert_non_null(strstr(error.message, "more headers"));
    end(&server);
    text_free(&answer);
}

static void a_cut_answer_is_a_failure(void **state)
{
    (void)state;
    struct canned_server server;
    struct text_buffer got = TEXT_BUFFER(100);
    struct http_client_request request = {.method = "GET", .download = collect, .context = &got};
    assert_int_equal(ask(&server, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", &request),
                     STATUS_IO);
    assert_non_null(strstr(error.message, "in the middle of the answer"));
    assert_int_equal(response.received, 5);
    text_free(&got);
    end(&server);
}

static void an_error_names_the_place_and_no_more(void **state)
{
    (void)state;
    struct canned_server server;
    canned_server_start(&server, NULL, STR(""));
    uint16_t port = server.port;
    canned_server_stop(&server); /* nobody listens there now */
    char place[64];
    snprintf(place, sizeof place, "http://127.0.0.1:%u: ", port);
    snprintf(url, sizeof url, "http://user:secret@127.0.0.1:%u/private/person?name=Jane", port);
    struct http_client_request request = {.method = "GET", .url = url};
    assert_int_equal(http_client_run(&response, &request, &error), STATUS_IO);
    assert_true(str_starts_with(str_from(error.message), str_from(place)));
    assert_null(strstr(error.message, "secret"));
    assert_null(strstr(error.message, "private"));
    assert_null(strstr(error.message, "Jane"));
    http_client_response_free(&response);
}

static void only_http(void **state)
{
    (void)state;
    struct http_client_request request = {.method = "GET", .url = "file:///etc/passwd"};
    assert_int_equal(http_client_run(&response, &request, &error), STATUS_IO);
    assert_non_null(strstr(error.message, "neither http nor https"));
    http_client_response_free(&response);
}

static void time_runs_out(void **state)
{
    (void)state;
    struct canned_server server;
    canned_server_start(&server, NULL, STR(""));
    server.silent = true;
    struct http_client_request request = {
        .method = "GET", .url = url_of(&server, "/"), .seconds = 0.2};
    assert_int_equal(http_client_run(&response, &request, &error), STATUS_IO);
    assert_non_null(strstr(error.message, "no answer in time"));
    end(&server);
}

static void a_request_to_stop_ends_it(void **state)
{
    (void)state;
    int wake[2];
    assert_int_equal(pipe(wake), 0);
    assert_int_equal(write(wake[1], "x", 1), 1);
    struct canned_server server;
    canned_server_start(&server, NULL, STR(""));
    server.silent = true;
    struct http_client_request request = {
        .method = "GET", .url = url_of(&server, "/"), .stop_descriptor = wake[0]};
    assert_int_equal(http_client_run(&response, &request, &error), STATUS_CANCELLED);
    end(&server);
    close(wake[0]);
    close(wake[1]);
}

static void speaks_to_a_socket_file(void **state)
{
    (void)state;
    char folder[] = "/tmp/test-client-XXXXXX";
    assert_non_null(mkdtemp(folder));
    char path[64];
    snprintf(path, sizeof path, "%s/socket", folder);
    struct canned_server server;
    canned_server_start(&server, path, STR("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"));
    struct http_client_request request = {
        .method = "GET", .url = "http://localhost/", .unix_socket = path};
    assert_int_equal(http_client_run(&response, &request, &error), 0);
    assert_text(text_str(&response.body), "hi");
    end(&server);
    unlink(path);
    rmdir(folder);
}

static void the_environments_proxy_is_not_asked(void **state)
{
    (void)state;
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    struct canned_server server;
    struct http_client_request request = {.method = "GET"};
    assert_int_equal(ask(&server, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", &request), 0);
    end(&server);
    unsetenv("http_proxy");
}

static void signs(void **state)
{
    (void)state;
    struct canned_server server;
    const struct http_client_signature signature = {
        .provider = "aws:amz:eu-west-1:s3", .access_key = "AKID", .secret_key = "SECRET"};
    struct http_client_request request = {.method = "GET", .signature = &signature};
    assert_int_equal(ask(&server, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", &request), 0);
    struct str sent = text_str(&server.request);
    assert_non_null(memmem(sent.ptr, sent.len, "AWS4-HMAC-SHA256 Credential=AKID/", 33));
    assert_non_null(memmem(sent.ptr, sent.len, "/eu-west-1/s3/aws4_request", 26));
    assert_null(memmem(sent.ptr, sent.len, "SECRET", 6));
    end(&server);
}

/* Sockets that a child would inherit, but those of the test itself (its pipe, its terminal). */
static int count_inherited(void *context, struct str piece, struct error *error_)
{
    (void)piece;
    (void)error_;
    unsigned *count = context;
    for (int file = 3; file < 256; file++) {
        struct stat info;
        int flags = fcntl(file, F_GETFD);
        struct sockaddr_storage address;
        socklen_t size = sizeof address;
        if (flags >= 0 && (flags & FD_CLOEXEC) == 0 && fstat(file, &info) == 0 &&
            S_ISSOCK(info.st_mode) && getsockname(file, (struct sockaddr *)&address, &size) == 0 &&
            address.ss_family == AF_INET) {
            *count += 1;
        }
    }
    return 0;
}

static void no_child_inherits_a_connection(void **state)
{
    (void)state;
    struct canned_server server;
    unsigned count = 0;
    struct http_client_request request = {
        .method = "GET", .download = count_inherited, .context = &count};
    assert_int_equal(ask(&server, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", &request), 0);
    assert_int_equal(count, 0);
    end(&server);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    struct canned_server server;
    canned_server_start(&server, NULL,
                        STR("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nA: b\r\n\r\nhi"));
    const char *const headers[] = {"X-One: 1"};
    struct http_client_request request = {
        .method = "GET", .url = url_of(&server, "/"), .headers = headers, .header_count = 1};
    int status = STATUS_RESOURCES;
    unsigned failures = 0;
    for (uint64_t nth = 1; status != 0; nth++) {
        memory_fail_only(nth);
        status = http_client_run(&response, &request, &error);
        memory_fail_only(0);
        http_client_response_free(&response);
        failures += status != 0;
        /* Some that curl can do without (a cache) are no failure; then the next one is tried, but
           not for ever. */
        assert_true(nth < 2000);
        assert_true(status == 0 || status == STATUS_RESOURCES || status == STATUS_IO);
    }
    assert_true(failures > 3);
    canned_server_stop(&server);
}

int main(void)
{
    if (http_client_prepare(&error) != 0) {
        return 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gets_an_answer),
        cmocka_unit_test(an_empty_answer_is_a_text),
        cmocka_unit_test(headers_of_interim_answers_do_not_count),
        cmocka_unit_test(a_redirect_is_an_answer),
        cmocka_unit_test(head_waits_for_no_body),
        cmocka_unit_test(sends_a_body_and_headers),
        cmocka_unit_test(a_post_without_a_body_has_a_length),
        cmocka_unit_test(uploads_what_is_read),
        cmocka_unit_test(an_upload_that_ends_early_is_a_failure),
        cmocka_unit_test(hands_on_a_good_body),
        cmocka_unit_test(headers_come_before_the_body),
        cmocka_unit_test(keeps_the_body_of_a_refusal),
        cmocka_unit_test(the_receivers_failure_is_the_calls),
        cmocka_unit_test(a_body_beyond_its_limit_is_refused),
        cmocka_unit_test(endless_headers_are_refused),
        cmocka_unit_test(a_cut_answer_is_a_failure),
        cmocka_unit_test(an_error_names_the_place_and_no_more),
        cmocka_unit_test(only_http),
        cmocka_unit_test(time_runs_out),
        cmocka_unit_test(a_request_to_stop_ends_it),
        cmocka_unit_test(speaks_to_a_socket_file),
        cmocka_unit_test(the_environments_proxy_is_not_asked),
        cmocka_unit_test(signs),
        cmocka_unit_test(no_child_inherits_a_connection),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests_name("http client", tests, NULL, NULL);
}
