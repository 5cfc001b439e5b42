#include "empi/bulk_load.h"

#include "base/compiler.h"

#define TABLES                                                                \
    "empi.person, empi.person_record, empi.person_action, empi.match_group, " \
    "empi.match_group_action, empi.prediction_result, empi.open_match_person"

/* What is written later refers to them: they are empty when the others are. */
#define ALL_TABLES TABLES ", empi.person_record_note, empi.manual_decision"

/* Who reads one of the tables may want the next: rather than wait for each other until the server
   takes one of the two for dead, the job does without. */
static const char lock[] = "set local lock_timeout = '500ms';\n"
                           "lock table " ALL_TABLES " in access exclusive mode;\n"
                           "set local lock_timeout = 0";

/* Files of this transaction's own: should it fail, they go with it, so that their content need not
   be logged, nor marked as its own row by row. Nobody can write any more; somebody may have, until
   now. */
static const char begin_anew[] =
    "do $$\n"
    "declare\n"
    "    name text;\n"
    "    filled boolean;\n"
    "begin\n"
    "    foreach name in array string_to_array('" ALL_TABLES "', ', ')\n"
    "    loop\n"
    "        execute format('select exists (select from %s)', name)\n"
    "            into filled;\n"
    "        if filled then\n"
    "            raise '% is not empty', name;\n"
    "        end if;\n"
    "    end loop;\n"
    "end\n"
    "$$;\n"
    "truncate " ALL_TABLES;

/* In the order of their names, so that two servers do the same. */
static const char take_off[] =
    "create temporary table index_put_off on commit drop as\n"
    "select row_number() over (order by i.indexrelid::regclass::text collate \"C\") as position,\n"
    "    case when c.oid is null then format('drop index %s', i.indexrelid::regclass)\n"
    "        else format('alter table %s drop constraint %I', i.indrelid::regclass, c.conname)\n"
    "    end as off,\n"
    "    case when c.oid is null then pg_get_indexdef(i.indexrelid)\n"
    "        else format('alter table %s add constraint %I %s', i.indrelid::regclass, c.conname,\n"
    "            pg_get_constraintdef(c.oid))\n"
    "    end as back\n"
    "from pg_index i\n"
    "left join pg_constraint c on c.conindid = i.indexrelid\n"
    "    and c.conrelid = i.indrelid\n"
    "    and c.contype = 'u'\n"
    "where i.indrelid = any (string_to_array('" TABLES "', ', ')::regclass[])\n"
    "    and not i.indisprimary\n"
    "    and not exists (\n"
    "        select\n"
    "        from pg_constraint f\n"
    "        where f.conindid = i.indexrelid\n"
    "            and f.contype = 'f'\n"
    "    );\n"
    "do $$\n"
    "declare\n"
    "    statement text;\n"
    "begin\n"
    "    for statement in select off from index_put_off order by position loop\n"
    "        execute statement;\n"
    "    end loop;\n"
    "end\n"
    "$$";

static const char put_back[] =
    "do $$\n"
    "declare\n"
    "    statement text;\n"
    "begin\n"
    "    for statement in select back from index_put_off order by position loop\n"
    "        execute statement;\n"
    "    end loop;\n"
    "end\n"
    "$$";

static int is_empty(bool *out, struct connection *connection, struct error *error)
{
    struct rows *rows;
    int status = query_run(&rows, connection,
                           "select not exists (select from empi.person_record)\n"
                           "    and not exists (select from empi.person)",
                           NULL, 0, error);
    if (status == 0) {
        *out = rows_boolean(rows, 0, 0);
        rows_free(rows);
    }
    return status;
}

int bulk_load_begin(bool *begun, struct connection *connection, struct error *error)
{
    *begun = false;
    bool empty;
    int status = is_empty(&empty, connection, error);
    if (status != 0 || !empty) {
        return status;
    }
    status = query_script(connection, "savepoint bulk_load", error);
    if (status != 0) {
        return status;
    }
    struct error refused;
    *begun = query_script(connection, lock, &refused) == 0 &&
             query_script(connection, begin_anew, &refused) == 0 &&
             query_script(connection, take_off, &refused) == 0;
    return query_script(connection,
                        *begun ? "release savepoint bulk_load"
                               : "rollback to savepoint bulk_load;\nrelease savepoint bulk_load",
                        error);
}

int bulk_load_end(struct connection *connection, struct error *error)
{
    return query_script(connection, put_back, error);
}
