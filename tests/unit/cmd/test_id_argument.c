#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "cmd/id_argument.h"

#define UUID "0b5c4c5e-1111-4222-8333-0123456789ab"

static struct error error;

static void numbers_with_their_prefix_or_without(void **state)
{
    (void)state;
    int64_t id;
    assert_int_equal(id_argument_job(&id, "7", "JOB", &error), 0);
    assert_int_equal(id, 7);
    assert_int_equal(id_argument_job(&id, "job_12", "JOB", &error), 0);
    assert_int_equal(id, 12);
    assert_int_equal(id_argument_potential_match(&id, "9223372036854775807", &error), 0);
    assert_int_equal(id, INT64_MAX);
    assert_int_equal(id_argument_potential_match(&id, "pm_3", &error), 0);
    assert_int_equal(id, 3);
    static const char *const bad[] = {"",
                                      "0",
                                      "-1",
                                      "+1",
                                      "01",
                                      "1x",
                                      " 1",
                                      "1.5",
                                      "pm_",
                                      "pm_0",
                                      "pm_-1",
                                      "pm_01",
                                      "job_x",
                                      "p_1",
                                      "pr_1",
                                      "PM_1",
                                      "cfg_1",
                                      "pm_pm_1",
                                      "9223372036854775808"};
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        assert_int_equal(id_argument_job(&id, bad[i], "--job", &error), STATUS_USAGE);
        assert_string_equal(error.message, "--job must be the id of a job, as 7 or job_7");
        assert_string_equal(error.hint, "see: tuva-empi jobs");
        assert_int_equal(id_argument_potential_match(&id, bad[i], &error), STATUS_USAGE);
        assert_string_equal(error.message,
                            "pm_N must be the id of a potential match, as 7 or pm_7");
        assert_string_equal(error.hint, "see: tuva-empi potential-matches");
    }
    /* Another kind's. */
    assert_int_equal(id_argument_job(&id, "pm_1", "JOB", &error), STATUS_USAGE);
    assert_int_equal(id_argument_potential_match(&id, "job_1", &error), STATUS_USAGE);
}

static void persons_by_their_uuid(void **state)
{
    (void)state;
    char uuid[OBJECT_ID_UUID_SIZE];
    assert_int_equal(id_argument_person(uuid, "p_" UUID, &error), 0);
    assert_string_equal(uuid, UUID);
    assert_int_equal(id_argument_person(uuid, UUID, &error), 0);
    assert_string_equal(uuid, UUID);
    static const char *const bad[] = {
        "", "1", "p_", "p_1", "pr_1", "pm_" UUID, UUID "0", "0B5C4C5E-1111-4222-8333-0123456789AB"};
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        assert_int_equal(id_argument_person(uuid, bad[i], &error), STATUS_USAGE);
        assert_string_equal(
            error.message,
            "p_UUID must be the id of a person, a uuid in lower case with or without p_");
        assert_string_equal(error.hint, "see: tuva-empi persons search");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_with_their_prefix_or_without),
        cmocka_unit_test(persons_by_their_uuid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
