/*
 * What SIGINT, SIGTERM and SIGHUP do.
 *
 * From the start they end the program at once, without leaving half-written files. A command that
 * has more to put in order calls stop_hold(): from then on signals are only counted, and the command
 * looks at the count, or waits for the descriptor, and ends by its own way. Too many signals end the
 * program at once after all.
 *
 * Thread rule: stop_prepare() and stop_hold() on the main thread; the others from any.
 */
#ifndef CMD_STOP_H
#define CMD_STOP_H

#include <stdbool.h>

#include "base/error.h"

/* Signals after which the program ends at once in any case. */
enum { STOP_MOST = 4 };

/* Sets the handlers; called by main. */
void stop_prepare(void);

/* From now on signals are counted. May be called again. */
int stop_hold(struct error *error);

/* Leaves Ctrl-C to a child that shares our terminal. */
void stop_ignore_interrupts(void);

/* How many there were. */
unsigned stop_count(void);

/* Becomes readable with the first signal and stays so; never to be read. -1 before stop_hold(). */
int stop_descriptor(void);

/* STATUS_CANCELLED once there was a signal: for loops and between the phases of a command. */
int stop_check(struct error *error);

/* The exit status of main: the shell's for a death by signal when a signal made the work fail. */
int stop_exit_status(int exit_status);

#endif
