#include "empi/persons.h"

#include <inttypes.h>

#include "base/compiler.h"
#include "empi/reading.h"

enum { MAX_SQL_BYTES = 32 << 10 };

#define SUMMARY "p.uuid, p.first_name, p.last_name, to_json(p.data_sources)"

/* ---- lists ---- */

/* The order is that of the index person_list, which a page is cut from before its persons are looked
   at. A page of the second half is reached from the end. */
static const char list_from_start[] = "select " SUMMARY "\n"
                                      "from (\n"
                                      "    select id\n"
                                      "    from empi.person\n"
                                      "    where deleted is null\n"
                                      "    order by last_name, first_name, id\n"
                                      "    limit $1::bigint\n"
                                      "    offset $2::bigint\n"
                                      ") as page\n"
                                      "join empi.person p on p.id = page.id\n"
                                      "order by p.last_name, p.first_name, p.id";

static const char list_from_end[] = "select " SUMMARY "\n"
                                    "from (\n"
                                    "    select id\n"
                                    "    from empi.person\n"
                                    "    where deleted is null\n"
                                    "    order by last_name desc, first_name desc, id desc\n"
                                    "    limit $1::bigint\n"
                                    "    offset $2::bigint\n"
                                    ") as page\n"
                                    "join empi.person p on p.id = page.id\n"
                                    "order by p.last_name, p.first_name, p.id";

/* A record's owner is never deleted, but saying so lets the index person_list serve. */
static const char list_found_before[] = "with found as materialized (\n";
static const char list_found_after[] = "), page as materialized (\n"
                                       "    select p.id, p.last_name, p.first_name\n"
                                       "    from found f\n"
                                       "    join empi.person p on p.id = f.person_id\n"
                                       "    where p.deleted is null\n"
                                       "    order by p.last_name, p.first_name, p.id\n"
                                       "    limit $%zu::bigint\n"
                                       "    offset $%zu::bigint\n"
                                       ")\n"
                                       "select " SUMMARY ", counted.total\n"
                                       "from (\n"
                                       "    select count(*) as total\n"
                                       "    from found\n"
                                       ") as counted\n"
                                       "left join page on true\n"
                                       "left join empi.person p on p.id = page.id\n"
                                       "order by page.last_name, page.first_name, page.id";

static int take_summary(struct person_summary *out, struct arena *arena, const struct rows *rows,
                        size_t row, struct error *error)
{
    if (!reading_text(&out->uuid, arena, rows, row, 0) ||
        !reading_text(&out->first_name, arena, rows, row, 1) ||
        !reading_text(&out->last_name, arena, rows, row, 2)) {
        return error_out_of_memory(error);
    }
    return reading_list(&out->data_sources, &out->data_source_count, arena, rows_text(rows, row, 3),
                        error);
}

