#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/docs_page.h"
#include "api/documents.h"
#include "api/yaml_json.h"
#include "base/compiler.h"
#include "base/json_read.h"

static struct error error;

static void assert_json(const char *yaml, const char *expected)
{
    struct text_buffer out = TEXT_BUFFER(1 << 20);
    assert_int_equal(yaml_json_convert(&out, str_from(yaml), &error), 0);
    assert_string_equal(out.ptr, expected);
    text_free(&out);
}

static void yaml_becomes_json(void **state)
{
    (void)state;
    assert_json(
        "a: 1\nb: [x, 'y', \"z\"]\nc: {d: null, e: true, f: 1.5, g: '1'}\n",
        "{\"a\":1,\"b\":[\"x\",\"y\",\"z\"],\"c\":{\"d\":null,\"e\":true,\"f\":1.5,\"g\":\"1\"}}");
    assert_json("- ~\n- -3\n- 'true'\n- nothing\n- >-\n  two\n  lines\n- {}\n- []\n",
                "[null,-3,\"true\",\"nothing\",\"two lines\",{},[]]");
    assert_json("'200': {a b: c}\n", "{\"200\":{\"a b\":\"c\"}}");
}

static void what_json_cannot_say_is_refused(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"a: &x 1\n", "line 1, column 4: anchors and tags have no place here"},
        {"a: !!str 1\n", "line 1, column 4: anchors and tags have no place here"},
        {"? [a]\n: 1\n", "line 1, column 3: a key has to be a text"},
        {"a: [1\n", "line 2, column 1: did not find expected ',' or ']'"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        struct text_buffer out = TEXT_BUFFER(1 << 20);
        assert_int_equal(yaml_json_convert(&out, str_from(bad[i][0]), &error), STATUS_INVALID);
        assert_string_equal(error.message, bad[i][1]);
        text_free(&out);
    }
    struct text_buffer deep = TEXT_BUFFER(1 << 20);
    struct text_buffer out = TEXT_BUFFER(1 << 20);
    for (int i = 0; i < 100; i++) {
        text_append_char(&deep, '[');
    }
    assert_int_equal(yaml_json_convert(&out, text_str(&deep), &error), STATUS_INVALID);
    text_free(&deep);
    text_free(&out);
}

/* Every reference of the document leads somewhere. */
static void check_references(const json_t *schemas, const json_t *value)
{
    const char *key;
    json_t *item;
    const char *reference = json_string_value(json_object_get(value, "$ref"));
    if (reference != NULL && str_starts_with(str_from(reference), STR("#/components/schemas/"))) {
        assert_non_null(json_object_get(schemas, reference + sizeof "#/components/schemas/" - 1));
    }
    json_object_foreach((json_t *)value, key, item)
    {
        check_references(schemas, item);
    }
    for (size_t i = 0; i < json_array_size(value); i++) {
        check_references(schemas, json_array_get(value, i));
    }
}

static void our_document_is_whole(void **state)
{
    (void)state;
    struct text_buffer out = TEXT_BUFFER(1 << 20);
    json_t *document;
    assert_int_equal(yaml_json_convert(&out, str_from(api_openapi_yaml), &error), 0);
    assert_int_equal(json_read(&document, text_str(&out), NULL, &error), 0);
    assert_string_equal(json_string_value(json_object_get(document, "openapi")), "3.0.3");
    check_references(json_object_get(json_object_get(document, "components"), "schemas"), document);
    struct text_buffer page = TEXT_BUFFER(1 << 20);
    docs_page_write(&page, document);
    assert_false(page.failed);
    assert_non_null(strstr(page.ptr, "id=\"create_match\""));
    assert_non_null(strstr(page.ptr, "id=\"PersonRecord\""));
    assert_null(strstr(page.ptr, "<script"));
    assert_null(strstr(page.ptr, "href=\"http"));
    text_free(&page);
    text_free(&out);
    json_decref(document);
}

static void text_in_the_page_is_text(void **state)
{
    (void)state;
    json_t *document;
    static const char text[] =
        "{\"info\": {\"title\": \"<b>\", \"description\": \"`a<b` & \\\"c\\\"\"}, \"paths\": "
        "{\"/<x>\": "
        "{\"get\": {\"operationId\": \"x\", \"summary\": \"<i>\", \"responses\": {}}}}}";
    assert_int_equal(json_read(&document, str_from(text), NULL, &error), 0);
    struct text_buffer page = TEXT_BUFFER(1 << 20);
    docs_page_write(&page, document);
    assert_null(strstr(page.ptr, "<b>"));
    assert_null(strstr(page.ptr, "<i>"));
    assert_null(strstr(page.ptr, "<x>"));
    assert_non_null(strstr(page.ptr, "<code>a&lt;b</code> &amp; &quot;c&quot;"));
    text_free(&page);
    json_decref(document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(yaml_becomes_json),
        cmocka_unit_test(what_json_cannot_say_is_refused),
        cmocka_unit_test(our_document_is_whole),
        cmocka_unit_test(text_in_the_page_is_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
