/*
 * The log: one line an event on standard error. Never a value out of a person record.
 *
 * As text: `2026-01-02T03:04:05.678Z info message`; the detail and hint of an error follow on
 * indented lines, the fields of an event as name=value on its own. As JSON: an object with time,
 * level, message, the event's fields and, where there are any, detail and hint. Times are UTC.
 *
 * Any thread may log; an event is written in one write, and needs no memory from the heap.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stddef.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/str.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };
enum log_format { LOG_TEXT, LOG_JSON };

/* Before the first thread starts; the default is LOG_INFO as text. */
void log_configure(enum log_level lowest, enum log_format format);

/* A message longer than 4 KiB is cut. */
void log_write(enum log_level level, const char *format, ...) PRINTF_LIKE(2, 3);

/* What is known of an event besides its message: a text, or a number where text.ptr is NULL. */
struct log_field {
    const char *name;
    struct str text;
    double number;
    unsigned decimals; /* digits after its point; 0: a whole number */
};

/* An event with fields, for machines to count; at most 4 KiB of texts. */
void log_event(enum log_level level, const char *message, const struct log_field *fields,
               size_t count);

/* An error with its detail and hint, for the one place that handles it. */
void log_error(const struct error *error);

#endif
