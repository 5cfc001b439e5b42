/* Steps 4 and 5 of a matching job: what is there, and what becomes of it. Step 6 is
   matching_write.c's. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/number_text.h"
#include "empi/copy_fields.h"
#include "empi/locks.h"
#include "empi/matching_internal.h"
#include "empi/matching_write.h"
#include "empi/moves.h"

/* What must not change meanwhile; and the older records and persons that the job's results name. */
static const char create_tables[] = "create temporary table group_before on commit drop as\n"
                                    "select id, version\n"
                                    "from empi.match_group\n"
                                    "where matched is null\n"
                                    "    and deleted is null;\n"
                                    "create temporary table named_record (\n"
                                    "    id bigint primary key\n"
                                    ") on commit drop;\n"
                                    "create temporary table named_person (\n"
                                    "    id bigint primary key\n"
                                    ") on commit drop;\n"
                                    "analyze group_before";

/* Who owns a record, by id. */
struct owner {
    int64_t record;
    int64_t person;
};

/* The graph's inputs as they grow: results of open groups first, in the order of their ids, then the
   new ones. */
struct grouping {
    struct matching *matching;
    struct match_graph graph;
    struct copy_fields fields;
    struct {
        VEC(struct match_person); /* in the end in the order of their ids */
    } persons;
    struct {
        VEC(struct match_result);
    } results;
    struct {
        VEC(struct owner); /* of both records of each result in turn */
    } owners;
    struct {
        VEC(struct owner); /* older records that new results name, in the order of their ids */
    } named;
    struct {
        VEC(struct match_decision);
    } decisions;
};

/* ---- ids ---- */

struct ids {
    VEC(int64_t);
};

/* In order, each once. */
static void sort_ids(struct ids *ids)
{
    size_t kept = 0;
    if (ids->len > 1) {
        qsort(ids->items, ids->len, sizeof *ids->items, matching_compare_ids);
    }
    for (size_t i = 0; i < ids->len; i++) {
        if (kept == 0 || ids->items[kept - 1] != ids->items[i]) {
            ids->items[kept++] = ids->items[i];
        }
    }
    ids->len = kept;
}

/* Gives the ids back, too; they are not written when not all of them were `kept`. */
static int write_ids(struct connection *connection, const char *sql, struct ids *ids, bool kept,
                     struct error *error)
{
    struct copy_writer writer;
    sort_ids(ids);
    int status =
        kept ? copy_writer_begin(&writer, connection, sql, error) : error_out_of_memory(error);
    if (status == 0) {
        for (size_t i = 0; status == 0 && i < ids->len; i++) {
            text_append_integer(&writer.chunk, ids->items[i]);
            status = copy_writer_end_row(&writer, error);
        }
        status = copy_writer_end(&writer, status, error);
    }
    vec_free(ids);
    return status;
}

/* ---- results of before, and new ones ---- */

static int add_result(void *context, struct str row, struct error *error)
{
    struct grouping *grouping = context;
    const struct copy_fields *fields = &grouping->fields;
    int status = copy_fields_read(&grouping->fields, row, 9, error);
    if (status != 0) {
        return status;
    }
    struct match_result result = {
        .id = copy_fields_integer(fields, 0),
        .group = copy_fields_integer(fields, 1),
        .left_record = copy_fields_integer(fields, 2),
        .right_record = copy_fields_integer(fields, 4),
        .weight = copy_fields_double(fields, 6),
        .probability = copy_fields_double(fields, 7),
        .automatic = copy_fields_integer(fields, 8) != 0,
    };
    struct owner left = {result.left_record, copy_fields_integer(fields, 3)};
    struct owner right = {result.right_record, copy_fields_integer(fields, 5)};
    bool kept = vec_push(&grouping->results, result) && vec_push(&grouping->owners, left) &&
                vec_push(&grouping->owners, right);
    return kept ? 0 : error_out_of_memory(error);
}

/* What the job's own model has scored is judged by the job's threshold. A probability of another model
   says nothing to it: such a result has to be above the threshold that was set for that model, too. */
static int read_open_groups(struct grouping *grouping, struct error *error)
{
    char sql[2048];
    snprintf(sql, sizeof sql,
             "copy (\n"
             "    with judged as materialized (\n"
             "        select j.id,\n"
             "            case c.splink_settings::text when own.splink_settings::text\n"
             "                then own.auto_match_threshold\n"
             "                else greatest(own.auto_match_threshold, c.auto_match_threshold)\n"
             "            end as threshold\n"
             "        from empi.job j\n"
             "        join empi.config c on c.id = j.config_id\n"
             "        cross join (select * from empi.config where id = %" PRId64 ") as own\n"
             "        where j.id in (\n"
             "            select p.job_id\n"
             "            from group_before g\n"
             "            join empi.prediction_result p on p.match_group_id = g.id\n"
             "        )\n"
             "    )\n"
             "    select p.id, p.match_group_id, l.id, l.person_id, r.id, r.person_id,\n"
             "        p.match_weight, p.match_probability,\n"
             "        coalesce(p.match_probability > judged.threshold, false)::integer\n"
             "    from group_before g\n"
             "    join empi.prediction_result p on p.match_group_id = g.id\n"
             "    join empi.person_record l on l.id = p.person_record_l_id\n"
             "    join empi.person_record r on r.id = p.person_record_r_id\n"
             "    left join judged on judged.id = p.job_id\n"
             "    order by p.id\n"
             ") to stdout",
             grouping->matching->config.id);
    return copy_rows_read(grouping->matching->connection, sql, add_result, grouping, error);
}

