/* `tuva-empi matching-job`: runs one matching job to its end. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/number_text.h"
#include "base/threads.h"
#include "cmd/commands.h"
#include "cmd/free_memory.h"
#include "cmd/id_argument.h"
#include "cmd/index.h"
#include "cmd/jobs_host.h"
#include "cmd/progress.h"
#include "cmd/stop.h"
#include "empi/matching.h"

enum { JOB, THREADS, MEMORY_LIMIT, QUIET };

static const struct command_option options[] = {
    [JOB] = {.name = "job",
             .kind = OPTION_TEXT,
             .value = "N",
             .otherwise = "the first that is not done",
             .help = "the job to run, as 7 or job_7"},
    [THREADS] = {.name = "threads",
                 .kind = OPTION_INTEGER,
                 .value = "N",
                 .integers = {1, 1024},
                 .otherwise = "all cores",
                 .help = "threads to use; the result is the same"},
    [MEMORY_LIMIT] = {.name = "memory-limit",
                      .kind = OPTION_SIZE,
                      .value = "SIZE",
                      .otherwise = "nine tenths of what is free",
                      .help = "stop with a message rather than use more memory"},
    [QUIET] = {.name = "quiet", .kind = OPTION_FLAG, .help = "no progress and no summary"},
};

struct showing {
    struct progress progress;
    const char *phase;
};

static bool show(void *context, const char *phase, uint64_t done, uint64_t total)
{
    struct showing *showing = context;
    if (showing->phase != phase) {
        showing->phase = phase;
        progress_begin(&showing->progress, phase,
                       strcmp(phase, "scoring pairs") == 0 ? "pairs" : "records");
    } else {
        progress_update(&showing->progress, done, total);
    }
    return stop_count() == 0;
}

static int read_job(int64_t *out, const struct command_line *line, struct error *error)
{
    *out = 0;
    return line->values[JOB].given ? id_argument_job(out, line->values[JOB].text, "--job", error)
                                   : 0;
}

/* A service and its jobs work on one schema by one set of rules: a program that was exchanged under a
   running service, or an image of another day, must not run its jobs. */
static int check_version(struct error *error)
{
    const char *expected = getenv("TUVA_EMPI_EXPECTED_VERSION");
    if (expected == NULL || strcmp(expected, TUVA_EMPI_VERSION) == 0) {
        return 0;
    }
    error_set(error, STATUS_USAGE,
              "this is version " TUVA_EMPI_VERSION ", but the service that started it expects %s",
              expected);
    error_hint(error, "run the same version of both; restart the service after an upgrade");
    return STATUS_USAGE;
}

/* The service counts a try before it starts the runner, and tells which one this is. */
static int read_try(int64_t *out, struct error *error)
{
    const char *text = getenv("TUVA_EMPI_JOB_TRY");
    *out = 0;
    if (text == NULL || (integer_from_text(str_from(text), out) && *out > 0)) {
        return 0;
    }
    return error_set(error, STATUS_USAGE, "TUVA_EMPI_JOB_TRY is no number of a try");
}

static void print_report(const struct matching_report *report)
{
    if (report->job_id == 0) {
        fprintf(stderr, "there is no job to run\n");
        return;
    }
    fprintf(stderr,
            "job_%" PRId64 " succeeded: %" PRIu64 " rows, %" PRIu64 " new records, %" PRIu64
            " results, %" PRIu64 " persons merged into others, %" PRIu64
            " match groups matched, %" PRIu64 " to review\n",
            report->job_id, report->rows, report->records, report->results, report->persons_merged,
            report->groups_matched, report->groups_open);
}

static int run(const struct command_line *line, struct error *error)
{
    static const struct index_options index_options = {.name = "tuva-empi matching-job"};
    struct showing showing = {0};
    struct matching_options matching_options = {
        .threads = line->values[THREADS].given ? (unsigned)line->values[THREADS].integer
                                               : threads_available(),
        .show = show,
        .context = &showing,
    };
    struct matching_report report = {0};
    struct index *index = NULL;
    int64_t job_id;
    progress_init(&showing.progress, line->values[QUIET].given);
    memory_limit_set(line->values[MEMORY_LIMIT].given ? line->values[MEMORY_LIMIT].size
                                                      : free_memory() / 10 * 9);
    int status = check_version(error);
    if (status == 0) {
        status = read_job(&job_id, line, error);
    }
    if (status == 0) {
        status = read_try(&matching_options.counted_try, error);
    }
    if (status == 0) {
        status = index_open(&index, &index_options, error);
    }
    if (status == 0) {
        matching_options.own_database = !index->config->db.external;
        status = matching_run(&report, index->store, job_id, &matching_options, error);
    }
    progress_end(&showing.progress);
    index_close(index);
    if (status == 0 && !line->values[QUIET].given) {
        print_report(&report);
    }
    return status;
}

const struct command command_matching_job = {
    .name = "matching-job",
    .summary = "Run the next matching job, or the one that is named, to its end.",
    .notes =
        "Jobs run one at a time, in the order of their ids. A job's whole effect is one\n"
        "transaction: whatever stops it leaves the index as it was. One that kills its process\n"
        "three times is failed.",
    .options = options,
    .option_count = ARRAY_LENGTH(options),
    .run = run,
};
