/*
 * aws-driver: what src/aws does, one operation a process, for tests against stand-ins.
 *
 *   get URI                   writes the object to standard output
 *   unpack URI                the same, unpacked when it is gzip
 *   put URI                   writes standard input to the object
 *   head URI                  prints {"size", "etag"}
 *   credentials [THREADS]     takes them in so many threads at once and prints
 *                             {"access_key", "token", "source", "same"}
 *   cognito POOL [FILTER]     prints [{"sub", "username", "email", "unverified", "enabled", "confirmed"}, …]
 *   secret ARN                prints the text
 *
 * The last line of standard error is {"status", "message", "detail", "hint", "bytes", "peak"}: an enum
 * status with the error's texts, bytes of the object that were moved, and the most memory that was
 * allocated at any time. The exit status is 0 when the status is.
 */

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "aws/cognito.h"
#include "aws/s3.h"
#include "aws/s3_download.h"
#include "aws/s3_upload.h"
#include "aws/secrets_manager.h"
#include "base/compiler.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/number_text.h"

enum { PIECE = 256 << 10, MOST_THREADS = 64, MOST_OUTPUT = 64 << 20 };

static uint64_t moved;

static int print(const struct text_buffer *text, struct error *error)
{
    if (text->failed) {
        return error_out_of_memory(error);
    }
    fwrite(text->ptr, 1, text->len, stdout);
    return 0;
}

/* ---- objects ---- */

static int copy_out(struct stream *stream, struct error *error)
{
    static char piece[PIECE];
    size_t got = 1;
    int status = 0;
    while (status == 0 && got > 0) {
        status = stream_read(stream, piece, sizeof piece, &got, error);
        if (status == 0 && fwrite(piece, 1, got, stdout) != got) {
            status = error_set(error, STATUS_IO, "cannot write");
        }
        moved += status == 0 ? got : 0;
    }
    stream_free(stream);
    return status;
}

static int run_get(struct aws_session *session, char **arguments, struct error *error)
{
    struct stream *stream;
    int status = s3_download_open(&stream, session, arguments[0], error);
    return status == 0 ? copy_out(stream, error) : status;
}

static int run_unpack(struct aws_session *session, char **arguments, struct error *error)
{
    (void)session;
    struct stream *stream;
    int status = s3_open_stream(&stream, arguments[0], error);
    return status == 0 ? copy_out(stream, error) : status;
}

static int run_put(struct aws_session *session, char **arguments, struct error *error)
{
    static char piece[PIECE];
    struct stream *input;
    struct s3_upload *upload = NULL;
    int status = stream_open_file(&input, "-", error);
    if (status == 0) {
        status = s3_upload_open(&upload, session, arguments[0], error);
    }
    for (size_t got = 1; status == 0 && got > 0;) {
        status = stream_read(input, piece, sizeof piece, &got, error);
        if (status == 0 && got > 0) {
            status = stream_write(s3_upload_stream(upload), (struct str){piece, got}, error);
            moved += got;
        }
    }
    if (status == 0) {
        status = s3_upload_commit(upload, error);
    }
    s3_upload_free(upload);
    stream_free(input);
    return status;
}

static int run_head(struct aws_session *session, char **arguments, struct error *error)
{
    struct s3_object object;
    struct s3_head head;
    int status = s3_object_parse(&object, session, arguments[0], error);
    if (status == 0) {
        status = s3_object_head(&head, &object, error);
    }
    if (status != 0) {
        return status;
    }
    struct text_buffer text = TEXT_BUFFER(MOST_OUTPUT);
    struct json_writer writer;
    json_write_begin(&writer, &text, 0);
    json_write_open_object(&writer);
    json_write_key(&writer, "size");
    json_write_unsigned(&writer, head.size);
    json_write_key(&writer, "etag");
    json_write_string(&writer, str_from(head.etag));
    json_write_close_object(&writer);
    status = print(&text, error);
    text_free(&text);
    return status;
}

/* ---- credentials ---- */

struct taking {
    struct aws_session *session;
    struct aws_credentials *credentials;
    int status;
    struct error error;
};

static void *take(void *context)
{
    struct taking *taking = context;
    taking->status =
        aws_credentials_take(&taking->credentials, taking->session, NULL, &taking->error);
    return NULL;
}

static int print_credentials(const struct aws_credentials *credentials, bool same,
                             struct error *error)
{
    struct text_buffer text = TEXT_BUFFER(MOST_OUTPUT);
    struct json_writer writer;
    const char *token = credentials->session_token;
    json_write_begin(&writer, &text, 0);
    json_write_open_object(&writer);
    json_write_key(&writer, "access_key");
    json_write_string(&writer, str_from(credentials->access_key));
    json_write_key(&writer, "token");
    json_write_string(&writer, token == NULL ? (struct str){NULL, 0} : str_from(token));
    json_write_key(&writer, "source");
    json_write_string(&writer, str_from(aws_source_name(credentials->source)));
    json_write_key(&writer, "same");
    json_write_boolean(&writer, same);
    json_write_close_object(&writer);
    int status = print(&text, error);
    text_free(&text);
    return status;
}

