#include "base/log.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/utf8.h"

enum {
    MESSAGE_BYTES = 4096,
    /* Holds a message, detail and hint of the largest size with every byte escaped as six. A line
       is made on the stack, so that "out of memory" can be told as well. */
    LINE_BYTES = 128 << 10,
};

static enum log_level lowest_level = LOG_INFO;
static enum log_format line_format = LOG_TEXT;

void log_configure(enum log_level lowest, enum log_format format)
{
    lowest_level = lowest;
    line_format = format;
}

static const char *level_name(enum log_level level)
{
    switch (level) {
    case LOG_DEBUG: return "debug";
    case LOG_INFO: return "info";
    case LOG_WARNING: return "warning";
    case LOG_ERROR: break;
    }
    return "error";
}

/* 2026-01-02T03:04:05.678Z */
static void format_time(char *out, size_t size)
{
    int64_t now = clock_now();
    time_t seconds = (time_t)(now / 1000000);
    struct tm parts;
    gmtime_r(&seconds, &parts);
    size_t used = strftime(out, size, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(out + used, size - used, ".%03dZ", (int)(now % 1000000 / 1000));
}

/* Nobody is told when standard error cannot be written: there is nobody left to tell. */
static void write_line(const struct text_buffer *line)
{
    int number = errno;
    const char *next = line->ptr;
    size_t left = line->len;
    while (left > 0) {
        ssize_t written = write(STDERR_FILENO, next, left);
        if (written < 0 && errno != EINTR) {
            break;
        }
        if (written > 0) {
            next += written;
            left -= (size_t)written;
        }
    }
    errno = number;
}

/* Each line of `text` on an indented line of its own. What is told is made plain, also for the sake of the
   log: a file name with a line break must not look like a line of its own. */
static void append_indented(struct text_buffer *line, struct str text)
{
    while (text.len > 0) {
        const char *feed = memchr(text.ptr, '\n', text.len);
        size_t length = feed == NULL ? text.len : (size_t)(feed - text.ptr);
        text_append(line, STR("\n    "));
        utf8_append_plain(line, (struct str){text.ptr, length}, false);
        length += feed != NULL;
        text.ptr += length;
        text.len -= length;
    }
}

/* A line that is being made. Its buffer is at its maximum from the start and never asks for memory. */
struct line {
    struct text_buffer text;
    struct json_writer json;
    char room[LINE_BYTES];
};

static void begin_event(struct line *line, enum log_level level, struct str message)
{
    char time[40];
    format_time(time, sizeof time);
    line->text = (struct text_buffer){
        .ptr = line->room, .cap = sizeof line->room, .max = sizeof line->room - 2};
    if (line_format == LOG_TEXT) {
        text_appendf(&line->text, "%s %s ", time, level_name(level));
        utf8_append_plain(&line->text, message, false);
        return;
    }
    json_write_begin(&line->json, &line->text, 0);
    json_write_open_object(&line->json);
    json_write_key(&line->json, "time");
    json_write_string(&line->json, str_from(time));
    json_write_key(&line->json, "level");
    json_write_string(&line->json, str_from(level_name(level)));
    json_write_key(&line->json, "message");
    json_write_string(&line->json, message);
}

static void end_event(struct line *line)
{
    if (line_format == LOG_JSON) {
        json_write_close_object(&line->json);
    }
    line->room[line->text.len++] = '\n';
    write_line(&line->text);
}

static void add_text(struct line *line, const char *name, struct str text)
{
    if (line_format == LOG_TEXT) {
        append_indented(&line->text, text);
    } else if (text.len > 0) {
        json_write_key(&line->json, name);
        json_write_string(&line->json, text);
    }
}

static void write_event(enum log_level level, const char *message, const char *detail,
                        const char *hint)
{
    struct line line;
    begin_event(&line, level, str_from(message));
    add_text(&line, "detail", str_from(detail));
    add_text(&line, "hint", str_from(hint));
    end_event(&line);
}

static void add_field(struct line *line, const struct log_field *field)
{
    if (line_format == LOG_TEXT) {
        text_appendf(&line->text, " %s=", field->name);
        if (field->text.ptr != NULL) {
            utf8_append_plain(&line->text, field->text, false);
        } else {
            text_appendf(&line->text, "%.*f", (int)field->decimals, field->number);
        }
        return;
    }
    json_write_key(&line->json, field->name);
    if (field->text.ptr != NULL) {
        json_write_string(&line->json, field->text);
    } else if (field->decimals == 0) {
        json_write_integer(&line->json, (int64_t)field->number);
    } else {
        double scale = pow(10, field->decimals);
        json_write_double(&line->json, round(field->number * scale) / scale);
    }
}

void log_event(enum log_level level, const char *message, const struct log_field *fields,
               size_t count)
{
    if (level < lowest_level) {
        return;
    }
    struct line line;
    begin_event(&line, level, str_from(message));
    for (size_t i = 0; i < count; i++) {
        add_field(&line, &fields[i]);
    }
    end_event(&line);
}

void log_write(enum log_level level, const char *format, ...)
{
    if (level < lowest_level) {
        return;
    }
    char message[MESSAGE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    if (length >= 0) {
        write_event(level, message, "", "");
    }
}

void log_error(const struct error *error)
{
    write_event(LOG_ERROR, error->message, error->detail, error->hint);
}
