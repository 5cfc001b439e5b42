#include "empi/matching_values.h"

#include "base/number_text.h"
#include "base/random.h"
#include "empi/copy_rows.h"

int matching_values_init(struct matching_values *out, struct error *error)
{
    uint64_t seed = 0;
    int status = random_secret(&seed, sizeof seed, error);
    for (size_t i = 0; i < SEARCHED_COUNT; i++) {
        out->counts[i] = VALUE_COUNTS(seed);
    }
    return status;
}

int matching_values_add(struct matching_values *values, const struct str row[SEARCHED_COUNT],
                        struct error *error)
{
    int status = 0;
    for (size_t i = 0; status == 0 && i < SEARCHED_COUNT; i++) {
        if (row[i].ptr != NULL) {
            status = value_counts_add(&values->counts[i], row[i], NULL, error);
        }
    }
    return status;
}

#define INSERT_VALUES(column)                                       \
    "insert into empi.search_" column " (value, records)\n"         \
    "select value, records\n"                                       \
    "from new_value\n"                                              \
    "order by value\n"                                              \
    "on conflict (value) do update\n"                               \
    "set records = search_" column ".records + excluded.records;\n" \
    "truncate new_value"

static const char *const inserts[] = {
    [SEARCHED_DATA_SOURCE] = INSERT_VALUES("data_source"),
    [SEARCHED_FIRST_NAME] = INSERT_VALUES("first_name"),
    [SEARCHED_LAST_NAME] = INSERT_VALUES("last_name"),
    [SEARCHED_BIRTH_DATE] = INSERT_VALUES("birth_date"),
};

static int write_counts(const struct value_counts *counts, struct connection *connection,
                        struct error *error)
{
    struct copy_writer writer;
    int status = copy_writer_begin(&writer, connection, "copy new_value from stdin", error);
    if (status != 0) {
        return status;
    }
    for (size_t i = 0; status == 0 && i < counts->len; i++) {
        copy_append_text(&writer.chunk, counts->items[i].value);
        text_append_char(&writer.chunk, '\t');
        text_append_unsigned(&writer.chunk, counts->items[i].count);
        status = copy_writer_end_row(&writer, error);
    }
    return copy_writer_end(&writer, status, error);
}

int matching_values_write(const struct matching_values *values, struct connection *connection,
                          struct error *error)
{
    int status = query_script(connection,
                              "create temporary table new_value (\n"
                              "    value text not null,\n"
                              "    records bigint not null\n"
                              ") on commit drop",
                              error);
    for (size_t i = 0; status == 0 && i < SEARCHED_COUNT; i++) {
        status = write_counts(&values->counts[i], connection, error);
        if (status == 0) {
            status = query_script(connection, inserts[i], error);
        }
    }
    return status;
}

void matching_values_free(struct matching_values *values)
{
    for (size_t i = 0; i < SEARCHED_COUNT; i++) {
        value_counts_free(&values->counts[i]);
    }
}
