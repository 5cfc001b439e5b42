/* `tuva-empi jobs`, `jobs show` and `jobs cancel`. */

#include <inttypes.h>
#include <stdio.h>

#include "api/job_json.h"
#include "base/json.h"
#include "base/utf8.h"
#include "cmd/commands.h"
#include "cmd/id_argument.h"
#include "cmd/index.h"
#include "cmd/table.h"
#include "jobs/job_list.h"

enum { MAX_TEXT = 256 << 20 };

/* ---- for people ---- */

static struct str first_line(struct str text)
{
    const char *end = text.ptr == NULL ? NULL : memchr(text.ptr, '\n', text.len);
    return end == NULL ? text : (struct str){text.ptr, (size_t)(end - text.ptr)};
}

/* "scoring pairs 42 %"; "loading 1200" where the total is not known. */
static void append_progress(struct text_buffer *out, const struct rows *rows, size_t row)
{
    struct str phase = rows_text(rows, row, JOB_PHASE);
    int64_t done = rows_integer(rows, row, JOB_DONE);
    int64_t total = rows_integer(rows, row, JOB_TOTAL);
    text_append(out, phase);
    if (total > 0) {
        text_appendf(out, " %.0f %%", 100.0 * (double)done / (double)total);
    } else if (done > 0) {
        text_appendf(out, " %" PRId64, done);
    }
}

static void append_table(struct text_buffer *out, const struct rows *rows)
{
    static const struct table_column columns[] = {
        {"ID", true},    {"STATUS", false},  {"PROGRESS", false}, {"TRIES", true},
        {"TYPE", false}, {"CREATED", false}, {"SOURCE", false},   {"REASON", false},
    };
    struct table table = TABLE(columns);
    for (size_t i = 0; i < rows_count(rows); i++) {
        struct text_buffer progress = TEXT_BUFFER(4096);
        append_progress(&progress, rows, i);
        table_add(&table, "job_%" PRId64, rows_integer(rows, i, JOB_ID));
        table_add_text(&table, rows_text(rows, i, JOB_STATUS));
        table_add_text(&table, text_str(&progress));
        table_add_text(&table, rows_text(rows, i, JOB_TRIES));
        table_add_text(&table, rows_text(rows, i, JOB_TYPE));
        table_add_text(&table, rows_text(rows, i, JOB_CREATED));
        table_add_text(&table, rows_text(rows, i, JOB_SOURCE_URI));
        table_add_text(&table, first_line(rows_text(rows, i, JOB_REASON)));
        text_free(&progress);
    }
    table_append(out, &table);
    table_free(&table);
}

static void append_line(struct text_buffer *out, const char *name, struct str text)
{
    text_appendf(out, "%-9s ", name);
    utf8_append_plain(out, text, true);
    text_append_char(out, '\n');
}

/* One job: a line a property, the reason in full. */
static void append_sheet(struct text_buffer *out, const struct rows *rows)
{
    static const struct {
        const char *name;
        enum job_column column;
    } lines[] = {
        {"type", JOB_TYPE},       {"status", JOB_STATUS},   {"source", JOB_SOURCE_URI},
        {"created", JOB_CREATED}, {"updated", JOB_UPDATED}, {"tries", JOB_TRIES},
    };
    text_appendf(out, "%-9s job_%" PRId64 "\n", "id", rows_integer(rows, 0, JOB_ID));
    if (!rows_is_null(rows, 0, JOB_CONFIG_ID)) {
        text_appendf(out, "%-9s cfg_%" PRId64 "\n", "config", rows_integer(rows, 0, JOB_CONFIG_ID));
    }
    for (size_t i = 0; i < ARRAY_LENGTH(lines); i++) {
        if (!rows_is_null(rows, 0, lines[i].column)) {
            append_line(out, lines[i].name, rows_text(rows, 0, lines[i].column));
        }
    }
    if (!rows_is_null(rows, 0, JOB_PHASE)) {
        text_appendf(out, "%-9s ", "progress");
        append_progress(out, rows, 0);
        text_append_char(out, '\n');
    }
    if (!rows_is_null(rows, 0, JOB_REASON)) {
        append_line(out, "reason", rows_text(rows, 0, JOB_REASON));
    }
}

/* ---- for programs: the objects of the HTTP API ---- */

