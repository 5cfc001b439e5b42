/* GET /persons and /persons/{id}. */

#include "api/handlers.h"

#include <stdio.h>

#include "api/api.h"
#include "api/page_json.h"
#include "api/person_json.h"
#include "api/query.h"
#include "api/routes.h"
#include "empi/object_id.h"
#include "empi/persons.h"

int handle_list_persons(struct http_exchange *exchange, struct error *error)
{
    struct field_faults faults = {.arena = &exchange->arena};
    struct search search;
    struct page_request page;
    query_read_search(&search, &page, &faults, exchange);
    if (field_faults_any(&faults)) {
        return api_answer_faults(exchange, &faults, error);
    }
    struct connection *connection;
    struct person_list list;
    int status = api_take_connection(&connection, exchange, error);
    if (status == 0) {
        status = persons_list(&list, &exchange->arena, connection, &search, page, error);
    }
    store_give_back(connection);
    if (status == 0) {
        person_json_write_list(http_respond_json(exchange, 200), &list);
    }
    return api_answer_failure(exchange, status, error);
}

/* ---- one ---- */

/* All its records went to one person: that is the one to go on with. */
static void answer_moved(struct http_exchange *exchange, struct str uuid)
{
    char location[sizeof API_PATH "/persons/" OBJECT_ID_PERSON + OBJECT_ID_UUID_SIZE];
    snprintf(location, sizeof location, API_PATH "/persons/" OBJECT_ID_PERSON "%.*s",
             STR_ARG(uuid));
    http_respond_redirect(exchange, 301, location);
}

/* They went several ways: nobody but the client can say which of them is meant. */
static void answer_gone(struct http_exchange *exchange, const struct person_found *found)
{
    struct json_writer *json = http_respond_json(exchange, 410);
    json_write_open_object(json);
    json_write_key(json, "error");
    json_write_open_object(json);
    page_json_write_text(json, "message",
                         STR("The records of this person belong to several persons now."));
    json_write_close_object(json);
    json_write_key(json, "persons");
    json_write_open_array(json);
    for (size_t i = 0; i < found->successor_count; i++) {
        json_write_open_object(json);
        page_json_write_person_id(json, "id", found->successors[i]);
        json_write_close_object(json);
    }
    json_write_close_array(json);
    json_write_close_object(json);
}

static void answer_found(struct http_exchange *exchange, const struct person_found *found)
{
    if (!found->emptied) {
        person_json_write_found(http_respond_json(exchange, 200), &found->person);
    } else if (found->successor_count == 1) {
        answer_moved(exchange, found->successors[0]);
    } else {
        answer_gone(exchange, found);
    }
}

int handle_get_person(struct http_exchange *exchange, struct error *error)
{
    static const char *const known[] = {NULL};
    struct field_faults faults = {.arena = &exchange->arena};
    char uuid[OBJECT_ID_UUID_SIZE];
    query_refuse_others(&faults, exchange, known);
    if (!object_id_parse_person(uuid, exchange->parameters[0])) {
        struct field_path path = {NULL, "person_id", 0};
        field_faults_add(&faults, &path, "Invalid Person ID");
    }
    if (field_faults_any(&faults)) {
        return api_answer_faults(exchange, &faults, error);
    }
    struct connection *connection;
    struct person_found found;
    int status = api_take_connection(&connection, exchange, error);
    if (status == 0) {
        status = persons_read(&found, &exchange->arena, connection, uuid, error);
    }
    store_give_back(connection);
    if (status == 0) {
        answer_found(exchange, &found);
    }
    return api_answer_failure(exchange, status, error);
}
