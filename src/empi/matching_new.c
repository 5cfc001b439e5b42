/*
 * The rest of step 2 of a matching job: new rows become records and persons.
 *
 * The event `new-ids` gives every record a person of its own, and the event `auto-matches`, in the
 * same transaction, merges many of them at once. Only the outcome of both is ever seen, so records
 * and persons are written when it is known, as it is, once: written at first and updated later, they
 * would cost twice as much.
 *
 * Stands on new_record and merged_person, which matching_stage.c makes; the latter is empty when
 * there is nothing to group.
 */

#include "base/compiler.h"
#include "empi/bulk_load.h"
#include "empi/matching_internal.h"
#include "empi/record.h"

/* New records from which on an empty index is filled in its own way: below, taking indexes off and
   putting them back costs as much as it saves. */
enum { BULK_LOAD = 20000 };

/* First those that stay as they begin, then those that others come to, then those that are emptied:
   whom the second event changes has version 2. Others may have been there before the job: a steward's
   new person is younger than the job's, when it is made while the job is running. */
static const char insert_persons[] =
    "analyze merged_person;\n"
    "insert into empi.person (id, record_count, first_record_id, last_name, first_name,\n"
    "    data_sources)\n"
    "overriding system value\n"
    "select n.person_id, 1, n.record_id, s.last_name, s.first_name, array[s.data_source]\n"
    "from new_record n\n"
    "join empi.person_record_staging s on s.id = n.staging_id\n"
    "where not exists (\n"
    "        select\n"
    "        from merged_person m\n"
    "        where m.id = n.person_id\n"
    "    )\n"
    "    and not exists (\n"
    "        select\n"
    "        from merged_person m\n"
    "        where m.goes_on = n.person_id\n"
    "    )\n"
    "order by n.staging_id;\n"
    "with joined as (\n"
    "    select id, goes_on\n"
    "    from merged_person\n"
    "    union\n"
    "    select goes_on, goes_on\n"
    "    from merged_person\n"
    "), own as (\n"
    "    select j.goes_on as id, n.record_id, s.last_name, s.first_name, s.data_source\n"
    "    from joined j\n"
    "    join new_record n on n.person_id = j.id\n"
    "    join empi.person_record_staging s on s.id = n.staging_id\n"
    "    union all\n"
    "    select m.goes_on, r.id, r.last_name, r.first_name, r.data_source\n"
    "    from merged_person m\n"
    "    join empi.person_record r on r.person_id = m.id\n"
    ")\n"
    "insert into empi.person (id, version, record_count, first_record_id, last_name, first_name,\n"
    "    data_sources)\n"
    "overriding system value\n"
    "select own.id, 2, count(*), min(own.record_id),\n"
    "    (array_agg(own.last_name order by own.record_id))[1],\n"
    "    (array_agg(own.first_name order by own.record_id))[1],\n"
    "    array_agg(distinct own.data_source collate \"C\" order by own.data_source collate \"C\")\n"
    "from own\n"
    "where own.id in (\n"
    "    select person_id\n"
    "    from new_record\n"
    ")\n"
    "group by own.id\n"
    "order by own.id;\n"
    "insert into empi.person (id, version, record_count, deleted)\n"
    "overriding system value\n"
    "select n.person_id, 2, 0, now()\n"
    "from new_record n\n"
    "join merged_person m on m.id = n.person_id\n"
    "order by n.person_id";

static const char insert_record_rows[] =
    "insert into empi.person_record (id, job_id, person_id, matched_or_reviewed, sha256,\n"
    "    " RECORD_COLUMNS_SQL ")\n"
    "overriding system value\n"
    "select n.record_id, $1::bigint, coalesce(m.goes_on, n.person_id),\n"
    "    case when m.id is not null or grown.id is not null then now() end, n.sha256,\n"
    "    " RECORD_COLUMNS_SQL "\n"
    "from new_record n\n"
    "join empi.person_record_staging s on s.id = n.staging_id\n"
    "left join merged_person m on m.id = n.person_id\n"
    "left join (\n"
    "    select distinct goes_on as id\n"
    "    from merged_person\n"
    ") as grown on grown.id = n.person_id\n"
    "order by n.staging_id";

