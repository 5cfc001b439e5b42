#include "cmd/wait_for_job.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cmd/jobs_host.h"
#include "cmd/progress.h"
#include "jobs/job_list.h"
#include "jobs/queue.h"
#include "jobs/service.h"

enum { PATH_SIZE = 4096, TAKE_SECONDS = 10, PATIENCE = 1 };

struct waiting {
    struct index *index;
    int64_t job_id;
    struct progress progress;
    char phase[64]; /* that is shown; empty: none yet */
};

/* The job's own phase, or what it waits for. */
static void show_row(struct waiting *waiting, const struct rows *rows)
{
    struct str phase = rows_text(rows, 0, JOB_PHASE);
    bool waits = phase.ptr == NULL;
    phase = waits ? STR("waiting for the jobs before it") : phase;
    if (!str_equal(phase, str_from(waiting->phase))) {
        snprintf(waiting->phase, sizeof waiting->phase, "%.*s", STR_ARG(phase));
        bool pairs = strcmp(waiting->phase, "scoring pairs") == 0;
        progress_begin(&waiting->progress, waiting->phase,
                       waits   ? NULL
                       : pairs ? "pairs"
                               : "records");
    }
    progress_update(&waiting->progress, (uint64_t)rows_integer(rows, 0, JOB_DONE),
                    (uint64_t)rows_integer(rows, 0, JOB_TOTAL));
}

/* Progress is a courtesy: when the database cannot tell it, there is none. */
static void tick(void *context)
{
    struct waiting *waiting = context;
    struct connection *connection;
    struct error ignored;
    struct rows *rows;
    if (waiting->progress.quiet ||
        store_take(&connection, waiting->index->store, 0, &ignored) != 0) {
        return;
    }
    if (job_find(&rows, connection, waiting->job_id, &ignored) == 0) {
        show_row(waiting, rows);
        rows_free(rows);
    }
    store_give_back(connection);
}

static int read_job(struct queue_job *out, struct index *index, int64_t job_id, struct error *error)
{
    struct connection *connection;
    int status = store_take(&connection, index->store, TAKE_SECONDS, error);
    if (status == 0) {
        status = queue_read(out, connection, job_id, error);
        store_give_back(connection);
    }
    return status;
}

/* What the job came to. */
static int tell_end(struct index *index, int64_t job_id, bool quiet, struct error *error)
{
    struct queue_job job;
    int status = read_job(&job, index, job_id, error);
    if (status != 0) {
        return status;
    }
    if (job.status != QUEUE_SUCCEEDED) {
        size_t length = strcspn(job.reason, "\n");
        error_set(error, STATUS_INVALID, "job_%" PRId64 " failed: %.*s", job_id, (int)length,
                  job.reason);
        if (job.reason[length] != '\0') {
            error_detail(error, "%s", job.reason + length + 1);
        }
        return STATUS_INVALID;
    }
    if (!quiet) {
        fprintf(stderr, "job_%" PRId64 " succeeded\n", job_id);
    }
    return 0;
}

int wait_for_job(struct index *index, int64_t job_id, bool quiet, struct error *error)
{
    struct waiting waiting = {.index = index, .job_id = job_id};
    char path[PATH_SIZE];
    struct process_runner runner;
    progress_init(&waiting.progress, quiet);
    int status = jobs_runner_prepare(&runner, index->config, path, sizeof path, error);
    if (status == 0) {
        /* Its progress is read from the database, like that of a job that runs elsewhere. */
        runner.options[0] = "--quiet";
        const struct jobs_host host = jobs_host_of(index, PATIENCE);
        const struct service_options service = {
            .host = &host,
            .runner = &runner.runner,
            .until_job = job_id,
            .quiet = true,
            .tick = tick,
            .context = &waiting,
        };
        status = service_run(&service, error);
    }
    progress_end(&waiting.progress);
    if (status == STATUS_CANCELLED) {
        error_hint(error, "job_%" PRId64 " stays in the queue", job_id);
    }
    return status == 0 ? tell_end(index, job_id, quiet, error) : status;
}
