#include "http/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum {
    /* Between two looks at what is left; so much may be written too much by each upload. */
    LOOK_BYTES = 1 << 20,
    RESERVE_PART = 20,
};

static const uint64_t most_reserve = 1 << 30;

/* ---- room ---- */

uint64_t spool_reserve(uint64_t bytes)
{
    uint64_t part = bytes / RESERVE_PART;
    return part < most_reserve ? part : most_reserve;
}

static const char *directory_of(const struct spool_place *place)
{
    const char *directory = place->directory != NULL ? place->directory : getenv("TMPDIR");
    return directory == NULL || directory[0] == '\0' ? "/var/tmp" : directory;
}

static uint64_t product(uint64_t a, uint64_t b)
{
    uint64_t bytes;
    return __builtin_mul_overflow(a, b, &bytes) ? UINT64_MAX : bytes;
}

/* A file system that does not know how large it is has room. */
static bool has_room(const struct statvfs *system, uint64_t bytes, uint64_t reserve)
{
    uint64_t whole = product(system->f_blocks, system->f_frsize);
    uint64_t left = product(system->f_bavail, system->f_frsize);
    reserve = reserve == 0 ? spool_reserve(whole) : reserve;
    return whole == 0 || (left >= reserve && left - reserve >= bytes);
}

static int no_room(const char *directory, struct error *error)
{
    error_set(error, STATUS_RESOURCES, "%s: there is no room for an upload", directory);
    error_hint(error, "make room there, or set TMPDIR to a directory with more room");
    return STATUS_RESOURCES;
}

int spool_check_room(const struct spool_place *place, uint64_t bytes, struct error *error)
{
    struct statvfs system;
    const char *directory = directory_of(place);
    /* A directory that cannot be asked may be none: making a file there tells. */
    bool room = statvfs(directory, &system) != 0 || has_room(&system, bytes, place->reserve);
    return room ? STATUS_OK : no_room(directory, error);
}

/* Looks now and then: at the first byte, and whenever so much was written since. */
static bool may_write(struct spool *spool, size_t bytes)
{
    struct statvfs system;
    if (spool->seen_at >= spool->size + bytes) {
        return true;
    }
    if (fstatvfs(spool->file, &system) == 0 && !has_room(&system, bytes, spool->reserve)) {
        return false;
    }
    spool->seen_at = spool->size + bytes + LOOK_BYTES;
    return true;
}

static bool is_full(int number)
{
    return number == ENOSPC || number == EDQUOT;
}

/* ---- files ---- */

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

int spool_open(struct spool *out, const struct spool_place *place, struct error *error)
{
    const char *directory = directory_of(place);
    *out = (struct spool){.file = -1, .directory = directory, .reserve = place->reserve};
    out->file = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600);
    if (out->file < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {
        out->file = open_and_unlink(directory);
    }
    if (out->file >= 0) {
        return STATUS_OK;
    }
    out->full = is_full(errno);
    return out->full
               ? no_room(directory, error)
               : error_system(error, errno, "%s: cannot make a file for an upload", directory);
}

int spool_write(struct spool *spool, struct str piece, struct error *error)
{
    if (!may_write(spool, piece.len)) {
        spool->full = true;
        return no_room(spool->directory, error);
    }
    while (piece.len > 0) {
        ssize_t written = write(spool->file, piece.ptr, piece.len);
        if (written < 0 && errno != EINTR) {
            spool->full = is_full(errno);
            return spool->full ? no_room(spool->directory, error)
                               : error_system(error, errno, "an upload cannot be kept");
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
