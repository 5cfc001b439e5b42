/* GET /health-check. */

#include "api/api.h"
#include "api/database_watch.h"
#include "api/handlers.h"

int handle_health_check(struct http_exchange *exchange, struct error *error)
{
    (void)error;
    if (!database_watch_is_good(api_of(exchange)->watch)) {
        http_respond_error(exchange, 503, "The database does not answer.");
        http_respond_header(exchange, "Retry-After", "5");
        return 0;
    }
    struct json_writer *json = http_respond_json(exchange, 200);
    json_write_open_object(json);
    json_write_close_object(json);
    return 0;
}