static int add_named(void *context, struct str row, struct error *error)
{
    struct grouping *grouping = context;
    int status = copy_fields_read(&grouping->fields, row, 2, error);
    if (status != 0) {
        return status;
    }
    struct owner owner = {copy_fields_integer(&grouping->fields, 0),
                          copy_fields_integer(&grouping->fields, 1)};
    return vec_push(&grouping->named, owner) ? 0 : error_out_of_memory(error);
}

/* The left record of a new result may be an older one; the right one, with the higher id, never is. */
static int read_named(struct grouping *grouping, struct error *error)
{
    struct matching *matching = grouping->matching;
    struct ids ids = {0};
    bool kept = true;
    for (size_t i = 0; kept && i < matching->results.len; i++) {
        int64_t record = matching->results.items[i].left_record;
        kept = matching_find_record(matching, record) != NULL || vec_push(&ids, record);
    }
    int status = write_ids(matching->connection, "copy named_record from stdin", &ids, kept, error);
    if (status == 0) {
        status = query_script(matching->connection, "analyze named_record", error);
    }
    return status == 0 ? copy_rows_read(matching->connection,
                                        "copy (\n"
                                        "    select r.id, r.person_id\n"
                                        "    from named_record n\n"
                                        "    join empi.person_record r on r.id = n.id\n"
                                        "    order by r.id\n"
                                        ") to stdout",
                                        add_named, grouping, error)
                       : status;
}

static int64_t person_of_named(const struct grouping *grouping, int64_t record)
{
    const struct owner *owner = bsearch(&record, grouping->named.items, grouping->named.len,
                                        sizeof *owner, matching_compare_ids);
    return owner == NULL ? 0 : owner->person;
}

/* A person of the job's own enters the graph with the first result that names it. */
static int push_owner(struct grouping *grouping, int64_t record, struct error *error)
{
    struct new_record *fresh = matching_find_record(grouping->matching, record);
    struct owner owner = {record,
                          fresh != NULL ? fresh->person_id : person_of_named(grouping, record)};
    if (fresh != NULL && fresh->person == MATCH_GRAPH_NONE) {
        struct match_person person = {
            .id = fresh->person_id,
            .created = grouping->matching->now_microseconds,
            .record_count = 1,
            .is_new = true,
        };
        fresh->person = 0; /* where it comes to stand shows when all are there */
        if (!vec_push(&grouping->persons, person)) {
            return error_out_of_memory(error);
        }
    }
    return vec_push(&grouping->owners, owner) ? 0 : error_out_of_memory(error);
}

static int add_new_results(struct grouping *grouping, struct error *error)
{
    const struct matching *matching = grouping->matching;
    int status = 0;
    for (size_t i = 0; status == 0 && i < matching->results.len; i++) {
        const struct match_result *result = &matching->results.items[i];
        status = push_owner(grouping, result->left_record, error);
        if (status == 0) {
            status = push_owner(grouping, result->right_record, error);
        }
        if (status == 0 && !vec_push(&grouping->results, *result)) {
            status = error_out_of_memory(error);
        }
    }
    return status;
}

/* ---- persons ---- */

static int add_person(void *context, struct str row, struct error *error)
{
    struct grouping *grouping = context;
    int status = copy_fields_read(&grouping->fields, row, 3, error);
    if (status != 0) {
        return status;
    }
    struct match_person person = {
        .id = copy_fields_integer(&grouping->fields, 0),
        .created = copy_fields_integer(&grouping->fields, 1),
        .record_count = (uint32_t)copy_fields_integer(&grouping->fields, 2),
    };
    return vec_push(&grouping->persons, person) ? 0 : error_out_of_memory(error);
}

/* Older ones: those of the job's own are there already. */
static int read_persons(struct grouping *grouping, struct error *error)
{
    struct matching *matching = grouping->matching;
    struct ids ids = {0};
    bool kept = true;
    for (size_t i = 0; kept && i < grouping->owners.len; i++) {
        const struct owner *owner = &grouping->owners.items[i];
        kept =
            matching_find_record(matching, owner->record) != NULL || vec_push(&ids, owner->person);
    }
    int status = write_ids(matching->connection, "copy named_person from stdin", &ids, kept, error);
    if (status == 0) {
        status = query_script(matching->connection,
                              "analyze named_person;\n"
                              "insert into person_before (id, version)\n"
                              "select p.id, p.version\n"
                              "from named_person n\n"
                              "join empi.person p on p.id = n.id;\n"
                              "analyze person_before",
                              error);
    }
    return status == 0 ? copy_rows_read(
                             matching->connection,
                             "copy (\n"
                             "    select p.id, (extract(epoch from p.created) * 1000000)::bigint,\n"
                             "        p.record_count\n"
                             "    from person_before b\n"
                             "    join empi.person p on p.id = b.id\n"
                             ") to stdout",
                             add_person, grouping, error)
                       : status;
}

