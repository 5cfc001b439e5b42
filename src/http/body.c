#include "http/body.h"

#include <string.h>

#include "base/utf8.h"
#include "http/media_type.h"
#include "http/percent.h"
#include "http/route.h"

/* ---- parts of a multipart form ---- */

static int begin_part(void *context, const struct multipart_head *head, struct error *error)
{
    struct http_body_reader *reader = context;
    /* The multipart reader has held the number of parts to its maximum. */
    struct http_part *part = &reader->parts[reader->part_count];
    *part = (struct http_part){.name = head->name, .file_name = head->file_name};
    if (head->file_name.ptr == NULL) {
        text_clear(&reader->text);
        return STATUS_OK;
    }
    if (++reader->files > HTTP_MOST_FILES) {
        return error_set(error, STATUS_INVALID, "More than %d files in one request.",
                         HTTP_MOST_FILES);
    }
    return spool_open(&reader->spool, &reader->place, error);
}

static int add_to_part(void *context, struct str piece, struct error *error)
{
    struct http_body_reader *reader = context;
    if (reader->parts[reader->part_count].file_name.ptr != NULL) {
        return spool_write(&reader->spool, piece, error);
    }
    if (reader->text.len + piece.len > HTTP_MOST_FIELD) {
        return error_set(error, STATUS_INVALID, "A field of the form is longer than %d bytes.",
                         HTTP_MOST_FIELD);
    }
    text_append(&reader->text, piece);
    return reader->text.failed ? error_out_of_memory(error) : STATUS_OK;
}

static int end_part(void *context, struct error *error)
{
    struct http_body_reader *reader = context;
    struct http_part *part = &reader->parts[reader->part_count];
    if (part->file_name.ptr != NULL) {
        part->size = reader->spool.size;
        int status = spool_read(&part->file, &reader->spool, part->file_name.ptr, error);
        reader->part_count += status == STATUS_OK;
        return status;
    }
    struct str text = text_str(&reader->text);
    if (utf8_valid_prefix(text) != text.len ||
        (text.len > 0 && memchr(text.ptr, '\0', text.len) != NULL)) {
        return error_set(error, STATUS_INVALID, "A field of the form is not valid UTF-8 text.");
    }
    part->text = (struct str){arena_copy(&reader->exchange->arena, text), text.len};
    part->size = text.len;
    reader->part_count++;
    return part->text.ptr == NULL ? error_out_of_memory(error) : STATUS_OK;
}

/* ---- what the route takes ---- */

static bool refuse_memory(struct http_exchange *exchange)
{
    struct error error;
    error_out_of_memory(&error);
    http_respond_failure(exchange, &error);
    return false;
}

static bool refuse_type(struct http_exchange *exchange, struct str type)
{
    /* Cut, for it may be as long as a header. */
    type.len = type.len > 200 ? 200 : type.len;
    http_respond_error(exchange, 415, "Unsupported media type \"%.*s\" in request.", STR_ARG(type));
    return false;
}

static bool open_multipart(struct http_body_reader *reader, struct str type)
{
    struct arena *arena = &reader->exchange->arena;
    struct str boundary;
    bool read = http_media_parameter(&boundary, type, "boundary", arena);
    reader->multipart = arena_alloc(arena, sizeof *reader->multipart);
    reader->parts = arena_alloc_array(arena, MULTIPART_MOST_PARTS, sizeof *reader->parts);
    if (arena->failed) {
        return refuse_memory(reader->exchange);
    }
    const struct multipart_events events = {begin_part, add_to_part, end_part, reader};
    if (!read || !multipart_open(reader->multipart, boundary, &events, arena)) {
        http_respond_error(reader->exchange, 400,
                           "Multipart form parse error - Invalid boundary in multipart.");
        return false;
    }
    return true;
}

/* The log has the place and the remedy, which are no client's business. */
static bool refuse_room(struct http_exchange *exchange, const struct error *error)
{
    http_respond_failure(exchange, error);
    http_respond_error(exchange, 503,
                       "There is no room for uploads at the moment. Please try again later.");
    http_respond_header(exchange, "Retry-After", "60");
    return false;
}

/* JSON and forms are UTF-8 whatever they say; who says another is not understood. */
static bool is_utf8(struct http_exchange *exchange, struct str type)
{
    struct str charset;
    if (!http_media_parameter(&charset, type, "charset", &exchange->arena)) {
        return false;
    }
    return charset.ptr == NULL || str_equal_ignoring_case(charset, STR("utf-8")) ||
           str_equal_ignoring_case(charset, STR("utf8")) ||
           str_equal_ignoring_case(charset, STR("us-ascii"));
}

static const struct {
    enum http_body kind;
    struct str type;
} kinds[] = {
    {HTTP_BODY_JSON, {"application/json", 16}},
    {HTTP_BODY_FORM, {"multipart/form-data", 19}},
    {HTTP_BODY_URLENCODED, {"application/x-www-form-urlencoded", 33}},
};

/* The kind of the body by its type, if the route takes it; else HTTP_BODY_NONE. */
static enum http_body find_kind(struct http_exchange *exchange, struct str type)
{
    struct str plain = http_media_type(type);
    for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++) {
        if (str_equal_ignoring_case(plain, kinds[i].type)) {
            bool taken = (exchange->route->bodies & kinds[i].kind) != 0 &&
                         (kinds[i].kind == HTTP_BODY_FORM || is_utf8(exchange, type));
            return taken ? kinds[i].kind : HTTP_BODY_NONE;
        }
    }
    return HTTP_BODY_NONE;
}

