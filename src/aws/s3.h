/*
 * S3: objects by their URI. Reading is in s3_download.h, writing in s3_upload.h.
 *
 * Where no endpoint is set a bucket is part of the host's name (of the path, when it has a dot, for
 * no certificate covers that); with an endpoint, as for a stand-in, it is part of the path. A bucket
 * in another region than ours is asked there as soon as S3 says so.
 *
 * Thread rule: any thread; an object belongs to one at a time.
 */
#ifndef AWS_S3_H
#define AWS_S3_H

#include <stdbool.h>
#include <stdint.h>

#include "aws/region.h"
#include "aws/retry.h"
#include "aws/session.h"
#include "base/error.h"

enum { S3_MOST_KEY = 1024, S3_MOST_ETAG = 256 };

struct s3_object {
    struct aws_session *session;
    char bucket[64];
    char key[S3_MOST_KEY + 1]; /* as it is meant, not encoded */
    char name[128];            /* "s3://bucket/key", for messages; a long one is cut */
    char region[AWS_MOST_REGION];
};

struct s3_head {
    uint64_t size;
    char etag[S3_MOST_ETAG];
};

/* "s3://bucket/key": 3 to 63 of a-z 0-9 . - ; a key of 1 to 1024 bytes of UTF-8, in which nothing is
   decoded. STATUS_INVALID else. */
int s3_object_parse(struct s3_object *out, struct aws_session *session, const char *uri,
                    struct error *error);

/* Whether a text is such a URI. */
bool s3_uri_is_valid(const char *uri);

/* Size and ETag. */
int s3_object_head(struct s3_head *out, struct s3_object *object, struct error *error);

/* Writes the whole object at once: for bodies that are small enough to be sent again. */
int s3_object_put(struct s3_object *object, struct str body, const char *content_type,
                  int stop_descriptor, struct error *error);

/* For the parts of S3 itself: a request on the object. The call's endpoint, region, path and what was
   asked are filled in here. */
int s3_send(struct aws_result *out, struct s3_object *object, struct aws_call *call,
            struct error *error);

/* What stops waiting in a transfer: the program's wake descriptor, or s3_stop_raise(). */
struct s3_stop {
    int event;
    int descriptor; /* readable when it is one of both */
};

int s3_stop_open(struct s3_stop *out, struct error *error);
void s3_stop_raise(struct s3_stop *stop);
void s3_stop_close(struct s3_stop *stop);

#endif
