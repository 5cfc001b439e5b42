/* `tuva-empi potential-matches match`: a steward's decision. */

#include <inttypes.h>

#include "api/match_request.h"
#include "base/json.h"
#include "base/json_read.h"
#include "base/stream.h"
#include "cmd/commands.h"
#include "cmd/id_argument.h"
#include "cmd/index_task.h"
#include "empi/object_id.h"

enum { MAX_BODY = 16 << 20, MAX_ARENA = 256 << 20 };

enum { JSON };

static const struct command_option options[] = {
    [JSON] = {.name = "json", .kind = OPTION_FLAG, .help = "for programs"},
};

struct deciding {
    struct manual_match match;
    int64_t event_id;
};

static int decide_task(void *context, struct connection *connection, struct error *error)
{
    struct deciding *deciding = context;
    return manual_match_run(&deciding->event_id, connection, &deciding->match, error);
}

static int read_body(json_t **out, const char *path, struct error *error)
{
    struct stream *stream;
    struct text_buffer text = TEXT_BUFFER(MAX_BODY);
    int status = stream_open_file(&stream, path, error);
    if (status != 0) {
        return status;
    }
    status = stream_read_all(stream, &text, error);
    if (status == 0) {
        status = json_read(out, text_str(&text), stream->name, error);
    }
    stream_free(stream);
    text_free(&text);
    return status;
}

/* Two places that say which one is meant: a mistake in either shows. */
static int check_group(const struct manual_match *match, int64_t id, struct error *error)
{
    if (match->group_id == id) {
        return 0;
    }
    return error_set(error, STATUS_INVALID,
                     "potential_match_id: the decision is about pm_%" PRId64 ", not pm_%" PRId64,
                     match->group_id, id);
}

static int print_event(int64_t event_id, bool for_programs, struct error *error)
{
    struct text_buffer text = TEXT_BUFFER(256);
    text_appendf(&text,
                 for_programs ? "{\"match_event_id\": \"" OBJECT_ID_MATCH_EVENT "%" PRId64 "\"}\n"
                              : OBJECT_ID_MATCH_EVENT "%" PRId64 "\n",
                 event_id);
    int status = command_print(&text, error);
    text_free(&text);
    return status;
}

static int run(const struct command_line *line, struct error *error)
{
    struct arena arena = ARENA(MAX_ARENA);
    struct field_faults faults = {.arena = &arena};
    struct deciding deciding = {0};
    json_t *body = NULL;
    int64_t id;
    if (id_argument_potential_match(&id, line->arguments[0], error) != 0) {
        return STATUS_USAGE;
    }
    int status = read_body(&body, line->arguments[1], error);
    if (status == 0) {
        status = match_request_read(&deciding.match, &faults, body, error);
    }
    if (status == 0) {
        status = check_group(&deciding.match, id, error);
    }
    if (status == 0) {
        status = index_task_run("tuva-empi potential-matches", decide_task, &deciding, error);
    }
    if (status == 0) {
        status = print_event(deciding.event_id, line->values[JSON].given, error);
    }
    json_decref(body);
    arena_free(&arena);
    return status;
}

const struct command command_potential_matches_match = {
    .name = "potential-matches match",
    .arguments = "pm_N DECISION.json",
    .arguments_least = 2,
    .arguments_most = 2,
    .summary = "Decide a potential match: move records between its persons and to new ones.",
    .notes =
        "DECISION.json, or \"-\" for standard input, is what the HTTP API takes at POST /matches:\n"
        "\n"
        "  {\"potential_match_id\": \"pm_1\", \"potential_match_version\": 1,\n"
        "   \"person_updates\": [\n"
        "     {\"id\": \"p_...\", \"version\": 1, \"new_person_record_ids\": [\"pr_1\", "
        "\"pr_2\"]},\n"
        "     {\"id\": \"p_...\", \"version\": 1, \"new_person_record_ids\": []},\n"
        "     {\"new_person_record_ids\": [\"pr_3\"]}],\n"
        "   \"comments\": [{\"person_record_id\": \"pr_3\", \"comment\": \"a twin\"}]}\n"
        "\n"
        "A person is given all its records: none empties it, without an id it is a new one. "
        "Persons\n"
        "that are not named stay as they are. Prints the id of the event.",
    .options = options,
    .option_count = ARRAY_LENGTH(options),
    .run = run,
};
