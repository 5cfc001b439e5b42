/*
 * Jobs as the HTTP API answers them; the commands' --json is the same.
 *
 * Thread rule: as json_writer.
 */
#ifndef API_JOB_JSON_H
#define API_JOB_JSON_H

#include <stddef.h>

#include "base/json.h"
#include "empi/page.h"
#include "jobs/job_list.h"

/* {"id", "job_type", "status", …, "progress": {"phase", "done", "total"}}: a row of job_list.h. */
void job_json_write(struct json_writer *json, const struct rows *rows, size_t row);

/* {"job": {...}} */
void job_json_write_found(struct json_writer *json, const struct rows *rows);

/* {"jobs": [...], "pagination": {...}} */
void job_json_write_list(struct json_writer *json, const struct rows *rows,
                         const struct page *page);

#endif