static int run_credentials(struct aws_session *session, char **arguments, struct error *error)
{
    int64_t count = 1;
    if (arguments[0] != NULL &&
        (!integer_from_text(str_from(arguments[0]), &count) || count < 1 || count > MOST_THREADS)) {
        return error_set(error, STATUS_USAGE, "a number of threads");
    }
    static struct taking takings[MOST_THREADS];
    pthread_t threads[MOST_THREADS];
    for (int64_t i = 0; i < count; i++) {
        takings[i].session = session;
        pthread_create(&threads[i], NULL, take, &takings[i]);
    }
    int status = 0;
    bool same = true;
    for (int64_t i = 0; i < count; i++) {
        pthread_join(threads[i], NULL);
        if (takings[i].status != 0 && status == 0) {
            status = takings[i].status;
            *error = takings[i].error;
        }
        same = same && takings[i].credentials == takings[0].credentials;
    }
    if (status == 0) {
        status = print_credentials(takings[0].credentials, same, error);
    }
    for (int64_t i = 0; i < count; i++) {
        aws_credentials_release(takings[i].credentials);
    }
    return status;
}

/* ---- the others ---- */

static int add_user(void *context, const struct cognito_user *user, struct error *error)
{
    (void)error;
    struct json_writer *writer = context;
    json_write_open_object(writer);
    json_write_key(writer, "sub");
    json_write_string(writer, user->sub);
    json_write_key(writer, "username");
    json_write_string(writer, user->username);
    json_write_key(writer, "email");
    json_write_string(writer, user->email);
    json_write_key(writer, "unverified");
    json_write_boolean(writer, user->email_unverified);
    json_write_key(writer, "enabled");
    json_write_boolean(writer, user->enabled);
    json_write_key(writer, "confirmed");
    json_write_boolean(writer, user->confirmed);
    json_write_close_object(writer);
    return 0;
}

static int run_cognito(struct aws_session *session, char **arguments, struct error *error)
{
    struct text_buffer text = TEXT_BUFFER(MOST_OUTPUT);
    struct json_writer writer;
    const struct cognito_query query = {.user_pool_id = arguments[0], .filter = arguments[1]};
    json_write_begin(&writer, &text, 0);
    json_write_open_array(&writer);
    int status = cognito_list_users(session, &query, add_user, &writer, error);
    json_write_close_array(&writer);
    if (status == 0) {
        status = print(&text, error);
    }
    text_free(&text);
    return status;
}

static int run_secret(struct aws_session *session, char **arguments, struct error *error)
{
    struct text_buffer text = TEXT_BUFFER(MOST_OUTPUT);
    int status = secrets_manager_read(&text, session, arguments[0], error);
    if (status == 0) {
        status = print(&text, error);
    }
    text_free(&text);
    return status;
}

static const struct {
    const char *name;
    int arguments; /* at least */
    int (*run)(struct aws_session *session, char **arguments, struct error *error);
} operations[] = {
    {"get", 1, run_get},
    {"unpack", 1, run_unpack},
    {"put", 1, run_put},
    {"head", 1, run_head},
    {"cognito", 1, run_cognito},
    {"secret", 1, run_secret},
    {"credentials", 0, run_credentials},
};

static int run(int argc, char **argv, struct error *error)
{
    struct aws_session *session = NULL;
    int status = aws_session_open(&session, error);
    if (status != 0) {
        return status;
    }
    status = STATUS_USAGE;
    for (size_t i = 0; argc > 1 && i < ARRAY_LENGTH(operations); i++) {
        if (strcmp(argv[1], operations[i].name) == 0 && argc - 2 >= operations[i].arguments) {
            status = operations[i].run(session, argv + 2, error);
        }
    }
    if (status == STATUS_USAGE) {
        error_set(error, STATUS_USAGE, "see the head of aws_driver.c");
    }
    aws_session_close(session);
    return status;
}

static void report(int status, const struct error *error)
{
    struct text_buffer text = TEXT_BUFFER(MOST_OUTPUT);
    struct json_writer writer;
    json_write_begin(&writer, &text, 0);
    json_write_open_object(&writer);
    json_write_key(&writer, "status");
    json_write_integer(&writer, status);
    json_write_key(&writer, "message");
    json_write_string(&writer, str_from(status == 0 ? "" : error->message));
    json_write_key(&writer, "detail");
    json_write_string(&writer, str_from(status == 0 ? "" : error->detail));
    json_write_key(&writer, "hint");
    json_write_string(&writer, str_from(status == 0 ? "" : error->hint));
    json_write_key(&writer, "bytes");
    json_write_unsigned(&writer, moved);
    json_write_key(&writer, "peak");
    json_write_unsigned(&writer, memory_peak());
    json_write_close_object(&writer);
    if (!text.failed) {
        fprintf(stderr, "%s\n", text.ptr);
    }
    text_free(&text);
}

int main(int argc, char **argv)
{
    struct error error = {0};
    int status = run(argc, argv, &error);
    fflush(stdout);
    report(status, &error);
    return status == 0 ? 0 : 1;
}
