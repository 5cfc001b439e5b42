#include "aws/s3_download.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "aws/s3.h"
#include "base/memory.h"
#include "base/number_text.h"

/* An attempt that brought so much was no failure: a long object may break off often. */
enum { WORTHWHILE = 1 << 20 };

struct download {
    struct stream base;
    struct s3_object object;
    struct s3_stop stop;
    pthread_t thread;
    bool has_thread;

    /* Of the thread. */
    uint64_t offset; /* bytes that have arrived */
    uint64_t skip;   /* bytes of this answer that have arrived before */
    char etag[S3_MOST_ETAG];

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t changed;
    char *ring;   /* S3_READ_AHEAD bytes */
    size_t start; /* of what is in it */
    size_t count;
    uint64_t total; /* of the object, once begun */
    bool begun;
    bool closed; /* nobody reads any more */
    bool ended;
    int status; /* why it ended */
    struct error error;
};

/* ---- the thread ---- */

static int changed_meanwhile(const struct download *download, struct error *error)
{
    error_set(error, STATUS_INVALID, "%s: the object has been changed while it was being read",
              download->object.name);
    error_hint(error, "try again when nobody is writing it");
    return STATUS_INVALID;
}

static int no_length(const struct download *download, struct error *error)
{
    return error_set(error, STATUS_IO, "%s: S3 does not tell its length", download->object.name);
}

/* The number that the text of `c` begins with; *c is what follows. */
static bool next_number(uint64_t *out, const char **c)
{
    const char *begin = *c;
    *out = 0;
    while (**c >= '0' && **c <= '9' && *out < UINT64_MAX / 10 - 9) {
        *out = *out * 10 + (uint64_t)(*(*c)++ - '0');
    }
    return *c > begin;
}

/* "bytes 100-199/200": what came before must end where this begins, and the whole be as long. */
static bool continues(const struct download *download, struct str range)
{
    uint64_t first;
    uint64_t last;
    uint64_t total;
    const char *c = range.ptr;
    if (!str_starts_with(range, STR("bytes "))) {
        return false;
    }
    c += strlen("bytes ");
    if (!next_number(&first, &c) || *c++ != '-' || !next_number(&last, &c) || *c++ != '/' ||
        !next_number(&total, &c) || *c != '\0') {
        return false;
    }
    return first == download->offset && total == download->total && last + 1 == total;
}

static int begin_first(struct download *download, const struct http_client_response *response,
                       struct error *error)
{
    int64_t length = -1;
    if (!integer_from_text(http_client_header(response, "content-length"), &length) || length < 0) {
        return no_length(download, error);
    }
    struct str etag = http_client_header(response, "etag");
    if (etag.len > 0 && etag.len < sizeof download->etag) {
        memcpy(download->etag, etag.ptr, etag.len + 1);
    }
    pthread_mutex_lock(&download->lock);
    download->total = (uint64_t)length;
    download->begun = true;
    pthread_cond_broadcast(&download->changed);
    pthread_mutex_unlock(&download->lock);
    return 0;
}

/* The headers of a 2xx answer are there. */
static int begin(void *context, const struct http_client_response *response, struct error *error)
{
    struct download *download = context;
    download->skip = 0;
    if (!download->begun) {
        return begin_first(download, response, error);
    }
    struct str etag = http_client_header(response, "etag");
    if (!str_equal(etag, str_from(download->etag))) {
        return changed_meanwhile(download, error);
    }
    if (response->status == 206) {
        return continues(download, http_client_header(response, "content-range"))
                   ? 0
                   : changed_meanwhile(download, error);
    }
    /* The range was not heeded: the same object from its beginning. */
    int64_t length = -1;
    if (!integer_from_text(http_client_header(response, "content-length"), &length) ||
        (uint64_t)length != download->total) {
        return changed_meanwhile(download, error);
    }
    download->skip = download->offset;
    return 0;
}

