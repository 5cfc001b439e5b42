#include "empi/reading.h"

#include "base/json_read.h"

/* Whoever asked has given up long before, and the connection is somebody else's turn. */
#define READING_TIMEOUT "30s"

int reading_begin(struct connection *connection, struct error *error)
{
    return query_script(connection,
                        "begin isolation level repeatable read, read only;\n"
                        "set local statement_timeout = '" READING_TIMEOUT "'",
                        error);
}

bool reading_text(struct str *out, struct arena *arena, const struct rows *rows, size_t row,
                  size_t column)
{
    struct str text = rows_text(rows, row, column);
    *out = (struct str){NULL, 0};
    if (text.ptr != NULL) {
        *out = (struct str){arena_copy(arena, text), text.len};
    }
    return (out->ptr == NULL) == (text.ptr == NULL);
}

static int copy_list(struct str **out, size_t *count, struct arena *arena, const json_t *list,
                     struct error *error)
{
    *count = json_array_size(list);
    *out = arena_alloc_array(arena, *count, sizeof **out);
    if (*out == NULL) {
        return error_out_of_memory(error);
    }
    for (size_t i = 0; i < *count; i++) {
        const json_t *item = json_array_get(list, i);
        struct str text = {json_string_value(item), json_string_length(item)};
        (*out)[i] = (struct str){arena_copy(arena, text), text.len};
        if ((*out)[i].ptr == NULL) {
            return error_out_of_memory(error);
        }
    }
    return 0;
}

int reading_list(struct str **out, size_t *count, struct arena *arena, struct str json,
                 struct error *error)
{
    json_t *list;
    int status = json_read(&list, json, NULL, error);
    if (status == 0) {
        status = copy_list(out, count, arena, list, error);
        json_decref(list);
    }
    return status;
}

int reading_total(int64_t *out, struct connection *connection, const char *sql, struct error *error)
{
    struct rows *rows;
    int status = query_run(&rows, connection, sql, NULL, 0, error);
    if (status == 0) {
        *out = rows_integer(rows, 0, 0);
        rows_free(rows);
    }
    return status;
}
