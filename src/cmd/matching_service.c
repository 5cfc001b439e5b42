/* `tuva-empi matching-service`: runs matching jobs as they come. */

#include "cmd/commands.h"
#include "cmd/jobs_host.h"
#include "jobs/service.h"

enum { THREADS, MEMORY_LIMIT, LOG_FORMAT };

static const struct command_option options[] = {
    [THREADS] = {.name = "threads",
                 .kind = OPTION_INTEGER,
                 .value = "N",
                 .integers = {1, 1024},
                 .otherwise = "all cores",
                 .help = "threads that a job uses"},
    [MEMORY_LIMIT] = {.name = "memory-limit",
                      .kind = OPTION_SIZE,
                      .value = "SIZE",
                      .otherwise = "nine tenths of what is free",
                      .help = "a job that needs more fails with a message"},
    [LOG_FORMAT] = LOG_FORMAT_OPTION,
};

enum { PATH_SIZE = 4096, PATIENCE = 2 };

/* What was said of jobs is passed on to them. */
static void pass_options(struct process_runner *runner, const struct command_line *line)
{
    static const char *const names[] = {[THREADS] = "--threads", [MEMORY_LIMIT] = "--memory-limit"};
    size_t count = 0;
    for (size_t i = THREADS; i <= MEMORY_LIMIT; i++) {
        if (line->values[i].given) {
            runner->options[count++] = names[i];
            runner->options[count++] = line->values[i].text;
        }
    }
}

static int run(const struct command_line *line, struct error *error)
{
    /* The first signal lets a job finish, the second stops it; neither may cut off the service's own
       few words to the database. */
    static const struct index_options index_options = {.name = "tuva-empi matching-service",
                                                       .cancel_at = PATIENCE + 1};
    char path[PATH_SIZE];
    struct process_runner runner;
    struct index *index = NULL;
    jobs_log_format(&line->values[LOG_FORMAT]);
    int status = index_open(&index, &index_options, error);
    if (status == 0) {
        status = jobs_runner_prepare(&runner, index->config, path, sizeof path, error);
    }
    if (status == 0) {
        pass_options(&runner, line);
        const struct jobs_host host = jobs_host_of(index, PATIENCE);
        const struct service_options service = {.host = &host, .runner = &runner.runner};
        status = service_run(&service, error);
    }
    index_close(index);
    return status;
}

const struct command command_matching_service = {
    .name = "matching-service",
    .summary = "Run matching jobs as they are imported, until told to stop.",
    .notes = "One service is active in the whole system; another one waits and takes over when\n"
             "the first has gone. Jobs run one at a time, each in a process of its own. A job\n"
             "whose process dies three times without an answer is failed.\n"
             "SIGTERM or Ctrl-C finishes the running job, then stops; a second one stops at\n"
             "once, and the job stays in the queue. See docs/operations.md.",
    .options = options,
    .option_count = ARRAY_LENGTH(options),
    .run = run,
};
