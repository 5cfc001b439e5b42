#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "cmd/command.h"

enum { MODEL, THREADS, PROBABILITY, WEIGHT, LIMIT, ERRORS, SEED, QUIET };

static const struct command_option options[] = {
    [MODEL] = {.name = "model",
               .letter = 'm',
               .kind = OPTION_TEXT,
               .value = "MODEL.json",
               .required = true,
               .help = "the model to use"},
    [THREADS] = {.name = "threads",
                 .kind = OPTION_INTEGER,
                 .value = "N",
                 .integers = {1, 1024},
                 .otherwise = "all cores",
                 .help = "how many threads work"},
    [PROBABILITY] = {.name = "threshold-match-probability",
                     .kind = OPTION_NUMBER,
                     .value = "P",
                     .numbers = {0, 1},
                     .fallback = "0.95",
                     .help = "keep pairs at or above this probability, which is a number from 0 to "
                             "1 and so long a text that it is wrapped"},
    [WEIGHT] = {.name = "threshold-match-weight",
                .kind = OPTION_NUMBER,
                .value = "W",
                .help = "keep pairs at or above this weight"},
    [LIMIT] = {.name = "memory-limit", .kind = OPTION_SIZE, .value = "SIZE", .help = "at most"},
    [ERRORS] = {.name = "errors",
                .kind = OPTION_CHOICE,
                .value = "low|medium|high",
                .fallback = "medium",
                .help = "how many errors"},
    [SEED] = {.name = "seed", .kind = OPTION_INTEGER, .value = "S", .help = "any number"},
    [QUIET] = {.name = "quiet", .letter = 'q', .kind = OPTION_FLAG, .help = "no progress"},
};

/* What run() saw, and what it is to answer. */
static struct command_line seen;
static unsigned runs;
static enum status answer;

static int run(const struct command_line *line, struct error *error)
{
    seen = *line;
    runs++;
    if (answer != STATUS_OK) {
        error_set(error, answer, "it went wrong");
        error_detail(error, "in this way");
        error_hint(error, "do it right");
    }
    return (int)answer;
}

static const struct command command_link = {
    .name = "link",
    .arguments = "FILE.csv [FILE.csv ...]",
    .arguments_least = 1,
    .arguments_most = COMMAND_ANY_NUMBER,
    .summary = "Finds the records that belong to one person.",
    .notes = "A last word.",
    .options = options,
    .option_count = ARRAY_LENGTH(options),
    .run = run,
};

static const struct command command_plain = {
    .name = "plain",
    .summary = "Takes nothing.",
    .run = run,
};

static const struct command *const commands[] = {&command_link, &command_plain};

enum { MOST_ARGUMENTS = 16 };

static char *copied[MOST_ARGUMENTS + 1];
static char room[MOST_ARGUMENTS][64];

#define ARGUMENTS(...) ((const char *const[]){__VA_ARGS__, NULL})

static const char *const no_arguments[] = {NULL};

/* getopt permutes argv, so each parse gets writable copies. `rest` ends at NULL. */
static int copy_arguments(const char *name, const char *const *rest)
{
    int count = 0;
    for (const char *text = name; text != NULL; text = *rest++) {
        assert_true(count < MOST_ARGUMENTS);
        snprintf(room[count], sizeof room[count], "%s", text);
        copied[count] = room[count];
        count++;
    }
    copied[count] = NULL;
    return count;
}

static struct command_line line;
static struct error error;

static int parse(const struct command *command, const char *const *arguments)
{
    int count = copy_arguments(command->name, arguments);
    error = (struct error){0};
    return command_parse(&line, command, count, copied, &error);
}

static void assert_usage(int status, const char *message, const char *hint)
{
    assert_int_equal(status, STATUS_USAGE);
    assert_int_equal(error.status, STATUS_USAGE);
    assert_string_equal(error.message, message);
    assert_string_equal(error.hint, hint);
}

