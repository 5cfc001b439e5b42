/* `flush`: deletes all data of the index, after asking. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "cmd/commands.h"
#include "cmd/index.h"
#include "cmd/progress.h"
#include "cmd/stop.h"
#include "store/migrate.h"

enum { YES };

static const struct command_option options[] = {
    [YES] = {.name = "yes", .letter = 'y', .kind = OPTION_FLAG, .help = "do not ask"},
};

/* What would be lost. */
static int count_rows(int64_t *persons, int64_t *records, const struct index *index,
                      struct error *error)
{
    struct connection *connection;
    int status = store_take(&connection, index->store, 10, error);
    if (status != 0) {
        return status;
    }
    struct rows *rows;
    status = query_run(&rows, connection,
                       "select (select count(*) from empi.person where deleted is null),"
                       " (select count(*) from empi.person_record)",
                       NULL, 0, error);
    if (status == 0) {
        *persons = rows_integer(rows, 0, 0);
        *records = rows_integer(rows, 0, 1);
        rows_free(rows);
    }
    store_give_back(connection);
    return status;
}

/* "yes" and nothing else; a closed input is a no. */
static int ask(const struct index *index, struct error *error)
{
    int64_t persons;
    int64_t records;
    char grouped[2][32];
    int status = count_rows(&persons, &records, index, error);
    if (status != 0) {
        return status;
    }
    fprintf(stderr,
            "This deletes %s persons with %s records, and all jobs, configurations, matches and "
            "users,\nfrom the database %s on %s, port %s.\nType \"yes\" to go on: ",
            progress_grouped((uint64_t)persons, grouped[0]),
            progress_grouped((uint64_t)records, grouped[1]), index->database.name,
            index->database.host, index->database.port);
    char answer[16] = "";
    errno = 0;
    bool answered = fgets(answer, sizeof answer, stdin) != NULL;
    status = stop_check(error);
    if (status == 0 && (!answered || !str_equal(str_trim(str_from(answer)), STR("yes")))) {
        status = error_set(error, STATUS_CANCELLED, "nothing was deleted");
        error_hint(error, "answer yes, or give --yes");
    }
    return status;
}

static int run(const struct command_line *line, struct error *error)
{
    struct index *index;
    const struct index_options how = {.name = "tuva-empi flush"};
    int status = index_open(&index, &how, error);
    if (status != 0) {
        return status;
    }
    if (!line->values[YES].given) {
        status = ask(index, error);
    }
    if (status == 0) {
        status = migrate_flush(index->store, error);
    }
    index_close(index);
    if (status == 0) {
        struct text_buffer text = TEXT_BUFFER(256);
        text_append(&text, STR("All data of the index is deleted.\n"));
        status = command_print(&text, error);
        text_free(&text);
    }
    return status;
}

const struct command command_flush = {
    .name = "flush",
    .summary = "Delete all data of the index; the schema stays.",
    .notes =
        "Asks first, unless --yes is given. A job that is at work is waited for half a minute.",
    .options = options,
    .option_count = ARRAY_LENGTH(options),
    .run = run,
};
