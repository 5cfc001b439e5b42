#include "http/request.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "http/packing.h"
#include "http/response.h"

enum {
    /* What fits into one packet anyway is not worth packing. */
    LEAST_PACKED = 1400,
    PACKING_LEVEL = 4,
    /* The most that libmicrohttpd asks a producer for at once. */
    BLOCK_BYTES = 32 << 10,
};

/* On every answer, unless the handler has set it. The policy is for what is no page: it may do
   nothing, should a browser take it for one. */
static const struct {
    const char *name;
    const char *value;
} usual_headers[] = {
    {"Cache-Control", "no-store"},
    {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"},
    {"Referrer-Policy", "same-origin"},
    {"X-Content-Type-Options", "nosniff"},
    {"X-Frame-Options", "DENY"},
};

/* A year. Whether names below ours have HTTPS, too, is not ours to say. */
static const char transport_security[] = "max-age=31536000";

static bool is_bodiless(unsigned status)
{
    return status == 204 || status == 304;
}

/* Whether the answer goes as gzip. Packing a secret beside a text of the client's choice would show
   by the length whether they are alike: a handler that answers such says `uncompressed`. */
static bool choose_packing(struct http_exchange *exchange)
{
    struct http_response *response = &exchange->response;
    bool large = response->produce != NULL || http_response_body(response).len >= LEAST_PACKED;
    if (response->content_type == NULL || response->uncompressed || !large ||
        !http_packing_pays(response->content_type)) {
        return false;
    }
    http_respond_header(exchange, "Vary", "Accept-Encoding");
    return http_packing_accepted(http_header(exchange, "Accept-Encoding"));
}

/* Packs a body that is whole. What cannot be packed for lack of memory goes as it is. */
static bool pack_body(struct http_response *response)
{
    struct error error;
    struct text_buffer packed = TEXT_BUFFER(HTTP_MOST_MEMORY);
    if (http_pack(&packed, http_response_body(response), PACKING_LEVEL, &error) != STATUS_OK) {
        text_free(&packed);
        return false;
    }
    text_free(&response->body);
    response->body = packed;
    response->view = (struct str){NULL, 0};
    return true;
}

static bool open_download(struct http_request *request, bool packed)
{
    struct http_response *response = &request->exchange.response;
    const struct http_producer producer = {response->produce, response->release,
                                           response->produce_context};
    struct http_download *download;
    struct error error;
    if (http_download_open(&download, &producer, packed, &error) != STATUS_OK) {
        http_respond_failure(&request->exchange, &error);
        return false;
    }
    /* Now the thread's. */
    response->release = NULL;
    request->download = download;
    http_connection_set_download(request->server->connections, request->connection, download);
    return true;
}

/* Settles what is sent; true when its body is packed. */
static bool prepare(struct http_request *request)
{
    struct http_exchange *exchange = &request->exchange;
    struct http_response *response = &exchange->response;
    http_response_settle(exchange);
    bool packed = choose_packing(exchange);
    if (response->produce == NULL) {
        packed = packed && pack_body(response);
    } else if (exchange->method != HTTP_HEAD && !open_download(request, packed)) {
        packed = false;
    }
    if (!http_cors_is_preflight(exchange)) {
        http_cors_allow(exchange, &request->cors);
    }
    /* The headers above need memory, too. */
    if (response->failed) {
        response->failed = false;
        request->close = true;
    }
    return packed;
}

/* ---- in libmicrohttpd's words ---- */

/* Ends the connection with a reset, and not as if all had been said. */
static void reset(int socket)
{
    const struct sockaddr none = {.sa_family = AF_UNSPEC};
    (void)connect(socket, &none, sizeof none);
}

/* Called in the connection's thread whenever there is room for more. */
static ssize_t read_download(void *context, uint64_t position, char *out, size_t size)
{
    (void)position;
    struct http_request *request = context;
    struct http_connections *all = request->server->connections;
    enum http_download_end end;
    http_connection_pause(all, request->connection);
    size_t count = http_download_read(request->download, out, size, &end);
    http_connection_moved(all, request->connection, count);
    request->sent += count;
    switch (end) {
    case HTTP_DOWNLOAD_GOES_ON: return (ssize_t)count;
    case HTTP_DOWNLOAD_WHOLE: return MHD_CONTENT_READER_END_OF_STREAM;
    case HTTP_DOWNLOAD_FAILED: break;
    }
    if (request->old_client) {
        /* Without chunks the end of the connection is the end of the body: only so it can tell that
           this one is not whole. */
        reset(request->connection->socket);
    }
    return MHD_CONTENT_READER_END_WITH_ERROR;
}

static struct MHD_Response *make_response(struct http_request *request)
{
    struct http_response *response = &request->exchange.response;
    if (response->produce != NULL) {
        struct MHD_Response *made = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES,
                                                                      read_download, request, NULL);
        if (made != NULL && request->exchange.method == HTTP_HEAD) {
            /* libmicrohttpd would leave the chunks out, but not the last, empty one. */
            MHD_set_response_options(made, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT, MHD_RO_END);
        }
        return made;
    }
    struct str body = http_response_body(response);
    if (is_bodiless(response->status)) {
        body.len = 0;
    }
    request->sent = request->exchange.method == HTTP_HEAD ? 0 : body.len;
    /* It lies in the exchange, which lives until libmicrohttpd has told that the request is over. */
    return MHD_create_response_from_buffer(body.len, (void *)(uintptr_t)body.ptr,
                                           MHD_RESPMEM_PERSISTENT);
}

