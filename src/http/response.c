#include "http/response.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/random.h"
#include "http/route.h"

/* A random uuid of version 4 (RFC 9562), dashed, in lower case. */
static void format_uuid(char out[37], const unsigned char random[16])
{
    unsigned char bytes[16];
    memcpy(bytes, random, sizeof bytes);
    bytes[6] = (unsigned char)((bytes[6] & 0x0F) | 0x40);
    bytes[8] = (unsigned char)((bytes[8] & 0x3F) | 0x80);
    static const char digits[] = "0123456789abcdef";
    char *next = out;
    for (size_t i = 0; i < sizeof bytes; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            *next++ = '-';
        }
        *next++ = digits[bytes[i] >> 4];
        *next++ = digits[bytes[i] & 0x0F];
    }
    *next = '\0';
}

int http_exchange_begin(struct http_exchange *exchange, struct error *error)
{
    *exchange = (struct http_exchange){
        .arena = ARENA(HTTP_MOST_MEMORY),
        .response.body = TEXT_BUFFER(HTTP_MOST_MEMORY),
    };
    unsigned char random[16];
    int status = random_secret(random, sizeof random, error);
    if (status == STATUS_OK) {
        format_uuid(exchange->id, random);
    }
    return status;
}

void http_exchange_end(struct http_exchange *exchange)
{
    http_response_clear(&exchange->response);
    text_free(&exchange->response.body);
    arena_free(&exchange->arena);
}

void http_response_clear(struct http_response *response)
{
    if (response->release != NULL) {
        response->release(response->produce_context);
    }
    response->status = 0;
    response->content_type = NULL;
    text_clear(&response->body);
    response->view = (struct str){NULL, 0};
    response->produce = NULL;
    response->release = NULL;
    response->produce_context = NULL;
}

static void begin(struct http_exchange *exchange, unsigned status, const char *content_type)
{
    assert(status >= 200 && status <= 599);
    http_response_clear(&exchange->response);
    exchange->response.status = status;
    exchange->response.content_type = content_type;
}

struct str http_response_body(const struct http_response *response)
{
    return response->view.ptr != NULL ? response->view : text_str(&response->body);
}

/* ---- headers ---- */

struct str http_response_header(const struct http_response *response, const char *name)
{
    struct str wanted = str_from(name);
    for (size_t i = 0; i < response->header_count; i++) {
        if (str_equal_ignoring_case(response->headers[i].name, wanted)) {
            return response->headers[i].value;
        }
    }
    return (struct str){NULL, 0};
}

/* A line break would end the header and begin another, of the client's choice. */
static bool is_clean(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if ((c < ' ' && c != '\t') || c == 0x7F) {
            return false;
        }
    }
    return true;
}

/* Where the header is to be stored: in place of one of its name, or behind the last. */
static struct http_field *place_header(struct http_response *response, struct str name)
{
    bool repeats = str_equal_ignoring_case(name, STR("Set-Cookie")) ||
                   str_equal_ignoring_case(name, STR("Vary"));
    for (size_t i = 0; i < response->header_count && !repeats; i++) {
        if (str_equal_ignoring_case(response->headers[i].name, name)) {
            return &response->headers[i];
        }
    }
    if (response->header_count == HTTP_MOST_HEADERS) {
        return NULL;
    }
    return &response->headers[response->header_count++];
}

void http_respond_header(struct http_exchange *exchange, const char *name, const char *format, ...)
{
    struct http_response *response = &exchange->response;
    struct text_buffer value = TEXT_BUFFER(8192);
    char room[512];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(room, sizeof room, format, arguments);
    va_end(arguments);
    if (length >= (int)sizeof room) {
        char *end = text_reserve(&value, (size_t)length);
        if (end != NULL) {
            va_start(arguments, format);
            vsnprintf(end, (size_t)length + 1, format, arguments);
            va_end(arguments);
        }
    }
    struct str text = {value.ptr != NULL ? value.ptr : room, length < 0 ? 0 : (size_t)length};
    struct http_field *field = NULL;
    const char *name_copy = NULL;
    const char *value_copy = NULL;
    if (length >= 0 && !value.failed && is_clean(text)) {
        name_copy = arena_copy(&exchange->arena, str_from(name));
        value_copy = arena_copy(&exchange->arena, text);
    }
    if (name_copy != NULL && value_copy != NULL) {
        field = place_header(response, str_from(name));
    }
    if (field != NULL) {
        field->name = str_from(name_copy);
        field->value = (struct str){value_copy, text.len};
    } else {
        response->failed = true;
    }
    text_free(&value);
}

/* ---- bodies ---- */

static const char json_type[] = "application/json";

struct json_writer *http_respond_json(struct http_exchange *exchange, unsigned status)
{
    begin(exchange, status, json_type);
    json_write_begin(&exchange->response.json, &exchange->response.body, 0);
    return &exchange->response.json;
}