static const char insert_event[] =
    "with event as (\n"
    "    insert into empi.match_event (type, job_id)\n"
    "    values ('new-ids', $1::bigint)\n"
    "    returning id\n"
    ")\n"
    "insert into empi.person_action (match_event_id, person_id, person_record_id, type)\n"
    "select event.id, n.person_id, n.record_id, 'add-record'\n"
    "from event\n"
    "cross join new_record n\n"
    "order by n.record_id";

/* What searches look through, counted in one pass over the rows. */
static const char count_values[] =
    "create temporary table new_value on commit drop as\n"
    "select grouping(s.first_name, s.last_name, s.birth_date, s.data_source) as absent,\n"
    "    s.first_name, s.last_name, s.birth_date, s.data_source, count(*) as records\n"
    "from new_record n\n"
    "join empi.person_record_staging s on s.id = n.staging_id\n"
    "group by grouping sets ((s.first_name), (s.last_name), (s.birth_date), (s.data_source))";

/* `absent` has a bit for each of the four that a row is not about, the last column's the lowest. */
#define INSERT_VALUES(column, absent)                       \
    "insert into empi.search_" column " (value, records)\n" \
    "select " column ", records\n"                          \
    "from new_value\n"                                      \
    "where absent = " absent "\n"                           \
    "    and " column " is not null\n"                      \
    "order by " column "\n"                                 \
    "on conflict (value) do update\n"                       \
    "set records = search_" column ".records + excluded.records"

/* What lists count; the changes since the last job become one row. */
static const char insert_counts[] = "with gone as (\n"
                                    "    delete from empi.list_count\n"
                                    "    returning persons, open_groups\n"
                                    "), fresh as (\n"
                                    "    select count(*) as persons\n"
                                    "    from new_record n\n"
                                    "    where not exists (\n"
                                    "        select\n"
                                    "        from merged_person m\n"
                                    "        where m.id = n.person_id\n"
                                    "    )\n"
                                    ")\n"
                                    "insert into empi.list_count (persons, open_groups)\n"
                                    "select coalesce(sum(gone.persons), 0) + (\n"
                                    "        select persons\n"
                                    "        from fresh\n"
                                    "    ),\n"
                                    "    coalesce(sum(open_groups), 0)\n"
                                    "from gone";

/* That none is missing is looked at once more: a job that says that it succeeded has lost nothing. */
static int insert_records(struct matching *matching, struct error *error)
{
    uint64_t inserted = 0;
    int status = matching_query(matching, insert_record_rows, &inserted, error);
    return status != 0 || inserted == matching->report->records
               ? status
               : error_set(error, STATUS_INTERNAL,
                           "staged rows of the job were deleted while it was running");
}

int matching_insert_new(struct matching *matching, struct error *error)
{
    static const char *const afterwards[] = {
        count_values,
        INSERT_VALUES("first_name", "7"),
        INSERT_VALUES("last_name", "11"),
        INSERT_VALUES("birth_date", "13"),
        INSERT_VALUES("data_source", "14"),
        insert_counts,
    };
    int status = matching_phase(matching, "writing records", error);
    if (status == 0 && matching->report->records >= BULK_LOAD) {
        status = bulk_load_begin(&matching->bulk, matching->connection, error);
    }
    if (status == 0) {
        status = query_script(matching->connection, insert_persons, error);
    }
    if (status == 0) {
        status = insert_records(matching, error);
    }
    if (status == 0) {
        status = matching_query(matching, insert_event, NULL, error);
    }
    for (size_t i = 0; status == 0 && i < ARRAY_LENGTH(afterwards); i++) {
        status = query_script(matching->connection, afterwards[i], error);
    }
    return status;
}
