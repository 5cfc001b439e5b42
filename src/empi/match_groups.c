#include "empi/match_groups.h"

#include "base/compiler.h"
#include "empi/reading.h"

enum { MAX_SQL_BYTES = 32 << 10 };

#define OPEN "g.matched is null and g.deleted is null"

/* ---- lists ---- */

/* After `page`, which has id and max_match_probability, and `counted`, which has total. */
#define SUMMARIES                                                                            \
    "member as materialized (\n"                                                             \
    "    select page.id as group_id, p.first_record_id, p.first_name, p.last_name,\n"        \
    "        p.data_sources\n"                                                               \
    "    from page\n"                                                                        \
    "    join empi.open_match_person m on m.match_group_id = page.id\n"                      \
    "    join empi.person p on p.id = m.person_id\n"                                         \
    "), first as (\n"                                                                        \
    "    select distinct on (group_id) group_id, first_name, last_name\n"                    \
    "    from member\n"                                                                      \
    "    order by group_id, first_record_id\n"                                               \
    "), source as (\n"                                                                       \
    "    select m.group_id, array_agg(distinct s.name collate \"C\"\n"                       \
    "        order by s.name collate \"C\") as names\n"                                      \
    "    from member m\n"                                                                    \
    "    cross join lateral unnest(m.data_sources) as s (name)\n"                            \
    "    group by m.group_id\n"                                                              \
    ")\n"                                                                                    \
    "select page.id, first.first_name, first.last_name,\n"                                   \
    "    to_json(coalesce(source.names, '{}')), page.max_match_probability, counted.total\n" \
    "from counted\n"                                                                         \
    "left join page on true\n"                                                               \
    "left join first on first.group_id = page.id\n"                                          \
    "left join source on source.group_id = page.id\n"                                        \
    "order by page.max_match_probability desc, page.id"

/* The order is that of the index match_group_open. */
#define LIST_ALL(order)                          \
    "with page as materialized (\n"              \
    "    select g.id, g.max_match_probability\n" \
    "    from empi.match_group g\n"              \
    "    where " OPEN "\n"                       \
    "    order by " order "\n"                   \
    "    limit $1::bigint\n"                     \
    "    offset $2::bigint\n"                    \
    "), counted as (\n"                          \
    "    select $3::bigint as total\n"           \
    "), " SUMMARIES

static const char list_from_start[] = LIST_ALL("g.max_match_probability desc, g.id");
static const char list_from_end[] = LIST_ALL("g.max_match_probability, g.id desc");

static const char list_found_before[] = "with found as materialized (\n";

static const char list_found_after[] =
    "), listed as materialized (\n"
    "    select distinct m.match_group_id as id, m.max_match_probability\n"
    "    from found f\n"
    "    join empi.open_match_person m on m.person_id = f.person_id\n"
    "), page as materialized (\n"
    "    select *\n"
    "    from listed\n"
    "    order by max_match_probability desc, id\n"
    "    limit $%zu::bigint\n"
    "    offset $%zu::bigint\n"
    "), counted as (\n"
    "    select count(*) as total\n"
    "    from listed\n"
    "), ";

static int take_summary(struct match_group_summary *out, struct arena *arena,
                        const struct rows *rows, size_t row, struct error *error)
{
    out->id = rows_integer(rows, row, 0);
    out->max_match_probability = rows_double(rows, row, 4);
    if (!reading_text(&out->first_name, arena, rows, row, 1) ||
        !reading_text(&out->last_name, arena, rows, row, 2)) {
        return error_out_of_memory(error);
    }
    return reading_list(&out->data_sources, &out->data_source_count, arena, rows_text(rows, row, 3),
                        error);
}

static int take_summaries(struct match_group_list *out, struct arena *arena,
                          const struct rows *rows, struct error *error)
{
    size_t count = rows_count(rows);
    /* A page after the last has a row without a group, for the total. */
    count = count == 1 && rows_is_null(rows, 0, 0) ? 0 : count;
    out->items = arena_alloc_array(arena, count, sizeof *out->items);
    if (out->items == NULL) {
        return error_out_of_memory(error);
    }
    int status = 0;
    for (size_t i = 0; status == 0 && i < count; i++) {
        status = take_summary(&out->items[i], arena, rows, i, error);
    }
    out->count = count;
    return status;
}

static int list_all(struct match_group_list *out, struct arena *arena,
                    struct connection *connection, struct page_request request, struct error *error)
{
    int status = reading_total(&out->page.total_count, connection,
                               "select coalesce(sum(open_groups), 0)\nfrom empi.list_count", error);
    if (status != 0) {
        return status;
    }
    int64_t total = out->page.total_count;
    struct page_cut cut = page_cut(request, total);
    if (cut.count <= 0) {
        return 0;
    }
    struct query_parameter parameters[] = {query_integer(cut.count), query_integer(cut.skip),
                                           query_integer(total)};
    struct rows *rows;
    status = query_run(&rows, connection, cut.from_end ? list_from_end : list_from_start,
                       parameters, ARRAY_LENGTH(parameters), error);
    if (status == 0) {
        status = take_summaries(out, arena, rows, error);
        rows_free(rows);
    }
    return status;
}

