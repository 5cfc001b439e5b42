#include "store/store.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/compiler.h"
#include "base/memory.h"
#include "store/connection.h"
#include "store/store_error.h"

enum { DEFAULT_POOL_SIZE = 8, LEAST_SERVER_VERSION = 150000 };

#define CONNECT_SECONDS "10"

struct store {
    char *host, *port, *name, *user, *password, *sslmode, *application_name;
    unsigned pool_size;
    unsigned lock_seconds;
    pthread_mutex_t lock;
    pthread_cond_t given_back;
    struct connection *all; /* guarded by lock, as are the taken flags */
    unsigned open;          /* guarded by lock */
};

/* ---- opening and closing ---- */

static void free_connection(struct connection *connection)
{
    PQfreeCancel(connection->cancel);
    PQfreemem(connection->copied);
    PQfinish(connection->pg);
    memory_free(connection);
}

static int check_server(struct connection *connection, struct error *error)
{
    if (PQserverVersion(connection->pg) < LEAST_SERVER_VERSION) {
        const char *version = PQparameterStatus(connection->pg, "server_version");
        return error_set(error, STATUS_INVALID,
                         "the database is PostgreSQL %s; 15 or newer is needed",
                         version == NULL ? "of an unknown version" : version);
    }
    const char *encoding = PQparameterStatus(connection->pg, "server_encoding");
    if (encoding == NULL || strcmp(encoding, "UTF8") != 0) {
        error_set(error, STATUS_INVALID, "the database's encoding is %s; UTF8 is needed",
                  encoding == NULL ? "unknown" : encoding);
        error_hint(error, "create it with: create database ... encoding 'UTF8' template template0");
        return STATUS_INVALID;
    }
    return 0;
}

/* Notices of the server would go to standard error, unformatted and perhaps with values. */
static void ignore_notice(void *context, const char *message)
{
    (void)context;
    (void)message;
}

/* What not every server knows, and nothing depends on. A client that was killed does not leave a long
   statement, and its locks, behind; no long job is ended for being long (PostgreSQL 17). */
static void set_optional(PGconn *pg)
{
    PQclear(PQexec(pg, "set client_connection_check_interval = '2s'"));
    if (PQserverVersion(pg) >= 170000) {
        PQclear(PQexec(pg, "set transaction_timeout = 0"));
    }
}

/* What a database or a role may have as its default and what would change results: forms of values,
   isolation, and time-outs that no long job survives. Notices can come before they are ignored: those
   of a server that stops in this moment. */
static const char session_settings[] = "-c timezone=UTC -c datestyle=ISO -c intervalstyle=postgres"
                                       " -c extra_float_digits=1 -c bytea_output=hex"
                                       " -c default_transaction_isolation=read\\ committed"
                                       " -c standard_conforming_strings=on"
                                       " -c statement_timeout=0"
                                       " -c idle_in_transaction_session_timeout=0"
                                       " -c idle_session_timeout=0"
                                       " -c client_min_messages=error"
                                       /* A client whose machine or network died holds its locks
                                          until the server notices: in a minute. No time-out for
                                          what it has not taken: it may read as slowly as it likes. */
                                       " -c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10"
                                       " -c tcp_keepalives_count=3";

