/*
 * Child processes: spawned, never forked, with nothing inherited but the three standard streams.
 *
 * Thread rule: any thread may spawn; a process belongs to the thread that spawned it.
 */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/str.h"

struct process {
    pid_t pid;  /* 0 when there is none */
    int output; /* reads what the child writes; -1 when it was not asked for */
    int errors; /* the same for its standard error */
};

struct process_options {
    const char *const *environment; /* "NAME=value", ended by NULL, added to ours; may be NULL */
    bool read_output;
    bool read_errors;
    bool join_errors; /* its errors go where its output goes, in order */
    bool own_group;   /* a group of its own: a Ctrl-C at the terminal does not reach it */
    bool discard_all; /* output and errors go to /dev/null, unless they are read */
    bool keep_input;  /* it reads our standard input, not /dev/null */
    const char *name; /* for messages; NULL: arguments[0] */
};

/* Starts `arguments[0]` (a path, or a name looked up in PATH); the list ends with NULL. Standard
   input is /dev/null unless it is kept. The child starts with default signal handling and no blocked signals. */
int process_spawn(struct process *out, const char *const *arguments,
                  const struct process_options *options, struct error *error);

/* Waits for the end. *exit_status is the exit status, or 128 + the signal that ended it. Closes the
   pipes. */
int process_wait(struct process *process, int *exit_status, struct error *error);

/* Waits until the child has ended or `wake` (a file descriptor, or -1) is readable; *ended tells
   which. process_wait() is still to be called. */
int process_await(const struct process *process, int wake, bool *ended, struct error *error);

/* Runs to the end. What it writes on both streams goes to `output`, as much as fits; a status other
   than 0 is an error with the last line of it. */
int process_run(const char *const *arguments, const struct process_options *options,
                struct text_buffer *output, struct error *error);

#endif
