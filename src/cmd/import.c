/* `tuva-empi import`: a file of person records becomes a matching job. */

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aws/s3_download.h"
#include "base/utf8.h"
#include "cmd/commands.h"
#include "cmd/index.h"
#include "cmd/stop.h"
#include "cmd/wait_for_job.h"
#include "empi/imports.h"
#include "linkage/settings.h"

enum { CONFIG, POTENTIAL, AUTO, WAIT, QUIET };

static const struct command_option options[] = {
    [CONFIG] = {.name = "config",
                .kind = OPTION_TEXT,
                .value = "MODEL.json",
                .required = true,
                .help = "the model, as Splink 3, 4 or 5 saves it"},
    [POTENTIAL] = {.name = "potential",
                   .kind = OPTION_NUMBER,
                   .value = "P",
                   .required = true,
                   .numbers = {0, 1},
                   .help = "pairs above this match probability are kept for review"},
    [AUTO] = {.name = "auto",
              .kind = OPTION_NUMBER,
              .value = "P",
              .required = true,
              .numbers = {0, 1},
              .help = "pairs above this match probability merge their persons"},
    [WAIT] = {.name = "wait", .kind = OPTION_FLAG, .help = "until the job has ended"},
    [QUIET] = {.name = "quiet", .kind = OPTION_FLAG, .help = "no progress and no summary"},
};

static int read_model(struct text_buffer *out, char *name, size_t size, const char *path,
                      struct error *error)
{
    struct stream *stream;
    int status = stream_open_file(&stream, path, error);
    if (status == 0) {
        snprintf(name, size, "%s", stream->name);
        status = stream_read_all(stream, out, error);
        stream_free(stream);
    }
    return status;
}

static bool is_object(const char *argument)
{
    return strncmp(argument, "s3://", 5) == 0;
}

static int open_records(struct stream **out, const char *argument, struct error *error)
{
    if (!is_object(argument)) {
        return stream_open_file(out, argument, error);
    }
    /* From its first byte on, so that Ctrl-C ends the waiting for a distant machine. */
    int status = stop_hold(error);
    return status == 0 ? s3_open_stream(out, argument, error) : status;
}

/* A path may be any bytes, but the database holds UTF-8: what is not is written as URIs have it. */
static void append_path(struct text_buffer *out, struct str path)
{
    for (;;) {
        size_t valid = utf8_valid_prefix(path);
        text_append(out, (struct str){path.ptr, valid});
        if (valid == path.len) {
            return;
        }
        text_appendf(out, "%%%02X", (unsigned char)path.ptr[valid]);
        path = (struct str){path.ptr + valid + 1, path.len - valid - 1};
    }
}

/* Where the records come from, as one who looks at the job in another folder can follow it. */
static void describe_source(struct text_buffer *out, const char *argument)
{
    char resolved[PATH_MAX];
    if (is_object(argument)) {
        text_append(out, str_from(argument));
    } else if (strcmp(argument, "-") == 0) {
        text_append(out, STR("stdin:"));
    } else {
        /* A pipe that the shell made has no other name than the one it was given by. */
        const char *path = realpath(argument, resolved) == NULL ? argument : resolved;
        text_append(out, STR("file://"));
        append_path(out, str_from(path));
    }
}

static int import_file(struct import_report *out, struct store *store,
                       const struct command_line *line, struct str model, const char *model_name,
                       struct stream *records, struct error *error)
{
    struct connection *connection;
    int status = store_take(&connection, store, 10, error);
    if (status != 0) {
        return status;
    }
    struct text_buffer source = TEXT_BUFFER(4 * PATH_MAX);
    describe_source(&source, line->arguments[0]);
    const struct config_request config = {.json = model,
                                          .name = model_name,
                                          .potential_threshold = line->values[POTENTIAL].number,
                                          .auto_threshold = line->values[AUTO].number};
    struct import import = {.config = &config, .source_uri = source.ptr, .records = records};
    status = source.failed ? error_out_of_memory(error)
                           : imports_create(out, connection, &import, error);
    text_free(&source);
    store_give_back(connection);
    return status;
}

/* A threshold of 1 has its uses, but is easily taken for "what is certain". */
static void print_thresholds(const struct command_line *line)
{
    if (line->values[POTENTIAL].number == 1) {
        fputs("note: nothing is above --potential 1: no pair is kept for review\n", stderr);
    }
    if (line->values[AUTO].number == 1) {
        fputs("note: nothing is above --auto 1: no pair merges by itself\n", stderr);
    }
}

static int print_report(const struct import_report *report, const struct command_line *line,
                        struct error *error)
{
    if (!line->values[QUIET].given) {
        fprintf(stderr, "%" PRIu64 " row%s to match\n", report->rows, report->rows == 1 ? "" : "s");
        print_thresholds(line);
    }
    struct text_buffer text = TEXT_BUFFER(256);
    text_appendf(&text, "job_%" PRId64 "\n", report->job_id);
    int status = command_print(&text, error);
    text_free(&text);
    return status;
}

static int run(const struct command_line *line, struct error *error)
{
    static const struct index_options index_options = {.name = "tuva-empi import"};
    struct text_buffer model = TEXT_BUFFER(SETTINGS_MAX_BYTES);
    char model_name[256] = "";
    struct stream *records = NULL;
    struct index *index = NULL;
    struct import_report report = {0};
    bool quiet = line->values[QUIET].given;
    /* What is on the command line before the database: a mistyped name should show at once. */
    int status =
        read_model(&model, model_name, sizeof model_name, line->values[CONFIG].text, error);
    if (status == 0) {
        status = open_records(&records, line->arguments[0], error);
    }
    if (status == 0) {
        status = index_open(&index, &index_options, error);
    }
    if (status == 0) {
        status =
            import_file(&report, index->store, line, text_str(&model), model_name, records, error);
    }
    if (status == 0) {
        status = print_report(&report, line, error);
    }
    if (status == 0 && line->values[WAIT].given) {
        status = wait_for_job(index, report.job_id, quiet, error);
    }
    index_close(index);
    stream_free(records);
    text_free(&model);
    return status;
}

const struct command command_import = {
    .name = "import",
    .arguments = "FILE.csv|s3://BUCKET/KEY",
    .arguments_least = 1,
    .arguments_most = 1,
    .summary = "Import a file of person records: makes a matching job and prints its id.",
    .notes = "FILE may be compressed; \"-\" is standard input; an object of S3 is read as it "
             "comes. Its columns may stand in any order;\n"
             "county may be absent. An empty field is NULL, \"\" is the empty text. A model and\n"
             "thresholds that were used before are used again. On any error nothing remains.\n"
             "The matching service runs the job, or tuva-empi matching-job. With --wait the\n"
             "exit status tells how it went: 0 when the job succeeded, 1 when it failed. Where no\n"
             "service is active, this command runs the queue itself, up to its job. Ctrl-C ends\n"
             "the waiting; the job stays in the queue.",
    .options = options,
    .option_count = ARRAY_LENGTH(options),
    .run = run,
};
