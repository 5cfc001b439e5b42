/*
 * What is wrong with a request, field by field, all of it at once: the details of the HTTP API's
 * "Validation failed".
 *
 * Thread rule: one thread at a time.
 */
#ifndef API_FIELD_FAULTS_H
#define API_FIELD_FAULTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/compiler.h"
#include "base/error.h"
#include "base/str.h"

/* What is kept: a request with more faults is not mended by reading on. */
enum { FIELD_FAULTS_MOST = 1000 };

/* A place in a request, on the caller's stack: keys and list positions from the outside in. */
struct field_path {
    const struct field_path *parent; /* NULL: the outermost */
    const char *key;                 /* NULL: a position in a list */
    size_t position;                 /* from 0 */
};

struct field_fault {
    const char *field; /* "person_updates.0.version"; NULL: the request as a whole */
    const char *message;
    struct field_fault *next;
};

struct field_faults {
    struct arena *arena; /* for all that is kept */
    struct field_fault *first;
    struct field_fault *last;
    size_t count;
    bool failed; /* there was no memory for one */
};

/* `path` NULL: the request as a whole. */
void field_faults_add(struct field_faults *faults, const struct field_path *path,
                      const char *format, ...) PRINTF_LIKE(3, 4);

/* Whether there are any, or there was no memory for one. */
static inline bool field_faults_any(const struct field_faults *faults)
{
    return faults->count > 0 || faults->failed;
}

/* Whether there is one of this field, "a.0.b". */
bool field_faults_has(const struct field_faults *faults, struct str field);

/* 0 when there are none; else STATUS_INVALID, "Validation failed" with a line of detail each. */
int field_faults_report(const struct field_faults *faults, struct error *error);

#endif
