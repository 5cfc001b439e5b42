#include "http/packing.h"

#include <string.h>
#include <zlib.h>

#include "base/memory.h"
#include "base/zlib_memory.h"
#include "http/media_type.h"

/* Most of the gain at a third of the time of zlib's usual level. */
enum { STREAM_LEVEL = 3, PIECE_BYTES = 32 << 10 };

bool http_packing_pays(const char *content_type)
{
    static const char *const types[] = {"application/json", "application/javascript",
                                        "application/yaml", "application/manifest+json",
                                        "image/svg+xml"};
    struct str type = str_from(content_type);
    if (str_starts_with(type, STR("text/"))) {
        return true;
    }
    for (size_t i = 0; i < ARRAY_LENGTH(types); i++) {
        if (str_starts_with(type, str_from(types[i]))) {
            return true;
        }
    }
    return false;
}

bool http_packing_accepted(struct str accept_encoding)
{
    struct str rest = accept_encoding;
    bool any = false;
    while (rest.len > 0) {
        struct str coding;
        bool refused = !http_take_accepted(&coding, &rest);
        if (str_equal_ignoring_case(coding, STR("gzip")) ||
            str_equal_ignoring_case(coding, STR("x-gzip"))) {
            return !refused;
        }
        any = any || (str_equal(coding, STR("*")) && !refused);
    }
    return any;
}

static int begin(z_stream *packer, int level, struct error *error)
{
    *packer = (z_stream){.zalloc = zlib_memory_alloc, .zfree = zlib_memory_free};
    /* 16 asks for gzip's frame; 8 is zlib's usual use of memory. */
    return deflateInit2(packer, level, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK
               ? STATUS_OK
               : error_out_of_memory(error);
}

int http_pack(struct text_buffer *out, struct str text, int level, struct error *error)
{
    z_stream packer;
    if (text.len > UINT32_MAX) {
        return error_set(error, STATUS_INVALID, "longer than can be packed at once");
    }
    int status = begin(&packer, level, error);
    if (status != STATUS_OK) {
        return status;
    }
    size_t most = deflateBound(&packer, text.len);
    char *room = text_reserve(out, most);
    if (room == NULL) {
        status = error_out_of_memory(error);
        goto done;
    }
    packer.next_in = (unsigned char *)(uintptr_t)text.ptr;
    packer.avail_in = (unsigned)text.len;
    packer.next_out = (unsigned char *)room;
    packer.avail_out = (unsigned)most;
    if (deflate(&packer, Z_FINISH) != Z_STREAM_END) {
        status = error_set(error, STATUS_INTERNAL, "cannot pack an answer");
        goto done;
    }
    out->len += most - packer.avail_out;
    out->ptr[out->len] = '\0';
done:
    deflateEnd(&packer);
    return status;
}

/* ---- piece by piece ---- */

struct packing {
    struct stream base;
    struct stream *inner;
    z_stream packer;
    char piece[PIECE_BYTES];
};

static int deflate_all(struct packing *packing, struct str text, int flush, struct error *error)
{
    z_stream *packer = &packing->packer;
    int status = STATUS_OK;
    int result = Z_OK;
    packer->next_in = (unsigned char *)(uintptr_t)text.ptr;
    packer->avail_in = (unsigned)text.len;
    do {
        packer->next_out = (unsigned char *)packing->piece;
        packer->avail_out = PIECE_BYTES;
        result = deflate(packer, flush);
        if (result == Z_STREAM_ERROR) {
            return error_set(error, STATUS_INTERNAL, "cannot pack an answer");
        }
        struct str packed = {packing->piece, PIECE_BYTES - packer->avail_out};
        if (packed.len > 0) {
            status = stream_write(packing->inner, packed, error);
        }
    } while (status == STATUS_OK && packer->avail_out == 0 && result != Z_STREAM_END);
    return status;
}

static int write_packed(struct stream *stream, struct str text, struct error *error)
{
    enum { MOST = 1 << 30 }; /* zlib counts in 32 bits */
    struct packing *packing = (struct packing *)stream;
    int status = STATUS_OK;
    while (text.len > 0 && status == STATUS_OK) {
        struct str piece = {text.ptr, text.len < MOST ? text.len : MOST};
        status = deflate_all(packing, piece, Z_NO_FLUSH, error);
        text = (struct str){text.ptr + piece.len, text.len - piece.len};
    }
    return status;
}

static int finish_packing(struct stream *stream, struct error *error)
{
    return deflate_all((struct packing *)stream, (struct str){NULL, 0}, Z_FINISH, error);
}

static void free_packing(struct stream *stream)
{
    struct packing *packing = (struct packing *)stream;
    deflateEnd(&packing->packer);
    memory_free(packing);
}

static const struct stream_operations operations = {
    .write = write_packed,
    .finish = finish_packing,
    .free = free_packing,
};

int http_packing_open(struct stream **out, struct stream *inner, struct error *error)
{
    *out = NULL;
    struct packing *packing = memory_alloc_zeroed(1, sizeof *packing);
    if (packing == NULL) {
        return error_out_of_memory(error);
    }
    int status = begin(&packing->packer, STREAM_LEVEL, error);
    if (status != STATUS_OK) {
        memory_free(packing);
        return status;
    }
    packing->base.operations = &operations;
    stream_set_name(&packing->base, inner->name);
    packing->inner = inner;
    *out = &packing->base;
    return STATUS_OK;
}
