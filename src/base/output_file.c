#include "base/output_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Lets zlib take input that is const. */
#define ZLIB_CONST
#include <zlib.h>

#include "base/memory.h"
#include "base/number_text.h"
#include "base/random.h"
#include "base/wake.h"
#include "base/zlib_memory.h"

enum {
    BUFFER_BYTES = 256 << 10,
    MOST_UNFINISHED = 64,
    SUFFIX_LETTERS = 6,
    /* '.', the target's name, '.', the letters and ".partial": so much is not the name. */
    DECORATION_BYTES = SUFFIX_LETTERS + 10,
    /* Much faster than zlib's default for little more space. */
    GZIP_LEVEL = 4,
};

/*
 * The unfinished files of the process, for the signal handler, which may take no lock and follow no
 * pointer that is about to be freed: hence static slots. A slot is SLOT_READY only while its path
 * is complete.
 */
enum slot_state { SLOT_FREE, SLOT_TAKEN, SLOT_READY };

static struct unfinished {
    atomic_int state;
    char path[PATH_MAX];
} unfinished[MOST_UNFINISHED];

_Static_assert(ATOMIC_INT_LOCK_FREE == 2, "a signal handler may read lock-free atomics only");

struct output_file {
    struct stream stream;          /* the first member: the stream is the file */
    int file;                      /* -1 once it is closed */
    bool direct;                   /* written in place: no regular file */
    bool failed;                   /* a write failed: it must not be committed */
    bool placed;                   /* stands at its place by the commit that goes on */
    bool replaces;                 /* something stood at its place before */
    mode_t mode;                   /* the permissions that it gets when it is complete */
    struct unfinished *unfinished; /* holds the path of the partial file; NULL when there is none */
    char *buffer;
    size_t buffered;
    bool packed; /* compressed: packer is initialised */
    z_stream packer;
    char target[PATH_MAX]; /* absolute, without symbolic links */
};

static struct unfinished *take_slot(void)
{
    for (size_t i = 0; i < MOST_UNFINISHED; i++) {
        int expected = SLOT_FREE;
        if (atomic_compare_exchange_strong(&unfinished[i].state, &expected, SLOT_TAKEN)) {
            return &unfinished[i];
        }
    }
    return NULL;
}

static void release_slot(struct output_file *file)
{
    if (file->unfinished != NULL) {
        atomic_store(&file->unfinished->state, SLOT_FREE);
        file->unfinished = NULL;
    }
}

void output_files_abandon(void)
{
    int number = errno;
    for (size_t i = 0; i < MOST_UNFINISHED; i++) {
        if (atomic_load(&unfinished[i].state) == SLOT_READY) {
            unlink(unfinished[i].path);
        }
    }
    errno = number;
}

/* All of `bytes` to the descriptor. */
static int write_out(struct output_file *file, const char *bytes, size_t count, struct error *error)
{
    while (count > 0) {
        int status = wake_await(file->file, POLLOUT, error);
        if (status != STATUS_OK) {
            file->failed = true;
            return status;
        }
        ssize_t written = write(file->file, bytes, count);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0) {
            file->failed = true;
            return error_system(error, errno, "%s: cannot write", file->stream.name);
        }
        bytes += written;
        count -= (size_t)written;
        file->stream.bytes += (uint64_t)written;
    }
    return STATUS_OK;
}

static int flush_buffer(struct output_file *file, struct error *error)
{
    size_t count = file->buffered;
    file->buffered = 0;
    return write_out(file, file->buffer, count, error);
}

static int write_plain(struct output_file *file, struct str text, struct error *error)
{
    if (text.len > BUFFER_BYTES - file->buffered) {
        int status = flush_buffer(file, error);
        if (status != STATUS_OK) {
            return status;
        }
    }
    if (text.len >= BUFFER_BYTES) {
        return write_out(file, text.ptr, text.len, error);
    }
    if (text.len > 0) {
        memcpy(file->buffer + file->buffered, text.ptr, text.len);
        file->buffered += text.len;
    }
    return STATUS_OK;
}

/* Compresses into the buffer, which is written whenever it is full. `text` is empty when `flush` is
   Z_FINISH. */
