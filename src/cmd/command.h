/*
 * Sub-commands: one table of options each, which serves both the parser and the help text, so that
 * the two cannot drift apart.
 *
 * A sub-command is one file that defines a `const struct command command_NAME`; main.c lists them.
 * Those of one noun may share a file, and have names of two words:
 *
 *     enum { MODEL, THREADS, QUIET };
 *
 *     static const struct command_option options[] = {
 *         [MODEL] = {.name = "model", .kind = OPTION_TEXT, .value = "MODEL.json",
 *                    .required = true, .help = "the Splink model"},
 *         [THREADS] = {.name = "threads", .kind = OPTION_INTEGER, .value = "N",
 *                      .integers = {1, 1024}, .otherwise = "all cores", .help = "threads to use"},
 *         [QUIET] = {.name = "quiet", .kind = OPTION_FLAG, .help = "no progress"},
 *     };
 *
 *     static int run(const struct command_line *line, struct error *error)
 *     {
 *         const char *model = line->values[MODEL].text;
 *         ...
 *     }
 *
 * Not done: options that may be given more than once, options that exclude each other (the command
 * checks those and returns STATUS_USAGE).
 *
 * Thread rule: the main thread only (getopt has global state).
 */
#ifndef CMD_COMMAND_H
#define CMD_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"

/* The most options of one command, so that nothing here needs the heap. */
enum { COMMAND_MAX_OPTIONS = 32 };

/* For `arguments_most`: any number. */
#define COMMAND_ANY_NUMBER SIZE_MAX

/* What an option takes, and which field of struct command_value receives it. */
enum option_kind {
    OPTION_FLAG,    /* nothing; see `given` */
    OPTION_TEXT,    /* any text but the empty one: text */
    OPTION_INTEGER, /* integer */
    OPTION_NUMBER,  /* finite: number */
    OPTION_SIZE,    /* bytes, above 0, as 1000000, 512M, 2GiB (binary) or 2GB (decimal): size */
    OPTION_CHOICE,  /* one word of `value`, "low|medium|high": integer is its position from 0 */
};

struct command_option {
    const char *name; /* long form without the dashes */
    char letter;      /* short form, or 0 */
    enum option_kind kind;
    bool required;
    const char *value;     /* what the help calls the value: "OUT.csv"; NULL for a flag */
    const char *help;      /* what it does, a phrase without a full stop */
    const char *fallback;  /* the default as one would type it; parsed and shown. NULL: none */
    const char *otherwise; /* shown as the default, but the command works it out. NULL: none */
    struct {
        int64_t least, most;
    } integers; /* both ends included; both 0: any */
    struct {
        double least, most;
    } numbers; /* likewise */
};

struct command_value {
    bool given;       /* on the command line, not by fallback */
    const char *text; /* as typed (or the fallback), for every kind; lives as long as argv */
    int64_t integer;
    double number;
    uint64_t size;
};

struct command_line {
    struct command_value values[COMMAND_MAX_OPTIONS]; /* in the order of the table */
    char *const *arguments;                           /* what is no option, in order */
    size_t argument_count;
    bool help; /* --help was asked for: nothing else was checked */
};

struct command {
    const char *name;       /* one word, or two: "config check" */
    const char *arguments;  /* as the usage line shows them: "FILE.csv [FILE.csv ...]"; or NULL */
    size_t arguments_least; /* how many may be given; both 0: none */
    size_t arguments_most;
    const char *summary; /* one sentence for the list of commands */
    const char *notes;   /* paragraphs after the options, lines wrapped by hand; or NULL */
    const struct command_option *options;
    size_t option_count;
    /* Does the work: 0 or an enum status with `error` filled. What it has to report it has written
       itself; the caller shows the error and turns the status into the exit status. */
    int (*run)(const struct command_line *line, struct error *error);
};

/* Parses argv[1 … argc-1] by the table (argv[0] is the command's name) and reorders argv so that
   arguments follow options. STATUS_USAGE with a remedy for anything that is not as the table
   says. */
int command_parse(struct command_line *out, const struct command *command, int argc, char **argv,
                  struct error *error);

/* Appends the text of `tuva-empi NAME --help`. */
void command_help(struct text_buffer *out, const struct command *command);

/* Appends the text of `tuva-empi --help`. */
void command_list_help(struct text_buffer *out, const struct command *const *commands,
                       size_t count);

/* The whole program: finds the sub-command, parses, runs, shows an error on standard error.
   Returns the exit status. */
int command_main(const struct command *const *commands, size_t count, int argc, char **argv);

/* Writes to standard output and flushes. It may be a full disk or a closed pipe: output that did not
   arrive is a failure like any other; and so is a text that did not fit its memory. */
int command_print(const struct text_buffer *text, struct error *error);

/* A size as typed for OPTION_SIZE; false when it is none or does not fit. */
bool command_parse_size(struct str text, uint64_t *out);

#endif
