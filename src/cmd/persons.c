/* `tuva-empi persons search` and `persons show`. */

#include <stdio.h>

#include "api/person_json.h"
#include "cmd/commands.h"
#include "cmd/id_argument.h"
#include "cmd/index_task.h"
#include "cmd/person_table.h"
#include "cmd/search_options.h"
#include "empi/object_id.h"

enum { MAX_TEXT = 512 << 20 };

/* ---- search ---- */

static void append_list(struct text_buffer *out, const struct person_list *list)
{
    static const struct table_column columns[] = {
        {"ID", false}, {"LAST NAME", false}, {"FIRST NAME", false}, {"DATA SOURCES", false}};
    struct table table = TABLE(columns);
    for (size_t i = 0; i < list->count; i++) {
        const struct person_summary *item = &list->items[i];
        table_add(&table, OBJECT_ID_PERSON "%.*s", STR_ARG(item->uuid));
        table_add_text(&table, item->last_name);
        table_add_text(&table, item->first_name);
        search_options_add_names(&table, item->data_sources, item->data_source_count);
    }
    if (list->count > 0) {
        table_append(out, &table);
    }
    search_options_append_page(out, &list->page, list->count, "person", "persons");
    table_free(&table);
}

struct searching {
    struct arena arena;
    struct search search;
    struct page_request request;
    struct person_list list;
};

static int search_task(void *context, struct connection *connection, struct error *error)
{
    struct searching *searching = context;
    return persons_list(&searching->list, &searching->arena, connection, &searching->search,
                        searching->request, error);
}

static int search(const struct command_line *line, struct error *error)
{
    struct searching searching = {.arena = ARENA(MAX_TEXT)};
    struct text_buffer text = TEXT_BUFFER(MAX_TEXT);
    search_options_read(&searching.search, &searching.request, line);
    int status = index_task_run("tuva-empi persons", search_task, &searching, error);
    if (status == 0 && line->values[SEARCH_JSON].given) {
        struct json_writer json;
        json_write_begin(&json, &text, 2);
        person_json_write_list(&json, &searching.list);
        text_append_char(&text, '\n');
    } else if (status == 0) {
        append_list(&text, &searching.list);
    }
    if (status == 0) {
        status = command_print(&text, error);
    }
    text_free(&text);
    arena_free(&searching.arena);
    return status;
}

const struct command command_persons_search = {
    .name = "persons search",
    .summary = "List persons, all or those that match.",
    .notes = SEARCH_NOTES,
    .options = search_options,
    .option_count = SEARCH_OPTION_COUNT,
    .run = search,
};

/* ---- show ---- */

enum { JSON };

static const struct command_option show_options[] = {
    [JSON] = {.name = "json", .kind = OPTION_FLAG, .help = "for programs"},
};

struct showing {
    struct arena arena;
    char uuid[OBJECT_ID_UUID_SIZE];
    struct person_found found;
};

static int show_task(void *context, struct connection *connection, struct error *error)
{
    struct showing *showing = context;
    int status = persons_read(&showing->found, &showing->arena, connection, showing->uuid, error);
    if (status == STATUS_NOT_FOUND) {
        error_set(error, STATUS_NOT_FOUND, "there is no person p_%s", showing->uuid);
        error_hint(error, "see: tuva-empi persons search");
    }
    return status;
}

/* Where to go on; the ids are no secret to who knew the old one. */
static int refuse_emptied(const struct showing *showing, struct error *error)
{
    const struct person_found *found = &showing->found;
    bool one = found->successor_count == 1;
    error_set(error, STATUS_NOT_FOUND, "p_%s has no records any more: %s", showing->uuid,
              one ? "another person has them all" : "they went to several persons");
    for (size_t i = 0; i < found->successor_count; i++) {
        error_detail(error, "p_%.*s", STR_ARG(found->successors[i]));
    }
    return STATUS_NOT_FOUND;
}

static int append_found(struct text_buffer *out, const struct showing *showing, bool for_programs,
                        struct error *error)
{
    if (showing->found.emptied) {
        return refuse_emptied(showing, error);
    }
    if (for_programs) {
        struct json_writer json;
        json_write_begin(&json, out, 2);
        person_json_write_found(&json, &showing->found.person);
        text_append_char(out, '\n');
    } else {
        person_table_append(out, &showing->found.person);
    }
    return 0;
}

static int show(const struct command_line *line, struct error *error)
{
    struct showing showing = {.arena = ARENA(MAX_TEXT)};
    if (id_argument_person(showing.uuid, line->arguments[0], error) != 0) {
        return STATUS_USAGE;
    }
    struct text_buffer text = TEXT_BUFFER(MAX_TEXT);
    int status = index_task_run("tuva-empi persons", show_task, &showing, error);
    if (status == 0) {
        status = append_found(&text, &showing, line->values[JSON].given, error);
    }
    if (status == 0) {
        status = command_print(&text, error);
    }
    text_free(&text);
    arena_free(&showing.arena);
    return status;
}

const struct command command_persons_show = {
    .name = "persons show",
    .arguments = "p_UUID",
    .arguments_least = 1,
    .arguments_most = 1,
    .summary = "Show a person with all its records.",
    .notes = "Of a person whose records have all gone elsewhere it tells where they are.",
    .options = show_options,
    .option_count = ARRAY_LENGTH(show_options),
    .run = show,
};
