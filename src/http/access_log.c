#include "http/access_log.h"

#include "base/log.h"
#include "http/route.h"

void access_log_write(const struct http_exchange *exchange,
                      const char *(*user_name)(const struct http_exchange *exchange), uint64_t sent,
                      double seconds, bool whole)
{
    const char *user = exchange->user != NULL && user_name != NULL ? user_name(exchange) : NULL;
    /* A method that nobody knows may be anything. */
    struct str method = exchange->method == HTTP_OTHER ? STR("other") : exchange->method_name;
    const struct log_field fields[] = {
        {.name = "id", .text = str_from(exchange->id)},
        {.name = "method", .text = method.ptr != NULL ? method : STR("-")},
        {.name = "route", .text = str_from(exchange->route != NULL ? exchange->route->path : "-")},
        {.name = "status", .number = exchange->response.status},
        {.name = "bytes", .number = (double)sent},
        {.name = "ms", .number = seconds * 1000, .decimals = 3},
        {.name = "user", .text = str_from(user != NULL ? user : "-")},
        {.name = "end", .text = STR("cut off")},
    };
    log_event(LOG_INFO, "request", fields, ARRAY_LENGTH(fields) - whole);
}
