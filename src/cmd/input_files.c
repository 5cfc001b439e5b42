#include "cmd/input_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

/* ---- files that can be read only once ---- */

static bool is_standard_input(const struct input_file *file)
{
    return strcmp(file->path, "-") == 0;
}

static const char *shown_name(const struct input_file *file)
{
    return is_standard_input(file) ? "standard input" : file->path;
}

/* An unnamed file in the directory for temporary files: gone with the process, whatever happens. */
static int open_temporary(int *out, struct error *error)
{
    const char *directory = getenv("TMPDIR");
    directory = directory == NULL || directory[0] == '\0' ? "/tmp" : directory;
    char path[4096];
    snprintf(path, sizeof path, "%s/tuva-empi-XXXXXX", directory);
    *out = mkostemp(path, O_CLOEXEC);
    if (*out < 0) {
        return error_system(error, errno, "cannot make a temporary file in %s", directory);
    }
    unlink(path);
    return 0;
}

static int write_all(int descriptor, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(descriptor, bytes, size);
        if (written < 0 && errno != EINTR) {
            return -1;
        }
        if (written > 0) {
            bytes += written;
            size -= (size_t)written;
        }
    }
    return 0;
}

static int copy_all(int from, int to, const char *name, struct error *error)
{
    enum { CHUNK = 1 << 18 };
    char *buffer = memory_alloc(CHUNK);
    if (buffer == NULL) {
        return error_out_of_memory(error);
    }
    int status = 0;
    for (;;) {
        ssize_t got = read(from, buffer, CHUNK);
        if (got == 0) {
            break;
        }
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            status = error_system(error, errno, "cannot read %s", name);
            break;
        }
        if (write_all(to, buffer, (size_t)got) != 0) {
            status = error_system(error, errno, "cannot keep a copy of %s", name);
            error_hint(error, "point TMPDIR to a directory with more room");
            break;
        }
    }
    memory_free(buffer);
    return status;
}

/* Copies a file that cannot be read twice; others are left as they are. */
static int make_rereadable(struct input_file *file, struct error *error)
{
    const char *name = shown_name(file);
    int from = is_standard_input(file) ? STDIN_FILENO : open(file->path, O_RDONLY | O_CLOEXEC);
    struct stat stat;
    int status = 0;
    /* What cannot be opened gets its message from stream_open_file. */
    if (from >= 0 && fstat(from, &stat) == 0 &&
        (is_standard_input(file) || S_ISFIFO(stat.st_mode) || S_ISCHR(stat.st_mode))) {
        status = open_temporary(&file->copy, error);
        if (status == 0) {
            status = copy_all(from, file->copy, name, error);
        }
        /* Opening this path gives a new description of the same file, at its beginning. */
        snprintf(file->opened, sizeof file->opened, "/proc/self/fd/%d", file->copy);
    }
    if (from >= 0 && from != STDIN_FILENO) {
        close(from);
    }
    return status;
}

/* ---- opening ---- */

static int check_unchanged(struct input_file *file, struct error *error)
{
    struct stat now;
    const char *path = file->opened[0] != '\0' ? file->opened : file->path;
    if (stat(path, &now) != 0) {
        return error_system(error, errno, "%s", file->path);
    }
    if (!file->seen) {
        file->stat = now;
        file->seen = true;
        return 0;
    }
    bool same = now.st_size == file->stat.st_size && now.st_ino == file->stat.st_ino &&
                now.st_mtim.tv_sec == file->stat.st_mtim.tv_sec &&
                now.st_mtim.tv_nsec == file->stat.st_mtim.tv_nsec;
    return same ? 0
                : error_set(error, STATUS_INVALID, "%s was changed while it was being linked",
                            file->path);
}

static void close_current(struct input_files *files)
{
    csv_reader_free(files->reader);
    files->reader = NULL;
    stream_free(files->stream);
    files->stream = NULL;
    memory_free(files->positions);
    files->positions = NULL;
}

static uint32_t find_column(const struct input_files *files, struct str name)
{
    for (uint32_t i = 0; i < files->column_count; i++) {
        if (str_equal(files->columns[i], name)) {
            return i;
        }
    }
    return UINT32_MAX;
}

/* Maps the current file's columns to the first file's; the faults are told together. */
static int map_columns(struct input_files *files, struct error *error)
{
    size_t count = csv_reader_column_count(files->reader);
    const char *name = files->stream->name;
    struct error faults = {0};
    error_set(&faults, STATUS_INVALID, "%s: its columns are not those of %s", name,
              shown_name(&files->items[0]));
    uint32_t *positions = memory_alloc_array(files->column_count, sizeof *positions);
    if (positions == NULL) {
        return error_out_of_memory(error);
    }
    memset(positions, 0xFF, files->column_count * sizeof *positions);
    bool same_order = true;
    for (uint32_t i = 0; i < count; i++) {
        struct str column = csv_reader_column(files->reader, i);
        uint32_t at = find_column(files, column);
        if (at == UINT32_MAX) {
            error_detail(&faults, "unknown: %.*s", STR_ARG(column));
            continue;
        }
        positions[at] = i;
        same_order = same_order && at == i;
    }
    for (size_t i = 0; i < files->column_count; i++) {
        if (positions[i] == UINT32_MAX) {
            error_detail(&faults, "missing: %.*s", STR_ARG(files->columns[i]));
        }
    }
    if (faults.detail[0] != '\0' || same_order) {
        memory_free(positions);
    } else {
        files->positions = positions;
    }
    if (faults.detail[0] != '\0') {
        *error = faults;
        error_hint(error, "files that are linked together need the same header, in any order");
        return STATUS_INVALID;
    }
    return 0;
}

