#include "jobs/queue.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/compiler.h"
#include "empi/job_channel.h"
#include "empi/locks.h"

static enum queue_status read_status(struct str text)
{
    static const struct {
        struct str name;
        enum queue_status status;
    } names[] = {
        {STR("new"), QUEUE_NEW},
        {STR("running"), QUEUE_RUNNING},
        {STR("succeeded"), QUEUE_SUCCEEDED},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        if (str_equal(text, names[i].name)) {
            return names[i].status;
        }
    }
    return QUEUE_FAILED;
}

#define JOB_COLUMNS "id, status, attempts, coalesce(source_uri, ''), coalesce(reason, '')"

static void take_row(struct queue_job *out, const struct rows *rows)
{
    *out = (struct queue_job){
        .id = rows_integer(rows, 0, 0),
        .status = read_status(rows_text(rows, 0, 1)),
        .tries = rows_integer(rows, 0, 2),
    };
    snprintf(out->source_uri, sizeof out->source_uri, "%.*s", STR_ARG(rows_text(rows, 0, 3)));
    snprintf(out->reason, sizeof out->reason, "%.*s", STR_ARG(rows_text(rows, 0, 4)));
}

int queue_add_export(int64_t *out, struct connection *connection, const char *sink_uri,
                     struct error *error)
{
    struct query_parameter parameters[] = {query_text(QUEUE_EXPORT), query_text(sink_uri)};
    struct rows *rows;
    int status = query_run(&rows, connection,
                           "with made as (\n"
                           "    insert into empi.job (job_type, source_uri)\n"
                           "    values ($1, $2)\n"
                           "    returning id\n"
                           ")\n"
                           "select id, pg_notify('" JOB_CHANNEL "', '')\n"
                           "from made",
                           parameters, ARRAY_LENGTH(parameters), error);
    if (status == 0) {
        *out = rows_integer(rows, 0, 0);
        rows_free(rows);
    }
    return status;
}

int queue_first(struct queue_job *out, struct connection *connection, const char *kind,
                struct error *error)
{
    struct query_parameter parameters[] = {query_text(kind)};
    struct rows *rows;
    int status = query_run(&rows, connection,
                           "select " JOB_COLUMNS "\n"
                           "from empi.job\n"
                           "where job_type = $1\n"
                           "    and status in ('new', 'running')\n"
                           "order by id\n"
                           "limit 1",
                           parameters, ARRAY_LENGTH(parameters), error);
    if (status != 0) {
        return status;
    }
    if (rows_count(rows) == 0) {
        *out = (struct queue_job){0};
    } else {
        take_row(out, rows);
    }
    rows_free(rows);
    return 0;
}

int queue_read(struct queue_job *out, struct connection *connection, int64_t id,
               struct error *error)
{
    struct query_parameter parameters[] = {query_integer(id)};
    struct rows *rows;
    int status = query_run(&rows, connection,
                           "select " JOB_COLUMNS "\n"
                           "from empi.job\n"
                           "where id = $1::bigint",
                           parameters, ARRAY_LENGTH(parameters), error);
    if (status != 0) {
        return status;
    }
    if (rows_count(rows) == 0) {
        status = error_set(error, STATUS_NOT_FOUND, "there is no job job_%" PRId64, id);
    } else {
        take_row(out, rows);
    }
    rows_free(rows);
    return status;
}

/* ---- tries ---- */

static struct job_try try_of(const struct queue_job *job)
{
    return (struct job_try){job->id, job->tries};
}

int queue_begin(bool *begun, struct connection *connection, struct queue_job *job, bool running,
                struct error *error)
{
    struct job_try last = try_of(job);
    int status = job_state_count(begun, connection, &last, running, error);
    if (status == 0 && *begun) {
        job->tries++;
    }
    return status;
}

int queue_return(bool *returned, struct connection *connection, const struct queue_job *job,
                 bool counted, struct error *error)
{
    struct job_try current = try_of(job);
    bool ignored;
    return job_state_give_back(returned == NULL ? &ignored : returned, connection, &current,
                               counted, NULL, error);
}

int queue_uncount(struct connection *connection, const struct queue_job *job, struct error *error)
{
    return job_state_uncount(connection, job->id, error);
}

int queue_fail(bool *failed, struct connection *connection, const struct queue_job *job,
               const char *reason, struct error *error)
{
    struct job_try current = try_of(job);
    return job_state_fail(failed, connection, &current, reason, error);
}

int queue_succeed(struct connection *connection, const struct queue_job *job, struct error *error)
{
    struct job_try current = try_of(job);
    bool ignored;
    return job_state_succeed(&ignored, connection, &current, error);
}

int queue_progress(struct connection *connection, const struct queue_job *job, const char *phase,
                   uint64_t done, struct error *error)
{
    struct job_try current = try_of(job);
    return job_state_progress(connection, &current, phase, done, 0, error);
}

int queue_is_matching(bool *out, struct connection *connection, struct error *error)
{
    struct rows *rows;
    /* Shared and for one statement only: two that ask do not take each other for a runner. */
    int status = query_run(&rows, connection,
                           "select not pg_try_advisory_xact_lock_shared(" LOCK_MATCHING_JOB ")",
                           NULL, 0, error);
    if (status == 0) {
        *out = rows_boolean(rows, 0, 0);
        rows_free(rows);
    }
    return status;
}
