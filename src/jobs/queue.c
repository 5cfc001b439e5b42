#include "jobs/queue.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/compiler.h"
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

/* For all changes: the job is open, and nobody has begun a later try than the one that is spoken of.
   Fewer may have been counted: somebody who lost the database took an earlier one back. */
#define SAME_TRY                        \
    "where id = $1::bigint\n"           \
    "    and attempts <= $2::integer\n" \
    "    and status in ('new', 'running')"

/* Runs an UPDATE that ends with SAME_TRY; `more` may be NULL. */
static int change(bool *changed, struct connection *connection, const struct queue_job *job,
                  const char *sql, const struct query_parameter *more, struct error *error)
{
    struct query_parameter parameters[3] = {query_integer(job->id), query_integer(job->tries)};
    size_t count = 2;
    if (more != NULL) {
        parameters[count++] = *more;
    }
    struct rows *rows;
    int status = query_run(&rows, connection, sql, parameters, count, error);
    if (status == 0) {
        *changed = rows_affected(rows) > 0;
        rows_free(rows);
    }
    return status;
}

int queue_begin(bool *begun, struct connection *connection, struct queue_job *job, bool running,
                struct error *error)
{
    struct query_parameter status_after = query_text(running ? "running" : NULL);
    int status = change(begun, connection, job,
                        "update empi.job\n"
                        "set attempts = attempts + 1,\n"
                        "    status = coalesce($3, status),\n"
                        "    updated = now()\n" SAME_TRY,
                        &status_after, error);
    if (status == 0 && *begun) {
        job->tries++;
    }
    return status;
}

int queue_return(struct connection *connection, const struct queue_job *job, bool counted,
                 struct error *error)
{
    struct query_parameter back = query_integer(counted ? 0 : 1);
    bool ignored;
    return change(&ignored, connection, job,
                  "update empi.job\n"
                  "set attempts = greatest(attempts - $3::integer, 0),\n"
                  "    status = 'new',\n"
                  "    phase = null,\n"
                  "    progress_done = null,\n"
                  "    progress_total = null,\n"
                  "    updated = now()\n" SAME_TRY,
                  &back, error);
}

int queue_uncount(struct connection *connection, const struct queue_job *job, struct error *error)
{
    struct query_parameter parameters[] = {query_integer(job->id)};
    return query_run(NULL, connection,
                     "update empi.job\n"
                     "set attempts = attempts - 1\n"
                     "where id = $1::bigint\n"
                     "    and attempts > 0\n"
                     "    and status in ('new', 'running')",
                     parameters, ARRAY_LENGTH(parameters), error);
}

int queue_fail(struct connection *connection, const struct queue_job *job, const char *reason,
               struct error *error)
{
    struct query_parameter why = query_text(reason);
    bool ignored;
    return change(&ignored, connection, job,
                  "with gone as (\n"
                  "    delete from empi.person_record_staging\n"
                  "    where job_id in (\n"
                  "        select id\n"
                  "        from empi.job\n" SAME_TRY "\n"
                  "    )\n"
                  ")\n"
                  "update empi.job\n"
                  "set status = 'failed',\n"
                  "    reason = $3,\n"
                  "    updated = now()\n" SAME_TRY,
                  &why, error);
}

int queue_succeed(struct connection *connection, const struct queue_job *job, struct error *error)
{
    bool ignored;
    return change(&ignored, connection, job,
                  "update empi.job\n"
                  "set status = 'succeeded',\n"
                  "    reason = null,\n"
                  "    phase = null,\n"
                  "    progress_done = null,\n"
                  "    progress_total = null,\n"
                  "    updated = now()\n" SAME_TRY,
                  NULL, error);
}

int queue_progress(struct connection *connection, const struct queue_job *job, const char *phase,
                   uint64_t done, struct error *error)
{
    struct query_parameter parameters[] = {query_integer(job->id), query_text(phase),
                                           query_integer((int64_t)done)};
    return query_run(NULL, connection,
                     "update empi.job\n"
                     "set phase = $2,\n"
                     "    progress_done = $3::bigint,\n"
                     "    updated = now()\n"
                     "where id = $1::bigint",
                     parameters, ARRAY_LENGTH(parameters), error);
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
