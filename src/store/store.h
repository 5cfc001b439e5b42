/*
 * PostgreSQL: a pool of connections, queries with bound parameters, COPY in both directions.
 *
 * The one place that knows libpq. SQL is plain text beside its one user; values are always bound,
 * never pasted. A connection that is not idle when it is given back is closed, not reused.
 *
 * Errors: SQLSTATE decides the status (see store_error.h); the server's DETAIL and CONTEXT are never
 * passed on, for they quote rows. Messages tell what to do when the server is away, full, read-only
 * or of a wrong version (older than 15).
 *
 * Thread rule: a store is guarded by its own lock and shared by all threads; a connection belongs to
 * the thread that took it.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"

struct store_options {
    const char *host; /* a name, an address, or the directory of a Unix socket */
    const char *port;
    const char *name; /* of the database */
    const char *user;
    const char *password;         /* may be NULL */
    const char *sslmode;          /* NULL: libpq's default */
    unsigned pool_size;           /* most connections; 0: 8 */
    unsigned lock_seconds;        /* a statement that waits longer for a lock fails with
                                     STATUS_CONFLICT; 0: it waits */
    const char *application_name; /* as pg_stat_activity shows it; NULL: "tuva-empi" */
};

struct store;
struct connection;

/* Opens the first connection, so that a wrong configuration is told at once, and checks the
   server's version. The options are copied. */
int store_open(struct store **out, const struct store_options *options, struct error *error);

/* All connections must have been given back. NULL is fine. */
void store_close(struct store *store);

/* Takes a connection, waiting up to `seconds` for one to come free: then STATUS_RESOURCES. A broken
   one is replaced. */
int store_take(struct connection **out, struct store *store, double seconds, struct error *error);

/* NULL is fine. */
void store_give_back(struct connection *connection);

/* Cancels what every connection of the pool is doing now; for shutting down. Any thread. */
void store_cancel_all(struct store *store);

/* ---- queries ---- */

enum { QUERY_MAX_PARAMETERS = 64 };

/* A bound value, sent as text. Made by the functions below; points into what it was made from. */
struct query_parameter {
    const char
        *text; /* NUL-terminated, or NULL for NULL, or points to nothing while number is used */
    char number[40]; /* room for a number's text */
    bool is_number;
};

struct query_parameter query_text(const char *text); /* NULL for SQL's NULL */
struct query_parameter query_integer(int64_t number);
struct query_parameter query_double(double number); /* exact */
struct query_parameter query_boolean(bool value);

struct rows; /* the result of a query; values are valid until rows_free() */

/* Runs one statement and waits for all of its result. `out` may be NULL when nothing is of
   interest. $1 … are `parameters`. */
int query_run(struct rows **out, struct connection *connection, const char *sql,
              const struct query_parameter *parameters, size_t count, struct error *error);

/* Runs several statements separated by semicolons, without parameters. */
int query_script(struct connection *connection, const char *sql, struct error *error);

size_t rows_count(const struct rows *rows);
uint64_t rows_affected(const struct rows *rows); /* by INSERT, UPDATE, DELETE */
bool rows_is_null(const struct rows *rows, size_t row, size_t column);
struct str rows_text(const struct rows *rows, size_t row, size_t column); /* ptr NULL for NULL */
int64_t rows_integer(const struct rows *rows, size_t row, size_t column); /* 0 for NULL */
double rows_double(const struct rows *rows, size_t row, size_t column);   /* NaN for NULL */
bool rows_boolean(const struct rows *rows, size_t row, size_t column);    /* false for NULL */
void rows_free(struct rows *rows);                                        /* NULL is fine */

/* Transactions. Isolation is read committed; what must not move is locked. Rolling back cannot
   fail: a connection that cannot is broken and gets closed. */
int transaction_begin(struct connection *connection, struct error *error);
int transaction_commit(struct connection *connection, struct error *error);
void transaction_roll_back(struct connection *connection);

/* ---- COPY ---- */

/* Begins `copy … from stdin`. Then write any number of chunks, of any size, and end. */
int copy_in_begin(struct connection *connection, const char *sql, struct error *error);
int copy_in_write(struct connection *connection, struct str bytes, struct error *error);
/* *rows may be NULL. A failure of any of the rows shows here at the latest. */
int copy_in_end(struct connection *connection, uint64_t *rows, struct error *error);
/* Gives up: nothing of the COPY stays. For use after an error of the caller's own. */
void copy_in_abort(struct connection *connection, const char *reason);

/* Appends one value in COPY's text format: ptr NULL is \N, and backslash, tab, newline and carriage
   return are escaped. The caller writes tabs between values and a newline after a row. */
void copy_append_text(struct text_buffer *out, struct str value);

/* Begins `copy … to stdout`. *out is the next chunk (text and CSV format: one row), valid until the
   next call; ptr NULL at the end. To stop early, give the connection back: it is closed then. */
int copy_out_begin(struct connection *connection, const char *sql, struct error *error);
int copy_out_next(struct connection *connection, struct str *out, struct error *error);

/* ---- notifications ---- */

/* Waits up to `seconds` for a notification on a channel that this connection LISTENs to, and takes
   all that are there; *notified tells whether there was one. Returns early with STATUS_CANCELLED
   when `wake` (a file descriptor, or -1) becomes readable. */
int connection_wait(struct connection *connection, double seconds, int wake, bool *notified,
                    struct error *error);

/* Takes a connection out of the pool's hands for good, for LISTEN and session-level locks: it is
   closed when given back. */
void connection_keep(struct connection *connection);

/* Whether the server is still there. */
bool connection_alive(struct connection *connection);

#endif
