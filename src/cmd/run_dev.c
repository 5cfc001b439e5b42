/* `tuva-empi run-dev`: everything in one process, for development. */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/threads.h"
#include "cmd/api_server.h"
#include "cmd/commands.h"
#include "cmd/jobs_host.h"
#include "cmd/stop.h"
#include "identity/identity.h"
#include "jobs/export_worker.h"
#include "jobs/service.h"
#include "store/private_cluster.h"

enum { PORT, LOG_FORMAT };

static const struct command_option options[] = {
    [PORT] = {.name = "port",
              .kind = OPTION_INTEGER,
              .value = "PORT",
              .fallback = "9000",
              .integers = {1, 65535},
              .help = "to listen on, for this machine only"},
    [LOG_FORMAT] = LOG_FORMAT_OPTION,
};

/* The first signal stops a running job, too: it stays in the queue, and whoever develops waits for
   nothing. */
enum { PATIENCE = 1, CANCEL_AT = 2, PATH_SIZE = 4096 };

#define DEVELOPER "user"
#define PASSWORD  "test1234"

/* ---- the surroundings ---- */

/* A user with a known password must never come into an index that is really used: so the data
   directory is another one, and the address one that only this machine reaches. */
static int prepare_environment(const char *port, struct error *error)
{
    char directory[1024];
    char own[sizeof directory + 8];
    if (getenv("TUVA_EMPI_DATA_DIR") == NULL) {
        if (!private_cluster_default_directory(directory, sizeof directory)) {
            error_set(error, STATUS_INVALID, "there is no place for the private PostgreSQL");
            error_hint(error, "name a directory in TUVA_EMPI_DATA_DIR");
            return STATUS_INVALID;
        }
        snprintf(own, sizeof own, "%s-dev", directory);
        if (setenv("TUVA_EMPI_DATA_DIR", own, 1) != 0) {
            return error_out_of_memory(error);
        }
    }
    if (setenv("TUVA_EMPI_SERVER__PORT", port, 1) != 0 ||
        setenv("TUVA_EMPI_SERVER__LISTEN", "127.0.0.1", 1) != 0) {
        return error_out_of_memory(error);
    }
    return 0;
}

static int refuse_config(const struct config *config, struct error *error)
{
    if (config->db.external) {
        error_set(error, STATUS_INVALID, "run-dev works on a private PostgreSQL only");
        error_hint(error, "leave db out of the configuration, or run tuva-empi api, "
                          "matching-service and process_export_jobs");
        return STATUS_INVALID;
    }
    if (config->idp.backend != CONFIG_IDP_LOCAL) {
        error_set(error, STATUS_INVALID, "run-dev has users of its own only");
        error_hint(error, "leave idp out of the configuration, or run tuva-empi api");
        return STATUS_INVALID;
    }
    return 0;
}

/* Before anything is opened: nobody's database is even connected to. */
static int check_config(struct error *error)
{
    struct config *config = NULL;
    int status = config_load(&config, error);
    if (status == 0) {
        status = refuse_config(config, error);
    }
    config_free(config);
    return status;
}

/* Not to an index that others have their users in: the variable may have been set for that one. */
static int check_users(struct identity *identity, struct error *error)
{
    struct arena arena = ARENA(64 << 20);
    struct identity_users users;
    bool known = false;
    bool others = false;
    int status = identity_users_list(&users, &arena, identity, error);
    for (size_t i = 0; status == 0 && i < users.count; i++) {
        bool developer = str_equal(users.items[i].email, STR(DEVELOPER));
        known = known || developer;
        others = others || (!developer && users.items[i].role != IDENTITY_NO_ROLE);
    }
    arena_free(&arena);
    if (status != 0 || known || !others) {
        return status;
    }
    error_set(error, STATUS_INVALID,
              "this index has users of its own, and run-dev would add an admin whose password "
              "everybody knows");
    error_hint(error, "name another directory in TUVA_EMPI_DATA_DIR, or run tuva-empi api");
    return STATUS_INVALID;
}