/* Waits for room and puts as much of the piece into the ring as fits; 0 when nobody reads. */
static size_t put(struct download *download, struct str piece)
{
    pthread_mutex_lock(&download->lock);
    while (download->count == S3_READ_AHEAD && !download->closed) {
        pthread_cond_wait(&download->changed, &download->lock);
    }
    size_t end = (download->start + download->count) % S3_READ_AHEAD;
    size_t room = S3_READ_AHEAD - download->count;
    room = room < S3_READ_AHEAD - end ? room : S3_READ_AHEAD - end;
    size_t len = piece.len < room ? piece.len : room;
    bool closed = download->closed;
    /* The free part of the ring is the thread's: the reader only makes it larger. */
    pthread_mutex_unlock(&download->lock);
    if (closed) {
        return 0;
    }
    memcpy(download->ring + end, piece.ptr, len);
    pthread_mutex_lock(&download->lock);
    download->count += len;
    pthread_cond_broadcast(&download->changed);
    pthread_mutex_unlock(&download->lock);
    return len;
}

static int receive(void *context, struct str piece, struct error *error)
{
    struct download *download = context;
    size_t skip = download->skip < piece.len ? (size_t)download->skip : piece.len;
    download->skip -= skip;
    piece = (struct str){piece.ptr + skip, piece.len - skip};
    while (piece.len > 0) {
        size_t len = put(download, piece);
        if (len == 0) {
            return error_set(error, STATUS_CANCELLED, "the download is not wanted any more");
        }
        download->offset += len;
        piece = (struct str){piece.ptr + len, piece.len - len};
    }
    return 0;
}

static int attempt(struct download *download, struct aws_fault *fault, struct error *error)
{
    char range[64];
    char match[S3_MOST_ETAG + 16];
    snprintf(range, sizeof range, "range: bytes=%llu-", (unsigned long long)download->offset);
    snprintf(match, sizeof match, "if-match: %s", download->etag);
    const char *const headers[] = {match, range};
    struct aws_call call = {
        .request = {.method = "GET", .headers = headers, .header_count = download->begun ? 2 : 0},
        .asked = {.action = "s3:GetObject", .blind = true},
        .begin = begin,
        .download = receive,
        .context = download,
        .stop_descriptor = download->stop.descriptor,
    };
    struct aws_result result;
    int status = s3_send(&result, &download->object, &call, error);
    *fault = result.fault;
    aws_result_free(&result);
    if (status == 0 && download->offset != download->total) {
        status = error_set(error, STATUS_IO, "%s: %llu of %llu bytes have arrived",
                           download->object.name, (unsigned long long)download->offset,
                           (unsigned long long)download->total);
    }
    return status;
}

/* Whether another attempt may do better. 412, 416 and 404 after a beginning: it is another object. */
static bool may_resume(const struct download *download, int status, const struct aws_fault *fault)
{
    if (status != STATUS_IO || (download->begun && download->etag[0] == '\0')) {
        return false;
    }
    return fault->status == 0 || (fault->status >= 200 && fault->status <= 299) ||
           aws_fault_is_passing(fault);
}

static int fetch(struct download *download, struct error *error)
{
    unsigned failed = 0;
    for (;;) {
        uint64_t before = download->offset;
        struct aws_fault fault = {0};
        int status = attempt(download, &fault, error);
        if (status == 0) {
            return 0;
        }
        if (download->begun &&
            (fault.status == 404 || fault.status == 412 || fault.status == 416)) {
            return changed_meanwhile(download, error);
        }
        failed = download->offset - before >= WORTHWHILE ? 1 : failed + 1;
        if (!may_resume(download, status, &fault) || failed >= download->object.session->attempts) {
            return status;
        }
        struct error waiting;
        status = aws_retry_wait(failed, download->stop.descriptor, &waiting);
        if (status != 0) {
            *error = waiting;
            return status;
        }
    }
}

static void *run(void *context)
{
    struct download *download = context;
    struct error error;
    int status = fetch(download, &error);
    if (status == STATUS_IO) {
        /* Whoever named the object is to learn why it cannot be read: no fault of this machine's. */
        status = error.status = STATUS_INVALID;
    }
    pthread_mutex_lock(&download->lock);
    download->ended = true;
    download->status = status;
    if (status != 0) {
        download->error = error;
    }
    pthread_cond_broadcast(&download->changed);
    pthread_mutex_unlock(&download->lock);
    return NULL;
}

