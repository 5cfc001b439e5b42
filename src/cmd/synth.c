/* tuva-empi synth: a file of made-up person records with known truth. */

#include <math.h>
#include <string.h>

#include "base/output_file.h"
#include "base/threads.h"
#include "cmd/commands.h"
#include "cmd/progress.h"
#include "synth/generator.h"

enum { RECORDS, SEED, DUPLICATES, ERRORS, HOUSEHOLDS, THREADS, QUIET, OUTPUT };

static const struct command_option options[] = {
    [RECORDS] = {.name = "records",
                 .kind = OPTION_INTEGER,
                 .value = "N",
                 .required = true,
                 .integers = {1, (int64_t)SYNTH_MAX_RECORDS},
                 .help = "how many records to make"},
    [SEED] = {.name = "seed",
              .kind = OPTION_INTEGER,
              .value = "S",
              .required = true,
              .integers = {0, INT64_MAX},
              .help = "any number; the same seed gives the same file on every machine"},
    [DUPLICATES] = {.name = "duplicates",
                    .kind = OPTION_NUMBER,
                    .value = "F",
                    .fallback = "0.5",
                    .numbers = {0, 10},
                    .help = "extra records a person, on average: there are N / (1 + F) people"},
    [ERRORS] = {.name = "errors",
                .kind = OPTION_CHOICE,
                .value = "low|medium|high",
                .fallback = "medium",
                .help = "how much is mistyped, missing, out of date"},
    [HOUSEHOLDS] = {.name = "households",
                    .kind = OPTION_FLAG,
                    .help = "most people live in families, with many twins and juniors"},
    [THREADS] = {.name = "threads",
                 .kind = OPTION_INTEGER,
                 .value = "N",
                 .integers = {1, 1024},
                 .otherwise = "all cores",
                 .help = "how many threads work; the file does not depend on it"},
    [QUIET] = {.name = "quiet", .letter = 'q', .kind = OPTION_FLAG, .help = "no progress"},
    [OUTPUT] = {.name = "output",
                .letter = 'o',
                .kind = OPTION_TEXT,
                .value = "OUT.csv",
                .required = true,
                .help = "the file to write; - is standard output, .gz is compressed"},
};

/* A run of the command. */
struct run {
    struct synth_generator *generator;
    struct progress progress;
    uint64_t records;
    struct output_file *file;
};

static void show(void *context, uint64_t done)
{
    struct run *run = context;
    progress_update(&run->progress, done, run->records);
}

static int write_file(struct run *run, const char *path, unsigned threads, struct error *error)
{
    /* Standard output is written in place, as every path that is no regular file. */
    int status =
        output_file_create(&run->file, strcmp(path, "-") == 0 ? "/dev/stdout" : path, error);
    if (status != STATUS_OK) {
        return status;
    }
    const struct synth_progress progress = {show, run};
    progress_begin(&run->progress, "making", "records");
    status = synth_generator_write(run->generator, threads, output_file_stream(run->file),
                                   &progress, error);
    progress_end(&run->progress);
    return status == STATUS_OK ? output_files_commit(&run->file, 1, error) : status;
}

static int run(const struct command_line *line, struct error *error)
{
    const struct command_value *values = line->values;
    const struct synth_options wanted = {
        .records = (uint64_t)values[RECORDS].integer,
        .seed = (uint64_t)values[SEED].integer,
        .duplicates = (uint32_t)lround(values[DUPLICATES].number * 1e6),
        .errors = (enum synth_errors)values[ERRORS].integer,
        .households = values[HOUSEHOLDS].given,
    };
    unsigned threads =
        values[THREADS].given ? (unsigned)values[THREADS].integer : threads_available();
    struct run run = {.records = wanted.records};
    progress_init(&run.progress, values[QUIET].given);
    int status = synth_generator_create(&run.generator, &wanted, error);
    if (status == STATUS_OK) {
        status = write_file(&run, values[OUTPUT].text, threads, error);
    }
    output_file_free(run.file);
    synth_generator_free(run.generator);
    return status;
}

const struct command command_synth = {
    .name = "synth",
    .summary = "Make synthetic person records with known truth.",
    .notes = "The file has the 15 columns of an import. source_person_id is PERSON-NUMBER:\n"
             "records with the same PERSON are of one person. Families, twins and children who\n"
             "bear a parent's name are among them. No Social Security number was ever issued,\n"
             "no telephone number is anybody's.",
    .options = options,
    .option_count = ARRAY_LENGTH(options),
    .run = run,
};
