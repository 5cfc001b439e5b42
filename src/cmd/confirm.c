#include "cmd/confirm.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "cmd/progress.h"
#include "cmd/stop.h"

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
static int ask(const struct index *index, int64_t persons, int64_t records, struct error *error)
{
    char grouped[2][32];
    fprintf(stderr,
            "This deletes %s persons with %s records, and all jobs, configurations, matches and "
            "users,\nfrom the database %s on %s, port %s.\nType \"yes\" to go on: ",
            progress_grouped((uint64_t)persons, grouped[0]),
            progress_grouped((uint64_t)records, grouped[1]), index->database.name,
            index->database.host, index->database.port);
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

int confirm_loss(const struct index *index, bool even_empty, struct error *error)
{
    int64_t persons = 0;
    int64_t records = 0;
    int status = count_rows(&persons, &records, index, error);
    return status != 0 || (records == 0 && !even_empty) ? status
                                                        : ask(index, persons, records, error);
}
