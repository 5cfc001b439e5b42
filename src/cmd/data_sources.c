/* `tuva-empi data-sources`. */

#include "empi/data_sources.h"

#include <inttypes.h>

#include "api/person_json.h"
#include "cmd/commands.h"
#include "cmd/index_task.h"
#include "cmd/table.h"

enum { MAX_TEXT = 64 << 20 };

enum { JSON };

static const struct command_option options[] = {
    [JSON] = {.name = "json", .kind = OPTION_FLAG, .help = "for programs"},
};

struct listing {
    struct arena arena;
    struct data_source *sources;
    size_t count;
};

static int list_task(void *context, struct connection *connection, struct error *error)
{
    struct listing *listing = context;
    return data_sources_list(&listing->sources, &listing->count, &listing->arena, connection,
                             error);
}

static void append_table(struct text_buffer *out, const struct listing *listing)
{
    static const struct table_column columns[] = {{"NAME", false}, {"RECORDS", true}};
    struct table table = TABLE(columns);
    for (size_t i = 0; i < listing->count; i++) {
        table_add_text(&table, listing->sources[i].name);
        table_add(&table, "%" PRId64, listing->sources[i].record_count);
    }
    table_append(out, &table);
    table_free(&table);
}

static int run(const struct command_line *line, struct error *error)
{
    struct listing listing = {.arena = ARENA(MAX_TEXT)};
    struct text_buffer text = TEXT_BUFFER(MAX_TEXT);
    int status = index_task_run("tuva-empi data-sources", list_task, &listing, error);
    if (status == 0 && line->values[JSON].given) {
        struct json_writer json;
        json_write_begin(&json, &text, 2);
        person_json_write_data_sources(&json, listing.sources, listing.count);
        text_append_char(&text, '\n');
    } else if (status == 0) {
        append_table(&text, &listing);
    }
    if (status == 0) {
        status = command_print(&text, error);
    }
    text_free(&text);
    arena_free(&listing.arena);
    return status;
}

const struct command command_data_sources = {
    .name = "data-sources",
    .summary = "List the data sources that records come from.",
    .options = options,
    .option_count = ARRAY_LENGTH(options),
    .run = run,
};
