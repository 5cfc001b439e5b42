/* `tuva-empi api`: serves the HTTP API until told to stop. */

#include "cmd/api_server.h"
#include "cmd/commands.h"
#include "cmd/jobs_host.h"

enum { LOG_FORMAT };

static const struct command_option options[] = {
    [LOG_FORMAT] = LOG_FORMAT_OPTION,
};

/* The first signal lets requests finish, the second cancels what they are doing in the database. */
enum { CANCEL_AT = 2 };

static int run(const struct command_line *line, struct error *error)
{
    static const struct index_options index_options = {
        .name = "tuva-empi api", .cancel_at = CANCEL_AT, .lock_seconds = API_LOCK_SECONDS};
    struct index *index = NULL;
    struct api_server *server = NULL;
    jobs_log_format(&line->values[LOG_FORMAT]);
    int status = index_open(&index, &index_options, error);
    if (status == 0) {
        status = api_server_start(&server, index, error);
    }
    if (status == 0) {
        status = api_server_await_stop(error);
    }
    api_server_stop(server);
    index_close(index);
    return status;
}

const struct command command_api = {
    .name = "api",
    .summary = "Serve the HTTP API, until told to stop.",
    .notes = "Listens where server.listen and server.port say (127.0.0.1:8000 unless configured).\n"
             "Any number may serve one database. Imports make jobs, which the matching service\n"
             "runs. SIGTERM or Ctrl-C lets requests at work finish, for 30 seconds at most; a\n"
             "second one cuts them short. See docs/api.md.",
    .options = options,
    .option_count = ARRAY_LENGTH(options),
    .run = run,
};
