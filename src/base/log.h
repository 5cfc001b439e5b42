/*
 * The log: one line an event on standard error. Never a value out of a person record.
 *
 * As text: `2026-01-02T03:04:05.678Z info message`; the detail and hint of an error follow on
 * indented lines. As JSON: an object with time, level, message and, where there are any, detail
 * and hint. Times are UTC.
 *
 * Any thread may log; an event is written in one write, and needs no memory from the heap.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/compiler.h"
#include "base/error.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };
enum log_format { LOG_TEXT, LOG_JSON };

/* Before the first thread starts; the default is LOG_INFO as text. */
void log_configure(enum log_level lowest, enum log_format format);

/* A message longer than 4 KiB is cut. */
void log_write(enum log_level level, const char *format, ...) PRINTF_LIKE(2, 3);

/* An error with its detail and hint, for the one place that handles it. */
void log_error(const struct error *error);

#endif
