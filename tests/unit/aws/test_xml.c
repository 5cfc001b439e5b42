#include "aws/xml.h"

#include "support.h"

static struct error error;

static const char answer[] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                             "<Result xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\" a=\"b\">\n"
                             "  <Id> x&amp;y </Id><Empty/>\n"
                             "  <Part><Number>1</Number></Part><Part><Number>2</Number></Part>\n"
                             "</Result>";

static void finds_elements_by_the_end_of_their_path(void **state)
{
    (void)state;
    struct xml xml;
    assert_int_equal(xml_read(&xml, STR(answer), &error), 0);
    assert_text(xml_find(&xml, "Result/Id"), "x&y");
    assert_text(xml_find(&xml, "Id"), "x&y");
    assert_text(xml_find(&xml, "Part/Number"), "1");
    assert_text(xml_find(&xml, "Empty"), "");
    assert_non_null(xml_find(&xml, "Empty").ptr);
    assert_null(xml_find(&xml, "d").ptr);    /* the end of a name is no name */
    assert_null(xml_find(&xml, "Part").ptr); /* has elements in it */
    assert_int_equal(xml.count, 4);
    xml_free(&xml);
}

static void refuses_what_is_no_plain_document(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "text",
        "<a>",
        "<a></b>",
        "<a>&undefined;</a>",
        "<!DOCTYPE a [<!ENTITY e \"x\">]><a>&e;</a>",
        "<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>",
        "<a/><b/>",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct xml xml;
        assert_int_equal(xml_read(&xml, str_from(wrong[i]), &error), STATUS_INVALID);
    }
}

static void is_limited(void **state)
{
    (void)state;
    struct text_buffer text = TEXT_BUFFER(4 << 20);
    struct xml xml;
    for (int depth = XML_MOST_DEPTH; depth <= XML_MOST_DEPTH + 1; depth++) {
        text_clear(&text);
        for (int i = 0; i < depth; i++) {
            text_append(&text, STR("<a>"));
        }
        for (int i = 0; i < depth; i++) {
            text_append(&text, STR("</a>"));
        }
        bool good = depth == XML_MOST_DEPTH;
        assert_int_equal(xml_read(&xml, text_str(&text), &error), good ? 0 : STATUS_INVALID);
        if (good) {
            xml_free(&xml);
        }
    }
    text_clear(&text);
    text_append(&text, STR("<a>"));
    for (int i = 0; i <= XML_MOST_ITEMS; i++) {
        text_append(&text, STR("<b/>"));
    }
    text_append(&text, STR("</a>"));
    assert_int_equal(xml_read(&xml, text_str(&text), &error), STATUS_INVALID);
    /* A name longer than any path. */
    text_clear(&text);
    text_append_char(&text, '<');
    for (int i = 0; i < 600; i++) {
        text_append_char(&text, 'n');
    }
    text_append(&text, STR("/>"));
    assert_int_equal(xml_read(&xml, text_str(&text), &error), STATUS_INVALID);
    text_free(&text);
}

static int read_answer(void *context, struct error *failure)
{
    (void)context;
    struct xml xml;
    int status = xml_read(&xml, STR(answer), failure);
    if (status == 0) {
        xml_free(&xml);
    }
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    fail_each_allocation(read_answer, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_elements_by_the_end_of_their_path),
        cmocka_unit_test(refuses_what_is_no_plain_document),
        cmocka_unit_test(is_limited),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests_name("xml", tests, NULL, NULL);
}
