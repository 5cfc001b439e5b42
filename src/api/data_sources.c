/* GET /data-sources. */

#include "empi/data_sources.h"
#include "api/api.h"
#include "api/handlers.h"
#include "api/person_json.h"

int handle_list_data_sources(struct http_exchange *exchange, struct error *error)
{
    struct connection *connection;
    struct data_source *sources;
    size_t count = 0;
    int status = api_take_connection(&connection, exchange, error);
    if (status == 0) {
        status = data_sources_list(&sources, &count, &exchange->arena, connection, error);
    }
    store_give_back(connection);
    if (status == 0) {
        person_json_write_data_sources(http_respond_json(exchange, 200), sources, count);
    }
    return api_answer_failure(exchange, status, error);
}
