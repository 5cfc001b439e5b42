/* A matching job from its choice to its end. */

#include "empi/matching.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/compiler.h"
#include "empi/locks.h"
#include "empi/matching_internal.h"

enum {
    TAKE_SECONDS = 30,
    LARGE_JOB = 10000, /* new records; below that any plan will do */
};

/* ---- phases ---- */

/* Progress is a courtesy: that it cannot be written fails nothing. */
static void write_progress(struct matching *matching, uint64_t done, uint64_t total)
{
    struct error ignored;
    struct query_parameter parameters[] = {
        query_integer(matching->report->job_id), query_text(matching->phase),
        query_integer((int64_t)done),
        total == 0 ? query_text(NULL) : query_integer((int64_t)total)};
    (void)query_run(NULL, matching->beside,
                    "update empi.job\n"
                    "set phase = $2,\n"
                    "    progress_done = $3::bigint,\n"
                    "    progress_total = $4::bigint,\n"
                    "    updated = now()\n"
                    "where id = $1::bigint",
                    parameters, ARRAY_LENGTH(parameters), &ignored);
    matching->shown = clock_monotonic();
}

static bool show(const struct matching *matching, uint64_t done, uint64_t total)
{
    const struct matching_options *options = matching->options;
    return options->show == NULL || options->show(options->context, matching->phase, done, total);
}

int matching_phase(struct matching *matching, const char *phase, struct error *error)
{
    matching->phase = phase;
    write_progress(matching, 0, 0);
    return show(matching, 0, 0) ? 0 : error_set(error, STATUS_CANCELLED, "cancelled");
}

bool matching_progress(struct matching *matching, uint64_t done, uint64_t total)
{
    if (clock_monotonic() - matching->shown >= 1) {
        write_progress(matching, done, total);
    }
    return show(matching, done, total);
}

int matching_query(struct matching *matching, const char *sql, uint64_t *affected,
                   struct error *error)
{
    struct query_parameter parameters[] = {query_integer(matching->report->job_id)};
    struct rows *rows;
    int status =
        query_run(&rows, matching->connection, sql, parameters, ARRAY_LENGTH(parameters), error);
    if (status == 0) {
        if (affected != NULL) {
            *affected = rows_affected(rows);
        }
        rows_free(rows);
    }
    return status;
}

/* ---- the choice ---- */

/* A lock that a runner of before still holds goes as soon as the server notices its death. */
static int lock_jobs(struct matching *matching, struct error *error)
{
    int status = query_script(matching->connection,
                              "set local lock_timeout = '10s';\n"
                              "select pg_advisory_xact_lock(" LOCK_MATCHING_JOB ");\n"
                              "set local lock_timeout = default",
                              error);
    if (status == STATUS_CONFLICT) {
        error_set(error, STATUS_CONFLICT, "another matching job is running");
        error_hint(error, "wait until it has ended");
    }
    return status;
}

static int find_first(int64_t *job_id, int64_t *config_id, struct connection *connection,
                      struct error *error)
{
    struct rows *rows;
    int status = query_run(&rows, connection,
                           "select id, config_id\n"
                           "from empi.job\n"
                           "where job_type = 'import-person-records'\n"
                           "    and status in ('new', 'running')\n"
                           "order by id\n"
                           "limit 1",
                           NULL, 0, error);
    if (status == 0) {
        *job_id = rows_count(rows) == 0 ? 0 : rows_integer(rows, 0, 0);
        *config_id = rows_count(rows) == 0 ? 0 : rows_integer(rows, 0, 1);
        rows_free(rows);
    }
    return status;
}

