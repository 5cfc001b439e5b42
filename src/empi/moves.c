#include "empi/moves.h"

#include "base/compiler.h"

int moves_prepare(struct connection *connection, struct error *error)
{
    return query_script(connection,
                        "create temporary table moved (\n"
                        "    person_record_id bigint primary key,\n"
                        "    from_person bigint not null,\n"
                        "    to_person bigint not null,\n"
                        "    match_group_id bigint not null\n"
                        ") on commit drop;\n"
                        "create temporary table person_before (\n"
                        "    id bigint primary key,\n"
                        "    version bigint not null\n"
                        ") on commit drop;\n",
                        error);
}

static int write_actions(struct connection *connection, int64_t event_id, struct error *error)
{
    struct query_parameter parameters[] = {query_integer(event_id)};
    return query_run(NULL, connection,
                     "insert into empi.person_action (match_event_id, match_group_id, person_id,\n"
                     "    person_record_id, type)\n"
                     "select $1::bigint, m.match_group_id,\n"
                     "    case step when 1 then m.from_person else m.to_person end,\n"
                     "    m.person_record_id,\n"
                     "    case step when 1 then 'remove-record' else 'add-record' end\n"
                     "from moved m\n"
                     "cross join (values (1), (2)) steps (step)\n"
                     "order by m.person_record_id, step",
                     parameters, ARRAY_LENGTH(parameters), error);
}

static int move_records(struct connection *connection, struct error *error)
{
    return query_script(connection,
                        "update empi.person_record r\n"
                        "set person_id = m.to_person,\n"
                        "    person_updated = now(),\n"
                        "    matched_or_reviewed = now()\n"
                        "from moved m\n"
                        "where r.id = m.person_record_id\n"
                        "    and r.person_id <> m.to_person;\n"
                        "update empi.person_record r\n"
                        "set matched_or_reviewed = now()\n"
                        "where r.person_id in (\n"
                        "        select to_person\n"
                        "        from moved\n"
                        "    )\n"
                        "    and r.matched_or_reviewed is distinct from now()",
                        error);
}

/* Counts, and what lists show of a person: names of its lowest-numbered record, and its sources. How
   many were as they had been read, and how many should have been, come from one statement, so that
   nothing can come between them. */
static const char update_persons[] =
    "with change as (\n"
    "    select b.id, b.version, sum(one.records)::integer as records\n"
    "    from (\n"
    "        select from_person as id, -1 as records\n"
    "        from moved\n"
    "        union all\n"
    "        select to_person, 1\n"
    "        from moved\n"
    "    ) as one\n"
    "    join person_before b on b.id = one.id\n"
    "    group by b.id\n"
    "), updated as (\n"
    "    update empi.person p\n"
    "    set version = p.version + 1,\n"
    "        updated = now(),\n"
    "        record_count = p.record_count + c.records,\n"
    "        deleted = case when p.record_count + c.records = 0\n"
    "            then now() end,\n"
    "        first_record_id = first.id,\n"
    "        last_name = first.last_name,\n"
    "        first_name = first.first_name,\n"
    "        data_sources = coalesce(sources.names, '{}')\n"
    "    from change c\n"
    "    left join lateral (\n"
    "        select r.id, r.last_name, r.first_name\n"
    "        from empi.person_record r\n"
    "        where r.person_id = c.id\n"
    "        order by r.id\n"
    "        limit 1\n"
    "    ) as first on true\n"
    "    left join lateral (\n"
    "        select array_agg(distinct r.data_source collate \"C\"\n"
    "            order by r.data_source collate \"C\") as names\n"
    "        from empi.person_record r\n"
    "        where r.person_id = c.id\n"
    "    ) as sources on true\n"
    "    where p.id = c.id\n"
    "        and p.version = c.version\n"
    "    returning (p.record_count = c.records)::integer - (p.record_count = 0)::integer as lives\n"
    "), counted as (\n"
    "    insert into empi.list_count (persons, open_groups)\n"
    "    select sum(lives), 0\n"
    "    from updated\n"
    "    having sum(lives) <> 0\n"
    ")\n"
    "select (select count(*) from updated), (select count(*) from change)";

static int change_persons(struct connection *connection, struct error *error)
{
    struct rows *rows;
    int status = query_run(&rows, connection, update_persons, NULL, 0, error);
    if (status != 0) {
        return status;
    }
    if (rows_integer(rows, 0, 0) != rows_integer(rows, 0, 1)) {
        error_set(error, STATUS_CONFLICT, "a person was changed by somebody else meanwhile");
        error_hint(error, "try again");
        status = STATUS_CONFLICT;
    }
    rows_free(rows);
    return status;
}

int moves_apply(struct connection *connection, int64_t event_id, struct error *error)
{
    int status = query_script(connection, "analyze moved; analyze person_before", error);
    if (status == 0) {
        status = write_actions(connection, event_id, error);
    }
    if (status == 0) {
        status = move_records(connection, error);
    }
    return status == 0 ? change_persons(connection, error) : status;
}
