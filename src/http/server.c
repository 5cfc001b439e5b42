#include "http/server.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"
#include "http/callbacks.h"
#include "http/raw_head.h"
#include "http/request.h"

enum {
    /* Of a connection, at libmicrohttpd's: half of it is the most that it reads at once. Heads somewhat
       beyond our own limits fit, so that it is us who answer. */
    CONNECTION_BYTES = 64 << 10,
    /* Deep JSON, and lines of the log, are made on the stack. */
    STACK_BYTES = 1 << 20,
    BACKLOG = 1024,
    /* Descriptors for uploads, files and the database, besides one for each connection. */
    OTHER_DESCRIPTORS = 512,
    MOST_CONNECTIONS = 4096,
    MOST_UPLOADS = 64,
};

_Static_assert(MOST_UPLOADS *HTTP_MOST_FILES <= OTHER_DESCRIPTORS / 2, "half is left for others");

static void fill_in(struct http_server_options *options)
{
    struct http_deadlines *deadlines = &options->deadlines;
    deadlines->head = deadlines->head > 0 ? deadlines->head : 75;
    deadlines->rate_grace = deadlines->rate_grace > 0 ? deadlines->rate_grace : 30;
    deadlines->least_rate = deadlines->least_rate > 0 ? deadlines->least_rate : 4096;
    if (options->max_json_bytes == 0) {
        options->max_json_bytes = 16 << 20;
    }
    if (options->max_connections == 0) {
        options->max_connections = MOST_CONNECTIONS;
    }
    if (options->max_requests == 0) {
        options->max_requests = 64;
    }
    if (options->max_uploads == 0) {
        options->max_uploads = MOST_UPLOADS;
    }
}

/* The limit of open files is 1,024 mostly, for the sake of select(2), which nothing here uses. Where
   it cannot be raised there will be fewer connections. */
static void find_descriptors(struct http_server_options *options)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return;
    }
    rlim_t wanted = (rlim_t)options->max_connections + OTHER_DESCRIPTORS;
    if (limit.rlim_cur < wanted) {
        limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
        if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < wanted) {
            rlim_t rest = limit.rlim_cur / 2;
            options->max_connections = rest < 16 ? 16 : (unsigned)rest;
        }
    }
}

static int read_proxies(struct http_server *server, struct error *error)
{
    const struct http_names *names = &server->options.trusted_proxies;
    struct ip_range *ranges = memory_alloc_zeroed(names->count + 1, sizeof *ranges);
    if (ranges == NULL) {
        return error_out_of_memory(error);
    }
    server->proxies = (struct http_proxies){ranges, names->count};
    for (size_t i = 0; i < names->count; i++) {
        if (!ip_range_read(&ranges[i], str_from(names->items[i]))) {
            return error_set(error, STATUS_INVALID,
                             "\"%s\" is no address, nor a range of them, of a proxy to be trusted",
                             names->items[i]);
        }
    }
    return STATUS_OK;
}

/* ---- listening ---- */

