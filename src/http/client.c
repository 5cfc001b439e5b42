#include "http/client.h"

#include <assert.h>
#include <curl/curl.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>

#include "base/memory.h"
#include "base/vec.h"

enum {
    MOST_HEADER_BYTES = 256 << 10,
    MOST_HEADERS = 256,
    DEFAULT_BODY_BYTES = 1 << 20,
    DEFAULT_CONNECT_SECONDS = 5,
    DEFAULT_STALL_SECONDS = 30,
    STALL_BYTES_PER_SECOND = 1024,
    /* Large pieces: a quarter of the calls, and with TLS whole records. */
    PIECE_BYTES = 256 << 10,
    /* Signals of any kind are noticed at once; this is for what nobody signals. */
    WAIT_MILLISECONDS = 1000,
    /* Idle handles that are kept, each with the connections that are open. */
    MOST_IDLE = 16,
};

/* Connections live in the multi handle, which is kept, and are used again by the next request to the
   same place. The easy handle is new for each: one that is reset keeps some of what it had. */
struct handle {
    CURL *easy;
    CURLM *multi;
    char place[128]; /* scheme, host and port of the last request */
};

/* Guarded by `lock`. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct handle idle[MOST_IDLE];
static size_t idle_count;
static bool prepared;

/* One request on its way. */
struct transfer {
    const struct http_client_request *request;
    struct http_client_response *response;
    struct handle handle;
    struct curl_slist *headers;
    struct {
        VEC(struct http_field);
    } fields;
    bool begun;         /* the headers of the answer are in the response */
    uint64_t sent;      /* by upload() */
    int status;         /* what a callback failed with */
    struct error error; /* of that */
    char reason[CURL_ERROR_SIZE];
};

/* ---- curl's memory is ours ---- */

static void *give_memory(size_t size)
{
    return memory_alloc(size);
}

static void *give_zeroed(size_t count, size_t size)
{
    return memory_alloc_zeroed(count, size);
}

static void *resize(void *old, size_t size)
{
    return memory_resize_array(old, size, 1);
}

static char *copy_text(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = memory_alloc(size);
    return copy == NULL ? NULL : memcpy(copy, text, size);
}

int http_client_prepare(struct error *error)
{
    pthread_mutex_lock(&lock);
    CURLcode code = CURLE_OK;
    if (!prepared) {
        code = curl_global_init_mem(CURL_GLOBAL_DEFAULT, give_memory, memory_free, resize,
                                    copy_text, give_zeroed);
        prepared = code == CURLE_OK;
    }
    pthread_mutex_unlock(&lock);
    if (code != CURLE_OK) {
        return error_set(error, STATUS_RESOURCES, "the HTTP client cannot be prepared: %s",
                         curl_easy_strerror(code));
    }
    return STATUS_OK;
}

/* ---- handles ---- */

/* Scheme, host and port, without a user's name and password. */
static struct str place_of(const char *url, char *out, size_t size)
{
    const char *colon = strstr(url, "://");
    const char *host = colon == NULL ? url : colon + 3;
    size_t scheme = (size_t)(host - url);
    size_t len = strcspn(host, "/?#");
    const char *user = memrchr(host, '@', len);
    if (user != NULL) {
        len -= (size_t)(user + 1 - host);
        host = user + 1;
    }
    scheme = scheme < size ? scheme : size - 1;
    memcpy(out, url, scheme);
    len = len < size - 1 - scheme ? len : size - 1 - scheme;
    memcpy(out + scheme, host, len);
    out[scheme + len] = '\0';
    return (struct str){out, scheme + len};
}

static void close_handle(struct handle *handle)
{
    if (handle->easy != NULL) {
        curl_easy_cleanup(handle->easy);
    }
    if (handle->multi != NULL) {
        curl_multi_cleanup(handle->multi);
    }
    *handle = (struct handle){0};
}

