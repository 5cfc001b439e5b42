/* Steps 4 and 5 of a matching job: what is there, and what becomes of it. Step 6 is
   matching_write.c's. */

#include "base/vec.h"
#include "empi/copy_fields.h"
#include "empi/locks.h"
#include "empi/match_graph.h"
#include "empi/matching_internal.h"
#include "empi/matching_write.h"
#include "empi/moves.h"

/* All results that take part, the open groups' first, and what must not change meanwhile. */
static const char gather[] =
    "create temporary table edge (\n"
    "    position bigint generated always as identity primary key,\n"
    "    result_id bigint,\n" /* null: new */
    "    group_id bigint,\n"
    "    left_record bigint not null,\n"
    "    right_record bigint not null,\n"
    "    left_person bigint not null,\n"
    "    right_person bigint not null,\n"
    "    weight double precision not null,\n"
    "    probability double precision not null,\n"
    "    levels smallint[] not null\n"
    ") on commit drop;\n"
    "create temporary table group_before on commit drop as\n"
    "select id, version\n"
    "from empi.match_group\n"
    "where matched is null\n"
    "    and deleted is null;\n"
    "analyze group_before;\n"
    "insert into edge (result_id, group_id, left_record, right_record, left_person, right_person,\n"
    "    weight, probability, levels)\n"
    "select p.id, p.match_group_id, l.id, r.id, l.person_id, r.person_id, p.match_weight,\n"
    "    p.match_probability, p.levels\n"
    "from group_before g\n"
    "join empi.prediction_result p on p.match_group_id = g.id\n"
    "join empi.person_record l on l.id = p.person_record_l_id\n"
    "join empi.person_record r on r.id = p.person_record_r_id\n"
    "order by p.id;\n"
    "analyze new_result;\n"
    "insert into edge (left_record, right_record, left_person, right_person, weight,\n"
    "    probability, levels)\n"
    "select l.id, r.record_id, l.person_id, r.person_id, n.weight, n.probability, n.levels\n"
    "from new_result n\n"
    "join (\n"
    "    select id, person_id\n"
    "    from empi.person_record\n"
    "    union all\n"
    "    select record_id, person_id\n"
    "    from new_record\n"
    ") as l on l.id = n.left_record\n"
    "join new_record r on r.record_id = n.right_record\n" /* the higher id: always a new one */
    "order by n.position;\n"
    "analyze edge;\n"
    "insert into person_before (id, version)\n"
    "select p.id, p.version\n"
    "from (\n"
    "    select left_person as id\n"
    "    from edge\n"
    "    union\n"
    "    select right_person\n"
    "    from edge\n"
    ") as named\n"
    "join empi.person p on p.id = named.id;\n"
    "analyze person_before";

/* The graph's inputs as they grow. */
struct grouping {
    struct connection *connection;
    struct match_graph graph;
    struct {
        VEC(struct match_person);
    } persons;
    struct {
        VEC(struct match_result);
    } results;
    struct {
        VEC(struct match_decision);
    } decisions;
};

