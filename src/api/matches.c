/* POST /matches: a steward's decision. */

#include "api/api.h"
#include "api/handlers.h"
#include "api/match_request.h"
#include "api/page_json.h"
#include "empi/manual_match.h"
#include "empi/object_id.h"

static int decide(struct http_exchange *exchange, struct manual_match *match, struct error *error)
{
    struct connection *connection;
    int64_t event_id = 0;
    match->user_id = api_user(exchange)->id;
    int status = api_take_connection(&connection, exchange, error);
    if (status == 0) {
        status = manual_match_run(&event_id, connection, match, error);
    }
    store_give_back(connection);
    if (status == 0) {
        struct json_writer *json = http_respond_json(exchange, 200);
        json_write_open_object(json);
        page_json_write_id(json, "match_event_id", OBJECT_ID_MATCH_EVENT, event_id);
        json_write_close_object(json);
    }
    return api_answer_failure(exchange, status, error);
}

int handle_create_match(struct http_exchange *exchange, struct error *error)
{
    struct field_faults faults = {.arena = &exchange->arena};
    struct manual_match match;
    json_t *body;
    int status = api_read_json(&body, exchange, error);
    if (status != 0 || body == NULL) {
        return status;
    }
    status = match_request_read(&match, &faults, body, error);
    if (status == 0) {
        status = decide(exchange, &match, error);
    } else if (status == STATUS_INVALID) {
        status = api_answer_faults(exchange, &faults, error);
    }
    json_decref(body);
    return status;
}
