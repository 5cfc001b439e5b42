#include "api/export_download.h"

#include "api/api.h"
#include "base/memory.h"
#include "jobs/export_target.h"

struct download {
    struct api *api;
    struct connection *connection;
    export_rows *export;
};

static int produce(void *context, struct stream *out, struct error *error)
{
    const struct download *download = context;
    return download->export(NULL, download->connection, out, error);
}

static void release(void *context)
{
    struct download *download = context;
    api_give_back_slow(download->api, download->connection);
    memory_free(download);
}

int export_download_answer(struct http_exchange *exchange, const char *file_name,
                           export_rows *export, struct error *error)
{
    struct download *download = memory_alloc(sizeof *download);
    if (download == NULL) {
        return error_out_of_memory(error);
    }
    *download = (struct download){.api = api_of(exchange), .export = export};
    /* Taken here, so that a server that is busy is told before there is a 200. */
    int status = api_take_slow_connection(&download->connection, exchange, error);
    if (status != 0) {
        release(download);
        return status;
    }
    http_respond_stream(exchange, 200, "text/csv", produce, release, download);
    http_respond_header(exchange, "Content-Disposition", "attachment; filename=\"%s\"", file_name);
    return 0;
}

int export_download_put(const struct http_exchange *exchange, const char *s3_uri,
                        export_rows *export, struct error *error)
{
    struct export_target *target = NULL;
    struct connection *connection = NULL;
    int status = export_target_open(&target, s3_uri, error);
    if (status == 0) {
        status = api_take_slow_connection(&connection, exchange, error);
    }
    if (status == 0) {
        status = export(NULL, connection, target->stream, error);
    }
    api_give_back_slow(api_of(exchange), connection);
    if (status == 0) {
        status = export_target_commit(target, error);
    }
    export_target_free(target);
    return api_blame_s3(status, error);
}