/* One that was at the same place before; else any; else a new one. */
static int take_handle(struct handle *out, struct str place, struct error *error)
{
    pthread_mutex_lock(&lock);
    assert(prepared);
    size_t chosen = idle_count;
    for (size_t i = idle_count; i-- > 0;) {
        if (strcmp(idle[i].place, place.ptr) == 0) {
            chosen = i;
            break;
        }
    }
    if (chosen == idle_count && idle_count == MOST_IDLE) {
        chosen = 0;
    }
    bool found = chosen < idle_count;
    if (found) {
        *out = idle[chosen];
        idle[chosen] = idle[--idle_count];
    }
    pthread_mutex_unlock(&lock);
    if (!found) {
        *out = (struct handle){.multi = curl_multi_init()};
    }
    out->easy = curl_easy_init();
    if (out->easy == NULL || out->multi == NULL) {
        close_handle(out);
        return error_out_of_memory(error);
    }
    memcpy(out->place, place.ptr, place.len + 1);
    return STATUS_OK;
}

static void give_back(struct handle *handle)
{
    curl_easy_cleanup(handle->easy);
    handle->easy = NULL;
    pthread_mutex_lock(&lock);
    if (idle_count < MOST_IDLE) {
        idle[idle_count++] = *handle;
        *handle = (struct handle){0};
    }
    pthread_mutex_unlock(&lock);
    close_handle(handle);
}

/* ---- callbacks; the first failure is kept and ends the transfer ---- */

static bool fail(struct transfer *transfer, int status)
{
    transfer->status = status;
    return false;
}

static char *lower_copy(struct arena *arena, struct str text)
{
    char *copy = arena_copy(arena, text);
    for (size_t i = 0; copy != NULL && i < text.len; i++) {
        copy[i] = copy[i] >= 'A' && copy[i] <= 'Z' ? (char)(copy[i] - 'A' + 'a') : copy[i];
    }
    return copy;
}

static bool add_header(struct transfer *transfer, struct str line)
{
    struct arena *arena = &transfer->response->arena;
    const char *colon = memchr(line.ptr, ':', line.len);
    if (str_starts_with(line, STR("HTTP/"))) {
        transfer->fields.len = 0; /* what came before was of an interim answer (100 Continue) */
        return true;
    }
    if (colon == NULL) {
        return true; /* the empty line at the end */
    }
    struct str name = str_trim((struct str){line.ptr, (size_t)(colon - line.ptr)});
    struct str value = str_trim((struct str){colon + 1, line.len - (size_t)(colon + 1 - line.ptr)});
    if (transfer->fields.len == MOST_HEADERS ||
        name.len + value.len > MOST_HEADER_BYTES - arena->used) {
        return fail(transfer, error_set(&transfer->error, STATUS_INVALID,
                                        "%s: more headers than are read", transfer->handle.place));
    }
    struct http_field field = {.name = {lower_copy(arena, name), name.len},
                               .value = {arena_copy(arena, value), value.len}};
    if (field.name.ptr == NULL || field.value.ptr == NULL || !vec_push(&transfer->fields, field)) {
        return fail(transfer, error_out_of_memory(&transfer->error));
    }
    return true;
}

static size_t on_header(char *text, size_t size, size_t count, void *context)
{
    size_t len = size * count;
    return add_header(context, (struct str){text, len}) ? len : 0;
}

static bool keep(struct transfer *transfer, struct str piece)
{
    struct text_buffer *body = &transfer->response->body;
    if (piece.len > body->max - body->len) {
        return fail(transfer, error_set(&transfer->error, STATUS_INVALID,
                                        "%s: the answer is longer than the %zu bytes that are read",
                                        transfer->handle.place, body->max));
    }
    text_append(body, piece);
    return body->failed ? fail(transfer, error_out_of_memory(&transfer->error)) : true;
}