static bool add_headers(const struct http_request *request, struct MHD_Response *out, bool packed)
{
    const struct http_response *response = &request->exchange.response;
    bool added = MHD_add_response_header(out, "X-Request-Id", request->exchange.id) == MHD_YES;
    for (size_t i = 0; i < response->header_count && added; i++) {
        added = MHD_add_response_header(out, response->headers[i].name.ptr,
                                        response->headers[i].value.ptr) == MHD_YES;
    }
    for (size_t i = 0; i < ARRAY_LENGTH(usual_headers) && added; i++) {
        if (http_response_header(response, usual_headers[i].name).ptr == NULL) {
            added = MHD_add_response_header(out, usual_headers[i].name, usual_headers[i].value) ==
                    MHD_YES;
        }
    }
    if (added && response->content_type != NULL) {
        added = MHD_add_response_header(out, "Content-Type", response->content_type) == MHD_YES;
    }
    if (added && packed) {
        added = MHD_add_response_header(out, "Content-Encoding", "gzip") == MHD_YES;
    }
    if (added && request->server->options.tls_certificate != NULL) {
        added = MHD_add_response_header(out, "Strict-Transport-Security", transport_security) ==
                MHD_YES;
    }
    if (added && request->close) {
        added = MHD_add_response_header(out, "Connection", "close") == MHD_YES;
    }
    return added;
}

enum MHD_Result http_answer_send(struct http_request *request)
{
    struct http_connections *all = request->server->connections;
    request->stage = HTTP_REQUEST_ANSWERED;
    bool packed = prepare(request);
    /* What the client still sends is not read: it may be more than it will ever finish. */
    request->connection->linger = request->close;
    request->close = request->close || http_connections_draining(all);
    http_connection_begin(all, request->connection, HTTP_PHASE_TRANSFER);
    struct MHD_Response *response = make_response(request);
    if (response == NULL) {
        return MHD_NO;
    }
    http_connection_moved(all, request->connection, request->sent);
    enum MHD_Result queued = MHD_NO;
    if (add_headers(request, response, packed)) {
        queued = MHD_queue_response(request->mhd, request->exchange.response.status, response);
    }
    MHD_destroy_response(response);
    return queued;
}

/* ---- without libmicrohttpd ---- */

static const char *phrase_of(unsigned status)
{
    switch (status) {
    case 400: return "Bad Request";
    case 413: return "Content Too Large";
    case 503: return "Service Unavailable";
    default: return "Internal Server Error";
    }
}

void http_answer_interrupt(struct http_request *request)
{
    struct http_exchange *exchange = &request->exchange;
    request->stage = HTTP_REQUEST_ANSWERED;
    if (request->server->options.tls_certificate != NULL) {
        return; /* the records are libmicrohttpd's: the client finds the connection closed */
    }
    http_response_settle(exchange);
    struct str body = http_response_body(&exchange->response);
    struct str wait = http_response_header(&exchange->response, "Retry-After");
    struct text_buffer text = TEXT_BUFFER(64 << 10);
    text_appendf(&text,
                 "HTTP/1.1 %u %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
                 "X-Request-Id: %s\r\nCache-Control: no-store\r\nConnection: close\r\n",
                 exchange->response.status, phrase_of(exchange->response.status), body.len,
                 exchange->id);
    if (wait.ptr != NULL) {
        text_appendf(&text, "Retry-After: %.*s\r\n", STR_ARG(wait));
    }
    text_append(&text, STR("\r\n"));
    text_append(&text, body);
    if (!text.failed) {
        (void)send(request->connection->socket, text.ptr, text.len, MSG_NOSIGNAL | MSG_DONTWAIT);
        request->sent = body.len;
        request->connection->linger = true;
    }
    text_free(&text);
}
