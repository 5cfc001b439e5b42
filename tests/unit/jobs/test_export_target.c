#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/memory.h"
#include "jobs/export_target.h"

static char folder[] = "/tmp/tuva-empi-test-XXXXXX";
static char path[64];

static void write_to(const char *uri, bool commit)
{
    struct error error;
    struct export_target *target;
    assert_int_equal(export_target_open(&target, uri, &error), 0);
    assert_int_equal(stream_write(target->stream, STR("rows\n"), &error), 0);
    assert_int_not_equal(access(path, F_OK), 0);
    if (commit) {
        assert_int_equal(export_target_commit(target, &error), 0);
    }
    export_target_free(target);
    assert_int_equal(access(path, F_OK) == 0, commit);
    unlink(path);
}

static void a_file_appears_when_it_is_committed(void **state)
{
    (void)state;
    char uri[80];
    snprintf(uri, sizeof uri, "file://%s", path);
    write_to(path, true);
    write_to(path, false);
    write_to(uri, true);
    write_to(uri, false);
    export_target_free(NULL);
}

static void other_places_are_refused(void **state)
{
    (void)state;
    static const char *const uris[] = {"",  "relative.csv", "file://relative", "file://",
                                       "/", "s3://B/k",     "ftp://x/y",       "/nonexistent/a/b"};
    for (size_t i = 0; i < ARRAY_LENGTH(uris); i++) {
        struct error error;
        struct export_target *target;
        assert_int_equal(export_target_open(&target, uris[i], &error), STATUS_INVALID);
        assert_int_not_equal(error.message[0], '\0');
    }
}

static void without_memory(void **state)
{
    (void)state;
    for (uint64_t nth = 1; nth < 20; nth++) {
        struct error error;
        struct export_target *target;
        memory_fail_from(nth);
        int status = export_target_open(&target, path, &error);
        memory_fail_from(0);
        if (status == 0) {
            export_target_free(target);
            assert_true(nth > 1);
            return;
        }
        assert_int_equal(status, STATUS_RESOURCES);
    }
    fail_msg("memory never sufficed");
}

static int make_folder(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "%s/export.csv", mkdtemp(folder));
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_appears_when_it_is_committed),
        cmocka_unit_test(other_places_are_refused),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
