#include "aws/s3.h"

#include <errno.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/number_text.h"
#include "base/utf8.h"
#include "base/wake.h"

enum { SHORT_SECONDS = 60, PUT_SECONDS = 600 };

#define SCHEME "s3://"

/* ---- URIs ---- */

static bool is_bucket(struct str text)
{
    bool good = text.len >= 3 && text.len <= 63;
    for (size_t i = 0; good && i < text.len; i++) {
        char c = text.ptr[i];
        good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
    }
    return good;
}

static bool split(struct str *bucket, struct str *key, const char *uri)
{
    struct str text = str_from(uri);
    if (!str_starts_with(text, STR(SCHEME))) {
        return false;
    }
    const char *begin = uri + strlen(SCHEME);
    *bucket = (struct str){begin, strcspn(begin, "/")};
    const char *slash = begin + bucket->len;
    *key = *slash == '/' ? str_from(slash + 1) : (struct str){slash, 0};
    return is_bucket(*bucket) && key->len > 0 && key->len <= S3_MOST_KEY &&
           utf8_valid_prefix(*key) == key->len;
}

bool s3_uri_is_valid(const char *uri)
{
    struct str bucket;
    struct str key;
    return split(&bucket, &key, uri);
}

int s3_object_parse(struct s3_object *out, struct aws_session *session, const char *uri,
                    struct error *error)
{
    struct str bucket;
    struct str key;
    if (!split(&bucket, &key, uri)) {
        error_set(error, STATUS_INVALID, "Invalid S3 URI");
        error_hint(error, "write s3://bucket/key, the bucket in small letters, digits, dots and "
                          "hyphens");
        return STATUS_INVALID;
    }
    *out = (struct s3_object){.session = session};
    memcpy(out->bucket, bucket.ptr, bucket.len);
    memcpy(out->key, key.ptr, key.len);
    snprintf(out->name, sizeof out->name, "%s", uri);
    /* Without a region the oldest one, which answers for all of them. */
    snprintf(out->region, sizeof out->region, "%s",
             session->region != NULL ? session->region : "us-east-1");
    return 0;
}

/* ---- requests ---- */

static int send_once(struct aws_result *out, struct s3_object *object, struct aws_call *call,
                     struct error *error)
{
    struct aws_session *session = object->session;
    bool in_path = session->endpoints[AWS_S3] != NULL || strchr(object->bucket, '.') != NULL;
    char endpoint[AWS_MOST_ENDPOINT];
    char path[sizeof object->bucket + sizeof object->key + 2];
    if (in_path) {
        aws_service_endpoint(endpoint, session, AWS_S3, object->region);
        snprintf(path, sizeof path, "/%s/%s", object->bucket, object->key);
    } else {
        char host[AWS_MOST_HOST];
        aws_service_host(host, session, AWS_S3, object->region);
        snprintf(endpoint, sizeof endpoint, "https://%s.%s", object->bucket, host);
        snprintf(path, sizeof path, "/%s", object->key);
    }
    call->request.service = AWS_S3;
    call->request.region = object->region;
    call->request.endpoint = endpoint;
    call->request.path = str_from(path);
    call->asked.service = AWS_S3;
    call->asked.region = object->region;
    call->asked.name = object->name;
    call->asked.bucket = object->bucket;
    return aws_send(out, session, call, error);
}

/* 400 besides the redirections: what S3 answers when the signature is for another region. */
static bool is_elsewhere(const struct s3_object *object, const struct aws_fault *fault)
{
    bool status = fault->status == 301 || fault->status == 307 || fault->status == 400;
    return status && fault->region[0] != '\0' && strcmp(fault->region, object->region) != 0;
}

int s3_send(struct aws_result *out, struct s3_object *object, struct aws_call *call,
            struct error *error)
{
    int status = send_once(out, object, call, error);
    if (status != 0 && is_elsewhere(object, &out->fault)) {
        snprintf(object->region, sizeof object->region, "%s", out->fault.region);
        aws_result_free(out);
        status = send_once(out, object, call, error);
    }
    return status;
}

/* ---- small ones ---- */

int s3_object_head(struct s3_head *out, struct s3_object *object, struct error *error)
{
    struct aws_call call = {
        .request = {.method = "HEAD"},
        .asked = {.action = "s3:GetObject", .blind = true},
        .seconds = SHORT_SECONDS,
        .stop_descriptor = wake_descriptor(),
    };
    *out = (struct s3_head){0};
    struct aws_result result;
    int status = s3_send(&result, object, &call, error);
    if (status == 0) {
        int64_t size = -1;
        struct str length = http_client_header(&result.response, "content-length");
        struct str etag = http_client_header(&result.response, "etag");
        if (!integer_from_text(length, &size) || size < 0) {
            status = error_set(error, STATUS_IO, "%s: S3 does not tell its length", object->name);
        }
        out->size = (uint64_t)size;
        snprintf(out->etag, sizeof out->etag, "%.*s", STR_ARG(etag));
    }
    aws_result_free(&result);
    return status;
}

int s3_object_put(struct s3_object *object, struct str body, const char *content_type,
                  int stop_descriptor, struct error *error)
{
    char header[160];
    snprintf(header, sizeof header, "content-type: %.128s", content_type);
    const char *const headers[] = {header};
    struct aws_call call = {
        .request = {.method = "PUT", .headers = headers, .header_count = 1, .body = body},
        .asked = {.action = "s3:PutObject"},
        .seconds = PUT_SECONDS,
        .stop_descriptor = stop_descriptor,
    };
    struct aws_result result;
    int status = s3_send(&result, object, &call, error);
    aws_result_free(&result);
    return status;
}

/* ---- stopping ---- */

static int watch(int epoll, int descriptor)
{
    struct epoll_event event = {.events = EPOLLIN};
    return descriptor < 0 ? 0 : epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event);
}

/* An epoll descriptor is readable when one of those in it is: two descriptors that look like one. */
int s3_stop_open(struct s3_stop *out, struct error *error)
{
    out->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    out->descriptor = epoll_create1(EPOLL_CLOEXEC);
    if (out->event >= 0 && out->descriptor >= 0 && watch(out->descriptor, out->event) == 0 &&
        watch(out->descriptor, wake_descriptor()) == 0) {
        return 0;
    }
    int number = errno;
    s3_stop_close(out);
    return error_system(error, number, "cannot make an event descriptor");
}

void s3_stop_raise(struct s3_stop *stop)
{
    const uint64_t one = 1;
    /* It cannot fail: the counter is far from full. */
    ssize_t ignored = write(stop->event, &one, sizeof one);
    (void)ignored;
}

void s3_stop_close(struct s3_stop *stop)
{
    if (stop->event >= 0) {
        close(stop->event);
    }
    if (stop->descriptor >= 0) {
        close(stop->descriptor);
    }
    stop->event = stop->descriptor = -1;
}