static int refuse_job(int64_t wanted, int64_t first, struct connection *connection,
                      struct error *error)
{
    struct query_parameter parameters[] = {query_integer(wanted)};
    struct rows *rows;
    int status = query_run(&rows, connection,
                           "select job_type, status\n"
                           "from empi.job\n"
                           "where id = $1::bigint",
                           parameters, 1, error);
    if (status != 0) {
        return status;
    }
    if (rows_count(rows) == 0) {
        status = error_set(error, STATUS_NOT_FOUND, "there is no job job_%" PRId64, wanted);
    } else if (!str_equal(rows_text(rows, 0, 0), STR("import-person-records"))) {
        status = error_set(error, STATUS_CONFLICT, "job_%" PRId64 " is no import", wanted);
    } else if (first != 0 && first < wanted) {
        error_set(error, STATUS_CONFLICT, "job_%" PRId64 " comes before job_%" PRId64, first,
                  wanted);
        error_hint(error, "jobs run in the order of their ids");
        status = STATUS_CONFLICT;
    } else {
        status = error_set(error, STATUS_CONFLICT, "job_%" PRId64 " has already %.*s", wanted,
                           STR_ARG(rows_text(rows, 0, 1)));
    }
    rows_free(rows);
    return status;
}

/* ---- the job ---- */

/* From here on it cannot be taken back; a job that has been is not begun. */
static int mark_running(struct matching *matching, int64_t job_id, struct error *error)
{
    struct query_parameter parameters[] = {query_integer(job_id)};
    struct rows *rows;
    int status = query_run(&rows, matching->beside,
                           "update empi.job\n"
                           "set status = 'running',\n"
                           "    reason = null,\n"
                           "    updated = now()\n"
                           "where id = $1::bigint\n"
                           "    and status in ('new', 'running')",
                           parameters, 1, error);
    if (status != 0) {
        return status;
    }
    if (rows_affected(rows) == 0) {
        status = error_set(error, STATUS_CONFLICT, "job_%" PRId64 " was cancelled", job_id);
    }
    rows_free(rows);
    return status;
}

static int finish(struct matching *matching, struct error *error)
{
    int status = matching_phase(matching, "finishing", error);
    if (status == 0) {
        status = matching_query(matching,
                                "delete from empi.person_record_staging\n"
                                "where job_id = $1::bigint",
                                NULL, error);
    }
    if (status == 0) {
        status = matching_query(matching,
                                "update empi.job\n"
                                "set status = 'succeeded',\n"
                                "    phase = null,\n"
                                "    progress_done = null,\n"
                                "    progress_total = null,\n"
                                "    updated = now()\n"
                                "where id = $1::bigint",
                                NULL, error);
    }
    return status == 0 ? transaction_commit(matching->connection, error) : status;
}

/* The server counts what tables hold when it finds the time. A job that made the index much larger
   does not leave the next one, and every page until then, with plans for a small one. */
static int renew_statistics(struct matching *matching, struct error *error)
{
    struct query_parameter parameters[] = {query_integer((int64_t)matching->report->records)};
    struct rows *rows;
    int status = query_run(&rows, matching->connection,
                           "select\n"
                           "from pg_class\n"
                           "where oid = 'empi.person_record'::regclass\n"
                           "    and reltuples < 10 * $1::bigint",
                           parameters, 1, error);
    if (status != 0) {
        return status;
    }
    bool grown = matching->report->records >= LARGE_JOB && rows_count(rows) > 0;
    rows_free(rows);
    return !grown ? 0
                  : query_script(matching->connection,
                                 "analyze empi.person, empi.person_record, empi.person_action,\n"
                                 "    empi.match_group, empi.match_group_action,\n"
                                 "    empi.prediction_result, empi.search_first_name,\n"
                                 "    empi.search_last_name, empi.search_birth_date",
                                 error);
}

static int run_steps(struct matching *matching, struct error *error)
{
    int status = matching_stage(matching, error);
    if (status == 0 && matching->report->records > 0) {
        status = matching_predict(matching, error);
    }
    if (status == 0 && matching->report->results > 0) {
        status = matching_group(matching, error);
    } else if (status == 0 && matching->report->records > 0) {
        status = matching_insert_new(matching, error);
    }
    if (status == 0) {
        status = renew_statistics(matching, error);
    }
    return status == 0 ? finish(matching, error) : status;
}

