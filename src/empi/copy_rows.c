#include "empi/copy_rows.h"

enum {
    CHUNK_BYTES = 64 << 10, /* a COPY message's overhead is nothing then */
    MOST_BYTES = 1 << 30,   /* the server's own bound of a row */
};

int copy_rows_read(struct connection *connection, const char *sql, copy_row_taker *take,
                   void *context, struct error *error)
{
    int status = copy_out_begin(connection, sql, error);
    while (status == 0) {
        struct str row;
        status = copy_out_next(connection, &row, error);
        if (status != 0 || row.ptr == NULL) {
            break;
        }
        status = take(context, row, error);
    }
    return status;
}

int copy_writer_begin(struct copy_writer *writer, struct connection *connection, const char *sql,
                      struct error *error)
{
    writer->connection = connection;
    writer->chunk = TEXT_BUFFER(MOST_BYTES);
    return copy_in_begin(connection, sql, error);
}

static int send(struct copy_writer *writer, struct error *error)
{
    int status = writer->chunk.failed
                     ? error_out_of_memory(error)
                     : copy_in_write(writer->connection, text_str(&writer->chunk), error);
    text_clear(&writer->chunk);
    return status;
}

int copy_writer_end_row(struct copy_writer *writer, struct error *error)
{
    text_append_char(&writer->chunk, '\n');
    return writer->chunk.len < CHUNK_BYTES && !writer->chunk.failed ? 0 : send(writer, error);
}

int copy_writer_end(struct copy_writer *writer, int status, struct error *error)
{
    if (status == 0) {
        status = send(writer, error);
    }
    text_free(&writer->chunk);
    if (status != 0) {
        copy_in_abort(writer->connection, "its rows could not be made");
        return status;
    }
    return copy_in_end(writer->connection, NULL, error);
}
