#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/match_group_json.h"
#include "api/page_json.h"
#include "api/person_json.h"

static struct person_record record = {
    .id = 7,
    .person_uuid = {"u", 1},
    .created = {"c", 1},
    .person_updated = {"p", 1},
};
static const struct person person = {
    .uuid = {"u", 1}, .created = {"c", 1}, .version = 2, .records = &record, .record_count = 1};

static char *write_person(struct text_buffer *out, uint32_t fields)
{
    struct json_writer json;
    json_write_begin(&json, out, 0);
    person_json_write(&json, &person, fields);
    return out->ptr;
}

static void every_field_has_its_name(void **state)
{
    (void)state;
    static const char *const names[PERSON_FIELD_COUNT] = {
        "id",
        "person_id",
        "created",
        "person_updated",
        "matched_or_reviewed",
        "data_source",
        "source_person_id",
        "first_name",
        "last_name",
        "sex",
        "race",
        "birth_date",
        "death_date",
        "social_security_number",
        "address",
        "city",
        "state",
        "zip_code",
        "county",
        "phone",
        "notes",
    };
    for (int i = 0; i < PERSON_FIELD_COUNT; i++) {
        assert_int_equal(person_json_find_field(str_from(names[i])), i);
    }
    static const char *const unknown[] = {"", "ID", "id ", "sha256", "phone,id"};
    for (size_t i = 0; i < ARRAY_LENGTH(unknown); i++) {
        assert_int_equal(person_json_find_field(str_from(unknown[i])), PERSON_FIELD_COUNT);
    }
}

static void fault_16_any_choice_of_fields(void **state)
{
    (void)state;
    struct text_buffer out = TEXT_BUFFER(4096);
    uint32_t fields = 0;
    static const char *const names[] = {"county", "death_date", "phone", "social_security_number"};
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        fields |= UINT32_C(1) << person_json_find_field(str_from(names[i]));
    }
    record.values[RECORD_COUNTY] = STR("k\xC3\xB6");
    assert_string_equal(write_person(&out, fields),
                        "{\"id\":\"p_u\",\"created\":\"c\",\"version\":2,\"records\":"
                        "[{\"death_date\":null,\"social_security_number\":null,"
                        "\"county\":\"k\xC3\xB6\",\"phone\":null}]}");
    text_clear(&out);
    assert_string_equal(write_person(&out, 0), "{\"id\":\"p_u\",\"created\":\"c\","
                                               "\"version\":2,\"records\":[{}]}");
    text_free(&out);
}

static void notes_are_written_in_their_order(void **state)
{
    (void)state;
    struct text_buffer out = TEXT_BUFFER(4096);
    struct person_note notes[] = {
        {.created = STR("t"), .comment = STR("\"a\"\n\x1B"), .author_id = 3, .event_id = 5},
        {.created = STR("u"), .comment = STR("b")},
    };
    uint32_t fields = UINT32_C(1) << PERSON_FIELD_NOTES;
    assert_non_null(strstr(write_person(&out, fields), "\"records\":[{\"notes\":[]}]"));
    text_clear(&out);
    record.notes = notes;
    record.note_count = ARRAY_LENGTH(notes);
    assert_non_null(
        strstr(write_person(&out, fields),
               "\"records\":[{\"notes\":["
               "{\"created\":\"t\",\"comment\":\"\\\"a\\\"\\n\\u001b\",\"author\":\"u_3\","
               "\"match_event_id\":\"me_5\"},"
               "{\"created\":\"u\",\"comment\":\"b\",\"author\":null,\"match_event_id\":null}]}]"));
    record.note_count = 0;
    text_free(&out);
}

static void metadata_may_be_left_out(void **state)
{
    (void)state;
    struct match_group_detail group = {.id = 1, .created = STR("c"), .page = {1, 50, 0}};
    for (int metadata = 0; metadata < 2; metadata++) {
        struct text_buffer out = TEXT_BUFFER(4096);
        struct json_writer json;
        json_write_begin(&json, &out, 0);
        match_group_json_write(&json, &group, PERSON_FIELDS_ALL, metadata);
        assert_int_equal(strstr(out.ptr, "\"metadata\"") != NULL, metadata);
        assert_non_null(strstr(out.ptr, "\"potential_match\":{\"id\":\"pm_1\""));
        assert_non_null(strstr(out.ptr, "\"next_page\":null"));
        text_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_has_its_name),
        cmocka_unit_test(fault_16_any_choice_of_fields),
        cmocka_unit_test(notes_are_written_in_their_order),
        cmocka_unit_test(metadata_may_be_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
