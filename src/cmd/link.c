/* `tuva-empi link`: person records in, predictions and crosswalk out. */

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/output_file.h"
#include "base/threads.h"
#include "base/vec.h"
#include "cmd/command.h"
#include "cmd/free_memory.h"
#include "cmd/input_files.h"
#include "cmd/link_output.h"
#include "cmd/link_records.h"
#include "cmd/progress.h"
#include "cmd/same_file.h"
#include "linkage/linkage.h"

enum {
    MODEL,
    ID_COLUMN,
    PREDICTIONS,
    DETAIL,
    THRESHOLD_PROBABILITY,
    THRESHOLD_WEIGHT,
    CROSSWALK,
    CLUSTER_PROBABILITY,
    SUMMARY,
    THREADS,
    MEMORY_LIMIT,
    QUIET,
};

static const struct command_option options[] = {
    [MODEL] = {.name = "model",
               .kind = OPTION_TEXT,
               .value = "MODEL.json",
               .required = true,
               .help = "the model, as Splink 3, 4 or 5 saves it"},
    [ID_COLUMN] = {.name = "id-column",
                   .kind = OPTION_TEXT,
                   .value = "NAME",
                   .otherwise = "row numbers from 1 over all files",
                   .help = "the column that holds the records' ids, unique and never empty"},
    [PREDICTIONS] = {.name = "predictions",
                     .kind = OPTION_TEXT,
                     .value = "OUT.csv",
                     .help = "write one row a pair: ids, match_key, weight, probability"},
    [DETAIL] = {.name = "detail",
                .kind = OPTION_FLAG,
                .help = "add gamma, Bayes factors and term frequencies to the predictions"},
    [THRESHOLD_PROBABILITY] = {.name = "threshold-match-probability",
                               .kind = OPTION_NUMBER,
                               .value = "P",
                               .numbers = {0, 1},
                               .otherwise = "all pairs",
                               .help = "keep pairs of at least this match probability"},
    [THRESHOLD_WEIGHT] = {.name = "threshold-match-weight",
                          .kind = OPTION_NUMBER,
                          .value = "W",
                          .otherwise = "all pairs",
                          .help = "keep pairs of at least this match weight"},
    [CROSSWALK] = {.name = "crosswalk",
                   .kind = OPTION_TEXT,
                   .value = "OUT.csv",
                   .help = "write the input, each row behind the id of its cluster"},
    [CLUSTER_PROBABILITY] = {.name = "cluster-probability",
                             .kind = OPTION_NUMBER,
                             .value = "P",
                             .numbers = {0, 1},
                             .fallback = "0.95",
                             .help = "kept pairs of at least this probability join a cluster"},
    [SUMMARY] = {.name = "summary",
                 .kind = OPTION_TEXT,
                 .value = "OUT.json",
                 .help = "write counts, times and memory as JSON"},
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
    [QUIET] = {.name = "quiet",
               .letter = 'q',
               .kind = OPTION_FLAG,
               .help = "no progress and no summary"},
};

/* A block this large is looked at pair by pair like any other, but it deserves a word. */
enum { LARGE_BLOCK = 10000, MAX_WARNINGS = 2 * BLOCKING_MAX_PROBES };

enum { FILE_PREDICTIONS, FILE_CROSSWALK, FILE_SUMMARY, FILE_COUNT };

struct link {
    const struct command_line *line;
    unsigned threads;
    double least_weight;
    double cluster_probability;
    struct progress progress;
    char model_name[256];
    struct text_buffer model_text;
    struct input_files input;
    struct output_file *files[FILE_COUNT];
    struct model model;
    struct link_records records;
    struct predictor predictor;
    struct predict_counts counts;
    struct connected_components components;
    struct link_clusters clusters;
    struct link_predictions predictions;
    struct link_summary summary;
    double phase_started;
    struct arena arena;
    const char *warnings[MAX_WARNINGS];
};

/* ---- phases and warnings ---- */

static void end_phase(struct link *link, const char *name)
{
    double now = clock_monotonic();
    link->summary.phases[link->summary.phase_count++] = (struct link_phase){
        .name = name,
        .seconds = now - link->phase_started,
        .peak_memory = peak_memory(),
    };
    link->phase_started = now;
}

