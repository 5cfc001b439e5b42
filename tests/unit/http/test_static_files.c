#include "http/static_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "http/response.h"
#include "support.h"

static struct error error;
static char folder[256];

static void put(const char *name, struct str content)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(content.ptr, 1, content.len, file), content.len);
    fclose(file);
}

static int setup(void **state)
{
    (void)state;
    static char script[5000];
    char path[512];
    const char *parent = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/tuva-empi-test-XXXXXX", parent == NULL ? "/tmp" : parent);
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    snprintf(path, sizeof path, "%s/assets", folder);
    mkdir(path, 0700);
    memset(script, 'x', sizeof script);
    put("index.html", STR("a page"));
    put("assets/a.js", (struct str){script, sizeof script});
    put("assets/a.png", (struct str){script, sizeof script});
    put(".hidden", STR("secret"));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    static const char *const names[] = {"assets/a.js", "assets/a.png", "assets",
                                        "index.html",  ".hidden",      ""};
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        (void)remove(path);
    }
    return 0;
}

/* The status of GET; the exchange is to be ended. */
static unsigned get(const struct static_files *files, struct http_exchange *exchange,
                    const char *path, const char *header)
{
    const char *const headers[] = {header, NULL};
    exchange_begin(exchange, headers);
    exchange->path = str_from(path);
    static_files_serve(files, exchange);
    return exchange->response.status;
}

static void serves(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        const char *header;
        unsigned status;
        const char *type;
        size_t least;
        size_t most;
    } cases[] = {
        {"/index.html", NULL, 200, "text/html; charset=utf-8", 6, 6},
        {"/", NULL, 200, "text/html; charset=utf-8", 6, 6},
        {"/persons/p_1", NULL, 200, "text/html; charset=utf-8", 6, 6},
        {"/assets/a.js", NULL, 200, "text/javascript; charset=utf-8", 5000, 5000},
        {"/assets/a%2Ejs", NULL, 200, "text/javascript; charset=utf-8", 5000, 5000},
        {"/assets/a.js", "Accept-Encoding: gzip", 200, "text/javascript; charset=utf-8", 10, 100},
        {"/assets/a.png", "Accept-Encoding: gzip", 200, "image/png", 5000, 5000},
        {"/assets/b.js", NULL, 404, "application/json", 1, 100},
        {"/.hidden", NULL, 404, "application/json", 1, 100},
        {"/index.html%00", NULL, 404, "application/json", 1, 100},
        {"/assets/a.js/", NULL, 200, "text/html; charset=utf-8", 6, 6},
    };
    struct static_files *files;
    assert_int_equal(static_files_open(&files, folder, &error), STATUS_OK);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct http_exchange exchange;
        assert_int_equal(get(files, &exchange, cases[i].path, cases[i].header), cases[i].status);
        assert_string_equal(exchange.response.content_type, cases[i].type);
        assert_in_range(http_response_body(&exchange.response).len, cases[i].least, cases[i].most);
        http_exchange_end(&exchange);
    }
    static_files_close(files);
    static_files_close(NULL);
}

static void knows_what_a_client_has(void **state)
{
    (void)state;
    struct static_files *files;
    struct http_exchange exchange;
    assert_int_equal(static_files_open(&files, folder, &error), STATUS_OK);
    assert_int_equal(get(files, &exchange, "/assets/a.js", NULL), 200);
    char tag[100];
    char header[200];
    struct str found = http_response_header(&exchange.response, "ETag");
    snprintf(tag, sizeof tag, "%.*s", STR_ARG(found));
    http_exchange_end(&exchange);
    static const char *const good[] = {"%s", "W/%s", "\"a\",%s", " * "};
    for (size_t i = 0; i < ARRAY_LENGTH(good); i++) {
        static const char name[] = "If-None-Match: ";
        const char *mark = strstr(good[i], "%s");
        int before = mark == NULL ? (int)strlen(good[i]) : (int)(mark - good[i]);
        snprintf(header, sizeof header, "%s%.*s%s", name, before, good[i], mark ? tag : "");
        assert_int_equal(get(files, &exchange, "/assets/a.js", header), 304);
        assert_int_equal(http_response_body(&exchange.response).len, 0);
        http_exchange_end(&exchange);
    }
    assert_int_equal(get(files, &exchange, "/assets/a.js", "If-None-Match: \"a\""), 200);
    http_exchange_end(&exchange);
    static_files_close(files);
}

static int open_files(void *context, struct error *out)
{
    (void)context;
    struct static_files *files;
    int status = static_files_open(&files, folder, out);
    static_files_close(files);
    return status;
}

static void survives_failing_memory(void **state)
{
    (void)state;
    assert_true(fail_every_allocation(open_files, NULL) >= 8);
}

static void a_folder_may_be_missing(void **state)
{
    (void)state;
    struct static_files *files;
    assert_int_equal(static_files_open(&files, "/nowhere/at/all", &error), STATUS_IO);
    assert_null(files);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(serves, setup, teardown),
        cmocka_unit_test_setup_teardown(knows_what_a_client_has, setup, teardown),
        cmocka_unit_test_setup_teardown(survives_failing_memory, setup, teardown),
        cmocka_unit_test(a_folder_may_be_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
