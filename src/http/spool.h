/*
 * Uploaded files: bytes that come slowly are kept in a file without a name, which is gone whatever
 * becomes of us. Only then they are read: so a slow client holds nothing that others wait for.
 *
 * Uploads together could fill the disk, and with it what else lies there: a private PostgreSQL, the log.
 * So each of them stops where less than a reserve would be left.
 *
 * Thread rule: one thread at a time.
 */
#ifndef HTTP_SPOOL_H
#define HTTP_SPOOL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/stream.h"

/* Where files are made. The texts must outlive the spools. */
struct spool_place {
    const char *directory; /* NULL: TMPDIR, or else /var/tmp, which other than /tmp is mostly no
                              memory */
    uint64_t reserve;      /* bytes that are left free; 0: spool_reserve() of the file system */
};

struct spool {
    int file; /* -1: none */
    uint64_t size;
    bool full; /* what failed was the room on the disk */
    const char *directory;
    uint64_t reserve;
    uint64_t seen_at; /* size up to which there was room when it was last looked at */
};

#define SPOOL_NONE ((struct spool){.file = -1})

/* What is left free of a file system of so many bytes: a twentieth, but no more than 1 GiB. */
uint64_t spool_reserve(uint64_t bytes);

/* Whether `bytes` more would leave the reserve free: STATUS_RESOURCES when not. For what is announced;
   nothing is set aside for it. */
int spool_check_room(const struct spool_place *place, uint64_t bytes, struct error *error);

int spool_open(struct spool *out, const struct spool_place *place, struct error *error);

/* STATUS_RESOURCES, and `full`, when it would leave less than the reserve. */
int spool_write(struct spool *spool, struct str piece, struct error *error);

/* A stream over what was written, from its beginning, unpacked when it is gzip. It owns the file
   then, also after a failure. */
int spool_read(struct stream **out, struct spool *spool, const char *name, struct error *error);

void spool_close(struct spool *spool);

#endif
