/*
 * Rows of COPY as they pass: read one by one, or written in chunks in its text format.
 *
 * Thread rule: one thread; a connection does one COPY at a time.
 */
#ifndef EMPI_COPY_ROWS_H
#define EMPI_COPY_ROWS_H

#include "base/error.h"
#include "base/str.h"
#include "store/store.h"

/* A row with its newline, valid during the call; see empi/copy_fields.h for what is in it. */
typedef int copy_row_taker(void *context, struct str row, struct error *error);

/* Runs `copy … to stdout` and hands each row on; stops at the first failure, after which the
   connection can do nothing more but be given back. */
int copy_rows_read(struct connection *connection, const char *sql, copy_row_taker *take,
                   void *context, struct error *error);

/*
 * Rows on their way in: append values to `chunk` with tabs between them, then call
 * copy_writer_end_row(). Between begin and end the connection is not free for anything else.
 */
struct copy_writer {
    struct connection *connection;
    struct text_buffer chunk;
};

/* Begins `copy … from stdin`. After a failure there is nothing to end. */
int copy_writer_begin(struct copy_writer *writer, struct connection *connection, const char *sql,
                      struct error *error);

/* Ends the row that stands in the chunk, and sends the chunk when it has become large. */
int copy_writer_end_row(struct copy_writer *writer, struct error *error);

/* Ends the COPY when `status` is 0; gives it up otherwise, and returns that status. */
int copy_writer_end(struct copy_writer *writer, int status, struct error *error);

#endif