/* A warning that cannot be kept for want of memory is still shown. */
static void warn(struct link *link, struct str text)
{
    progress_end(&link->progress);
    fprintf(stderr, "warning: %.*s\n", STR_ARG(text));
    char *kept = arena_copy(&link->arena, text);
    if (kept != NULL && link->summary.warning_count < MAX_WARNINGS) {
        link->warnings[link->summary.warning_count++] = kept;
    }
}

/* Splink warns, too: its defaults are only a place to start the training from. */
static void warn_about_training(struct link *link)
{
    enum { MOST_NAMED = 5 };
    struct text_buffer names = TEXT_BUFFER(4096);
    size_t count = 0;
    for (size_t i = 0; i < link->model.comparison_count; i++) {
        const struct model_comparison *comparison = &link->model.comparisons[i];
        for (size_t j = 0; j < comparison->level_count; j++) {
            const struct settings_level *level = comparison->levels[j].settings;
            if (level->is_null_level || (level->has_m && level->has_u)) {
                continue;
            }
            if (count++ < MOST_NAMED) {
                text_appendf(&names, "%scomparisons.%zu.comparison_levels.%zu",
                             count == 1 ? "" : ", ", i, j);
            }
        }
    }
    if (count > 0) {
        struct text_buffer text = TEXT_BUFFER(8192);
        text_appendf(&text,
                     "%zu level%s of the model %s never trained and %s Splink's default "
                     "probabilities: %.*s%s",
                     count, count == 1 ? "" : "s", count == 1 ? "was" : "were",
                     count == 1 ? "has" : "have", STR_ARG(text_str(&names)),
                     count > MOST_NAMED ? ", ..." : "");
        warn(link, text_str(&text));
        text_free(&text);
    }
    text_free(&names);
}

static void warn_about_probe(struct link *link, const struct probe *probe)
{
    char pairs[32];
    char records[32];
    char text[256];
    progress_grouped(probe->candidates, pairs);
    progress_grouped(probe->largest_block, records);
    if (!probe->keyed && link->model.settings->rule_count == 0) {
        snprintf(text, sizeof text, "the model has no blocking rules: all %s pairs will be scored",
                 pairs);
    } else if (!probe->keyed) {
        snprintf(text, sizeof text,
                 "blocking rule %" PRIu32 " has no equality to join on: all %s pairs will be "
                 "looked at",
                 probe->rule, pairs);
    } else {
        snprintf(text, sizeof text,
                 "blocking rule %" PRIu32 " puts %s records into one block; it makes %s pairs "
                 "in all",
                 probe->rule, records, pairs);
    }
    warn(link, str_from(text));
}

static void warn_about_blocks(struct link *link)
{
    for (size_t i = 0; i < link->predictor.blocking.probe_count; i++) {
        const struct probe *probe = &link->predictor.blocking.probes[i];
        bool all = !probe->keyed && probe->candidates > 0;
        if (all || probe->largest_block >= LARGE_BLOCK) {
            warn_about_probe(link, probe);
        }
    }
}

static void warn_about_failures(void *context, const char *place, uint64_t values)
{
    struct link *link = context;
    char text[256];
    char number[32];
    snprintf(text, sizeof text, "%s: %s value%s could not be computed and counted as NULL", place,
             progress_grouped(values, number), values == 1 ? "" : "s");
    warn(link, str_from(text));
}

/* ---- options ---- */

static int read_options(struct link *link, struct error *error)
{
    const struct command_value *probability = &link->line->values[THRESHOLD_PROBABILITY];
    const struct command_value *weight = &link->line->values[THRESHOLD_WEIGHT];
    if (probability->given && weight->given) {
        return error_set(
            error, STATUS_USAGE,
            "give --threshold-match-probability or --threshold-match-weight, not both");
    }
    link->least_weight = -INFINITY;
    if (weight->given) {
        link->least_weight = weight->number;
    } else if (probability->given && probability->number == 1) {
        /* The least weight whose probability is 1 as a double: 2^-53 is half of its last bit. */
        link->least_weight = 53;
    } else if (probability->given) {
        link->least_weight = scoring_weight_of_probability(probability->number);
    }
    link->cluster_probability = link->line->values[CLUSTER_PROBABILITY].number;
    if (link->line->values[DETAIL].given && !link->line->values[PREDICTIONS].given) {
        return error_set(error, STATUS_USAGE, "--detail needs --predictions");
    }
    bool model_from_input = strcmp(link->line->values[MODEL].text, "-") == 0;
    for (size_t i = 0; model_from_input && i < link->line->argument_count; i++) {
        if (strcmp(link->line->arguments[i], "-") == 0) {
            return error_set(error, STATUS_USAGE,
                             "standard input cannot hold both the model and the records");
        }
    }
    return 0;
}

