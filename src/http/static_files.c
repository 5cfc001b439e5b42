#include "http/static_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/memory.h"
#include "base/str.h"
#include "base/vec.h"
#include "http/packing.h"
#include "http/percent.h"

enum {
    MOST_FILES = 10000,
    MOST_DEPTH = 16,
    LEAST_PACKED = 512,
    PACKING_LEVEL = 9, /* once, at the start */
};

/* Of one file, and of all. */
static const uint64_t most_bytes = 256 << 20;

/* What a page may do: run and show what comes from here, and speak to here. Styles may stand in the
   page, because libraries of the UI write them there; scripts may not. */
static const char page_policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' "
    "data:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'";

static const struct {
    const char *ending;
    const char *type;
} types[] = {
    {".css", "text/css; charset=utf-8"},
    {".csv", "text/csv; charset=utf-8"},
    {".gif", "image/gif"},
    {".html", "text/html; charset=utf-8"},
    {".ico", "image/x-icon"},
    {".jpg", "image/jpeg"},
    {".js", "text/javascript; charset=utf-8"},
    {".json", "application/json"},
    {".map", "application/json"},
    {".mjs", "text/javascript; charset=utf-8"},
    {".pdf", "application/pdf"},
    {".png", "image/png"},
    {".svg", "image/svg+xml"},
    {".txt", "text/plain; charset=utf-8"},
    {".webmanifest", "application/manifest+json"},
    {".webp", "image/webp"},
    {".woff2", "font/woff2"},
    {".yaml", "application/yaml"},
};

struct static_file {
    char *path; /* "/assets/index-1234.js" */
    const char *type;
    struct text_buffer content;
    struct text_buffer packed; /* empty where packing does not pay */
    char tag[40]; /* the ETag without its last quote: the packed one's ends otherwise */
};

struct static_files {
    VEC(struct static_file);
    uint64_t bytes;
    char *root; /* the real path of the directory */
};

static const char *type_of(struct str path)
{
    for (size_t i = 0; i < ARRAY_LENGTH(types); i++) {
        if (str_ends_with(path, str_from(types[i].ending))) {
            return types[i].type;
        }
    }
    return "application/octet-stream";
}

static void free_file(struct static_file *file)
{
    memory_free(file->path);
    text_free(&file->content);
    text_free(&file->packed);
}

void static_files_close(struct static_files *files)
{
    if (files == NULL) {
        return;
    }
    for (size_t i = 0; i < files->len; i++) {
        free_file(&files->items[i]);
    }
    vec_free(files);
    memory_free(files->root);
    memory_free(files);
}

/* ---- reading ---- */

static int pack_file(struct static_file *file, struct error *error)
{
    struct str content = text_str(&file->content);
    if (content.len < LEAST_PACKED || !http_packing_pays(file->type)) {
        return STATUS_OK;
    }
    int status = http_pack(&file->packed, content, PACKING_LEVEL, error);
    if (status == STATUS_OK && file->packed.len > content.len - content.len / 10) {
        text_free(&file->packed);
    }
    return status;
}

static int read_content(struct text_buffer *out, const char *path, struct error *error)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return error_system(error, errno, "%s: cannot open", path);
    }
    int status = STATUS_OK;
    ssize_t got = 1;
    while (got > 0 && status == STATUS_OK) {
        enum { PIECE = 64 << 10 };
        char *room = text_reserve(out, PIECE);
        got = room == NULL ? 0 : read(file, room, PIECE);
        if (room == NULL) {
            status = out->len + PIECE > out->max
                         ? error_set(error, STATUS_INVALID, "%s: is too large", path)
                         : error_out_of_memory(error);
        } else if (got < 0) {
            status = error_system(error, errno, "%s: cannot read", path);
        } else {
            out->len += (size_t)got;
            out->ptr[out->len] = '\0';
        }
    }
    close(file);
    return status;
}

/* The tag is of the content: the same file has the same on every machine. */
static void make_tag(struct static_file *file)
{
    XXH128_hash_t hash = XXH3_128bits(file->content.ptr, file->content.len);
    snprintf(file->tag, sizeof file->tag, "\"%016" PRIx64 "%016" PRIx64, hash.high64, hash.low64);
}

/* `path` is on the disk, `name` below the root with its slash. */
static int read_file(struct static_files *files, const char *path, const char *name,
                     struct error *error)
{
    struct static_file file = {
        .type = type_of(str_from(name)),
        .content = TEXT_BUFFER(most_bytes - files->bytes),
        .packed = TEXT_BUFFER(most_bytes),
    };
    size_t size = strlen(name) + 1;
    int status = STATUS_OK;
    file.path = memory_alloc(size);
    if (file.path == NULL) {
        status = error_out_of_memory(error);
        goto done;
    }
    memcpy(file.path, name, size);
    status = read_content(&file.content, path, error);
    if (status == STATUS_OK) {
        make_tag(&file);
        status = pack_file(&file, error);
    }
    if (status == STATUS_OK && files->len == MOST_FILES) {
        status = error_set(error, STATUS_INVALID, "%s: holds more than %d files", files->root,
                           MOST_FILES);
    }
    if (status == STATUS_OK && !vec_push(files, file)) {
        status = error_out_of_memory(error);
    }
done:
    if (status != STATUS_OK) {
        free_file(&file);
        return status;
    }
    files->bytes += file.content.len;
    return STATUS_OK;
}

/* Whether it is the root or lies in it, links followed. */
static bool is_inside(const struct static_files *files, const char *path)
{
    char real[PATH_MAX];
    size_t length = strlen(files->root);
    return realpath(path, real) != NULL && strncmp(real, files->root, length) == 0 &&
           (real[length] == '/' || real[length] == '\0');
}

