#include "empi/matching_write.h"

#include <inttypes.h>

#include "base/compiler.h"
#include "base/number_text.h"
#include "empi/moves.h"

enum { CHUNK_BYTES = 64 << 10 };

static const char create_tables[] = "create temporary table component (\n"
                                    "    number bigint primary key,\n"
                                    "    group_id bigint,\n" /* null: a new one is needed */
                                    "    matched boolean not null,\n"
                                    "    highest double precision not null\n"
                                    ") on commit drop;\n"
                                    "create temporary table edge_component (\n"
                                    "    position bigint primary key,\n"
                                    "    number bigint not null\n"
                                    ") on commit drop";

/* ---- the graph's outcome, into the tables ---- */

/* Appends row number `i`, or nothing. */
typedef void row_writer(struct text_buffer *out, const struct match_graph *graph, size_t i);

static void write_component(struct text_buffer *out, const struct match_graph *graph, size_t i)
{
    const struct match_component *component = &graph->components[i];
    text_appendf(out, "%zu\t", i);
    if (component->group == 0) {
        text_append(out, STR("\\N"));
    } else {
        text_appendf(out, "%" PRId64, component->group);
    }
    text_append(out, component->matched ? STR("\tt\t") : STR("\tf\t"));
    char *end = text_reserve(out, DOUBLE_TEXT_MAX);
    if (end != NULL) {
        out->len += double_to_text(component->highest, end);
    }
    text_append_char(out, '\n');
}

/* Positions of edges count from 1. */
static void write_edge(struct text_buffer *out, const struct match_graph *graph, size_t i)
{
    if (graph->result_components[i] != MATCH_GRAPH_NONE) {
        text_appendf(out, "%zu\t%" PRIu32 "\n", i + 1, graph->result_components[i]);
    }
}

static void write_person(struct text_buffer *out, const struct match_graph *graph, size_t i)
{
    const struct match_person *person = &graph->persons[i];
    if (person->goes_on != i) {
        text_appendf(out, "%" PRId64 "\t%" PRId64 "\t%" PRIu32 "\n", person->id,
                     graph->persons[person->goes_on].id, person->component);
    }
}

static int send(struct connection *connection, struct text_buffer *chunk, struct error *error)
{
    int status = chunk->failed ? error_out_of_memory(error)
                               : copy_in_write(connection, text_str(chunk), error);
    text_clear(chunk);
    return status;
}

static int copy_rows(struct connection *connection, const char *sql, row_writer *write,
                     const struct match_graph *graph, size_t count, struct error *error)
{
    int status = copy_in_begin(connection, sql, error);
    if (status != 0) {
        return status;
    }
    struct text_buffer chunk = TEXT_BUFFER(2 * CHUNK_BYTES);
    for (size_t i = 0; status == 0 && i < count; i++) {
        write(&chunk, graph, i);
        if (chunk.len >= CHUNK_BYTES) {
            status = send(connection, &chunk, error);
        }
    }
    if (status == 0) {
        status = send(connection, &chunk, error);
    }
    text_free(&chunk);
    if (status != 0) {
        copy_in_abort(connection, "writing matches failed");
        return status;
    }
    return copy_in_end(connection, NULL, error);
}

static int copy_outcome(struct connection *connection, const struct match_graph *graph,
                        struct error *error)
{
    int status = query_script(connection, create_tables, error);
    if (status == 0) {
        status = copy_rows(connection, "copy component from stdin", write_component, graph,
                           graph->component_count, error);
    }
    if (status == 0) {
        status = copy_rows(connection, "copy edge_component from stdin", write_edge, graph,
                           graph->result_count, error);
    }
    if (status == 0) {
        status = copy_rows(connection, "copy merged_person from stdin", write_person, graph,
                           graph->person_count, error);
    }
    return status;
}

/* ---- groups and results ---- */

/* Ids of what is new, in an order that depends on nothing but the input. */
static const char number_rows[] =
    "analyze component;\n"
    "analyze edge_component;\n"
    "create temporary table placed_group on commit drop as\n"
    "select number, matched, highest, group_id is null as is_new,\n"
    "    coalesce(group_id, nextval('empi.match_group_id_seq')) as id\n"
    "from (\n"
    "    select *\n"
    "    from component\n"
    "    order by number\n"
    ") as ordered;\n"
    "create temporary table placed_result on commit drop as\n"
    "select position, left_record, right_record, weight, probability, levels,\n"
    "    result_id is null as is_new, old_group, new_group,\n"
    "    coalesce(result_id, nextval('empi.prediction_result_id_seq'))\n"
    "        as id\n"
    "from (\n"
    "    select e.*, e.group_id as old_group, g.id as new_group\n"
    "    from edge e\n"
    "    join edge_component c on c.position = e.position\n"
    "    join placed_group g on g.number = c.number\n"
    "    order by e.position\n"
    ") as ordered;\n"
    "analyze placed_group;\n"
    "analyze placed_result";

static const char insert_groups[] =
    "insert into empi.match_group (id, job_id, matched, max_match_probability)\n"
    "overriding system value\n"
    "select id, $1::bigint, case when matched then now() end, highest\n"
    "from placed_group\n"
    "where is_new\n"
    "order by id";

/* Groups that go on and groups that others take over, in one statement: how many were as they had
   been read, and how many should be. */
