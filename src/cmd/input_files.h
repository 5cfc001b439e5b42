/*
 * The CSV files of one command, read as one table, twice if need be.
 *
 * All files must have the same columns; their order may differ, the first file's counts. What can
 * be read only once (standard input, a pipe) is copied to an unnamed temporary file first. A file
 * that changes between two readings is an error.
 *
 * Thread rule: one thread.
 */
#ifndef CMD_INPUT_FILES_H
#define CMD_INPUT_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/csv.h"
#include "base/error.h"
#include "base/stream.h"

struct input_file {
    const char *path; /* as given; "-" is standard input */
    char opened[64];  /* what is opened instead, for a temporary copy; else empty */
    int copy;         /* its descriptor, or -1 */
    struct stat stat; /* at the first opening, to notice changes */
    bool seen;
};

struct input_files {
    struct input_file *items;
    size_t count;
    uint64_t bytes;      /* of all files, for progress; 0 when unknown */
    struct str *columns; /* the header: of the first file */
    size_t column_count;
    char *column_bytes;

    /* The reading at hand. */
    size_t current;
    struct stream *stream;
    struct csv_reader *reader;
    uint32_t *positions;      /* of each column in the current file; NULL: the first file's order */
    struct csv_field *fields; /* of the row read last, in the first file's order */
    uint64_t bytes_before;    /* of the files already read */
};

/* Looks at the headers of all files, so that what is wrong with one shows before any row is read,
   and opens the first. */
int input_files_open(struct input_files *out, char *const *paths, size_t count,
                     struct error *error);

/* Goes back to the first row. */
int input_files_rewind(struct input_files *files, struct error *error);

/* The next row of all files: *out points at column_count fields in the first file's order that live
   until the next call; NULL at the end. */
int input_files_next(struct input_files *files, const struct csv_field **out, struct error *error);

/* The row read last as it stands in its file, when its columns stand in the first file's order;
   else ptr NULL. */
struct str input_files_raw_row(const struct input_files *files);

/* Where the row read last stands, for messages. */
const char *input_files_name(const struct input_files *files);
uint64_t input_files_line(const struct input_files *files);

/* Bytes read so far in this reading. */
uint64_t input_files_done(const struct input_files *files);

void input_files_free(struct input_files *files);

#endif
