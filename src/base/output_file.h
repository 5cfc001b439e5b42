/*
 * Output files that appear whole or not at all: written beside their place, then renamed.
 *
 * A new file can be read by its owner only, for it may hold health records; one that replaces
 * another gets the other's permissions.
 *
 * Not done: locking against another writer of the same path; the last to commit wins.
 * Thread rule: one thread at a time a file.
 */
#ifndef BASE_OUTPUT_FILE_H
#define BASE_OUTPUT_FILE_H

#include "base/error.h"
#include "base/stream.h"

struct output_file;

/* Begins a file that will stand at `path` (a name ending in .gz is compressed); where that is a
   symbolic link, the file it points to is replaced. A path that exists and is no regular file (a
   pipe, /dev/stdout) is written directly. Directory missing, no permission: STATUS_INVALID with the
   path and the reason. */
int output_file_create(struct output_file **out, const char *path, struct error *error);

/* The stream to write to; belongs to the file. Buffered. */
struct stream *output_file_stream(struct output_file *file);

/* Flushes, syncs and renames all `count` files, or none of those that can still be held back: every
   file is complete on the disk before the first is renamed, and when a rename fails, those already
   renamed are removed, but not where they replaced an older file: the error's detail names these.
   NULL entries are skipped. The files are to be freed in any case. */
int output_files_commit(struct output_file **files, size_t count, struct error *error);

/* Removes what was not committed and gives everything back. NULL is fine. */
void output_file_free(struct output_file *file);

/* Removes the unfinished files of the whole process; async-signal-safe, for SIGINT and SIGTERM. */
void output_files_abandon(void);

#endif