static int read_directory(struct static_files *files, const char *path, unsigned depth,
                          struct error *error);

/* One entry of a directory; what is neither a file nor a directory is passed over. */
static int read_entry(struct static_files *files, const char *directory, const char *name,
                      unsigned depth, struct error *error)
{
    char path[PATH_MAX];
    struct stat info;
    int length = snprintf(path, sizeof path, "%s/%s", directory, name);
    if (name[0] == '.' || length >= (int)sizeof path || !is_inside(files, path) ||
        stat(path, &info) != 0) {
        return STATUS_OK;
    }
    if (S_ISDIR(info.st_mode)) {
        return depth < MOST_DEPTH ? read_directory(files, path, depth + 1, error) : STATUS_OK;
    }
    return S_ISREG(info.st_mode) ? read_file(files, path, path + strlen(files->root), error)
                                 : STATUS_OK;
}

static int read_directory(struct static_files *files, const char *path, unsigned depth,
                          struct error *error)
{
    DIR *folder = opendir(path);
    if (folder == NULL) {
        return error_system(error, errno, "%s: cannot read the directory", path);
    }
    int status = STATUS_OK;
    for (struct dirent *entry; status == STATUS_OK && (entry = readdir(folder)) != NULL;) {
        status = read_entry(files, path, entry->d_name, depth, error);
    }
    closedir(folder);
    return status;
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(((const struct static_file *)a)->path, ((const struct static_file *)b)->path);
}

int static_files_open(struct static_files **out, const char *directory, struct error *error)
{
    *out = NULL;
    char real[PATH_MAX];
    struct static_files *files = memory_alloc_zeroed(1, sizeof *files);
    if (files == NULL) {
        return error_out_of_memory(error);
    }
    int status = STATUS_OK;
    if (realpath(directory, real) == NULL) {
        status = error_system(error, errno, "%s: cannot read the directory", directory);
        goto done;
    }
    size_t size = strlen(real) + 1;
    files->root = memory_alloc(size);
    if (files->root == NULL) {
        status = error_out_of_memory(error);
        goto done;
    }
    memcpy(files->root, real, size);
    status = read_directory(files, files->root, 0, error);
done:
    if (status != STATUS_OK) {
        static_files_close(files);
        return status;
    }
    if (files->len > 0) {
        qsort(files->items, files->len, sizeof *files->items, compare_paths);
    }
    *out = files;
    return STATUS_OK;
}

/* ---- serving ---- */

static const struct static_file *find(const struct static_files *files, const char *path)
{
    struct static_file key = {.path = (char *)(uintptr_t)path};
    return files->len == 0 ? NULL
                           : bsearch(&key, files->items, files->len, sizeof key, compare_paths);
}

/* The last segment has no ending: it is a place within the UI, which it finds by itself. */
static bool is_place(struct str path)
{
    const char *slash = memrchr(path.ptr, '/', path.len);
    size_t begin = slash == NULL ? 0 : (size_t)(slash - path.ptr);
    return memchr(path.ptr + begin, '.', path.len - begin) == NULL;
}

/* Whether an If-None-Match holds the tag; "W/" before it does not matter here (RFC 9110, 13.1.2). */
static bool holds_tag(struct str header, struct str tag)
{
    while (header.len > 0) {
        const char *end = memchr(header.ptr, ',', header.len);
        struct str item = {header.ptr, end == NULL ? header.len : (size_t)(end - header.ptr)};
        size_t taken = item.len + (end != NULL);
        header = (struct str){header.ptr + taken, header.len - taken};
        item = str_trim(item);
        if (str_starts_with(item, STR("W/"))) {
            item = (struct str){item.ptr + 2, item.len - 2};
        }
        if (str_equal(item, tag) || str_equal(item, STR("*"))) {
            return true;
        }
    }
    return false;
}

static void serve_file(const struct static_file *file, struct http_exchange *exchange)
{
    bool packed =
        file->packed.len > 0 && http_packing_accepted(http_header(exchange, "Accept-Encoding"));
    char tag[sizeof file->tag + 8];
    /* Each representation has a tag of its own. */
    snprintf(tag, sizeof tag, "%s%s\"", file->tag, packed ? "-gz" : "");
    if (holds_tag(http_header(exchange, "If-None-Match"), str_from(tag))) {
        http_respond_empty(exchange, 304);
    } else if (packed) {
        http_respond_view(exchange, 200, file->type, text_str(&file->packed));
        http_respond_header(exchange, "Content-Encoding", "gzip");
    } else {
        http_respond_view(exchange, 200, file->type, text_str(&file->content));
    }
    exchange->response.uncompressed = true;
    if (file->packed.len > 0) {
        http_respond_header(exchange, "Vary", "Accept-Encoding");
    }
    bool hashed = strncmp(file->path, "/assets/", 8) == 0;
    http_respond_header(exchange, "ETag", "%s", tag);
    http_respond_header(exchange, "Cache-Control", "%s",
                        hashed ? "public, max-age=31536000, immutable" : "no-cache");
    http_respond_header(exchange, "Content-Security-Policy", "%s", page_policy);
}

void static_files_serve(const struct static_files *files, struct http_exchange *exchange)
{
    struct str path;
    bool valid;
    const struct static_file *file = NULL;
    if (http_percent_decode(&path, exchange->path, false, &exchange->arena, &valid)) {
        file = find(files, path.ptr);
        if (file == NULL && is_place(path)) {
            file = find(files, "/index.html");
        }
    }
    if (file == NULL) {
        http_respond_error(exchange, 404, "Resource not found");
        return;
    }
    serve_file(file, exchange);
}
