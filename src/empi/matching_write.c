#include "empi/matching_write.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/number_text.h"
#include "empi/moves.h"

struct writing {
    struct matching *matching;
    const struct match_graph *graph;
    size_t first_new; /* result */
    int64_t *results; /* ids, by result */
    int64_t *groups;  /* ids, by component */
    int64_t event_id;
    struct copy_writer writer;
};

/* ---- ids ---- */

/* Of what is new, in an order that depends on nothing but the input. */
static int take_result_ids(struct writing *writing, struct error *error)
{
    const struct match_graph *graph = writing->graph;
    for (size_t i = 0; i < writing->first_new; i++) {
        writing->results[i] = graph->results[i].id;
    }
    return matching_take_ids(writing->results + writing->first_new,
                             graph->result_count - writing->first_new, writing->matching,
                             "empi.prediction_result_id_seq", error);
}

static int take_group_ids(struct writing *writing, struct error *error)
{
    const struct match_graph *graph = writing->graph;
    size_t count = 0;
    for (size_t i = 0; i < graph->component_count; i++) {
        count += graph->components[i].group == 0 ? 1 : 0;
    }
    int64_t *ids = memory_alloc_array(count, sizeof *ids);
    if (ids == NULL) {
        return error_out_of_memory(error);
    }
    int status = matching_take_ids(ids, count, writing->matching, "empi.match_group_id_seq", error);
    for (size_t i = 0, next = 0; status == 0 && i < graph->component_count; i++) {
        writing->groups[i] =
            graph->components[i].group != 0 ? graph->components[i].group : ids[next++];
    }
    memory_free(ids);
    return status;
}

static int prepare(struct writing *writing, struct error *error)
{
    const struct matching *matching = writing->matching;
    const struct match_graph *graph = writing->graph;
    writing->first_new = graph->result_count - matching->results.len;
    writing->results = memory_alloc_array(graph->result_count, sizeof *writing->results);
    writing->groups = memory_alloc_array(graph->component_count, sizeof *writing->groups);
    if (writing->results == NULL || writing->groups == NULL) {
        return error_out_of_memory(error);
    }
    int status = take_group_ids(writing, error);
    return status == 0 ? take_result_ids(writing, error) : status;
}

static int64_t group_of_result(const struct writing *writing, size_t result)
{
    return writing->groups[writing->graph->result_components[result]];
}

static int64_t group_of_person(const struct writing *writing, size_t person)
{
    return writing->groups[writing->graph->persons[person].component];
}

/* Whether another group takes over what an open one holds. */
static bool is_taken_over(const struct writing *writing, size_t result)
{
    return writing->graph->result_components[result] != MATCH_GRAPH_NONE &&
           writing->graph->results[result].group != group_of_result(writing, result);
}

/* ---- rows ---- */

/* Appends row number `i` without its end; false when there is none. */
typedef bool row_writer(const struct writing *writing, struct text_buffer *out, size_t i);

static int end_rows(struct writing *writing, row_writer *write, size_t count, struct error *error)
{
    int status = 0;
    for (size_t i = 0; status == 0 && i < count; i++) {
        if (write(writing, &writing->writer.chunk, i)) {
            status = copy_writer_end_row(&writing->writer, error);
        }
    }
    return copy_writer_end(&writing->writer, status, error);
}

static int write_rows(struct writing *writing, const char *sql, row_writer *write, size_t count,
                      struct error *error)
{
    int status = copy_writer_begin(&writing->writer, writing->matching->connection, sql, error);
    return status == 0 ? end_rows(writing, write, count, error) : status;
}

/* Into a temporary table, which is made for them. */
static int keep_rows(struct writing *writing, const char *create, const char *copy,
                     row_writer *write, size_t count, struct error *error)
{
    int status = query_script(writing->matching->connection, create, error);
    return status == 0 ? write_rows(writing, copy, write, count, error) : status;
}

static void append_next(struct text_buffer *out, int64_t number)
{
    text_append_char(out, '\t');
    text_append_integer(out, number);
}

/* ---- persons of before that are emptied ---- */

static bool write_merged(const struct writing *writing, struct text_buffer *out, size_t i)
{
    const struct match_person *person = &writing->graph->persons[i];
    if (person->goes_on == i || person->is_new) {
        return false;
    }
    text_append_integer(out, person->id);
    append_next(out, writing->graph->persons[person->goes_on].id);
    append_next(out, group_of_person(writing, i));
    return true;
}

