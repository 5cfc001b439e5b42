/*
 * http-echo NAME=VALUE...: a server whose handlers tell what they were given, for the tests of
 * src/http from outside. Prints its port, and stops at SIGTERM. The names are those of
 * http_server_options; lists are separated by commas.
 */

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "base/log.h"
#include "base/number_text.h"
#include "http/server.h"
#include "http/static_files.h"

static struct error failure;
static atomic_uint entered; /* exchanges that admit() has seen, less those that leave() has */
static atomic_uint held;    /* streams, less those that were released */
static atomic_uint working; /* handlers of /sleep that sleep */

static uint64_t number_of(struct str text, uint64_t otherwise)
{
    int64_t number;
    return text.ptr != NULL && integer_from_text(text, &number) && number >= 0 ? (uint64_t)number
                                                                               : otherwise;
}

static void write_fields(struct json_writer *json, const char *key,
                         const struct http_fields *fields)
{
    json_write_key(json, key);
    json_write_open_array(json);
    for (size_t i = 0; i < fields->count; i++) {
        json_write_open_array(json);
        json_write_string(json, fields->items[i].name);
        json_write_string(json, fields->items[i].value);
        json_write_close_array(json);
    }
    json_write_close_array(json);
}

static void write_text(struct json_writer *json, const char *key, struct str text)
{
    json_write_key(json, key);
    json_write_string(json, text);
}

/* Everything that a handler sees. */
static int echo(struct http_exchange *exchange, struct error *error)
{
    (void)error;
    struct json_writer *json = http_respond_json(exchange, 200);
    json_write_open_object(json);
    write_text(json, "method", exchange->method_name);
    write_text(json, "path", exchange->path);
    write_text(json, "route", str_from(exchange->route->path));
    write_text(json, "id", exchange->parameters[0]);
    write_text(json, "client", exchange->client);
    json_write_key(json, "secure");
    json_write_boolean(json, exchange->secure);
    write_fields(json, "query", &exchange->query);
    write_fields(json, "headers", &exchange->headers);
    write_fields(json, "cookies", &exchange->cookies);
    write_text(json, "body", exchange->body);
    json_write_close_object(json);
    return STATUS_OK;
}

/* Bytes and a sum (FNV-1a) of a file's content. */
static int sum_up(uint64_t *bytes, uint32_t *sum, struct stream *stream, struct error *error)
{
    char piece[8192];
    size_t got = 1;
    int status = STATUS_OK;
    *bytes = 0;
    *sum = 2166136261U;
    while (got > 0 && status == STATUS_OK) {
        status = stream_read(stream, piece, sizeof piece, &got, error);
        for (size_t i = 0; i < got && status == STATUS_OK; i++) {
            *sum = (*sum ^ (unsigned char)piece[i]) * 16777619U;
        }
        *bytes += got;
    }
    return status;
}

static int upload(struct http_exchange *exchange, struct error *error)
{
    struct json_writer *json = http_respond_json(exchange, 200);
    json_write_open_object(json);
    json_write_key(json, "is_form");
    json_write_boolean(json, exchange->is_form);
    write_text(json, "body", exchange->body);
    json_write_key(json, "parts");
    json_write_open_array(json);
    for (size_t i = 0; i < exchange->part_count; i++) {
        const struct http_part *part = &exchange->parts[i];
        json_write_open_object(json);
        write_text(json, "name", part->name);
        write_text(json, "file_name", part->file_name);
        write_text(json, "text", part->text);
        json_write_key(json, "size");
        json_write_unsigned(json, part->size);
        if (part->file != NULL) {
            uint64_t bytes;
            uint32_t sum;
            int status = sum_up(&bytes, &sum, part->file, error);
            if (status != STATUS_OK) {
                return status;
            }
            json_write_key(json, "bytes");
            json_write_unsigned(json, bytes);
            json_write_key(json, "sum");
            json_write_unsigned(json, sum);
        }
        json_write_close_object(json);
    }
    json_write_close_array(json);
    json_write_close_object(json);
    return STATUS_OK;
}

struct series {
    uint64_t bytes;
    uint64_t fail_at;
};

/* Lines of seven digits, counting. */
static int produce(void *context, struct stream *out, struct error *error)
{
    const struct series *series = context;
    uint64_t written = 0;
    for (unsigned line = 0; written < series->bytes; line++) {
        if (written >= series->fail_at) {
            return error_set(error, STATUS_IO, "the series broke");
        }
        char text[9];
        snprintf(text, sizeof text, "%07u\n", line % 10000000);
        int status = stream_write(out, (struct str){text, 8}, error);
        if (status != STATUS_OK) {
            return status;
        }
        written += 8;
    }
    return STATUS_OK;
}

static void release(void *context)
{
    (void)context;
    atomic_fetch_sub(&held, 1);
}

