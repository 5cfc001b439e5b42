/*
 * The records of `link`: read from the input files into columns, with their ids.
 *
 * Records are numbered in the order of their ids (bytewise for an id column, else by row number);
 * `arrival` says which row of the input each one is.
 *
 * Thread rule: one thread builds; immutable afterwards.
 */
#ifndef CMD_LINK_RECORDS_H
#define CMD_LINK_RECORDS_H

#include <stdint.h>

#include "base/error.h"
#include "base/str.h"
#include "cmd/input_files.h"
#include "cmd/progress.h"
#include "linkage/columns.h"

struct link_records {
    struct columns columns;
    bool has_ids;   /* false: ids are row numbers from 1 */
    char *id_bytes; /* the ids, by arrival, one after the other */
    size_t id_bytes_len;
    size_t id_bytes_cap;
    uint64_t *id_ends; /* by arrival: one past the id's last byte */
    size_t id_ends_cap;
    uint32_t *arrival; /* by record; NULL: records are numbered by arrival */
};

/* Reads all rows. `used` tells the columns that the model needs; `id_column` the position of the
   id, or UINT32_MAX. An empty text is NULL. Rewinds `files` when a duplicate id has to be named. */
int link_records_read(struct link_records *out, struct input_files *files,
                      const struct column_set *used, uint32_t id_column, struct progress *progress,
                      struct error *error);

/* The row number, from 0, of a record. */
static inline uint32_t link_records_arrival(const struct link_records *records, uint32_t record)
{
    return records->arrival == NULL ? record : records->arrival[record];
}

/* Appends the id of a record as CSV. */
void link_records_append_id(struct text_buffer *out, const struct link_records *records,
                            uint32_t record);

/* Gives back the columns, which only scoring needs. */
void link_records_drop_columns(struct link_records *records);
void link_records_free(struct link_records *records);

#endif