static int take_summaries(struct person_list *out, struct arena *arena, const struct rows *rows,
                          struct error *error)
{
    size_t count = rows_count(rows);
    /* A page after the last has a row without a person, for the total. */
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

static int list_all(struct person_list *out, struct arena *arena, struct connection *connection,
                    struct page_request request, struct error *error)
{
    int status = reading_total(&out->page.total_count, connection,
                               "select coalesce(sum(persons), 0)\nfrom empi.list_count", error);
    if (status != 0) {
        return status;
    }
    struct page_cut cut = page_cut(request, out->page.total_count);
    if (cut.count <= 0) {
        return 0;
    }
    struct query_parameter parameters[] = {query_integer(cut.count), query_integer(cut.skip)};
    struct rows *rows;
    status = query_run(&rows, connection, cut.from_end ? list_from_end : list_from_start,
                       parameters, ARRAY_LENGTH(parameters), error);
    if (status == 0) {
        status = take_summaries(out, arena, rows, error);
        rows_free(rows);
    }
    return status;
}

static int list_found(struct person_list *out, struct arena *arena, struct connection *connection,
                      struct search_query *query, struct page_request request, struct error *error)
{
    struct text_buffer sql = TEXT_BUFFER(MAX_SQL_BYTES);
    text_append(&sql, str_from(list_found_before));
    text_append(&sql, text_str(&query->sql));
    text_appendf(&sql, list_found_after, query->count + 1, query->count + 2);
    query->parameters[query->count++] = query_integer(request.size);
    query->parameters[query->count++] = query_integer(page_offset(request));
    struct rows *rows = NULL;
    int status =
        sql.failed ? error_out_of_memory(error)
                   : query_run(&rows, connection, sql.ptr, query->parameters, query->count, error);
    text_free(&sql);
    if (status == 0) {
        out->page.total_count = rows_integer(rows, 0, 4);
        status = take_summaries(out, arena, rows, error);
        rows_free(rows);
    }
    return status;
}

static int list_matching(struct person_list *out, struct arena *arena,
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

int persons_list(struct person_list *out, struct arena *arena, struct connection *connection,
                 const struct search *search, struct page_request request, struct error *error)
{
    *out = (struct person_list){.page = {.number = request.number, .size = request.size}};
    int status = reading_begin(connection, error);
    if (status == 0) {
        status = list_matching(out, arena, connection, search, request, error);
        transaction_roll_back(connection);
    }
    return status;
}

/* ---- records ---- */

/* $1: a list of persons. */
static const char read_records[] = "select r.person_id, r.id, p.uuid, " READING_TIMESTAMP(
    "r.created") ",\n"
                 "    " READING_TIMESTAMP(
                     "r.person_updated") ",\n"
                                         "    " READING_TIMESTAMP(
                                             "r.matched_or_reviewed") ",\n"
                                                                      "    " RECORD_COLUMNS_SQL "\n"
                                                                      "from empi.person_record r\n"
                                                                      "join (\n"
                                                                      "    select id, uuid\n"
                                                                      "    from empi.person\n"
                                                                      ") as p on p.id = "
                                                                      "r.person_id\n"
                                                                      "where r.person_id = any "
                                                                      "($1::bigint[])\n"
                                                                      "order by r.person_id, r.id";

static bool take_record(struct person_record *out, struct arena *arena, const struct rows *rows,
                        size_t row)
{
    *out = (struct person_record){.id = rows_integer(rows, row, 1)};
    bool good = reading_text(&out->person_uuid, arena, rows, row, 2) &&
                reading_text(&out->created, arena, rows, row, 3) &&
                reading_text(&out->person_updated, arena, rows, row, 4) &&
                reading_text(&out->matched_or_reviewed, arena, rows, row, 5);
    for (size_t i = 0; good && i < RECORD_COLUMN_COUNT; i++) {
        good = reading_text(&out->values[i], arena, rows, row, 6 + i);
    }
    return good;
}

/* Rows come by person, and persons in the same order. */
static int take_records(struct person *persons, size_t count, struct arena *arena,
                        const struct rows *rows, struct error *error)
{
    size_t row = 0;
    for (size_t i = 0; i < count; i++) {
        size_t end = row;
        while (end < rows_count(rows) && rows_integer(rows, end, 0) == persons[i].id) {
            end++;
        }
        persons[i].record_count = end - row;
        persons[i].records = arena_alloc_array(arena, end - row, sizeof *persons[i].records);
        if (persons[i].records == NULL) {
            return error_out_of_memory(error);
        }
        for (size_t at = 0; row < end; row++, at++) {
            if (!take_record(&persons[i].records[at], arena, rows, row)) {
                return error_out_of_memory(error);
            }
        }
    }
    return 0;
}

static int fill_records(struct person *persons, size_t count, struct arena *arena,
                        struct connection *connection, struct query_parameter ids,
                        struct error *error)
{
    struct rows *rows;
    int status = query_run(&rows, connection, read_records, &ids, 1, error);
    if (status == 0) {
        status = take_records(persons, count, arena, rows, error);
        rows_free(rows);
    }
    return status;
}

/* ---- notes ---- */

#define NOTE_CREATED READING_TIMESTAMP("n.created")

/* $1: a list of persons. Decisions on one record come one after the other, and so do the ids of its
   notes. */
static const char read_notes[] =
    "select n.person_record_id, " NOTE_CREATED ", n.note, n.author_id, n.match_event_id\n"
    "from empi.person_record r\n"
    "join empi.person_record_note n on n.person_record_id = r.id\n"
    "where r.person_id = any ($1::bigint[])\n"
    "order by r.person_id, n.person_record_id, n.id";

static bool take_note(struct person_note *out, struct arena *arena, const struct rows *rows,
                      size_t row)
{
    out->author_id = rows_integer(rows, row, 3);
    out->event_id = rows_integer(rows, row, 4);
    return reading_text(&out->created, arena, rows, row, 1) &&
           reading_text(&out->comment, arena, rows, row, 2);
}

/* Those of one record, which begin at *row if there are any. */
static bool take_notes(struct person_record *record, struct arena *arena, const struct rows *rows,
                       size_t *row)
{
    size_t end = *row;
    while (end < rows_count(rows) && rows_integer(rows, end, 0) == record->id) {
        end++;
    }
    record->note_count = end - *row;
    if (record->note_count == 0) {
        return true;
    }
    record->notes = arena_alloc_array(arena, record->note_count, sizeof *record->notes);
    bool good = record->notes != NULL;
    for (size_t i = 0; good && i < record->note_count; i++) {
        good = take_note(&record->notes[i], arena, rows, *row + i);
    }
    *row = end;
    return good;
}

/* Rows come by person and record, and these in the same order. */
static int fill_notes(struct person *persons, size_t count, struct arena *arena,
                      struct connection *connection, struct query_parameter ids,
                      struct error *error)
{
    struct rows *rows;
    size_t row = 0;
    bool good = true;
    int status = query_run(&rows, connection, read_notes, &ids, 1, error);
    if (status != 0) {
        return status;
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; good && j < persons[i].record_count; j++) {
            good = take_notes(&persons[i].records[j], arena, rows, &row);
        }
    }
    rows_free(rows);
    return good ? 0 : error_out_of_memory(error);
}

int persons_read_records(struct person *persons, size_t count, struct arena *arena,
                         struct connection *connection, struct error *error)
{
    struct text_buffer ids = TEXT_BUFFER(24 * PAGE_SIZE_MOST + 2);
    text_append_char(&ids, '{');
    for (size_t i = 0; i < count; i++) {
        text_appendf(&ids, i == 0 ? "%" PRId64 : ",%" PRId64, persons[i].id);
    }
    text_append_char(&ids, '}');
    struct query_parameter list = query_text(ids.ptr);
    int status = ids.failed ? error_out_of_memory(error)
                            : fill_records(persons, count, arena, connection, list, error);
    if (status == 0) {
        status = fill_notes(persons, count, arena, connection, list, error);
    }
    text_free(&ids);
    return status;
}

/* ---- one person ---- */

/* Every record that it ever owned counts: whoever knows the id may mean any of them. */
static const char read_successors[] = "select distinct p.uuid\n"
                                      "from empi.person_action a\n"
                                      "join empi.person_record r on r.id = a.person_record_id\n"
                                      "join empi.person p on p.id = r.person_id\n"
                                      "where a.person_id = $1::bigint\n"
                                      "    and a.type = 'add-record'\n"
                                      "order by p.uuid";

static int find_successors(struct person_found *out, struct arena *arena,
                           struct connection *connection, int64_t id, struct error *error)
{
    struct query_parameter parameters[] = {query_integer(id)};
    struct rows *rows;
    int status =
        query_run(&rows, connection, read_successors, parameters, ARRAY_LENGTH(parameters), error);
    if (status != 0) {
        return status;
    }
    out->emptied = true;
    out->successor_count = rows_count(rows);
    out->successors = arena_alloc_array(arena, out->successor_count, sizeof *out->successors);
    bool good = out->successors != NULL;
    for (size_t i = 0; good && i < out->successor_count; i++) {
        good = reading_text(&out->successors[i], arena, rows, i, 0);
    }
    rows_free(rows);
    return good ? 0 : error_out_of_memory(error);
}

static int read_person(struct person_found *out, struct arena *arena, struct connection *connection,
                       const char *uuid, struct error *error)
{
    struct query_parameter parameters[] = {query_text(uuid)};
    struct rows *rows;
    int status =
        query_run(&rows, connection,
                  "select id, uuid, " READING_TIMESTAMP("created") ", version,\n"
                                                                   "    deleted is not null\n"
                                                                   "from empi.person\n"
                                                                   "where uuid = $1::uuid",
                  parameters, ARRAY_LENGTH(parameters), error);
    if (status != 0) {
        return status;
    }
    if (rows_count(rows) == 0) {
        rows_free(rows);
        return error_set(error, STATUS_NOT_FOUND, "Resource not found");
    }
    struct person *person = &out->person;
    person->id = rows_integer(rows, 0, 0);
    person->version = rows_integer(rows, 0, 3);
    bool deleted = rows_boolean(rows, 0, 4);
    bool good = reading_text(&person->uuid, arena, rows, 0, 1) &&
                reading_text(&person->created, arena, rows, 0, 2);
    rows_free(rows);
    if (!good) {
        return error_out_of_memory(error);
    }
    return deleted ? find_successors(out, arena, connection, person->id, error)
                   : persons_read_records(person, 1, arena, connection, error);
}

int persons_read(struct person_found *out, struct arena *arena, struct connection *connection,
                 const char *uuid, struct error *error)
{
    *out = (struct person_found){0};
    int status = reading_begin(connection, error);
    if (status == 0) {
        status = read_person(out, arena, connection, uuid, error);
        transaction_roll_back(connection);
    }
    return status;
}
