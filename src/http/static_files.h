/*
 * The files of the web UI, read into memory once: few, small and immutable.
 *
 * Each has an ETag of its content, a packed copy where packing pays, and a content type by its
 * ending. Files under assets/ have a hash in their name and may be cached for ever; others are asked
 * for anew. A path that names no file and has no ending gets index.html, for the UI's own routes.
 * Every answer carries the Content-Security-Policy of docs/architecture.md.
 *
 * Thread rule: immutable once opened.
 */
#ifndef HTTP_STATIC_FILES_H
#define HTTP_STATIC_FILES_H

#include "base/error.h"
#include "http/exchange.h"

struct static_files;

/* Reads a directory and what is below it; links that lead out of it and hidden files are left out. */
int static_files_open(struct static_files **out, const char *directory, struct error *error);

/* Answers GET and HEAD for the exchange's path: 200, 304, or 404. */
void static_files_serve(const struct static_files *files, struct http_exchange *exchange);

/* NULL is fine. */
void static_files_close(struct static_files *files);

#endif
