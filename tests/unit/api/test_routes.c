#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "api/access.h"
#include "api/documents.h"
#include "api/routes.h"
#include "base/compiler.h"
#include "base/json_read.h"

static struct error error;

static json_t *read_document(void)
{
    struct api_documents *documents;
    json_t *document;
    assert_int_equal(api_documents_open(&documents, &error), 0);
    assert_int_equal(json_read(&document, api_documents_json(documents), NULL, &error), 0);
    api_documents_close(documents);
    return document;
}

/* Pages for browsers are none of the API. */
static bool is_described(const struct http_route *route)
{
    return str_starts_with(str_from(route->path), STR(API_PATH "/"));
}

static const json_t *find_operation(const json_t *document, const struct http_route *route)
{
    const char *path = route->path + sizeof API_PATH - 1;
    const char *method = route->method == HTTP_GET      ? "get"
                         : route->method == HTTP_POST   ? "post"
                         : route->method == HTTP_PUT    ? "put"
                         : route->method == HTTP_DELETE ? "delete"
                                                        : "patch";
    return json_object_get(json_object_get(json_object_get(document, "paths"), path), method);
}

static const char *role_of(const struct http_route *route)
{
    static const char *const names[] = {[API_ADMIN] = "admin",
                                        [API_MEMBER] = "member",
                                        [API_SIGNED_IN] = "signed in",
                                        [API_PUBLIC] = "nobody"};
    return names[route->access & API_LEVELS];
}

static const char *restriction_of(const struct http_route *route)
{
    return (route->access & API_CONFIG) != 0   ? "config"
           : (route->access & API_IMPORT) != 0 ? "import"
           : (route->access & API_EXPORT) != 0 ? "export"
                                               : NULL;
}

static bool has_status(const json_t *operation, const char *status)
{
    return json_object_get(json_object_get(operation, "responses"), status) != NULL;
}

static void what_anybody_may_send_is_short(void **state)
{
    (void)state;
    for (size_t i = 0; i < api_route_count; i++) {
        const struct http_route *route = &api_routes[i];
        bool anybody = (route->access & API_LEVELS) == API_PUBLIC;
        assert_true(!anybody || route->bodies == 0 || (route->bodies & HTTP_BODY_SHORT) != 0);
    }
}

static void every_route_is_described_as_it_is(void **state)
{
    (void)state;
    json_t *document = read_document();
    for (size_t i = 0; i < api_route_count; i++) {
        const struct http_route *route = &api_routes[i];
        if (!is_described(route)) {
            continue;
        }
        print_message("%s\n", route->path);
        const json_t *operation = find_operation(document, route);
        assert_non_null(operation);
        assert_string_equal(json_string_value(json_object_get(operation, "x-role")),
                            role_of(route));
        const char *only = json_string_value(json_object_get(operation, "x-admin-only"));
        const char *restriction = restriction_of(route);
        assert_true((only == NULL) == (restriction == NULL));
        assert_true(only == NULL || strcmp(only, restriction) == 0);
        /* What any of its kind may answer. */
        bool open = (route->access & API_LEVELS) == API_PUBLIC;
        assert_true(open || (has_status(operation, "401") && has_status(operation, "403")));
        const json_t *content =
            json_object_get(json_object_get(operation, "requestBody"), "content");
        assert_int_equal((route->bodies & HTTP_BODY_JSON) != 0,
                         json_object_get(content, "application/json") != NULL);
        assert_int_equal((route->bodies & HTTP_BODY_FORM) != 0,
                         json_object_get(content, "multipart/form-data") != NULL);
        assert_true(route->bodies == 0 ||
                    (has_status(operation, "413") && has_status(operation, "415") &&
                     has_status(operation, "400")));
    }
    json_decref(document);
}

static void everything_described_is_a_route(void **state)
{
    (void)state;
    json_t *document = read_document();
    const char *path, *method;
    json_t *item, *operation;
    size_t described = 0, routes = 0;
    json_object_foreach(json_object_get(document, "paths"), path, item)
    {
        json_object_foreach(item, method, operation)
        {
            described++;
        }
    }
    for (size_t i = 0; i < api_route_count; i++) {
        routes += is_described(&api_routes[i]);
    }
    assert_int_equal(described, routes);
    json_decref(document);
}

static void nothing_is_open_by_oversight(void **state)
{
    (void)state;
    for (size_t i = 0; i < api_route_count; i++) {
        const struct http_route *route = &api_routes[i];
        assert_non_null(route->handle);
        /* What is for everybody is this, and signing in. */
        static const char *const open[] = {API_PATH "/health-check",
                                           API_PATH "/schema",
                                           API_PATH "/docs",
                                           API_PATH "/session",
                                           "/",
                                           "/login",
                                           "/login/password",
                                           "/auth/callback",
                                           "/logout"};
        bool expected = false;
        for (size_t j = 0; j < ARRAY_LENGTH(open); j++) {
            expected = expected || strcmp(open[j], route->path) == 0;
        }
        assert_int_equal((route->access & API_LEVELS) == API_PUBLIC, expected);
        /* A body is read into memory, or to the disk, of nobody but who may do something. */
        assert_true(route->bodies == 0 || !expected || strstr(route->path, "import") == NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_anybody_may_send_is_short),
        cmocka_unit_test(every_route_is_described_as_it_is),
        cmocka_unit_test(everything_described_is_a_route),
        cmocka_unit_test(nothing_is_open_by_oversight),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
