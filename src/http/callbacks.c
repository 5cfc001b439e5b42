#include "http/callbacks.h"

#include <netinet/in.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "http/access_log.h"
#include "http/raw_head.h"
#include "http/request.h"
#include "http/response.h"

enum { LINGER_BYTES = 4 << 20 };

static const double linger_seconds = 2;

/* As soon as the request line is read: `uri` is the target as it was sent. */
void *http_callback_begin(void *context, const char *uri, struct MHD_Connection *mhd)
{
    struct http_server *server = context;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct http_connection *connection = info == NULL ? NULL : info->socket_context;
    struct http_request *request = memory_alloc_zeroed(1, sizeof *request);
    struct error error;
    if (request == NULL || connection == NULL ||
        http_exchange_begin(&request->exchange, &error) != STATUS_OK) {
        memory_free(request);
        return NULL; /* which makes http_callback_handle() end the connection */
    }
    request->server = server;
    request->connection = connection;
    request->mhd = mhd;
    request->began = clock_monotonic();
    request->exchange.context = server->options.service.context;
    request->cors =
        (struct http_cors){&server->options.allowed_origins, server->options.any_origin};
    request->target = str_from(uri);
    request->target.ptr = arena_copy(&request->exchange.arena, request->target);
    if (request->target.ptr == NULL) {
        http_request_end(request);
        return NULL;
    }
    return request;
}

/* The target was copied before libmicrohttpd decodes it, and cuts it at %00. */
size_t http_callback_unescape(void *context, struct MHD_Connection *mhd, char *text)
{
    (void)context;
    (void)mhd;
    return strlen(text);
}

struct header_list {
    struct http_field *items;
    size_t count;
    size_t room;
};

static enum MHD_Result add_header(void *context, enum MHD_ValueKind kind, const char *name,
                                  size_t name_length, const char *value, size_t value_length)
{
    (void)kind;
    struct header_list *list = context;
    if (list->count == list->room) {
        return MHD_NO;
    }
    list->items[list->count++] = (struct http_field){
        {name, name_length},
        {value == NULL ? "" : value, value == NULL ? 0 : value_length},
    };
    return MHD_YES;
}

/* They stay where libmicrohttpd has them, for as long as the request lives. */
static bool read_headers(struct http_request *request, const char *method, const char *version)
{
    int count = MHD_get_connection_values(request->mhd, MHD_HEADER_KIND, NULL, NULL);
    struct header_list list = {.room = count < 0 ? 0 : (size_t)count};
    list.items = arena_alloc_array(&request->exchange.arena, list.room + 1, sizeof *list.items);
    if (list.items == NULL) {
        return false;
    }
    MHD_get_connection_values_n(request->mhd, MHD_HEADER_KIND, add_header, &list);
    request->exchange.headers = (struct http_fields){list.items, list.count};
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    request->plain_head =
        info != NULL && http_raw_head_is_plain(method, info->header_size, request->target, version,
                                               &request->exchange.headers);
    return true;
}

static void read_peer(struct http_request *request)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (info == NULL) {
        return;
    }
    const struct sockaddr *address = info->client_addr;
    if (address->sa_family == AF_INET6) {
        ip_address_of_v6(&request->peer, &((const struct sockaddr_in6 *)address)->sin6_addr);
    } else {
        ip_address_of_v4(&request->peer, &((const struct sockaddr_in *)address)->sin_addr);
    }
}

static enum MHD_Result begin_exchange(struct http_request *request, const char *method,
                                      const char *version)
{
    struct http_connections *all = request->server->connections;
    http_connection_begin(all, request->connection, HTTP_PHASE_WORK);
    if (!read_headers(request, method, version)) {
        return MHD_NO;
    }
    read_peer(request);
    bool begun = http_request_begin(request, str_from(method), str_from(version));
    if (!begun && request->close) {
        return http_answer_send(request);
    }
    /* An answer as early as this makes libmicrohttpd close the connection. Where no body can follow
       it is given at the next call, which comes at once. */
    request->stage = begun ? HTTP_REQUEST_BODY : HTTP_REQUEST_DISCARD;
    http_connection_begin(all, request->connection, HTTP_PHASE_TRANSFER);
    return MHD_YES;
}

