/*
 * The rest of step 2 of a matching job: new rows become records and persons.
 *
 * The event `new-ids` gives every record a person of its own, and the event `auto-matches`, in the
 * same transaction, merges many of them at once. Only the outcome of both is ever seen, so records
 * and persons are written when it is known, as it is, once: written at first and updated later, they
 * would cost twice as much.
 */

#include <inttypes.h>

#include "base/number_text.h"
#include "empi/bulk_load.h"
#include "empi/matching_internal.h"
#include "empi/matching_persons.h"
#include "empi/record.h"

/* New records from which on an empty index is filled in its own way: below, taking indexes off and
   putting them back costs as much as it saves. */
enum { BULK_LOAD = 20000 };

struct writing {
    struct matching *matching;
    struct matching_persons persons;
    struct copy_writer writer;
};

/* ---- records ---- */

static int write_record(void *context, const struct new_record *record, struct str values,
                        struct error *error)
{
    struct writing *writing = context;
    struct text_buffer *out = &writing->writer.chunk;
    const struct person_outcome outcome = matching_persons_outcome(&writing->persons, record);
    text_append_integer(out, record->id);
    text_append_char(out, '\t');
    text_append_integer(out, writing->matching->report->job_id);
    text_append_char(out, '\t');
    text_append_integer(out, outcome.goes_on);
    text_append_char(out, '\t');
    text_append(out, outcome.changed ? str_from(writing->matching->now) : STR("\\N"));
    text_append_char(out, '\t');
    values.len -= values.len > 0 && values.ptr[values.len - 1] == '\n' ? 1 : 0;
    text_append(out, values);
    return copy_writer_end_row(&writing->writer, error);
}

/* As they are staged, unread: what COPY has written it reads. */
static int write_records(struct writing *writing, struct error *error)
{
    struct matching *matching = writing->matching;
    int status = copy_writer_begin(&writing->writer, matching->connection,
                                   "copy empi.person_record (id, job_id, person_id,\n"
                                   "    matched_or_reviewed, sha256," RECORD_COLUMNS_SQL ")\n"
                                   "from stdin",
                                   error);
    if (status != 0) {
        return status;
    }
    status =
        matching_read_new(matching, "sha256," RECORD_COLUMNS_SQL, write_record, writing, error);
    return copy_writer_end(&writing->writer, status, error);
}

static int write_actions(struct writing *writing, struct error *error)
{
    struct matching *matching = writing->matching;
    int64_t event_id;
    int status = matching_insert_event(&event_id, matching, "new-ids", error);
    if (status == 0) {
        status = copy_writer_begin(&writing->writer, matching->connection,
                                   "copy empi.person_action (match_event_id, person_id,\n"
                                   "    person_record_id, type)\n"
                                   "from stdin",
                                   error);
    }
    if (status != 0) {
        return status;
    }
    for (size_t i = 0; status == 0 && i < matching->records.len; i++) {
        const struct new_record *record = &matching->records.items[i];
        text_appendf(&writing->writer.chunk, "%" PRId64 "\t%" PRId64 "\t%" PRId64 "\tadd-record",
                     event_id, record->person_id, record->id);
        status = copy_writer_end_row(&writing->writer, error);
    }
    return copy_writer_end(&writing->writer, status, error);
}

/* Changes since the last job become one row. */
static int write_counts(struct writing *writing, struct error *error)
{
    struct query_parameter parameters[] = {query_integer(writing->persons.living)};
    return query_run(
        NULL, writing->matching->connection,
        "with gone as (\n"
        "    delete from empi.list_count\n"
        "    returning persons, open_groups\n"
        ")\n"
        "insert into empi.list_count (persons, open_groups)\n"
        "select coalesce(sum(persons), 0) + $1::bigint, coalesce(sum(open_groups), 0)\n"
        "from gone",
        parameters, ARRAY_LENGTH(parameters), error);
}

/* Persons before their records, and both before what was done to them, for each refers to the former. */
static int write_all(struct writing *writing, struct error *error)
{
    int status = matching_persons_write(&writing->persons, error);
    if (status == 0) {
        status = write_records(writing, error);
    }
    if (status == 0) {
        status = write_actions(writing, error);
    }
    if (status == 0) {
        status =
            matching_values_write(&writing->persons.values, writing->matching->connection, error);
    }
    return status == 0 ? write_counts(writing, error) : status;
}

int matching_insert_new(struct matching *matching, const struct match_graph *graph,
                        struct error *error)
{
    struct writing writing = {.matching = matching};
    int status = matching_phase(matching, "writing records", error);
    if (status == 0 && matching->records.len >= BULK_LOAD) {
        status = bulk_load_begin(&matching->bulk, matching->connection, error);
    }
    if (status == 0) {
        status = matching_persons_init(&writing.persons, matching, graph, error);
    }
    if (status == 0) {
        status = write_all(&writing, error);
    }
    matching_persons_free(&writing.persons);
    return status;
}
