#include "empi/matching_persons.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/number_text.h"

/* Of persons that are not in grown: it was there before the job, or nobody comes to it. */
#define PLACE_OLD   UINT32_MAX
#define PLACE_ALONE (UINT32_MAX - 1)

static bool is_grown(const struct matching_persons *persons, uint32_t position)
{
    return persons->places[position] < persons->grown.len;
}

/* ---- who becomes what ---- */

static int find_grown(struct matching_persons *persons, struct error *error)
{
    const struct match_graph *graph = persons->graph;
    for (size_t i = 0; i < graph->person_count; i++) {
        persons->places[i] = graph->persons[i].is_new ? PLACE_ALONE : PLACE_OLD;
    }
    for (uint32_t i = 0; i < graph->person_count; i++) {
        uint32_t other = graph->persons[i].goes_on;
        if (other != i && persons->places[other] == PLACE_ALONE) {
            struct grown_person grown = {.id = graph->persons[other].id};
            persons->places[other] = (uint32_t)persons->grown.len;
            if (!vec_push(&persons->grown, grown)) {
                return error_out_of_memory(error);
            }
        }
    }
    return 0;
}

int matching_persons_init(struct matching_persons *out, struct matching *matching,
                          const struct match_graph *graph, struct error *error)
{
    *out = (struct matching_persons){
        .matching = matching,
        .graph = graph,
        .fields = COPY_FIELDS,
        .texts = ARENA((size_t)1 << 40),
    };
    int status = matching_values_init(&out->values, error);
    if (status != 0) {
        return status;
    }
    out->sources = VALUE_COUNTS(out->values.counts[0].seed);
    if (graph == NULL) {
        return 0;
    }
    out->places = memory_alloc_array(graph->person_count, sizeof *out->places);
    return out->places != NULL ? find_grown(out, error) : error_out_of_memory(error);
}

struct person_outcome matching_persons_outcome(const struct matching_persons *persons,
                                               const struct new_record *record)
{
    if (record->person == MATCH_GRAPH_NONE) {
        return (struct person_outcome){record->person_id, false};
    }
    const struct match_graph *graph = persons->graph;
    uint32_t position = graph->persons[record->person].goes_on;
    return (struct person_outcome){graph->persons[position].id,
                                   persons->places[position] != PLACE_ALONE};
}

/* ---- those that others come to ---- */

static bool copy_text(struct str *out, struct arena *arena, struct str text)
{
    *out = (struct str){text.ptr == NULL ? NULL : arena_copy(arena, text), text.len};
    return text.ptr == NULL || out->ptr != NULL;
}

static int grow(struct matching_persons *persons, uint32_t place, int64_t record,
                const struct str row[SEARCHED_COUNT], struct error *error)
{
    struct grown_person *grown = &persons->grown.items[place];
    if (grown->records++ == 0) {
        grown->first_record = record;
        if (!copy_text(&grown->first_name, &persons->texts, row[SEARCHED_FIRST_NAME]) ||
            !copy_text(&grown->last_name, &persons->texts, row[SEARCHED_LAST_NAME])) {
            return error_out_of_memory(error);
        }
    }
    uint32_t source;
    int status = value_counts_add(&persons->sources, row[SEARCHED_DATA_SOURCE], &source, error);
    return status != 0 || vec_push(&persons->grown_sources, (uint64_t)place << 32 | source)
               ? status
               : error_out_of_memory(error);
}

static int take_old(void *context, struct str row, struct error *error)
{
    struct matching_persons *persons = context;
    const struct match_graph *graph = persons->graph;
    int status = copy_fields_read(&persons->fields, row, 2 + SEARCHED_COUNT, error);
    if (status != 0) {
        return status;
    }
    int64_t goes_on = copy_fields_integer(&persons->fields, 0);
    const struct match_person *person = bsearch(&goes_on, graph->persons, graph->person_count,
                                                sizeof *person, matching_compare_ids);
    if (person == NULL || !is_grown(persons, (uint32_t)(person - graph->persons))) {
        return 0;
    }
    return grow(persons, persons->places[person - graph->persons],
                copy_fields_integer(&persons->fields, 1), persons->fields.items + 2, error);
}