static int stream(struct http_exchange *exchange, struct error *error)
{
    struct series *series = arena_alloc(&exchange->arena, sizeof *series);
    if (series == NULL) {
        return error_out_of_memory(error);
    }
    series->bytes = number_of(http_query(exchange, "bytes"), 0);
    series->fail_at = number_of(http_query(exchange, "fail_at"), UINT64_MAX);
    atomic_fetch_add(&held, 1);
    http_respond_header(exchange, "Content-Disposition", "attachment; filename=\"series.csv\"");
    http_respond_stream(exchange, 200, "text/csv", produce, release, series);
    return STATUS_OK;
}

static int large(struct http_exchange *exchange, struct error *error)
{
    uint64_t bytes = number_of(http_query(exchange, "bytes"), 0);
    char *text = arena_alloc(&exchange->arena, bytes + 1);
    if (text == NULL) {
        return error_out_of_memory(error);
    }
    memset(text, 'x', bytes);
    http_respond_text(exchange, 200, "text/plain", (struct str){text, bytes});
    exchange->response.uncompressed = http_query(exchange, "uncompressed").ptr != NULL;
    return STATUS_OK;
}

static int nap(struct http_exchange *exchange, struct error *error)
{
    uint64_t milliseconds = number_of(http_query(exchange, "ms"), 0);
    const struct timespec time = {.tv_sec = (time_t)(milliseconds / 1000),
                                  .tv_nsec = (long)(milliseconds % 1000 * 1000000)};
    atomic_fetch_add(&working, 1);
    nanosleep(&time, NULL);
    atomic_fetch_sub(&working, 1);
    return echo(exchange, error);
}

/* Fails in the way that is asked for. */
static int fail(struct http_exchange *exchange, struct error *error)
{
    uint64_t status = number_of(http_query(exchange, "status"), STATUS_OK);
    http_respond_header(exchange, "Cache-Control", "public");
    if (http_query(exchange, "header").ptr != NULL) {
        http_respond_empty(exchange, 204);
        http_respond_header(exchange, "X-Test", "%s", http_query(exchange, "header").ptr);
        return STATUS_OK;
    }
    if (status == STATUS_OK) {
        return STATUS_OK; /* without an answer */
    }
    error_set(error, (enum status)status, "what went wrong");
    error_detail(error, "first");
    error_detail(error, "second");
    return (int)status;
}

static int redirect(struct http_exchange *exchange, struct error *error)
{
    (void)error;
    http_respond_redirect(exchange, 303, "/echo?a=1");
    http_respond_header(exchange, "Set-Cookie", "a=1; HttpOnly");
    http_respond_header(exchange, "Set-Cookie", "b=2");
    return STATUS_OK;
}

static int counts(struct http_exchange *exchange, struct error *error)
{
    (void)error;
    struct json_writer *json = http_respond_json(exchange, 200);
    json_write_open_object(json);
    json_write_key(json, "entered");
    json_write_unsigned(json, atomic_load(&entered));
    json_write_key(json, "held");
    json_write_unsigned(json, atomic_load(&held));
    json_write_key(json, "working");
    json_write_unsigned(json, atomic_load(&working));
    json_write_close_object(json);
    return STATUS_OK;
}

enum access { ACCESS_TOKEN, ACCESS_ALL };

static int admit(struct http_exchange *exchange, const struct http_route *route,
                 struct error *error)
{
    atomic_fetch_add(&entered, 1);
    struct str token = http_header(exchange, "Authorization");
    if (str_equal(token, STR("broken"))) {
        return error_set(error, STATUS_IO, "who is asking cannot be found out");
    }
    if (str_equal(token, STR("let me in"))) {
        exchange->user = "u_7";
    } else if (route->access == ACCESS_TOKEN) {
        http_respond_error(exchange, 401, "Missing JWT");
        http_respond_header(exchange, "WWW-Authenticate", "Bearer");
    }
    return STATUS_OK;
}

static void leave(struct http_exchange *exchange)
{
    (void)exchange;
    atomic_fetch_sub(&entered, 1);
}

static const char *user_name(const struct http_exchange *exchange)
{
    return exchange->user;
}

static const struct http_route routes[] = {
    {HTTP_GET, "/echo", ACCESS_ALL, HTTP_BODY_NONE, false, echo},
    {HTTP_POST, "/echo", ACCESS_ALL, HTTP_BODY_JSON, false, echo},
    {HTTP_DELETE, "/echo", ACCESS_ALL, HTTP_BODY_JSON, false, echo},
    {HTTP_GET, "/items/{id}", ACCESS_ALL, HTTP_BODY_NONE, false, echo},
    {HTTP_PATCH, "/items/{id}", ACCESS_ALL, HTTP_BODY_JSON, false, echo},
    {HTTP_POST, "/upload", ACCESS_ALL, HTTP_BODY_JSON | HTTP_BODY_FORM, false, upload},
    {HTTP_POST, "/form", ACCESS_ALL, HTTP_BODY_URLENCODED, false, upload},
    {HTTP_POST, "/secret", ACCESS_TOKEN, HTTP_BODY_FORM, false, upload},
    {HTTP_GET, "/stream", ACCESS_ALL, HTTP_BODY_NONE, false, stream},
    {HTTP_GET, "/large", ACCESS_ALL, HTTP_BODY_NONE, false, large},
    {HTTP_GET, "/sleep", ACCESS_ALL, HTTP_BODY_NONE, false, nap},
    {HTTP_GET, "/fail", ACCESS_ALL, HTTP_BODY_NONE, false, fail},
    {HTTP_GET, "/redirect", ACCESS_ALL, HTTP_BODY_NONE, false, redirect},
    {HTTP_GET, "/counts", ACCESS_ALL, HTTP_BODY_NONE, true, counts},
};

