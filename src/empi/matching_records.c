/* The new records of a matching job: their ids, and their staged rows as often as they are read. */

#include <inttypes.h>
#include <stdlib.h>

#include "base/number_text.h"
#include "empi/copy_fields.h"
#include "empi/matching_internal.h"

/* ---- ids ---- */

struct taking_ids {
    int64_t *out;
    size_t count;
    size_t taken;
};

static int wrong_ids(struct error *error)
{
    return error_set(error, STATUS_INTERNAL, "the database gave other ids than were asked for");
}

/* That they rise is what finding them stands on. */
static int take_id(void *context, struct str row, struct error *error)
{
    struct taking_ids *taking = context;
    int64_t id;
    row.len -= row.len > 0 && row.ptr[row.len - 1] == '\n' ? 1 : 0;
    if (taking->taken == taking->count || !integer_from_text(row, &id) ||
        (taking->taken > 0 && id <= taking->out[taking->taken - 1])) {
        return wrong_ids(error);
    }
    taking->out[taking->taken++] = id;
    return 0;
}

int matching_take_ids(int64_t *out, size_t count, struct matching *matching, const char *sequence,
                      struct error *error)
{
    struct text_buffer sql = TEXT_BUFFER(256);
    text_appendf(&sql, "copy (select nextval('%s') from generate_series(1, %zu)) to stdout",
                 sequence, count);
    struct taking_ids taking = {out, count, 0};
    int status = sql.failed
                     ? error_out_of_memory(error)
                     : copy_rows_read(matching->connection, sql.ptr, take_id, &taking, error);
    text_free(&sql);
    return status == 0 && taking.taken < count ? wrong_ids(error) : status;
}

/* ---- staged rows ---- */

struct reading_new {
    struct matching *matching;
    size_t next; /* the record whose row is to come */
    new_record_taker *take;
    void *context;
};

/* Between the records' rows are those that are none: the job's other rows. */
static int take_row(void *context, struct str row, struct error *error)
{
    struct reading_new *reading = context;
    const struct matching *matching = reading->matching;
    int64_t staging_id;
    const char *tab = memchr(row.ptr, '\t', row.len);
    size_t length = tab == NULL ? row.len - 1 : (size_t)(tab - row.ptr);
    if (!integer_from_text((struct str){row.ptr, length}, &staging_id)) {
        return error_set(error, STATUS_INTERNAL, "a staged row of the database has no id");
    }
    if (reading->next == matching->records.len ||
        matching->records.items[reading->next].staging_id != staging_id) {
        return 0;
    }
    struct str values = {row.ptr + length + 1, row.len - length - 1};
    int status =
        reading->take(reading->context, &matching->records.items[reading->next], values, error);
    reading->next++;
    return status != 0
               ? status
               : matching_count_row(reading->matching, reading->next, matching->records.len, error);
}

int matching_read_new(struct matching *matching, const char *columns, new_record_taker *take,
                      void *context, struct error *error)
{
    struct text_buffer sql = TEXT_BUFFER(4096);
    text_appendf(&sql,
                 "copy (\n"
                 "    select id%s%s\n"
                 "    from empi.person_record_staging\n"
                 "    where job_id = %" PRId64 "\n"
                 "    order by id\n"
                 ") to stdout",
                 columns[0] == '\0' ? "" : ", ", columns, matching->report->job_id);
    struct reading_new reading = {matching, 0, take, context};
    int status = sql.failed ? error_out_of_memory(error)
                            : copy_rows_read(matching->reader, sql.ptr, take_row, &reading, error);
    text_free(&sql);
    if (status == 0 && reading.next < matching->records.len) {
        status = error_set(error, STATUS_INTERNAL,
                           "staged rows of the job were deleted while it was running");
    }
    return status;
}

int matching_compare_ids(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

struct new_record *matching_find_record(const struct matching *matching, int64_t id)
{
    return bsearch(&id, matching->records.items, matching->records.len, sizeof(struct new_record),
                   matching_compare_ids);
}
