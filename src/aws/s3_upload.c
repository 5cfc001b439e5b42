#include "aws/s3_upload.h"

#include <assert.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "aws/s3.h"
#include "aws/xml.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/vec.h"

#define CONTENT_TYPE "text/csv"

enum {
    SHORT_SECONDS = 60,
    ABORT_SECONDS = 10,
    /* S3 may take minutes to put many parts together, and sends a space from time to time. */
    COMPLETE_SECONDS = 900,
    COMPLETE_STALL_SECONDS = 300,
    PART_SECONDS = 1800,
    PART_STALL_SECONDS = 60, /* what is sent may wait for the store's disks */
    MOST_UPLOAD_ID = 1024,
    MOST_COMPLETION = 4 << 20,
};

enum part_state {
    PART_FREE,
    PART_FILLING, /* the writer's */
    PART_FULL,    /* waits for a sender */
    PART_SENDING, /* a sender's */
};

struct part {
    enum part_state state;
    uint32_t number; /* from 1 */
    char *bytes;
    size_t len;
    size_t cap;
};

struct etag {
    char text[S3_MOST_ETAG];
};

struct s3_upload {
    struct stream base; /* the first member: the stream is the upload */
    struct s3_object object;
    struct s3_stop stop;
    char id[MOST_UPLOAD_ID]; /* of the multipart upload; empty: there is none */
    bool done;               /* the object stands */
    pthread_t senders[S3_SENDERS];
    size_t sender_count;
    struct part *filling; /* NULL: none yet */
    uint32_t parts;       /* begun so far */

    pthread_mutex_t lock; /* guards what follows, and the parts' states */
    pthread_cond_t changed;
    struct part buffers[S3_BUFFERS];
    struct {
        VEC(struct etag);
    } etags; /* by part number - 1 */
    bool closing;
    int status; /* the first failure of a sender */
    struct error error;
};

/* ---- the senders ---- */

static int send_part(struct s3_upload *upload, const struct part *part, struct etag *etag,
                     struct error *error)
{
    static const char *const headers[] = {"content-type: application/octet-stream"};
    /* Of its own: s3_send() may change it. */
    struct s3_object object = upload->object;
    char number[16];
    snprintf(number, sizeof number, "%" PRIu32, part->number);
    const struct aws_parameter query[] = {{"partNumber", str_from(number)},
                                          {"uploadId", str_from(upload->id)}};
    struct aws_call call = {
        .request = {.method = "PUT",
                    .query = query,
                    .query_count = 2,
                    .headers = headers,
                    .header_count = 1,
                    .body = {part->bytes, part->len}},
        .asked = {.action = "s3:PutObject"},
        .seconds = PART_SECONDS,
        .stall_seconds = PART_STALL_SECONDS,
        .stop_descriptor = upload->stop.descriptor,
    };
    struct aws_result result;
    int status = s3_send(&result, &object, &call, error);
    struct str answer = http_client_header(&result.response, "etag");
    if (status == 0 && (answer.len == 0 || answer.len >= sizeof etag->text)) {
        status = error_set(error, STATUS_IO, "%s: S3 gave a part no ETag", object.name);
    }
    if (status == 0) {
        memcpy(etag->text, answer.ptr, answer.len + 1);
    }
    aws_result_free(&result);
    return status;
}

static struct part *find_part(struct s3_upload *upload, enum part_state state)
{
    for (size_t i = 0; i < S3_BUFFERS; i++) {
        if (upload->buffers[i].state == state) {
            return &upload->buffers[i];
        }
    }
    return NULL;
}

/* With the lock held. */
static void note_failure(struct s3_upload *upload, int status, const struct error *error)
{
    if (upload->status == 0) {
        upload->status = status;
        upload->error = *error;
        s3_stop_raise(&upload->stop); /* the others' work is in vain, too */
    }
}