static void test_values(void **state)
{
    (void)state;
    assert_int_equal(
        parse(&command_link,
              ARGUMENTS("--model", "m.json", "--threads=7", "--threshold-match-probability", "0.5",
                        "--threshold-match-weight", "-3.25e1", "--memory-limit", "2GiB", "--errors",
                        "high", "--seed", "-9", "--quiet", "a.csv")),
        STATUS_OK);
    assert_string_equal(line.values[MODEL].text, "m.json");
    assert_int_equal(line.values[THREADS].integer, 7);
    assert_true(line.values[PROBABILITY].number == 0.5);
    assert_true(line.values[WEIGHT].number == -32.5);
    assert_int_equal(line.values[LIMIT].size, (uint64_t)2 << 30);
    assert_int_equal(line.values[ERRORS].integer, 2);
    assert_int_equal(line.values[SEED].integer, -9);
    for (size_t i = 0; i < ARRAY_LENGTH(options); i++) {
        assert_true(line.values[i].given);
    }
    assert_int_equal(line.argument_count, 1);
    assert_string_equal(line.arguments[0], "a.csv");
}

static void test_defaults(void **state)
{
    (void)state;
    assert_int_equal(parse(&command_link, ARGUMENTS("--model", "m.json", "a.csv")), STATUS_OK);
    assert_false(line.values[PROBABILITY].given);
    assert_true(line.values[PROBABILITY].number == 0.95);
    assert_int_equal(line.values[ERRORS].integer, 1);
    assert_false(line.values[QUIET].given);
    assert_null(line.values[LIMIT].text);
    assert_int_equal(line.values[LIMIT].size, 0);
}

static void test_short_options(void **state)
{
    (void)state;
    assert_int_equal(parse(&command_link, ARGUMENTS("-qm", "m.json", "a.csv")), STATUS_OK);
    assert_true(line.values[QUIET].given);
    assert_string_equal(line.values[MODEL].text, "m.json");
}

static void test_arguments_anywhere(void **state)
{
    (void)state;
    assert_int_equal(
        parse(&command_link, ARGUMENTS("a.csv", "--model", "m.json", "-", "--", "--b.csv")),
        STATUS_OK);
    assert_int_equal(line.argument_count, 3);
    assert_string_equal(line.arguments[0], "a.csv");
    assert_string_equal(line.arguments[1], "-");
    assert_string_equal(line.arguments[2], "--b.csv");
}

static void test_help_wins(void **state)
{
    (void)state;
    assert_int_equal(parse(&command_link, ARGUMENTS("--help", "--nonsense")), STATUS_OK);
    assert_true(line.help);
    assert_int_equal(parse(&command_link, ARGUMENTS("-h")), STATUS_OK);
    assert_true(line.help);
}

static void test_ranges(void **state)
{
    (void)state;
    const char *see = "see: tuva-empi link --help";
    assert_usage(parse(&command_link, ARGUMENTS("--threads", "0")),
                 "--threads: 0 is outside 1 to 1024", see);
    assert_usage(parse(&command_link, ARGUMENTS("--threads", "1025")),
                 "--threads: 1025 is outside 1 to 1024", see);
    assert_int_equal(parse(&command_link, ARGUMENTS("-m", "m", "--threads", "1024", "a")),
                     STATUS_OK);
    assert_usage(parse(&command_link, ARGUMENTS("--threads", "2x")),
                 "--threads: \"2x\" is not a whole number", see);
    assert_usage(parse(&command_link, ARGUMENTS("--seed", "9223372036854775808")),
                 "--seed: \"9223372036854775808\" is not a whole number", see);
    assert_usage(parse(&command_link, ARGUMENTS("--threshold-match-probability", "1.01")),
                 "--threshold-match-probability: 1.01 is outside 0 to 1", see);
    assert_usage(parse(&command_link, ARGUMENTS("--threshold-match-probability", "-0.01")),
                 "--threshold-match-probability: -0.01 is outside 0 to 1", see);
    assert_usage(parse(&command_link, ARGUMENTS("--threshold-match-weight", "nan")),
                 "--threshold-match-weight: \"nan\" is not a number", see);
    assert_usage(parse(&command_link, ARGUMENTS("--threshold-match-weight", "inf")),
                 "--threshold-match-weight: \"inf\" is not a number", see);
    assert_usage(parse(&command_link, ARGUMENTS("--threshold-match-weight", "1,5")),
                 "--threshold-match-weight: \"1,5\" is not a number", see);
}

