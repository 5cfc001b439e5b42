#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/query.h"
#include "base/compiler.h"

#define FIELD(name, value)    \
    {                         \
        STR(name), STR(value) \
    }

struct reading {
    struct http_exchange exchange;
    struct field_faults faults;
    struct search search;
    struct page_request page;
};

static void read_query(struct reading *out, const struct http_field *items, size_t count)
{
    *out = (struct reading){.exchange = {.arena = ARENA(1 << 20), .query = {items, count}}};
    out->faults.arena = &out->exchange.arena;
    query_read_search(&out->search, &out->page, &out->faults, &out->exchange);
}

static void a_search_is_read(void **state)
{
    (void)state;
    static const struct http_field items[] = {
        FIELD("first_name", "first"), FIELD("first_name", " Ann "), FIELD("last_name", ""),
        FIELD("person_id", "p_0a"),   FIELD("data_source", "a,b"),  FIELD("page", "3"),
        FIELD("page_size", " 1000 "),
    };
    struct reading reading;
    read_query(&reading, items, ARRAY_LENGTH(items));
    assert_false(field_faults_any(&reading.faults));
    assert_true(str_equal(reading.search.first_name, STR("Ann")));
    assert_null(reading.search.last_name.ptr);
    assert_null(reading.search.birth_date.ptr);
    assert_true(str_equal(reading.search.person_id, STR("p_0a")));
    assert_true(str_equal(reading.search.data_source, STR("a,b")));
    assert_int_equal(reading.page.number, 3);
    assert_int_equal(reading.page.size, 1000);
    arena_free(&reading.exchange.arena);
}

static void nothing_is_the_first_page_of_everything(void **state)
{
    (void)state;
    struct reading reading;
    read_query(&reading, NULL, 0);
    assert_false(field_faults_any(&reading.faults));
    assert_int_equal(reading.page.number, 1);
    assert_int_equal(reading.page.size, PAGE_SIZE_DEFAULT);
    arena_free(&reading.exchange.arena);
}

static void all_faults_are_told(void **state)
{
    (void)state;
    static const struct http_field items[] = {FIELD("name", "x"), FIELD("page", "0"),
                                              FIELD("page_size", "1001"), FIELD("", "")};
    static const char *const expected[][2] = {
        {"name", "Unexpected field"},
        {"", "Unexpected field"},
        {"page", "Ensure this value is greater than or equal to 1."},
        {"page_size", "Ensure this value is less than or equal to 1000."},
    };
    struct reading reading;
    read_query(&reading, items, ARRAY_LENGTH(items));
    const struct field_fault *fault = reading.faults.first;
    for (size_t i = 0; i < ARRAY_LENGTH(expected); i++, fault = fault->next) {
        assert_string_equal(fault->field, expected[i][0]);
        assert_string_equal(fault->message, expected[i][1]);
    }
    assert_null(fault);
    arena_free(&reading.exchange.arena);
}

static void pages_are_whole_numbers(void **state)
{
    (void)state;
    static const char *const values[] = {"x", "1.5", "1e3", "99999999999999999999", "-"};
    for (size_t i = 0; i < ARRAY_LENGTH(values); i++) {
        const struct http_field item = {STR("page"), str_from(values[i])};
        struct reading reading;
        read_query(&reading, &item, 1);
        assert_string_equal(reading.faults.first->message, "A valid integer is required.");
        arena_free(&reading.exchange.arena);
    }
}

static void booleans_are_words(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool good, value;
    } cases[] = {{"true", true, true}, {"False", true, false}, {"1", true, true},
                 {"no", true, false},  {"", true, true},       {"maybe", false, true}};
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const struct http_field item = {STR("include_metadata"), str_from(cases[i].text)};
        struct http_exchange exchange = {.arena = ARENA(1 << 20), .query = {&item, 1}};
        struct field_faults faults = {.arena = &exchange.arena};
        bool value = true;
        query_read_boolean(&value, &faults, &exchange, "include_metadata");
        assert_int_equal(faults.count, cases[i].good ? 0 : 1);
        assert_int_equal(value, cases[i].value);
        if (!cases[i].good) {
            assert_string_equal(faults.first->message, "Must be a valid boolean.");
        }
        arena_free(&exchange.arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_search_is_read),
        cmocka_unit_test(nothing_is_the_first_page_of_everything),
        cmocka_unit_test(all_faults_are_told),
        cmocka_unit_test(pages_are_whole_numbers),
        cmocka_unit_test(booleans_are_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