static void *run_sender(void *context)
{
    struct s3_upload *upload = context;
    pthread_mutex_lock(&upload->lock);
    while (upload->status == 0) {
        struct part *part = find_part(upload, PART_FULL);
        if (part == NULL && upload->closing) {
            break;
        }
        if (part == NULL) {
            pthread_cond_wait(&upload->changed, &upload->lock);
            continue;
        }
        part->state = PART_SENDING;
        pthread_mutex_unlock(&upload->lock);
        struct etag etag;
        struct error error;
        int status = send_part(upload, part, &etag, &error);
        pthread_mutex_lock(&upload->lock);
        if (status == 0) {
            upload->etags.items[part->number - 1] = etag;
        } else {
            note_failure(upload, status, &error);
        }
        part->state = PART_FREE;
        pthread_cond_broadcast(&upload->changed);
    }
    pthread_mutex_unlock(&upload->lock);
    return NULL;
}

static int start_senders(struct s3_upload *upload, struct error *error)
{
    while (upload->sender_count < S3_SENDERS) {
        int number =
            pthread_create(&upload->senders[upload->sender_count], NULL, run_sender, upload);
        if (number != 0 && upload->sender_count == 0) {
            return error_system(error, number, "cannot start a thread");
        }
        if (number != 0) {
            break; /* fewer will do */
        }
        upload->sender_count++;
    }
    return 0;
}

static void join_senders(struct s3_upload *upload)
{
    pthread_mutex_lock(&upload->lock);
    upload->closing = true;
    pthread_cond_broadcast(&upload->changed);
    pthread_mutex_unlock(&upload->lock);
    while (upload->sender_count > 0) {
        pthread_join(upload->senders[--upload->sender_count], NULL);
    }
}

/* ---- a multipart upload's beginning and end ---- */

static int read_upload_id(struct s3_upload *upload, struct str body, struct error *error)
{
    struct xml xml;
    int status = xml_read(&xml, body, error);
    if (status != 0) {
        error_prefix(error, "%s", upload->object.name);
        return status;
    }
    struct str id = xml_find(&xml, "InitiateMultipartUploadResult/UploadId");
    if (id.len == 0 || id.len >= sizeof upload->id) {
        status =
            error_set(error, STATUS_IO, "%s: S3 began no multipart upload", upload->object.name);
    } else {
        memcpy(upload->id, id.ptr, id.len + 1);
    }
    xml_free(&xml);
    return status;
}

static int create(struct s3_upload *upload, struct error *error)
{
    static const char *const headers[] = {"content-type: " CONTENT_TYPE};
    const struct aws_parameter query[] = {{"uploads", STR("")}};
    struct aws_call call = {
        .request = {.method = "POST",
                    .query = query,
                    .query_count = 1,
                    .headers = headers,
                    .header_count = 1},
        .asked = {.action = "s3:PutObject"},
        .seconds = SHORT_SECONDS,
        .stop_descriptor = upload->stop.descriptor,
    };
    struct aws_result result;
    int status = s3_send(&result, &upload->object, &call, error);
    if (status == 0) {
        status = read_upload_id(upload, text_str(&result.response.body), error);
    }
    aws_result_free(&result);
    return status == 0 ? start_senders(upload, error) : status;
}

static void append_escaped(struct text_buffer *out, const char *text)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '&': text_append(out, STR("&amp;")); break;
        case '<': text_append(out, STR("&lt;")); break;
        case '>': text_append(out, STR("&gt;")); break;
        default: text_append_char(out, *text);
        }
    }
}

static void write_completion(struct text_buffer *out, const struct s3_upload *upload)
{
    text_append(out, STR("<CompleteMultipartUpload "
                         "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"));
    for (uint32_t i = 0; i < upload->parts; i++) {
        text_append(out, STR("<Part><ETag>"));
        append_escaped(out, upload->etags.items[i].text);
        text_appendf(out, "</ETag><PartNumber>%" PRIu32 "</PartNumber></Part>", i + 1);
    }
    text_append(out, STR("</CompleteMultipartUpload>"));
}

/* When an answer got lost (curl may have sent the request again without telling) the upload may be
   unknown because it is complete: then the object has its length, and an ETag that ends with the
   number of parts. */
static bool is_there(struct s3_upload *upload)
{
    struct s3_head head;
    struct error ignored;
    char tail[16];
    snprintf(tail, sizeof tail, "-%" PRIu32 "\"", upload->parts);
    return s3_object_head(&head, &upload->object, &ignored) == 0 &&
           head.size == upload->base.bytes && str_ends_with(str_from(head.etag), str_from(tail));
}

