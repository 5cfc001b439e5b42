/*
 * The process runner: a child process of this program runs the job.
 *
 * It gets this program's version and refuses to run when it is of another one, as after an upgrade
 * under a running service. The terminal's Ctrl-C does not reach it: the service passes on what is
 * meant for it. When the service is killed, the child finishes its job all the same; the next
 * service waits for it.
 *
 * Thread rule: one thread a call.
 */
#ifndef JOBS_RUNNERS_PROCESS_H
#define JOBS_RUNNERS_PROCESS_H

#include "jobs/runner.h"

enum { PROCESS_RUNNER_MOST_OPTIONS = 8 };

struct process_runner {
    struct runner runner;                             /* first: it is what the service holds */
    const char *program;                              /* a path */
    const char *version;                              /* of this program */
    const char *options[PROCESS_RUNNER_MOST_OPTIONS]; /* for matching-job, ended by NULL */
};

/* Fills in `runner`; the rest is the caller's. */
void process_runner_prepare(struct process_runner *out);

/* The path of the program that is running now. */
int process_runner_own_program(char *out, size_t size, struct error *error);

#endif
