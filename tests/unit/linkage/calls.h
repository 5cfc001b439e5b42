/*
 * Tables of function calls and their results, for the tests of functions and casts. Results are
 * DuckDB's, unless a row says that ours differs on purpose.
 */
#ifndef TEST_LINKAGE_CALLS_H
#define TEST_LINKAGE_CALLS_H

#include <stddef.h>

/*
 * One call. `arguments` are separated by "|"; each is TYPE:value, or TYPE=value when the value is
 * known at bind time. `result` is TYPE:value, TYPE! for NULL that is counted as a failure, or
 * "refused: " and a part of the message. \N is NULL; \n, \t, \v, \p (a "|") and \\ stand for
 * themselves. The function "cast" (or "try_cast") casts its one argument to the type of the result.
 */
struct call_row {
    const char *function;
    const char *arguments;
    const char *result;
};

/* Checks each row, also with memory that runs out while binding and while running. */
void calls_check(const struct call_row *rows, size_t count);

#endif
