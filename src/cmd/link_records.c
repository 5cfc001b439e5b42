#include "cmd/link_records.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/number_text.h"
#include "base/vec.h"

static struct str id_of(const struct link_records *records, uint32_t arrival)
{
    uint64_t from = arrival == 0 ? 0 : records->id_ends[arrival - 1];
    return (struct str){records->id_bytes + from, records->id_ends[arrival] - from};
}

static int keep_id(struct link_records *records, struct str id, const struct input_files *files,
                   uint32_t id_column, struct error *error)
{
    if (id.len == 0) {
        error_set(error, STATUS_INVALID, "%s, line %" PRIu64 ": the id is empty (column \"%.*s\")",
                  input_files_name(files), input_files_line(files),
                  STR_ARG(files->columns[id_column]));
        error_hint(error, "every record needs an id; leave --id-column out to number the rows "
                          "instead");
        return STATUS_INVALID;
    }
    size_t count = records->columns.record_count;
    void *bytes = records->id_bytes;
    void *ends = records->id_ends;
    bool kept = true;
    if (records->id_bytes_len + id.len > records->id_bytes_cap) {
        kept = vec_grow(&bytes, &records->id_bytes_cap, records->id_bytes_len + id.len, 1);
        records->id_bytes = bytes;
    }
    if (count >= records->id_ends_cap) {
        kept = kept && vec_grow(&ends, &records->id_ends_cap, count + 1, sizeof(uint64_t));
        records->id_ends = ends;
    }
    if (!kept) {
        return error_out_of_memory(error);
    }
    memcpy(records->id_bytes + records->id_bytes_len, id.ptr, id.len);
    records->id_bytes_len += id.len;
    records->id_ends[count] = records->id_bytes_len;
    return 0;
}

static int by_id(const void *a, const void *b, void *context)
{
    return str_compare(id_of(context, *(const uint32_t *)a), id_of(context, *(const uint32_t *)b));
}

/* Names the two lines that share an id: reads the files once more up to the later one. */
static int report_duplicate(struct input_files *files, uint32_t a, uint32_t b, struct error *error)
{
    uint32_t first = a < b ? a : b;
    uint32_t second = a < b ? b : a;
    int status = input_files_rewind(files, error);
    char first_name[256] = "";
    uint64_t first_line = 0;
    for (uint32_t row = 0; status == 0 && row <= second; row++) {
        const struct csv_field *fields;
        status = input_files_next(files, &fields, error);
        if (status == 0 && row == first) {
            snprintf(first_name, sizeof first_name, "%s", input_files_name(files));
            first_line = input_files_line(files);
        }
    }
    if (status != 0) {
        return status;
    }
    error_set(error, STATUS_INVALID, "%s, line %" PRIu64 ": the id is that of %s, line %" PRIu64,
              input_files_name(files), input_files_line(files), first_name, first_line);
    error_hint(error, "ids have to be unique over all files; leave --id-column out to number the "
                      "rows instead");
    return STATUS_INVALID;
}

/* The order of the ids, and whether two are the same. */
static int sort_ids(struct link_records *records, struct input_files *files, struct error *error)
{
    uint32_t count = records->columns.record_count;
    records->arrival = memory_alloc_array(count, sizeof *records->arrival);
    if (records->arrival == NULL) {
        return error_out_of_memory(error);
    }
    for (uint32_t i = 0; i < count; i++) {
        records->arrival[i] = i;
    }
    if (count > 1) {
        qsort_r(records->arrival, count, sizeof *records->arrival, by_id, records);
    }
    for (uint32_t i = 1; i < count; i++) {
        if (str_equal(id_of(records, records->arrival[i - 1]),
                      id_of(records, records->arrival[i]))) {
            return report_duplicate(files, records->arrival[i - 1], records->arrival[i], error);
        }
    }
    return 0;
}

static int read_rows(struct link_records *records, struct input_files *files, uint32_t id_column,
                     struct progress *progress, struct error *error)
{
    struct str *values = memory_alloc_zeroed(files->column_count, sizeof *values);
    if (values == NULL) {
        return error_out_of_memory(error);
    }
    int status = 0;
    for (;;) {
        const struct csv_field *fields;
        status = input_files_next(files, &fields, error);
        if (status != 0 || fields == NULL) {
            break;
        }
        for (size_t i = 0; i < files->column_count; i++) {
            struct str text = fields[i].text;
            values[i] = text.len == 0 ? (struct str){NULL, 0} : text;
        }
        if (id_column != UINT32_MAX) {
            status = keep_id(records, fields[id_column].text, files, id_column, error);
        }
        if (status == 0) {
            status = columns_append(&records->columns, values, error);
        }
        if (status != 0) {
            break;
        }
        if (records->columns.record_count % 4096 == 0) {
            progress_update(progress, input_files_done(files) >> 20, files->bytes >> 20);
        }
    }
    memory_free(values);
    return status;
}

int link_records_read(struct link_records *out, struct input_files *files,
                      const struct column_set *used, uint32_t id_column, struct progress *progress,
                      struct error *error)
{
    *out = (struct link_records){.has_ids = id_column != UINT32_MAX};
    int status =
        columns_init(&out->columns, files->columns, (uint32_t)files->column_count, used, error);
    if (status == 0) {
        status = read_rows(out, files, id_column, progress, error);
    }
    if (status == 0 && out->has_ids) {
        status = sort_ids(out, files, error);
    }
    if (status == 0) {
        status = columns_seal(&out->columns, out->arrival, error);
    }
    if (status != 0) {
        link_records_free(out);
    }
    return status;
}

void link_records_append_id(struct text_buffer *out, const struct link_records *records,
                            uint32_t record)
{
    if (records->has_ids) {
        csv_append_field(out, id_of(records, records->arrival[record]));
        return;
    }
    text_append_unsigned(out, (uint64_t)record + 1);
}

void link_records_drop_columns(struct link_records *records)
{
    columns_free(&records->columns);
}

void link_records_free(struct link_records *records)
{
    columns_free(&records->columns);
    memory_free(records->id_bytes);
    memory_free(records->id_ends);
    memory_free(records->arrival);
    *records = (struct link_records){0};
}
