/* `tuva-empi process_export_jobs`: writes the exports that were asked for; named as in the Python
   backend. */

#include "cmd/commands.h"
#include "cmd/jobs_host.h"
#include "jobs/export_worker.h"

enum { SLEEP, ONCE, MOST, LOG_FORMAT };

static const struct command_option options[] = {
    [SLEEP] = {.name = "sleep",
               .kind = OPTION_NUMBER,
               .value = "SECONDS",
               .fallback = "10",
               .numbers = {0.1, 86400},
               .help = "between two looks at the queue; a new job ends it early"},
    [ONCE] = {.name = "once", .kind = OPTION_FLAG, .help = "end when nothing is left to do"},
    [MOST] = {.name = "max-jobs-per-run",
              .kind = OPTION_INTEGER,
              .value = "N",
              .integers = {1, 1000000000},
              .otherwise = "any number",
              .help = "jobs between two pauses; with --once, altogether"},
    [LOG_FORMAT] = LOG_FORMAT_OPTION,
};

enum { PATIENCE = 2 };

static int run(const struct command_line *line, struct error *error)
{
    static const struct index_options index_options = {.name = "tuva-empi process_export_jobs",
                                                       .cancel_at = PATIENCE};
    struct index *index = NULL;
    jobs_log_format(&line->values[LOG_FORMAT]);
    int status = index_open(&index, &index_options, error);
    if (status == 0) {
        const struct jobs_host host = jobs_host_of(index, PATIENCE);
        const struct export_worker_options worker = {
            .host = &host,
            .sleep = line->values[SLEEP].number,
            .once = line->values[ONCE].given,
            .most = line->values[MOST].given ? (uint64_t)line->values[MOST].integer : 0,
        };
        status = export_worker_run(&worker, error);
    }
    index_close(index);
    return status;
}

const struct command command_process_export_jobs = {
    .name = "process_export_jobs",
    .summary = "Write the exports of potential matches that were asked for.",
    .notes = "Runs until told to stop: SIGTERM or Ctrl-C finishes the running export, then\n"
             "stops; a second one stops at once, and the export stays in the queue. One worker\n"
             "is active in the whole system; it never waits for a matching job.",
    .options = options,
    .option_count = ARRAY_LENGTH(options),
    .run = run,
};
