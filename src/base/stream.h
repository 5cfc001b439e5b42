/*
 * One byte-stream interface over files, gzip, standard input, memory, and what others make a stream.
 *
 * Thread rule: one thread at a time a stream.
 */
#ifndef BASE_STREAM_H
#define BASE_STREAM_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"

struct stream;

struct stream_operations {
    /* Reads up to `size` bytes; *got = 0 is the end. */
    int (*read)(struct stream *stream, char *out, size_t size, size_t *got, struct error *error);
    /* Writes all of `text`. */
    int (*write)(struct stream *stream, struct str text, struct error *error);
    /* Ends a written stream: flushes what is buffered. May be NULL. */
    int (*finish)(struct stream *stream, struct error *error);
    /* Gives the stream and all it holds back; never fails. */
    void (*free)(struct stream *stream);
};

/* The first member of every kind of stream. */
struct stream {
    const struct stream_operations *operations;
    char name[256]; /* for messages: the path as the user gave it, "standard input", … */
    uint64_t bytes; /* read or written so far on the outer side (compressed bytes for gzip) */
    uint64_t size;  /* of the outer side when it is known beforehand, else 0: for progress */
};

/* Opens `path` for reading: "-" is standard input; a file that begins with the gzip magic is
   unpacked whatever its name. A directory, a missing file, no permission: STATUS_INVALID with the
   path and the reason. Small reads are served from a buffer, so a caller need not have its own. */
int stream_open_file(struct stream **out, const char *path, struct error *error);

/* Reads a file on a disk that is open already, from where it stands, unpacked when it is gzip. The
   descriptor is the stream's from now on, even after a failure. A request to stop (base/wake.h) does
   not end its reading: what began it decides. */
int stream_open_descriptor(struct stream **out, int file, const char *name, struct error *error);

/* Reads what `source` gives, unpacked when it begins with the gzip magic. The source is the new
   stream's from now on, even when this fails. */
int stream_open_unpacked(struct stream **out, struct stream *source, struct error *error);

/* Reads from `text`, which must outlive the stream. */
int stream_open_memory(struct stream **out, const char *name, struct str text, struct error *error);

static inline int stream_read(struct stream *stream, char *out, size_t size, size_t *got,
                              struct error *error)
{
    return stream->operations->read(stream, out, size, got, error);
}

static inline int stream_write(struct stream *stream, struct str text, struct error *error)
{
    return stream->operations->write(stream, text, error);
}

/* For those who make a kind of stream: sets its name; of a long path the end, which tells most. */
void stream_set_name(struct stream *stream, const char *name);

/* Reads all that is left into `out`; more than its maximum is STATUS_INVALID. */
int stream_read_all(struct stream *stream, struct text_buffer *out, struct error *error);

/* NULL is fine. */
void stream_free(struct stream *stream);

#endif