/* Called with the head, with each piece of the body, and with nothing when all is there. */
enum MHD_Result http_callback_handle(void *context, struct MHD_Connection *mhd, const char *uri,
                                     const char *method, const char *version, const char *data,
                                     size_t *data_size, void **request_context)
{
    (void)context;
    (void)mhd;
    (void)uri;
    struct http_request *request = *request_context;
    if (request == NULL) {
        return MHD_NO;
    }
    struct http_connections *all = request->server->connections;
    if (request->stage == HTTP_REQUEST_HEAD) {
        return begin_exchange(request, method, version);
    }
    if (request->stage == HTTP_REQUEST_ANSWERED) {
        *data_size = 0; /* of a refused body: what it has read of it already */
        return MHD_YES;
    }
    if (*data_size > 0) {
        struct str piece = {data, *data_size};
        *data_size = 0;
        http_connection_moved(all, request->connection, piece.len);
        if (!http_request_feed(request, piece)) {
            http_answer_interrupt(request);
            return MHD_NO;
        }
        return MHD_YES;
    }
    http_connection_begin(all, request->connection, HTTP_PHASE_WORK);
    if (request->stage == HTTP_REQUEST_BODY) {
        http_request_handle(request);
    }
    return http_answer_send(request);
}

void http_callback_end(void *context, struct MHD_Connection *mhd, void **request_context,
                       enum MHD_RequestTerminationCode code)
{
    (void)mhd;
    struct http_server *server = context;
    struct http_request *request = *request_context;
    if (request == NULL) {
        return;
    }
    struct error error;
    struct http_connection *connection = request->connection;
    http_connection_begin(server->connections, connection, HTTP_PHASE_WORK);
    http_connection_set_download(server->connections, connection, NULL);
    if (http_download_close(request->download, &error) != STATUS_OK) {
        error_prefix(&error, "request %s: the answer was cut off", request->exchange.id);
        log_error(&error);
    }
    access_log_write(&request->exchange, server->options.service.user_name, request->sent,
                     clock_monotonic() - request->began,
                     code == MHD_REQUEST_TERMINATED_COMPLETED_OK);
    *request_context = NULL;
    http_request_end(request);
    http_connection_begin(server->connections, connection, HTTP_PHASE_HEAD);
}

/* A socket that is closed with something unread resets the connection, and the reset may overtake
   the answer. So what the client still sends is read for a moment. */
static void linger(const struct http_connection *connection)
{
    char waste[16 << 10];
    size_t read = 0;
    double end = clock_monotonic() + linger_seconds;
    struct pollfd waiting = {.fd = connection->socket, .events = POLLIN};
    shutdown(connection->socket, SHUT_WR);
    for (double now; read < LINGER_BYTES && (now = clock_monotonic()) < end;) {
        if (poll(&waiting, 1, (int)((end - now) * 1000) + 1) <= 0) {
            return;
        }
        ssize_t got = recv(connection->socket, waste, sizeof waste, MSG_DONTWAIT);
        if (got <= 0) {
            return;
        }
        read += (size_t)got;
    }
}

void http_callback_connection(void *context, struct MHD_Connection *mhd, void **socket_context,
                              enum MHD_ConnectionNotificationCode code)
{
    struct http_server *server = context;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *info =
            MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
        *socket_context =
            info == NULL ? NULL : http_connections_add(server->connections, info->connect_fd);
        return;
    }
    struct http_connection *connection = *socket_context;
    if (connection != NULL && connection->linger &&
        !http_connections_draining(server->connections)) {
        linger(connection);
    }
    *socket_context = NULL;
    http_connections_remove(server->connections, connection);
}

/* Its words, mostly on clients that went away. */
void http_callback_log(void *context, const char *format, va_list arguments)
{
    (void)context;
    char text[512];
    int length = vsnprintf(text, sizeof text, format, arguments);
    if (length > 0) {
        struct str line = str_trim(str_from(text));
        log_write(LOG_DEBUG, "libmicrohttpd: %.*s", STR_ARG(line));
    }
}