static void test_choices(void **state)
{
    (void)state;
    assert_int_equal(parse(&command_link, ARGUMENTS("-m", "m", "--errors", "low", "a")), STATUS_OK);
    assert_int_equal(line.values[ERRORS].integer, 0);
    const char *see = "see: tuva-empi link --help";
    assert_usage(parse(&command_link, ARGUMENTS("--errors", "lo")),
                 "--errors: \"lo\" is none of low|medium|high", see);
    assert_usage(parse(&command_link, ARGUMENTS("--errors", "low|medium")),
                 "--errors: \"low|medium\" is none of low|medium|high", see);
}

static void test_sizes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t size;
    } good[] = {
        {"0", 0},
        {"1500000000", 1500000000},
        {"7B", 7},
        {"1K", 1024},
        {"1kb", 1000},
        {"512M", 512u << 20},
        {"512mib", 512u << 20},
        {"3MB", 3000000},
        {"2G", (uint64_t)2 << 30},
        {"2GiB", (uint64_t)2 << 30},
        {"2GB", 2000000000},
        {"1T", (uint64_t)1 << 40},
        {"16777215TiB", (uint64_t)16777215 << 40},
        {"18446744073709551615", UINT64_MAX},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(good); i++) {
        uint64_t size = 12345;
        assert_true(command_parse_size(str_from(good[i].text), &size));
        assert_int_equal(size, good[i].size);
    }
    static const char *const bad[] = {
        "",    "G",     "-1",    "+1",  "1.5G",      "1 G",
        "1Gi", "2Gigs", "1GiBs", "0x1", "16777216T", "18446744073709551616",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        uint64_t size = 12345;
        assert_false(command_parse_size(str_from(bad[i]), &size));
        assert_int_equal(size, 12345);
    }
    assert_usage(parse(&command_link, ARGUMENTS("--memory-limit", "0")),
                 "--memory-limit: \"0\" is not a size", "write bytes, or a unit: 2GiB, 512M");
}

static void test_what_is_missing(void **state)
{
    (void)state;
    const char *see = "see: tuva-empi link --help";
    assert_usage(parse(&command_link, ARGUMENTS("a.csv")), "--model MODEL.json is missing", see);
    assert_usage(parse(&command_link, ARGUMENTS("-m", "m.json")),
                 "FILE.csv [FILE.csv ...] is missing", see);
    assert_usage(parse(&command_link, ARGUMENTS("a.csv", "--model")),
                 "--model needs a value (MODEL.json)", see);
    assert_usage(parse(&command_link, ARGUMENTS("-m")), "--model needs a value (MODEL.json)", see);
    assert_usage(parse(&command_link, ARGUMENTS("--model", "", "a.csv")),
                 "--model: the value is empty", see);
}

static void test_what_is_too_much(void **state)
{
    (void)state;
    const char *see = "see: tuva-empi link --help";
    assert_usage(parse(&command_link, ARGUMENTS("-m", "m", "--model=n")), "--model is given twice",
                 see);
    assert_usage(parse(&command_link, ARGUMENTS("--quiet=yes")), "--quiet takes no value", see);
    assert_usage(parse(&command_link, ARGUMENTS("--help=yes")), "--help takes no value", see);
    assert_usage(parse(&command_plain, ARGUMENTS("more")), "unexpected argument \"more\"",
                 "see: tuva-empi plain --help");
}

static void test_suggestions(void **state)
{
    (void)state;
    assert_usage(parse(&command_link, ARGUMENTS("--modle=x")), "unknown option --modle",
                 "did you mean --model? See: tuva-empi link --help");
    assert_usage(parse(&command_link, ARGUMENTS("--treshold-match-weight", "1")),
                 "unknown option --treshold-match-weight",
                 "did you mean --threshold-match-weight? See: tuva-empi link --help");
    assert_usage(parse(&command_link, ARGUMENTS("--threshold", "1")), "unknown option --threshold",
                 "did you mean --threshold-match-probability? See: tuva-empi link --help");
    assert_usage(parse(&command_link, ARGUMENTS("--predictions", "x")),
                 "unknown option --predictions", "see: tuva-empi link --help");
    assert_usage(parse(&command_link, ARGUMENTS("-z")), "unknown option -z",
                 "see: tuva-empi link --help");
    assert_usage(parse(&command_plain, ARGUMENTS("--model")), "unknown option --model",
                 "see: tuva-empi plain --help");
}

