/* The process runner, with shell scripts in the place of the program. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/memory.h"
#include "jobs/runners/process.h"

static char folder[] = "/tmp/tuva-empi-test-XXXXXX";
static char program[64];
static struct text_buffer lines; /* what was relayed, a line each, "N: " before it */
static unsigned ticks;
static unsigned stops;     /* what the host says there were */
static unsigned stop_tick; /* at this tick another stop comes; 0: none does */

static unsigned stop_count(void)
{
    return stops;
}

static int no_revival(void *context, struct error *error)
{
    (void)context;
    (void)error;
    return 0;
}

static void take_line(void *context, int64_t job_id, struct str line)
{
    (void)context;
    text_appendf(&lines, "%d: %.*s\n", (int)job_id, STR_ARG(line));
}

static void take_tick(void *context)
{
    (void)context;
    ticks++;
    stops += ticks == stop_tick;
}

static void write_program(const char *script)
{
    int file = open(program, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);
    assert_true(file >= 0);
    assert_int_equal(dprintf(file, "#!/bin/sh\n%s\n", script), (int)strlen(script) + 11);
    close(file);
}

static int run_with(struct runner_end *end, unsigned patience, struct error *error)
{
    struct process_runner runner = {
        .program = program, .version = "1.2.3", .options = {"--threads", "2"}};
    process_runner_prepare(&runner);
    const struct jobs_host host = {
        .stop_descriptor = -1,
        .stop_count = stop_count,
        .patience = patience,
        .revive = no_revival,
    };
    const struct runner_call call = {
        .job_id = 7, .host = &host, .line = take_line, .tick = take_tick};
    text_free(&lines);
    lines = TEXT_BUFFER(1 << 20);
    ticks = 0;
    return runner.runner.run(&runner.runner, end, &call, error);
}

static void run(struct runner_end *end, const char *script, unsigned patience)
{
    struct error error;
    write_program(script);
    assert_int_equal(run_with(end, patience, &error), 0);
}

static void gets_job_version_and_options(void **state)
{
    (void)state;
    struct runner_end end;
    run(&end, "echo \"$* $TUVA_EMPI_EXPECTED_VERSION\"", 2);
    assert_int_equal(end.exit_status, 0);
    assert_string_equal(lines.ptr, "7: matching-job --job 7 --threads 2 1.2.3\n");
    assert_string_equal(end.last_words, "");
}

static void relays_both_streams_and_keeps_errors(void **state)
{
    (void)state;
    struct runner_end end;
    run(&end, "echo out; echo one >&2; echo >&2; printf two >&2; exit 3", 2);
    assert_int_equal(end.exit_status, 3);
    assert_non_null(strstr(lines.ptr, "7: out\n"));
    assert_non_null(strstr(lines.ptr, "7: one\n7: \n7: two\n"));
    assert_string_equal(end.last_words, "one\ntwo");
}

static void keeps_the_end_of_much(void **state)
{
    (void)state;
    struct runner_end end;
    run(&end, "i=0; while [ $i -lt 2000 ]; do echo \"line $i\" >&2; i=$((i+1)); done", 2);
    size_t length = strlen(end.last_words);
    assert_in_range(length, RUNNER_WORDS_SIZE - 16, RUNNER_WORDS_SIZE - 1);
    assert_memory_equal(end.last_words, "line ", 5);
    assert_string_equal(end.last_words + length - 9, "line 1999");
    size_t count = 0;
    for (size_t i = 0; i < lines.len; i++) {
        count += lines.ptr[i] == '\n';
    }
    assert_int_equal(count, 2000);
}

static void cuts_long_lines(void **state)
{
    (void)state;
    struct runner_end end;
    run(&end, "head -c 10000 /dev/zero | tr '\\0' x >&2", 2);
    /* 4096, 4096 and 1808 of them; half of the room each is kept, of the last two. */
    assert_int_equal(lines.len, 10000 + 3 * 4);
    assert_int_equal(strspn(end.last_words, "x\n"), strlen(end.last_words));
    assert_true(strlen(end.last_words) > 1000);
}

static void tells_the_signal(void **state)
{
    (void)state;
    struct runner_end end;
    run(&end, "kill -9 $$", 2);
    assert_int_equal(end.exit_status, 128 + 9);
}

static void does_not_wait_for_who_holds_the_pipe(void **state)
{
    (void)state;
    struct runner_end end;
    run(&end, "sleep 30 & echo gone; exit 4", 2);
    assert_int_equal(end.exit_status, 4);
    assert_string_equal(lines.ptr, "7: gone\n");
    assert_true(ticks < 20); /* seconds; the other one sleeps for 30 */
}

static void is_stopped_when_patience_ends(void **state)
{
    (void)state;
    struct runner_end end;
    stops = 1;
    run(&end, "echo finished", 2);
    assert_int_equal(end.exit_status, 0);
    stop_tick = 2;
    run(&end, "trap 'echo asked >&2; exit 5' TERM; while :; do sleep 0.05; done", 2);
    assert_int_equal(end.exit_status, 5);
    assert_string_equal(end.last_words, "asked");
    stops = 1;
    run(&end, "exec sleep 30", 1);
    assert_int_equal(end.exit_status, 128 + 15);
    stops = 2;
    run(&end, "trap '' TERM; while :; do sleep 0.05; done", 1);
    assert_int_equal(end.exit_status, 128 + 9);
    stops = stop_tick = 0;
}

static void a_program_that_is_not_there(void **state)
{
    (void)state;
    struct runner_end end;
    struct error error;
    unlink(program);
    assert_int_equal(run_with(&end, 2, &error), STATUS_IO);
    assert_string_equal(error.message,
                        "cannot start the runner of a matching job: No such file or directory");
}

static void finds_this_program(void **state)
{
    (void)state;
    char path[4096];
    struct error error;
    assert_int_equal(process_runner_own_program(path, sizeof path, &error), 0);
    assert_int_equal(access(path, X_OK), 0);
    assert_non_null(strstr(path, "test-jobs-process"));
}

static int make_folder(void **state)
{
    (void)state;
    snprintf(program, sizeof program, "%s/program", mkdtemp(folder));
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    text_free(&lines);
    unlink(program);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gets_job_version_and_options),
        cmocka_unit_test(relays_both_streams_and_keeps_errors),
        cmocka_unit_test(keeps_the_end_of_much),
        cmocka_unit_test(cuts_long_lines),
        cmocka_unit_test(tells_the_signal),
        cmocka_unit_test(does_not_wait_for_who_holds_the_pipe),
        cmocka_unit_test(is_stopped_when_patience_ends),
        cmocka_unit_test(a_program_that_is_not_there),
        cmocka_unit_test(finds_this_program),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