static uint32_t find_person(const struct grouping *grouping, int64_t id)
{
    const struct match_person *person = bsearch(&id, grouping->persons.items, grouping->persons.len,
                                                sizeof *person, matching_compare_ids);
    return person == NULL ? MATCH_GRAPH_NONE : (uint32_t)(person - grouping->persons.items);
}

static int no_such_person(struct error *error)
{
    return error_set(error, STATUS_INTERNAL, "a result names a person that was not read");
}

static int place_persons(struct grouping *grouping, struct error *error)
{
    struct matching *matching = grouping->matching;
    qsort(grouping->persons.items, grouping->persons.len, sizeof *grouping->persons.items,
          matching_compare_ids);
    for (size_t i = 0; i < grouping->results.len; i++) {
        struct match_result *result = &grouping->results.items[i];
        result->left = find_person(grouping, grouping->owners.items[2 * i].person);
        result->right = find_person(grouping, grouping->owners.items[2 * i + 1].person);
        if (result->left == MATCH_GRAPH_NONE || result->right == MATCH_GRAPH_NONE) {
            return no_such_person(error);
        }
    }
    for (size_t i = 0; i < matching->records.len; i++) {
        struct new_record *record = &matching->records.items[i];
        if (record->person != MATCH_GRAPH_NONE) {
            record->person = find_person(grouping, record->person_id);
        }
    }
    return 0;
}

/* ---- decisions ---- */

static int add_decision(void *context, struct str row, struct error *error)
{
    struct grouping *grouping = context;
    int status = copy_fields_read(&grouping->fields, row, 3, error);
    if (status != 0) {
        return status;
    }
    struct match_decision decision = {
        .person = find_person(grouping, copy_fields_integer(&grouping->fields, 0)),
        .event = copy_fields_integer(&grouping->fields, 1),
        .decided = copy_fields_integer(&grouping->fields, 2),
    };
    if (decision.person == MATCH_GRAPH_NONE) {
        return no_such_person(error);
    }
    return vec_push(&grouping->decisions, decision) ? 0 : error_out_of_memory(error);
}

static int read_decisions(struct grouping *grouping, struct error *error)
{
    return copy_rows_read(grouping->matching->connection,
                          "copy (\n"
                          "    select r.person_id, d.match_event_id, d.person_id\n"
                          "    from empi.manual_decision d\n"
                          "    join empi.person_record r on r.id = d.person_record_id\n"
                          "    join person_before b on b.id = r.person_id\n"
                          ") to stdout",
                          add_decision, grouping, error);
}

/* ---- all together ---- */

static int gather(struct grouping *grouping, struct error *error)
{
    static int (*const parts[])(struct grouping * grouping, struct error * error) = {
        read_open_groups, read_named, add_new_results, read_persons, place_persons, read_decisions,
    };
    struct connection *connection = grouping->matching->connection;
    int status =
        query_script(connection, "select pg_advisory_xact_lock(" LOCK_MATCH_UPDATE ")", error);
    if (status == 0) {
        status = moves_prepare(connection, error);
    }
    if (status == 0) {
        status = query_script(connection, create_tables, error);
    }
    for (size_t i = 0; status == 0 && i < ARRAY_LENGTH(parts); i++) {
        status = parts[i](grouping, error);
    }
    return status;
}

static int solve(struct grouping *grouping, struct error *error)
{
    grouping->graph = (struct match_graph){
        .persons = grouping->persons.items,
        .person_count = grouping->persons.len,
        .results = grouping->results.items,
        .result_count = grouping->results.len,
        .decisions = grouping->decisions.items,
        .decision_count = grouping->decisions.len,
    };
    return match_graph_solve(&grouping->graph, error);
}

int matching_group(struct matching *matching, struct error *error)
{
    struct grouping grouping = {.matching = matching, .fields = COPY_FIELDS};
    int status = matching_phase(matching, "grouping results", error);
    if (status == 0) {
        status = gather(&grouping, error);
    }
    copy_fields_free(&grouping.fields);
    vec_free(&grouping.owners);
    vec_free(&grouping.named);
    if (status == 0) {
        status = solve(&grouping, error);
    }
    if (status == 0) {
        status = matching_write(matching, &grouping.graph, error);
    }
    match_graph_free(&grouping.graph);
    vec_free(&grouping.persons);
    vec_free(&grouping.results);
    vec_free(&grouping.decisions);
    return status;
}