/* A parse must not see what an earlier one left in getopt. */
static void test_parses_are_independent(void **state)
{
    (void)state;
    assert_int_equal(parse(&command_link, ARGUMENTS("-qz")), STATUS_USAGE);
    assert_int_equal(parse(&command_link, ARGUMENTS("-m", "m", "a", "b")), STATUS_OK);
    assert_false(line.values[QUIET].given);
    assert_int_equal(line.argument_count, 2);
}

static void test_help_text(void **state)
{
    (void)state;
    struct text_buffer text = TEXT_BUFFER(1 << 16);
    command_help(&text, &command_link);
    assert_false(text.failed);
    assert_string_equal(
        text.ptr,
        "Usage: tuva-empi link --model MODEL.json [options] FILE.csv [FILE.csv ...]\n"
        "\n"
        "Finds the records that belong to one person.\n"
        "\n"
        "Options:\n"
        "  -m, --model MODEL.json        the model to use (required)\n"
        "  --threads N                   how many threads work (default: all cores)\n"
        "  --threshold-match-probability P\n"
        "                                keep pairs at or above this probability, which\n"
        "                                is a number from 0 to 1 and so long a text that\n"
        "                                it is wrapped (default: 0.95)\n"
        "  --threshold-match-weight W    keep pairs at or above this weight\n"
        "  --memory-limit SIZE           at most\n"
        "  --errors low|medium|high      how many errors (default: medium)\n"
        "  --seed S                      any number\n"
        "  -q, --quiet                   no progress\n"
        "  -h, --help                    show this text\n"
        "\n"
        "A last word.\n");
    text_free(&text);
}

static void test_list_of_commands(void **state)
{
    (void)state;
    struct text_buffer text = TEXT_BUFFER(1 << 16);
    command_list_help(&text, commands, ARRAY_LENGTH(commands));
    assert_non_null(strstr(text.ptr,
                           "  link            Finds the records that belong to one person.\n"
                           "  plain           Takes nothing.\n"));
    text_free(&text);
}

/* Runs the program's dispatcher with one of its streams caught in `out`. */
static int run_table(const struct command *const *table, size_t length, FILE **stream, char *out,
                     size_t size, const char *const *arguments)
{
    int count = copy_arguments("tuva-empi", arguments);
    FILE *before = *stream;
    FILE *caught = fmemopen(out, size, "w");
    assert_non_null(caught);
    *stream = caught;
    int status = command_main(table, length, count, copied);
    *stream = before;
    fclose(caught);
    return status;
}

static int run_main(FILE **stream, char *out, size_t size, const char *const *arguments)
{
    return run_table(commands, ARRAY_LENGTH(commands), stream, out, size, arguments);
}

static void test_dispatch_runs_the_command(void **state)
{
    (void)state;
    char out[4096] = "";
    runs = 0;
    answer = STATUS_OK;
    assert_int_equal(
        run_main(&stderr, out, sizeof out, ARGUMENTS("link", "a.csv", "--model", "m.json")), 0);
    assert_int_equal(runs, 1);
    assert_string_equal(seen.values[MODEL].text, "m.json");
    assert_string_equal(seen.arguments[0], "a.csv");
    assert_string_equal(out, "");
}

static void test_dispatch_turns_status_into_exit(void **state)
{
    (void)state;
    static const struct {
        enum status status;
        int wanted;
    } cases[] = {{STATUS_INVALID, 1},
                 {STATUS_IO, 1},
                 {STATUS_INTERNAL, 1},
                 {STATUS_USAGE, 2},
                 {STATUS_RESOURCES, 3}};
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        char out[4096] = "";
        answer = cases[i].status;
        assert_int_equal(run_main(&stderr, out, sizeof out, ARGUMENTS("plain")), cases[i].wanted);
        assert_string_equal(out, "tuva-empi: it went wrong\nin this way\nhint: do it right\n");
    }
}

static void test_dispatch_shows_help(void **state)
{
    (void)state;
    char list[4096] = "";
    char by_help[4096] = "";
    char by_option[4096] = "";
    runs = 0;
    assert_int_equal(run_main(&stdout, list, sizeof list, ARGUMENTS("--help")), 0);
    assert_non_null(strstr(list, "Commands:\n"));
    assert_int_equal(run_main(&stdout, by_help, sizeof by_help, ARGUMENTS("help", "link")), 0);
    assert_int_equal(run_main(&stdout, by_option, sizeof by_option, ARGUMENTS("link", "--help")),
                     0);
    assert_string_equal(by_help, by_option);
    assert_non_null(strstr(by_help, "Usage: tuva-empi link "));
    assert_int_equal(runs, 0);
}

