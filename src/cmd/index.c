#include "cmd/index.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/memory.h"
#include "base/wake.h"
#include "cmd/stop.h"
#include "store/migrate.h"
#include "store/private_cluster.h"

/* How often what was cancelled is cancelled again: a query may have begun just after. */
enum { CANCEL_MILLISECONDS = 100 };

struct opened {
    struct index index; /* first: it is what callers hold */
    struct config *config;
    struct private_cluster *cluster; /* NULL: an external server */
    pthread_mutex_t reviving;        /* one thread at a time brings the cluster back */
    char port[16];
    pthread_t watcher;
    bool watching;
    int closing; /* event descriptor that ends the watcher; -1: none */
    unsigned cancel_at;
};

/* ---- signals ---- */

/* Cancelling takes locks and talks to the server, which no signal handler may do. */
static void *watch(void *context)
{
    struct opened *opened = context;
    struct pollfd waiting[2] = {
        {.fd = opened->closing, .events = POLLIN},
        {.fd = stop_descriptor(), .events = POLLIN},
    };
    for (;;) {
        /* The signals' descriptor stays readable: from the first one on, only time passes. */
        bool stopping = stop_count() > 0;
        poll(waiting, stopping ? 1 : 2, stopping ? CANCEL_MILLISECONDS : -1);
        if (waiting[0].revents != 0) {
            return NULL;
        }
        if (stop_count() >= opened->cancel_at) {
            store_cancel_all(opened->index.store);
        }
    }
}

static int start_watcher(struct opened *opened, struct error *error)
{
    opened->closing = eventfd(0, EFD_CLOEXEC);
    if (opened->closing < 0) {
        return error_system(error, errno, "cannot make an event descriptor");
    }
    int failure = pthread_create(&opened->watcher, NULL, watch, opened);
    opened->watching = failure == 0;
    return failure == 0 ? 0 : error_system(error, failure, "cannot start a thread");
}

static void stop_watcher(struct opened *opened)
{
    if (opened->watching) {
        eventfd_write(opened->closing, 1);
        pthread_join(opened->watcher, NULL);
    }
    if (opened->closing >= 0) {
        close(opened->closing);
    }
}

/* ---- the database ---- */

void index_forget_environment(bool external)
{
    static const char *const names[] = {"PGHOSTADDR",         "PGSERVICE",
                                        "PGSERVICEFILE",      "PGOPTIONS",
                                        "PGCLIENTENCODING",   "PGREQUIREPEER",
                                        "PGSSLMODE",          "PGREQUIRESSL",
                                        "PGCHANNELBINDING",   "PGTARGETSESSIONATTRS",
                                        "PGLOADBALANCEHOSTS", "PGREQUIREAUTH",
                                        "PGGSSENCMODE",       "PGPASSWORD",
                                        "PGPASSFILE",         "PGDATA"};
    enum { WHERE_IT_IS = 3 };
    for (size_t i = 0; i < (external ? WHERE_IT_IS : ARRAY_LENGTH(names)); i++) {
        unsetenv(names[i]);
    }
}

static int find_database(struct opened *opened, struct error *error)
{
    const struct config *config = opened->config;
    struct store_options *database = &opened->index.database;
    index_forget_environment(config->db.external);
    if (config->db.external) {
        snprintf(opened->port, sizeof opened->port, "%u", (unsigned)config->db.port);
        *database = (struct store_options){
            .host = config->db.host,
            .port = opened->port,
            .name = config->db.name,
            .user = config->db.user,
            .password = config->db.password,
            .sslmode = config->db.sslmode,
        };
    } else {
        char directory[1024];
        if (!private_cluster_default_directory(directory, sizeof directory)) {
            error_set(error, STATUS_INVALID, "there is no place for the private PostgreSQL");
            error_hint(error, "name a directory in TUVA_EMPI_DATA_DIR, or a server in db.host");
            return STATUS_INVALID;
        }
        int status = private_cluster_open(&opened->cluster, directory, error);
        if (status != 0) {
            return status;
        }
        private_cluster_options(opened->cluster, database);
    }
    database->pool_size = config->db.pool_size;
    return 0;
}

/* A private database has no administrator who would do it. */
static int prepare_schema(struct opened *opened, struct error *error)
{
    unsigned current;
    int status = migrate_current(&current, opened->index.store, error);
    if (status == 0 && current < migration_count && opened->cluster != NULL) {
        struct migrate_report ignored;
        status = migrate_to(&ignored, opened->index.store, MIGRATE_LATEST, error);
    }
    return status != 0 ? status : migrate_check(opened->index.store, error);
}

/* From now on a signal asks to stop. */
static int hold_signals(struct opened *opened, struct error *error)
{
    int status = stop_hold(error);
    if (opened->cancel_at > 1) {
        wake_set(-1); /* what is being written when the first signal comes is to be finished */
    }
    return status;
}

static int open_all(struct opened *opened, const struct index_options *options, struct error *error)
{
    int status = config_load(&opened->config, error);
    if (status != 0) {
        return status;
    }
    opened->index.config = opened->config;
    /* A cluster that is being made must not be cut off; waiting for a server that does not answer may. */
    if (!opened->config->db.external) {
        status = hold_signals(opened, error);
    }
    if (status == 0) {
        status = find_database(opened, error);
    }
    if (status == 0) {
        status = stop_check(error);
    }
    if (status == 0) {
        opened->index.database.application_name = options->name;
        opened->index.database.lock_seconds = options->lock_seconds;
        status = store_open(&opened->index.store, &opened->index.database, error);
    }
    if (status == 0) {
        status = hold_signals(opened, error);
    }
    if (status == 0) {
        status = start_watcher(opened, error);
    }
    if (status == 0 && !options->any_schema) {
        status = prepare_schema(opened, error);
    }
    return status;
}

int index_open(struct index **out, const struct index_options *options, struct error *error)
{
    static const struct index_options usual;
    options = options == NULL ? &usual : options;
    struct opened *opened = memory_alloc_zeroed(1, sizeof *opened);
    if (opened == NULL) {
        return error_out_of_memory(error);
    }
    opened->closing = -1;
    pthread_mutex_init(&opened->reviving, NULL);
    opened->cancel_at = options->cancel_at == 0 ? 1 : options->cancel_at;
    int status = open_all(opened, options, error);
    if (status != 0) {
        index_close(&opened->index);
        return status;
    }
    *out = &opened->index;
    return 0;
}

int index_revive(struct index *index, struct error *error)
{
    struct opened *opened = (struct opened *)index;
    if (opened->cluster == NULL) {
        return 0;
    }
    pthread_mutex_lock(&opened->reviving);
    int status = private_cluster_revive(opened->cluster, error);
    pthread_mutex_unlock(&opened->reviving);
    return status;
}

void index_close(struct index *index)
{
    struct opened *opened = (struct opened *)index;
    if (opened == NULL) {
        return;
    }
    stop_watcher(opened);
    store_close(opened->index.store);
    private_cluster_close(opened->cluster);
    config_free(opened->config);
    pthread_mutex_destroy(&opened->reviving);
    memory_free(opened);
}