static int list_found(struct match_group_list *out, struct arena *arena,
                      struct connection *connection, struct search_query *query,
                      struct page_request request, struct error *error)
{
    struct text_buffer sql = TEXT_BUFFER(MAX_SQL_BYTES);
    text_append(&sql, str_from(list_found_before));
    text_append(&sql, text_str(&query->sql));
    text_appendf(&sql, list_found_after, query->count + 1, query->count + 2);
    text_append(&sql, STR(SUMMARIES));
    query->parameters[query->count++] = query_integer(request.size);
    query->parameters[query->count++] = query_integer(page_offset(request));
    struct rows *rows = NULL;
    int status =
        sql.failed ? error_out_of_memory(error)
                   : query_run(&rows, connection, sql.ptr, query->parameters, query->count, error);
    text_free(&sql);
    if (status == 0) {
        out->page.total_count = rows_integer(rows, 0, 5);
        status = take_summaries(out, arena, rows, error);
        rows_free(rows);
    }
    return status;
}

static int list_matching(struct match_group_list *out, struct arena *arena,
                         struct connection *connection, const struct search *search,
                         struct page_request request, struct error *error)
{
    struct search_query query;
    int status = search_prepare(&query, arena, connection, search, error);
    if (status == 0 && query.everything) {
        status = list_all(out, arena, connection, request, error);
    } else if (status == 0 && !query.nothing) {
        status = list_found(out, arena, connection, &query, request, error);
    }
    search_free(&query);
    return status;
}

int match_groups_list(struct match_group_list *out, struct arena *arena,
                      struct connection *connection, const struct search *search,
                      struct page_request request, struct error *error)
{
    *out = (struct match_group_list){.page = {.number = request.number, .size = request.size}};
    int status = reading_begin(connection, error);
    if (status == 0) {
        status = list_matching(out, arena, connection, search, request, error);
        transaction_roll_back(connection);
    }
    return status;
}

/* ---- one group ---- */

static int read_group(struct match_group_detail *out, struct arena *arena,
                      struct connection *connection, int64_t id, struct error *error)
{
    struct query_parameter parameters[] = {query_integer(id)};
    struct rows *rows;
    int status =
        query_run(&rows, connection,
                  "select g.version, " READING_TIMESTAMP("g.created") "\n"
                                                                      "from empi.match_group g\n"
                                                                      "where g.id = $1::bigint\n"
                                                                      "    and " OPEN,
                  parameters, ARRAY_LENGTH(parameters), error);
    if (status != 0) {
        return status;
    }
    if (rows_count(rows) == 0) {
        status = error_set(error, STATUS_NOT_FOUND, "Resource not found");
    } else {
        out->id = id;
        out->version = rows_integer(rows, 0, 0);
        if (!reading_text(&out->created, arena, rows, 0, 1)) {
            status = error_out_of_memory(error);
        }
    }
    rows_free(rows);
    return status;
}

static const char read_results_sql[] = "select e.id, " READING_TIMESTAMP(
    "e.created") ", e.match_weight, e.match_probability,\n"
                 "    e.person_record_l_id, e.person_record_r_id, j.config_id, e.levels,\n"
                 "    e.term_frequency_weights\n"
                 "from empi.prediction_result e\n"
                 "join empi.job j on j.id = e.job_id\n"
                 "where e.match_group_id = $1::bigint\n"
                 "order by e.match_probability desc, e.id\n"
                 "limit $2::bigint";

static int take_result(struct match_result_detail *out, struct explanations *explanations,
                       const struct rows *rows, size_t row, struct error *error)
{
    *out = (struct match_result_detail){
        .id = rows_integer(rows, row, 0),
        .match_weight = rows_double(rows, row, 2),
        .match_probability = rows_double(rows, row, 3),
        .person_record_l_id = rows_integer(rows, row, 4),
        .person_record_r_id = rows_integer(rows, row, 5),
    };
    if (!reading_text(&out->created, explanations->arena, rows, row, 1)) {
        return error_out_of_memory(error);
    }
    const struct explained_evidence evidence = {
        .levels = rows_text(rows, row, 7),
        .frequency_weights = rows_text(rows, row, 8),
        .match_weight = out->match_weight,
    };
    return explanations_explain(&out->explanation, explanations, rows_integer(rows, row, 6),
                                &evidence, error);
}