static int keep_merged(struct writing *writing, struct error *error)
{
    int status = keep_rows(writing,
                           "create temporary table merged_person (\n"
                           "    id bigint primary key,\n"
                           "    goes_on bigint not null,\n"
                           "    match_group_id bigint not null\n"
                           ") on commit drop",
                           "copy merged_person from stdin", write_merged,
                           writing->graph->person_count, error);
    return status == 0 ? query_script(writing->matching->connection, "analyze merged_person", error)
                       : status;
}

/* ---- groups ---- */

static bool write_group(const struct writing *writing, struct text_buffer *out, size_t i)
{
    const struct match_component *component = &writing->graph->components[i];
    if (component->group != 0) {
        return false;
    }
    text_append_integer(out, writing->groups[i]);
    append_next(out, writing->matching->report->job_id);
    text_append_char(out, '\t');
    text_append(out, component->matched ? str_from(writing->matching->now) : STR("\\N"));
    text_append_char(out, '\t');
    text_append_double(out, component->highest);
    return true;
}

/* First of each component whose group goes on, then of each result that leaves its own. */
static bool write_changed_group(const struct writing *writing, struct text_buffer *out, size_t i)
{
    const struct match_graph *graph = writing->graph;
    if (i >= graph->component_count) {
        size_t result = i - graph->component_count;
        if (is_taken_over(writing, result)) {
            text_append_integer(out, graph->results[result].group);
            text_append(out, STR("\tf\t\\N\tt"));
            return true;
        }
        return false;
    }
    const struct match_component *component = &graph->components[i];
    if (component->group == 0) {
        return false;
    }
    text_append_integer(out, component->group);
    text_append(out, component->matched ? STR("\tt\t") : STR("\tf\t"));
    text_append_double(out, component->highest);
    text_append(out, STR("\tf"));
    return true;
}

/* Groups that go on and groups that others take over, in one statement: how many were as they had
   been read, and how many should be; and what that makes of the number of open ones. */
static const char update_groups[] = "with change as (\n"
                                    "    select distinct *\n"
                                    "    from changed_group\n"
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
                                    "select (select count(*) from updated), count(*),\n"
                                    "    count(*) filter (where matched or replaced)\n"
                                    "from change";

static int change_groups(int64_t *closed, struct writing *writing, struct error *error)
{
    struct rows *rows;
    int status = keep_rows(writing,
                           "create temporary table changed_group (\n"
                           "    id bigint not null,\n"
                           "    matched boolean not null,\n"
                           "    highest double precision,\n"
                           "    replaced boolean not null\n"
                           ") on commit drop",
                           "copy changed_group from stdin", write_changed_group,
                           writing->graph->component_count + writing->first_new, error);
    if (status == 0) {
        status = query_script(writing->matching->connection, "analyze changed_group", error);
    }
    if (status == 0) {
        status = query_run(&rows, writing->matching->connection, update_groups, NULL, 0, error);
    }
    if (status != 0) {
        return status;
    }
    if (rows_integer(rows, 0, 0) != rows_integer(rows, 0, 1)) {
        status = error_set(error, STATUS_CONFLICT,
                           "a match group was changed by somebody else meanwhile");
    }
    *closed = rows_integer(rows, 0, 2);
    rows_free(rows);
    return status;
}

static int count_groups(struct writing *writing, int64_t closed, struct error *error)
{
    const struct match_graph *graph = writing->graph;
    int64_t opened = 0;
    for (size_t i = 0; i < graph->component_count; i++) {
        const struct match_component *component = &graph->components[i];
        opened += component->group == 0 && !component->matched ? 1 : 0;
    }
    struct query_parameter parameters[] = {query_integer(opened - closed)};
    return query_run(NULL, writing->matching->connection,
                     "insert into empi.list_count (persons, open_groups)\n"
                     "values (0, $1::bigint)",
                     parameters, ARRAY_LENGTH(parameters), error);
}

static int write_groups(struct writing *writing, struct error *error)
{
    int64_t closed = 0;
    int status = write_rows(writing,
                            "copy empi.match_group (id, job_id, matched, max_match_probability)\n"
                            "from stdin",
                            write_group, writing->graph->component_count, error);
    if (status == 0) {
        status = change_groups(&closed, writing, error);
    }
    return status == 0 ? count_groups(writing, closed, error) : status;
}

