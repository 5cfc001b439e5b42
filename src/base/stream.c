#include "base/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/memory.h"
#include "base/wake.h"
#include "base/zlib_memory.h"

enum {
    /* Half of a usual second-level cache: what is read is still warm when it is parsed. */
    BUFFER_BYTES = 256 << 10,
    /* From here on a read goes straight to the caller's memory: one copy less. */
    DIRECT_BYTES = BUFFER_BYTES / 4,
    MAGIC_BYTES = 2,
};

/* The stages of a file that is unpacked. */
enum gzip_stage {
    GZIP_NOT,     /* a plain file: bytes pass as they are */
    GZIP_MEMBER,  /* within a member; the file must not end here */
    GZIP_BETWEEN, /* after a member: the end, another member, or padding may follow */
};

struct file_stream {
    struct stream base;
    struct stream *source; /* what is read in place of a file; NULL: `file` is */
    int file;
    bool owned;  /* whether to close it: not so standard input */
    bool steady; /* reading it never waits, and is not interrupted */
    bool at_end; /* the last read(2) gave nothing */
    char *buffer;
    size_t start; /* buffer[start … end) was read and not yet handed out */
    size_t end;
    enum gzip_stage stage;
    z_stream unpacker; /* initialised unless GZIP_NOT */
};

void stream_set_name(struct stream *stream, const char *name)
{
    size_t len = strlen(name);
    size_t most = sizeof stream->name - 1;
    if (len <= most) {
        memcpy(stream->name, name, len + 1);
        return;
    }
    static const char mark[] = "...";
    const char *tail = name + len - (most - (sizeof mark - 1));
    while (((unsigned char)*tail & 0xC0) == 0x80) {
        tail++; /* not from the middle of a UTF-8 character */
    }
    memcpy(stream->name, mark, sizeof mark - 1);
    memcpy(stream->name + sizeof mark - 1, tail, strlen(tail) + 1);
}

static int read_source(struct file_stream *stream, char *out, size_t size, size_t *got,
                       struct error *error)
{
    int status = stream_read(stream->source, out, size, got, error);
    stream->at_end = status == STATUS_OK && *got == 0;
    stream->base.bytes = stream->source->bytes;
    return status;
}

/* One read(2), repeated when a signal interrupts it that does not ask to stop. */
static int read_some(struct file_stream *stream, char *out, size_t size, size_t *got,
                     struct error *error)
{
    if (stream->source != NULL) {
        return read_source(stream, out, size, got, error);
    }
    ssize_t count;
    do {
        int status = stream->steady ? STATUS_OK : wake_await(stream->file, POLLIN, error);
        if (status != STATUS_OK) {
            return status;
        }
        count = read(stream->file, out, size);
    } while (count < 0 && errno == EINTR);
    if (count < 0) {
        return error_system(error, errno, "%s: cannot read", stream->base.name);
    }
    *got = (size_t)count;
    stream->at_end = count == 0;
    stream->base.bytes += (uint64_t)count;
    return STATUS_OK;
}

/* Reads more behind what the buffer holds; the buffer has room. */
static int fill(struct file_stream *stream, struct error *error)
{
    if (stream->start == stream->end) {
        stream->start = stream->end = 0;
    }
    size_t got = 0;
    int status =
        read_some(stream, stream->buffer + stream->end, BUFFER_BYTES - stream->end, &got, error);
    stream->end += got;
    return status;
}

static int read_plain(struct stream *base, char *out, size_t size, size_t *got, struct error *error)
{
    struct file_stream *stream = (struct file_stream *)base;
    *got = 0;
    if (size == 0) {
        return STATUS_OK;
    }
    if (stream->start == stream->end && !stream->at_end) {
        if (size >= DIRECT_BYTES) {
            return read_some(stream, out, size, got, error);
        }
        int status = fill(stream, error);
        if (status != STATUS_OK) {
            return status;
        }
    }
    size_t count = stream->end - stream->start;
    count = count < size ? count : size;
    memcpy(out, stream->buffer + stream->start, count);
    stream->start += count;
    *got = count;
    return STATUS_OK;
}

static int damaged(struct file_stream *stream, const char *reason, struct error *error)
{
    error_set(error, STATUS_INVALID, "%s: the compressed data are damaged: %s", stream->base.name,
              reason);
    error_hint(error, "transfer the file or compress it again");
    return STATUS_INVALID;
}

/* Makes sure that the buffer holds something, unless the file is at its end. */
static int require_input(struct file_stream *stream, struct error *error)
{
    if (stream->start < stream->end || stream->at_end) {
        return STATUS_OK;
    }
    return fill(stream, error);
}

/*
 * After a member. Members may follow each other (what `cat a.gz b.gz` and parallel compressors
 * make), and zero bytes may pad the file to a tape's block, as gzip(1) has it. Anything else means
 * that the file is not what was once compressed. Sets *more when another member begins.
 */
