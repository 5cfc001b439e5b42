#include "http/request.h"

#include <string.h>

#include "base/memory.h"
#include "http/framing.h"
#include "http/gate.h"
#include "http/hosts.h"
#include "http/percent.h"
#include "http/response.h"
#include "http/route.h"
#include "http/static_files.h"

enum {
    /* Of a body that is at fault: so much more is read, so that a client which sends first and reads
       later gets its answer. */
    MOST_DISCARDED = 1 << 20,
};

/* How long a request waits for a place before it is told to come again. */
static const double patience_seconds = 2;

static bool refuse(struct http_request *request, unsigned status, const char *message)
{
    http_respond_error(&request->exchange, status, "%s", message);
    return false;
}

static bool fail(struct http_request *request, const struct error *error)
{
    http_respond_failure(&request->exchange, error);
    return false;
}

static bool refuse_memory(struct http_request *request)
{
    struct error error;
    error_out_of_memory(&error);
    return fail(request, &error);
}

/* ---- places ---- */

static bool take_place(struct http_request *request)
{
    const struct http_route *route = request->exchange.route;
    if (request->holds_place || route->urgent) {
        return true;
    }
    if (!http_gate_enter(&request->server->gate, patience_seconds)) {
        http_respond_error(&request->exchange, 503, "The server is busy. Please try again later.");
        http_respond_header(&request->exchange, "Retry-After", "5");
        return false;
    }
    request->holds_place = true;
    return true;
}

static void leave_place(struct http_request *request)
{
    if (request->holds_place) {
        http_gate_leave(&request->server->gate);
        request->holds_place = false;
    }
}

/* Held to the request's end: until then its files lie on the disk, and each takes a descriptor. */
static bool take_upload(struct http_request *request)
{
    if (!http_gate_enter(&request->server->uploads, 0)) {
        http_respond_error(&request->exchange, 503,
                           "Too many uploads are running. Please try again later.");
        http_respond_header(&request->exchange, "Retry-After", "30");
        return false;
    }
    request->uploads = true;
    return true;
}

static void leave_upload(struct http_request *request)
{
    if (request->uploads) {
        http_gate_leave(&request->server->uploads);
    }
}

/* ---- before the body ---- */

static bool read_client(struct http_request *request)
{
    struct http_exchange *exchange = &request->exchange;
    char text[IP_ADDRESS_TEXT];
    struct ip_address client =
        http_client_address(&request->peer, &exchange->headers, &request->server->proxies);
    size_t length = ip_address_write(text, &client);
    exchange->client =
        (struct str){arena_copy(&exchange->arena, (struct str){text, length}), length};
    return exchange->client.ptr != NULL || refuse_memory(request);
}

static bool read_target(struct http_request *request, struct str host)
{
    struct http_exchange *exchange = &request->exchange;
    struct http_target target;
    struct error error;
    if (request->target.len > HTTP_MOST_TARGET) {
        return refuse(request, 414, "URI too long");
    }
    if (!http_target_read(&target, request->target)) {
        return refuse(request, 400, "Malformed request target");
    }
    exchange->path = target.path;
    /* RFC 9112, 3.2: where the target names a host the header names the same, or is ignored. But who
       makes an address of ours out of it later looks nowhere else. */
    if (target.authority.ptr != NULL && !str_equal_ignoring_case(target.authority, host)) {
        return refuse(request, 400,
                      "The request's target and its Host header name different hosts");
    }
    if (http_query_read(&exchange->query, target.query, &exchange->arena, &error) != STATUS_OK ||
        http_cookies_read(&exchange->cookies, &exchange->headers, &exchange->arena, &error) !=
            STATUS_OK) {
        return fail(request, &error);
    }
    return true;
}

/* What is there without a route of its own. */
static bool answer_unrouted(struct http_request *request, enum http_match match, unsigned allowed)
{
    struct http_exchange *exchange = &request->exchange;
    const struct http_service *service = &request->server->options.service;
    bool any = str_equal(exchange->path, STR("*")) || match != HTTP_MATCH_NO_PATH;
    if (http_cors_is_preflight(exchange) && any) {
        http_cors_preflight(exchange, &request->cors, allowed);
        return false;
    }
    if (match == HTTP_MATCH_NO_METHOD || (any && exchange->method == HTTP_OPTIONS)) {
        struct text_buffer methods = TEXT_BUFFER(256);
        http_route_write_methods(&methods, allowed | HTTP_OPTIONS);
        if (exchange->method == HTTP_OPTIONS) {
            http_respond_empty(exchange, 204);
        } else {
            http_respond_error(exchange, 405, "Method \"%.*s\" not allowed.",
                               STR_ARG(exchange->method_name));
        }
        http_respond_header(exchange, "Allow", "%s", methods.failed ? "" : methods.ptr);
        text_free(&methods);
        return false;
    }
    bool reads = exchange->method == HTTP_GET || exchange->method == HTTP_HEAD;
    if (service->files != NULL && reads &&
        !http_route_owns(exchange->path, service->routes, service->route_count)) {
        static_files_serve(service->files, exchange);
        return false;
    }
    return refuse(request, 404, "Resource not found");
}