static int complete(struct s3_upload *upload, struct error *error)
{
    static const char *const headers[] = {"content-type: application/xml"};
    const struct aws_parameter query[] = {{"uploadId", str_from(upload->id)}};
    struct text_buffer body = TEXT_BUFFER(MOST_COMPLETION);
    write_completion(&body, upload);
    if (body.failed) {
        text_free(&body);
        return error_out_of_memory(error);
    }
    struct aws_call call = {
        .request = {.method = "POST",
                    .query = query,
                    .query_count = 1,
                    .headers = headers,
                    .header_count = 1,
                    .body = text_str(&body)},
        .asked = {.action = "s3:PutObject"},
        .body_may_fail = true,
        .seconds = COMPLETE_SECONDS,
        .stall_seconds = COMPLETE_STALL_SECONDS,
        .stop_descriptor = upload->stop.descriptor,
    };
    struct aws_result result;
    int status = s3_send(&result, &upload->object, &call, error);
    bool unknown = aws_fault_is(&result.fault, "NoSuchUpload");
    if (status != 0 && unknown && is_there(upload)) {
        status = 0;
    } else if (status != 0 && result.fault.status == 0 && status == STATUS_IO) {
        error_hint(error, "this was the last request: the object may stand there all the same");
    }
    aws_result_free(&result);
    text_free(&body);
    return status;
}

/* Whatever happened, and even when the program was asked to stop: hence no stop descriptor, but a
   short time. */
static void abort_upload(struct s3_upload *upload)
{
    const struct aws_parameter query[] = {{"uploadId", str_from(upload->id)}};
    struct aws_call call = {
        .request = {.method = "DELETE", .query = query, .query_count = 1},
        .asked = {.action = "s3:AbortMultipartUpload"},
        .seconds = ABORT_SECONDS,
        .attempts = 4,
    };
    struct aws_result result;
    struct error error;
    int status = s3_send(&result, &upload->object, &call, &error);
    if (status != 0 && !aws_fault_is(&result.fault, "NoSuchUpload")) {
        error_prefix(&error, "an unfinished upload may have been left");
        log_write(LOG_WARNING, "%s", error.message);
    }
    aws_result_free(&result);
}

/* ---- the stream ---- */

static size_t part_size(uint32_t number)
{
    return number <= S3_SMALL_PARTS ? S3_PART_BYTES : S3_LARGE_PART_BYTES;
}

/* A free buffer as the next part, once a sender has done with one; the lock is not held. */
static int begin_part(struct s3_upload *upload, struct error *error)
{
    int status = 0;
    if (upload->parts == S3_MOST_PARTS) {
        return error_set(error, STATUS_INVALID, "%s: more than S3 takes in one upload",
                         upload->object.name);
    }
    pthread_mutex_lock(&upload->lock);
    struct part *part;
    while ((part = find_part(upload, PART_FREE)) == NULL && upload->status == 0) {
        pthread_cond_wait(&upload->changed, &upload->lock);
    }
    static const struct etag none = {""};
    if (upload->status != 0) {
        *error = upload->error;
        status = upload->status;
    } else if (!vec_push(&upload->etags, none)) {
        status = error_out_of_memory(error);
    } else {
        part->state = PART_FILLING;
        part->number = ++upload->parts;
        part->len = 0;
    }
    pthread_mutex_unlock(&upload->lock);
    if (status != 0) {
        return status;
    }
    upload->filling = part;
    if (part->cap < part_size(part->number)) {
        char *bytes = memory_resize_array(part->bytes, part_size(part->number), 1);
        if (bytes == NULL) {
            return error_out_of_memory(error);
        }
        part->bytes = bytes;
        part->cap = part_size(part->number);
    }
    return 0;
}

static int hand_over(struct s3_upload *upload, struct error *error)
{
    int status = upload->id[0] == '\0' ? create(upload, error) : 0;
    if (status == 0) {
        pthread_mutex_lock(&upload->lock);
        upload->filling->state = PART_FULL;
        upload->filling = NULL;
        pthread_cond_broadcast(&upload->changed);
        pthread_mutex_unlock(&upload->lock);
    }
    return status;
}

