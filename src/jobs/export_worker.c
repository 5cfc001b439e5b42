#include "jobs/export_worker.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/log.h"
#include "empi/exports.h"
#include "empi/job_state.h"
#include "jobs/export_target.h"
#include "jobs/locks.h"
#include "jobs/queue.h"
#include "jobs/session.h"

enum { TAKE_SECONDS = 30 };

#define STANDBY_INTERVAL 2.0

struct worker {
    const struct export_worker_options *options;
    struct jobs_session session;
    uint64_t done;         /* jobs since the last pause */
    struct queue_job lost; /* the database went away in the middle of it; id 0: there is none */
    bool finished;
};

/* ---- one job ---- */

/* A connection of its own: the session's has the lock. */
static int write_export(uint64_t *rows, struct worker *worker, struct export_target *target,
                        bool *database_lost, struct error *error)
{
    struct connection *connection;
    int status = store_take(&connection, worker->options->host->store, TAKE_SECONDS, error);
    *database_lost = status != 0;
    if (status != 0) {
        return status;
    }
    status = exports_potential_matches(rows, connection, target->stream, error);
    if (status == STATUS_IO) {
        /* The one or the other end of it; a statement that is cut off leaves no clean connection. */
        *database_lost = !connection_alive(connection);
    }
    store_give_back(connection);
    return status;
}

static int export_to_target(uint64_t *rows, struct worker *worker, const char *uri,
                            bool *database_lost, struct error *error)
{
    struct export_target *target;
    int status = export_target_open(&target, uri, error);
    if (status != 0) {
        return status;
    }
    status = write_export(rows, worker, target, database_lost, error);
    if (status == 0) {
        status = export_target_commit(target, error);
    }
    export_target_free(target);
    return status;
}

static int fail(struct worker *worker, const struct queue_job *job, const struct error *failure,
                struct error *error)
{
    struct text_buffer text;
    const char *reason = job_state_reason(&text, failure);
    log_write(LOG_ERROR, "job_%" PRId64 " failed: %s", job->id, failure->message);
    bool ignored;
    int status = queue_fail(&ignored, worker->session.connection, job, reason, error);
    text_free(&text);
    return status;
}

static int run_job(struct worker *worker, const struct queue_job *job, struct error *error)
{
    struct error failure;
    uint64_t rows = 0;
    bool database_lost = false;
    log_write(LOG_INFO, "job_%" PRId64 ": exporting", job->id);
    int status = queue_progress(worker->session.connection, job, "exporting", 0, error);
    if (status != 0) {
        return status;
    }
    status = export_to_target(&rows, worker, job->source_uri, &database_lost, &failure);
    if (status == 0) {
        status = queue_succeed(worker->session.connection, job, error);
        if (status == 0) {
            log_write(LOG_INFO, "job_%" PRId64 " succeeded: %" PRIu64 " rows", job->id, rows);
        }
        return status;
    }
    if (status != STATUS_CANCELLED && !database_lost) {
        return fail(worker, job, &failure, error);
    }
    /* Nobody's fault, and the export can be made again. */
    struct error ignored;
    if (queue_return(NULL, worker->session.connection, job, false, &ignored) != 0) {
        worker->lost = *job;
    }
    *error = failure;
    return status;
}

/* ---- the loop ---- */

static int wait_for_work(struct worker *worker, double seconds, struct error *error)
{
    worker->done = 0;
    worker->finished = worker->options->once;
    return worker->finished ? 0 : jobs_session_wait(&worker->session, seconds, error);
}

static int give_up(struct worker *worker, const struct queue_job *job, struct error *error)
{
    struct error failure;
    error_set(&failure, STATUS_INTERNAL, "the worker died %" PRId64 " times while it was exporting",
              job->tries);
    return fail(worker, job, &failure, error);
}

static int step(struct worker *worker, struct error *error)
{
    const struct export_worker_options *options = worker->options;
    struct queue_job job;
    int status = 0;
    if (worker->lost.id != 0) {
        status = queue_return(NULL, worker->session.connection, &worker->lost, false, error);
        worker->lost.id = status == 0 ? 0 : worker->lost.id;
    }
    if (status == 0) {
        status = queue_first(&job, worker->session.connection, QUEUE_EXPORT, error);
    }
    if (status != 0) {
        return status;
    }
    jobs_session_recovered(&worker->session);
    if (job.id == 0) {
        return wait_for_work(worker, options->sleep, error);
    }
    if (options->most > 0 && worker->done >= options->most) {
        worker->done = 0;
        worker->finished = options->once;
        return options->once ? 0 : jobs_session_pause(&worker->session, options->sleep, error);
    }
    if (job.tries >= QUEUE_MOST_TRIES) {
        return give_up(worker, &job, error);
    }
    bool begun;
    status = queue_begin(&begun, worker->session.connection, &job, true, error);
    worker->done++;
    return status == 0 && begun ? run_job(worker, &job, error) : status;
}

static int work(struct worker *worker, struct error *error)
{
    int status = 0;
    while (status == 0 && !worker->finished) {
        if (worker->options->host->stop_count() > 0) {
            return error_set(error, STATUS_CANCELLED, "asked to stop");
        }
        status = jobs_session_hold(&worker->session, "export worker", error);
        if (status == 0) {
            status = worker->session.active ? step(worker, error)
                                            : wait_for_work(worker, STANDBY_INTERVAL, error);
        }
    }
    return status;
}

int export_worker_run(const struct export_worker_options *options, struct error *error)
{
    struct worker worker = {
        .options = options,
        .session = {.host = options->host, .lock = LOCK_EXPORT_WORKER},
    };
    int status;
    for (;;) {
        status = work(&worker, error);
        /* A statement that somebody else has cancelled is no request to stop. */
        bool stopped = status == STATUS_CANCELLED && options->host->stop_count() > 0;
        if (status == 0 || stopped || options->once) {
            break;
        }
        const struct error failure = *error;
        status = jobs_session_recover(&worker.session, &failure, error);
        if (status != 0) {
            break;
        }
    }
    jobs_session_end(&worker.session);
    unsigned stops = options->host->stop_count();
    if (status == STATUS_CANCELLED && stops > 0 && stops < options->host->patience) {
        log_write(LOG_INFO, "export worker: stopped");
        status = 0;
    }
    return status;
}
