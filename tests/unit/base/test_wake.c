/* Waiting that can be interrupted: wake.c, and its users stream.c and output_file.c. */

#include "base/wake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/stream.h"

static struct error error;

static void waits_for_nothing_without_a_descriptor(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(wake_await(ends[0], POLLIN, &error), 0);
    close(ends[0]);
    close(ends[1]);
}

static void what_is_ready_goes_on(void **state)
{
    (void)state;
    int ends[2];
    int event = eventfd(0, EFD_CLOEXEC);
    assert_int_equal(pipe(ends), 0);
    wake_set(event);
    assert_int_equal(wake_await(ends[1], POLLOUT, &error), 0);
    assert_int_equal(write(ends[1], "x", 1), 1);
    assert_int_equal(wake_await(ends[0], POLLIN, &error), 0);
    /* The end of a pipe is something to read, too. */
    close(ends[1]);
    assert_int_equal(wake_await(ends[0], POLLIN, &error), 0);
    close(ends[0]);
    wake_set(-1);
    close(event);
}

static void a_request_to_stop_ends_it(void **state)
{
    (void)state;
    int ends[2];
    int event = eventfd(1, EFD_CLOEXEC);
    assert_int_equal(pipe(ends), 0);
    wake_set(event);
    assert_int_equal(wake_await(ends[0], POLLIN, &error), STATUS_CANCELLED);
    assert_string_equal(error.message, "asked to stop");
    char path[32];
    snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
    struct stream *stream;
    /* It reads the first bytes when it is opened, to know what it is. */
    int status = stream_open_file(&stream, path, &error);
    assert_int_equal(status, STATUS_CANCELLED);
    wake_set(-1);
    close(event);
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waits_for_nothing_without_a_descriptor),
        cmocka_unit_test(what_is_ready_goes_on),
        cmocka_unit_test(a_request_to_stop_ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