static int begin_next_member(struct file_stream *stream, bool *more, struct error *error)
{
    *more = false;
    bool padded = false;
    for (;;) {
        int status = require_input(stream, error);
        if (status != STATUS_OK || stream->start == stream->end) {
            return status;
        }
        if (stream->buffer[stream->start] != '\0') {
            break;
        }
        stream->start++;
        padded = true;
    }
    if (padded || (unsigned char)stream->buffer[stream->start] != 0x1F) {
        return damaged(stream, "something else follows them", error);
    }
    if (inflateReset(&stream->unpacker) != Z_OK) {
        return error_set(error, STATUS_INTERNAL, "%s: cannot unpack", stream->base.name);
    }
    stream->stage = GZIP_MEMBER;
    *more = true;
    return STATUS_OK;
}

/* Unpacks from the buffer into `out`; *got may be 0 though there is more to come. */
static int unpack(struct file_stream *stream, char *out, size_t size, size_t *got,
                  struct error *error)
{
    z_stream *unpacker = &stream->unpacker;
    unsigned room = size > UINT32_MAX ? UINT32_MAX : (unsigned)size;
    unpacker->next_in = (unsigned char *)stream->buffer + stream->start;
    unpacker->avail_in = (unsigned)(stream->end - stream->start);
    unpacker->next_out = (unsigned char *)out;
    unpacker->avail_out = room;
    int result = inflate(unpacker, Z_NO_FLUSH);
    stream->start = stream->end - unpacker->avail_in;
    *got = room - unpacker->avail_out;
    switch (result) {
    case Z_STREAM_END: stream->stage = GZIP_BETWEEN; return STATUS_OK;
    case Z_OK:
    case Z_BUF_ERROR: return STATUS_OK; /* the latter: no progress without more input */
    case Z_MEM_ERROR: return error_out_of_memory(error);
    default: return damaged(stream, unpacker->msg ? unpacker->msg : "unknown form", error);
    }
}

static int read_packed(struct stream *base, char *out, size_t size, size_t *got,
                       struct error *error)
{
    struct file_stream *stream = (struct file_stream *)base;
    *got = 0;
    while (size > 0 && *got == 0) {
        if (stream->stage == GZIP_BETWEEN) {
            bool more = false;
            int status = begin_next_member(stream, &more, error);
            if (status != STATUS_OK || !more) {
                return status;
            }
        }
        int status = require_input(stream, error);
        if (status == STATUS_OK) {
            /* Even without input: the unpacker may still hold bytes that had no room before. */
            status = unpack(stream, out, size, got, error);
        }
        if (status != STATUS_OK) {
            return status;
        }
        if (*got == 0 && stream->stage == GZIP_MEMBER && stream->at_end &&
            stream->start == stream->end) {
            return damaged(stream, "they end too early, the file was cut off", error);
        }
    }
    return STATUS_OK;
}

static void free_file(struct stream *base)
{
    struct file_stream *stream = (struct file_stream *)base;
    if (stream->stage != GZIP_NOT) {
        inflateEnd(&stream->unpacker);
    }
    if (stream->owned) {
        close(stream->file);
    }
    stream_free(stream->source);
    memory_free(stream->buffer);
    memory_free(stream);
}

static const struct stream_operations plain_operations = {.read = read_plain, .free = free_file};
static const struct stream_operations packed_operations = {.read = read_packed, .free = free_file};

/* What the caller named cannot be opened. Apart from shortages of the machine it is the name that
   is at fault. */
static int refuse_path(const char *path, int number, struct error *error)
{
    if (error_system(error, number, "%s: cannot open", path) == STATUS_IO) {
        error->status = STATUS_INVALID;
    }
    return (int)error->status;
}

static int inspect(struct file_stream *stream, struct error *error)
{
    struct stat info;
    if (fstat(stream->file, &info) != 0) {
        return error_system(error, errno, "%s: cannot open", stream->base.name);
    }
    if (S_ISDIR(info.st_mode)) {
        return error_set(error, STATUS_INVALID, "%s: is a directory, not a file",
                         stream->base.name);
    }
    if (S_ISREG(info.st_mode)) {
        stream->base.size = (uint64_t)info.st_size;
        /* Advice only: a larger read-ahead. */
        (void)posix_fadvise(stream->file, 0, 0, POSIX_FADV_SEQUENTIAL);
    }
    return STATUS_OK;
}

/* Looks at the first bytes, which a pipe may give one by one, and readies the unpacker. */
static int recognise(struct file_stream *stream, struct error *error)
{
    while (stream->end < MAGIC_BYTES && !stream->at_end) {
        int status = fill(stream, error);
        if (status != STATUS_OK) {
            return status;
        }
    }
    if (stream->end < MAGIC_BYTES || memcmp(stream->buffer, "\x1F\x8B", MAGIC_BYTES) != 0) {
        return STATUS_OK;
    }
    stream->unpacker = (z_stream){.zalloc = zlib_memory_alloc, .zfree = zlib_memory_free};
    /* 16 asks for gzip's frame, which carries a checksum and the length. */
    if (inflateInit2(&stream->unpacker, 16 + MAX_WBITS) != Z_OK) {
        return error_out_of_memory(error);
    }
    stream->stage = GZIP_MEMBER;
    stream->base.operations = &packed_operations;
    return STATUS_OK;
}