static void test_dispatch_shows_version(void **state)
{
    (void)state;
    char out[4096] = "";
    assert_int_equal(run_main(&stdout, out, sizeof out, ARGUMENTS("--version")), 0);
    assert_memory_equal(out, "tuva-empi ", 10);
    assert_true(out[10] >= '0' && out[10] <= '9');
}

static void test_dispatch_refuses(void **state)
{
    (void)state;
    char out[4096] = "";
    assert_int_equal(run_main(&stderr, out, sizeof out, ARGUMENTS("lonk")), 2);
    assert_string_equal(out, "tuva-empi: unknown command lonk\n"
                             "hint: did you mean link? See: tuva-empi --help\n");
    memset(out, 0, sizeof out);
    assert_int_equal(run_main(&stderr, out, sizeof out, ARGUMENTS("help", "zebra")), 2);
    assert_string_equal(out, "tuva-empi: unknown command zebra\nhint: see: tuva-empi --help\n");
    memset(out, 0, sizeof out);
    assert_int_equal(run_main(&stderr, out, sizeof out, ARGUMENTS("--verison")), 2);
    assert_string_equal(out, "tuva-empi: unknown option --verison\nhint: did you mean --version? "
                             "See: tuva-empi --help\n");
    memset(out, 0, sizeof out);
    assert_int_equal(run_main(&stderr, out, sizeof out, no_arguments), 2);
    assert_string_equal(out, "tuva-empi: a command is missing\nhint: see: tuva-empi --help\n");
}

static const struct command command_check = {
    .name = "config check", .summary = "Checks.", .options = options, .run = run};
static const struct command command_keys = {.name = "config keys",
                                            .summary = "Lists.",
                                            .arguments = "NAME",
                                            .arguments_most = 1,
                                            .run = run};
static const struct command command_jobs = {.name = "jobs", .summary = "Jobs.", .run = run};
static const struct command command_jobs_show = {
    .name = "jobs show", .summary = "One job.", .arguments = "ID", .arguments_most = 1, .run = run};

static const struct command command_plane_land = {
    .name = "plane land", .summary = "Lands.", .run = run};

static int run_grouped(FILE **stream, char *out, size_t size, const char *const *arguments)
{
    static const struct command *const grouped[] = {&command_check,      &command_keys,
                                                    &command_jobs,       &command_jobs_show,
                                                    &command_plane_land, &command_plain};
    memset(out, 0, size);
    return run_table(grouped, ARRAY_LENGTH(grouped), stream, out, size, arguments);
}

static void test_names_of_two_words(void **state)
{
    (void)state;
    char out[8192];
    answer = STATUS_OK;
    runs = 0;
    assert_int_equal(run_grouped(&stderr, out, sizeof out, ARGUMENTS("config", "keys", "db")), 0);
    assert_int_equal(runs, 1);
    assert_int_equal(seen.argument_count, 1);
    assert_string_equal(seen.arguments[0], "db");
    assert_int_equal(run_grouped(&stderr, out, sizeof out, ARGUMENTS("jobs")), 0);
    assert_int_equal(run_grouped(&stderr, out, sizeof out, ARGUMENTS("jobs", "show", "7")), 0);
    assert_string_equal(seen.arguments[0], "7");
    assert_int_equal(runs, 3);

    assert_int_equal(run_grouped(&stdout, out, sizeof out, ARGUMENTS("config", "--help")), 0);
    assert_non_null(strstr(out, "Usage: tuva-empi config check "));
    assert_non_null(strstr(out, "Usage: tuva-empi config keys "));
    assert_null(strstr(out, "jobs"));
    assert_int_equal(run_grouped(&stdout, out, sizeof out, ARGUMENTS("help", "jobs", "show")), 0);
    assert_memory_equal(out, "Usage: tuva-empi jobs show ", 27);
    assert_int_equal(run_grouped(&stdout, out, sizeof out, ARGUMENTS("jobs", "show", "-h")), 0);
    assert_memory_equal(out, "Usage: tuva-empi jobs show ", 27);
    assert_int_equal(runs, 3);
}