static void mark_failed(struct matching *matching, const struct error *error)
{
    struct text_buffer reason = TEXT_BUFFER(sizeof *error + 64);
    text_appendf(&reason, "Error: %s%s%s", error->message, error->detail[0] == '\0' ? "" : "\n",
                 error->detail);
    struct query_parameter parameters[] = {query_integer(matching->report->job_id),
                                           query_text(reason.failed ? "Error" : reason.ptr)};
    struct error ignored;
    int status = query_run(NULL, matching->beside,
                           "with gone as (\n"
                           "    delete from empi.person_record_staging\n"
                           "    where job_id = $1::bigint\n"
                           ")\n"
                           "update empi.job\n"
                           "set status = 'failed',\n"
                           "    reason = $2,\n"
                           "    updated = now()\n"
                           "where id = $1::bigint",
                           parameters, ARRAY_LENGTH(parameters), &ignored);
    (void)status; /* it stays `running`, and its next run finds the same fault */
    text_free(&reason);
}

static void mark_new(struct matching *matching)
{
    struct query_parameter parameters[] = {query_integer(matching->report->job_id)};
    struct error ignored;
    (void)query_run(NULL, matching->beside,
                    "update empi.job\n"
                    "set status = 'new',\n"
                    "    phase = null,\n"
                    "    progress_done = null,\n"
                    "    progress_total = null,\n"
                    "    updated = now()\n"
                    "where id = $1::bigint",
                    parameters, 1, &ignored);
}

/*
 * For this transaction only. A job sorts and hashes all that it reads: one at a time in the whole
 * system may use memory for it. Its keys come out of the very tables that they refer to, from which
 * nothing is ever deleted, so where the database lets us, they are not looked up once more, row by
 * row; that would take a third of the job's time.
 */
static int set_up(struct connection *connection, struct error *error)
{
    return query_script(connection,
                        "set local work_mem = '128MB';\n"
                        "set local jit = off;\n"
                        "select set_config('session_replication_role', 'replica', true)\n"
                        "where has_parameter_privilege('session_replication_role', 'SET')",
                        error);
}

/* Within the transaction. */
static int run_job(struct matching *matching, int64_t wanted, struct error *error)
{
    int64_t first = 0;
    int64_t config_id = 0;
    int status = lock_jobs(matching, error);
    if (status == 0) {
        status = set_up(matching->connection, error);
    }
    if (status == 0) {
        status = find_first(&first, &config_id, matching->connection, error);
    }
    if (status == 0 && wanted != 0 && first != wanted) {
        status = refuse_job(wanted, first, matching->connection, error);
    }
    if (status != 0 || first == 0) {
        return status;
    }
    status = mark_running(matching, first, error);
    if (status != 0) {
        return status;
    }
    matching->report->job_id = first;
    status = configs_read(&matching->config, matching->connection, config_id, error);
    if (status == 0) {
        status = run_steps(matching, error);
        configs_free(&matching->config);
    }
    return status;
}

static int run_and_mark(struct matching *matching, int64_t wanted, struct error *error)
{
    int status = transaction_begin(matching->connection, error);
    if (status == 0) {
        status = run_job(matching, wanted, error);
    }
    if (status == 0 && matching->report->job_id != 0) {
        return 0;
    }
    transaction_roll_back(matching->connection);
    if (status == 0 || matching->report->job_id == 0) {
        return status;
    }
    if (status == STATUS_CANCELLED) {
        mark_new(matching);
    } else if (status != STATUS_IO) {
        mark_failed(matching, error);
    }
    return status;
}

int matching_run(struct matching_report *out, struct store *store, int64_t job_id,
                 const struct matching_options *options, struct error *error)
{
    *out = (struct matching_report){0};
    struct matching matching = {.options = options, .report = out};
    int status = store_take(&matching.connection, store, TAKE_SECONDS, error);
    if (status == 0) {
        status = store_take(&matching.beside, store, TAKE_SECONDS, error);
        if (status == 0) {
            status = run_and_mark(&matching, job_id, error);
        }
    }
    store_give_back(matching.beside);
    store_give_back(matching.connection);
    return status;
}
