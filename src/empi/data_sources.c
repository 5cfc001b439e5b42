#include "empi/data_sources.h"

#include "empi/reading.h"

int data_sources_list(struct data_source **out, size_t *count, struct arena *arena,
                      struct connection *connection, struct error *error)
{
    struct rows *rows;
    int status = query_run(&rows, connection,
                           "select value, records\n"
                           "from empi.search_data_source\n"
                           "order by value collate \"C\"",
                           NULL, 0, error);
    if (status != 0) {
        return status;
    }
    *count = rows_count(rows);
    *out = arena_alloc_array(arena, *count, sizeof **out);
    bool good = *out != NULL;
    for (size_t i = 0; good && i < *count; i++) {
        good = reading_text(&(*out)[i].name, arena, rows, i, 0);
        (*out)[i].record_count = rows_integer(rows, i, 1);
    }
    rows_free(rows);
    return good ? 0 : error_out_of_memory(error);
}