/* Of a group that has more than are read. */
static int count_results(struct match_group_detail *out, struct connection *connection,
                         struct error *error)
{
    struct query_parameter parameters[] = {query_integer(out->id)};
    struct rows *rows;
    int status = query_run(&rows, connection,
                           "select count(*)\n"
                           "from empi.prediction_result\n"
                           "where match_group_id = $1::bigint",
                           parameters, ARRAY_LENGTH(parameters), error);
    if (status == 0) {
        out->total_result_count = rows_integer(rows, 0, 0);
        rows_free(rows);
    }
    return status;
}

static int read_results(struct match_group_detail *out, struct arena *arena,
                        struct connection *connection, struct error *error)
{
    struct query_parameter parameters[] = {query_integer(out->id),
                                           query_integer(MATCH_GROUP_MOST_RESULTS)};
    struct rows *rows;
    int status =
        query_run(&rows, connection, read_results_sql, parameters, ARRAY_LENGTH(parameters), error);
    if (status != 0) {
        return status;
    }
    struct explanations explanations = {.connection = connection, .arena = arena};
    out->result_count = rows_count(rows);
    out->results = arena_alloc_array(arena, out->result_count, sizeof *out->results);
    if (out->results == NULL) {
        status = error_out_of_memory(error);
    }
    for (size_t i = 0; status == 0 && i < out->result_count; i++) {
        status = take_result(&out->results[i], &explanations, rows, i, error);
    }
    explanations_free(&explanations);
    rows_free(rows);
    out->total_result_count = (int64_t)out->result_count;
    if (status == 0 && out->result_count == MATCH_GROUP_MOST_RESULTS) {
        status = count_results(out, connection, error);
    }
    return status;
}

static const char read_persons_sql[] =
    "with listed as materialized (\n"
    "    select p.id, p.uuid, p.created, p.version, p.record_count\n"
    "    from empi.open_match_person m\n"
    "    join empi.person p on p.id = m.person_id\n"
    "    where m.match_group_id = $1::bigint\n"
    "), page as (\n"
    "    select id, uuid, " READING_TIMESTAMP(
        "created") " as created, version\n"
                   "    from listed\n"
                   "    order by id\n"
                   "    limit $2::bigint\n"
                   "    offset $3::bigint\n"
                   ")\n"
                   "select page.id, page.uuid, page.created, page.version, counted.persons, "
                   "counted.records\n"
                   "from (\n"
                   "    select count(*) as persons, coalesce(sum(record_count), 0) as records\n"
                   "    from listed\n"
                   ") as counted\n"
                   "left join page on true\n"
                   "order by page.id";

static int take_persons(struct match_group_detail *out, struct arena *arena,
                        const struct rows *rows, struct error *error)
{
    out->page.total_count = rows_integer(rows, 0, 4);
    out->total_record_count = rows_integer(rows, 0, 5);
    out->person_count = rows_is_null(rows, 0, 0) ? 0 : rows_count(rows);
    out->persons = arena_alloc_zeroed(arena, out->person_count, sizeof *out->persons);
    if (out->persons == NULL) {
        return error_out_of_memory(error);
    }
    for (size_t i = 0; i < out->person_count; i++) {
        struct person *person = &out->persons[i];
        person->id = rows_integer(rows, i, 0);
        person->version = rows_integer(rows, i, 3);
        if (!reading_text(&person->uuid, arena, rows, i, 1) ||
            !reading_text(&person->created, arena, rows, i, 2)) {
            return error_out_of_memory(error);
        }
    }
    return 0;
}

static int read_persons(struct match_group_detail *out, struct arena *arena,
                        struct connection *connection, struct page_request request,
                        struct error *error)
{
    struct query_parameter parameters[] = {query_integer(out->id), query_integer(request.size),
                                           query_integer(page_offset(request))};
    struct rows *rows;
    int status =
        query_run(&rows, connection, read_persons_sql, parameters, ARRAY_LENGTH(parameters), error);
    if (status != 0) {
        return status;
    }
    status = take_persons(out, arena, rows, error);
    rows_free(rows);
    return status == 0
               ? persons_read_records(out->persons, out->person_count, arena, connection, error)
               : status;
}

int match_groups_read(struct match_group_detail *out, struct arena *arena,
                      struct connection *connection, int64_t id, struct page_request request,
                      struct error *error)
{
    *out = (struct match_group_detail){.page = {.number = request.number, .size = request.size}};
    int status = reading_begin(connection, error);
    if (status != 0) {
        return status;
    }
    status = read_group(out, arena, connection, id, error);
    if (status == 0) {
        status = read_results(out, arena, connection, error);
    }
    if (status == 0) {
        status = read_persons(out, arena, connection, request, error);
    }
    transaction_roll_back(connection);
    return status;
}
