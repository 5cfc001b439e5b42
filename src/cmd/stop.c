#include "cmd/stop.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/output_file.h"
#include "base/wake.h"

/* Atomics without locks and write() are what a handler may use. */
static atomic_bool held;
static atomic_uint count;
static atomic_int first_signal;
static atomic_int event = -1;

/* The exit status is the shell's for a death by signal. */
static void handle(int number)
{
    unsigned before = atomic_fetch_add(&count, 1);
    if (!atomic_load(&held) || before + 1 >= STOP_MOST) {
        output_files_abandon();
        _exit(128 + number);
    }
    int none = 0;
    atomic_compare_exchange_strong(&first_signal, &none, number);
    const uint64_t one = 1;
    int saved = errno;
    /* It cannot fail: the counter is far from full. */
    ssize_t ignored = write(atomic_load(&event), &one, sizeof one);
    (void)ignored;
    errno = saved;
}

/* What nohup and a shell's "&" have ignored stays ignored. */
static void set_handler(int number, const struct sigaction *action)
{
    struct sigaction before;
    if (sigaction(number, NULL, &before) == 0 && before.sa_handler != SIG_IGN) {
        sigaction(number, action, NULL);
    }
}

void stop_prepare(void)
{
    /* No SA_RESTART: a call that waits comes back, and its caller can look at the count. */
    struct sigaction action = {.sa_handler = handle};
    sigfillset(&action.sa_mask);
    set_handler(SIGINT, &action);
    set_handler(SIGTERM, &action);
    set_handler(SIGHUP, &action);
    /* A reader that went away, or a file that may grow no more, is a failed write with a message,
       not a silent death. */
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, NULL);
    sigaction(SIGXFSZ, &action, NULL);
}

void stop_ignore_interrupts(void)
{
    struct sigaction action = {.sa_handler = SIG_IGN};
    sigaction(SIGINT, &action, NULL);
}

int stop_hold(struct error *error)
{
    if (atomic_load(&held)) {
        return 0;
    }
    int descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (descriptor < 0) {
        return error_system(error, errno, "cannot make an event descriptor");
    }
    atomic_store(&event, descriptor);
    wake_set(descriptor);
    atomic_store(&held, true);
    return 0;
}

unsigned stop_count(void)
{
    return atomic_load(&count);
}

int stop_descriptor(void)
{
    return atomic_load(&event);
}

int stop_check(struct error *error)
{
    return stop_count() == 0 ? 0 : error_set(error, STATUS_CANCELLED, "asked to stop");
}

int stop_exit_status(int exit_status)
{
    int number = atomic_load(&first_signal);
    return exit_status != 0 && number != 0 ? 128 + number : exit_status;
}