static const char update_groups[] =
    "with change as (\n"
    "    select id, matched, highest, false as replaced\n"
    "    from placed_group\n"
    "    where not is_new\n"
    "    union all\n"
    "    select distinct old_group, false, null::double precision, true\n"
    "    from placed_result\n"
    "    where old_group <> new_group\n"
    "), updated as (\n"
    "    update empi.match_group g\n"
    "    set version = g.version + 1,\n"
    "        updated = now(),\n"
    "        matched = case when c.matched then now() end,\n"
    "        deleted = case when c.replaced then now() end,\n"
    "        max_match_probability = c.highest\n"
    "    from change c\n"
    "    join group_before b on b.id = c.id\n"
    "    where g.id = c.id\n"
    "        and g.version = b.version\n"
    "    returning g.id\n"
    ")\n"
    "select (select count(*) from updated), (select count(*) from change)";

static const char count_groups[] = "insert into empi.list_count (persons, open_groups)\n"
                                   "select 0, count(*) filter (where is_new and not matched)\n"
                                   "    - count(*) filter (where matched and not is_new)\n"
                                   "    - (select count(distinct old_group)\n"
                                   "        from placed_result\n"
                                   "        where old_group <> new_group)\n"
                                   "from placed_group";

static const char insert_results[] =
    "insert into empi.prediction_result (id, job_id, match_group_id, match_weight,\n"
    "    match_probability, person_record_l_id, person_record_r_id, levels)\n"
    "overriding system value\n"
    "select id, $1::bigint, new_group, weight, probability, left_record, right_record, levels\n"
    "from placed_result\n"
    "where is_new\n"
    "order by id";

static const char move_results[] = "update empi.prediction_result r\n"
                                   "set match_group_id = p.new_group\n"
                                   "from placed_result p\n"
                                   "where r.id = p.id\n"
                                   "    and p.old_group <> p.new_group";

/* $1: the event. */
static const char insert_group_actions[] =
    "insert into empi.match_group_action (match_event_id, match_group_id, prediction_result_id,\n"
    "    type)\n"
    "select $1::bigint, group_id, result_id, type\n"
    "from (\n"
    "    select old_group as group_id, id as result_id, 'remove-result' as type, 1 as step\n"
    "    from placed_result\n"
    "    where old_group <> new_group\n"
    "    union all\n"
    "    select new_group, id, 'add-result', 2\n"
    "    from placed_result\n"
    "    where is_new\n"
    "        or old_group <> new_group\n"
    "    union all\n"
    "    select id, null, 'match', 3\n"
    "    from placed_group\n"
    "    where matched\n"
    ") as action\n"
    "order by result_id nulls last, step, group_id";

/* Records of before the job, and its own, which are already where they belong. */
static const char fill_moved[] =
    "insert into moved (person_record_id, from_person, to_person, match_group_id)\n"
    "select own.id, m.id, m.goes_on, g.id\n"
    "from merged_person m\n"
    "join placed_group g on g.number = m.number\n"
    "join (\n"
    "    select id, person_id\n"
    "    from empi.person_record\n"
    "    union all\n"
    "    select record_id, person_id\n"
    "    from new_record\n"
    ") as own on own.person_id = m.id\n"
    "order by own.id";

static int write_groups(struct matching *matching, struct error *error)
{
    int status = matching_query(matching, insert_groups, NULL, error);
    if (status != 0) {
        return status;
    }
    struct rows *rows;
    status = query_run(&rows, matching->connection, update_groups, NULL, 0, error);
    if (status != 0) {
        return status;
    }
    if (rows_integer(rows, 0, 0) != rows_integer(rows, 0, 1)) {
        status = error_set(error, STATUS_CONFLICT,
                           "a match group was changed by somebody else meanwhile");
    }
    rows_free(rows);
    return status == 0 ? query_script(matching->connection, count_groups, error) : status;
}

static int write_results(struct matching *matching, struct error *error)
{
    int status = matching_query(matching, insert_results, NULL, error);
    return status == 0 ? query_script(matching->connection, move_results, error) : status;
}

static int insert_event(int64_t *out, struct matching *matching, struct error *error)
{
    struct query_parameter parameters[] = {query_integer(matching->report->job_id)};
    struct rows *rows;
    int status = query_run(&rows, matching->connection,
                           "insert into empi.match_event (type, job_id)\n"
                           "values ('auto-matches', $1::bigint)\n"
                           "returning id",
                           parameters, ARRAY_LENGTH(parameters), error);
    if (status == 0) {
        *out = rows_integer(rows, 0, 0);
        rows_free(rows);
    }
    return status;
}

static void count_outcome(struct matching_report *report, const struct match_graph *graph)
{
    for (size_t i = 0; i < graph->person_count; i++) {
        report->persons_merged += graph->persons[i].goes_on != i ? 1 : 0;
    }
    for (size_t i = 0; i < graph->component_count; i++) {
        report->groups_matched += graph->components[i].matched ? 1 : 0;
        report->groups_open += graph->components[i].matched ? 0 : 1;
    }
}

int matching_write(struct matching *matching, const struct match_graph *graph, struct error *error)
{
    struct connection *connection = matching->connection;
    int64_t event_id = 0;
    int status = copy_outcome(connection, graph, error);
    if (status == 0) {
        status = query_script(connection, number_rows, error);
    }
    if (status == 0) {
        status = matching_insert_new(matching, error);
    }
    if (status == 0) {
        status = matching_phase(matching, "writing matches", error);
    }
    if (status == 0) {
        status = insert_event(&event_id, matching, error);
    }
    if (status == 0) {
        status = write_groups(matching, error);
    }
    if (status == 0) {
        status = write_results(matching, error);
    }
    if (status == 0) {
        struct query_parameter parameters[] = {query_integer(event_id)};
        status = query_run(NULL, connection, insert_group_actions, parameters, 1, error);
    }
    if (status == 0) {
        status = query_script(connection, fill_moved, error);
    }
    if (status == 0) {
        status = moves_apply(connection, event_id, error);
    }
    if (status == 0) {
        count_outcome(matching->report, graph);
    }
    return status;
}
