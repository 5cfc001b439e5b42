/* `tuva-empi potential-matches` and `potential-matches show`. */

#include <inttypes.h>

#include "api/match_group_json.h"
#include "api/person_json.h"
#include "cmd/commands.h"
#include "cmd/id_argument.h"
#include "cmd/index_task.h"
#include "cmd/match_group_text.h"
#include "cmd/search_options.h"
#include "empi/object_id.h"

enum { MAX_TEXT = 512 << 20 };

/* ---- the list ---- */

static void append_list(struct text_buffer *out, const struct match_group_list *list)
{
    static const struct table_column columns[] = {{"ID", true},
                                                  {"PROBABILITY", true},
                                                  {"LAST NAME", false},
                                                  {"FIRST NAME", false},
                                                  {"DATA SOURCES", false}};
    struct table table = TABLE(columns);
    for (size_t i = 0; i < list->count; i++) {
        const struct match_group_summary *item = &list->items[i];
        char probability[PROBABILITY_TEXT_SIZE];
        table_add(&table, OBJECT_ID_POTENTIAL_MATCH "%" PRId64, item->id);
        table_add(&table, "%s",
                  match_group_text_probability(item->max_match_probability, probability));
        table_add_text(&table, item->last_name);
        table_add_text(&table, item->first_name);
        search_options_add_names(&table, item->data_sources, item->data_source_count);
    }
    if (list->count > 0) {
        table_append(out, &table);
    }
    search_options_append_page(out, &list->page, list->count, "potential match",
                               "potential matches");
    table_free(&table);
}

struct listing {
    struct arena arena;
    struct search search;
    struct page_request request;
    struct match_group_list list;
};

static int list_task(void *context, struct connection *connection, struct error *error)
{
    struct listing *listing = context;
    return match_groups_list(&listing->list, &listing->arena, connection, &listing->search,
                             listing->request, error);
}

static int list(const struct command_line *line, struct error *error)
{
    struct listing listing = {.arena = ARENA(MAX_TEXT)};
    struct text_buffer text = TEXT_BUFFER(MAX_TEXT);
    search_options_read(&listing.search, &listing.request, line);
    int status = index_task_run("tuva-empi potential-matches", list_task, &listing, error);
    if (status == 0 && line->values[SEARCH_JSON].given) {
        struct json_writer json;
        json_write_begin(&json, &text, 2);
        match_group_json_write_list(&json, &listing.list);
        text_append_char(&text, '\n');
    } else if (status == 0) {
        append_list(&text, &listing.list);
    }
    if (status == 0) {
        status = command_print(&text, error);
    }
    text_free(&text);
    arena_free(&listing.arena);
    return status;
}

const struct command command_potential_matches = {
    .name = "potential-matches",
    .summary = "List what waits for a steward's decision, the likeliest first.",
    .notes = SEARCH_NOTES "\nA potential match is found by any of its persons.",
    .options = search_options,
    .option_count = SEARCH_OPTION_COUNT,
    .run = list,
};

/* ---- show ---- */

enum { PAGE, PAGE_SIZE, JSON };

static const struct command_option show_options[] = {
    [PAGE] = {.name = "page",
              .kind = OPTION_INTEGER,
              .value = "N",
              .integers = {1, PAGE_NUMBER_MOST},
              .fallback = "1",
              .help = "which page of its persons"},
    [PAGE_SIZE] = {.name = "page-size",
                   .kind = OPTION_INTEGER,
                   .value = "N",
                   .integers = {1, PAGE_SIZE_MOST},
                   .fallback = "50",
                   .help = "persons on a page"},
    [JSON] = {.name = "json", .kind = OPTION_FLAG, .help = "for programs"},
};

struct showing {
    struct arena arena;
    int64_t id;
    struct page_request request;
    struct match_group_detail group;
};

static int show_task(void *context, struct connection *connection, struct error *error)
{
    struct showing *showing = context;
    int status = match_groups_read(&showing->group, &showing->arena, connection, showing->id,
                                   showing->request, error);
    if (status == STATUS_NOT_FOUND) {
        error_set(error, STATUS_NOT_FOUND, "there is no potential match pm_%" PRId64, showing->id);
        error_hint(error, "it may have been decided, or replaced by a later job");
    }
    return status;
}

static int show(const struct command_line *line, struct error *error)
{
    struct showing showing = {
        .arena = ARENA(MAX_TEXT),
        .request = {line->values[PAGE].integer, line->values[PAGE_SIZE].integer},
    };
    if (id_argument_potential_match(&showing.id, line->arguments[0], error) != 0) {
        return STATUS_USAGE;
    }
    struct text_buffer text = TEXT_BUFFER(MAX_TEXT);
    int status = index_task_run("tuva-empi potential-matches", show_task, &showing, error);
    if (status == 0 && line->values[JSON].given) {
        struct json_writer json;
        json_write_begin(&json, &text, 2);
        match_group_json_write(&json, &showing.group, PERSON_FIELDS_ALL, true);
        text_append_char(&text, '\n');
    } else if (status == 0) {
        match_group_text_append(&text, &showing.group);
    }
    if (status == 0) {
        status = command_print(&text, error);
    }
    text_free(&text);
    arena_free(&showing.arena);
    return status;
}

const struct command command_potential_matches_show = {
    .name = "potential-matches show",
    .arguments = "pm_N",
    .arguments_least = 1,
    .arguments_most = 1,
    .summary = "Show a potential match: its persons, and why their records may belong together.",
    .notes = "Weights are logarithms to base 2 and add up to the match weight: each +1 doubles the "
             "odds.",
    .options = show_options,
    .option_count = ARRAY_LENGTH(show_options),
    .run = show,
};