static int write_packed(struct output_file *file, struct str text, int flush, struct error *error)
{
    z_stream *packer = &file->packer;
    int result;
    do {
        /* zlib counts in 32 bits: a huge text goes in several parts. */
        size_t part = text.len < (1u << 30) ? text.len : 1u << 30;
        packer->next_in = (const unsigned char *)text.ptr;
        packer->avail_in = (unsigned)part;
        packer->next_out = (unsigned char *)file->buffer + file->buffered;
        packer->avail_out = (unsigned)(BUFFER_BYTES - file->buffered);
        result = deflate(packer, flush);
        if (result == Z_STREAM_ERROR) {
            file->failed = true;
            return error_set(error, STATUS_INTERNAL, "%s: cannot compress", file->stream.name);
        }
        if (part > 0) {
            text.ptr += part - packer->avail_in;
            text.len -= part - packer->avail_in;
        }
        file->buffered = BUFFER_BYTES - packer->avail_out;
        if (packer->avail_out == 0) {
            int status = flush_buffer(file, error);
            if (status != STATUS_OK) {
                return status;
            }
        }
    } while (text.len > 0 || (flush == Z_FINISH && result != Z_STREAM_END));
    return STATUS_OK;
}

static int write_file(struct stream *stream, struct str text, struct error *error)
{
    struct output_file *file = (struct output_file *)stream;
    return file->packed ? write_packed(file, text, Z_NO_FLUSH, error)
                        : write_plain(file, text, error);
}

static int finish_file(struct stream *stream, struct error *error)
{
    struct output_file *file = (struct output_file *)stream;
    int status = STATUS_OK;
    if (file->packed) {
        status = write_packed(file, STR(""), Z_FINISH, error);
    }
    return status != STATUS_OK ? status : flush_buffer(file, error);
}

/* No free: the stream goes with its file. */
static const struct stream_operations operations = {.write = write_file, .finish = finish_file};

/* The name is at fault, unless the machine ran short. */
static int refuse_path(const char *path, int number, struct error *error)
{
    if (error_system(error, number, "%s: cannot create", path) == STATUS_IO) {
        error->status = STATUS_INVALID;
    }
    return (int)error->status;
}

/* The descriptor, open already, that a path is a name for, or -1: to replace what is behind it by
   another file would miss the point, also when that is a regular file. */
static int named_descriptor(const char *path)
{
    static const char *const prefixes[] = {"/dev/fd/", "/proc/self/fd/"};
    if (strcmp(path, "/dev/stdout") == 0) {
        return STDOUT_FILENO;
    }
    if (strcmp(path, "/dev/stderr") == 0) {
        return STDERR_FILENO;
    }
    for (size_t i = 0; i < ARRAY_LENGTH(prefixes); i++) {
        struct str text = str_from(path);
        struct str prefix = str_from(prefixes[i]);
        int64_t number;
        if (str_starts_with(text, prefix) &&
            integer_from_text(str_from(path + prefix.len), &number) && number >= 0 &&
            number <= INT_MAX) {
            return (int)number;
        }
    }
    return -1;
}

/* A descriptor is duplicated, not opened by its name: that shares its place in a file that others
   write to as well, and sockets cannot be opened at all. */
static int open_direct(struct output_file *file, const char *path, struct error *error)
{
    int descriptor = named_descriptor(path);
    file->direct = true;
    file->file =
        descriptor >= 0 ? fcntl(descriptor, F_DUPFD_CLOEXEC, 0) : open(path, O_WRONLY | O_CLOEXEC);
    return file->file < 0 ? refuse_path(path, errno, error) : STATUS_OK;
}

/* Sets file->target to the place of a file that does not exist yet: in the real directory. */
static int resolve_new(struct output_file *file, const char *path, struct error *error)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    char directory[PATH_MAX] = ".";
    if (*name == '\0') {
        return refuse_path(path, slash == NULL ? ENOENT : EISDIR, error);
    }
    if (slash != NULL) {
        int length = slash == path ? 1 : (int)(slash - path);
        if (length >= PATH_MAX) {
            return refuse_path(path, ENAMETOOLONG, error);
        }
        snprintf(directory, sizeof directory, "%.*s", length, path);
    }
    char resolved[PATH_MAX];
    if (realpath(directory, resolved) == NULL) {
        int status = refuse_path(path, errno, error);
        error_hint(error, "the directory %s must exist; make it first", directory);
        return status;
    }
    const char *separator = strcmp(resolved, "/") == 0 ? "" : "/";
    int length = snprintf(file->target, sizeof file->target, "%s%s%s", resolved, separator, name);
    return length >= PATH_MAX ? refuse_path(path, ENAMETOOLONG, error) : STATUS_OK;
}