void http_respond_text(struct http_exchange *exchange, unsigned status, const char *content_type,
                       struct str text)
{
    begin(exchange, status, content_type);
    text_append(&exchange->response.body, text);
}

void http_respond_view(struct http_exchange *exchange, unsigned status, const char *content_type,
                       struct str text)
{
    begin(exchange, status, content_type);
    exchange->response.view = text;
}

void http_respond_empty(struct http_exchange *exchange, unsigned status)
{
    begin(exchange, status, NULL);
}

void http_respond_stream(struct http_exchange *exchange, unsigned status, const char *content_type,
                         int (*produce)(void *context, struct stream *out, struct error *error),
                         void (*release)(void *context), void *context)
{
    begin(exchange, status, content_type);
    exchange->response.produce = produce;
    exchange->response.release = release;
    exchange->response.produce_context = context;
}

void http_respond_redirect(struct http_exchange *exchange, unsigned status, const char *location)
{
    assert(status >= 300 && status <= 399);
    begin(exchange, status, NULL);
    http_respond_header(exchange, "Location", "%s", location);
}

/* ---- errors ---- */

static struct json_writer *open_error(struct http_exchange *exchange, unsigned status,
                                      const char *message)
{
    struct json_writer *json = http_respond_json(exchange, status);
    json_write_open_object(json);
    json_write_key(json, "error");
    json_write_open_object(json);
    json_write_key(json, "message");
    json_write_string(json, str_from(message));
    return json;
}

static void close_error(struct json_writer *json)
{
    json_write_close_object(json);
    json_write_close_object(json);
}

void http_respond_error(struct http_exchange *exchange, unsigned status, const char *format, ...)
{
    char message[1024];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    close_error(open_error(exchange, status, length < 0 ? "" : message));
}

static void write_details(struct json_writer *json, struct str detail)
{
    json_write_key(json, "details");
    json_write_open_array(json);
    while (detail.len > 0) {
        const char *end = memchr(detail.ptr, '\n', detail.len);
        size_t length = end == NULL ? detail.len : (size_t)(end - detail.ptr);
        json_write_open_object(json);
        json_write_key(json, "message");
        json_write_string(json, (struct str){detail.ptr, length});
        json_write_close_object(json);
        length += end != NULL;
        detail = (struct str){detail.ptr + length, detail.len - length};
    }
    json_write_close_array(json);
}

static void respond_message(struct http_exchange *exchange, unsigned status,
                            const struct error *error)
{
    struct json_writer *json = open_error(exchange, status, error->message);
    if (error->detail[0] != '\0') {
        write_details(json, str_from(error->detail));
    }
    close_error(json);
}

/* The route stands for the path, which may name somebody. */
static void log_failure(const struct http_exchange *exchange, const struct error *error)
{
    struct error logged = *error;
    error_prefix(&logged, "request %s, %.*s %s", exchange->id, STR_ARG(exchange->method_name),
                 exchange->route != NULL ? exchange->route->path : "without a route");
    log_error(&logged);
}

void http_respond_failure(struct http_exchange *exchange, const struct error *error)
{
    exchange->response.header_count = 0;
    switch (error->status) {
    case STATUS_INVALID: respond_message(exchange, 400, error); return;
    case STATUS_NOT_FOUND: http_respond_error(exchange, 404, "Resource not found"); return;
    case STATUS_CONFLICT: respond_message(exchange, 409, error); return;
    case STATUS_RESOURCES:
    case STATUS_CANCELLED:
        log_failure(exchange, error);
        http_respond_error(exchange, 503, "The server is busy. Please try again later.");
        http_respond_header(exchange, "Retry-After", "5");
        return;
    case STATUS_OK:
    case STATUS_USAGE:
    case STATUS_IO:
    case STATUS_INTERNAL: break;
    }
    log_failure(exchange, error);
    http_respond_error(exchange, 500, "Unexpected internal error - id=%s", exchange->id);
}

void http_response_settle(struct http_exchange *exchange)
{
    struct http_response *response = &exchange->response;
    if (response->status != 0 && !response->failed && !response->body.failed) {
        return;
    }
    struct error error;
    if (response->status == 0) {
        error_set(&error, STATUS_INTERNAL, "the handler gave no answer");
    } else if (response->failed) {
        error_set(&error, STATUS_INTERNAL, "a header of the answer cannot be sent");
    } else {
        error_set(&error, STATUS_INTERNAL, "the answer found no room in memory");
    }
    response->failed = false;
    http_respond_failure(exchange, &error);
    if (response->body.failed || response->failed) {
        /* Not even that. */
        http_respond_view(exchange, 500, json_type,
                          STR("{\"error\":{\"message\":\"Unexpected internal error\"}}"));
        text_clear(&response->body);
        response->failed = false;
    }
}
