#include "empi/job_state.h"

#include "base/compiler.h"
#include "base/utf8.h"
#include "empi/locks.h"

/* The job is open, and nobody has begun a later try than the one that is spoken of. Fewer may have been
   counted: somebody who lost the database took an earlier one back. */
#define SAME_TRY                        \
    "where id = $1::bigint\n"           \
    "    and attempts <= $2::integer\n" \
    "    and status in ('new', 'running')"

/* Shared, so that two who ask do not take each other for a runner; whoever holds it himself gets it
   once more. In a statement of its own it keeps runners out until the change is made. */
#define NOBODY_RUNS                   \
    "(job_type <> '" JOB_IMPORT "'\n" \
    "        or pg_try_advisory_xact_lock_shared(" LOCK_MATCHING_JOB "))"

/* By the clock: the transaction that ends a job began with it. */
#define NO_PROGRESS                \
    "    phase = null,\n"          \
    "    progress_done = null,\n"  \
    "    progress_total = null,\n" \
    "    updated = clock_timestamp()\n"

/* Ends a job: an UPDATE up to `returning`, and what follows from it. */
#define TAKE_ROWS                                  \
    "    returning id\n"                           \
    "), gone as (\n"                               \
    "    delete from empi.person_record_staging\n" \
    "    where job_id in (\n"                      \
    "        select id\n"                          \
    "        from ended\n"                         \
    "    )\n"                                      \
    ")\n"                                          \
    "select id\n"                                  \
    "from ended"

/* A change is a statement that gives one row when it was made. */
static int change(bool *changed, struct rows **out, struct connection *connection, const char *sql,
                  const struct query_parameter *parameters, size_t count, struct error *error)
{
    struct rows *rows;
    int status = query_run(&rows, connection, sql, parameters, count, error);
    if (status != 0) {
        return status;
    }
    *changed = rows_count(rows) > 0;
    if (out != NULL) {
        *out = rows;
    } else {
        rows_free(rows);
    }
    return 0;
}

/* A program that is told to stop cancels what all of its connections do, and that may hit the very
   statement with which a stopped job is given back. */
static int change_stopped(bool *changed, struct connection *connection, const char *sql,
                          const struct query_parameter *parameters, size_t count,
                          struct error *error)
{
    int status = change(changed, NULL, connection, sql, parameters, count, error);
    return status == STATUS_CANCELLED
               ? change(changed, NULL, connection, sql, parameters, count, error)
               : status;
}

int job_state_count(bool *changed, struct connection *connection, const struct job_try *last,
                    bool running, struct error *error)
{
    struct query_parameter parameters[] = {query_integer(last->job_id), query_integer(last->number),
                                           query_text(running ? "running" : NULL)};
    return change(changed, NULL, connection,
                  "update empi.job\n"
                  "set attempts = attempts + 1,\n"
                  "    status = coalesce($3, status),\n"
                  "    reason = null,\n" NO_PROGRESS SAME_TRY "\n"
                  "    and " NOBODY_RUNS "\n"
                  "returning id",
                  parameters, ARRAY_LENGTH(parameters), error);
}

int job_state_begin(bool *changed, struct connection *connection, struct job_try *current,
                    struct error *error)
{
    struct query_parameter parameters[] = {query_integer(current->job_id),
                                           query_integer(current->number),
                                           query_integer(JOB_MOST_TRIES)};
    struct rows *rows;
    int status =
        change(changed, &rows, connection,
               "update empi.job\n"
               "set status = 'running',\n"
               "    attempts = case $2::integer when 0 then attempts + 1 else attempts end,\n"
               "    reason = null,\n" NO_PROGRESS "where id = $1::bigint\n"
               "    and status in ('new', 'running')\n"
               "    and case $2::integer when 0 then attempts < $3::integer\n"
               "        else attempts <= $2 end\n"
               "returning attempts",
               parameters, ARRAY_LENGTH(parameters), error);
    if (status == 0) {
        current->number =
            *changed && current->number == 0 ? rows_integer(rows, 0, 0) : current->number;
        rows_free(rows);
    }
    return status;
}

