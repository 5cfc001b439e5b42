#include "api/api.h"

#include <stdio.h>
#include <string.h>

#include "base/json_read.h"
#include "base/log.h"

struct api *api_of(const struct http_exchange *exchange)
{
    return exchange->context;
}

const struct identity_user *api_user(const struct http_exchange *exchange)
{
    return exchange->user;
}

/* How long a request waits for a connection. */
enum { SECONDS = 10 };

int api_take_connection(struct connection **out, const struct http_exchange *exchange,
                        struct error *error)
{
    *out = NULL;
    return store_take(out, api_of(exchange)->store, SECONDS, error);
}

int api_take_slow_connection(struct connection **out, const struct http_exchange *exchange,
                             struct error *error)
{
    struct api *api = api_of(exchange);
    unsigned most = api->config->db.pool_size / 2;
    *out = NULL;
    if (atomic_fetch_add(&api->slow, 1) >= most) {
        atomic_fetch_sub(&api->slow, 1);
        error_set(error, STATUS_RESOURCES, "%u downloads, or transfers from and to S3, are running",
                  most);
        error_hint(error, "try again later, or raise db.pool_size");
        return STATUS_RESOURCES;
    }
    int status = api_take_connection(out, exchange, error);
    if (status != 0) {
        atomic_fetch_sub(&api->slow, 1);
    }
    return status;
}

void api_give_back_slow(struct api *api, struct connection *connection)
{
    if (connection != NULL) {
        store_give_back(connection);
        atomic_fetch_sub(&api->slow, 1);
    }
}

/* With half of the connections for who is slow, a quarter is left for all others. */
unsigned api_most_imports(const struct config *config)
{
    return config->db.pool_size / 4;
}

int api_take_import_connection(struct connection **out, const struct http_exchange *exchange,
                               struct error *error)
{
    struct api *api = api_of(exchange);
    *out = NULL;
    if (!http_gate_enter(api->imports, SECONDS)) {
        error_set(error, STATUS_RESOURCES, "%u uploads are being imported",
                  api_most_imports(api->config));
        error_hint(error, "try again later, or raise db.pool_size");
        return STATUS_RESOURCES;
    }
    int status = api_take_connection(out, exchange, error);
    if (status != 0) {
        http_gate_leave(api->imports);
    }
    return status;
}

void api_give_back_import(struct api *api, struct connection *connection)
{
    if (connection != NULL) {
        store_give_back(connection);
        http_gate_leave(api->imports);
    }
}

/* ---- answers ---- */

static const char invalid[] = "Validation failed";

static void write_text(struct json_writer *json, const char *key, struct str text)
{
    json_write_key(json, key);
    json_write_string(json, text);
}

static struct json_writer *open_details(struct http_exchange *exchange, unsigned status,
                                        const char *message)
{
    struct json_writer *json = http_respond_json(exchange, status);
    json_write_open_object(json);
    json_write_key(json, "error");
    json_write_open_object(json);
    write_text(json, "message", str_from(message));
    json_write_key(json, "details");
    json_write_open_array(json);
    return json;
}

static void write_detail(struct json_writer *json, const char *field, struct str message)
{
    json_write_open_object(json);
    if (field != NULL) {
        write_text(json, "field", str_from(field));
    }
    write_text(json, "message", message);
    json_write_close_object(json);
}

static void close_details(struct json_writer *json)
{
    json_write_close_array(json);
    json_write_close_object(json);
    json_write_close_object(json);
}

int api_answer_faults(struct http_exchange *exchange, const struct field_faults *faults,
                      struct error *error)
{
    if (faults->failed) {
        return error_out_of_memory(error);
    }
    struct json_writer *json = open_details(exchange, 400, invalid);
    for (const struct field_fault *at = faults->first; at != NULL; at = at->next) {
        write_detail(json, at->field, str_from(at->message));
    }
    close_details(json);
    return 0;
}

static void answer_invalid(struct http_exchange *exchange, const struct error *error)
{
    struct json_writer *json = open_details(exchange, 400, invalid);
    write_detail(json, NULL, str_from(error->message));
    for (const char *line = error->detail; *line != '\0';) {
        size_t length = strcspn(line, "\n");
        if (length > 0) {
            write_detail(json, NULL, (struct str){line, length});
        }
        line += length + (line[length] == '\n');
    }
    if (error->hint[0] != '\0') {
        write_detail(json, NULL, str_from(error->hint));
    }
    close_details(json);
}

int api_answer_failure(struct http_exchange *exchange, int status, const struct error *error)
{
    if (status == STATUS_INVALID) {
        answer_invalid(exchange, error);
        return 0;
    }
    bool reads = (exchange->method & (HTTP_GET | HTTP_HEAD)) != 0;
    if (status == STATUS_IO || (status == STATUS_CONFLICT && reads)) {
        /* The database is away, a disk is, or the first large import is being written (see
           empi/bulk_load.h): not for good, and not the client's fault. */
        log_write(LOG_ERROR, "%s: %s", exchange->id, error->message);
        http_respond_error(
            exchange, 503,
            "The service is not able to do this at the moment. Please try again later.");
        http_respond_header(exchange, "Retry-After", "5");
        return 0;
    }
    return status;
}

int api_blame_s3(int status, struct error *error)
{
    /* The parts of S3 name the object first; a failure of the database in between does not. */
    bool told = status == STATUS_IO || status == STATUS_NOT_FOUND || status == STATUS_CONFLICT;
    if (told && str_starts_with(str_from(error->message), STR("s3://"))) {
        error->status = STATUS_INVALID;
        return STATUS_INVALID;
    }
    return status;
}

/* ---- bodies ---- */

/* A model of 10,000 levels has 120,000. 16 MiB of nothing but brackets would take 1.4 GB. */
enum { MOST_VALUES = 200000 };

static void answer_too_many_values(struct http_exchange *exchange)
{
    char message[64];
    int length = snprintf(message, sizeof message, "It holds more than %d values.", MOST_VALUES);
    struct json_writer *json = open_details(exchange, 413, "Request body too large");
    write_detail(json, NULL, (struct str){message, (size_t)length});
    close_details(json);
}

int api_read_json(json_t **out, struct http_exchange *exchange, struct error *error)
{
    *out = NULL;
    bool none = exchange->body.ptr == NULL || exchange->body.len == 0;
    if (!none && json_count_values(exchange->body) > MOST_VALUES) {
        answer_too_many_values(exchange);
        return 0;
    }
    int status = json_read(out, none ? STR("{}") : exchange->body, NULL, error);
    if (status != STATUS_INVALID) {
        return status;
    }
    static const char words[] = ": not valid JSON: ";
    const char *reason = strstr(error->message, words);
    if (reason == NULL) {
        http_respond_error(exchange, 400, "JSON parse error - %s", error->message);
    } else {
        http_respond_error(exchange, 400, "JSON parse error - %.*s: %s",
                           (int)(reason - error->message), error->message,
                           reason + sizeof words - 1);
    }
    *out = NULL;
    return 0;
}
