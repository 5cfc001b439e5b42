#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/match_request.h"
#include "base/json_read.h"
#include "base/memory.h"

#define UUID "0123abcd-4567-89ef-a012-b3456789cdef"

static const char good[] =
    "{\"potential_match_id\": \"pm_7\", \"potential_match_version\": 3, \"person_updates\": ["
    " {\"id\": \"p_" UUID "\", \"version\": \"2\","
    "  \"new_person_record_ids\": [\"pr_1\", \" pr_2 \"]},"
    " {\"new_person_record_ids\": []}],"
    " \"comments\": [{\"person_record_id\": \"pr_1\", \"comment\": \" so \"}]}";

static struct error error;

struct reading {
    struct arena arena;
    struct field_faults faults;
    struct manual_match match;
    json_t *body;
};

static int read_text(struct reading *out, const char *text)
{
    *out = (struct reading){.arena = ARENA(1 << 20)};
    out->faults.arena = &out->arena;
    int status = json_read(&out->body, str_from(text), NULL, &error);
    return status == 0 ? match_request_read(&out->match, &out->faults, out->body, &error) : status;
}

static void done(struct reading *reading)
{
    json_decref(reading->body);
    arena_free(&reading->arena);
}

static void a_body_becomes_a_decision(void **state)
{
    (void)state;
    struct reading reading;
    assert_int_equal(read_text(&reading, good), 0);
    const struct manual_match *match = &reading.match;
    assert_int_equal(match->group_id, 7);
    assert_int_equal(match->group_version, 3);
    assert_int_equal(match->person_count, 2);
    assert_string_equal(match->persons[0].uuid, UUID);
    assert_true(match->persons[0].has_version);
    assert_int_equal(match->persons[0].version, 2);
    assert_int_equal(match->persons[0].record_count, 2);
    assert_int_equal(match->persons[0].record_ids[1], 2);
    assert_null(match->persons[1].uuid);
    assert_false(match->persons[1].has_version);
    assert_int_equal(match->persons[1].record_count, 0);
    assert_int_equal(match->comment_count, 1);
    assert_true(str_equal(match->comments[0].text, STR("so")));
    assert_int_equal(match->user_id, 0);
    done(&reading);
}

/* The faults of a body, "field: message" or the message alone, one a line. */
static void assert_faults(const char *body, const char *expected)
{
    struct reading reading;
    assert_int_equal(read_text(&reading, body), STATUS_INVALID);
    assert_string_equal(error.message, "Validation failed");
    struct text_buffer lines = TEXT_BUFFER(1 << 16);
    for (const struct field_fault *at = reading.faults.first; at != NULL; at = at->next) {
        text_appendf(&lines, "%s%s%s\n", at->field == NULL ? "" : at->field,
                     at->field == NULL ? "" : ": ", at->message);
    }
    assert_string_equal(lines.ptr, expected);
    text_free(&lines);
    done(&reading);
}

static void faults_have_their_fields(void **state)
{
    (void)state;
    assert_faults("[1]", "Invalid data. Expected a dictionary, but got list.\n");
    assert_faults("{\"potential_match_id\": true, \"potential_match_version\": 99999999999999999.5,"
                  " \"person_updates\": null, \"comments\": null}",
                  "potential_match_id: Not a valid string.\n"
                  "potential_match_version: A valid integer is required.\n"
                  "person_updates: This field may not be null.\n"
                  "comments: This field may not be null.\n");
    assert_faults("{\"potential_match_id\": \"pm_1\", \"potential_match_version\": false,"
                  " \"person_updates\": [null, {\"id\": \"p_" UUID "\", \"version\": \"1x\","
                  " \"new_person_record_ids\": [\"pr_1\", \"pr_0\"]}]}",
                  "potential_match_version: A valid integer is required.\n"
                  "person_updates.0: Invalid data. Expected a dictionary, but got NoneType.\n"
                  "person_updates.1.version: A valid integer is required.\n"
                  "person_updates.1.new_person_record_ids.1: Invalid PersonRecord ID\n");
}

static void comments_have_an_end(void **state)
{
    (void)state;
    enum { MOST = 10000 };
    for (int more = 0; more < 2; more++) {
        struct text_buffer body = TEXT_BUFFER(1 << 16);
        text_append(&body, STR("{\"potential_match_id\": \"pm_1\", \"potential_match_version\": 1,"
                               " \"person_updates\": [{\"new_person_record_ids\": [\"pr_1\"]}],"
                               " \"comments\": [{\"person_record_id\": \"pr_1\", \"comment\": \""));
        for (int i = 0; i < MOST + more; i++) {
            text_append(&body, STR("ü"));
        }
        text_append(&body, STR("\"}]}"));
        if (more == 0) {
            struct reading reading;
            assert_int_equal(read_text(&reading, body.ptr), 0);
            done(&reading);
        } else {
            assert_faults(body.ptr, "comments.0.comment: Ensure this field has no more than 10000 "
                                    "characters.\n");
        }
        text_free(&body);
    }
}

static void long_keys_are_cut_and_many_faults_end(void **state)
{
    (void)state;
    struct text_buffer body = TEXT_BUFFER(1 << 20);
    text_append(&body, STR("{\""));
    for (int i = 0; i < 5000; i++) {
        text_append_char(&body, 'k');
    }
    text_append(&body, STR("\": 1"));
    for (int i = 0; i < 2 * FIELD_FAULTS_MOST; i++) {
        text_appendf(&body, ", \"k%d\": 1", i);
    }
    text_append_char(&body, '}');
    struct reading reading;
    assert_int_equal(read_text(&reading, body.ptr), STATUS_INVALID);
    assert_int_equal(reading.faults.count, FIELD_FAULTS_MOST);
    assert_int_equal(strlen(reading.faults.first->field), 200);
    done(&reading);
    text_free(&body);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    static const char *const bodies[] = {good, "{\"person_updates\": [5], \"unknown\": 1}"};
    static const int wanted[] = {0, STATUS_INVALID};
    for (size_t i = 0; i < ARRAY_LENGTH(bodies); i++) {
        int status = STATUS_RESOURCES;
        for (uint64_t nth = 1; status == STATUS_RESOURCES; nth++) {
            struct reading reading;
            memory_fail_from(nth);
            status = read_text(&reading, bodies[i]);
            memory_fail_from(0);
            done(&reading);
        }
        assert_int_equal(status, wanted[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_body_becomes_a_decision),
        cmocka_unit_test(faults_have_their_fields),
        cmocka_unit_test(comments_have_an_end),
        cmocka_unit_test(long_keys_are_cut_and_many_faults_end),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
