#include "http/connections.h"

#include <errno.h>
#include <pthread.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/memory.h"
#include "http/timing.h"

/* An idle connection's time when there are few places left. */
static const double crowded_seconds = 5;

struct http_connections {
    struct http_deadlines deadlines;
    unsigned most;
    pthread_t reaper;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* for the reaper: it is to end; for the drain: all are idle */
    /* Guarded by lock. */
    struct http_connection *first;
    unsigned count;
    unsigned busy; /* not in HTTP_PHASE_HEAD */
    bool draining;
    bool closing;
};

/* Wakes the connection's thread for good, whether it waits for the socket or for a download. */
static void cut_off(struct http_connection *connection)
{
    shutdown(connection->socket, SHUT_RDWR);
    if (connection->download != NULL) {
        http_download_cancel(connection->download);
    }
}

static bool is_over(const struct http_connections *all, const struct http_connection *connection,
                    double now)
{
    if (connection->phase == HTTP_PHASE_HEAD) {
        bool crowded = all->count > all->most - all->most / 4;
        return all->draining || now > connection->deadline ||
               (crowded && now > connection->since + crowded_seconds);
    }
    return connection->deadline > 0 && now > connection->deadline;
}

/* Deadlines are kept to a second, short ones (of tests) to a quarter. */
static double interval_of(const struct http_deadlines *deadlines)
{
    double shortest =
        deadlines->head < deadlines->rate_grace ? deadlines->head : deadlines->rate_grace;
    double interval = shortest / 4;
    return interval > 1 ? 1 : interval < 0.01 ? 0.01 : interval;
}

static void *reap(void *context)
{
    struct http_connections *all = context;
    double interval = interval_of(&all->deadlines);
    pthread_mutex_lock(&all->lock);
    while (!all->closing) {
        double now = clock_monotonic();
        for (struct http_connection *at = all->first; at != NULL; at = at->next) {
            if (is_over(all, at, now)) {
                cut_off(at);
            }
        }
        struct timespec end = http_time_in(interval);
        pthread_cond_timedwait(&all->changed, &all->lock, &end);
    }
    pthread_mutex_unlock(&all->lock);
    return NULL;
}

int http_connections_open(struct http_connections **out, const struct http_deadlines *deadlines,
                          unsigned most, struct error *error)
{
    *out = NULL;
    struct http_connections *all = memory_alloc_zeroed(1, sizeof *all);
    if (all == NULL) {
        return error_out_of_memory(error);
    }
    all->deadlines = *deadlines;
    all->most = most;
    int number = http_condition_open(&all->changed);
    if (number != 0) {
        goto no_condition;
    }
    number = pthread_mutex_init(&all->lock, NULL);
    if (number != 0) {
        goto no_lock;
    }
    number = pthread_create(&all->reaper, NULL, reap, all);
    if (number != 0) {
        goto no_thread;
    }
    *out = all;
    return STATUS_OK;
no_thread:
    pthread_mutex_destroy(&all->lock);
no_lock:
    pthread_cond_destroy(&all->changed);
no_condition:
    memory_free(all);
    return error_system(error, number, "cannot start the thread that keeps deadlines");
}

void http_connections_close(struct http_connections *all)
{
    if (all == NULL) {
        return;
    }
    pthread_mutex_lock(&all->lock);
    all->closing = true;
    pthread_cond_broadcast(&all->changed);
    pthread_mutex_unlock(&all->lock);
    pthread_join(all->reaper, NULL);
    pthread_mutex_destroy(&all->lock);
    pthread_cond_destroy(&all->changed);
    memory_free(all);
}

/* ---- under the lock ---- */

static void set_phase(struct http_connections *all, struct http_connection *connection,
                      enum http_phase phase)
{
    bool was_busy = connection->phase != HTTP_PHASE_HEAD;
    bool is_busy = phase != HTTP_PHASE_HEAD;
    all->busy = all->busy + is_busy - was_busy;
    connection->phase = phase;
    connection->since = clock_monotonic();
    connection->paused = 0;
    connection->moved = 0;
    switch (phase) {
    case HTTP_PHASE_HEAD: connection->deadline = connection->since + all->deadlines.head; break;
    case HTTP_PHASE_WORK: connection->deadline = 0; break;
    case HTTP_PHASE_TRANSFER:
        connection->deadline = connection->since + all->deadlines.rate_grace;
        break;
    }
    if (all->draining && all->busy == 0) {
        pthread_cond_broadcast(&all->changed);
    }
}

/* ---- for the connections ---- */

struct http_connection *http_connections_add(struct http_connections *all, int socket)
{
    struct http_connection *connection = memory_alloc_zeroed(1, sizeof *connection);
    if (connection == NULL) {
        return NULL;
    }
    connection->socket = socket;
    pthread_mutex_lock(&all->lock);
    set_phase(all, connection, HTTP_PHASE_HEAD);
    connection->next = all->first;
    if (all->first != NULL) {
        all->first->previous = connection;
    }
    all->first = connection;
    all->count++;
    pthread_mutex_unlock(&all->lock);
    return connection;
}

void http_connections_remove(struct http_connections *all, struct http_connection *connection)
{
    if (connection == NULL) {
        return;
    }
    pthread_mutex_lock(&all->lock);
    set_phase(all, connection, HTTP_PHASE_HEAD);
    if (connection->previous != NULL) {
        connection->previous->next = connection->next;
    } else {
        all->first = connection->next;
    }
    if (connection->next != NULL) {
        connection->next->previous = connection->previous;
    }
    all->count--;
    pthread_mutex_unlock(&all->lock);
    memory_free(connection);
}

void http_connection_begin(struct http_connections *all, struct http_connection *connection,
                           enum http_phase phase)
{
    pthread_mutex_lock(&all->lock);
    set_phase(all, connection, phase);
    pthread_mutex_unlock(&all->lock);
}

void http_connection_moved(struct http_connections *all, struct http_connection *connection,
                           uint64_t bytes)
{
    pthread_mutex_lock(&all->lock);
    if (connection->paused > 0) {
        connection->since += clock_monotonic() - connection->paused;
        connection->paused = 0;
    }
    connection->moved += bytes;
    connection->deadline = connection->since + all->deadlines.rate_grace +
                           (double)connection->moved / (double)all->deadlines.least_rate;
    pthread_mutex_unlock(&all->lock);
}

void http_connection_pause(struct http_connections *all, struct http_connection *connection)
{
    pthread_mutex_lock(&all->lock);
    connection->paused = clock_monotonic();
    connection->deadline = 0;
    pthread_mutex_unlock(&all->lock);
}

void http_connection_set_download(struct http_connections *all, struct http_connection *connection,
                                  struct http_download *download)
{
    pthread_mutex_lock(&all->lock);
    connection->download = download;
    pthread_mutex_unlock(&all->lock);
}

/* ---- the end ---- */

void http_connections_drain(struct http_connections *all, double seconds)
{
    struct timespec end = http_time_in(seconds);
    int number = 0;
    pthread_mutex_lock(&all->lock);
    all->draining = true;
    pthread_cond_broadcast(&all->changed); /* the reaper cuts off the idle ones */
    while (all->busy > 0 && number == 0) {
        number = pthread_cond_timedwait(&all->changed, &all->lock, &end);
    }
    for (struct http_connection *at = all->first; at != NULL; at = at->next) {
        cut_off(at);
    }
    pthread_mutex_unlock(&all->lock);
}

bool http_connections_draining(struct http_connections *all)
{
    pthread_mutex_lock(&all->lock);
    bool draining = all->draining;
    pthread_mutex_unlock(&all->lock);
    return draining;
}
