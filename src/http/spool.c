#include "http/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Where the file system knows no files without a name. */
static int open_and_unlink(const char *directory)
{
    char path[4096];
    int length = snprintf(path, sizeof path, "%s/tuva-empi-XXXXXX", directory);
    if (length < 0 || length >= (int)sizeof path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    int file = mkostemp(path, O_CLOEXEC);
    if (file >= 0) {
        (void)unlink(path);
    }
    return file;
}

int spool_open(struct spool *out, const char *directory, struct error *error)
{
    *out = SPOOL_NONE;
    if (directory == NULL) {
        directory = getenv("TMPDIR");
    }
    if (directory == NULL || directory[0] == '\0') {
        directory = "/var/tmp";
    }
    out->file = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600);
    if (out->file < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {
        out->file = open_and_unlink(directory);
    }
    return out->file >= 0
               ? STATUS_OK
               : error_system(error, errno, "%s: cannot make a file for an upload", directory);
}

int spool_write(struct spool *spool, struct str piece, struct error *error)
{
    while (piece.len > 0) {
        ssize_t written = write(spool->file, piece.ptr, piece.len);
        if (written < 0 && errno != EINTR) {
            return error_system(error, errno, "an upload cannot be kept");
        }
        if (written > 0) {
            piece.ptr += written;
            piece.len -= (size_t)written;
            spool->size += (uint64_t)written;
        }
    }
    return STATUS_OK;
}

int spool_read(struct stream **out, struct spool *spool, const char *name, struct error *error)
{
    *out = NULL;
    int file = spool->file;
    spool->file = -1;
    if (lseek(file, 0, SEEK_SET) < 0) {
        int number = errno;
        close(file);
        return error_system(error, number, "an upload cannot be read back");
    }
    return stream_open_descriptor(out, file, name, error);
}

void spool_close(struct spool *spool)
{
    if (spool->file >= 0) {
        close(spool->file);
    }
    *spool = SPOOL_NONE;
}
