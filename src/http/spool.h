/*
 * Uploaded files: bytes that come slowly are kept in a file without a name, which is gone whatever
 * becomes of us. Only then they are read: so a slow client holds nothing that others wait for.
 *
 * Thread rule: one thread at a time.
 */
#ifndef HTTP_SPOOL_H
#define HTTP_SPOOL_H

#include <stdint.h>

#include "base/error.h"
#include "base/stream.h"

struct spool {
    int file; /* -1: none */
    uint64_t size;
};

#define SPOOL_NONE ((struct spool){.file = -1})

/* In `directory`; NULL is TMPDIR, or else /var/tmp, which other than /tmp is mostly no memory. */
int spool_open(struct spool *out, const char *directory, struct error *error);

int spool_write(struct spool *spool, struct str piece, struct error *error);

/* A stream over what was written, from its beginning, unpacked when it is gzip. It owns the file
   then, also after a failure. */
int spool_read(struct stream **out, struct spool *spool, const char *name, struct error *error);

void spool_close(struct spool *spool);

#endif
