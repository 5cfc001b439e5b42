/*
 * Where an export goes: something that is written in a stream and then appears whole, or not at all.
 *
 * Schemes: s3://BUCKET/KEY, file:///PATH, or an absolute path. A scheme is one row of a table and one
 * function that opens it.
 *
 * Thread rule: one thread.
 */
#ifndef JOBS_EXPORT_TARGET_H
#define JOBS_EXPORT_TARGET_H

#include "base/error.h"
#include "base/stream.h"

/* What a scheme's opener makes; it begins with this. */
struct export_target {
    struct stream *stream; /* to write to; belongs to the target */
    int (*commit)(struct export_target *target, struct error *error); /* lets it appear */
    void (*free)(struct export_target *target); /* what was not committed is gone */
};

/* STATUS_INVALID when `uri` is none of ours, or its place cannot be written to. */
int export_target_open(struct export_target **out, const char *uri, struct error *error);

int export_target_commit(struct export_target *target, struct error *error);

/* NULL is fine. */
void export_target_free(struct export_target *target);

#endif
