/*
 * Reading an object as a stream. A thread of its own reads ahead, at most S3_READ_AHEAD bytes.
 *
 * A connection that breaks off is taken up again where it ended, and only if the object is still
 * the same (If-Match with its ETag): what is read is always one version, whole, or an error.
 *
 * Thread rule: as a stream.
 */
#ifndef AWS_S3_DOWNLOAD_H
#define AWS_S3_DOWNLOAD_H

#include "aws/session.h"
#include "base/error.h"
#include "base/stream.h"

enum { S3_READ_AHEAD = 4 << 20 };

/* The bytes of the object as they are. Waits for the first answer: that there is no such object, or
   no permission, is said here. */
int s3_download_open(struct stream **out, struct aws_session *session, const char *uri,
                     struct error *error);

/* The same with the process's session, unpacked when the object is gzip: what an import reads. */
int s3_open_stream(struct stream **out, const char *uri, struct error *error);

#endif
