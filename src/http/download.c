#include "http/download.h"

#include <pthread.h>
#include <string.h>

#include "base/memory.h"
#include "http/packing.h"
#include "http/timing.h"

/* Enough that neither side waits for the other at every piece. */
enum { RING_BYTES = 128 << 10, PENDING_BYTES = 16 << 10 };

struct http_download {
    struct stream stream; /* what the producer writes to, or what packs for it */
    struct http_producer producer;
    bool packed;
    pthread_t thread;
    int status; /* of the producer, with its error; read after the thread has ended */
    struct error error;
    size_t pending_length; /* the producer's own, so that small pieces take no lock */

    pthread_mutex_t lock;
    pthread_cond_t readable;
    pthread_cond_t writable;
    /* Guarded by lock. */
    size_t start; /* of what is not read yet */
    size_t used;
    bool ended;
    bool failed;
    bool cancelled;
    char pending[PENDING_BYTES];
    char ring[RING_BYTES];
};

/* ---- the producer's side ---- */

/* As much of `text` as there is room for; 0 when there is none. Under the lock. */
static size_t put(struct http_download *download, struct str text)
{
    size_t end = (download->start + download->used) % RING_BYTES;
    size_t room = RING_BYTES - download->used;
    size_t straight = RING_BYTES - end < room ? RING_BYTES - end : room;
    size_t count = text.len < straight ? text.len : straight;
    memcpy(download->ring + end, text.ptr, count);
    download->used += count;
    return count;
}

static int write_ring(struct http_download *download, struct str text, struct error *error)
{
    pthread_mutex_lock(&download->lock);
    while (text.len > 0 && !download->cancelled) {
        size_t count = put(download, text);
        text.ptr += count;
        text.len -= count;
        if (count > 0) {
            pthread_cond_signal(&download->readable);
        } else {
            pthread_cond_wait(&download->writable, &download->lock);
        }
    }
    bool cancelled = download->cancelled;
    pthread_mutex_unlock(&download->lock);
    return cancelled ? error_set(error, STATUS_CANCELLED, "the client has gone") : STATUS_OK;
}

static int flush(struct http_download *download, struct error *error)
{
    struct str pending = {download->pending, download->pending_length};
    download->pending_length = 0;
    return write_ring(download, pending, error);
}

static int write_piece(struct stream *stream, struct str text, struct error *error)
{
    struct http_download *download = (struct http_download *)stream;
    int status = STATUS_OK;
    if (text.len > PENDING_BYTES - download->pending_length) {
        status = flush(download, error);
    }
    if (status != STATUS_OK || text.len > PENDING_BYTES) {
        return status == STATUS_OK ? write_ring(download, text, error) : status;
    }
    if (text.len > 0) {
        memcpy(download->pending + download->pending_length, text.ptr, text.len);
        download->pending_length += text.len;
    }
    return STATUS_OK;
}

static const struct stream_operations operations = {.write = write_piece};

static int produce(struct http_download *download, struct error *error)
{
    struct stream *out = &download->stream;
    struct stream *packing = NULL;
    int status = STATUS_OK;
    if (download->packed) {
        status = http_packing_open(&packing, out, error);
        out = packing;
    }
    if (status == STATUS_OK) {
        status = download->producer.produce(download->producer.context, out, error);
    }
    if (status == STATUS_OK && packing != NULL) {
        status = packing->operations->finish(packing, error);
    }
    stream_free(packing);
    /* Of a failed answer, too: what there was of it. */
    struct error other;
    int flushed = flush(download, status == STATUS_OK ? error : &other);
    return status == STATUS_OK ? flushed : status;
}

static void *run(void *context)
{
    struct http_download *download = context;
    download->status = produce(download, &download->error);
    if (download->producer.release != NULL) {
        download->producer.release(download->producer.context);
    }
    pthread_mutex_lock(&download->lock);
    download->ended = true;
    download->failed = download->status != STATUS_OK;
    pthread_cond_signal(&download->readable);
    pthread_mutex_unlock(&download->lock);
    return NULL;
}

/* ---- the reader's side ---- */

static void destroy(struct http_download *download)
{
    pthread_cond_destroy(&download->writable);
    pthread_cond_destroy(&download->readable);
    pthread_mutex_destroy(&download->lock);
    memory_free(download);
}

int http_download_open(struct http_download **out, const struct http_producer *producer,
                       bool packed, struct error *error)
{
    *out = NULL;
    struct http_download *download = memory_alloc(sizeof *download);
    if (download == NULL) {
        return error_out_of_memory(error);
    }
    /* All but the buffers. */
    memset(download, 0, offsetof(struct http_download, pending));
    download->stream.operations = &operations;
    stream_set_name(&download->stream, "the answer");
    download->producer = *producer;
    download->packed = packed;
    pthread_mutex_init(&download->lock, NULL);
    pthread_cond_init(&download->readable, NULL);
    pthread_cond_init(&download->writable, NULL);
    int number = pthread_create(&download->thread, NULL, run, download);
    if (number != 0) {
        destroy(download);
        error_system(error, number, "cannot start a thread for an answer");
        error->status = STATUS_RESOURCES;
        return STATUS_RESOURCES;
    }
    *out = download;
    return STATUS_OK;
}

static size_t take(struct http_download *download, char *out, size_t size)
{
    size_t straight = RING_BYTES - download->start;
    size_t count = download->used < straight ? download->used : straight;
    count = count < size ? count : size;
    memcpy(out, download->ring + download->start, count);
    download->start = (download->start + count) % RING_BYTES;
    download->used -= count;
    return count;
}

size_t http_download_read(struct http_download *download, char *out, size_t size,
                          enum http_download_end *end)
{
    size_t count = 0;
    *end = HTTP_DOWNLOAD_GOES_ON;
    pthread_mutex_lock(&download->lock);
    while (download->used == 0 && !download->ended && !download->cancelled) {
        pthread_cond_wait(&download->readable, &download->lock);
    }
    if (download->cancelled || (download->used == 0 && download->failed)) {
        *end = HTTP_DOWNLOAD_FAILED;
    } else if (download->used == 0) {
        *end = HTTP_DOWNLOAD_WHOLE;
    } else {
        count = take(download, out, size);
        pthread_cond_signal(&download->writable);
    }
    pthread_mutex_unlock(&download->lock);
    return count;
}

void http_download_cancel(struct http_download *download)
{
    pthread_mutex_lock(&download->lock);
    download->cancelled = true;
    pthread_cond_signal(&download->readable);
    pthread_cond_signal(&download->writable);
    pthread_mutex_unlock(&download->lock);
}

int http_download_close(struct http_download *download, struct error *error)
{
    if (download == NULL) {
        return STATUS_OK;
    }
    http_download_cancel(download);
    pthread_join(download->thread, NULL);
    int status = download->status;
    if (status == STATUS_CANCELLED) {
        status = STATUS_OK;
    } else if (status != STATUS_OK) {
        *error = download->error;
    }
    destroy(download);
    return status;
}