/* ---- the command line ---- */

static struct http_names split(char *text)
{
    static const char *items[64];
    static size_t used;
    struct http_names names = {&items[used], 0};
    for (char *end; text != NULL && *text != '\0' && used < 64; text = end) {
        end = strchr(text, ',');
        if (end != NULL) {
            *end++ = '\0';
        }
        items[used++] = text;
        names.count++;
    }
    return names;
}

static const char *files_path;
static double drain_seconds = 5;

static bool read_option(struct http_server_options *options, const char *name, char *value)
{
    struct str text = str_from(value);
    double number;
    bool is_number = double_from_text(text, &number);
    if (strcmp(name, "allowed_hosts") == 0) {
        options->allowed_hosts = split(value);
    } else if (strcmp(name, "allowed_origins") == 0) {
        options->allowed_origins = split(value);
    } else if (strcmp(name, "trusted_proxies") == 0) {
        options->trusted_proxies = split(value);
    } else if (strcmp(name, "tls_certificate") == 0) {
        options->tls_certificate = value;
    } else if (strcmp(name, "tls_key") == 0) {
        options->tls_key = value;
    } else if (strcmp(name, "temporary_directory") == 0) {
        options->temporary_directory = value;
    } else if (strcmp(name, "listen") == 0) {
        options->listen = value;
    } else if (strcmp(name, "files") == 0) {
        files_path = value;
    } else if (!is_number) {
        return false;
    } else if (strcmp(name, "any_origin") == 0) {
        options->any_origin = number > 0;
    } else if (strcmp(name, "max_body_bytes") == 0) {
        options->max_body_bytes = (uint64_t)number;
    } else if (strcmp(name, "max_json_bytes") == 0) {
        options->max_json_bytes = (uint64_t)number;
    } else if (strcmp(name, "max_requests") == 0) {
        options->max_requests = (unsigned)number;
    } else if (strcmp(name, "max_uploads") == 0) {
        options->max_uploads = (unsigned)number;
    } else if (strcmp(name, "temporary_reserve") == 0) {
        options->temporary_reserve = (uint64_t)number;
    } else if (strcmp(name, "max_connections") == 0) {
        options->max_connections = (unsigned)number;
    } else if (strcmp(name, "head") == 0) {
        options->deadlines.head = number;
    } else if (strcmp(name, "rate_grace") == 0) {
        options->deadlines.rate_grace = number;
    } else if (strcmp(name, "least_rate") == 0) {
        options->deadlines.least_rate = (uint64_t)number;
    } else if (strcmp(name, "drain") == 0) {
        drain_seconds = number;
    } else {
        return false;
    }
    return true;
}

static int run(struct http_server_options *options, const sigset_t *stops)
{
    struct static_files *files = NULL;
    struct http_server *server = NULL;
    int status = files_path == NULL ? STATUS_OK : static_files_open(&files, files_path, &failure);
    options->service.files = files;
    if (status == STATUS_OK) {
        status = http_server_start(&server, options, &failure);
    }
    if (status == STATUS_OK) {
        printf("port %u\n", http_server_port(server));
        fflush(stdout);
        int number;
        sigwait(stops, &number);
        http_server_stop(server, drain_seconds);
    } else {
        log_error(&failure);
    }
    static_files_close(files);
    return status == STATUS_OK ? 0 : 1;
}

int main(int count, char **arguments)
{
    struct http_server_options options = {
        .listen = "127.0.0.1",
        .max_body_bytes = 64 << 20,
        .service =
            {
                .routes = routes,
                .route_count = ARRAY_LENGTH(routes),
                .admit = admit,
                .leave = leave,
                .user_name = user_name,
            },
    };
    log_configure(LOG_INFO, LOG_JSON);
    for (int i = 1; i < count; i++) {
        char *equals = strchr(arguments[i], '=');
        if (equals != NULL) {
            *equals = '\0';
        }
        if (equals == NULL || !read_option(&options, arguments[i], equals + 1)) {
            fprintf(stderr, "http-echo: no such option: %s\n", arguments[i]);
            return 2;
        }
    }
    sigset_t stops;
    sigemptyset(&stops);
    sigaddset(&stops, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &stops, NULL); /* before there are other threads, which inherit it */
    return run(&options, &stops);
}
