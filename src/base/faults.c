#include "base/faults.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

/* A key as long as this is no typing mistake; what follows adds nothing. */
enum { MAX_KEY = 64 };

/* The last line, "and 4294967295 more", has to fit whatever came before. */
enum { ROOM_FOR_REST = 32 };

/* ---- places ---- */

static size_t enter(struct faults *faults, struct str step)
{
    size_t mark = strlen(faults->path);
    snprintf(faults->path + mark, sizeof faults->path - mark, "%s%.*s", mark > 0 ? "." : "",
             STR_ARG(step));
    return mark;
}

size_t faults_enter_key(struct faults *faults, const char *key)
{
    return enter(faults, str_from(key));
}

size_t faults_enter_item(struct faults *faults, size_t position)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%zu", position);
    return enter(faults, str_from(digits));
}

void faults_leave(struct faults *faults, size_t mark)
{
    faults->path[mark] = '\0';
}

/* ---- lines ---- */

/* A line is one line whatever the input holds, and ends with a whole character. */
static size_t tidy(char *line, size_t len)
{
    len = utf8_valid_prefix((struct str){line, len});
    utf8_make_plain(line, len, false);
    return len;
}

static PRINTF_LIKE(3, 0) void add(struct faults *faults, struct str key, const char *format,
                                  va_list arguments)
{
    char line[FAULTS_MAX_LINE];
    key.len = key.len > MAX_KEY ? MAX_KEY : key.len;
    key.len = utf8_valid_prefix(key);
    bool has_path = faults->path[0] != '\0';
    bool has_key = key.len > 0;
    int placed =
        snprintf(line, sizeof line, "%s%s%.*s%s", faults->path, has_path && has_key ? "." : "",
                 STR_ARG(key), has_path || has_key ? ": " : "");
    /* Path and key together are well below the room of a line. */
    size_t used = placed < 0 ? 0 : (size_t)placed;
    int wanted = vsnprintf(line + used, sizeof line - used, format, arguments);
    used += wanted < 0 ? 0 : (size_t)wanted;
    used = tidy(line, used < sizeof line ? used : sizeof line - 1);

    faults->count++;
    size_t end = strlen(faults->lines);
    if (faults->left_out > 0 || end + 1 + used + ROOM_FOR_REST >= sizeof faults->lines) {
        faults->left_out++;
        return;
    }
    if (end > 0) {
        faults->lines[end++] = '\n';
    }
    memcpy(faults->lines + end, line, used);
    faults->lines[end + used] = '\0';
}

void faults_add(struct faults *faults, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add(faults, (struct str){NULL, 0}, format, arguments);
    va_end(arguments);
}

void faults_add_key(struct faults *faults, struct str key, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add(faults, key, format, arguments);
    va_end(arguments);
}

int faults_report(const struct faults *faults, const char *name, struct error *error)
{
    if (faults->count == 0) {
        return 0;
    }
    error_set(error, STATUS_INVALID, "%s has %zu fault%s", name, faults->count,
              faults->count == 1 ? "" : "s");
    error_detail(error, "%s", faults->lines);
    if (faults->left_out > 0) {
        error_detail(error, "and %zu more", faults->left_out);
    }
    return STATUS_INVALID;
}
