#include "jobs/export_target.h"

#include <string.h>

#include "aws/s3_upload.h"
#include "base/compiler.h"
#include "base/memory.h"
#include "base/output_file.h"
#include "base/str.h"

/* ---- files ---- */

struct file_target {
    struct export_target target;
    struct output_file *file;
};

static int commit_file(struct export_target *target, struct error *error)
{
    return output_files_commit(&((struct file_target *)target)->file, 1, error);
}

static void free_file(struct export_target *target)
{
    output_file_free(((struct file_target *)target)->file);
    memory_free(target);
}

/* The worker's own directory is nobody's business: a path has to begin at the root. */
static int open_file(struct export_target **out, const char *path, struct error *error)
{
    if (path[0] != '/' || path[1] == '\0') {
        return error_set(error, STATUS_INVALID, "an export needs an absolute path of a file");
    }
    struct file_target *target = memory_alloc_zeroed(1, sizeof *target);
    if (target == NULL) {
        return error_out_of_memory(error);
    }
    int status = output_file_create(&target->file, path, error);
    if (status != 0) {
        memory_free(target);
        return status;
    }
    target->target = (struct export_target){
        .stream = output_file_stream(target->file), .commit = commit_file, .free = free_file};
    *out = &target->target;
    return 0;
}

static int open_file_uri(struct export_target **out, const char *uri, struct error *error)
{
    return open_file(out, uri + strlen("file://"), error);
}

/* ---- S3 ---- */

struct s3_target {
    struct export_target target;
    struct s3_upload *upload;
};

static int commit_s3(struct export_target *target, struct error *error)
{
    return s3_upload_commit(((struct s3_target *)target)->upload, error);
}

static void free_s3(struct export_target *target)
{
    s3_upload_free(((struct s3_target *)target)->upload);
    memory_free(target);
}

static int open_s3(struct export_target **out, const char *uri, struct error *error)
{
    struct s3_target *target = memory_alloc_zeroed(1, sizeof *target);
    if (target == NULL) {
        return error_out_of_memory(error);
    }
    int status = s3_upload_open(&target->upload, NULL, uri, error);
    if (status != 0) {
        memory_free(target);
        return status;
    }
    target->target = (struct export_target){
        .stream = s3_upload_stream(target->upload), .commit = commit_s3, .free = free_s3};
    *out = &target->target;
    return 0;
}

/* ---- all ---- */

static const struct {
    const char *prefix;
    int (*open)(struct export_target **out, const char *uri, struct error *error);
} schemes[] = {
    {"s3://", open_s3},
    {"file://", open_file_uri},
    {"/", open_file},
};

int export_target_open(struct export_target **out, const char *uri, struct error *error)
{
    for (size_t i = 0; i < ARRAY_LENGTH(schemes); i++) {
        if (strncmp(uri, schemes[i].prefix, strlen(schemes[i].prefix)) == 0) {
            return schemes[i].open(out, uri, error);
        }
    }
    return error_set(error, STATUS_INVALID,
                     "an export goes to s3://BUCKET/KEY, file:///PATH or an absolute path");
}

int export_target_commit(struct export_target *target, struct error *error)
{
    return target->commit(target, error);
}

void export_target_free(struct export_target *target)
{
    if (target != NULL) {
        target->free(target);
    }
}
