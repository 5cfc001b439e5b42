/* COPY in both directions, a chunk at a time. */

#include "store/connection.h"
#include "store/store_error.h"

static int begin(struct connection *connection, const char *sql, ExecStatusType expected,
                 struct error *error)
{
    PGresult *result = PQexec(connection->pg, sql);
    int status = 0;
    if (result == NULL || PQresultStatus(result) != expected) {
        status = store_error(error, connection->pg, result);
    }
    PQclear(result);
    return status;
}

/* Takes the results after the data; the first failure is told. */
static int finish(struct connection *connection, uint64_t *rows, struct error *error)
{
    int status = 0;
    PGresult *result;
    while ((result = PQgetResult(connection->pg)) != NULL) {
        if (PQresultStatus(result) == PGRES_COMMAND_OK) {
            if (rows != NULL) {
                *rows = rows_affected((struct rows *)result);
            }
        } else if (status == 0) {
            status = store_error(error, connection->pg, result);
        }
        PQclear(result);
    }
    return status;
}

/* ---- in ---- */

int copy_in_begin(struct connection *connection, const char *sql, struct error *error)
{
    return begin(connection, sql, PGRES_COPY_IN, error);
}

int copy_in_write(struct connection *connection, struct str bytes, struct error *error)
{
    /* libpq takes an int; a chunk that large would not be streaming anyway. */
    enum { MOST = 1 << 20 };
    while (bytes.len > 0) {
        size_t part = bytes.len < MOST ? bytes.len : MOST;
        if (PQputCopyData(connection->pg, bytes.ptr, (int)part) != 1) {
            return store_error(error, connection->pg, NULL);
        }
        bytes.ptr += part;
        bytes.len -= part;
    }
    return 0;
}

int copy_in_end(struct connection *connection, uint64_t *rows, struct error *error)
{
    if (PQputCopyEnd(connection->pg, NULL) != 1) {
        return store_error(error, connection->pg, NULL);
    }
    return finish(connection, rows, error);
}

void copy_in_abort(struct connection *connection, const char *reason)
{
    struct error ignored;
    if (PQputCopyEnd(connection->pg, reason) != 1 ||
        finish(connection, NULL, &ignored) == STATUS_IO) {
        connection->kept = true;
    }
}

void copy_append_text(struct text_buffer *out, struct str value)
{
    if (value.ptr == NULL) {
        text_append(out, STR("\\N"));
        return;
    }
    size_t begin = 0;
    for (size_t i = 0; i < value.len; i++) {
        const char *escape = NULL;
        switch (value.ptr[i]) {
        case '\\': escape = "\\\\"; break;
        case '\t': escape = "\\t"; break;
        case '\n': escape = "\\n"; break;
        case '\r': escape = "\\r"; break;
        default: continue;
        }
        text_append(out, (struct str){value.ptr + begin, i - begin});
        text_append(out, str_from(escape));
        begin = i + 1;
    }
    text_append(out, (struct str){value.ptr + begin, value.len - begin});
}

/* ---- out ---- */

int copy_out_begin(struct connection *connection, const char *sql, struct error *error)
{
    return begin(connection, sql, PGRES_COPY_OUT, error);
}

int copy_out_next(struct connection *connection, struct str *out, struct error *error)
{
    PQfreemem(connection->copied);
    connection->copied = NULL;
    *out = (struct str){NULL, 0};
    int got = PQgetCopyData(connection->pg, &connection->copied, 0);
    if (got > 0) {
        *out = (struct str){connection->copied, (size_t)got};
        return 0;
    }
    return got == -1 ? finish(connection, NULL, error) : store_error(error, connection->pg, NULL);
}
