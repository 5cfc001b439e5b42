/*
 * index-driver: operations on the configured index, one JSON object a line on standard input, each
 * answered by one line on standard output. For tests that do very many: one process, one pool of
 * connections, the same code below as the program's commands.
 *
 *   {"op": "config", "model": "…", "potential": 0.5, "auto": 0.9}       → {"id"}
 *   {"op": "import", "config": 1, "csv": "…", "die_at": 3}              → {"job", "rows"}
 *   {"op": "job", "threads": 2, "stop_at": 3, "lose_at": 3, "die_at": 3,
 *    "decide_at": 3, "decision": {…}}                                   → what the job reports
 *   {"op": "decide", …}                  a steward_request.h            → {"event"}
 *   {"op": "sql", "text": "…"}                                          → {"rows": [["…", null]]}
 *
 * Every answer has "status" (an enum status); of a failure, "message" and "detail" besides.
 *
 * die_at: the process kills itself, as kill -9 would, at the nth read of the file or the nth call
 * of the job's progress; 0: never. stop_at cancels the job there, lose_at cuts its connections. At
 * decide_at a steward decides meanwhile: "decided" is the status, with "phase", "told" and "event".
 */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/json_read.h"
#include "base/memory.h"
#include "base/stream.h"
#include "cmd/index.h"
#include "empi/configs.h"
#include "empi/imports.h"
#include "empi/matching.h"
#include "steward_request.h"

/* What it is known by in pg_stat_activity. */
#define NAME "index-driver"

enum { MOST_BYTES = 64 << 20, TAKE_SECONDS = 10 };

static _Noreturn void die(void)
{
    kill(getpid(), SIGKILL);
    for (;;) {
        pause();
    }
}

static int64_t integer_of(const json_t *operation, const char *key)
{
    return json_integer_value(json_object_get(operation, key));
}

static struct str text_of(const json_t *operation, const char *key)
{
    const json_t *text = json_object_get(operation, key);
    return (struct str){json_string_value(text), json_string_length(text)};
}

/* An operation over one connection; writes members of the answer. */
typedef int connected_operation(struct connection *connection, const json_t *operation,
                                struct json_writer *answer, struct error *error);

static int run_config(struct connection *connection, const json_t *operation,
                      struct json_writer *answer, struct error *error)
{
    int64_t id = 0;
    struct config_request request = {
        .json = text_of(operation, "model"),
        .name = "model",
        .potential_threshold = json_number_value(json_object_get(operation, "potential")),
        .auto_threshold = json_number_value(json_object_get(operation, "auto")),
    };
    int status = configs_create(&id, connection, &request, error);
    json_write_key(answer, "id");
    json_write_integer(answer, id);
    return status;
}

/* ---- imports ---- */

/* Memory that comes in small pieces, and a process that may die on the way. */
struct piecemeal {
    struct stream stream;
    struct str left;
    int64_t reads;
    int64_t die_at;
};

static int read_piece(struct stream *stream, char *out, size_t size, size_t *got,
                      struct error *error)
{
    (void)error;
    enum { PIECE = 100 };
    struct piecemeal *piecemeal = (struct piecemeal *)stream;
    if (++piecemeal->reads == piecemeal->die_at) {
        die();
    }
    size_t most = size < PIECE ? size : PIECE;
    *got = most < piecemeal->left.len ? most : piecemeal->left.len;
    memcpy(out, piecemeal->left.ptr, *got);
    piecemeal->left.ptr += *got;
    piecemeal->left.len -= *got;
    stream->bytes += *got;
    return 0;
}

static void free_nothing(struct stream *stream)
{
    (void)stream;
}

