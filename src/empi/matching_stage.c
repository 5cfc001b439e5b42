/* Step 1 of a matching job, and the ids of step 2: which staged rows are new. */

#include "empi/matching_internal.h"

/* What becomes of each row is in the other columns: of the record, and of the person that it begins
   as. Its values stay where they are. Who is merged into whom shows only when the job has grouped. */
static const char create_tables[] = "create temporary table new_record (\n"
                                    "    record_id bigint primary key,\n"
                                    "    staging_id bigint not null,\n"
                                    "    person_id bigint not null,\n"
                                    "    sha256 bytea not null\n"
                                    ") on commit drop;\n"
                                    "create temporary table merged_person (\n"
                                    "    id bigint primary key,\n"
                                    "    goes_on bigint not null,\n"
                                    "    number bigint not null\n" /* of the component */
                                    ") on commit drop";

/* Of equal rows the first of the file stays; ids rise in the file's order. */
static const char fill_table[] =
    "insert into new_record (record_id, staging_id, person_id, sha256)\n"
    "select nextval('empi.person_record_id_seq'), id,\n"
    "    nextval('empi.person_id_seq'), sha256\n"
    "from (\n"
    "    select first.id, first.sha256\n"
    "    from (\n"
    "        select min(id) as id, sha256\n"
    "        from empi.person_record_staging\n"
    "        where job_id = $1::bigint\n"
    "        group by sha256\n"
    "    ) as first\n"
    "    where not exists (\n"
    "        select\n"
    "        from empi.person_record r\n"
    "        where r.sha256 = first.sha256\n"
    "    )\n"
    "    order by first.id\n"
    ") as fresh";

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
        status = query_script(matching->connection, create_tables, error);
    }
    if (status == 0) {
        status = matching_query(matching, fill_table, &matching->report->records, error);
    }
    if (status == 0 && matching->report->records > 0) {
        status = query_script(matching->connection, "analyze new_record", error);
    }
    return status;
}
