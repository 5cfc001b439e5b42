#include "store/migrate.h"

#include <inttypes.h>
#include <stdio.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/memory.h"

/* Any number that no other lock of ours has; see also empi/locks.h. */
#define MIGRATE_LOCK "7205910001"

/* Another migration may take its time; a table that stays locked is somebody's job or open session,
   and whoever waits for it keeps all others waiting. */
#define LOCK_TIMEOUT "set local lock_timeout = '30s'"

/* A checksum finds edits, not attacks: whoever can change the table can change the schema. */
static void checksum(const struct migration *migration, char out[33])
{
    XXH3_state_t state;
    XXH3_128bits_reset(&state);
    XXH3_128bits_update(&state, migration->up, strlen(migration->up));
    XXH3_128bits_update(&state, migration->down, strlen(migration->down));
    XXH128_hash_t hash = XXH3_128bits_digest(&state);
    snprintf(out, 33, "%016" PRIx64 "%016" PRIx64, hash.high64, hash.low64);
}

/* Whether there is a table of migrations at all. */
static int table_exists(bool *out, struct connection *connection, struct error *error)
{
    struct rows *rows;
    int status =
        query_run(&rows, connection, "select to_regclass('empi.schema_migration') is not null",
                  NULL, 0, error);
    if (status == 0) {
        *out = rows_boolean(rows, 0, 0);
        rows_free(rows);
    }
    return status;
}

static int check_row(const struct rows *rows, size_t row, struct error *error)
{
    int64_t number = rows_integer(rows, row, 0);
    if (number != (int64_t)row + 1) {
        return error_set(error, STATUS_INVALID,
                         "the database lacks migration %zu, but has migration %" PRId64, row + 1,
                         number);
    }
    if ((uint64_t)number > migration_count) {
        error_set(error, STATUS_INVALID,
                  "the database is newer than this program: it has migration %" PRId64
                  ", the program knows %u",
                  number, migration_count);
        error_hint(error, "use the program that made it, or a newer one");
        return STATUS_INVALID;
    }
    char expected[33];
    checksum(&migrations[row], expected);
    if (!str_equal(rows_text(rows, row, 1), str_from(expected))) {
        error_set(error, STATUS_INVALID,
                  "migration %" PRId64 " in the database is not this program's", number);
        error_hint(error, "a migration must not be edited once it is applied; add a new one");
        return STATUS_INVALID;
    }
    return 0;
}

/* The last applied migration, all of them checked. */
static int read_current(unsigned *out, struct connection *connection, struct error *error)
{
    *out = 0;
    bool exists;
    int status = table_exists(&exists, connection, error);
    if (status != 0 || !exists) {
        return status;
    }
    struct rows *rows;
    status = query_run(&rows, connection,
                       "select number, checksum from empi.schema_migration order by number", NULL,
                       0, error);
    if (status != 0) {
        return status;
    }
    for (size_t row = 0; status == 0 && row < rows_count(rows); row++) {
        status = check_row(rows, row, error);
    }
    *out = (unsigned)rows_count(rows);
    rows_free(rows);
    return status;
}

static int create_table(struct connection *connection, struct error *error)
{
    bool exists;
    int status = table_exists(&exists, connection, error);
    if (status != 0 || exists) {
        return status;
    }
    return query_script(
        connection,
        "create schema if not exists empi;"
        "create table empi.schema_migration ("
        " number integer constraint schema_migration_pk primary key,"
        " name text not null,"
        " checksum text not null,"
        " applied timestamptz not null default now());"
        "comment on schema empi is 'Enterprise master patient index';"
        "comment on table empi.schema_migration is 'Changes of the schema that are applied';",
        error);
}

static int go_up(struct connection *connection, const struct migration *migration,
                 struct error *error)
{
    int status = query_script(connection, migration->up, error);
    if (status == 0) {
        char sum[33];
        checksum(migration, sum);
        struct query_parameter parameters[] = {query_integer(migration->number),
                                               query_text(migration->name), query_text(sum)};
        status = query_run(NULL, connection,
                           "insert into empi.schema_migration (number, name, checksum) "
                           "values ($1, $2, $3)",
                           parameters, 3, error);
    }
    if (status != 0) {
        error_prefix(error, "migration %04u_%s, up", migration->number, migration->name);
    }
    return status;
}

static int go_down(struct connection *connection, const struct migration *migration,
                   struct error *error)
{
    int status = query_script(connection, migration->down, error);
    if (status == 0) {
        struct query_parameter parameter = query_integer(migration->number);
        status = query_run(NULL, connection, "delete from empi.schema_migration where number = $1",
                           &parameter, 1, error);
    }
    if (status != 0) {
        error_prefix(error, "migration %04u_%s, down", migration->number, migration->name);
    }
    return status;
}

static int take_locks(struct connection *connection, struct error *error)
{
    int status = query_script(connection, "select pg_advisory_xact_lock(" MIGRATE_LOCK ")", error);
    return status != 0 ? status : query_script(connection, LOCK_TIMEOUT, error);
}

static int move(struct migrate_report *out, struct connection *connection, unsigned target,
                struct error *error)
{
    int status = take_locks(connection, error);
    if (status == 0) {
        status = create_table(connection, error);
    }
    if (status == 0) {
        status = read_current(&out->before, connection, error);
    }
    unsigned at = status == 0 ? out->before : target;
    while (status == 0 && at < target) {
        status = go_up(connection, &migrations[at], error);
        at++;
    }
    while (status == 0 && at > target) {
        at--;
        status = go_down(connection, &migrations[at], error);
    }
    if (status == 0 && target == 0) {
        status =
            query_script(connection, "drop table empi.schema_migration; drop schema empi", error);
    }
    out->after = at;
    return status;
}

