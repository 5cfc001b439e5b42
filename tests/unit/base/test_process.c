#include "base/process.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "support.h"

static struct error error;

/* A shell, which is on every machine that the tests run on. */
#define SHELL(script) ((const char *const[]){"sh", "-c", (script), NULL})

static int run_shell(const char *script, const struct process_options *options,
                     struct text_buffer *output)
{
    static const struct process_options usual;
    error = (struct error){0};
    return process_run(SHELL(script), options == NULL ? &usual : options, output, &error);
}

static void assert_output(const char *script, const struct process_options *options,
                          const char *expected)
{
    struct text_buffer output = TEXT_BUFFER(1 << 16);
    assert_int_equal(run_shell(script, options, &output), 0);
    assert_string_equal(output.ptr == NULL ? "" : output.ptr, expected);
    text_free(&output);
}

/* ---- run ---- */

static void both_streams_come_in_order(void **state)
{
    (void)state;
    assert_output("echo a; echo b >&2; echo c", NULL, "a\nb\nc\n");
    assert_output("true", NULL, "");
}

static void output_is_appended(void **state)
{
    (void)state;
    struct text_buffer output = TEXT_BUFFER(100);
    text_append(&output, STR("before "));
    assert_int_equal(run_shell("printf x", NULL, &output), 0);
    assert_string_equal(output.ptr, "before x");
    text_free(&output);
}

/* More than a pipe holds, and more than the buffer: the child is not kept waiting. */
static void what_does_not_fit_is_dropped(void **state)
{
    (void)state;
    struct text_buffer output = TEXT_BUFFER(1000);
    assert_int_equal(run_shell("yes | head -c 1000000", NULL, &output), 0);
    assert_int_equal(output.len, 1000);
    assert_false(output.failed);
    text_free(&output);
}

static void a_failure_tells_the_last_line(void **state)
{
    (void)state;
    struct text_buffer output = TEXT_BUFFER(1000);
    text_append(&output, STR("not of it\n"));
    assert_int_equal(run_shell("echo first; echo last >&2; exit 7", NULL, &output), STATUS_IO);
    assert_string_equal(error.message, "sh ended with status 7: last");
    text_clear(&output);
    assert_int_equal(run_shell("exit 1", NULL, &output), STATUS_IO);
    assert_string_equal(error.message, "sh ended with status 1");
    const struct process_options named = {.name = "pg_ctl"};
    assert_int_equal(run_shell("exit 1", &named, &output), STATUS_IO);
    assert_string_equal(error.message, "pg_ctl ended with status 1");
    text_free(&output);
}

static void a_program_that_is_missing_is_told(void **state)
{
    (void)state;
    struct text_buffer output = TEXT_BUFFER(1000);
    const struct process_options usual = {0};
    const char *const words[] = {"/nonexistent/program", NULL};
    assert_int_equal(process_run(words, &usual, &output, &error), STATUS_IO);
    assert_string_equal(error.message,
                        "cannot start /nonexistent/program: No such file or directory");
    struct process process;
    assert_int_equal(process_spawn(&process, words, &usual, &error), STATUS_IO);
    assert_int_equal(process.pid, 0);
    assert_int_equal(process.output, -1);
    text_free(&output);
}

/* ---- what the child gets ---- */

static void the_environment_is_ours_and_more(void **state)
{
    (void)state;
    setenv("TEST_PROCESS_KEPT", "kept", 1);
    setenv("TEST_PROCESS_CHANGED", "old", 1);
    static const char *const added[] = {"TEST_PROCESS_CHANGED=new", "TEST_PROCESS=1", NULL};
    const struct process_options options = {.environment = added};
    assert_output("echo $TEST_PROCESS_KEPT $TEST_PROCESS_CHANGED $TEST_PROCESS$TEST_PROCESS_",
                  &options, "kept new 1\n");
    /* The first of two counts for getenv, but not for every program: there must be one. */
    assert_output("env | grep -c ^TEST_PROCESS_CHANGED=", &options, "1\n");
    unsetenv("TEST_PROCESS_KEPT");
    unsetenv("TEST_PROCESS_CHANGED");
}

static void standard_input_is_empty_unless_kept(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "typed\n", 6), 6);
    close(ends[1]);
    int before = dup(STDIN_FILENO);
    assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    assert_output("cat", NULL, "");
    const struct process_options options = {.keep_input = true};
    assert_output("cat", &options, "typed\n");
    assert_int_equal(dup2(before, STDIN_FILENO), STDIN_FILENO);
    close(before);
    close(ends[0]);
}

static void no_other_descriptor_is_inherited(void **state)
{
    (void)state;
    int leaky = open("/dev/null", O_RDONLY); /* not close-on-exec */
    assert_true(leaky > 2);
    /* The shell's own listing has one open for the folder. */
    assert_output("ls /proc/self/fd | tr '\\n' ' '", NULL, "0 1 2 3 ");
    close(leaky);
}

static void signals_are_as_if_nobody_had_touched_them(void **state)
{
    (void)state;
    struct sigaction before;
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    assert_int_equal(sigaction(SIGPIPE, &ignore, &before), 0);
    sigset_t set;
    sigset_t mask;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    assert_int_equal(sigprocmask(SIG_BLOCK, &set, &mask), 0);
    struct text_buffer output = TEXT_BUFFER(1000);
    assert_int_equal(run_shell("kill -PIPE $$", NULL, &output), STATUS_IO);
    assert_string_equal(error.message, "sh ended with status 141");
    assert_int_equal(run_shell("kill -TERM $$", NULL, &output), STATUS_IO);
    assert_string_equal(error.message, "sh ended with status 143");
    text_free(&output);
    sigprocmask(SIG_SETMASK, &mask, NULL);
    sigaction(SIGPIPE, &before, NULL);
}