/* Finds out what stands at `path` and what is to be done about it. */
static int inspect_target(struct output_file *file, const char *path, struct error *error)
{
    struct stat info;
    if (stat(path, &info) != 0) {
        if (errno != ENOENT) {
            return refuse_path(path, errno, error);
        }
        if (lstat(path, &info) == 0) {
            return error_set(error, STATUS_INVALID,
                             "%s: is a symbolic link to a file that does not exist", path);
        }
        return resolve_new(file, path, error);
    }
    if (S_ISDIR(info.st_mode)) {
        return error_set(error, STATUS_INVALID, "%s: is a directory, not a file", path);
    }
    if (!S_ISREG(info.st_mode) || named_descriptor(path) >= 0) {
        return open_direct(file, path, error);
    }
    /* Renaming over a file asks no permission of the file itself; a plain write would. */
    if (access(path, W_OK) != 0 || realpath(path, file->target) == NULL) {
        return refuse_path(path, errno, error);
    }
    file->replaces = true;
    file->mode = info.st_mode & 0777;
    return STATUS_OK;
}

/* Writes DIRECTORY/.NAME.abc123.partial for the target into `out`; false when it is too long. */
static bool name_partial(const char *target, const unsigned char *bytes, char out[PATH_MAX])
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz012345";
    char suffix[SUFFIX_LETTERS + 1] = "";
    for (size_t i = 0; i < SUFFIX_LETTERS; i++) {
        suffix[i] = letters[bytes[i] % (sizeof letters - 1)];
    }
    const char *name = strrchr(target, '/') + 1;
    int directory = (int)(name - target);
    int length = snprintf(out, PATH_MAX, "%.*s.%.*s.%s.partial", directory, target,
                          NAME_MAX - DECORATION_BYTES, name, suffix);
    return length < PATH_MAX;
}