/* ---- who is in open groups ---- */

static bool write_member(const struct writing *writing, struct text_buffer *out, size_t i)
{
    const struct match_person *person = &writing->graph->persons[i];
    if (person->component == MATCH_GRAPH_NONE || person->goes_on != i) {
        return false;
    }
    const struct match_component *component = &writing->graph->components[person->component];
    if (component->matched) {
        return false;
    }
    text_append_integer(out, person->id);
    append_next(out, group_of_person(writing, i));
    text_append_char(out, '\t');
    text_append_double(out, component->highest);
    return true;
}

/* Whoever was in an open group and is touched was in one that goes on or is taken over. */
static int write_members(struct writing *writing, struct error *error)
{
    int status = query_script(writing->matching->connection,
                              "delete from empi.open_match_person m\n"
                              "using changed_group c\n"
                              "where m.match_group_id = c.id",
                              error);
    return status == 0 ? write_rows(writing,
                                    "copy empi.open_match_person (person_id, match_group_id,\n"
                                    "    max_match_probability)\n"
                                    "from stdin",
                                    write_member, writing->graph->person_count, error)
                       : status;
}

/* ---- results ---- */

static void append_levels(struct text_buffer *out, const struct matching *matching, size_t i)
{
    const uint16_t *levels = matching->levels.items + i * matching->comparison_count;
    text_append(out, STR("\t{"));
    for (size_t j = 0; j < matching->comparison_count; j++) {
        text_append(out, j == 0 ? STR("") : STR(","));
        text_append_unsigned(out, levels[j]);
    }
    text_append_char(out, '}');
}

static bool is_adjusted(const struct matching *matching, size_t i)
{
    size_t count = matching->adjusting.len;
    size_t at = 0;
    while (at < count && isnan(matching->frequency_weights.items[i * count + at])) {
        at++;
    }
    return at < count;
}

/* NULL when no level that the pair reached adjusts, which keeps rows small. */
static void append_frequency_weights(struct text_buffer *out, const struct matching *matching,
                                     size_t i)
{
    if (!is_adjusted(matching, i)) {
        text_append(out, STR("\t\\N"));
        return;
    }
    size_t count = matching->adjusting.len;
    const double *weights = matching->frequency_weights.items + i * count;
    text_append(out, STR("\t{"));
    for (size_t j = 0, next = 0; j < matching->comparison_count; j++) {
        bool adjusts = next < count && matching->adjusting.items[next] == j;
        double weight = adjusts ? weights[next++] : 0;
        text_append(out, j == 0 ? STR("") : STR(","));
        text_append_double(out, isnan(weight) ? 0 : weight);
    }
    text_append_char(out, '}');
}

static bool write_result(const struct writing *writing, struct text_buffer *out, size_t i)
{
    const struct matching *matching = writing->matching;
    const struct match_result *result = &writing->graph->results[writing->first_new + i];
    text_append_integer(out, writing->results[writing->first_new + i]);
    append_next(out, matching->report->job_id);
    append_next(out, group_of_result(writing, writing->first_new + i));
    text_append_char(out, '\t');
    text_append_double(out, result->weight);
    text_append_char(out, '\t');
    text_append_double(out, result->probability);
    append_next(out, result->left_record);
    append_next(out, result->right_record);
    append_levels(out, matching, i);
    append_frequency_weights(out, matching, i);
    return true;
}

static bool write_moved_result(const struct writing *writing, struct text_buffer *out, size_t i)
{
    if (!is_taken_over(writing, i)) {
        return false;
    }
    text_append_integer(out, writing->results[i]);
    append_next(out, group_of_result(writing, i));
    return true;
}

static int write_results(struct writing *writing, struct error *error)
{
    int status =
        write_rows(writing,
                   "copy empi.prediction_result (id, job_id, match_group_id, match_weight,\n"
                   "    match_probability, person_record_l_id, person_record_r_id,\n"
                   "    levels, term_frequency_weights)\n"
                   "from stdin",
                   write_result, writing->graph->result_count - writing->first_new, error);
    if (status == 0) {
        status = keep_rows(writing,
                           "create temporary table moved_result (\n"
                           "    id bigint primary key,\n"
                           "    match_group_id bigint not null\n"
                           ") on commit drop",
                           "copy moved_result from stdin", write_moved_result, writing->first_new,
                           error);
    }
    return status == 0 ? query_script(writing->matching->connection,
                                      "analyze moved_result;\n"
                                      "update empi.prediction_result r\n"
                                      "set match_group_id = m.match_group_id\n"
                                      "from moved_result m\n"
                                      "where r.id = m.id",
                                      error)
                       : status;
}