/* Ends the transaction the way that `status` says. */
static int end_transaction(struct connection *connection, int status, struct error *error)
{
    if (status == 0) {
        return transaction_commit(connection, error);
    }
    transaction_roll_back(connection);
    return status;
}

int migrate_to(struct migrate_report *out, struct store *store, unsigned target,
               struct error *error)
{
    *out = (struct migrate_report){0};
    target = target == MIGRATE_LATEST ? migration_count : target;
    if (target > migration_count) {
        return error_set(error, STATUS_INVALID, "there is no migration %u; the last one is %u",
                         target, migration_count);
    }
    struct connection *connection;
    int status = store_take(&connection, store, 10, error);
    if (status != 0) {
        return status;
    }
    status = transaction_begin(connection, error);
    if (status == 0) {
        status = move(out, connection, target, error);
        status = end_transaction(connection, status, error);
    }
    store_give_back(connection);
    return status;
}

int migrate_current(unsigned *out, struct store *store, struct error *error)
{
    struct connection *connection;
    int status = store_take(&connection, store, 10, error);
    if (status == 0) {
        status = read_current(out, connection, error);
        store_give_back(connection);
    }
    return status;
}

int migrate_check(struct store *store, struct error *error)
{
    unsigned current;
    int status = migrate_current(&current, store, error);
    if (status == 0 && current != migration_count) {
        status = error_set(error, STATUS_INVALID,
                           "the database's schema is at migration %u, this program needs %u",
                           current, migration_count);
        error_hint(error, "run: tuva-empi migrate");
    }
    return status;
}

/* ---- listing ---- */

static void describe_row(struct migrate_state *out, const struct rows *rows, size_t row)
{
    struct str name = rows_text(rows, row, 1);
    struct str applied = rows_text(rows, row, 2);
    out->number = (unsigned)rows_integer(rows, row, 0);
    snprintf(out->name, sizeof out->name, "%.*s", STR_ARG(name));
    snprintf(out->applied, sizeof out->applied, "%.*s", STR_ARG(applied));
    if (out->number < 1 || out->number > migration_count) {
        out->problem = "unknown to this program, which is older";
        return;
    }
    char expected[33];
    checksum(&migrations[out->number - 1], expected);
    if (!str_equal(rows_text(rows, row, 3), str_from(expected))) {
        out->problem = "edited after it was applied";
    }
}

static void describe_absent(struct migrate_state *out, const struct migration *migration,
                            bool later_applied)
{
    out->number = migration->number;
    snprintf(out->name, sizeof out->name, "%s", migration->name);
    out->problem = later_applied ? "missing, though later ones are applied" : NULL;
}

/* Those of the database and those of the program, by number. */
static int merge(struct migrate_state **out, size_t *count, const struct rows *rows,
                 struct error *error)
{
    size_t applied = rows == NULL ? 0 : rows_count(rows);
    struct migrate_state *states =
        memory_alloc_zeroed(applied + migration_count + 1, sizeof *states);
    if (states == NULL) {
        return error_out_of_memory(error);
    }
    *count = 0;
    unsigned next = 0; /* of the program's */
    for (size_t row = 0; row < applied; row++) {
        int64_t number = rows_integer(rows, row, 0);
        for (; next < migration_count && migrations[next].number < number; next++) {
            describe_absent(&states[(*count)++], &migrations[next], true);
        }
        next += next < migration_count && migrations[next].number == number;
        describe_row(&states[(*count)++], rows, row);
    }
    for (; next < migration_count; next++) {
        describe_absent(&states[(*count)++], &migrations[next], false);
    }
    *out = states;
    return 0;
}

int migrate_list(struct migrate_state **out, size_t *count, struct store *store,
                 struct error *error)
{
    struct connection *connection;
    int status = store_take(&connection, store, 10, error);
    if (status != 0) {
        return status;
    }
    bool exists;
    struct rows *rows = NULL;
    status = table_exists(&exists, connection, error);
    if (status == 0 && exists) {
        status = query_run(&rows, connection,
                           "select number, name,"
                           " to_char(applied, 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), checksum"
                           " from empi.schema_migration order by number",
                           NULL, 0, error);
    }
    if (status == 0) {
        status = merge(out, count, rows, error);
    }
    rows_free(rows);
    store_give_back(connection);
    return status;
}

/* ---- emptying ---- */

static int truncate_all(struct connection *connection, struct error *error)
{
    int status = take_locks(connection, error);
    /* All in one statement: they refer to each other. */
    return status != 0
               ? status
               : query_script(
                     connection,
                     "do $$ declare names text;"
                     " begin"
                     "  select string_agg(format('%I.%I', schemaname, tablename), ', ') into names"
                     "  from pg_tables"
                     "  where schemaname = 'empi' and tablename <> 'schema_migration';"
                     "  if names is not null then"
                     "   execute 'truncate table ' || names || ' restart identity';"
                     "  end if;"
                     " end $$",
                     error);
}

int migrate_flush(struct store *store, struct error *error)
{
    struct connection *connection;
    int status = store_take(&connection, store, 10, error);
    if (status != 0) {
        return status;
    }
    status = transaction_begin(connection, error);
    if (status == 0) {
        status = truncate_all(connection, error);
        status = end_transaction(connection, status, error);
    }
    store_give_back(connection);
    return status;
}