static int run_import(struct connection *connection, const json_t *operation,
                      struct json_writer *answer, struct error *error)
{
    static const struct stream_operations operations = {.read = read_piece, .free = free_nothing};
    struct piecemeal piecemeal = {
        .stream = {.operations = &operations, .name = "records.csv"},
        .left = text_of(operation, "csv"),
        .die_at = integer_of(operation, "die_at"),
    };
    struct import import = {.config_id = integer_of(operation, "config"),
                            .source_uri = "upload:///records.csv",
                            .records = &piecemeal.stream};
    struct import_report report = {0};
    int status = imports_create(&report, connection, &import, error);
    json_write_key(answer, "job");
    json_write_integer(answer, report.job_id);
    json_write_key(answer, "rows");
    json_write_unsigned(answer, report.rows);
    return status;
}

/* ---- jobs ---- */

struct watching {
    struct store *store;
    int64_t calls;
    int64_t stop_at;
    int64_t lose_at;
    int64_t die_at;
    int64_t decide_at;
    const json_t *decision;
    const char *decided_in; /* the phase; NULL: there was no decision */
    int64_t event;
    struct error refusal; /* of the decision; its status is 0 when there is none */
};

static void cut_connections(struct store *store)
{
    struct connection *connection;
    struct error error;
    int status = store_take(&connection, store, TAKE_SECONDS, &error);
    if (status == 0) {
        status = query_script(connection,
                              "select pg_terminate_backend(pid, 10000)\n"
                              "from pg_stat_activity\n"
                              "where application_name = '" NAME "'\n"
                              "    and pid <> pg_backend_pid()",
                              &error);
        store_give_back(connection);
    }
    if (status != 0) {
        fprintf(stderr, "%s\n", error.message);
    }
}

static void decide_meanwhile(struct watching *watching, const char *phase)
{
    static struct steward_request request;
    struct connection *connection;
    steward_request_read(&request, watching->decision);
    watching->decided_in = phase;
    int status = store_take(&connection, watching->store, TAKE_SECONDS, &watching->refusal);
    if (status == 0) {
        status = manual_match_run(&watching->event, connection, &request.match, &watching->refusal);
        store_give_back(connection);
    }
    watching->refusal.status = status;
}

static void write_decision(const struct watching *watching, struct json_writer *answer)
{
    json_write_key(answer, "decided");
    json_write_integer(answer, watching->refusal.status);
    json_write_key(answer, "told");
    json_write_string(answer, str_from(watching->refusal.message));
    json_write_key(answer, "phase");
    json_write_string(answer, str_from(watching->decided_in));
    json_write_key(answer, "event");
    json_write_integer(answer, watching->event);
}

static bool watch(void *context, const char *phase, uint64_t done, uint64_t total)
{
    (void)done;
    (void)total;
    struct watching *watching = context;
    watching->calls++;
    if (watching->calls == watching->die_at) {
        die();
    }
    if (watching->calls == watching->lose_at) {
        cut_connections(watching->store);
    }
    if (watching->calls == watching->decide_at) {
        decide_meanwhile(watching, phase);
    }
    return watching->calls != watching->stop_at;
}

static int run_job(struct store *store, const json_t *operation, struct json_writer *answer,
                   struct error *error)
{
    struct watching watching = {
        .store = store,
        .stop_at = integer_of(operation, "stop_at"),
        .lose_at = integer_of(operation, "lose_at"),
        .die_at = integer_of(operation, "die_at"),
        .decide_at = integer_of(operation, "decide_at"),
        .decision = json_object_get(operation, "decision"),
    };
    struct matching_options options = {
        .threads = (unsigned)integer_of(operation, "threads"),
        .show = watch,
        .context = &watching,
    };
    struct matching_report report = {0};
    int status = matching_run(&report, store, 0, &options, error);
    const struct {
        const char *name;
        uint64_t value;
    } figures[] = {
        {"job", (uint64_t)report.job_id},  {"rows", report.rows},
        {"records", report.records},       {"results", report.results},
        {"merged", report.persons_merged}, {"matched", report.groups_matched},
        {"open", report.groups_open},      {"calls", (uint64_t)watching.calls},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(figures); i++) {
        json_write_key(answer, figures[i].name);
        json_write_unsigned(answer, figures[i].value);
    }
    if (watching.decided_in != NULL) {
        write_decision(&watching, answer);
    }
    return status;
}

