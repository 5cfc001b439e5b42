#include "api/database_watch.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"

enum { PERIOD_MILLISECONDS = 2000, STALE_SECONDS = 6, TAKE_SECONDS = 5 };

struct database_watch {
    struct store *store;
    int (*revive)(void *context, struct error *error);
    void *context;
    struct connection *connection; /* the thread's; NULL: to be opened */
    int closing;                   /* event descriptor that ends the thread */
    pthread_t thread;
    bool failed;                  /* it was logged */
    _Atomic(int64_t) last_answer; /* microseconds on the monotonic clock; 0: it failed */
};

static int64_t now(void)
{
    return (int64_t)(clock_monotonic() * 1e6) + 1;
}

static int ask(struct database_watch *watch, struct error *error)
{
    int status = 0;
    if (watch->connection == NULL) {
        status = store_take(&watch->connection, watch->store, TAKE_SECONDS, error);
        if (status != 0) {
            watch->connection = NULL;
            return status;
        }
        connection_keep(watch->connection);
    }
    status = query_run(NULL, watch->connection, "select 1", NULL, 0, error);
    if (status != 0) {
        store_give_back(watch->connection);
        watch->connection = NULL;
    }
    return status;
}

/* Connections that are all taken are no sign of a dead database: somebody works with them. */
static void note(struct database_watch *watch, int status, const struct error *error)
{
    if (status == 0 || status == STATUS_RESOURCES) {
        if (watch->failed) {
            log_write(LOG_INFO, "the database answers again");
        }
        watch->failed = false;
        atomic_store(&watch->last_answer, now());
        return;
    }
    if (!watch->failed && status != STATUS_CANCELLED) {
        log_error(error);
        watch->failed = true;
    }
    atomic_store(&watch->last_answer, 0);
}

static void *run(void *context)
{
    struct database_watch *watch = context;
    struct pollfd closing = {.fd = watch->closing, .events = POLLIN};
    while (poll(&closing, 1, PERIOD_MILLISECONDS) <= 0) {
        struct error error;
        int status = ask(watch, &error);
        note(watch, status, &error);
        if (status == STATUS_IO && watch->revive != NULL) {
            /* What it says is of no news: the next look tells whether it helped. */
            (void)watch->revive(watch->context, &error);
        }
    }
    store_give_back(watch->connection);
    return NULL;
}

int database_watch_open(struct database_watch **out, struct store *store,
                        int (*revive)(void *context, struct error *error), void *context,
                        struct error *error)
{
    struct database_watch *watch = memory_alloc_zeroed(1, sizeof *watch);
    if (watch == NULL) {
        return error_out_of_memory(error);
    }
    watch->store = store;
    watch->revive = revive;
    watch->context = context;
    atomic_store(&watch->last_answer, now());
    watch->closing = eventfd(0, EFD_CLOEXEC);
    int number = watch->closing < 0 ? errno : pthread_create(&watch->thread, NULL, run, watch);
    if (number != 0) {
        if (watch->closing >= 0) {
            close(watch->closing);
        }
        memory_free(watch);
        return error_system(error, number, "cannot watch the database");
    }
    *out = watch;
    return 0;
}

bool database_watch_is_good(const struct database_watch *watch)
{
    int64_t last = atomic_load(&watch->last_answer);
    return last != 0 && now() - last <= (int64_t)STALE_SECONDS * 1000000;
}

void database_watch_close(struct database_watch *watch)
{
    if (watch != NULL) {
        eventfd_write(watch->closing, 1);
        pthread_join(watch->thread, NULL);
        close(watch->closing);
        memory_free(watch);
    }
}