int job_state_uncount(struct connection *connection, int64_t job_id, struct error *error)
{
    struct query_parameter parameters[] = {query_integer(job_id)};
    return query_run(NULL, connection,
                     "update empi.job\n"
                     "set attempts = attempts - 1\n"
                     "where id = $1::bigint\n"
                     "    and attempts > 0\n"
                     "    and status in ('new', 'running')",
                     parameters, ARRAY_LENGTH(parameters), error);
}

int job_state_succeed(bool *changed, struct connection *connection, const struct job_try *current,
                      struct error *error)
{
    struct query_parameter parameters[] = {query_integer(current->job_id),
                                           query_integer(current->number)};
    return change(changed, NULL, connection,
                  "update empi.job\n"
                  "set status = 'succeeded',\n"
                  "    reason = null,\n" NO_PROGRESS "where id = $1::bigint\n"
                  "    and attempts <= $2::integer\n"
                  "    and status = 'running'\n"
                  "returning id",
                  parameters, ARRAY_LENGTH(parameters), error);
}

int job_state_progress(struct connection *connection, const struct job_try *current,
                       const char *phase, uint64_t done, uint64_t total, struct error *error)
{
    struct query_parameter parameters[] = {
        query_integer(current->job_id), query_integer(current->number), query_text(phase),
        query_integer((int64_t)done),
        total == 0 ? query_text(NULL) : query_integer((int64_t)total)};
    return query_run(NULL, connection,
                     "update empi.job\n"
                     "set phase = $3,\n"
                     "    progress_done = $4::bigint,\n"
                     "    progress_total = $5::bigint,\n"
                     "    updated = clock_timestamp()\n"
                     "where id = $1::bigint\n"
                     "    and attempts <= $2::integer\n"
                     "    and status = 'running'",
                     parameters, ARRAY_LENGTH(parameters), error);
}

const char *job_state_reason(struct text_buffer *room, const struct error *error)
{
    *room = TEXT_BUFFER(sizeof *error + 64);
    text_appendf(room, "Error: %s%s%s", error->message, error->detail[0] == '\0' ? "" : "\n",
                 error->detail);
    utf8_make_plain(room->ptr, room->len, true);
    return room->failed ? "Error" : room->ptr;
}

int job_state_give_back(bool *changed, struct connection *connection, const struct job_try *current,
                        bool counted, const char *reason, struct error *error)
{
    struct query_parameter parameters[] = {
        query_integer(current->job_id), query_integer(current->number),
        query_integer(counted || current->number == 0 ? 0 : 1), query_text(reason)};
    return change_stopped(changed, connection,
                          "update empi.job\n"
                          "set status = 'new',\n"
                          "    attempts = greatest(attempts - $3::integer, 0),\n"
                          "    reason = $4,\n" NO_PROGRESS SAME_TRY "\n"
                          "    and " NOBODY_RUNS "\n"
                          "returning id",
                          parameters, ARRAY_LENGTH(parameters), error);
}

int job_state_fail(bool *changed, struct connection *connection, const struct job_try *current,
                   const char *reason, struct error *error)
{
    struct query_parameter parameters[] = {query_integer(current->job_id),
                                           query_integer(current->number), query_text(reason)};
    return change_stopped(changed, connection,
                          "with ended as (\n"
                          "    update empi.job\n"
                          "    set status = 'failed',\n"
                          "    reason = $3,\n" NO_PROGRESS SAME_TRY "\n"
                          "    and " NOBODY_RUNS "\n" TAKE_ROWS,
                          parameters, ARRAY_LENGTH(parameters), error);
}

int job_state_cancel(bool *changed, struct connection *connection, int64_t job_id,
                     struct error *error)
{
    struct query_parameter parameters[] = {query_integer(job_id)};
    return change(changed, NULL, connection,
                  "with ended as (\n"
                  "    update empi.job\n"
                  "    set status = 'failed',\n"
                  "    reason = 'Cancelled',\n" NO_PROGRESS "where id = $1::bigint\n"
                  "    and (status = 'new'\n"
                  "        or status = 'running'\n"
                  "            and job_type = '" JOB_IMPORT "'\n"
                  "            and " NOBODY_RUNS ")\n" TAKE_ROWS,
                  parameters, ARRAY_LENGTH(parameters), error);
}