/* Persons come in the order of their ids. */
static uint32_t find_person(const struct grouping *grouping, int64_t id)
{
    size_t low = 0;
    size_t high = grouping->persons.len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (grouping->persons.items[middle].id < id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    bool found = low < grouping->persons.len && grouping->persons.items[low].id == id;
    return found ? (uint32_t)low : MATCH_GRAPH_NONE;
}

static int no_such_person(struct error *error)
{
    return error_set(error, STATUS_INTERNAL, "a result names a person that was not read");
}

static int add_person(struct grouping *grouping, const struct copy_fields *fields,
                      struct error *error)
{
    struct match_person person = {
        .id = copy_fields_integer(fields, 0),
        .created = copy_fields_integer(fields, 1),
        .record_count = (uint32_t)copy_fields_integer(fields, 2),
    };
    return vec_push(&grouping->persons, person) ? 0 : error_out_of_memory(error);
}

static int add_result(struct grouping *grouping, const struct copy_fields *fields,
                      struct error *error)
{
    struct match_result result = {
        .id = copy_fields_integer(fields, 0),
        .group = copy_fields_integer(fields, 1),
        .left = find_person(grouping, copy_fields_integer(fields, 2)),
        .right = find_person(grouping, copy_fields_integer(fields, 3)),
        .left_record = copy_fields_integer(fields, 4),
        .right_record = copy_fields_integer(fields, 5),
        .weight = copy_fields_double(fields, 6),
        .probability = copy_fields_double(fields, 7),
    };
    if (result.left == MATCH_GRAPH_NONE || result.right == MATCH_GRAPH_NONE) {
        return no_such_person(error);
    }
    return vec_push(&grouping->results, result) ? 0 : error_out_of_memory(error);
}

static int add_decision(struct grouping *grouping, const struct copy_fields *fields,
                        struct error *error)
{
    struct match_decision decision = {
        .person = find_person(grouping, copy_fields_integer(fields, 0)),
        .event = copy_fields_integer(fields, 1),
        .decided = copy_fields_integer(fields, 2),
    };
    if (decision.person == MATCH_GRAPH_NONE) {
        return no_such_person(error);
    }
    return vec_push(&grouping->decisions, decision) ? 0 : error_out_of_memory(error);
}

struct reading {
    const char *sql;
    size_t fields;
    int (*add)(struct grouping *grouping, const struct copy_fields *fields, struct error *error);
};

static const struct reading readings[] = {
    {"copy (\n"
     "    select p.id, (extract(epoch from p.created) * 1000000)::bigint, p.record_count\n"
     "    from person_before b\n"
     "    join empi.person p on p.id = b.id\n"
     "    union all\n"
     "    select n.person_id, (extract(epoch from now()) * 1000000)::bigint, 1\n"
     "    from new_record n\n"
     "    where n.record_id in (\n"
     "        select left_record\n"
     "        from edge\n"
     "        union\n"
     "        select right_record\n"
     "        from edge\n"
     "    )\n"
     "    order by 1\n"
     ") to stdout",
     3, add_person},
    {"copy (\n"
     "    select coalesce(result_id, 0), coalesce(group_id, 0), left_person, right_person,\n"
     "        left_record, right_record, weight, probability\n"
     "    from edge\n"
     "    order by position\n"
     ") to stdout",
     8, add_result},
    {"copy (\n"
     "    select r.person_id, d.match_event_id, d.person_id\n"
     "    from empi.manual_decision d\n"
     "    join empi.person_record r on r.id = d.person_record_id\n"
     "    join person_before b on b.id = r.person_id\n"
     ") to stdout",
     3, add_decision},
};

static int read_all(struct grouping *grouping, const struct reading *reading, struct error *error)
{
    struct copy_fields fields = COPY_FIELDS;
    int status = copy_out_begin(grouping->connection, reading->sql, error);
    while (status == 0) {
        struct str row;
        status = copy_out_next(grouping->connection, &row, error);
        if (status != 0 || row.ptr == NULL) {
            break;
        }
        status = copy_fields_read(&fields, row, reading->fields, error);
        if (status == 0) {
            status = reading->add(grouping, &fields, error);
        }
    }
    copy_fields_free(&fields);
    return status;
}

static int solve(struct grouping *grouping, const struct matching *matching, struct error *error)
{
    grouping->graph = (struct match_graph){
        .persons = grouping->persons.items,
        .person_count = grouping->persons.len,
        .results = grouping->results.items,
        .result_count = grouping->results.len,
        .decisions = grouping->decisions.items,
        .decision_count = grouping->decisions.len,
        .auto_threshold = matching->config.auto_threshold,
    };
    return match_graph_solve(&grouping->graph, error);
}

static int gather_all(struct grouping *grouping, struct error *error)
{
    int status = query_script(grouping->connection,
                              "select pg_advisory_xact_lock(" LOCK_MATCH_UPDATE ")", error);
    if (status == 0) {
        status = moves_prepare(grouping->connection, error);
    }
    if (status == 0) {
        status = query_script(grouping->connection, gather, error);
    }
    for (size_t i = 0; status == 0 && i < ARRAY_LENGTH(readings); i++) {
        status = read_all(grouping, &readings[i], error);
    }
    return status;
}

int matching_group(struct matching *matching, struct error *error)
{
    struct grouping grouping = {.connection = matching->connection};
    int status = matching_phase(matching, "grouping results", error);
    if (status == 0) {
        status = gather_all(&grouping, error);
    }
    if (status == 0) {
        status = solve(&grouping, matching, error);
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
