#include "cmd/confirm.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/compiler.h"
#include "cmd/progress.h"
#include "cmd/stop.h"

/* What somebody has put in or decided; their names in the singular. */
static const struct {
    const char *before;
    const char *name;
    const char *count; /* tables of the first migration only: the schema may be an older one */
} holdings[] = {
    {"", "person", "(select count(*) from empi.person where deleted is null)"},
    {" with ", "record", "(select count(*) from empi.person_record)"},
    {", ", "waiting row", "(select count(*) from empi.person_record_staging)"},
    {", ", "job", "(select count(*) from empi.job)"},
    {", ", "configuration", "(select count(*) from empi.config)"},
    {" and ", "user", "(select count(*) from empi.app_user)"},
};

enum { HOLDINGS = ARRAY_LENGTH(holdings) };

static int count_rows(int64_t counts[HOLDINGS], const struct index *index, struct error *error)
{
    struct connection *connection;
    int status = store_take(&connection, index->store, 10, error);
    if (status != 0) {
        return status;
    }
    struct text_buffer sql = TEXT_BUFFER(2048);
    for (size_t i = 0; i < HOLDINGS; i++) {
        text_appendf(&sql, "%s %s", i == 0 ? "select" : ",", holdings[i].count);
    }
    struct rows *rows;
    status = sql.failed ? error_out_of_memory(error)
                        : query_run(&rows, connection, sql.ptr, NULL, 0, error);
    if (status == 0) {
        for (size_t i = 0; i < HOLDINGS; i++) {
            counts[i] = rows_integer(rows, 0, i);
        }
        rows_free(rows);
    }
    text_free(&sql);
    store_give_back(connection);
    return status;
}

static bool is_empty(const int64_t counts[HOLDINGS])
{
    int64_t any = 0;
    for (size_t i = 0; i < HOLDINGS; i++) {
        any |= counts[i];
    }
    return any == 0;
}

static void tell(const struct index *index, const int64_t counts[HOLDINGS], enum loss loss)
{
    fputs(loss == LOSS_ADDED ? "This deletes what the later migrations keep, of " : "This deletes ",
          stderr);
    for (size_t i = 0; i < HOLDINGS; i++) {
        char grouped[32];
        fprintf(stderr, "%s%s %s%s", holdings[i].before,
                progress_grouped((uint64_t)counts[i], grouped), holdings[i].name,
                counts[i] == 1 ? "" : "s");
    }
    fprintf(stderr, "%s,\nin the database %s on %s, port %s.\n",
            loss == LOSS_ADDED ? "" : ", with all matches and decisions", index->database.name,
            index->database.host, index->database.port);
}

/* "yes" and nothing else; a closed input is a no. */
static int ask(struct error *error)
{
    fputs("Type \"yes\" to go on: ", stderr);
    char answer[16] = "";
    errno = 0;
    bool answered = fgets(answer, sizeof answer, stdin) != NULL;
    int status = stop_check(error);
    if (status == 0 && (!answered || !str_equal(str_trim(str_from(answer)), STR("yes")))) {
        status = error_set(error, STATUS_CANCELLED, "nothing was deleted");
        error_hint(error, "answer yes, or give --yes");
    }
    return status;
}

int confirm_loss(const struct index *index, enum loss loss, struct error *error)
{
    int64_t counts[HOLDINGS];
    int status = count_rows(counts, index, error);
    if (status != 0 || (loss != LOSS_ALL && is_empty(counts))) {
        return status;
    }
    tell(index, counts, loss);
    return ask(error);
}
