#include "api/job_json.h"

#include "api/page_json.h"
#include "empi/object_id.h"

static void write_number(struct json_writer *json, const char *key, const struct rows *rows,
                         size_t row, enum job_column column)
{
    json_write_key(json, key);
    if (rows_is_null(rows, row, column)) {
        json_write_null(json);
    } else {
        json_write_integer(json, rows_integer(rows, row, column));
    }
}

static void write_text(struct json_writer *json, const char *key, const struct rows *rows,
                       size_t row, enum job_column column)
{
    page_json_write_text(json, key, rows_text(rows, row, column));
}

void job_json_write(struct json_writer *json, const struct rows *rows, size_t row)
{
    json_write_open_object(json);
    page_json_write_id(json, "id", OBJECT_ID_JOB, rows_integer(rows, row, JOB_ID));
    write_text(json, "job_type", rows, row, JOB_TYPE);
    write_text(json, "status", rows, row, JOB_STATUS);
    write_text(json, "reason", rows, row, JOB_REASON);
    if (rows_is_null(rows, row, JOB_CONFIG_ID)) {
        page_json_write_text(json, "config_id", (struct str){NULL, 0});
    } else {
        page_json_write_id(json, "config_id", OBJECT_ID_CONFIG,
                           rows_integer(rows, row, JOB_CONFIG_ID));
    }
    write_text(json, "source_uri", rows, row, JOB_SOURCE_URI);
    write_text(json, "created", rows, row, JOB_CREATED);
    write_text(json, "updated", rows, row, JOB_UPDATED);
    write_number(json, "attempts", rows, row, JOB_TRIES);
    json_write_key(json, "progress");
    json_write_open_object(json);
    write_text(json, "phase", rows, row, JOB_PHASE);
    write_number(json, "done", rows, row, JOB_DONE);
    write_number(json, "total", rows, row, JOB_TOTAL);
    json_write_close_object(json);
    json_write_close_object(json);
}

void job_json_write_found(struct json_writer *json, const struct rows *rows)
{
    json_write_open_object(json);
    json_write_key(json, "job");
    job_json_write(json, rows, 0);
    json_write_close_object(json);
}

void job_json_write_list(struct json_writer *json, const struct rows *rows, const struct page *page)
{
    json_write_open_object(json);
    json_write_key(json, "jobs");
    json_write_open_array(json);
    for (size_t i = 0; i < rows_count(rows); i++) {
        job_json_write(json, rows, i);
    }
    json_write_close_array(json);
    page_json_write(json, page);
    json_write_close_object(json);
}
