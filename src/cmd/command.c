#include "cmd/command.h"

#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/number_text.h"
#include "base/utf8.h"

/* getopt's answer for the long option at position i is FIRST_LONG + i: above every letter. */
enum { FIRST_LONG = 256 };

/* The tables getopt wants, built from ours. ":" first makes a missing value tell itself apart from
   an unknown option. */
struct getopt_tables {
    struct option options[COMMAND_MAX_OPTIONS + 2];
    char letters[2 * COMMAND_MAX_OPTIONS + 3];
};

static void build_tables(struct getopt_tables *out, const struct command *command)
{
    assert(command->option_count <= COMMAND_MAX_OPTIONS);
    *out = (struct getopt_tables){.letters = ":h"};
    size_t letters = strlen(out->letters);
    for (size_t i = 0; i < command->option_count; i++) {
        const struct command_option *option = &command->options[i];
        bool takes_value = option->kind != OPTION_FLAG;
        out->options[i] = (struct option){
            option->name, takes_value ? required_argument : no_argument, NULL, FIRST_LONG + (int)i};
        if (option->letter != 0) {
            out->letters[letters++] = option->letter;
            if (takes_value) {
                out->letters[letters++] = ':';
            }
        }
    }
    out->options[command->option_count] = (struct option){"help", no_argument, NULL, 'h'};
}

/* The option behind getopt's answer (or its `optopt`), or NULL for an unknown letter. */
static const struct command_option *find_option(const struct command *command, int answer)
{
    if (answer >= FIRST_LONG) {
        return &command->options[answer - FIRST_LONG];
    }
    for (size_t i = 0; i < command->option_count; i++) {
        if (command->options[i].letter != 0 && command->options[i].letter == (char)answer) {
            return &command->options[i];
        }
    }
    return NULL;
}

/* Keeps the nearer of two names; a name further off than a third of its length is no help. */
static void consider(const char *name, struct str typed, const char **best, unsigned *distance)
{
    unsigned found = str_name_distance(typed, str_from(name));
    if (found < *distance && found <= 1 + strlen(name) / 3) {
        *best = name;
        *distance = found;
    }
}

static int unknown_option(const struct command *command, const char *typed, struct error *error)
{
    struct str name = {typed, strcspn(typed, "=")};
    error_set(error, STATUS_USAGE, "unknown option %.*s", STR_ARG(name));
    while (name.len > 0 && name.ptr[0] == '-') {
        name.ptr++;
        name.len--;
    }
    const char *best = NULL;
    unsigned distance = UINT32_MAX;
    for (size_t i = 0; i < command->option_count; i++) {
        const char *known = command->options[i].name;
        /* An abbreviation that fits more than one name gets here, too. */
        if (name.len > 1 && str_starts_with(str_from(known), name)) {
            best = known;
            break;
        }
        consider(known, name, &best, &distance);
    }
    if (best != NULL) {
        error_hint(error, "did you mean --%s? See: tuva-empi %s --help", best, command->name);
    } else {
        error_hint(error, "see: tuva-empi %s --help", command->name);
    }
    return STATUS_USAGE;
}

bool command_parse_size(struct str text, uint64_t *out)
{
    size_t digits = 0;
    uint64_t number = 0;
    while (digits < text.len && text.ptr[digits] >= '0' && text.ptr[digits] <= '9') {
        uint64_t digit = (uint64_t)(text.ptr[digits] - '0');
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, digit, &number)) {
            return false;
        }
        digits++;
    }
    if (digits == 0) {
        return false;
    }
    /* As GNU tools do: K and KiB are 1024, KB is 1000. */
    static const struct {
        struct str unit;
        unsigned power;
        uint64_t base;
    } units[] = {
        {{"", 0}, 0, 1},       {STR("B"), 0, 1},      {STR("K"), 1, 1024},   {STR("KiB"), 1, 1024},
        {STR("KB"), 1, 1000},  {STR("M"), 2, 1024},   {STR("MiB"), 2, 1024}, {STR("MB"), 2, 1000},
        {STR("G"), 3, 1024},   {STR("GiB"), 3, 1024}, {STR("GB"), 3, 1000},  {STR("T"), 4, 1024},
        {STR("TiB"), 4, 1024}, {STR("TB"), 4, 1000},
    };
    struct str unit = {text.ptr + digits, text.len - digits};
    for (size_t i = 0; i < ARRAY_LENGTH(units); i++) {
        if (!str_equal_ignoring_case(unit, units[i].unit)) {
            continue;
        }
        for (unsigned times = 0; times < units[i].power; times++) {
            if (__builtin_mul_overflow(number, units[i].base, &number)) {
                return false;
            }
        }
        *out = number;
        return true;
    }
    return false;
}

