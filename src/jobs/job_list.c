#include "jobs/job_list.h"

#include <inttypes.h>

#include "base/compiler.h"
#include "empi/job_state.h"

#define TIME(column) \
    "to_char(" column " at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"+00:00\"')"

#define SELECT_JOB                                                        \
    "select id, job_type, status, reason, config_id, source_uri,\n"       \
    "    " TIME("created") ", " TIME(                                     \
        "updated") ",\n"                                                  \
                   "    attempts, phase, progress_done, progress_total\n" \
                   "from empi.job\n"

int job_list(struct rows **out, struct connection *connection, uint64_t most, struct error *error)
{
    struct query_parameter parameters[] = {query_integer((int64_t)most)};
    return query_run(out, connection, SELECT_JOB "order by id desc\nlimit $1::bigint", parameters,
                     ARRAY_LENGTH(parameters), error);
}

int job_list_page(struct rows **out, int64_t *total, struct connection *connection,
                  struct page_request request, struct error *error)
{
    struct query_parameter parameters[] = {query_integer(request.size),
                                           query_integer(page_offset(request))};
    struct rows *counted;
    int status = query_run(&counted, connection, "select count(*)\nfrom empi.job", NULL, 0, error);
    if (status != 0) {
        return status;
    }
    *total = rows_integer(counted, 0, 0);
    rows_free(counted);
    return query_run(out, connection,
                     SELECT_JOB "order by id desc\nlimit $1::bigint\noffset $2::bigint", parameters,
                     ARRAY_LENGTH(parameters), error);
}

static int no_job(int64_t id, struct error *error)
{
    return error_set(error, STATUS_NOT_FOUND, "there is no job job_%" PRId64, id);
}

int job_find(struct rows **out, struct connection *connection, int64_t id, struct error *error)
{
    struct query_parameter parameters[] = {query_integer(id)};
    int status = query_run(out, connection, SELECT_JOB "where id = $1::bigint", parameters,
                           ARRAY_LENGTH(parameters), error);
    if (status == 0 && rows_count(*out) == 0) {
        rows_free(*out);
        *out = NULL;
        return no_job(id, error);
    }
    return status;
}

/* Why a job was not taken back. */
static int refuse(struct connection *connection, int64_t id, struct error *error)
{
    struct rows *rows;
    int status = job_find(&rows, connection, id, error);
    if (status == 0) {
        struct str now = rows_text(rows, 0, JOB_STATUS);
        bool runs = str_equal(now, STR("running"));
        status = error_set(error, STATUS_CONFLICT, "job_%" PRId64 " %s%.*s", id,
                           runs ? "is " : "has already ", STR_ARG(now));
        rows_free(rows);
    }
    return status;
}

/* A runner marks its job before it looks at the staged rows, and does not begin one that is not open:
   so one of the two comes first. */
int job_cancel(struct connection *connection, int64_t id, struct error *error)
{
    bool cancelled;
    int status = job_state_cancel(&cancelled, connection, id, error);
    return status != 0 || cancelled ? status : refuse(connection, id, error);
}
