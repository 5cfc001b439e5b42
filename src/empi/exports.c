#include "empi/exports.h"

#include "empi/copy_rows.h"
#include "empi/record.h"

static const char crosswalk[] = "copy (\n"
                                "    select p.uuid as person_id, r.source_person_id,\n"
                                "        r.data_source," RECORD_DEMOGRAPHICS_SQL "\n"
                                "    from empi.person_record r\n"
                                "    join (\n"
                                "        select id, uuid\n"
                                "        from empi.person\n"
                                "    ) as p on p.id = r.person_id\n"
                                "    order by r.id\n"
                                ") to stdout with (format csv, header)";

#define OPEN_RESULTS            \
    "from empi.match_group g\n" \
    "join empi.prediction_result p on p.match_group_id = g.id\n"

#define OPEN "where g.matched is null\n    and g.deleted is null\n"

static const char potential_matches[] = "copy (\n"
                                        "select 'pm_' || g.id as group_id,\n"
                                        "    lp.uuid as person1_id,\n"
                                        "    l.first_name as person1_first_name,\n"
                                        "    l.last_name as person1_last_name,\n"
                                        "    l.birth_date as person1_birth_date,\n"
                                        "    l.data_source as person1_data_source,\n"
                                        "    l.source_person_id as person1_source_id,\n"
                                        "    rp.uuid as person2_id,\n"
                                        "    r.first_name as person2_first_name,\n"
                                        "    r.last_name as person2_last_name,\n"
                                        "    r.birth_date as person2_birth_date,\n"
                                        "    r.data_source as person2_data_source,\n"
                                        "    r.source_person_id as person2_source_id,\n"
                                        "    p.match_probability\n" OPEN_RESULTS
                                        "join empi.person_record l on l.id = p.person_record_l_id\n"
                                        "join empi.person_record r on r.id = p.person_record_r_id\n"
                                        "join empi.person lp on lp.id = l.person_id\n"
                                        "join empi.person rp on rp.id = r.person_id\n" OPEN
                                        "order by g.id, p.match_probability desc, p.id\n"
                                        ") to stdout with (format csv, header)";

struct export
{
    struct stream *out;
    uint64_t chunks;
};

static int write_row(void *context, struct str row, struct error *error)
{
    struct export *export = context;
    export->chunks++;
    return stream_write(export->out, row, error);
}

/* The server hands on a row at a time; a row of CSV may hold line ends, so rows are counted here and
   not in the text. */
static int stream_rows(uint64_t *rows, struct connection *connection, const char *sql,
                       struct stream *out, struct error *error)
{
    struct export export = {.out = out};
    int status = copy_rows_read(connection, sql, write_row, &export, error);
    if (status == 0 && rows != NULL) {
        *rows = export.chunks > 0 ? export.chunks - 1 : 0;
    }
    return status;
}

int exports_crosswalk(uint64_t *rows, struct connection *connection, struct stream *out,
                      struct error *error)
{
    return stream_rows(rows, connection, crosswalk, out, error);
}

int exports_potential_matches(uint64_t *rows, struct connection *connection, struct stream *out,
                              struct error *error)
{
    return stream_rows(rows, connection, potential_matches, out, error);
}

int exports_count_potential_matches(uint64_t *out, struct connection *connection,
                                    struct error *error)
{
    struct rows *rows;
    int status =
        query_run(&rows, connection, "select count(*)\n" OPEN_RESULTS OPEN, NULL, 0, error);
    if (status == 0) {
        *out = (uint64_t)rows_integer(rows, 0, 0);
        rows_free(rows);
    }
    return status;
}