/* Seldom: the older of two persons goes on, so only a steward's, made while the job was running, can
   come to one of the job's. */
static int take_older_records(struct matching_persons *persons, struct error *error)
{
    const struct match_graph *graph = persons->graph;
    bool any = false;
    for (uint32_t i = 0; graph != NULL && i < graph->person_count; i++) {
        any = any ||
              (persons->places[i] == PLACE_OLD && is_grown(persons, graph->persons[i].goes_on));
    }
    return !any ? 0
                : copy_rows_read(persons->matching->connection,
                                 "copy (\n"
                                 "    select m.goes_on, r.id, " SEARCHED_COLUMNS_SQL "\n"
                                 "    from (\n"
                                 "        select id as person_id, goes_on\n"
                                 "        from merged_person\n"
                                 "    ) as m\n"
                                 "    join empi.person_record r on r.person_id = m.person_id\n"
                                 "    order by r.id\n"
                                 ") to stdout",
                                 take_old, persons, error);
}

/* ---- rows ---- */

static void append_text(struct text_buffer *out, struct str text)
{
    text_append_char(out, '\t');
    copy_append_text(out, text);
}

/* As an element of an array's text; COPY's own escapes come on top. */
static void append_source(struct text_buffer *out, struct str source)
{
    text_append_char(out, '"');
    for (size_t i = 0; i < source.len; i++) {
        if (source.ptr[i] == '"' || source.ptr[i] == '\\') {
            copy_append_text(out, STR("\\"));
        }
        copy_append_text(out, (struct str){source.ptr + i, 1});
    }
    text_append_char(out, '"');
}

static void append_emptied(struct text_buffer *out, int64_t id, const char *now)
{
    text_append_integer(out, id);
    text_append(out, STR("\t2\t0\t"));
    text_append(out, str_from(now));
    text_append(out, STR("\t\\N\t\\N\t\\N\t{}"));
}

/* Up to its sources, which the caller appends. */
static void begin_living(struct text_buffer *out, const struct grown_person *person, int version)
{
    text_append_integer(out, person->id);
    text_append(out, version == 1 ? STR("\t1\t") : STR("\t2\t"));
    text_append_unsigned(out, person->records);
    text_append(out, STR("\t\\N\t"));
    text_append_integer(out, person->first_record);
    append_text(out, person->last_name);
    append_text(out, person->first_name);
    text_append(out, STR("\t{"));
}

static int take_new(void *context, const struct new_record *record, struct str values,
                    struct error *error)
{
    struct matching_persons *persons = context;
    struct text_buffer *out = &persons->writer.chunk;
    int status = copy_fields_read(&persons->fields, values, SEARCHED_COUNT, error);
    const struct str *row = persons->fields.items;
    if (status == 0) {
        status = matching_values_add(&persons->values, row, error);
    }
    if (status != 0) {
        return status;
    }
    const struct person_outcome outcome = matching_persons_outcome(persons, record);
    bool emptied = outcome.goes_on != record->person_id;
    persons->living += emptied ? 0 : 1;
    if (emptied) {
        append_emptied(out, record->person_id, persons->matching->now);
        status = copy_writer_end_row(&persons->writer, error);
    } else if (!outcome.changed) {
        begin_living(out,
                     &(struct grown_person){record->person_id, record->id, row[SEARCHED_FIRST_NAME],
                                            row[SEARCHED_LAST_NAME], 1},
                     1);
        append_source(out, row[SEARCHED_DATA_SOURCE]);
        text_append_char(out, '}');
        status = copy_writer_end_row(&persons->writer, error);
    }
    if (status != 0 || !outcome.changed) {
        return status;
    }
    uint32_t place = persons->places[persons->graph->persons[record->person].goes_on];
    return place == PLACE_OLD ? 0 : grow(persons, place, record->id, row, error);
}

