/*
 * Reads a multipart/form-data body (RFC 7578) piece by piece, as it comes from the network.
 *
 * Strict where two readers could differ: lines end in CR LF, the last delimiter must be there.
 *
 * Not done: multipart within multipart; transfer encodings other than none; `filename*`, which
 * RFC 7578 forbids.
 * Thread rule: one thread at a time.
 */
#ifndef HTTP_MULTIPART_H
#define HTTP_MULTIPART_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

enum {
    MULTIPART_MOST_PARTS = 64,
    MULTIPART_MOST_HEAD = 8192, /* bytes of a part's headers */
    MULTIPART_MOST_NAME = 1024, /* bytes of a field's or a file's name */
    MULTIPART_MOST_BOUNDARY = 70,
};

/* What stands before a part's content; lies in the arena. NUL-terminated UTF-8 without control
   characters. */
struct multipart_head {
    struct str name;
    struct str file_name; /* ptr NULL: no file */
};

/* Called in this order for each part: begin, data (any number of pieces), end. A failure of theirs
   is returned by multipart_feed(). */
struct multipart_events {
    int (*begin)(void *context, const struct multipart_head *head, struct error *error);
    int (*data)(void *context, struct str piece, struct error *error);
    int (*end)(void *context, struct error *error);
    void *context;
};

enum multipart_stage {
    MULTIPART_PREAMBLE,  /* before the first delimiter: ignored */
    MULTIPART_DELIMITER, /* behind one, before the end of its line */
    MULTIPART_LINE_END,  /* after that line's CR */
    MULTIPART_LAST_DASH, /* after one dash of the last delimiter's two */
    MULTIPART_HEAD,
    MULTIPART_DATA,
    MULTIPART_EPILOGUE, /* behind the last delimiter: ignored */
};

struct multipart {
    struct multipart_events events;
    struct arena *arena;
    char delimiter[MULTIPART_MOST_BOUNDARY + 4]; /* CR LF "--" boundary */
    size_t delimiter_length;
    size_t matched;  /* bytes of the delimiter that have been seen, and not been handed on */
    size_t presumed; /* of these, those at its beginning that were never content */
    enum multipart_stage stage;
    bool in_part; /* begin() was called, end() not yet */
    unsigned parts;
    char head[MULTIPART_MOST_HEAD];
    size_t head_length;
};

/* false when the boundary is none (RFC 2046, 5.1.1). */
bool multipart_open(struct multipart *out, struct str boundary,
                    const struct multipart_events *events, struct arena *arena);

/* STATUS_INVALID says what is malformed; after a failure nothing more may be fed. */
int multipart_feed(struct multipart *reader, struct str piece, struct error *error);

/* After the last piece: STATUS_INVALID when the body was cut off. */
int multipart_finish(const struct multipart *reader, struct error *error);

#endif
