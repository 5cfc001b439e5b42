/* A matching job from its choice to its end. */

#include "empi/matching.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/compiler.h"
#include "empi/bulk_load.h"
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
    (void)job_state_progress(matching->beside, &matching->current, matching->phase, done, total,
                             &ignored);
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

int matching_count_row(struct matching *matching, uint64_t done, uint64_t total,
                       struct error *error)
{
    enum { BETWEEN_LOOKS = 65536 };
    bool goes_on = done % BETWEEN_LOOKS != 0 || matching_progress(matching, done, total);
    return goes_on ? 0 : error_set(error, STATUS_CANCELLED, "cancelled");
}

/* ---- statements ---- */

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

int matching_insert_event(int64_t *out, struct matching *matching, const char *type,
                          struct error *error)
{
    struct query_parameter parameters[] = {query_text(type),
                                           query_integer(matching->report->job_id)};
    struct rows *rows;
    int status = query_run(&rows, matching->connection,
                           "insert into empi.match_event (type, job_id)\n"
                           "values ($1, $2::bigint)\n"
                           "returning id",
                           parameters, ARRAY_LENGTH(parameters), error);
    if (status == 0) {
        *out = rows_integer(rows, 0, 0);
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

/* Beside the transaction, which then holds no lock on the table of jobs when the job is begun. */
static int find_first(int64_t *job_id, int64_t *config_id, struct matching *matching,
                      struct error *error)
{
    struct rows *rows;
    int status = query_run(&rows, matching->beside,
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

static int refuse_job(int64_t wanted, int64_t first, struct matching *matching, struct error *error)
{
    struct query_parameter parameters[] = {query_integer(wanted)};
    struct rows *rows;
    int status = query_run(&rows, matching->beside,
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

/* It has killed as many runners as it may. */
static int give_up(struct matching *matching, const struct job_try *last, struct error *error)
{
    char reason[96];
    bool changed;
    snprintf(reason, sizeof reason, "Error: its runner died %" PRId64 " times without an answer",
             last->number);
    int status = job_state_fail(&changed, matching->connection, last, reason, error);
    if (status == 0) {
        status = transaction_commit(matching->connection, error);
    }
    return status != 0 ? status
                       : error_set(error, STATUS_CONFLICT,
                                   "job_%" PRId64 " failed: its runner died %" PRId64
                                   " times without an answer",
                                   last->job_id, last->number);
}

/* Why a job that was chosen could not be begun. */
static int explain(struct matching *matching, int64_t job_id, struct error *error)
{
    struct query_parameter parameters[] = {query_integer(job_id)};
    struct rows *rows;
    int status = query_run(&rows, matching->beside,
                           "select status in ('new', 'running'), attempts\n"
                           "from empi.job\n"
                           "where id = $1::bigint",
                           parameters, ARRAY_LENGTH(parameters), error);
    if (status != 0) {
        return status;
    }
    bool open = rows_count(rows) > 0 && rows_boolean(rows, 0, 0);
    struct job_try last = {job_id, open ? rows_integer(rows, 0, 1) : 0};
    rows_free(rows);
    if (!open) {
        return error_set(error, STATUS_CONFLICT, "job_%" PRId64 " was cancelled", job_id);
    }
    if (matching->options->counted_try == 0 && last.number >= JOB_MOST_TRIES) {
        return give_up(matching, &last, error);
    }
    return error_set(error, STATUS_CONFLICT, "job_%" PRId64 " was begun by somebody else", job_id);
}

/* Whoever wants the table of jobs or an index of it for themselves waits for the job from now on, rather
   than in its end, where both would wait for each other. Progress, which would wait for them in turn,
   does not. */
static int hold_jobs_table(struct matching *matching, struct error *error)
{
    int status =
        query_script(matching->connection, "lock table empi.job in row exclusive mode", error);
    return status == 0 ? query_script(matching->beside, "set lock_timeout = '200ms'", error)
                       : status;
}

/* From here on it cannot be taken back; a job that has been is not begun. */
static int begin(struct matching *matching, int64_t job_id, struct error *error)
{
    struct job_try current = {job_id, matching->options->counted_try};
    bool begun;
    int status = job_state_begin(&begun, matching->beside, &current, error);
    if (status == 0 && !begun) {
        status = explain(matching, job_id, error);
    }
    if (status == 0) {
        matching->current = current;
        matching->report->job_id = job_id;
        status = hold_jobs_table(matching, error);
    }
    return status;
}

static int finish(struct matching *matching, struct error *error)
{
    bool succeeded;
    int status = matching_phase(matching, "finishing", error);
    if (status == 0) {
        status = matching_query(matching,
                                "delete from empi.person_record_staging\n"
                                "where job_id = $1::bigint",
                                NULL, error);
    }
    if (status == 0) {
        status = job_state_succeed(&succeeded, matching->connection, &matching->current, error);
    }
    if (status == 0 && !succeeded) {
        status = error_set(error, STATUS_CONFLICT, "job_%" PRId64 " was ended by somebody else",
                           matching->current.job_id);
    }
    return status == 0 ? transaction_commit(matching->connection, error) : status;
}

/* The server counts what tables hold when it finds the time. A job that made the index much larger
   does not leave the next one, and every page until then, with plans for a small one. After the job's
   end, and without waiting long: whoever builds an index or cleans up a table would otherwise hold the
   job up, or undo it. That it cannot be done costs time only. */
static void renew_statistics(struct matching *matching)
{
    struct query_parameter parameters[] = {query_integer((int64_t)matching->report->records)};
    struct error ignored;
    struct rows *rows;
    if (matching->report->records < LARGE_JOB ||
        query_run(&rows, matching->beside,
                  "select\n"
                  "from pg_class\n"
                  "where oid = 'empi.person_record'::regclass\n"
                  "    and reltuples < 10 * $1::bigint",
                  parameters, ARRAY_LENGTH(parameters), &ignored) != 0) {
        return;
    }
    bool grown = rows_count(rows) > 0;
    rows_free(rows);
    if (grown && query_script(matching->beside,
                              "begin;\n"
                              "set local lock_timeout = '2s';\n"
                              "analyze (skip_locked) empi.person, empi.person_record,\n"
                              "    empi.person_action, empi.match_group, empi.match_group_action,\n"
                              "    empi.prediction_result, empi.open_match_person,\n"
                              "    empi.search_first_name, empi.search_last_name,\n"
                              "    empi.search_birth_date;\n"
                              "commit",
                              &ignored) != 0) {
        transaction_roll_back(matching->beside);
    }
}

static int end_bulk_load(struct matching *matching, struct error *error)
{
    int status = matching->bulk ? matching_phase(matching, "building indexes", error) : 0;
    return status != 0 || !matching->bulk ? status : bulk_load_end(matching->connection, error);
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
        status = matching_insert_new(matching, NULL, error);
    }
    if (status == 0) {
        status = end_bulk_load(matching, error);
    }
    if (status == 0) {
        status = finish(matching, error);
    }
    if (status == 0) {
        renew_statistics(matching);
    }
    return status;
}

/* ---- its state after a failure ---- */

/* Its own fault: no other try would go better. */
static bool is_final(int status)
{
    return status == STATUS_INVALID || status == STATUS_NOT_FOUND || status == STATUS_INTERNAL;
}

/* The connections may be gone, and the server still there: then it needs a moment to notice, and to
   release the job's lock. One that is away is not waited for. Whoever counts the tries of its runners
   looks after this, too. */
static void give_back_lost(struct matching *matching)
{
    enum { LOOKS = 20, PAUSE_MILLISECONDS = 100 };
    bool changed = matching->options->counted_try != 0;
    struct error ignored;
    for (int i = 0; i < LOOKS && !changed; i++) {
        if (i > 0) {
            poll(NULL, 0, PAUSE_MILLISECONDS);
        }
        store_give_back(matching->beside);
        matching->beside = NULL;
        if (store_take(&matching->beside, matching->store, TAKE_SECONDS, &ignored) != 0) {
            matching->beside = NULL;
            return;
        }
        (void)job_state_give_back(&changed, matching->beside, &matching->current, false, NULL,
                                  &ignored);
    }
}

/* After a full disk, a deadlock, a limit: another try may go better, but not for ever. A request to
   stop and a database that is away are nobody's fault; whoever has counted the try takes it back.
   That the state cannot be written fails nothing: the job stays `running`, and is run again. */
static void mark(struct matching *matching, int failure, const struct error *error)
{
    const struct job_try *current = &matching->current;
    struct text_buffer text;
    const char *reason = job_state_reason(&text, error);
    struct error ignored;
    bool changed;
    if (failure == STATUS_IO) {
        give_back_lost(matching);
    } else if (failure == STATUS_CANCELLED) {
        (void)job_state_give_back(&changed, matching->beside, current,
                                  matching->options->counted_try != 0, NULL, &ignored);
    } else if (is_final(failure) || current->number >= JOB_MOST_TRIES) {
        (void)job_state_fail(&changed, matching->beside, current, reason, &ignored);
    } else {
        (void)job_state_give_back(&changed, matching->beside, current, true, reason, &ignored);
    }
    text_free(&text);
}

static int read_time(struct matching *matching, struct error *error)
{
    struct rows *rows;
    int status =
        query_run(&rows, matching->connection,
                  "select now(), (extract(epoch from now()) * 1000000)::bigint", NULL, 0, error);
    if (status == 0) {
        snprintf(matching->now, sizeof matching->now, "%.*s", STR_ARG(rows_text(rows, 0, 0)));
        matching->now_microseconds = rows_integer(rows, 0, 1);
        rows_free(rows);
    }
    return status;
}

/*
 * For this transaction only. A job sorts and hashes all that it reads: one at a time in the whole
 * system may use memory for it. Looking up the foreign keys of what it writes, row by row, takes a
 * third of its time, and they come out of the very tables that they refer to, from which nothing is
 * ever deleted. But the setting that spares it silences triggers, too: not in a database where others
 * may have some.
 */
static int set_up(struct matching *matching, struct error *error)
{
    int status = query_script(matching->connection,
                              "set local work_mem = '128MB';\n"
                              "set local jit = off",
                              error);
    if (status == 0) {
        status = read_time(matching, error);
    }
    return status != 0 || !matching->options->own_database
               ? status
               : query_script(matching->connection,
                              "select set_config('session_replication_role', 'replica', true)\n"
                              "where has_parameter_privilege('session_replication_role', 'SET')",
                              error);
}

/*
 * A connection that is writing cannot read what is to be written: another one does. The job holds the
 * staging table from the beginning as it needs it in the end, so that whoever wants the table or an
 * index of it for themselves waits for the job, and nobody who waits for the job is waited for in turn.
 * The rows stand there in the order of their ids, which an index gives for nothing; a planner that knows
 * no numbers of a table yet would rather sort.
 */
static int set_up_reader(const struct matching *matching, struct error *error)
{
    int status = query_script(matching->connection,
                              "lock table empi.person_record_staging in row exclusive mode", error);
    if (status == 0) {
        status = transaction_begin(matching->reader, error);
    }
    return status == 0 ? query_script(matching->reader, "set local enable_sort = off", error)
                       : status;
}

/* Within the transaction. */
static int run_job(struct matching *matching, int64_t wanted, struct error *error)
{
    int64_t first = 0;
    int64_t config_id = 0;
    int status = lock_jobs(matching, error);
    if (status == 0) {
        status = set_up(matching, error);
    }
    if (status == 0) {
        status = set_up_reader(matching, error);
    }
    if (status == 0) {
        status = find_first(&first, &config_id, matching, error);
    }
    if (status == 0 && wanted != 0 && first != wanted) {
        status = refuse_job(wanted, first, matching, error);
    }
    if (status != 0 || first == 0) {
        return status;
    }
    status = begin(matching, first, error);
    if (status != 0) {
        return status;
    }
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
    struct error ignored;
    (void)query_script(matching->beside, "reset lock_timeout", &ignored);
    transaction_roll_back(matching->reader);
    if (status == 0 && matching->report->job_id != 0) {
        return 0;
    }
    transaction_roll_back(matching->connection);
    if (status == 0 || matching->report->job_id == 0) {
        return status;
    }
    mark(matching, status, error);
    return status;
}

/* All before the job is begun: one that lacks a connection fails at once, not when half is done. */
static int take_connections(struct matching *matching, struct error *error)
{
    struct connection **const wanted[] = {&matching->connection, &matching->beside,
                                          &matching->reader};
    int status = 0;
    for (size_t i = 0; status == 0 && i < ARRAY_LENGTH(wanted); i++) {
        status = store_take(wanted[i], matching->store, TAKE_SECONDS, error);
    }
    return status;
}

int matching_run(struct matching_report *out, struct store *store, int64_t job_id,
                 const struct matching_options *options, struct error *error)
{
    *out = (struct matching_report){0};
    struct matching matching = {.store = store, .options = options, .report = out};
    int status = take_connections(&matching, error);
    if (status == 0) {
        status = run_and_mark(&matching, job_id, error);
    }
    store_give_back(matching.reader);
    store_give_back(matching.beside);
    store_give_back(matching.connection);
    vec_free(&matching.records);
    vec_free(&matching.results);
    vec_free(&matching.levels);
    vec_free(&matching.adjusting);
    vec_free(&matching.frequency_weights);
    return status;
}