static void append_json(struct text_buffer *out, const struct rows *rows, bool list)
{
    struct json_writer json;
    json_write_begin(&json, out, 2);
    if (list) {
        json_write_open_array(&json);
    }
    for (size_t i = 0; i < rows_count(rows); i++) {
        job_json_write(&json, rows, i);
    }
    if (list) {
        json_write_close_array(&json);
    }
    text_append_char(out, '\n');
}

/* ---- commands ---- */

typedef int job_work(struct text_buffer *out, struct connection *connection,
                     const struct command_line *line, struct error *error);

static int with_index(const struct command_line *line, job_work *work, struct error *error)
{
    static const struct index_options index_options = {.name = "tuva-empi jobs"};
    struct index *index = NULL;
    struct connection *connection = NULL;
    struct text_buffer text = TEXT_BUFFER(MAX_TEXT);
    int status = index_open(&index, &index_options, error);
    if (status == 0) {
        status = store_take(&connection, index->store, 10, error);
    }
    if (status == 0) {
        status = work(&text, connection, line, error);
    }
    store_give_back(connection);
    index_close(index);
    if (status == 0) {
        status = command_print(&text, error);
    }
    text_free(&text);
    return status;
}

enum { LIST_LIMIT, LIST_JSON };

static const struct command_option list_options[] = {
    [LIST_LIMIT] = {.name = "limit",
                    .letter = 'n',
                    .kind = OPTION_INTEGER,
                    .value = "N",
                    .fallback = "50",
                    .integers = {1, 1000000},
                    .help = "the newest N"},
    [LIST_JSON] = {.name = "json", .kind = OPTION_FLAG, .help = "for programs"},
};

static int list(struct text_buffer *out, struct connection *connection,
                const struct command_line *line, struct error *error)
{
    struct rows *rows;
    int status = job_list(&rows, connection, (uint64_t)line->values[LIST_LIMIT].integer, error);
    if (status != 0) {
        return status;
    }
    if (line->values[LIST_JSON].given) {
        append_json(out, rows, true);
    } else {
        append_table(out, rows);
    }
    rows_free(rows);
    return 0;
}

static int run_list(const struct command_line *line, struct error *error)
{
    return with_index(line, list, error);
}

const struct command command_jobs = {
    .name = "jobs",
    .summary = "List imports and exports, newest first, with their progress.",
    .options = list_options,
    .option_count = ARRAY_LENGTH(list_options),
    .run = run_list,
};

enum { SHOW_JSON };

static const struct command_option show_options[] = {
    [SHOW_JSON] = {.name = "json", .kind = OPTION_FLAG, .help = "for programs"},
};

static int show(struct text_buffer *out, struct connection *connection,
                const struct command_line *line, struct error *error)
{
    int64_t id;
    struct rows *rows;
    int status = id_argument_job(&id, line->arguments[0], "JOB", error);
    if (status == 0) {
        status = job_find(&rows, connection, id, error);
    }
    if (status != 0) {
        return status;
    }
    if (line->values[SHOW_JSON].given) {
        append_json(out, rows, false);
    } else {
        append_sheet(out, rows);
    }
    rows_free(rows);
    return 0;
}

static int run_show(const struct command_line *line, struct error *error)
{
    return with_index(line, show, error);
}

const struct command command_jobs_show = {
    .name = "jobs show",
    .arguments = "JOB",
    .arguments_least = 1,
    .arguments_most = 1,
    .summary = "Show one job, with the whole reason when it failed.",
    .options = show_options,
    .option_count = ARRAY_LENGTH(show_options),
    .run = run_show,
};

static int cancel(struct text_buffer *out, struct connection *connection,
                  const struct command_line *line, struct error *error)
{
    int64_t id;
    int status = id_argument_job(&id, line->arguments[0], "JOB", error);
    if (status == 0) {
        status = job_cancel(connection, id, error);
    }
    if (status == 0) {
        text_appendf(out, "job_%" PRId64 " is cancelled\n", id);
    }
    return status;
}

static int run_cancel(const struct command_line *line, struct error *error)
{
    return with_index(line, cancel, error);
}

const struct command command_jobs_cancel = {
    .name = "jobs cancel",
    .arguments = "JOB",
    .arguments_least = 1,
    .arguments_most = 1,
    .summary = "Take a job back that has not begun, or whose runner is dead.",
    .run = run_cancel,
};