static int create_partial(struct output_file *file, const char *path, struct error *error)
{
    struct unfinished *slot = take_slot();
    if (slot == NULL) {
        return error_set(error, STATUS_RESOURCES, "%s: more than %d output files at once", path,
                         MOST_UNFINISHED);
    }
    file->unfinished = slot;
    do {
        unsigned char bytes[SUFFIX_LETTERS];
        int status = random_secret(bytes, sizeof bytes, error);
        if (status != STATUS_OK) {
            return status;
        }
        if (!name_partial(file->target, bytes, slot->path)) {
            return refuse_path(path, ENAMETOOLONG, error);
        }
        /* Known before it is there, so that no signal comes too early. */
        atomic_store(&slot->state, SLOT_READY);
        /* It holds health records: nobody else may read it unless its owner says so. */
        file->file = open(slot->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (file->file < 0) {
            atomic_store(&slot->state, SLOT_TAKEN);
        }
    } while (file->file < 0 && errno == EEXIST);
    if (file->file < 0) {
        return refuse_path(path, errno, error);
    }
    struct stat info;
    if (fstat(file->file, &info) != 0) {
        return refuse_path(path, errno, error);
    }
    if (!file->replaces) {
        file->mode = info.st_mode & 0777;
    }
    /* Nobody else reads it while it is not complete. */
    return fchmod(file->file, 0600) != 0 ? refuse_path(path, errno, error) : STATUS_OK;
}

static int begin_packing(struct output_file *file, const char *path, struct error *error)
{
    if (!str_ends_with(str_from(path), STR(".gz"))) {
        return STATUS_OK;
    }
    file->packer = (z_stream){.zalloc = zlib_memory_alloc, .zfree = zlib_memory_free};
    /* 16 asks for gzip's frame; 8 is zlib's usual memory. The header holds no time and no name, so
       that equal content gives equal bytes. */
    if (deflateInit2(&file->packer, GZIP_LEVEL, Z_DEFLATED, 16 + MAX_WBITS, 8,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
        return error_out_of_memory(error);
    }
    file->packed = true;
    return STATUS_OK;
}

int output_file_create(struct output_file **out, const char *path, struct error *error)
{
    *out = NULL;
    struct output_file *file = memory_alloc_zeroed(1, sizeof *file);
    if (file == NULL) {
        return error_out_of_memory(error);
    }
    int status;
    file->file = -1;
    file->stream.operations = &operations;
    stream_set_name(&file->stream, path);
    file->buffer = memory_alloc(BUFFER_BYTES);
    if (file->buffer == NULL) {
        status = error_out_of_memory(error);
        goto done;
    }
    status = begin_packing(file, path, error);
    if (status == STATUS_OK) {
        status = inspect_target(file, path, error);
    }
    if (status == STATUS_OK && !file->direct) {
        status = create_partial(file, path, error);
    }
done:
    if (status != STATUS_OK) {
        output_file_free(file);
        return status;
    }
    *out = file;
    return STATUS_OK;
}

struct stream *output_file_stream(struct output_file *file)
{
    return &file->stream;
}

/* Everything onto the disk, with its final permissions, but not yet in its place. */
static int complete(struct output_file *file, struct error *error)
{
    const char *name = file->stream.name;
    if (file->failed) {
        return error_set(error, STATUS_IO, "%s: cannot be completed, a write failed before", name);
    }
    int status = finish_file(&file->stream, error);
    if (status != STATUS_OK) {
        return status;
    }
    if (!file->direct && (fchmod(file->file, file->mode) != 0 || fsync(file->file) != 0)) {
        return error_system(error, errno, "%s: cannot write", name);
    }
    int closed = close(file->file);
    file->file = -1;
    /* Linux closes the descriptor even when close is interrupted. */
    if (closed != 0 && errno != EINTR) {
        return error_system(error, errno, "%s: cannot write", name);
    }
    return STATUS_OK;
}

/* Makes the rename last over a power failure. Not all file systems can; the file is in its place
   by now and cannot be taken back, so that is no failure. */
static void sync_directory(const char *target)
{
    char directory[PATH_MAX];
    int length = (int)(strrchr(target, '/') - target);
    snprintf(directory, sizeof directory, "%.*s", length == 0 ? 1 : length, target);
    int file = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file >= 0) {
        (void)fsync(file);
        close(file);
    }
}

static int put_in_place(struct output_file *file, struct error *error)
{
    if (file->direct) {
        return STATUS_OK;
    }
    if (rename(file->unfinished->path, file->target) != 0) {
        return error_system(error, errno, "%s: cannot put the finished file in its place",
                            file->stream.name);
    }
    release_slot(file);
    file->placed = true;
    return STATUS_OK;
}

/* Takes back what the failed commit has put in place. Where something stood before, that is gone;
   the new file is complete, and better than none. */
static void take_back(struct output_file **files, size_t count, struct error *error)
{
    for (size_t i = 0; i < count; i++) {
        struct output_file *file = files[i];
        if (file == NULL || !file->placed) {
            continue;
        }
        file->placed = false;
        if (file->replaces) {
            error_detail(error, "%s was replaced already", file->stream.name);
        } else if (unlink(file->target) != 0) {
            error_detail(error, "%s was written already and cannot be removed", file->stream.name);
        }
    }
}

int output_files_commit(struct output_file **files, size_t count, struct error *error)
{
    for (size_t i = 0; i < count; i++) {
        if (files[i] != NULL) {
            int status = complete(files[i], error);
            if (status != STATUS_OK) {
                return status;
            }
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (files[i] != NULL) {
            int status = put_in_place(files[i], error);
            if (status != STATUS_OK) {
                take_back(files, count, error);
                return status;
            }
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (files[i] != NULL && files[i]->placed) {
            sync_directory(files[i]->target);
        }
    }
    return STATUS_OK;
}

void output_file_free(struct output_file *file)
{
    if (file == NULL) {
        return;
    }
    if (file->file >= 0) {
        close(file->file);
    }
    if (file->unfinished != NULL) {
        if (atomic_load(&file->unfinished->state) == SLOT_READY) {
            unlink(file->unfinished->path);
        }
        release_slot(file);
    }
    if (file->packed) {
        deflateEnd(&file->packer);
    }
    memory_free(file->buffer);
    memory_free(file);
}
