/*
 * An answer that is produced while it is sent: a thread writes it, the connection's thread reads it,
 * and between them is a ring that holds what the client has not taken yet.
 *
 * Thread rule: read by one thread; cancelled by any, until it is closed.
 */
#ifndef HTTP_DOWNLOAD_H
#define HTTP_DOWNLOAD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/stream.h"

struct http_download;

struct http_producer {
    int (*produce)(void *context, struct stream *out, struct error *error);
    void (*release)(void *context); /* called in the same thread when it has ended; may be NULL */
    void *context;
};

enum http_download_end { HTTP_DOWNLOAD_GOES_ON, HTTP_DOWNLOAD_WHOLE, HTTP_DOWNLOAD_FAILED };

/* Starts the thread, which packs what is produced as gzip if it is to. When this fails, `producer`
   was not touched: its release() is still the caller's. */
int http_download_open(struct http_download **out, const struct http_producer *producer,
                       bool packed, struct error *error);

/* Up to `size` bytes; waits for the first. 0 with the end, or after the last byte. */
size_t http_download_read(struct http_download *download, char *out, size_t size,
                          enum http_download_end *end);

/* The reader gets a failure, and so does who writes, at their next call. */
void http_download_cancel(struct http_download *download);

/* Cancels it if it goes on, and waits for its thread. *error tells of a failure that was the
   producer's own; that the client went is none, and STATUS_OK. NULL is fine. */
int http_download_close(struct http_download *download, struct error *error);

#endif
