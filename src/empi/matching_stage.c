/* Steps 1 and 2 of a matching job: rows that are new become records, each with a person. */

#include "empi/matching_internal.h"
#include "empi/record.h"

/* One column of the encoding that is hashed. Lengths make it unambiguous, and no text begins like
   NULL does: 2:ab is not 1:a followed by 1:b, "-" is not 1:-. */
#define ENCODED(column) "coalesce(octet_length(" column ") || ':' || " column ", '-')"

#define ENCODED_ROW                                                                                                                                                                       \
    ENCODED("data_source")                                                                                                                                                                \
    " || " ENCODED("source_person_id") " || " ENCODED("first_name") " || " ENCODED("last_name") " || " ENCODED("sex") " || " ENCODED("race") " || " ENCODED("birth_date") " || " ENCODED( \
        "death_date") " || " ENCODED("social_security_number") " || " ENCODED("address") " ||"                                                                                            \
                                                                                         " " ENCODED("city") " || " ENCODED("state") " || " ENCODED(                                      \
                                                                                             "zip"                                                                                        \
                                                                                             "_co"                                                                                        \
                                                                                             "de") " || " ENCODED("county") " || " ENCODED("phone")

static const char create_table[] = "create temporary table new_record (\n"
                                   "    record_id bigint primary key,\n"
                                   "    person_id bigint not null,\n"
                                   "    sha256 bytea not null,\n"
                                   "    data_source text not null,\n"
                                   "    source_person_id text not null,\n"
                                   "    first_name text,\n"
                                   "    last_name text,\n"
                                   "    sex text,\n"
                                   "    race text,\n"
                                   "    birth_date text,\n"
                                   "    death_date text,\n"
                                   "    social_security_number text,\n"
                                   "    address text,\n"
                                   "    city text,\n"
                                   "    state text,\n"
                                   "    zip_code text,\n"
                                   "    county text,\n"
                                   "    phone text\n"
                                   ") on commit drop";

/* Of equal rows the first of the file stays; ids rise in the file's order. */
static const char fill_table[] =
    "insert into new_record\n"
    "select nextval(pg_get_serial_sequence('empi.person_record', 'id')),\n"
    "    nextval(pg_get_serial_sequence('empi.person', 'id')),\n"
    "    sha256," RECORD_COLUMNS_SQL "\n"
    "from (\n"
    "    select *\n"
    "    from (\n"
    "        select distinct on (sha256) *\n"
    "        from (\n"
    "            select id, sha256(convert_to(" ENCODED_ROW ", 'UTF8')) as sha256,\n"
    "                " RECORD_COLUMNS_SQL "\n"
    "            from empi.person_record_staging\n"
    "            where job_id = $1::bigint\n"
    "        ) as hashed\n"
    "        order by sha256, id\n"
    "    ) as different\n"
    "    where not exists (\n"
    "        select\n"
    "        from empi.person_record r\n"
    "        where r.sha256 = different.sha256\n"
    "    )\n"
    "    order by id\n"
    ") as fresh";

static const char insert_persons[] =
    "insert into empi.person (id, record_count, first_record_id, last_name, first_name,\n"
    "    data_sources)\n"
    "overriding system value\n"
    "select person_id, 1, record_id, last_name, first_name, array[data_source]\n"
    "from new_record\n"
    "order by person_id";

static const char insert_records[] =
    "insert into empi.person_record (id, job_id, person_id, sha256," RECORD_COLUMNS_SQL ")\n"
    "overriding system value\n"
    "select record_id, $1::bigint, person_id, sha256," RECORD_COLUMNS_SQL "\n"
    "from new_record\n"
    "order by record_id";

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

/* What searches look through, and what lists count; the changes since the last job become one row. */
#define INSERT_VALUES(column)                               \
    "insert into empi.search_" column " (value, records)\n" \
    "select " column ", count(*)\n"                         \
    "from new_record\n"                                     \
    "where " column " is not null\n"                        \
    "group by " column "\n"                                 \
    "order by " column "\n"                                 \
    "on conflict (value) do update\n"                       \
    "set records = search_" column ".records + excluded.records;\n"

static const char insert_values[] = INSERT_VALUES("first_name") INSERT_VALUES("last_name")
    INSERT_VALUES("birth_date") INSERT_VALUES(
        "data_source") "with gone as (\n"
                       "    delete from empi.list_count\n"
                       "    returning persons, open_groups\n"
                       ")\n"
                       "insert into empi.list_count (persons, open_groups)\n"
                       "select coalesce(sum(persons), 0) + (select count(*) from new_record),\n"
                       "    coalesce(sum(open_groups), 0)\n"
                       "from gone";

static int count_rows(struct matching *matching, struct error *error)
{
    struct query_parameter parameters[] = {query_integer(matching->report->job_id)};
    struct rows *rows;
    int status = query_run(&rows, matching->connection,
                           "select count(*)\n"
                           "from empi.person_record_staging\n"
                           "where job_id = $1::bigint",
                           parameters, 1, error);
    if (status == 0) {
        matching->report->rows = (uint64_t)rows_integer(rows, 0, 0);
        rows_free(rows);
    }
    return status;
}

int matching_stage(struct matching *matching, struct error *error)
{
    int status = matching_phase(matching, "staging records", error);
    if (status == 0) {
        status = count_rows(matching, error);
    }
    if (status == 0) {
        status = query_script(matching->connection, create_table, error);
    }
    if (status == 0) {
        status = matching_query(matching, fill_table, &matching->report->records, error);
    }
    if (status != 0 || matching->report->records == 0) {
        return status;
    }
    status = query_script(matching->connection, "analyze new_record", error);
    if (status == 0) {
        status = query_script(matching->connection, insert_persons, error);
    }
    if (status == 0) {
        status = matching_query(matching, insert_records, NULL, error);
    }
    if (status == 0) {
        status = query_script(matching->connection, insert_values, error);
    }
    if (status == 0) {
        status = matching_query(matching, insert_event, NULL, error);
    }
    return status;
}
