/* `tuva-empi export crosswalk` and `tuva-empi export potential-matches`. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/output_file.h"
#include "cmd/commands.h"
#include "cmd/index.h"
#include "empi/exports.h"

enum { OUTPUT };

static const struct command_option options[] = {
    [OUTPUT] = {.name = "output",
                .letter = 'o',
                .kind = OPTION_TEXT,
                .value = "OUT.csv",
                .required = true,
                .help = "where to write; \"-\" is standard output, .gz is compressed"},
};

typedef int exporter(uint64_t *rows, struct connection *connection, struct stream *out,
                     struct error *error);

static int export_rows(uint64_t *rows, exporter *export_, struct output_file *file,
                       struct error *error)
{
    static const struct index_options index_options = {.name = "tuva-empi export"};
    struct index *index = NULL;
    struct connection *connection = NULL;
    int status = index_open(&index, &index_options, error);
    if (status == 0) {
        status = store_take(&connection, index->store, 10, error);
    }
    if (status == 0) {
        status = export_(rows, connection, output_file_stream(file), error);
    }
    store_give_back(connection);
    index_close(index);
    return status;
}

static int export_to_file(const struct command_line *line, exporter *export_, struct error *error)
{
    const char *path = line->values[OUTPUT].text;
    bool standard = strcmp(path, "-") == 0;
    struct output_file *file = NULL;
    uint64_t rows = 0;
    int status = output_file_create(&file, standard ? "/dev/stdout" : path, error);
    if (status == 0) {
        status = export_rows(&rows, export_, file, error);
    }
    if (status == 0) {
        status = output_files_commit(&file, 1, error);
    }
    output_file_free(file);
    if (status == 0 && !standard) {
        fprintf(stderr, "%" PRIu64 " row%s in %s\n", rows, rows == 1 ? "" : "s", path);
    }
    return status;
}

static int run_crosswalk(const struct command_line *line, struct error *error)
{
    return export_to_file(line, exports_crosswalk, error);
}

static int run_potential_matches(const struct command_line *line, struct error *error)
{
    return export_to_file(line, exports_potential_matches, error);
}

const struct command command_export_crosswalk = {
    .name = "export crosswalk",
    .summary = "Write every person record with the id of its person as CSV.",
    .notes = "The file appears whole or not at all.",
    .options = options,
    .option_count = ARRAY_LENGTH(options),
    .run = run_crosswalk,
};

const struct command command_export_potential_matches = {
    .name = "export potential-matches",
    .summary = "Write the pairs that wait for a steward's decision as CSV.",
    .notes = "The file appears whole or not at all.",
    .options = options,
    .option_count = ARRAY_LENGTH(options),
    .run = run_potential_matches,
};