static int add_developer(struct identity *identity, struct error *error)
{
    int64_t id;
    int status = check_users(identity, error);
    if (status != 0) {
        return status;
    }
    status = identity_local_add(&id, identity, STR(DEVELOPER), STR(PASSWORD), false, IDENTITY_ADMIN,
                                error);
    return status == STATUS_CONFLICT ? 0 : status; /* since the last time */
}

/* ---- the services ---- */

struct services {
    struct index *index;
    struct jobs_host host;
    struct process_runner runner;
    char path[PATH_SIZE];
};

static int run_matching(const struct services *services, struct error *error)
{
    const struct service_options service = {.host = &services->host,
                                            .runner = &services->runner.runner};
    return service_run(&service, error);
}

static int run_exports(const struct services *services, struct error *error)
{
    enum { SLEEP_SECONDS = 10 };
    const struct export_worker_options worker = {.host = &services->host, .sleep = SLEEP_SECONDS};
    return export_worker_run(&worker, error);
}

/* Each runs until the program is asked to stop. One that ends for a reason of its own takes the
   others with it: half of a service is harder to understand than none. */
static int run_one(void *context, unsigned number, struct error *error)
{
    const struct services *services = context;
    int status = number == 0 ? run_matching(services, error) : run_exports(services, error);
    if (stop_count() == 0) {
        kill(getpid(), SIGTERM);
        return status != 0 ? status : error_set(error, STATUS_INTERNAL, "a service has ended");
    }
    return status == STATUS_CANCELLED ? 0 : status; /* a running job was stopped */
}

static int run_services(struct index *index, struct error *error)
{
    enum { SERVICES = 2 };
    struct services services = {.index = index, .host = jobs_host_of(index, PATIENCE)};
    int status = jobs_runner_prepare(&services.runner, index->config, services.path,
                                     sizeof services.path, error);
    return status == 0 ? threads_run(SERVICES, run_one, &services, error) : status;
}

/* ---- the command ---- */

static void greet(const struct config *config)
{
    log_write(LOG_INFO,
              "for development: http://localhost:%u, user \"" DEVELOPER "\", password \"" PASSWORD
              "\"; the API is described on http://localhost:%u/api/v1/docs",
              (unsigned)config->server.port, (unsigned)config->server.port);
}

static int serve(struct index *index, struct error *error)
{
    struct api_server *server = NULL;
    int status = api_server_start(&server, index, error);
    if (status == 0) {
        status = add_developer(api_server_identity(server), error);
    }
    if (status == 0) {
        greet(index->config);
        status = run_services(index, error);
    }
    api_server_stop(server);
    return status;
}

static int run(const struct command_line *line, struct error *error)
{
    static const struct index_options index_options = {
        .name = "tuva-empi run-dev", .cancel_at = CANCEL_AT, .lock_seconds = API_LOCK_SECONDS};
    struct index *index = NULL;
    jobs_log_format(&line->values[LOG_FORMAT]);
    int status = prepare_environment(line->values[PORT].text, error);
    if (status == 0) {
        status = check_config(error);
    }
    if (status == 0) {
        status = index_open(&index, &index_options, error);
    }
    if (status == 0) {
        status = serve(index, error);
    }
    index_close(index);
    return status;
}

const struct command command_run_dev = {
    .name = "run-dev",
    .summary = "Run everything on this machine, for development.",
    .notes = "The HTTP API, the matching service and the export worker in one process, on a\n"
             "private PostgreSQL of its own (TUVA_EMPI_DATA_DIR, by default the usual directory\n"
             "with -dev behind it), reached from this machine only. Sign in as \"" DEVELOPER
             "\" with the\npassword \"" PASSWORD "\". Ctrl-C stops it all; a running job stays in "
             "the queue.",
    .options = options,
    .option_count = ARRAY_LENGTH(options),
    .run = run,
};
