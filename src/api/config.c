/* POST and GET /config, GET /config/{id}. */

#include "api/api.h"
#include "api/config_request.h"
#include "api/handlers.h"
#include "api/page_json.h"
#include "api/query.h"
#include "empi/object_id.h"

/* ---- new ones ---- */

static int store_config(struct http_exchange *exchange, const struct config_request *request,
                        struct error *error)
{
    struct connection *connection;
    int64_t id = 0;
    int status = api_take_connection(&connection, exchange, error);
    if (status == 0) {
        status = configs_store(&id, connection, request, error);
    }
    store_give_back(connection);
    if (status == 0) {
        struct json_writer *json = http_respond_json(exchange, 200);
        json_write_open_object(json);
        page_json_write_id(json, "config_id", OBJECT_ID_CONFIG, id);
        json_write_close_object(json);
    }
    return status;
}

int handle_create_config(struct http_exchange *exchange, struct error *error)
{
    struct field_faults faults = {.arena = &exchange->arena};
    struct config_request request;
    json_t *body;
    int status = api_read_json(&body, exchange, error);
    if (status != 0 || body == NULL) {
        return status;
    }
    status = config_request_read(&request, &faults, body, exchange->body, error);
    json_decref(body);
    if (status == 0) {
        status = field_faults_any(&faults) ? api_answer_faults(exchange, &faults, error)
                                           : store_config(exchange, &request, error);
    }
    return api_answer_failure(exchange, status, error);
}

/* ---- those that are there ---- */

static void write_thresholds(struct json_writer *json, double potential, double automatic)
{
    json_write_key(json, "potential_match_threshold");
    json_write_double(json, potential);
    json_write_key(json, "auto_match_threshold");
    json_write_double(json, automatic);
}

static void write_list(struct json_writer *json, const struct config_summaries *list)
{
    json_write_open_object(json);
    json_write_key(json, "configs");
    json_write_open_array(json);
    for (size_t i = 0; i < list->count; i++) {
        const struct config_summary *item = &list->items[i];
        json_write_open_object(json);
        page_json_write_id(json, "id", OBJECT_ID_CONFIG, item->id);
        page_json_write_text(json, "created", item->created);
        write_thresholds(json, item->potential_threshold, item->auto_threshold);
        json_write_close_object(json);
    }
    json_write_close_array(json);
    page_json_write(json, &list->page);
    json_write_close_object(json);
}

int handle_list_configs(struct http_exchange *exchange, struct error *error)
{
    static const char *const known[] = {"page", "page_size", NULL};
    struct field_faults faults = {.arena = &exchange->arena};
    struct page_request page;
    query_refuse_others(&faults, exchange, known);
    query_read_page(&page, &faults, exchange);
    if (field_faults_any(&faults)) {
        return api_answer_faults(exchange, &faults, error);
    }
    struct connection *connection;
    struct config_summaries list;
    int status = api_take_connection(&connection, exchange, error);
    if (status == 0) {
        status = configs_list(&list, &exchange->arena, connection, page, error);
    }
    store_give_back(connection);
    if (status == 0) {
        write_list(http_respond_json(exchange, 200), &list);
    }
    return api_answer_failure(exchange, status, error);
}

static void write_config(struct json_writer *json, const struct matching_config *config)
{
    json_write_open_object(json);
    json_write_key(json, "config");
    json_write_open_object(json);
    page_json_write_id(json, "id", OBJECT_ID_CONFIG, config->id);
    page_json_write_text(json, "created", str_from(config->created));
    write_thresholds(json, config->potential_threshold, config->auto_threshold);
    json_write_key(json, "splink_settings");
    json_write_raw(json, text_str(&config->json));
    json_write_close_object(json);
    json_write_close_object(json);
}

int handle_get_config(struct http_exchange *exchange, struct error *error)
{
    static const char *const known[] = {NULL};
    struct field_faults faults = {.arena = &exchange->arena};
    int64_t id = 0;
    query_refuse_others(&faults, exchange, known);
    query_read_id(&id, &faults, exchange, OBJECT_ID_CONFIG, "config_id", "Config");
    if (field_faults_any(&faults)) {
        return api_answer_faults(exchange, &faults, error);
    }
    struct connection *connection;
    struct matching_config config = {0};
    int status = api_take_connection(&connection, exchange, error);
    if (status == 0) {
        status = configs_read(&config, connection, id, error);
    }
    store_give_back(connection);
    if (status == 0) {
        write_config(http_respond_json(exchange, 200), &config);
    }
    configs_free(&config);
    return api_answer_failure(exchange, status, error);
}
