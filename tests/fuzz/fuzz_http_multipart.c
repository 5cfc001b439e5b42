/*
 * The multipart reader on any bytes: whatever they are, and however they are cut into pieces, it must
 * tell the same, keep the order of its events and its limits; and what it accepts must come back the
 * same when it is written and read again.
 *
 * The first byte is the length of the boundary, which follows it; the second, the size of the pieces.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "http/multipart.h"

static struct error error;

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

/* All that was told, in a form in which no two look alike. */
struct notes {
    struct text_buffer text;
    struct text_buffer content; /* of the part that is open */
    struct text_buffer written; /* a body of the same parts */
    struct str boundary;
    bool open;
    unsigned parts;
};

static void note(struct text_buffer *out, struct str text)
{
    text_append(out, (struct str){(const char *)&text.len, sizeof text.len});
    text_append(out, text);
}

static void check_name(struct str name)
{
    require(name.len <= MULTIPART_MOST_NAME && utf8_valid_prefix(name) == name.len);
    for (size_t i = 0; i < name.len; i++) {
        require((unsigned char)name.ptr[i] >= ' ' && name.ptr[i] != 0x7F);
    }
    require(name.ptr[name.len] == '\0');
}

static void write_name(struct text_buffer *out, struct str name)
{
    text_append_char(out, '"');
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] == '"' || name.ptr[i] == '\\') {
            text_append_char(out, '\\');
        }
        text_append_char(out, name.ptr[i]);
    }
    text_append_char(out, '"');
}

static int begin(void *context, const struct multipart_head *head, struct error *out)
{
    (void)out;
    struct notes *notes = context;
    require(!notes->open && ++notes->parts <= MULTIPART_MOST_PARTS);
    notes->open = true;
    check_name(head->name);
    note(&notes->text, head->name);
    text_append(&notes->written, STR("--"));
    text_append(&notes->written, notes->boundary);
    text_append(&notes->written, STR("\r\nContent-Disposition: form-data; name="));
    write_name(&notes->written, head->name);
    if (head->file_name.ptr != NULL) {
        check_name(head->file_name);
        note(&notes->text, head->file_name);
        text_append(&notes->written, STR("; filename="));
        write_name(&notes->written, head->file_name);
    }
    text_append(&notes->written, STR("\r\n\r\n"));
    text_clear(&notes->content);
    return STATUS_OK;
}

static int add(void *context, struct str piece, struct error *out)
{
    (void)out;
    struct notes *notes = context;
    require(notes->open && piece.len > 0);
    text_append(&notes->content, piece);
    return STATUS_OK;
}

static int end(void *context, struct error *out)
{
    (void)out;
    struct notes *notes = context;
    require(notes->open);
    notes->open = false;
    note(&notes->text, text_str(&notes->content));
    text_append(&notes->written, text_str(&notes->content));
    text_append(&notes->written, STR("\r\n"));
    return STATUS_OK;
}

static int read_body(struct notes *notes, struct str boundary, struct str body, size_t step)
{
    static struct multipart reader;
    struct arena arena = ARENA(1 << 20);
    const struct multipart_events events = {begin, add, end, notes};
    *notes = (struct notes){
        TEXT_BUFFER(SIZE_MAX), TEXT_BUFFER(SIZE_MAX), TEXT_BUFFER(SIZE_MAX), boundary, false, 0};
    require(multipart_open(&reader, boundary, &events, &arena));
    int status = STATUS_OK;
    for (size_t at = 0; at < body.len && status == STATUS_OK; at += step) {
        size_t length = body.len - at < step ? body.len - at : step;
        status = multipart_feed(&reader, (struct str){body.ptr + at, length}, &error);
    }
    if (status == STATUS_OK) {
        status = multipart_finish(&reader, &error);
    }
    require(status == STATUS_OK || status == STATUS_INVALID);
    require(status != STATUS_OK || !notes->open);
    text_append(&notes->written, STR("--"));
    text_append(&notes->written, boundary);
    text_append(&notes->written, STR("--"));
    arena_free(&arena);
    return status;
}

static void free_notes(struct notes *notes)
{
    text_free(&notes->text);
    text_free(&notes->content);
    text_free(&notes->written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3 || data[0] == 0 || (size_t)data[0] + 2 > size) {
        return 0;
    }
    struct str boundary = {(const char *)data + 2, data[0]};
    struct str body = {boundary.ptr + boundary.len, size - 2 - boundary.len};
    static struct multipart reader;
    static const struct multipart_events none = {begin, add, end, NULL};
    struct arena arena = ARENA(100);
    if (!multipart_open(&reader, boundary, &none, &arena)) {
        return 0;
    }
    struct notes whole = {0};
    struct notes pieces = {0};
    int status = read_body(&whole, boundary, body, size);
    require(read_body(&pieces, boundary, body, (size_t)data[1] + 1) == status);
    require(str_equal(text_str(&whole.text), text_str(&pieces.text)));
    if (status == STATUS_OK) {
        struct notes again = {0};
        require(read_body(&again, boundary, text_str(&whole.written), size) == STATUS_OK);
        require(str_equal(text_str(&whole.text), text_str(&again.text)));
        free_notes(&again);
    }
    free_notes(&whole);
    free_notes(&pieces);
    return 0;
}