static int open_current(struct input_files *files, struct error *error)
{
    struct input_file *file = &files->items[files->current];
    bool copied = file->opened[0] != '\0';
    int status = stream_open_file(&files->stream, copied ? file->opened : file->path, error);
    if (status != 0) {
        return status;
    }
    if (copied) {
        stream_set_name(files->stream, shown_name(file));
    }
    status = check_unchanged(file, error);
    if (status == 0) {
        status = csv_reader_open(&files->reader, files->stream, error);
    }
    return status;
}

/* Keeps the first file's header, which the reader gives up when it is freed. */
static int keep_header(struct input_files *files, struct error *error)
{
    size_t count = csv_reader_column_count(files->reader);
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        bytes += csv_reader_column(files->reader, i).len;
    }
    files->columns = memory_alloc_zeroed(count, sizeof *files->columns);
    files->fields = memory_alloc_zeroed(count, sizeof *files->fields);
    files->column_bytes = memory_alloc(bytes);
    if (files->columns == NULL || files->fields == NULL || files->column_bytes == NULL) {
        return error_out_of_memory(error);
    }
    char *end = files->column_bytes;
    for (size_t i = 0; i < count; i++) {
        struct str name = csv_reader_column(files->reader, i);
        memcpy(end, name.ptr, name.len);
        files->columns[i] = (struct str){end, name.len};
        end += name.len;
    }
    files->column_count = count;
    return 0;
}

/* A file that is named twice would give every record a perfect double. */
static int check_named_once(const struct input_files *files, size_t position, struct error *error)
{
    const struct input_file *file = &files->items[position];
    for (size_t i = 0; i < position; i++) {
        const struct input_file *other = &files->items[i];
        if (is_standard_input(file) && is_standard_input(other)) {
            return error_set(error, STATUS_USAGE, "standard input is named twice");
        }
        struct stat own;
        struct stat earlier;
        if (stat(file->path, &own) == 0 && stat(other->path, &earlier) == 0 &&
            (S_ISREG(own.st_mode) || S_ISFIFO(own.st_mode)) && own.st_dev == earlier.st_dev &&
            own.st_ino == earlier.st_ino) {
            return error_set(error, STATUS_USAGE, "%s and %s are the same file", other->path,
                             file->path);
        }
    }
    return 0;
}

/* Before the first row is read: a fault in the last file's header is not to be found out after the
   work on all the others. */
static int check_headers(struct input_files *files, struct error *error)
{
    int status = open_current(files, error);
    if (status == 0) {
        status = keep_header(files, error);
    }
    while (status == 0 && files->current + 1 < files->count) {
        close_current(files);
        files->current++;
        status = open_current(files, error);
        if (status == 0) {
            status = map_columns(files, error);
        }
    }
    return status == 0 && files->count > 1 ? input_files_rewind(files, error) : status;
}

int input_files_open(struct input_files *out, char *const *paths, size_t count, struct error *error)
{
    *out = (struct input_files){0};
    out->items = memory_alloc_zeroed(count, sizeof *out->items);
    if (out->items == NULL) {
        return error_out_of_memory(error);
    }
    for (size_t i = 0; i < count; i++) {
        out->items[i].path = paths[i];
        out->items[i].copy = -1;
    }
    out->count = count;
    int status = 0;
    for (size_t i = 0; status == 0 && i < count; i++) {
        status = check_named_once(out, i, error);
    }
    for (size_t i = 0; status == 0 && i < count; i++) {
        status = make_rereadable(&out->items[i], error);
        struct stat stat_now;
        const char *path = out->items[i].opened[0] != '\0' ? out->items[i].opened : paths[i];
        out->bytes += stat(path, &stat_now) == 0 ? (uint64_t)stat_now.st_size : 0;
    }
    if (status == 0) {
        status = check_headers(out, error);
    }
    if (status != 0) {
        input_files_free(out);
    }
    return status;
}

int input_files_rewind(struct input_files *files, struct error *error)
{
    close_current(files);
    files->current = 0;
    files->bytes_before = 0;
    return open_current(files, error);
}

/* ---- reading ---- */

static int open_next(struct input_files *files, struct error *error)
{
    files->bytes_before += files->stream->bytes;
    close_current(files);
    files->current++;
    int status = open_current(files, error);
    return status == 0 ? map_columns(files, error) : status;
}

int input_files_next(struct input_files *files, const struct csv_field **out, struct error *error)
{
    for (;;) {
        int status = csv_reader_next(files->reader, out, error);
        if (status != 0) {
            return status;
        }
        if (*out != NULL) {
            break;
        }
        if (files->current + 1 == files->count) {
            return 0;
        }
        status = open_next(files, error);
        if (status != 0) {
            return status;
        }
    }
    if (files->positions != NULL) {
        for (size_t i = 0; i < files->column_count; i++) {
            files->fields[i] = (*out)[files->positions[i]];
        }
        *out = files->fields;
    }
    return 0;
}

struct str input_files_raw_row(const struct input_files *files)
{
    return files->positions == NULL ? csv_reader_raw_row(files->reader) : (struct str){NULL, 0};
}

const char *input_files_name(const struct input_files *files)
{
    return files->stream->name;
}

uint64_t input_files_line(const struct input_files *files)
{
    return csv_reader_line(files->reader);
}

uint64_t input_files_done(const struct input_files *files)
{
    return files->bytes_before + (files->stream == NULL ? 0 : files->stream->bytes);
}

void input_files_free(struct input_files *files)
{
    close_current(files);
    for (size_t i = 0; files->items != NULL && i < files->count; i++) {
        if (files->items[i].copy >= 0) {
            close(files->items[i].copy);
        }
    }
    memory_free(files->items);
    memory_free(files->columns);
    memory_free(files->column_bytes);
    memory_free(files->fields);
    *files = (struct input_files){0};
}