/* ---- what was done to groups ---- */

static void begin_action(const struct writing *writing, struct text_buffer *out, int64_t group)
{
    text_append_integer(out, writing->event_id);
    append_next(out, group);
}

/* Each result that comes to a group, and first where it leaves; then the groups that end. */
static bool write_group_action(const struct writing *writing, struct text_buffer *out, size_t i)
{
    const struct match_graph *graph = writing->graph;
    if (i >= graph->result_count) {
        size_t component = i - graph->result_count;
        if (graph->components[component].matched) {
            begin_action(writing, out, writing->groups[component]);
            text_append(out, STR("\t\\N\tmatch"));
        }
        return graph->components[component].matched;
    }
    if (i < writing->first_new && !is_taken_over(writing, i)) {
        return false;
    }
    if (i < writing->first_new) {
        begin_action(writing, out, graph->results[i].group);
        append_next(out, writing->results[i]);
        text_append(out, STR("\tremove-result\n"));
    }
    begin_action(writing, out, group_of_result(writing, i));
    append_next(out, writing->results[i]);
    text_append(out, STR("\tadd-result"));
    return true;
}

static int write_group_actions(struct writing *writing, struct error *error)
{
    return write_rows(writing,
                      "copy empi.match_group_action (match_event_id, match_group_id,\n"
                      "    prediction_result_id, type)\n"
                      "from stdin",
                      write_group_action,
                      writing->graph->result_count + writing->graph->component_count, error);
}

/* ---- records ---- */

/* The job's own, which are already where they belong. */
static bool write_moved(const struct writing *writing, struct text_buffer *out, size_t i)
{
    const struct new_record *record = &writing->matching->records.items[i];
    const struct match_person *persons = writing->graph->persons;
    if (record->person == MATCH_GRAPH_NONE || persons[record->person].goes_on == record->person) {
        return false;
    }
    text_append_integer(out, record->id);
    append_next(out, record->person_id);
    append_next(out, persons[persons[record->person].goes_on].id);
    append_next(out, group_of_person(writing, record->person));
    return true;
}

static int move_records(struct writing *writing, struct error *error)
{
    struct matching *matching = writing->matching;
    int status =
        write_rows(writing, "copy moved from stdin", write_moved, matching->records.len, error);
    if (status == 0) {
        status = query_script(matching->connection,
                              "insert into moved (person_record_id, from_person, to_person,\n"
                              "    match_group_id)\n"
                              "select r.id, m.id, m.goes_on, m.match_group_id\n"
                              "from merged_person m\n"
                              "join empi.person_record r on r.person_id = m.id",
                              error);
    }
    return status == 0 ? moves_apply(matching->connection, writing->event_id, error) : status;
}

/* ---- all together ---- */

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

static int write_event(struct writing *writing, struct error *error)
{
    static int (*const parts[])(struct writing * writing, struct error * error) = {
        write_groups, write_members, write_results, write_group_actions, move_records,
    };
    int status = matching_phase(writing->matching, "writing matches", error);
    if (status == 0) {
        status =
            matching_insert_event(&writing->event_id, writing->matching, "auto-matches", error);
    }
    for (size_t i = 0; status == 0 && i < ARRAY_LENGTH(parts); i++) {
        status = parts[i](writing, error);
    }
    return status;
}

int matching_write(struct matching *matching, const struct match_graph *graph, struct error *error)
{
    struct writing writing = {.matching = matching, .graph = graph};
    int status = prepare(&writing, error);
    if (status == 0) {
        status = keep_merged(&writing, error);
    }
    if (status == 0) {
        status = matching_insert_new(matching, graph, error);
    }
    if (status == 0) {
        status = write_event(&writing, error);
    }
    if (status == 0) {
        count_outcome(matching->report, graph);
    }
    memory_free(writing.results);
    memory_free(writing.groups);
    return status;
}