static int listen_at(int *out, const struct addrinfo *address, struct error *error)
{
    int on = 1;
    int off = 0;
    int file = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (file < 0) {
        return error_system(error, errno, "cannot make a socket");
    }
    (void)setsockopt(file, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (address->ai_family == AF_INET6) {
        /* "::" takes IPv4 as well. */
        (void)setsockopt(file, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    }
    if (bind(file, address->ai_addr, address->ai_addrlen) != 0 || listen(file, BACKLOG) != 0) {
        int status = error_system(error, errno, "cannot listen");
        close(file);
        return status;
    }
    *out = file;
    return STATUS_OK;
}

static uint16_t port_of(int file)
{
    union {
        struct sockaddr any;
        struct sockaddr_in four;
        struct sockaddr_in6 six;
    } address = {0};
    socklen_t size = sizeof address;
    if (getsockname(file, &address.any, &size) != 0) {
        return 0;
    }
    return ntohs(address.any.sa_family == AF_INET6 ? address.six.sin6_port : address.four.sin_port);
}

static int open_socket(struct http_server *server, struct error *error)
{
    const char *host = server->options.listen != NULL ? server->options.listen : "localhost";
    const char *address = strcmp(host, "localhost") == 0 ? "127.0.0.1" : host;
    char port[8];
    struct addrinfo *found = NULL;
    const struct addrinfo hints = {
        .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
        .ai_family = AF_UNSPEC,
        .ai_socktype = SOCK_STREAM,
    };
    snprintf(port, sizeof port, "%u", server->options.port);
    int number = getaddrinfo(address, port, &hints, &found);
    if (number != 0) {
        error_set(error, STATUS_INVALID, "cannot listen on \"%s\": %s", host, gai_strerror(number));
        error_hint(error, "give an address, such as 127.0.0.1 or 0.0.0.0");
        return STATUS_INVALID;
    }
    int status = listen_at(&server->listening, found, error);
    freeaddrinfo(found);
    if (status != STATUS_OK) {
        error_prefix(error, "%s port %u", host, server->options.port);
        return status;
    }
    server->port = port_of(server->listening);
    return STATUS_OK;
}

/* ---- TLS ---- */

static int read_pem(char **out, const char *path, struct error *error)
{
    struct stream *stream;
    struct text_buffer text = TEXT_BUFFER(1 << 20);
    int status = stream_open_file(&stream, path, error);
    if (status == STATUS_OK) {
        status = stream_read_all(stream, &text, error);
    }
    stream_free(stream);
    if (status == STATUS_OK && text.ptr == NULL) {
        status = error_set(error, STATUS_INVALID, "%s: is empty", path);
    }
    if (status != STATUS_OK) {
        text_free(&text);
        return status;
    }
    *out = text.ptr;
    return STATUS_OK;
}

static int read_tls(struct http_server *server, struct error *error)
{
    const struct http_server_options *options = &server->options;
    if (options->tls_certificate == NULL && options->tls_key == NULL) {
        return STATUS_OK;
    }
    if (options->tls_certificate == NULL || options->tls_key == NULL) {
        return error_set(error, STATUS_INVALID, "TLS needs both a certificate and its key");
    }
    int status = read_pem(&server->certificate, options->tls_certificate, error);
    return status == STATUS_OK ? read_pem(&server->key, options->tls_key, error) : status;
}

/* GnuTLS's own choice, but for TLS before 1.2 and, of 1.2, keys that are sent under the certificate's
   (RSA): who gets at that later could read what was recorded. Not const for libmicrohttpd only. */
static char tls_priorities[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA";

/* ---- starting and stopping ---- */

static int start_daemon(struct http_server *server, struct error *error)
{
    unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION |
                     MHD_USE_POLL | MHD_USE_ITC | MHD_USE_ERROR_LOG;
    struct MHD_OptionItem options[] = {
        /* First, so that it hears what is wrong with the others. */
        {MHD_OPTION_EXTERNAL_LOGGER, (intptr_t)http_callback_log, server},
        {MHD_OPTION_LISTEN_SOCKET, server->listening, NULL},
        {MHD_OPTION_CONNECTION_LIMIT, server->options.max_connections, NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_BYTES, NULL},
        {MHD_OPTION_THREAD_STACK_SIZE, STACK_BYTES, NULL},
        {MHD_OPTION_STRICT_FOR_CLIENT, HTTP_STRICTNESS, NULL},
        {MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)http_callback_begin, server},
        {MHD_OPTION_UNESCAPE_CALLBACK, (intptr_t)http_callback_unescape, server},
        {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)http_callback_end, server},
        {MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)http_callback_connection, server},
        {MHD_OPTION_END, 0, NULL}, /* or of TLS, the first of three */
        {MHD_OPTION_HTTPS_MEM_KEY, 0, server->key},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, tls_priorities},
        {MHD_OPTION_END, 0, NULL},
    };
    if (server->certificate != NULL) {
        flags |= MHD_USE_TLS;
        options[ARRAY_LENGTH(options) - 4] =
            (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_CERT, 0, server->certificate};
    }
    server->daemon = MHD_start_daemon(flags, 0, NULL, NULL, http_callback_handle, server,
                                      MHD_OPTION_ARRAY, options, MHD_OPTION_END);
    if (server->daemon != NULL) {
        return STATUS_OK;
    }
    error_set(error, STATUS_INVALID, "the HTTP server cannot be started");
    if (server->certificate != NULL) {
        error_hint(error, "look whether %s and %s are a certificate and its key, as PEM",
                   server->options.tls_certificate, server->options.tls_key);
    }
    return STATUS_INVALID;
}

static void destroy(struct http_server *server)
{
    http_connections_close(server->connections);
    if (server->gate_is_open) {
        http_gate_close(&server->gate);
    }
    if (server->uploads_are_open) {
        http_gate_close(&server->uploads);
    }
    if (server->listening >= 0) {
        close(server->listening);
    }
    memory_free((void *)(uintptr_t)server->proxies.ranges);
    memory_free(server->certificate);
    memory_free(server->key);
    memory_free(server);
}

int http_server_start(struct http_server **out, const struct http_server_options *options,
                      struct error *error)
{
    *out = NULL;
    struct http_server *server = memory_alloc_zeroed(1, sizeof *server);
    if (server == NULL) {
        return error_out_of_memory(error);
    }
    server->listening = -1;
    server->options = *options;
    fill_in(&server->options);
    find_descriptors(&server->options);
    /* Who writes to a client that has gone is told by the call, and need not die. */
    const struct sigaction ignored = {.sa_handler = SIG_IGN};
    (void)sigaction(SIGPIPE, &ignored, NULL);
    int status = read_tls(server, error);
    if (status == STATUS_OK) {
        status = read_proxies(server, error);
    }
    if (status == STATUS_OK) {
        status = http_gate_open(&server->gate, server->options.max_requests, error);
        server->gate_is_open = status == STATUS_OK;
    }
    if (status == STATUS_OK) {
        status = http_gate_open(&server->uploads, server->options.max_uploads, error);
        server->uploads_are_open = status == STATUS_OK;
    }
    if (status == STATUS_OK) {
        status = http_connections_open(&server->connections, &server->options.deadlines,
                                       server->options.max_connections, error);
    }
    if (status == STATUS_OK) {
        status = open_socket(server, error);
    }
    if (status == STATUS_OK) {
        status = start_daemon(server, error);
    }
    if (status != STATUS_OK) {
        destroy(server);
        return status;
    }
    *out = server;
    return STATUS_OK;
}

uint16_t http_server_port(const struct http_server *server)
{
    return server->port;
}

void http_server_stop(struct http_server *server, double seconds)
{
    if (server == NULL) {
        return;
    }
    /* Who comes now is refused by the system, and may ask another of our processes. */
    MHD_socket listening = MHD_quiesce_daemon(server->daemon);
    if (listening != MHD_INVALID_SOCKET) {
        close(listening);
        server->listening = -1;
    }
    http_connections_drain(server->connections, seconds);
    MHD_stop_daemon(server->daemon);
    destroy(server);
}
