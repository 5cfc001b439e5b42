#include "base/wake.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>

static atomic_int wake = -1;

void wake_set(int descriptor)
{
    atomic_store(&wake, descriptor);
}

int wake_descriptor(void)
{
    return atomic_load(&wake);
}

int wake_await(int file, short events, struct error *error)
{
    struct pollfd waiting[] = {
        {.fd = atomic_load(&wake), .events = POLLIN},
        {.fd = file, .events = events},
    };
    /* Without a descriptor the call that follows does the waiting. */
    while (waiting[0].fd >= 0 && poll(waiting, 2, -1) < 0) {
        if (errno != EINTR) {
            return error_system(error, errno, "cannot wait for a file");
        }
    }
    if (waiting[0].revents != 0) {
        return error_set(error, STATUS_CANCELLED, "asked to stop");
    }
    return STATUS_OK;
}
