/* GET /jobs and /jobs/{id}, POST /jobs/{id}/cancel. */

#include "api/api.h"
#include "api/handlers.h"
#include "api/job_json.h"
#include "api/query.h"
#include "empi/object_id.h"
#include "jobs/job_list.h"

int handle_list_jobs(struct http_exchange *exchange, struct error *error)
{
    static const char *const known[] = {"page", "page_size", NULL};
    struct field_faults faults = {.arena = &exchange->arena};
    struct page_request request;
    query_refuse_others(&faults, exchange, known);
    query_read_page(&request, &faults, exchange);
    if (field_faults_any(&faults)) {
        return api_answer_faults(exchange, &faults, error);
    }
    struct page page = {.number = request.number, .size = request.size};
    struct connection *connection;
    struct rows *rows = NULL;
    int status = api_take_connection(&connection, exchange, error);
    if (status == 0) {
        status = job_list_page(&rows, &page.total_count, connection, request, error);
    }
    store_give_back(connection);
    if (status == 0) {
        job_json_write_list(http_respond_json(exchange, 200), rows, &page);
        rows_free(rows);
    }
    return api_answer_failure(exchange, status, error);
}

typedef int job_work(struct rows **out, struct connection *connection, int64_t id,
                     struct error *error);

/* Does the work and answers with the job as it is then. */
static int with_job(struct http_exchange *exchange, job_work *work, struct error *error)
{
    static const char *const known[] = {NULL};
    struct field_faults faults = {.arena = &exchange->arena};
    int64_t id = 0;
    query_refuse_others(&faults, exchange, known);
    query_read_id(&id, &faults, exchange, OBJECT_ID_JOB, "job_id", "Job");
    if (field_faults_any(&faults)) {
        return api_answer_faults(exchange, &faults, error);
    }
    struct connection *connection;
    struct rows *rows = NULL;
    int status = api_take_connection(&connection, exchange, error);
    if (status == 0) {
        status = work(&rows, connection, id, error);
    }
    store_give_back(connection);
    if (status == 0) {
        job_json_write_found(http_respond_json(exchange, 200), rows);
        rows_free(rows);
    }
    return api_answer_failure(exchange, status, error);
}

int handle_get_job(struct http_exchange *exchange, struct error *error)
{
    return with_job(exchange, job_find, error);
}

static int cancel(struct rows **out, struct connection *connection, int64_t id, struct error *error)
{
    int status = job_cancel(connection, id, error);
    return status == 0 ? job_find(out, connection, id, error) : status;
}

int handle_cancel_job(struct http_exchange *exchange, struct error *error)
{
    return with_job(exchange, cancel, error);
}
