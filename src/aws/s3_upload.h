/*
 * Writing an object as a stream. Up to S3_PART_BYTES are sent as one request; more becomes a
 * multipart upload of parts of that size, S3_SENDERS of them at a time. The object appears whole, or
 * not at all: what is not committed is aborted, so that no part is left that costs money.
 *
 * Memory: S3_BUFFERS parts, 40 MiB. S3 takes 10,000 parts: after S3_SMALL_PARTS of them (40 GB) they
 * are four times as long, 160 MiB altogether; the longest object is 200 GB.
 *
 * What is left to whoever owns the bucket: a process that is killed cannot abort. A lifecycle rule
 * (AbortIncompleteMultipartUpload) clears that away.
 *
 * Thread rule: one thread.
 */
#ifndef AWS_S3_UPLOAD_H
#define AWS_S3_UPLOAD_H

#include "aws/session.h"
#include "base/error.h"
#include "base/stream.h"

enum {
    S3_PART_BYTES = 8 << 20,
    S3_LARGE_PART_BYTES = 32 << 20,
    S3_SMALL_PARTS = 5000,
    S3_MOST_PARTS = 10000,
    S3_SENDERS = 4,
    S3_BUFFERS = S3_SENDERS + 1,
};

struct s3_upload;

/* Checks the URI and prepares; nothing is asked of S3 yet. `session` NULL: the process's. */
int s3_upload_open(struct s3_upload **out, struct aws_session *session, const char *uri,
                   struct error *error);

/* The stream to write to; belongs to the upload. */
struct stream *s3_upload_stream(struct s3_upload *upload);

/* Sends what is left and lets the object appear. After a failure it has not, but for one case that
   the message tells: no answer came to the last request of all. */
int s3_upload_commit(struct s3_upload *upload, struct error *error);

/* Aborts what was not committed. NULL is fine. */
void s3_upload_free(struct s3_upload *upload);

#endif