static uint64_t most_of(enum http_body kind, const struct http_body_limits *limits)
{
    switch (kind) {
    case HTTP_BODY_JSON: return limits->most_json;
    case HTTP_BODY_FORM: return limits->most_upload;
    case HTTP_BODY_URLENCODED: return HTTP_MOST_FORM;
    case HTTP_BODY_SHORT:
    case HTTP_BODY_NONE: break;
    }
    return HTTP_MOST_IGNORED;
}

/* Of a text that is kept in memory; a liar about its length gets no more than this ahead. */
static void make_room(struct text_buffer *text, uint64_t length, uint64_t most)
{
    enum { AHEAD = 1 << 20 };
    *text = TEXT_BUFFER(most);
    if (length <= most && length <= AHEAD) {
        (void)!text_reserve(text, length);
    }
}

bool http_body_begin(struct http_body_reader *out, struct http_exchange *exchange, uint64_t length,
                     const struct http_body_limits *limits)
{
    *out = (struct http_body_reader){
        .exchange = exchange,
        .place = limits->place,
        .spool = SPOOL_NONE,
        .text = TEXT_BUFFER(HTTP_MOST_FIELD),
    };
    struct str type = http_header(exchange, "Content-Type");
    enum http_body kind = HTTP_BODY_NONE;
    /* No body at all is no body of a wrong type. */
    if (exchange->route->bodies != HTTP_BODY_NONE && length > 0) {
        struct str packing = http_header(exchange, "Content-Encoding");
        if (packing.ptr != NULL && !str_equal_ignoring_case(packing, STR("identity"))) {
            http_respond_error(exchange, 415, "Unsupported content encoding in request.");
            return false;
        }
        kind = find_kind(exchange, type);
        if (kind == HTTP_BODY_NONE) {
            return exchange->arena.failed ? refuse_memory(exchange) : refuse_type(exchange, type);
        }
    }
    out->kind = kind;
    out->most = most_of(kind, limits);
    if ((exchange->route->bodies & HTTP_BODY_SHORT) != 0 && out->most > HTTP_MOST_SHORT) {
        out->most = HTTP_MOST_SHORT;
    }
    if (length != HTTP_LENGTH_UNKNOWN && length > out->most) {
        http_respond_error(exchange, 413, "Request body too large");
        return false;
    }
    if (kind == HTTP_BODY_FORM) {
        struct error error;
        uint64_t announced = length == HTTP_LENGTH_UNKNOWN ? 0 : length;
        return spool_check_room(&limits->place, announced, &error) == STATUS_OK
                   ? open_multipart(out, type)
                   : refuse_room(exchange, &error);
    }
    if (kind != HTTP_BODY_NONE) {
        make_room(&out->text, length, out->most);
    }
    return true;
}

int http_body_feed(struct http_body_reader *reader, struct str piece, struct error *error)
{
    reader->received += piece.len;
    if (reader->received > reader->most) {
        reader->too_large = true;
        return error_set(error, STATUS_INVALID, "Request body too large");
    }
    switch (reader->kind) {
    case HTTP_BODY_FORM: return multipart_feed(reader->multipart, piece, error);
    case HTTP_BODY_JSON:
    case HTTP_BODY_URLENCODED:
        text_append(&reader->text, piece);
        return reader->text.failed ? error_out_of_memory(error) : STATUS_OK;
    default: return STATUS_OK;
    }
}

void http_body_answer_failure(struct http_body_reader *reader, const struct error *error)
{
    if (reader->too_large) {
        http_respond_error(reader->exchange, 413, "%s", error->message);
    } else if (reader->spool.full) {
        refuse_room(reader->exchange, error);
    } else {
        http_respond_failure(reader->exchange, error);
    }
}

static int read_urlencoded(struct http_body_reader *reader, struct error *error)
{
    struct http_exchange *exchange = reader->exchange;
    struct http_fields fields;
    int status = http_query_read(&fields, text_str(&reader->text), &exchange->arena, error);
    if (status != STATUS_OK || fields.count == 0) {
        return status;
    }
    struct http_part *parts = arena_alloc_zeroed(&exchange->arena, fields.count, sizeof *parts);
    if (parts == NULL) {
        return error_out_of_memory(error);
    }
    for (size_t i = 0; i < fields.count; i++) {
        parts[i].name = fields.items[i].name;
        parts[i].text = fields.items[i].value;
        parts[i].size = fields.items[i].value.len;
    }
    exchange->parts = parts;
    exchange->part_count = fields.count;
    return STATUS_OK;
}

int http_body_finish(struct http_body_reader *reader, struct error *error)
{
    struct http_exchange *exchange = reader->exchange;
    switch (reader->kind) {
    case HTTP_BODY_FORM: {
        int status = multipart_finish(reader->multipart, error);
        exchange->is_form = true;
        exchange->parts = reader->parts;
        exchange->part_count = reader->part_count;
        return status;
    }
    case HTTP_BODY_JSON:
        /* A chunked body may turn out to be none. */
        exchange->body = reader->received > 0 ? text_str(&reader->text) : (struct str){NULL, 0};
        return STATUS_OK;
    case HTTP_BODY_URLENCODED: return read_urlencoded(reader, error);
    default: return STATUS_OK;
    }
}

void http_body_free(struct http_body_reader *reader)
{
    if (reader->exchange == NULL) {
        return;
    }
    for (size_t i = 0; i < reader->part_count; i++) {
        stream_free(reader->parts[i].file);
    }
    reader->part_count = 0;
    text_free(&reader->text);
    spool_close(&reader->spool);
}
