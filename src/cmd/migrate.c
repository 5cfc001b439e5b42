/* `migrate`: brings the schema of the configured database up or down, or tells what is applied. */

#include "store/migrate.h"

#include "base/json.h"
#include "base/memory.h"
#include "base/number_text.h"
#include "cmd/commands.h"
#include "cmd/confirm.h"
#include "cmd/index.h"
#include "cmd/table.h"

enum { TO, LIST, JSON, APP, YES };

static const struct command_option options[] = {
    [TO] = {.name = "to",
            .kind = OPTION_TEXT,
            .value = "N|zero",
            .otherwise = "the last",
            .help = "up or down to this migration; zero removes the schema with all its data"},
    [LIST] = {.name = "list", .kind = OPTION_FLAG, .help = "only tell what is applied"},
    [JSON] = {.name = "json", .kind = OPTION_FLAG, .help = "with --list: for programs"},
    [APP] = {.name = "app",
             .kind = OPTION_CHOICE,
             .value = "main",
             .fallback = "main",
             .help = "there is one; accepted because the Python backend asked for it"},
    [YES] = {.name = "yes",
             .letter = 'y',
             .kind = OPTION_FLAG,
             .help = "do not ask before data is deleted"},
};

static int parse_target(unsigned *out, const struct command_value *value, struct error *error)
{
    int64_t number;
    if (!value->given) {
        *out = MIGRATE_LATEST;
    } else if (str_equal(str_from(value->text), STR("zero"))) {
        *out = 0;
    } else if (integer_from_text(str_from(value->text), &number) && number >= 0 &&
               number <= (int64_t)migration_count) {
        *out = (unsigned)number;
    } else {
        return error_set(error, STATUS_USAGE, "--to: \"%s\" is neither zero nor a number to %u",
                         value->text, migration_count);
    }
    return 0;
}

/* ---- listing ---- */

static void append_table(struct text_buffer *out, const struct migrate_state *states, size_t count)
{
    static const struct table_column columns[] = {
        {"NUMBER", true}, {"NAME", false}, {"APPLIED", false}, {"PROBLEM", false}};
    struct table table = TABLE(columns);
    for (size_t i = 0; i < count; i++) {
        table_add(&table, "%04u", states[i].number);
        table_add(&table, "%s", states[i].name);
        table_add(&table, "%s", states[i].applied[0] == '\0' ? "no" : states[i].applied);
        table_add(&table, "%s", states[i].problem == NULL ? "" : states[i].problem);
    }
    table_append(out, &table);
    table_free(&table);
}

static struct str or_null(const char *text)
{
    return text == NULL || text[0] == '\0' ? (struct str){NULL, 0} : str_from(text);
}

static void append_json(struct text_buffer *out, const struct migrate_state *states, size_t count)
{
    struct json_writer json;
    json_write_begin(&json, out, 2);
    json_write_open_array(&json);
    for (size_t i = 0; i < count; i++) {
        json_write_open_object(&json);
        json_write_key(&json, "number");
        json_write_unsigned(&json, states[i].number);
        json_write_key(&json, "name");
        json_write_string(&json, str_from(states[i].name));
        json_write_key(&json, "applied");
        json_write_string(&json, or_null(states[i].applied));
        json_write_key(&json, "problem");
        json_write_string(&json, or_null(states[i].problem));
        json_write_close_object(&json);
    }
    json_write_close_array(&json);
    text_append_char(out, '\n');
}

static int list(const struct index *index, bool json, struct text_buffer *out, struct error *error)
{
    struct migrate_state *states;
    size_t count;
    int status = migrate_list(&states, &count, index->store, error);
    if (status != 0) {
        return status;
    }
    if (json) {
        append_json(out, states, count);
    } else {
        append_table(out, states, count);
    }
    memory_free(states);
    return 0;
}

/* ---- migrating ---- */

static int confirm_down(const struct index *index, unsigned target, struct error *error)
{
    unsigned current;
    int status = migrate_current(&current, index->store, error);
    if (status != 0 || target >= current) {
        return status;
    }
    status = confirm_loss(index, target == 0 ? LOSS_SCHEMA : LOSS_ADDED, error);
    /* Somebody else may have gone down meanwhile: there is nothing left to count, or to lose. */
    struct error ignored;
    bool gone = status != 0 && status != STATUS_CANCELLED &&
                migrate_current(&current, index->store, &ignored) == 0 && current == 0;
    return gone ? 0 : status;
}

static int migrate(const struct index *index, unsigned target, struct text_buffer *out,
                   struct error *error)
{
    struct migrate_report report;
    int status = migrate_to(&report, index->store, target, error);
    if (status != 0) {
        return status;
    }
    for (unsigned i = report.before; i < report.after; i++) {
        text_appendf(out, "applied %04u_%s\n", migrations[i].number, migrations[i].name);
    }
    for (unsigned i = report.before; i > report.after; i--) {
        text_appendf(out, "removed %04u_%s\n", migrations[i - 1].number, migrations[i - 1].name);
    }
    if (report.before == report.after) {
        text_appendf(out, "nothing to do: the schema is at migration %u\n", report.after);
    }
    return 0;
}

static int run(const struct command_line *line, struct error *error)
{
    unsigned target;
    int status = parse_target(&target, &line->values[TO], error);
    if (status == 0 && line->values[LIST].given && line->values[TO].given) {
        status = error_set(error, STATUS_USAGE, "--list and --to exclude each other");
    } else if (status == 0 && line->values[JSON].given && !line->values[LIST].given) {
        status = error_set(error, STATUS_USAGE, "--json needs --list");
    }
    if (status != 0) {
        return status;
    }
    struct index *index;
    const struct index_options how = {.name = "tuva-empi migrate", .any_schema = true};
    status = index_open(&index, &how, error);
    if (status != 0) {
        return status;
    }
    struct text_buffer text = TEXT_BUFFER(1 << 20);
    if (line->values[LIST].given) {
        status = list(index, line->values[JSON].given, &text, error);
    } else {
        status = line->values[YES].given ? 0 : confirm_down(index, target, error);
        if (status == 0) {
            status = migrate(index, target, &text, error);
        }
    }
    index_close(index);
    if (status == 0) {
        status = command_print(&text, error);
    }
    text_free(&text);
    return status;
}

const struct command command_migrate = {
    .name = "migrate",
    .summary = "Bring the database's schema up to date, or down again.",
    .notes = "All of one run is one transaction; two runs at once are safe. A database that is\n"
             "newer than the program, or has migrations that were edited, is refused. Asks before\n"
             "data is deleted, unless --yes is given.",
    .options = options,
    .option_count = ARRAY_LENGTH(options),
    .run = run,
};