/* Puts status and headers in the response, once they are all there. */
static bool begin(struct transfer *transfer)
{
    struct http_client_response *response = transfer->response;
    if (transfer->begun) {
        return true;
    }
    transfer->begun = true;
    long status = 0;
    curl_easy_getinfo(transfer->handle.easy, CURLINFO_RESPONSE_CODE, &status);
    size_t count = transfer->fields.len;
    struct http_field *fields = arena_alloc_array(&response->arena, count, sizeof *fields);
    if (fields == NULL) {
        return fail(transfer, error_out_of_memory(&transfer->error));
    }
    if (count > 0) {
        memcpy(fields, transfer->fields.items, count * sizeof *fields);
    }
    response->status = (unsigned)status;
    response->headers = (struct http_fields){fields, count};
    const struct http_client_request *request = transfer->request;
    if (request->begin == NULL || status < 200 || status > 299) {
        return true;
    }
    int result = request->begin(request->context, response, &transfer->error);
    return result == STATUS_OK || fail(transfer, result);
}

static size_t on_body(char *text, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    const struct http_client_request *request = transfer->request;
    struct str piece = {text, size * count};
    bool good = begin(transfer);
    unsigned answer = transfer->response->status;
    if (good && request->download != NULL && answer >= 200 && answer <= 299) {
        int status = request->download(request->context, piece, &transfer->error);
        good = status == STATUS_OK || fail(transfer, status);
    } else if (good) {
        good = keep(transfer, piece);
    }
    if (good) {
        transfer->response->received += piece.len;
    }
    /* Any other count than that of the piece means failure. */
    return good ? piece.len : piece.len + 1;
}

static size_t on_upload(char *out, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    const struct http_client_request *request = transfer->request;
    size_t room = size * count;
    uint64_t left = request->upload_size - transfer->sent;
    size_t got = 0;
    room = room < left ? room : (size_t)left;
    if (room == 0) {
        return 0;
    }
    int status = request->upload(request->context, out, room, &got, &transfer->error);
    if (status == STATUS_OK && got == 0) {
        status = error_set(&transfer->error, STATUS_IO,
                           "%s: what was to be sent ended before its announced length",
                           transfer->handle.place);
    }
    if (status != STATUS_OK) {
        fail(transfer, status);
        return CURL_READFUNC_ABORT;
    }
    transfer->sent += got;
    return got;
}

/* No child of ours may inherit a connection: neither its secrets, nor its being open. */
static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    (void)context;
    (void)purpose;
    int file = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    return file < 0 ? CURL_SOCKET_BAD : file;
}

/* ---- options ---- */

static long milliseconds(double seconds, double otherwise)
{
    double chosen = seconds > 0 ? seconds : otherwise;
    return chosen >= 1e6 ? 1000000000L : (long)(chosen * 1000) + (chosen > 0);
}

/* curl_easy_setopt() is a macro that checks types: each call stands by itself. The first failure
   (of memory) counts. */