/* The position of `text` among the words of "low|medium|high", or -1. */
static int64_t find_choice(const char *words, struct str text)
{
    for (int64_t position = 0;; position++) {
        size_t length = strcspn(words, "|");
        if (str_equal((struct str){words, length}, text)) {
            return position;
        }
        if (words[length] == '\0') {
            return -1;
        }
        words += length + 1;
    }
}

static int parse_integer(struct command_value *value, const struct command_option *option,
                         struct error *error)
{
    int64_t least = option->integers.least;
    int64_t most = option->integers.most;
    bool any = least == 0 && most == 0;
    if (!integer_from_text(str_from(value->text), &value->integer)) {
        return error_set(error, STATUS_USAGE, "--%s: \"%s\" is not a whole number", option->name,
                         value->text);
    }
    if (!any && (value->integer < least || value->integer > most)) {
        return error_set(error, STATUS_USAGE, "--%s: %s is outside %lld to %lld", option->name,
                         value->text, (long long)least, (long long)most);
    }
    return STATUS_OK;
}

static int parse_number(struct command_value *value, const struct command_option *option,
                        struct error *error)
{
    double least = option->numbers.least;
    double most = option->numbers.most;
    bool any = !(least < 0 || least > 0 || most < 0 || most > 0);
    if (!double_from_text(str_from(value->text), &value->number) || !isfinite(value->number)) {
        return error_set(error, STATUS_USAGE, "--%s: \"%s\" is not a number", option->name,
                         value->text);
    }
    if (!any && (value->number < least || value->number > most)) {
        return error_set(error, STATUS_USAGE, "--%s: %s is outside %g to %g", option->name,
                         value->text, least, most);
    }
    return STATUS_OK;
}

/* Turns value->text into what the option's kind asks for. */
static int parse_value(struct command_value *value, const struct command_option *option,
                       struct error *error)
{
    switch (option->kind) {
    case OPTION_FLAG: return STATUS_OK;
    case OPTION_TEXT:
        /* Mostly an unset variable in a script. */
        return value->text[0] != '\0'
                   ? STATUS_OK
                   : error_set(error, STATUS_USAGE, "--%s: the value is empty", option->name);
    case OPTION_INTEGER: return parse_integer(value, option, error);
    case OPTION_NUMBER: return parse_number(value, option, error);
    case OPTION_SIZE:
        if (command_parse_size(str_from(value->text), &value->size) && value->size > 0) {
            return STATUS_OK;
        }
        error_set(error, STATUS_USAGE, "--%s: \"%s\" is not a size", option->name, value->text);
        error_hint(error, "write bytes, or a unit: 2GiB, 512M");
        return STATUS_USAGE;
    case OPTION_CHOICE:
        value->integer = find_choice(option->value, str_from(value->text));
        return value->integer >= 0 ? STATUS_OK
                                   : error_set(error, STATUS_USAGE, "--%s: \"%s\" is none of %s",
                                               option->name, value->text, option->value);
    }
    return STATUS_OK;
}

static int take_option(struct command_line *line, const struct command *command,
                       const struct command_option *option, struct error *error)
{
    struct command_value *value = &line->values[option - command->options];
    if (value->given) {
        return error_set(error, STATUS_USAGE, "--%s is given twice", option->name);
    }
    value->given = true;
    value->text = optarg;
    return parse_value(value, option, error);
}

static int take_answer(struct command_line *line, const struct command *command, int answer,
                       char **argv, struct error *error)
{
    if (answer == 'h') {
        line->help = true;
        return STATUS_OK;
    }
    const struct command_option *known =
        find_option(command, answer == '?' || answer == ':' ? optopt : answer);
    if (answer == ':') {
        return error_set(error, STATUS_USAGE, "--%s needs a value (%s)", known->name, known->value);
    }
    if (answer == '?') {
        if (optopt == 'h' || known != NULL) {
            return error_set(error, STATUS_USAGE, "--%s takes no value",
                             known == NULL ? "help" : known->name);
        }
        char letter[3] = {'-', (char)optopt, '\0'};
        return unknown_option(command, optopt != 0 ? letter : argv[optind - 1], error);
    }
    return take_option(line, command, known, error);
}

/* What the table asks for and the command line did not say. */
static int complete(struct command_line *line, const struct command *command, struct error *error)
{
    for (size_t i = 0; i < command->option_count; i++) {
        const struct command_option *option = &command->options[i];
        struct command_value *value = &line->values[i];
        if (value->given) {
            continue;
        }
        if (option->required) {
            return error_set(error, STATUS_USAGE, "--%s %s is missing", option->name,
                             option->value);
        }
        value->text = option->fallback;
        if (option->fallback != NULL && parse_value(value, option, error) != STATUS_OK) {
            return STATUS_USAGE;
        }
    }
    if (line->argument_count < command->arguments_least) {
        return error_set(error, STATUS_USAGE, "%s is missing", command->arguments);
    }
    if (line->argument_count > command->arguments_most) {
        return error_set(error, STATUS_USAGE, "unexpected argument \"%s\"",
                         line->arguments[command->arguments_most]);
    }
    return STATUS_OK;
}

