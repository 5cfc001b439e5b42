/*
 * The log: one line an event on standard error. Never a value out of a person record.
 *
 * Any thread may log; a line is written in one write.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/compiler.h"
#include "base/error.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };
enum log_format { LOG_TEXT, LOG_JSON };

/* Before the first thread starts; the default is LOG_INFO as text. */
void log_configure(enum log_level lowest, enum log_format format);

void log_write(enum log_level level, const char *format, ...) PRINTF_LIKE(2, 3);

/* An error with its detail and hint, for the one place that handles it. */
void log_error(const struct error *error);

#endif