static const int outputs[FILE_COUNT] = {PREDICTIONS, CROSSWALK, SUMMARY};

/* Where an output goes, or NULL: "-" is standard output, as it is standard input for a file. */
static const char *output_path(const struct link *link, size_t file)
{
    const char *path = link->line->values[outputs[file]].text;
    return path != NULL && strcmp(path, "-") == 0 ? "/dev/stdout" : path;
}

/* An output that would replace what is read. */
static int check_input_kept(const struct link *link, size_t file, struct error *error)
{
    const char *path = output_path(link, file);
    bool lost = same_file(path, link->line->values[MODEL].text);
    for (size_t i = 0; !lost && i < link->line->argument_count; i++) {
        const char *input = link->line->arguments[i];
        lost = same_file(path, strcmp(input, "-") == 0 ? "/dev/stdin" : input);
    }
    return lost ? error_set(error, STATUS_USAGE, "--%s would overwrite the input %s",
                            options[outputs[file]].name, path)
                : 0;
}

static int check_outputs(const struct link *link, struct error *error)
{
    for (size_t i = 0; i < FILE_COUNT; i++) {
        const char *path = output_path(link, i);
        if (path == NULL) {
            continue;
        }
        int status = check_input_kept(link, i, error);
        if (status != 0) {
            return status;
        }
        for (size_t j = 0; j < i; j++) {
            const char *other = output_path(link, j);
            if (other != NULL && same_file(path, other)) {
                return error_set(error, STATUS_USAGE, "--%s and --%s name the same file %s",
                                 options[outputs[j]].name, options[outputs[i]].name, path);
            }
        }
    }
    return 0;
}

/* Before the work, so that a missing directory is not found out after it. */
static int create_outputs(struct link *link, struct error *error)
{
    int status = check_outputs(link, error);
    for (size_t i = 0; status == 0 && i < FILE_COUNT; i++) {
        const char *path = output_path(link, i);
        if (path != NULL) {
            status = output_file_create(&link->files[i], path, error);
        }
    }
    return status;
}

/* ---- reading ---- */

/* The text alone, before any record: standard input may take hours to end, a mistyped name should
   not. */
static int read_model(struct link *link, struct error *error)
{
    struct stream *stream;
    int status = stream_open_file(&stream, link->line->values[MODEL].text, error);
    if (status == 0) {
        snprintf(link->model_name, sizeof link->model_name, "%s", stream->name);
        link->model_text = TEXT_BUFFER(SETTINGS_MAX_BYTES);
        status = stream_read_all(stream, &link->model_text, error);
        stream_free(stream);
    }
    return status;
}

static int open_input(struct link *link, struct error *error)
{
    return input_files_open(&link->input, link->line->arguments, link->line->argument_count, error);
}

static int load_model(struct link *link, struct error *error)
{
    struct expr_schema schema = {link->input.columns, (uint32_t)link->input.column_count};
    int status =
        model_load(&link->model, text_str(&link->model_text), link->model_name, &schema, error);
    text_free(&link->model_text);
    return status;
}

/* The position of a column of the input; an error that lists what there is. */
static int find_id_column(const struct link *link, uint32_t *out, struct error *error)
{
    const char *name = link->line->values[ID_COLUMN].text;
    *out = UINT32_MAX;
    if (name == NULL) {
        return 0;
    }
    for (uint32_t i = 0; i < link->input.column_count; i++) {
        if (str_equal(link->input.columns[i], str_from(name))) {
            *out = i;
            return 0;
        }
    }
    struct text_buffer list = TEXT_BUFFER(sizeof error->detail - 64);
    for (size_t i = 0; i < link->input.column_count; i++) {
        text_append(&list, i == 0 ? STR("its columns are: ") : STR(", "));
        text_append(&list, link->input.columns[i]);
    }
    error_set(error, STATUS_INVALID, "%s has no column \"%s\" for --id-column",
              input_files_name(&link->input), name);
    error_detail(error, "%.*s%s", STR_ARG(text_str(&list)), list.failed ? ", ..." : "");
    text_free(&list);
    error_hint(error, "name one of its columns, or leave --id-column out to number the rows");
    return STATUS_INVALID;
}

