/*
 * All that is wrong with one input, collected while it is read and reported at once, each fault
 * with its place: "comparisons.2.output_column_name: must be a text, not 5".
 *
 * A path is of keys and list positions, from 0, joined by dots; the reader enters and leaves them.
 * The report is a struct error whose detail has one line a fault. What does not fit is counted in
 * the last line. Values of a person record have no place in a fault, as in any error.
 *
 * Thread rule: one thread at a time.
 */
#ifndef BASE_FAULTS_H
#define BASE_FAULTS_H

#include <stddef.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/str.h"

enum { FAULTS_MAX_PATH = 256, FAULTS_MAX_LINE = 1024 };

struct faults {
    size_t count;
    size_t left_out;            /* those that did not fit */
    char path[FAULTS_MAX_PATH]; /* NUL-terminated; deeper paths are cut */
    char lines[sizeof(((struct error *)0)->detail)];
};

/* Goes one step down. Gives what faults_leave() wants. */
MUST_CHECK size_t faults_enter_key(struct faults *faults, const char *key);
MUST_CHECK size_t faults_enter_item(struct faults *faults, size_t position);

/* Back to where the matching enter was. */
void faults_leave(struct faults *faults, size_t mark);

/* A fault of the place itself, and of one key in it. A line that is too long is cut. Keys may be
   any input: they are cut, and what is not printable in them is replaced. */
void faults_add(struct faults *faults, const char *format, ...) PRINTF_LIKE(2, 3);
void faults_add_key(struct faults *faults, struct str key, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* 0 when there are none; else the report: "NAME has 2 faults" with STATUS_INVALID. */
int faults_report(const struct faults *faults, const char *name, struct error *error);

#endif