#define SET(option, value)                                          \
    do {                                                            \
        if (code == CURLE_OK) {                                     \
            code = curl_easy_setopt(easy, CURLOPT_##option, value); \
        }                                                           \
    } while (0)

static CURLcode set_connection(struct transfer *transfer)
{
    const struct http_client_request *request = transfer->request;
    CURL *easy = transfer->handle.easy;
    CURLcode code = CURLE_OK;
    SET(URL, request->url);
    /* As it was encoded: an object's name may hold "..", and a signature covers the path. */
    SET(PATH_AS_IS, 1L);
    SET(PROTOCOLS_STR, "http,https");
    SET(HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(FOLLOWLOCATION, 0L);
    SET(NOSIGNAL, 1L);
    SET(PROXY, ""); /* nor one that the environment names */
    SET(OPENSOCKETFUNCTION, open_socket);
    SET(CONNECTTIMEOUT_MS, milliseconds(request->connect_seconds, DEFAULT_CONNECT_SECONDS));
    SET(TIMEOUT_MS, milliseconds(request->seconds, 0));
    SET(LOW_SPEED_LIMIT, (long)STALL_BYTES_PER_SECOND);
    SET(LOW_SPEED_TIME,
        (milliseconds(request->stall_seconds, DEFAULT_STALL_SECONDS) + 999L) / 1000L);
    if (request->unix_socket != NULL) {
        SET(UNIX_SOCKET_PATH, request->unix_socket);
    }
    if (request->ca_file != NULL) {
        SET(CAINFO, request->ca_file);
    }
    return code;
}

static CURLcode set_body(struct transfer *transfer)
{
    const struct http_client_request *request = transfer->request;
    CURL *easy = transfer->handle.easy;
    CURLcode code = CURLE_OK;
    bool is_head = strcmp(request->method, "HEAD") == 0;
    if (is_head) {
        SET(NOBODY, 1L); /* else it would wait for the body that Content-Length announces */
    } else if (request->upload != NULL) {
        SET(UPLOAD, 1L);
        SET(READFUNCTION, on_upload);
        SET(READDATA, transfer);
        SET(INFILESIZE_LARGE, (curl_off_t)request->upload_size);
    } else if (request->body.ptr != NULL || strcmp(request->method, "POST") == 0 ||
               strcmp(request->method, "PUT") == 0) {
        SET(POSTFIELDSIZE_LARGE, (curl_off_t)request->body.len);
        SET(POSTFIELDS, request->body.len == 0 ? "" : request->body.ptr);
    } else {
        SET(HTTPGET, 1L);
    }
    if (!is_head) {
        SET(CUSTOMREQUEST, request->method);
    }
    return code;
}

static CURLcode set_headers(struct transfer *transfer)
{
    const struct http_client_request *request = transfer->request;
    CURL *easy = transfer->handle.easy;
    CURLcode code = CURLE_OK;
    for (size_t i = 0; i < request->header_count; i++) {
        struct curl_slist *longer = curl_slist_append(transfer->headers, request->headers[i]);
        if (longer == NULL) {
            return CURLE_OUT_OF_MEMORY;
        }
        transfer->headers = longer;
    }
    SET(USERAGENT, "tuva-empi");
    SET(HTTPHEADER, transfer->headers);
    if (request->signature != NULL) {
        SET(AWS_SIGV4, request->signature->provider);
        SET(USERNAME, request->signature->access_key);
        SET(PASSWORD, request->signature->secret_key);
    }
    return code;
}

static CURLcode set_options(struct transfer *transfer)
{
    CURL *easy = transfer->handle.easy;
    CURLcode code = set_connection(transfer);
    code = code != CURLE_OK ? code : set_body(transfer);
    code = code != CURLE_OK ? code : set_headers(transfer);
    SET(BUFFERSIZE, (long)PIECE_BYTES);
    SET(UPLOAD_BUFFERSIZE, (long)PIECE_BYTES);
    SET(HEADERFUNCTION, on_header);
    SET(HEADERDATA, transfer);
    SET(WRITEFUNCTION, on_body);
    SET(WRITEDATA, transfer);
    SET(ERRORBUFFER, transfer->reason);
    return code;
}

/* ---- running ---- */

static CURLcode result_of(CURLM *multi)
{
    int left;
    CURLMsg *message;
    while ((message = curl_multi_info_read(multi, &left)) != NULL) {
        if (message->msg == CURLMSG_DONE) {
            return message->data.result;
        }
    }
    return CURLE_FAILED_INIT;
}

/* Until the transfer is over or somebody asks to stop. */
static CURLcode perform(struct transfer *transfer)
{
    CURLM *multi = transfer->handle.multi;
    int stop = transfer->request->stop_descriptor;
    int running = 1;
    CURLMcode code = CURLM_OK;
    while (code == CURLM_OK) {
        code = curl_multi_perform(multi, &running);
        if (code != CURLM_OK || running == 0) {
            break;
        }
        struct curl_waitfd wake = {.fd = stop, .events = CURL_WAIT_POLLIN};
        code = curl_multi_poll(multi, &wake, stop > 0, WAIT_MILLISECONDS, NULL);
        if (wake.revents != 0) {
            fail(transfer, error_set(&transfer->error, STATUS_CANCELLED, "asked to stop"));
            return CURLE_ABORTED_BY_CALLBACK;
        }
    }
    if (code != CURLM_OK) {
        return code == CURLM_OUT_OF_MEMORY ? CURLE_OUT_OF_MEMORY : CURLE_FAILED_INIT;
    }
    return result_of(multi);
}

static CURLcode run_options(struct transfer *transfer)
{
    CURLcode code = set_options(transfer);
    if (code != CURLE_OK) {
        return code;
    }
    if (curl_multi_add_handle(transfer->handle.multi, transfer->handle.easy) != CURLM_OK) {
        return CURLE_OUT_OF_MEMORY;
    }
    code = perform(transfer);
    if (code == CURLE_OK) {
        begin(transfer); /* of an answer without a body */
    }
    curl_multi_remove_handle(transfer->handle.multi, transfer->handle.easy);
    return code;
}

/* What curl has to say about its failure, in our words where they are clearer. */
static const char *reason_of(const struct transfer *transfer, CURLcode code)
{
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST: return "the host's name has no address";
    case CURLE_COULDNT_CONNECT: return "no connection: nothing answers there";
    case CURLE_OPERATION_TIMEDOUT: return "no answer in time";
    case CURLE_GOT_NOTHING: return "the connection was closed without an answer";
    case CURLE_PARTIAL_FILE: return "the connection was closed in the middle of the answer";
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_FAIL_REWIND: return "the connection broke off";
    case CURLE_UNSUPPORTED_PROTOCOL: return "neither http nor https";
    case CURLE_URL_MALFORMAT: return "this is no URL";
    /* These texts tell of certificates; others may repeat the URL. */
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CACERT_BADFILE:
        return transfer->reason[0] != '\0' ? transfer->reason : curl_easy_strerror(code);
    default: return curl_easy_strerror(code);
    }
}

static int explain(const struct transfer *transfer, CURLcode code, struct error *error)
{
    if (transfer->status != STATUS_OK) {
        *error = transfer->error;
        return transfer->status;
    }
    if (code == CURLE_OK) {
        return STATUS_OK;
    }
    if (code == CURLE_OUT_OF_MEMORY) {
        return error_out_of_memory(error);
    }
    return error_set(error, STATUS_IO, "%s: %s", transfer->handle.place, reason_of(transfer, code));
}

int http_client_run(struct http_client_response *out, const struct http_client_request *request,
                    struct error *error)
{
    size_t most = request->most_bytes == 0 ? DEFAULT_BODY_BYTES : request->most_bytes;
    *out = (struct http_client_response){.arena = ARENA((size_t)2 * MOST_HEADER_BYTES),
                                         .body = TEXT_BUFFER(most)};
    struct transfer transfer = {.request = request, .response = out};
    char place[sizeof transfer.handle.place];
    int status = take_handle(&transfer.handle, place_of(request->url, place, sizeof place), error);
    if (status != STATUS_OK) {
        return status;
    }
    status = explain(&transfer, run_options(&transfer), error);
    text_append(&out->body, STR("")); /* an empty body is a text, too */
    if (status == STATUS_OK && out->body.failed) {
        status = error_out_of_memory(error);
    }
    give_back(&transfer.handle);
    curl_slist_free_all(transfer.headers);
    vec_free(&transfer.fields);
    return status;
}

struct str http_client_header(const struct http_client_response *response, const char *name)
{
    for (size_t i = 0; i < response->headers.count; i++) {
        const struct http_field *field = &response->headers.items[i];
        if (str_equal(field->name, str_from(name))) {
            return field->value;
        }
    }
    return (struct str){NULL, 0};
}

void http_client_response_free(struct http_client_response *response)
{
    arena_free(&response->arena);
    text_free(&response->body);
    response->headers = (struct http_fields){NULL, 0};
}