/* A model's names ignore case; which of two columns one means is not for us to guess. */
static int refuse_ambiguous(const struct link *link, size_t column, struct error *error)
{
    for (size_t i = 0; i < link->input.column_count; i++) {
        if (i == column ||
            !str_equal_ignoring_case(link->input.columns[i], link->input.columns[column])) {
            continue;
        }
        error_set(error, STATUS_INVALID,
                  "%s has the columns \"%.*s\" and \"%.*s\", which the model cannot tell apart",
                  input_files_name(&link->input), STR_ARG(link->input.columns[column]),
                  STR_ARG(link->input.columns[i]));
        error_hint(error, "names in a model ignore case; rename one of the columns");
        return STATUS_INVALID;
    }
    return 0;
}

static int check_columns(const struct link *link, struct error *error)
{
    for (uint32_t i = 0; i < link->input.column_count; i++) {
        if (link->line->values[CROSSWALK].given &&
            str_equal(link->input.columns[i], STR("cluster_id"))) {
            error_set(error, STATUS_INVALID,
                      "%s has a column cluster_id, which --crosswalk is to add",
                      input_files_name(&link->input));
            error_hint(error, "rename the column");
            return STATUS_INVALID;
        }
        int status = column_set_has(&link->model.columns, i) ? refuse_ambiguous(link, i, error) : 0;
        if (status != 0) {
            return status;
        }
    }
    return 0;
}

static int read_records(struct link *link, struct error *error)
{
    uint32_t id_column;
    int status = find_id_column(link, &id_column, error);
    if (status == 0) {
        status = check_columns(link, error);
    }
    if (status != 0) {
        return status;
    }
    /* A model that links sources looks at one more column than its conditions name. */
    struct column_set used = link->model.columns;
    for (uint32_t i = 0; i < link->input.column_count; i++) {
        if (str_equal_ignoring_case(link->input.columns[i],
                                    link->model.settings->source_dataset_column_name)) {
            column_set_add(&used, i);
        }
    }
    progress_begin(&link->progress, "reading", "MB");
    status =
        link_records_read(&link->records, &link->input, &used, id_column, &link->progress, error);
    link->summary.records = link->records.columns.record_count;
    return status;
}

/* ---- scoring ---- */

static int format_predictions(void *context, const struct predictions *batch,
                              struct text_buffer *out, struct error *error)
{
    (void)error;
    const struct link *link = context;
    if (link->files[FILE_PREDICTIONS] != NULL) {
        link_predictions_format(out, &link->predictions, batch);
    }
    return 0;
}

static int take_predictions(void *context, const struct predictions *batch, struct str text,
                            struct error *error)
{
    struct link *link = context;
    for (size_t i = 0; i < batch->count; i++) {
        const struct prediction *pair = &batch->items[i];
        if (scoring_probability(pair->weight) >= link->cluster_probability) {
            connected_components_link(&link->components, pair->left, pair->right);
        }
    }
    return text.len == 0
               ? 0
               : stream_write(output_file_stream(link->files[FILE_PREDICTIONS]), text, error);
}

static bool show_progress(void *context, uint64_t done, uint64_t total)
{
    struct link *link = context;
    progress_update(&link->progress, done, total);
    return true;
}

static int write_header(struct link *link, struct error *error)
{
    if (link->files[FILE_PREDICTIONS] == NULL) {
        return 0;
    }
    struct text_buffer header = TEXT_BUFFER(16 << 20);
    link_predictions_header(&header, &link->predictions);
    int status = header.failed ? error_out_of_memory(error)
                               : stream_write(output_file_stream(link->files[FILE_PREDICTIONS]),
                                              text_str(&header), error);
    text_free(&header);
    return status;
}

static int prepare(struct link *link, struct error *error)
{
    progress_begin(&link->progress, "preparing", "records");
    struct predictor_options predictor_options = {.threads = link->threads};
    int status = predictor_init(&link->predictor, &link->model, &link->records.columns,
                                &predictor_options, error);
    if (status == 0) {
        status =
            connected_components_init(&link->components, link->records.columns.record_count, error);
    }
    if (status == 0) {
        link->predictions = (struct link_predictions){&link->records, &link->predictor.scoring,
                                                      link->line->values[DETAIL].given};
        warn_about_training(link);
        warn_about_blocks(link);
        status = write_header(link, error);
    }
    return status;
}

