#include "base/error.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

/* The header's macros stand for calls; here are the functions. */
#undef error_set
#undef error_out_of_memory
#undef error_system

/* Formats into `out` from `used` on. A text that was cut must not end in half a UTF-8 character:
   continuation bytes are 10xxxxxx, so step back over them and their lead byte. */
static PRINTF_LIKE(4, 0) void format_at(char *out, size_t size, size_t used, const char *format,
                                        va_list arguments)
{
    if (used >= size - 1) {
        return;
    }
    int wanted = vsnprintf(out + used, size - used, format, arguments);
    if (wanted < 0 || (size_t)wanted < size - used) {
        return;
    }
    size_t end = size - 1;
    while (end > used && ((unsigned char)out[end - 1] & 0xC0) == 0x80) {
        end--;
    }
    if (end > used && ((unsigned char)out[end - 1] & 0xC0) == 0xC0) {
        end--;
    } else {
        end = size - 1; /* it ended with a whole character after all, or was never UTF-8 */
    }
    out[end] = '\0';
}

/* Appends to a text that may be full. */
static PRINTF_LIKE(3, 4) void append(char *out, size_t size, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    format_at(out, size, strlen(out), format, arguments);
    va_end(arguments);
}

int error_set(struct error *error, enum status status, const char *format, ...)
{
    assert(status != STATUS_OK);
    error->status = status;
    error->message[0] = error->detail[0] = error->hint[0] = '\0';
    va_list arguments;
    va_start(arguments, format);
    format_at(error->message, sizeof error->message, 0, format, arguments);
    va_end(arguments);
    return (int)status;
}

void error_hint(struct error *error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    format_at(error->hint, sizeof error->hint, 0, format, arguments);
    va_end(arguments);
}

void error_detail(struct error *error, const char *format, ...)
{
    size_t used = strlen(error->detail);
    if (used > 0 && used < sizeof error->detail - 1) {
        error->detail[used++] = '\n';
        error->detail[used] = '\0';
    }
    va_list arguments;
    va_start(arguments, format);
    format_at(error->detail, sizeof error->detail, used, format, arguments);
    va_end(arguments);
}

void error_prefix(struct error *error, const char *format, ...)
{
    char rest[sizeof error->message];
    memcpy(rest, error->message, sizeof rest);
    va_list arguments;
    va_start(arguments, format);
    format_at(error->message, sizeof error->message, 0, format, arguments);
    va_end(arguments);
    append(error->message, sizeof error->message, ": %s", rest);
}

int error_out_of_memory(struct error *error)
{
    if (memory_limit_is_cause()) {
        error_set(error, STATUS_RESOURCES, "the memory limit of %llu MiB is used up",
                  (unsigned long long)(memory_limit() >> 20));
        error_hint(error, "raise the memory limit, or give the program less to do at once");
    } else {
        error_set(error, STATUS_RESOURCES, "out of memory");
        error_hint(error, "end other programs, or give this one less to do at once");
    }
    return STATUS_RESOURCES;
}

/* The machine has too little of something; the input is not at fault. */
static int is_shortage(int number)
{
    return number == ENOSPC || number == EDQUOT || number == EFBIG || number == ENOMEM ||
           number == EMFILE || number == ENFILE;
}

int error_system(struct error *error, int number, const char *format, ...)
{
    error->status = is_shortage(number) ? STATUS_RESOURCES : STATUS_IO;
    error->message[0] = error->detail[0] = error->hint[0] = '\0';
    va_list arguments;
    va_start(arguments, format);
    format_at(error->message, sizeof error->message, 0, format, arguments);
    va_end(arguments);
    char text[128];
    /* The GNU strerror_r: thread-safe, may or may not use the buffer. */
    append(error->message, sizeof error->message, ": %s", strerror_r(number, text, sizeof text));
    return (int)error->status;
}

int error_exit_status(enum status status)
{
    switch (status) {
    case STATUS_OK: return 0;
    case STATUS_USAGE: return 2;
    case STATUS_RESOURCES: return 3;
    case STATUS_INVALID:
    case STATUS_NOT_FOUND:
    case STATUS_CONFLICT:
    case STATUS_IO:
    case STATUS_CANCELLED:
    case STATUS_INTERNAL: break;
    }
    return 1;
}