static int write_some(struct s3_upload *upload, struct str *text, struct error *error)
{
    struct part *part = upload->filling;
    int status = 0;
    /* A full part waits for the byte after it: the last one may be sent in another way. */
    if (part != NULL && part->len == part->cap) {
        status = hand_over(upload, error);
    }
    if (status == 0 && upload->filling == NULL) {
        status = begin_part(upload, error);
    }
    if (status != 0) {
        return status;
    }
    part = upload->filling;
    size_t room = part->cap - part->len;
    size_t len = text->len < room ? text->len : room;
    memcpy(part->bytes + part->len, text->ptr, len);
    part->len += len;
    upload->base.bytes += len;
    *text = (struct str){text->ptr + len, text->len - len};
    return 0;
}

/* Whoever named the object is to learn why it cannot be written: no fault of this machine's. */
static int blame_target(int status, struct error *error)
{
    if (status == STATUS_IO) {
        error->status = STATUS_INVALID;
    }
    return status == STATUS_IO ? STATUS_INVALID : status;
}

static int write_object(struct stream *base, struct str text, struct error *error)
{
    struct s3_upload *upload = (struct s3_upload *)base;
    int status = 0;
    while (status == 0 && text.len > 0) {
        status = write_some(upload, &text, error);
    }
    return blame_target(status, error);
}

static const struct stream_operations operations = {.write = write_object};

int s3_upload_open(struct s3_upload **out, struct aws_session *session, const char *uri,
                   struct error *error)
{
    *out = NULL;
    int status = session == NULL ? aws_session_shared(&session, error) : 0;
    if (status != 0) {
        return status;
    }
    struct s3_upload *upload = memory_alloc_zeroed(1, sizeof *upload);
    if (upload == NULL) {
        return error_out_of_memory(error);
    }
    upload->base.operations = &operations;
    upload->stop = (struct s3_stop){.event = -1, .descriptor = -1};
    stream_set_name(&upload->base, uri);
    /* With default attributes these two do not fail on Linux. */
    pthread_mutex_init(&upload->lock, NULL);
    pthread_cond_init(&upload->changed, NULL);
    status = s3_object_parse(&upload->object, session, uri, error);
    if (status == 0) {
        status = s3_stop_open(&upload->stop, error);
    }
    if (status != 0) {
        s3_upload_free(upload);
        return status;
    }
    *out = upload;
    return 0;
}

struct stream *s3_upload_stream(struct s3_upload *upload)
{
    return &upload->base;
}

/* What fits in one request needs no multipart upload, and is not seen in parts by anybody. */
static int put_whole(struct s3_upload *upload, struct error *error)
{
    const struct part *part = upload->filling;
    struct str body = part == NULL ? STR("") : (struct str){part->bytes, part->len};
    return s3_object_put(&upload->object, body, CONTENT_TYPE, upload->stop.descriptor, error);
}

static int finish_parts(struct s3_upload *upload, struct error *error)
{
    int status = upload->filling == NULL ? 0 : hand_over(upload, error);
    join_senders(upload);
    if (status == 0 && upload->status != 0) {
        *error = upload->error;
        status = upload->status;
    }
    return status == 0 ? complete(upload, error) : status;
}

int s3_upload_commit(struct s3_upload *upload, struct error *error)
{
    assert(!upload->done);
    int status = upload->id[0] == '\0' ? put_whole(upload, error) : finish_parts(upload, error);
    upload->done = status == 0;
    return blame_target(status, error);
}

void s3_upload_free(struct s3_upload *upload)
{
    if (upload == NULL) {
        return;
    }
    if (!upload->done && upload->stop.event >= 0) {
        s3_stop_raise(&upload->stop);
    }
    join_senders(upload);
    if (upload->id[0] != '\0' && !upload->done) {
        abort_upload(upload);
    }
    for (size_t i = 0; i < S3_BUFFERS; i++) {
        memory_free(upload->buffers[i].bytes);
    }
    vec_free(&upload->etags);
    s3_stop_close(&upload->stop);
    pthread_cond_destroy(&upload->changed);
    pthread_mutex_destroy(&upload->lock);
    memory_free(upload);
}