int command_parse(struct command_line *out, const struct command *command, int argc, char **argv,
                  struct error *error)
{
    struct getopt_tables tables;
    build_tables(&tables, command);
    *out = (struct command_line){0};
    optind = 0; /* glibc: forget an earlier scan altogether */
    opterr = 0;
    int status = STATUS_OK;
    int answer;
    while (status == STATUS_OK && !out->help &&
           (answer = getopt_long(argc, argv, tables.letters, tables.options, NULL)) != -1) {
        status = take_answer(out, command, answer, argv, error);
    }
    if (status == STATUS_OK && !out->help) {
        out->arguments = argv + optind;
        out->argument_count = (size_t)(argc - optind);
        status = complete(out, command, error);
    }
    if (status != STATUS_OK && error->hint[0] == '\0') {
        error_hint(error, "see: tuva-empi %s --help", command->name);
    }
    return status;
}

/* ---- finding the command ---- */

/* How many words of argv (from argv[0] on) spell the command's name: "config check" has two. */
static size_t match_name(const char *name, int argc, char **argv)
{
    size_t words = 0;
    while (words < (size_t)argc) {
        size_t length = strcspn(name, " ");
        if (!str_equal((struct str){name, length}, str_from(argv[words]))) {
            return 0;
        }
        words++;
        if (name[length] == '\0') {
            return words;
        }
        name += length + 1;
    }
    return 0;
}

/* The command that argv begins with, the longest name of those that fit; NULL when there is none. */
static const struct command *find_command(const struct command *const *commands, size_t count,
                                          int argc, char **argv, size_t *words)
{
    const struct command *found = NULL;
    *words = 0;
    for (size_t i = 0; i < count; i++) {
        size_t matched = match_name(commands[i]->name, argc, argv);
        if (matched > *words) {
            found = commands[i];
            *words = matched;
        }
    }
    return found;
}

/* Whether a command's name is `word` and more. */
static bool is_in_group(const struct command *command, const char *word)
{
    size_t length = strlen(word);
    return strncmp(command->name, word, length) == 0 && command->name[length] == ' ';
}

static bool is_group(const struct command *const *commands, size_t count, const char *word)
{
    for (size_t i = 0; i < count; i++) {
        if (is_in_group(commands[i], word)) {
            return true;
        }
    }
    return false;
}

static void hint_at_group(const struct command *const *commands, size_t count, const char *group,
                          struct error *error)
{
    struct text_buffer names = TEXT_BUFFER(400);
    for (size_t i = 0; i < count; i++) {
        if (is_in_group(commands[i], group) || strcmp(commands[i]->name, group) == 0) {
            text_appendf(&names, "%s%s", names.len > 0 ? ", " : "", commands[i]->name);
        }
    }
    error_hint(error, "there are: %s", names.ptr == NULL ? "" : names.ptr);
    text_free(&names);
}

static int unknown_in_group(const struct command *const *commands, size_t count, const char *group,
                            const char *typed, struct error *error)
{
    const char *best = NULL;
    unsigned distance = UINT32_MAX;
    for (size_t i = 0; i < count; i++) {
        if (is_in_group(commands[i], group)) {
            consider(commands[i]->name + strlen(group) + 1, str_from(typed), &best, &distance);
        }
    }
    error_set(error, STATUS_USAGE, "unknown command %s %s", group, typed);
    if (best != NULL) {
        error_hint(error, "did you mean %s %s? See: tuva-empi --help", group, best);
    } else {
        hint_at_group(commands, count, group, error);
    }
    return STATUS_USAGE;
}

static int unknown_command(const struct command *const *commands, size_t count, int argc,
                           char **argv, struct error *error)
{
    const char *one = argv[0];
    if (is_group(commands, count, one)) {
        if (argc > 1) {
            return unknown_in_group(commands, count, one, argv[1], error);
        }
        error_set(error, STATUS_USAGE, "%s is not a whole command", one);
        hint_at_group(commands, count, one, error);
        return STATUS_USAGE;
    }
    char two[128];
    snprintf(two, sizeof two, "%s %s", one, argc > 1 ? argv[1] : "");
    const char *best = NULL;
    unsigned distance = UINT32_MAX;
    for (size_t i = 0; i < count; i++) {
        bool has_two = strchr(commands[i]->name, ' ') != NULL;
        consider(commands[i]->name, str_from(has_two ? two : one), &best, &distance);
    }
    consider("help", str_from(one), &best, &distance);
    consider("--help", str_from(one), &best, &distance);
    consider("--version", str_from(one), &best, &distance);
    error_set(error, STATUS_USAGE, "unknown %s %s", one[0] == '-' ? "option" : "command", one);
    if (best != NULL) {
        error_hint(error, "did you mean %s? See: tuva-empi --help", best);
    } else {
        error_hint(error, "see: tuva-empi --help");
    }
    return STATUS_USAGE;
}