/* ---- sources of those that others come to ---- */

static int compare_values(const void *a, const void *b)
{
    return str_compare((*(const struct value_count *const *)a)->value,
                       (*(const struct value_count *const *)b)->value);
}

static int compare_numbers(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Numbers the sources anew, in the order of their bytes, and sorts by person and source. *out are the
   sources in their order. */
static int sort_sources(const struct value_count ***out, struct matching_persons *persons,
                        struct error *error)
{
    size_t count = persons->sources.len;
    const struct value_count **sorted = memory_alloc_array(count, sizeof *sorted);
    uint32_t *ranks = memory_alloc_array(count, sizeof *ranks);
    if (sorted == NULL || ranks == NULL) {
        memory_free(sorted);
        memory_free(ranks);
        return error_out_of_memory(error);
    }
    for (size_t i = 0; i < count; i++) {
        sorted[i] = &persons->sources.items[i];
    }
    qsort(sorted, count, sizeof *sorted, compare_values);
    for (size_t i = 0; i < count; i++) {
        ranks[sorted[i] - persons->sources.items] = (uint32_t)i;
    }
    for (size_t i = 0; i < persons->grown_sources.len; i++) {
        uint64_t *pair = &persons->grown_sources.items[i];
        *pair = (*pair & 0xFFFFFFFF00000000u) | ranks[(uint32_t)*pair];
    }
    qsort(persons->grown_sources.items, persons->grown_sources.len,
          sizeof *persons->grown_sources.items, compare_numbers);
    memory_free(ranks);
    *out = sorted;
    return 0;
}

static int write_grown(struct matching_persons *persons, const struct value_count *const *sources,
                       struct error *error)
{
    struct text_buffer *out = &persons->writer.chunk;
    int status = 0;
    size_t next = 0;
    for (size_t i = 0; status == 0 && i < persons->grown.len; i++) {
        begin_living(out, &persons->grown.items[i], 2);
        for (size_t first = next;
             next < persons->grown_sources.len && persons->grown_sources.items[next] >> 32 == i;
             next++) {
            uint64_t pair = persons->grown_sources.items[next];
            if (next == first || pair != persons->grown_sources.items[next - 1]) {
                text_append(out, next == first ? STR("") : STR(","));
                append_source(out, sources[(uint32_t)pair]->value);
            }
        }
        text_append_char(out, '}');
        status = copy_writer_end_row(&persons->writer, error);
    }
    return status;
}

static int write_all_grown(struct matching_persons *persons, struct error *error)
{
    const struct value_count **sources;
    if (persons->grown.len == 0) {
        return 0;
    }
    int status = sort_sources(&sources, persons, error);
    if (status == 0) {
        status = write_grown(persons, sources, error);
        memory_free(sources);
    }
    return status;
}

int matching_persons_write(struct matching_persons *persons, struct error *error)
{
    struct matching *matching = persons->matching;
    int status = take_older_records(persons, error);
    if (status == 0) {
        status = copy_writer_begin(&persons->writer, matching->connection,
                                   "copy empi.person (id, version, record_count, deleted,\n"
                                   "    first_record_id, last_name, first_name, data_sources)\n"
                                   "from stdin",
                                   error);
    }
    if (status != 0) {
        return status;
    }
    status = matching_read_new(matching, SEARCHED_COLUMNS_SQL, take_new, persons, error);
    if (status == 0) {
        status = write_all_grown(persons, error);
    }
    return copy_writer_end(&persons->writer, status, error);
}

void matching_persons_free(struct matching_persons *persons)
{
    matching_values_free(&persons->values);
    value_counts_free(&persons->sources);
    copy_fields_free(&persons->fields);
    arena_free(&persons->texts);
    vec_free(&persons->grown);
    vec_free(&persons->grown_sources);
    memory_free(persons->places);
    persons->places = NULL;
}