static int score(struct link *link, struct error *error)
{
    progress_begin(&link->progress, "scoring", "pairs");
    struct predict_options predict_options = {link->threads, link->least_weight};
    struct predict_sink sink = {link, format_predictions, take_predictions, show_progress};
    int status = predict_run(&link->counts, &link->predictor, &predict_options, &sink, error);
    if (status == 0) {
        status = link_clusters_count(&link->clusters, &link->components, error);
    }
    return status;
}

/* ---- writing ---- */

static int write_crosswalk(struct link *link, struct error *error)
{
    if (link->files[FILE_CROSSWALK] == NULL) {
        return 0;
    }
    progress_begin(&link->progress, "writing", "MB");
    return link_crosswalk_write(output_file_stream(link->files[FILE_CROSSWALK]), &link->input,
                                &link->records, &link->components, &link->progress, error);
}

static int write_summary(struct link *link, struct error *error)
{
    if (link->files[FILE_SUMMARY] == NULL) {
        return 0;
    }
    struct text_buffer json = TEXT_BUFFER(16 << 20);
    link_summary_write(&json, &link->summary);
    int status = json.failed ? error_out_of_memory(error)
                             : stream_write(output_file_stream(link->files[FILE_SUMMARY]),
                                            text_str(&json), error);
    text_free(&json);
    return status;
}

static int finish(struct link *link, struct error *error)
{
    link->summary.model = &link->model;
    link->summary.scoring = &link->predictor.scoring;
    link->summary.blocking = &link->predictor.blocking;
    link->summary.counts = &link->counts;
    link->summary.clusters = &link->clusters;
    link->summary.warnings = link->warnings;
    link_failures_visit(&link->summary, warn_about_failures, link);
    int status = write_summary(link, error);
    if (status == 0) {
        status = output_files_commit(link->files, FILE_COUNT, error);
    }
    progress_end(&link->progress);
    if (status == 0 && !link->line->values[QUIET].given) {
        link_summary_print(&link->summary);
    }
    return status;
}

static void link_free(struct link *link)
{
    progress_end(&link->progress);
    predict_counts_free(&link->counts);
    connected_components_free(&link->components);
    predictor_free(&link->predictor);
    link_records_free(&link->records);
    model_free(&link->model);
    text_free(&link->model_text);
    input_files_free(&link->input);
    for (size_t i = 0; i < FILE_COUNT; i++) {
        output_file_free(link->files[i]);
    }
    arena_free(&link->arena);
}

struct step {
    int (*run)(struct link *link, struct error *error);
    const char *phase; /* that ends with it; NULL: it goes on */
};

static int run(const struct command_line *line, struct error *error)
{
    static const struct step steps[] = {
        {read_options, NULL}, {create_outputs, NULL}, {read_model, NULL},
        {open_input, NULL},   {load_model, NULL},     {read_records, "read"},
        {prepare, "prepare"}, {score, "score"},       {write_crosswalk, "write"},
        {finish, NULL},
    };
    struct link link = {
        .line = line,
        .threads = line->values[THREADS].given ? (unsigned)line->values[THREADS].integer
                                               : threads_available(),
        .phase_started = clock_monotonic(),
        .arena = ARENA(1 << 20),
    };
    link.summary.threads = link.threads;
    progress_init(&link.progress, line->values[QUIET].given);
    memory_limit_set(line->values[MEMORY_LIMIT].given ? line->values[MEMORY_LIMIT].size
                                                      : free_memory() / 10 * 9);
    int status = 0;
    for (size_t i = 0; status == 0 && i < ARRAY_LENGTH(steps); i++) {
        status = steps[i].run(&link, error);
        if (steps[i].phase != NULL) {
            end_phase(&link, steps[i].phase);
        }
    }
    link_free(&link);
    return status;
}

const struct command command_link = {
    .name = "link",
    .arguments = "FILE.csv [FILE.csv ...]",
    .arguments_least = 1,
    .arguments_most = COMMAND_ANY_NUMBER,
    .summary = "Find which records are the same person: predictions and a crosswalk from CSV.",
    .notes = "FILE may be compressed; \"-\" is standard input, or standard output. Output that\n"
             "ends in .gz is compressed. An empty value is missing.\n"
             "Output files appear whole or not at all.",
    .options = options,
    .option_count = ARRAY_LENGTH(options),
    .run = run,
};
