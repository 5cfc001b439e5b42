#include "cmd/api_server.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "api/access.h"
#include "api/api.h"
#include "api/database_watch.h"
#include "api/documents.h"
#include "api/routes.h"
#include "base/log.h"
#include "base/memory.h"
#include "cmd/stop.h"
#include "http/client.h"
#include "http/server.h"

enum { DRAIN_SECONDS = 30 };

struct api_server {
    struct api api;
    struct api_documents *documents;
    struct database_watch *watch;
    struct identity *identity;
    struct http_server *http;
    struct http_gate imports;
    bool imports_are_open;
};

static int revive(void *context, struct error *error)
{
    return index_revive(context, error);
}

static struct http_names names_of(const struct config_list *list)
{
    return (struct http_names){list->items, list->count};
}

static struct http_server_options options_of(struct api_server *server, const struct config *config)
{
    return (struct http_server_options){
        .listen = config->server.listen,
        .port = (uint16_t)config->server.port,
        .allowed_hosts = names_of(&config->server.allowed_hosts),
        .allowed_origins = names_of(&config->server.cors_allowed_origins),
        .trusted_proxies = names_of(&config->server.trusted_proxies),
        .any_origin = config->env != NULL && strcmp(config->env, "local") == 0,
        .max_body_bytes = config->server.max_body_bytes,
        .max_requests = config->server.threads,
        .tls_certificate = config->server.tls_certificate,
        .tls_key = config->server.tls_key,
        .service =
            {
                .routes = api_routes,
                .route_count = api_route_count,
                .admit = access_admit,
                .user_name = access_user_name,
                .context = &server->api,
            },
    };
}

/* An address of IPv6 stands in brackets in a URL. */
static void tell_address(const struct api_server *server, const struct config *config)
{
    const char *listen = config->server.listen;
    bool brackets = strchr(listen, ':') != NULL;
    log_write(LOG_INFO, "listening on %s://%s%s%s:%u",
              config->server.tls_certificate != NULL ? "https" : "http", brackets ? "[" : "",
              listen, brackets ? "]" : "", (unsigned)http_server_port(server->http));
    if (config->env != NULL && strcmp(config->env, "local") == 0) {
        log_write(LOG_WARNING,
                  "env is \"local\": browsers may call from any site; for development only");
    }
}

static int start(struct api_server *server, struct index *index, struct error *error)
{
    int status = http_client_prepare(error);
    if (status == 0) {
        status = api_documents_open(&server->documents, error);
    }
    if (status == 0) {
        status = identity_open(&server->identity, index->config, index->store, error);
    }
    if (status == 0) {
        status = database_watch_open(&server->watch, index->store, revive, index, error);
    }
    if (status == 0) {
        status = http_gate_open(&server->imports, api_most_imports(index->config), error);
        server->imports_are_open = status == 0;
    }
    if (status != 0) {
        return status;
    }
    server->api = (struct api){
        .store = index->store,
        .config = index->config,
        .identity = server->identity,
        .documents = server->documents,
        .watch = server->watch,
        .imports = &server->imports,
    };
    const struct http_server_options options = options_of(server, index->config);
    status = http_server_start(&server->http, &options, error);
    if (status == 0) {
        tell_address(server, index->config);
    }
    return status;
}

int api_server_start(struct api_server **out, struct index *index, struct error *error)
{
    struct api_server *server = memory_alloc_zeroed(1, sizeof *server);
    if (server == NULL) {
        return error_out_of_memory(error);
    }
    int status = start(server, index, error);
    if (status != 0) {
        api_server_stop(server);
        return status;
    }
    *out = server;
    return 0;
}

void api_server_stop(struct api_server *server)
{
    if (server == NULL) {
        return;
    }
    http_server_stop(server->http, DRAIN_SECONDS);
    database_watch_close(server->watch);
    identity_close(server->identity);
    api_documents_close(server->documents);
    if (server->imports_are_open) {
        http_gate_close(&server->imports);
    }
    memory_free(server);
}

int api_server_await_stop(struct error *error)
{
    struct pollfd stop = {.fd = stop_descriptor(), .events = POLLIN};
    while (poll(&stop, 1, -1) < 0) {
        if (errno != EINTR) {
            return error_system(error, errno, "cannot wait for signals");
        }
    }
    return 0;
}

struct identity *api_server_identity(const struct api_server *server)
{
    return server->identity;
}