/* "jobs shwo 7": `command`, found by its one word, takes no arguments, but others go on there. */
static bool goes_on(const struct command *command, const struct command *const *commands,
                    size_t count, int argc, char **argv)
{
    return strcmp(command->name, argv[0]) == 0 && command->arguments_most == 0 && argc > 1 &&
           argv[1][0] != '-' && is_group(commands, count, argv[0]);
}

int command_print(const struct text_buffer *text, struct error *error)
{
    if (text->failed) {
        return error_out_of_memory(error);
    }
    if (fwrite(text->ptr, 1, text->len, stdout) != text->len || fflush(stdout) != 0) {
        return error_system(error, errno, "cannot write to standard output");
    }
    return STATUS_OK;
}

/* Of one command; of those of a group; or, with both NULL, of all. */
static int print_help(const struct command *const *commands, size_t count,
                      const struct command *command, const char *group, struct error *error)
{
    struct text_buffer text = TEXT_BUFFER(64 << 10);
    if (command != NULL) {
        command_help(&text, command);
    } else if (group != NULL) {
        for (size_t i = 0; i < count; i++) {
            if (is_in_group(commands[i], group)) {
                text_appendf(&text, "%s", text.len > 0 ? "\n" : "");
                command_help(&text, commands[i]);
            }
        }
    } else {
        command_list_help(&text, commands, count);
    }
    int status = command_print(&text, error);
    text_free(&text);
    return status;
}

static int print_version(struct error *error)
{
    struct text_buffer text = TEXT_BUFFER(256);
    text_appendf(&text, "tuva-empi %s\n", TUVA_EMPI_VERSION);
    int status = command_print(&text, error);
    text_free(&text);
    return status;
}

static int dispatch(const struct command *const *commands, size_t count, int argc, char **argv,
                    struct error *error)
{
    const char *first = argc > 1 ? argv[1] : "";
    if (first[0] == '\0') {
        error_set(error, STATUS_USAGE, "a command is missing");
        error_hint(error, "see: tuva-empi --help");
        return STATUS_USAGE;
    }
    if (strcmp(first, "--version") == 0 || strcmp(first, "-V") == 0) {
        return print_version(error);
    }
    bool help = strcmp(first, "help") == 0;
    if (strcmp(first, "--help") == 0 || strcmp(first, "-h") == 0 || (help && argc == 2)) {
        return print_help(commands, count, NULL, NULL, error);
    }
    argc -= help ? 2 : 1;
    argv += help ? 2 : 1;
    size_t words;
    const struct command *command = find_command(commands, count, argc, argv, &words);
    bool asked =
        help || (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0));
    if (command == NULL && asked && is_group(commands, count, argv[0])) {
        return print_help(commands, count, NULL, argv[0], error);
    }
    if (command == NULL || goes_on(command, commands, count, argc, argv)) {
        return unknown_command(commands, count, argc, argv, error);
    }
    if (help) {
        return print_help(commands, count, command, NULL, error);
    }
    struct command_line line;
    /* getopt wants a name in front: the last word of ours. */
    int skipped = (int)words - 1;
    int status = command_parse(&line, command, argc - skipped, argv + skipped, error);
    if (status == STATUS_OK) {
        status = line.help ? print_help(commands, count, command, NULL, error)
                           : command->run(&line, error);
    }
    return status;
}

/* What is told may be of any file's name or header: it must not steer the terminal. */
static void tell(const char *before, char *text, bool lines)
{
    if (text[0] != '\0') {
        utf8_make_plain(text, strlen(text), lines);
        fprintf(stderr, "%s%s\n", before, text);
    }
}

int command_main(const struct command *const *commands, size_t count, int argc, char **argv)
{
    struct error error = {0};
    int status = dispatch(commands, count, argc, argv, &error);
    if (status == STATUS_OK) {
        return 0;
    }
    /* Not the log: what a person typed is answered in plain lines without date and level. */
    tell("tuva-empi: ", error.message, false);
    tell("", error.detail, true);
    tell("hint: ", error.hint, false);
    return error_exit_status((enum status)status);
}