static bool find_route(struct http_request *request)
{
    struct http_exchange *exchange = &request->exchange;
    const struct http_service *service = &request->server->options.service;
    unsigned allowed;
    enum http_match match =
        http_route_find(exchange, service->routes, service->route_count, &allowed);
    if (exchange->arena.failed) {
        return refuse_memory(request);
    }
    return match == HTTP_MATCH_FOUND || answer_unrouted(request, match, allowed);
}

static bool admit(struct http_request *request)
{
    struct http_exchange *exchange = &request->exchange;
    const struct http_service *service = &request->server->options.service;
    if (service->admit == NULL) {
        return true;
    }
    struct error error;
    request->entered = true;
    int status = service->admit(exchange, exchange->route, &error);
    if (status != STATUS_OK) {
        return fail(request, &error);
    }
    return exchange->response.status == 0;
}

static bool begin_body(struct http_request *request, uint64_t length)
{
    const struct http_server_options *options = &request->server->options;
    const struct http_body_limits limits = {
        .most_upload = options->max_body_bytes,
        .most_json = options->max_json_bytes,
        .place = {options->temporary_directory, options->temporary_reserve},
    };
    if (!http_body_begin(&request->body, &request->exchange, length, &limits)) {
        return false;
    }
    if (request->body.kind == HTTP_BODY_FORM && !take_upload(request)) {
        return false;
    }
    if (length != 0) {
        /* Nobody waits for a slow client. */
        leave_place(request);
    }
    return true;
}

bool http_request_begin(struct http_request *request, struct str method, struct str version)
{
    struct http_exchange *exchange = &request->exchange;
    const struct http_server_options *options = &request->server->options;
    struct http_framing framing;
    const char *message;
    exchange->method_name = method;
    exchange->method = http_method_of(method);
    request->old_client = str_equal(version, STR("HTTP/1.0"));
    request->close = true;
    if (!request->plain_head) {
        return refuse(request, 400, "Malformed request head");
    }
    unsigned status = http_framing_check(&framing, &message, &exchange->headers, method, version);
    if (status != 0) {
        return refuse(request, status, message);
    }
    /* After a refusal a body is not waited for: the connection ends. */
    request->close = framing.length != 0;
    if (!read_client(request) || !read_target(request, framing.host)) {
        return false;
    }
    if (!http_host_allowed(framing.host, &options->allowed_hosts)) {
        return refuse(request, 400, "The host of the request is not allowed");
    }
    exchange->secure =
        options->tls_certificate != NULL ||
        str_equal_ignoring_case(http_header(exchange, "X-Forwarded-Proto"), STR("https"));
    if (!find_route(request) || !take_place(request) || !admit(request) ||
        !begin_body(request, framing.length)) {
        return false;
    }
    request->close = !http_framing_end_is_certain(&framing);
    return true;
}

/* ---- the body, and what is done with it ---- */

bool http_request_feed(struct http_request *request, struct str piece)
{
    if (request->stage == HTTP_REQUEST_DISCARD) {
        request->discarded += piece.len;
        return request->discarded <= MOST_DISCARDED;
    }
    struct error error;
    if (http_body_feed(&request->body, piece, &error) == STATUS_OK) {
        return true;
    }
    http_body_answer_failure(&request->body, &error);
    http_body_free(&request->body);
    request->close = true;
    request->stage = HTTP_REQUEST_DISCARD;
    return true;
}

void http_request_handle(struct http_request *request)
{
    struct http_exchange *exchange = &request->exchange;
    struct error error;
    int status = http_body_finish(&request->body, &error);
    if (status == STATUS_OK) {
        if (!take_place(request)) {
            return;
        }
        status = exchange->route->handle(exchange, &error);
    }
    if (status != STATUS_OK) {
        fail(request, &error);
    }
    if (exchange->response.produce == NULL) {
        leave_place(request);
    }
}

void http_request_end(struct http_request *request)
{
    const struct http_service *service = &request->server->options.service;
    leave_place(request);
    if (request->entered && service->leave != NULL) {
        service->leave(&request->exchange);
    }
    http_body_free(&request->body);
    leave_upload(request);
    http_exchange_end(&request->exchange);
    memory_free(request);
}
