/* `tuva-empi export crosswalk` and `tuva-empi export potential-matches`. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/output_file.h"
#include "cmd/commands.h"
#include "cmd/index.h"
#include "cmd/stop.h"
#include "empi/exports.h"
#include "jobs/export_target.h"

enum { OUTPUT };

static const struct command_option options[] = {
    [OUTPUT] = {.name = "output",
                .letter = 'o',
                .kind = OPTION_TEXT,
                .value = "OUT.csv",
                .required = true,
                .help = "where to write; \"-\" is standard output, s3://BUCKET/KEY an object of "
                        "S3; a file .gz is compressed"},
};

typedef int exporter(uint64_t *rows, struct connection *connection, struct stream *out,
                     struct error *error);

static int export_rows(uint64_t *rows, exporter *export_, struct stream *out, struct error *error)
{
    static const struct index_options index_options = {.name = "tuva-empi export"};
    struct index *index = NULL;
    struct connection *connection = NULL;
    int status = index_open(&index, &index_options, error);
    if (status == 0) {
        status = store_take(&connection, index->store, 10, error);
    }
    if (status == 0) {
        status = export_(rows, connection, out, error);
    }
    store_give_back(connection);
    index_close(index);
    return status;
}

static int export_to_object(uint64_t *rows, const char *uri, exporter *export_, struct error *error)
{
    struct export_target *target = NULL;
    /* From the beginning, so that Ctrl-C ends the waiting for a distant machine. */
    int status = stop_hold(error);
    if (status == 0) {
        status = export_target_open(&target, uri, error);
    }
    if (status == 0) {
        status = export_rows(rows, export_, target->stream, error);
    }
    if (status == 0) {
        status = export_target_commit(target, error);
    }
    export_target_free(target);
    return status;
}

static int export_to_file(uint64_t *rows, const char *path, exporter *export_, struct error *error)
{
    struct output_file *file = NULL;
    int status = output_file_create(&file, path, error);
    if (status == 0) {
        status = export_rows(rows, export_, output_file_stream(file), error);
    }
    if (status == 0) {
        status = output_files_commit(&file, 1, error);
    }
    output_file_free(file);
    return status;
}

static int export_somewhere(const struct command_line *line, exporter *export_, struct error *error)
{
    const char *place = line->values[OUTPUT].text;
    bool standard = strcmp(place, "-") == 0;
    uint64_t rows = 0;
    int status = strncmp(place, "s3://", 5) == 0
                     ? export_to_object(&rows, place, export_, error)
                     : export_to_file(&rows, standard ? "/dev/stdout" : place, export_, error);
    if (status == 0 && !standard) {
        fprintf(stderr, "%" PRIu64 " row%s in %s\n", rows, rows == 1 ? "" : "s", place);
    }
    return status;
}

static int run_crosswalk(const struct command_line *line, struct error *error)
{
    return export_somewhere(line, exports_crosswalk, error);
}

static int run_potential_matches(const struct command_line *line, struct error *error)
{
    return export_somewhere(line, exports_potential_matches, error);
}

const struct command command_export_crosswalk = {
    .name = "export crosswalk",
    .summary = "Write every person record with the id of its person as CSV.",
    .notes = "The file or the object appears whole or not at all.",
    .options = options,
    .option_count = ARRAY_LENGTH(options),
    .run = run_crosswalk,
};

const struct command command_export_potential_matches = {
    .name = "export potential-matches",
    .summary = "Write the pairs that wait for a steward's decision as CSV.",
    .notes = "The file or the object appears whole or not at all.",
    .options = options,
    .option_count = ARRAY_LENGTH(options),
    .run = run_potential_matches,
};