/* ---- decisions and questions ---- */

static int run_decide(struct connection *connection, const json_t *operation,
                      struct json_writer *answer, struct error *error)
{
    static struct steward_request request;
    int64_t event = 0;
    steward_request_read(&request, operation);
    int status = manual_match_run(&event, connection, &request.match, error);
    json_write_key(answer, "event");
    json_write_integer(answer, event);
    return status;
}

static int run_sql(struct connection *connection, const json_t *operation,
                   struct json_writer *answer, struct error *error)
{
    struct rows *rows;
    int status = query_run(&rows, connection, json_string_value(json_object_get(operation, "text")),
                           NULL, 0, error);
    if (status != 0) {
        return status;
    }
    size_t columns = (size_t)integer_of(operation, "columns");
    json_write_key(answer, "rows");
    json_write_open_array(answer);
    for (size_t i = 0; i < rows_count(rows); i++) {
        json_write_open_array(answer);
        for (size_t j = 0; j < columns; j++) {
            json_write_string(answer, rows_text(rows, i, j));
        }
        json_write_close_array(answer);
    }
    json_write_close_array(answer);
    rows_free(rows);
    return 0;
}

/* ---- the loop ---- */

static int run_connected(connected_operation *run, struct store *store, const json_t *operation,
                         struct json_writer *answer, struct error *error)
{
    struct connection *connection;
    int status = store_take(&connection, store, TAKE_SECONDS, error);
    if (status == 0) {
        status = run(connection, operation, answer, error);
        store_give_back(connection);
    }
    return status;
}

static int run_operation(struct store *store, const json_t *operation, struct json_writer *answer,
                         struct error *error)
{
    static const struct {
        const char *name;
        connected_operation *run;
    } kinds[] = {
        {"config", run_config}, {"import", run_import}, {"decide", run_decide}, {"sql", run_sql}};
    struct str name = text_of(operation, "op");
    if (str_equal(name, STR("job"))) {
        return run_job(store, operation, answer, error);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++) {
        if (str_equal(name, str_from(kinds[i].name))) {
            return run_connected(kinds[i].run, store, operation, answer, error);
        }
    }
    return error_set(error, STATUS_USAGE, "no operation has this name");
}

static int answer_line(struct store *store, struct str line, struct text_buffer *text,
                       struct error *error)
{
    json_t *operation = NULL;
    struct json_writer answer;
    text_clear(text);
    json_write_begin(&answer, text, 0);
    json_write_open_object(&answer);
    int status = json_read(&operation, line, "operation", error);
    if (status == 0) {
        status = run_operation(store, operation, &answer, error);
    }
    json_decref(operation);
    json_write_key(&answer, "status");
    json_write_integer(&answer, status);
    if (status != 0) {
        json_write_key(&answer, "message");
        json_write_string(&answer, str_from(error->message));
        json_write_key(&answer, "detail");
        json_write_string(&answer, str_from(error->detail));
    }
    json_write_close_object(&answer);
    text_append_char(text, '\n');
    return text->failed ? error_out_of_memory(error) : 0;
}

static int answer_all(struct store *store, struct error *error)
{
    struct text_buffer answer = TEXT_BUFFER(MOST_BYTES);
    char *line = NULL;
    size_t size = 0;
    ssize_t length;
    int status = 0;
    while (status == 0 && (length = getline(&line, &size, stdin)) > 0) {
        status = answer_line(store, (struct str){line, (size_t)length}, &answer, error);
        if (status == 0) {
            fwrite(answer.ptr, 1, answer.len, stdout);
            fflush(stdout);
        }
    }
    free(line);
    text_free(&answer);
    return status;
}

int main(void)
{
    static const struct index_options options = {.name = NAME};
    struct error error;
    struct index *index = NULL;
    int status = index_open(&index, &options, &error);
    if (status == 0) {
        status = answer_all(index->store, &error);
    }
    index_close(index);
    if (status != 0) {
        fprintf(stderr, "%s\n", error.message);
    }
    return error_exit_status(status);
}