static void a_group_of_its_own(void **state)
{
    (void)state;
    char ours[32];
    snprintf(ours, sizeof ours, "%d\n", (int)getpgrp());
    assert_output("cut -d ' ' -f 5 /proc/$$/stat", NULL, ours);
    struct text_buffer output = TEXT_BUFFER(100);
    const struct process_options options = {.own_group = true};
    assert_int_equal(run_shell("cut -d ' ' -f 5 /proc/$$/stat; echo $$", &options, &output), 0);
    long group = strtol(output.ptr, NULL, 10);
    long self = strtol(strchr(output.ptr, '\n'), NULL, 10);
    assert_int_equal(group, self);
    text_free(&output);
}

/* ---- spawn and wait ---- */

static void read_to_end(int descriptor, char *out, size_t size)
{
    size_t used = 0;
    ssize_t got;
    while ((got = read(descriptor, out + used, size - 1 - used)) > 0) {
        used += (size_t)got;
    }
    out[used] = '\0';
}

static void streams_can_be_read_apart(void **state)
{
    (void)state;
    const struct process_options options = {.read_output = true, .read_errors = true};
    struct process process;
    assert_int_equal(
        process_spawn(&process, SHELL("echo out; echo err >&2; exit 3"), &options, &error), 0);
    char out[64];
    char err[64];
    read_to_end(process.output, out, sizeof out);
    read_to_end(process.errors, err, sizeof err);
    int exit_status;
    assert_int_equal(process_wait(&process, &exit_status, &error), 0);
    assert_string_equal(out, "out\n");
    assert_string_equal(err, "err\n");
    assert_int_equal(exit_status, 3);
    assert_int_equal(process.pid, 0);
    assert_int_equal(process.output, -1);
}

static void output_can_be_thrown_away(void **state)
{
    (void)state;
    const struct process_options options = {.read_errors = true, .discard_all = true};
    struct process process;
    assert_int_equal(process_spawn(&process, SHELL("to=$(readlink /proc/$$/fd/1); echo $to >&2"),
                                   &options, &error),
                     0);
    char err[64];
    read_to_end(process.errors, err, sizeof err);
    int exit_status;
    assert_int_equal(process_wait(&process, &exit_status, &error), 0);
    assert_string_equal(err, "/dev/null\n");
}

static void a_signal_is_128_and_its_number(void **state)
{
    (void)state;
    const struct process_options options = {.discard_all = true};
    struct process process;
    int exit_status;
    assert_int_equal(process_spawn(&process, SHELL("kill -9 $$"), &options, &error), 0);
    assert_int_equal(process_wait(&process, &exit_status, &error), 0);
    assert_int_equal(exit_status, 128 + SIGKILL);
    process.pid = 1 << 30;
    assert_int_equal(process_wait(&process, &exit_status, &error), STATUS_IO);
}

static void awaiting_ends_with_the_child(void **state)
{
    (void)state;
    const struct process_options options = {.discard_all = true};
    struct process process;
    bool ended = false;
    int exit_status;
    assert_int_equal(process_spawn(&process, SHELL("exit 5"), &options, &error), 0);
    assert_int_equal(process_await(&process, -1, &ended, &error), 0);
    assert_true(ended);
    assert_int_equal(process_wait(&process, &exit_status, &error), 0);
    assert_int_equal(exit_status, 5);
}

static void awaiting_ends_with_a_wake(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "x", 1), 1);
    const struct process_options options = {.discard_all = true};
    const char *const words[] = {"sleep", "100", NULL};
    struct process process;
    bool ended = true;
    int exit_status;
    double began = clock_monotonic();
    assert_int_equal(process_spawn(&process, words, &options, &error), 0);
    assert_int_equal(process_await(&process, ends[0], &ended, &error), 0);
    assert_false(ended);
    assert_int_equal(kill(process.pid, SIGTERM), 0);
    assert_int_equal(process_wait(&process, &exit_status, &error), 0);
    assert_int_equal(exit_status, 128 + SIGTERM);
    assert_true(clock_monotonic() - began < 50);
    close(ends[0]);
    close(ends[1]);
}

/* ---- memory ---- */

static int run_true(void *context, struct error *failure)
{
    (void)context;
    static const struct process_options options = {.discard_all = true};
    struct text_buffer output = TEXT_BUFFER(100);
    int status = process_run(SHELL("true"), &options, &output, failure);
    text_free(&output);
    return status;
}

static void every_failed_allocation_is_told(void **state)
{
    (void)state;
    assert_true(fail_every_allocation(run_true, NULL) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_streams_come_in_order),
        cmocka_unit_test(output_is_appended),
        cmocka_unit_test(what_does_not_fit_is_dropped),
        cmocka_unit_test(a_failure_tells_the_last_line),
        cmocka_unit_test(a_program_that_is_missing_is_told),
        cmocka_unit_test(the_environment_is_ours_and_more),
        cmocka_unit_test(standard_input_is_empty_unless_kept),
        cmocka_unit_test(no_other_descriptor_is_inherited),
        cmocka_unit_test(signals_are_as_if_nobody_had_touched_them),
        cmocka_unit_test(a_group_of_its_own),
        cmocka_unit_test(streams_can_be_read_apart),
        cmocka_unit_test(output_can_be_thrown_away),
        cmocka_unit_test(a_signal_is_128_and_its_number),
        cmocka_unit_test(awaiting_ends_with_the_child),
        cmocka_unit_test(awaiting_ends_with_a_wake),
        cmocka_unit_test(every_failed_allocation_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