static int open_connection(struct connection **out, struct store *store, struct error *error)
{
    char session[sizeof session_settings + 48];
    snprintf(session, sizeof session, "%s -c lock_timeout=%us", session_settings,
             store->lock_seconds);
    const char *const settings[][2] = {
        {"host", store->host},
        {"port", store->port},
        {"dbname", store->name},
        {"user", store->user},
        {"password", store->password},
        {"sslmode", store->sslmode},
        {"connect_timeout", CONNECT_SECONDS},
        /* A server that lost its power tells nothing: its silence is noticed in a minute. */
        {"keepalives_idle", "30"},
        {"keepalives_interval", "10"},
        {"keepalives_count", "3"},
        {"tcp_user_timeout", "60000"},
        {"client_encoding", "UTF8"},
        {"application_name", store->application_name},
        {"options", session},
    };
    const char *names[ARRAY_LENGTH(settings) + 1] = {NULL};
    const char *values[ARRAY_LENGTH(settings) + 1] = {NULL};
    for (size_t i = 0; i < ARRAY_LENGTH(settings); i++) {
        names[i] = settings[i][0];
        values[i] = settings[i][1];
    }
    struct connection *connection = memory_alloc_zeroed(1, sizeof *connection);
    if (connection == NULL) {
        return error_out_of_memory(error);
    }
    connection->store = store;
    connection->pg = PQconnectdbParams(names, values, 0);
    int status = 0;
    if (connection->pg == NULL || PQstatus(connection->pg) != CONNECTION_OK) {
        status = store_error_connect(error, connection->pg, store->host, store->port);
    } else {
        PQsetNoticeProcessor(connection->pg, ignore_notice, NULL);
        connection->cancel = PQgetCancel(connection->pg);
        status = connection->cancel == NULL ? error_out_of_memory(error)
                                            : check_server(connection, error);
        set_optional(connection->pg);
    }
    if (status != 0) {
        free_connection(connection);
        return status;
    }
    *out = connection;
    return 0;
}

static bool copy_text(char **out, const char *text)
{
    if (text == NULL) {
        return true;
    }
    size_t size = strlen(text) + 1;
    *out = memory_alloc(size);
    if (*out != NULL) {
        memcpy(*out, text, size);
    }
    return *out != NULL;
}

static bool copy_options(struct store *store, const struct store_options *options)
{
    return copy_text(&store->host, options->host) && copy_text(&store->port, options->port) &&
           copy_text(&store->name, options->name) && copy_text(&store->user, options->user) &&
           copy_text(&store->password, options->password) &&
           copy_text(&store->sslmode, options->sslmode) &&
           copy_text(&store->application_name,
                     options->application_name == NULL ? "tuva-empi" : options->application_name);
}

int store_open(struct store **out, const struct store_options *options, struct error *error)
{
    struct store *store = memory_alloc_zeroed(1, sizeof *store);
    if (store == NULL) {
        return error_out_of_memory(error);
    }
    store->pool_size = options->pool_size == 0 ? DEFAULT_POOL_SIZE : options->pool_size;
    store->lock_seconds = options->lock_seconds;
    pthread_mutex_init(&store->lock, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&store->given_back, &monotonic);
    pthread_condattr_destroy(&monotonic);
    struct connection *first;
    int status = copy_options(store, options) ? store_take(&first, store, 0, error)
                                              : error_out_of_memory(error);
    if (status != 0) {
        store_close(store);
        return status;
    }
    store_give_back(first);
    *out = store;
    return 0;
}

void store_close(struct store *store)
{
    if (store == NULL) {
        return;
    }
    for (struct connection *at = store->all; at != NULL;) {
        struct connection *next = at->next;
        free_connection(at);
        at = next;
    }
    pthread_mutex_destroy(&store->lock);
    pthread_cond_destroy(&store->given_back);
    memory_free(store->host);
    memory_free(store->port);
    memory_free(store->name);
    memory_free(store->user);
    memory_free(store->password);
    memory_free(store->sslmode);
    memory_free(store->application_name);
    memory_free(store);
}

/* Reads what has come meanwhile, which finds out that the server closed the connection. Twice: its
   parting words come before the end. */
static bool is_open(struct connection *connection)
{
    bool open = true;
    for (int i = 0; i < 2; i++) {
        open = open && PQconsumeInput(connection->pg) == 1;
    }
    return open && PQstatus(connection->pg) == CONNECTION_OK;
}

/* ---- taking and giving back ---- */

/* With the lock held. */
static void unlink_connection(struct store *store, struct connection *connection)
{
    struct connection **at = &store->all;
    while (*at != connection) {
        at = &(*at)->next;
    }
    *at = connection->next;
    store->open--;
}

/* With the lock held: one that is free, or NULL. */
static struct connection *find_free(struct store *store)
{
    for (struct connection *at = store->all; at != NULL; at = at->next) {
        if (!at->taken) {
            at->taken = true;
            return at;
        }
    }
    return NULL;
}

