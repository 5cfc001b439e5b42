/*
 * Errors: what went wrong, where, and what to do about it.
 *
 * A function that can fail returns `int`, 0 when all is well and an `enum status` otherwise, and
 * takes a caller-owned `struct error *` as its last parameter (never NULL), which it fills exactly
 * when it fails. Whoever receives an error either logs it or returns it, never both.
 *
 * No text here ever holds a value out of a person record: name the place (file, line, column),
 * never the content.
 *
 * Thread rule: an error belongs to the thread that made it.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include "base/compiler.h"

enum status {
    STATUS_OK = 0,
    STATUS_INVALID,   /* the input is at fault: a file, a model, a request */
    STATUS_USAGE,     /* the command line is at fault */
    STATUS_NOT_FOUND, /* the thing that was named does not exist */
    STATUS_CONFLICT,  /* somebody else changed or holds it */
    STATUS_IO,        /* the operating system or a peer refused: no permission, full disk, reset */
    STATUS_RESOURCES, /* memory, or a limit of ours, is used up */
    STATUS_CANCELLED, /* asked to stop */
    STATUS_INTERNAL,  /* a fault of this program */
};

struct error {
    enum status status;
    char message[512];  /* one sentence: what went wrong and where */
    char detail[16384]; /* more, one fault a line; may be empty */
    char hint[512];     /* the remedy; may be empty */
};

/*
 * Fills `error` with a formatted message and clears detail and hint. Returns `status`, so that
 * `return error_set(error, STATUS_INVALID, "...")` is one thought. Text that does not fit is cut
 * at a character's boundary.
 */
int error_set(struct error *error, enum status status, const char *format, ...) PRINTF_LIKE(3, 4);

/* Adds the remedy to an error that is set. */
void error_hint(struct error *error, const char *format, ...) PRINTF_LIKE(2, 3);

/* Appends one line to the detail of an error that is set. */
void error_detail(struct error *error, const char *format, ...) PRINTF_LIKE(2, 3);

/* Puts "PREFIX: " before the message of an error that is set: the place, seen from one layer up. */
void error_prefix(struct error *error, const char *format, ...) PRINTF_LIKE(2, 3);

/* The usual failure of every allocation, right after it; tells whether our limit or the machine's
   memory was used up. Returns STATUS_RESOURCES. */
int error_out_of_memory(struct error *error);

/* A failed system call: message, ": ", and the text of `number` (an errno). Returns STATUS_IO, or
   STATUS_RESOURCES when the machine ran short (full disk, no memory, too many open files). */
int error_system(struct error *error, int number, const char *format, ...) PRINTF_LIKE(3, 4);

/* None of these three answers 0. Compilers and analysers do not see into error.c, and would warn of
   what happens after a failure that was none: so they are told. */
static inline int error_certain(int status)
{
    if (status == STATUS_OK) {
        __builtin_unreachable();
    }
    return status;
}

#define error_set(...)             error_certain(error_set(__VA_ARGS__))
#define error_out_of_memory(error) error_certain(error_out_of_memory(error))
#define error_system(...)          error_certain(error_system(__VA_ARGS__))

/* The exit status of the program for a status: 0 done, 1 input at fault or not done, 2 usage,
   3 out of resources. */
int error_exit_status(enum status status);

#endif