static struct file_stream *make_file_stream(const char *name)
{
    struct file_stream *stream = memory_alloc_zeroed(1, sizeof *stream);
    if (stream == NULL) {
        return NULL;
    }
    stream->base.operations = &plain_operations;
    stream_set_name(&stream->base, name);
    stream->buffer = memory_alloc(BUFFER_BYTES);
    if (stream->buffer == NULL) {
        memory_free(stream);
        return NULL;
    }
    return stream;
}

int stream_open_file(struct stream **out, const char *path, struct error *error)
{
    *out = NULL;
    int status = STATUS_OK;
    bool standard = strcmp(path, "-") == 0;
    struct file_stream *stream = make_file_stream(standard ? "standard input" : path);
    if (stream == NULL) {
        return error_out_of_memory(error);
    }
    stream->file = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (stream->file < 0) {
        status = refuse_path(path, errno, error);
        goto done;
    }
    stream->owned = !standard;
    status = inspect(stream, error);
    if (status == STATUS_OK) {
        status = recognise(stream, error);
    }
done:
    if (status != STATUS_OK) {
        free_file(&stream->base);
        return status;
    }
    *out = &stream->base;
    return STATUS_OK;
}

int stream_open_descriptor(struct stream **out, int file, const char *name, struct error *error)
{
    *out = NULL;
    struct file_stream *stream = make_file_stream(name);
    if (stream == NULL) {
        close(file);
        return error_out_of_memory(error);
    }
    stream->file = file;
    stream->owned = true;
    stream->steady = true;
    int status = inspect(stream, error);
    if (status == STATUS_OK) {
        status = recognise(stream, error);
    }
    if (status != STATUS_OK) {
        free_file(&stream->base);
        return status;
    }
    *out = &stream->base;
    return STATUS_OK;
}

int stream_open_unpacked(struct stream **out, struct stream *source, struct error *error)
{
    *out = NULL;
    struct file_stream *stream = make_file_stream(source->name);
    if (stream == NULL) {
        stream_free(source);
        return error_out_of_memory(error);
    }
    stream->base.size = source->size;
    stream->source = source;
    stream->file = -1;
    int status = recognise(stream, error);
    if (status != STATUS_OK) {
        free_file(&stream->base);
        return status;
    }
    *out = &stream->base;
    return STATUS_OK;
}

struct memory_stream {
    struct stream base;
    struct str left;
};

static int read_memory(struct stream *base, char *out, size_t size, size_t *got,
                       struct error *error)
{
    (void)error;
    struct memory_stream *stream = (struct memory_stream *)base;
    size_t count = stream->left.len < size ? stream->left.len : size;
    if (count > 0) {
        memcpy(out, stream->left.ptr, count);
        stream->left.ptr += count;
        stream->left.len -= count;
        stream->base.bytes += count;
    }
    *got = count;
    return STATUS_OK;
}

static void free_memory(struct stream *base)
{
    memory_free(base);
}

static const struct stream_operations memory_operations = {.read = read_memory,
                                                           .free = free_memory};

int stream_open_memory(struct stream **out, const char *name, struct str text, struct error *error)
{
    *out = NULL;
    struct memory_stream *stream = memory_alloc_zeroed(1, sizeof *stream);
    if (stream == NULL) {
        return error_out_of_memory(error);
    }
    stream->base.operations = &memory_operations;
    stream->base.size = text.len;
    stream_set_name(&stream->base, name);
    stream->left = text;
    *out = &stream->base;
    return STATUS_OK;
}

static int refuse_excess(struct stream *stream, size_t max, struct error *error)
{
    return error_set(error, STATUS_INVALID, "%s: longer than the %zu bytes that are allowed",
                     stream->name, max);
}

int stream_read_all(struct stream *stream, struct text_buffer *out, struct error *error)
{
    for (;;) {
        size_t got = 0;
        if (out->len >= out->max) {
            /* Full, which is fine if this is the end. */
            char probe;
            int status = stream_read(stream, &probe, 1, &got, error);
            if (status != STATUS_OK || got == 0) {
                return status;
            }
            return refuse_excess(stream, out->max, error);
        }
        size_t room = out->max - out->len;
        room = room < DIRECT_BYTES ? room : DIRECT_BYTES;
        char *end = text_reserve(out, room);
        if (end == NULL) {
            return error_out_of_memory(error);
        }
        int status = stream_read(stream, end, room, &got, error);
        if (status != STATUS_OK || got == 0) {
            *end = '\0';
            return status;
        }
        out->len += got;
        out->ptr[out->len] = '\0';
    }
}

void stream_free(struct stream *stream)
{
    if (stream != NULL) {
        stream->operations->free(stream);
    }
}