/* With the lock held; waits. False when the time is up. */
static bool await_room(struct store *store, double until)
{
    struct timespec deadline = {(time_t)until, (long)((until - (double)(time_t)until) * 1e9)};
    return pthread_cond_timedwait(&store->given_back, &store->lock, &deadline) != ETIMEDOUT;
}

int store_take(struct connection **out, struct store *store, double seconds, struct error *error)
{
    double until = clock_monotonic() + seconds;
    pthread_mutex_lock(&store->lock);
    for (;;) {
        struct connection *free = find_free(store);
        if (free != NULL && is_open(free)) {
            pthread_mutex_unlock(&store->lock);
            *out = free;
            return 0;
        }
        if (free != NULL) {
            unlink_connection(store, free);
            free_connection(free);
            continue;
        }
        if (store->open < store->pool_size) {
            break;
        }
        if (!await_room(store, until)) {
            pthread_mutex_unlock(&store->lock);
            error_set(error, STATUS_RESOURCES, "all %u database connections are busy",
                      store->pool_size);
            error_hint(error, "try again, or raise db.pool_size");
            return STATUS_RESOURCES;
        }
    }
    /* The place is taken before the lock is given up: opening is slow. */
    store->open++;
    pthread_mutex_unlock(&store->lock);
    struct connection *opened = NULL;
    int status = open_connection(&opened, store, error);
    pthread_mutex_lock(&store->lock);
    if (status == 0) {
        opened->taken = true;
        opened->next = store->all;
        store->all = opened;
        *out = opened;
    } else {
        store->open--;
        pthread_cond_signal(&store->given_back);
    }
    pthread_mutex_unlock(&store->lock);
    return status;
}

void store_give_back(struct connection *connection)
{
    if (connection == NULL) {
        return;
    }
    struct store *store = connection->store;
    PQfreemem(connection->copied);
    connection->copied = NULL;
    bool reusable = !connection->kept && PQstatus(connection->pg) == CONNECTION_OK &&
                    PQtransactionStatus(connection->pg) == PQTRANS_IDLE;
    pthread_mutex_lock(&store->lock);
    connection->taken = false;
    if (!reusable) {
        unlink_connection(store, connection);
        free_connection(connection);
    }
    pthread_cond_signal(&store->given_back);
    pthread_mutex_unlock(&store->lock);
}

void store_cancel_all(struct store *store)
{
    char ignored[256];
    pthread_mutex_lock(&store->lock);
    for (struct connection *at = store->all; at != NULL; at = at->next) {
        if (at->taken) {
            PQcancel(at->cancel, ignored, sizeof ignored);
        }
    }
    pthread_mutex_unlock(&store->lock);
}

void connection_keep(struct connection *connection)
{
    connection->kept = true;
}

bool connection_alive(struct connection *connection)
{
    struct error ignored;
    if (PQtransactionStatus(connection->pg) == PQTRANS_ACTIVE) {
        return PQstatus(connection->pg) == CONNECTION_OK; /* in a COPY that was not ended */
    }
    return query_run(NULL, connection, "select 1", NULL, 0, &ignored) == 0;
}

/* ---- notifications ---- */

static bool take_notifications(struct connection *connection)
{
    bool any = false;
    PGnotify *notification;
    while ((notification = PQnotifies(connection->pg)) != NULL) {
        PQfreemem(notification);
        any = true;
    }
    return any;
}

int connection_wait(struct connection *connection, double seconds, int wake, bool *notified,
                    struct error *error)
{
    *notified = take_notifications(connection);
    if (*notified) {
        return 0;
    }
    struct pollfd waiting[2] = {
        {.fd = PQsocket(connection->pg), .events = POLLIN},
        {.fd = wake, .events = POLLIN},
    };
    int ready = poll(waiting, 2, (int)(seconds * 1000));
    if (ready < 0 && errno != EINTR) {
        return error_system(error, errno, "cannot wait for the database");
    }
    if (ready > 0 && waiting[1].revents != 0) {
        return error_set(error, STATUS_CANCELLED, "asked to stop");
    }
    if (ready > 0 && !is_open(connection)) {
        return store_error(error, connection->pg, NULL);
    }
    *notified = take_notifications(connection);
    return 0;
}