static void test_groups_refuse(void **state)
{
    (void)state;
    char out[4096];
    assert_int_equal(run_grouped(&stderr, out, sizeof out, ARGUMENTS("config")), 2);
    assert_string_equal(out, "tuva-empi: config is not a whole command\n"
                             "hint: there are: config check, config keys\n");
    assert_int_equal(run_grouped(&stderr, out, sizeof out, ARGUMENTS("config", "chekc")), 2);
    assert_string_equal(out, "tuva-empi: unknown command config chekc\n"
                             "hint: did you mean config check? See: tuva-empi --help\n");
    assert_int_equal(run_grouped(&stderr, out, sizeof out, ARGUMENTS("confg", "check")), 2);
    assert_string_equal(out, "tuva-empi: unknown command confg\n"
                             "hint: did you mean config check? See: tuva-empi --help\n");
    assert_int_equal(run_grouped(&stderr, out, sizeof out, ARGUMENTS("jobs", "shwo", "7")), 2);
    assert_string_equal(out, "tuva-empi: unknown command jobs shwo\n"
                             "hint: did you mean jobs show? See: tuva-empi --help\n");
    assert_int_equal(run_grouped(&stderr, out, sizeof out, ARGUMENTS("help", "jobs", "shwo")), 2);
    assert_memory_equal(out, "tuva-empi: unknown command jobs shwo\n", 37);
    assert_int_equal(run_grouped(&stderr, out, sizeof out, ARGUMENTS("jobs", "--x", "shwo")), 2);
    assert_memory_equal(out, "tuva-empi: unknown option --x\n", 30);
    /* Nothing of another group is near: "plane" is a word, and "plain" no command of this one. */
    assert_int_equal(run_grouped(&stderr, out, sizeof out, ARGUMENTS("plane", "x")), 2);
    assert_string_equal(out, "tuva-empi: unknown command plane x\n"
                             "hint: there are: plane land\n");
    assert_int_equal(run_grouped(&stderr, out, sizeof out, ARGUMENTS("plane", "lend")), 2);
    assert_string_equal(out, "tuva-empi: unknown command plane lend\n"
                             "hint: did you mean plane land? See: tuva-empi --help\n");
    assert_int_equal(run_grouped(&stderr, out, sizeof out, ARGUMENTS("jobs", "list")), 2);
    assert_string_equal(out, "tuva-empi: unknown command jobs list\n"
                             "hint: there are: jobs, jobs show\n");
    assert_int_equal(run_grouped(&stderr, out, sizeof out, ARGUMENTS("config", "check", "-x")), 2);
    assert_string_equal(out, "tuva-empi: unknown option -x\n"
                             "hint: see: tuva-empi config check --help\n");
}

static void test_dispatch_reports_lost_output(void **state)
{
    (void)state;
    FILE *before = stdout;
    FILE *full = fopen("/dev/full", "w");
    assert_non_null(full);
    stdout = full;
    char out[4096] = "";
    int status = run_main(&stderr, out, sizeof out, ARGUMENTS("--help"));
    stdout = before;
    fclose(full);
    assert_int_equal(status, 3);
    assert_non_null(strstr(out, "cannot write to standard output: No space left on device"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_short_options),
        cmocka_unit_test(test_arguments_anywhere),
        cmocka_unit_test(test_help_wins),
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_choices),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_what_is_missing),
        cmocka_unit_test(test_what_is_too_much),
        cmocka_unit_test(test_suggestions),
        cmocka_unit_test(test_parses_are_independent),
        cmocka_unit_test(test_help_text),
        cmocka_unit_test(test_list_of_commands),
        cmocka_unit_test(test_dispatch_runs_the_command),
        cmocka_unit_test(test_dispatch_turns_status_into_exit),
        cmocka_unit_test(test_dispatch_shows_help),
        cmocka_unit_test(test_dispatch_shows_version),
        cmocka_unit_test(test_dispatch_refuses),
        cmocka_unit_test(test_names_of_two_words),
        cmocka_unit_test(test_groups_refuse),
        cmocka_unit_test(test_dispatch_reports_lost_output),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