/* ---- the stream ---- */

static int read_object(struct stream *base, char *out, size_t size, size_t *got,
                       struct error *error)
{
    struct download *download = (struct download *)base;
    int status = 0;
    *got = 0;
    pthread_mutex_lock(&download->lock);
    while (download->count == 0 && !download->ended) {
        pthread_cond_wait(&download->changed, &download->lock);
    }
    size_t len = download->count < size ? download->count : size;
    len = len < S3_READ_AHEAD - download->start ? len : S3_READ_AHEAD - download->start;
    const char *from = download->ring + download->start;
    if (download->count == 0 && download->status != 0) {
        *error = download->error;
        status = download->status;
    }
    pthread_mutex_unlock(&download->lock);
    if (len == 0) {
        return status;
    }
    memcpy(out, from, len); /* the thread writes elsewhere in the ring */
    pthread_mutex_lock(&download->lock);
    download->start = (download->start + len) % S3_READ_AHEAD;
    download->count -= len;
    pthread_cond_broadcast(&download->changed);
    pthread_mutex_unlock(&download->lock);
    base->bytes += len;
    *got = len;
    return 0;
}

static void free_object(struct stream *base)
{
    struct download *download = (struct download *)base;
    if (download->has_thread) {
        pthread_mutex_lock(&download->lock);
        download->closed = true;
        pthread_cond_broadcast(&download->changed);
        pthread_mutex_unlock(&download->lock);
        s3_stop_raise(&download->stop);
        pthread_join(download->thread, NULL);
    }
    s3_stop_close(&download->stop);
    pthread_cond_destroy(&download->changed);
    pthread_mutex_destroy(&download->lock);
    memory_free(download->ring);
    memory_free(download);
}

static const struct stream_operations operations = {.read = read_object, .free = free_object};

/* Waits until the first answer is there, or there will be none. */
static int await_beginning(struct download *download, struct error *error)
{
    int status = 0;
    pthread_mutex_lock(&download->lock);
    while (!download->begun && !download->ended) {
        pthread_cond_wait(&download->changed, &download->lock);
    }
    if (!download->begun && download->status != 0) {
        *error = download->error;
        status = download->status;
    }
    download->base.size = download->total;
    pthread_mutex_unlock(&download->lock);
    return status;
}

static int start(struct download *download, struct error *error)
{
    download->ring = memory_alloc(S3_READ_AHEAD);
    if (download->ring == NULL) {
        return error_out_of_memory(error);
    }
    int status = s3_stop_open(&download->stop, error);
    if (status != 0) {
        return status;
    }
    int number = pthread_create(&download->thread, NULL, run, download);
    if (number != 0) {
        return error_system(error, number, "cannot start a thread");
    }
    download->has_thread = true;
    return await_beginning(download, error);
}

int s3_download_open(struct stream **out, struct aws_session *session, const char *uri,
                     struct error *error)
{
    *out = NULL;
    struct download *download = memory_alloc_zeroed(1, sizeof *download);
    if (download == NULL) {
        return error_out_of_memory(error);
    }
    download->base.operations = &operations;
    download->stop = (struct s3_stop){.event = -1, .descriptor = -1};
    stream_set_name(&download->base, uri);
    /* With default attributes these two do not fail on Linux. */
    pthread_mutex_init(&download->lock, NULL);
    pthread_cond_init(&download->changed, NULL);
    int status = s3_object_parse(&download->object, session, uri, error);
    if (status == 0) {
        status = start(download, error);
    }
    if (status != 0) {
        free_object(&download->base);
        return status;
    }
    *out = &download->base;
    return 0;
}

int s3_open_stream(struct stream **out, const char *uri, struct error *error)
{
    struct aws_session *session;
    struct stream *packed;
    *out = NULL;
    int status = aws_session_shared(&session, error);
    if (status == 0) {
        status = s3_download_open(&packed, session, uri, error);
    }
    return status == 0 ? stream_open_unpacked(out, packed, error) : status;
}
