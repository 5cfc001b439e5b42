#include "http/multipart.h"

#include <string.h>

#include "base/utf8.h"
#include "http/media_type.h"

static int malformed(struct error *error, const char *what)
{
    return error_set(error, STATUS_INVALID, "Multipart form parse error - %s", what);
}

/* RFC 2046's bchars; a space may not be the last. */
static bool is_boundary(struct str boundary)
{
    if (boundary.len == 0 || boundary.len > MULTIPART_MOST_BOUNDARY ||
        boundary.ptr[boundary.len - 1] == ' ') {
        return false;
    }
    for (size_t i = 0; i < boundary.len; i++) {
        char c = boundary.ptr[i];
        bool letter = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
        if (!letter && (c == '\0' || strchr("'()+_,-./:=? ", c) == NULL)) {
            return false;
        }
    }
    return true;
}

bool multipart_open(struct multipart *out, struct str boundary,
                    const struct multipart_events *events, struct arena *arena)
{
    if (!is_boundary(boundary)) {
        return false;
    }
    out->events = *events;
    out->arena = arena;
    memcpy(out->delimiter, "\r\n--", 4);
    memcpy(out->delimiter + 4, boundary.ptr, boundary.len);
    out->delimiter_length = boundary.len + 4;
    /* The first delimiter needs no line break before it: as if there had been one. */
    out->matched = out->presumed = 2;
    out->stage = MULTIPART_PREAMBLE;
    out->in_part = false;
    out->parts = 0;
    out->head_length = 0;
    return true;
}

/* ---- the head of a part ---- */

static bool is_clean_name(struct str name)
{
    if (name.len > MULTIPART_MOST_NAME || utf8_valid_prefix(name) != name.len) {
        return false;
    }
    for (size_t i = 0; i < name.len; i++) {
        if ((unsigned char)name.ptr[i] < ' ' || name.ptr[i] == 0x7F) {
            return false;
        }
    }
    return true;
}

static int read_disposition(struct multipart *reader, struct multipart_head *head, struct str value,
                            struct error *error)
{
    if (head->name.ptr != NULL) {
        return malformed(error, "A part has two Content-Disposition headers.");
    }
    if (!str_equal_ignoring_case(http_media_type(value), STR("form-data"))) {
        return malformed(error, "A part is not form-data.");
    }
    bool read = http_media_parameter(&head->name, value, "name", reader->arena) &&
                http_media_parameter(&head->file_name, value, "filename", reader->arena);
    if (reader->arena->failed) {
        return error_out_of_memory(error);
    }
    if (!read || head->name.ptr == NULL || !is_clean_name(head->name) ||
        !is_clean_name(head->file_name)) {
        return malformed(error, "The name of a part is missing or malformed.");
    }
    return STATUS_OK;
}

/* One line of a part's headers, without its end. */
static int read_header(struct multipart *reader, struct multipart_head *head, struct str line,
                       struct error *error)
{
    const char *colon = memchr(line.ptr, ':', line.len);
    if (colon == NULL || colon == line.ptr || memchr(line.ptr, '\0', line.len) != NULL ||
        memchr(line.ptr, '\r', line.len) != NULL || memchr(line.ptr, '\n', line.len) != NULL) {
        return malformed(error, "The header of a part is malformed.");
    }
    struct str name = {line.ptr, (size_t)(colon - line.ptr)};
    struct str value = str_trim((struct str){colon + 1, line.len - name.len - 1});
    if (str_equal_ignoring_case(name, STR("Content-Disposition"))) {
        return read_disposition(reader, head, value, error);
    }
    if (str_equal_ignoring_case(name, STR("Content-Transfer-Encoding")) &&
        !str_equal_ignoring_case(value, STR("binary")) &&
        !str_equal_ignoring_case(value, STR("8bit")) &&
        !str_equal_ignoring_case(value, STR("7bit"))) {
        return malformed(error, "The transfer encoding of a part is not supported.");
    }
    return STATUS_OK;
}

/* The head is complete, each line with its CR LF. */
static int begin_part(struct multipart *reader, struct error *error)
{
    struct multipart_head head = {0};
    struct str rest = {reader->head, reader->head_length};
    while (rest.len > 0) {
        const char *end = memmem(rest.ptr, rest.len, "\r\n", 2);
        size_t length = (size_t)(end - rest.ptr);
        int status = length == 0
                         ? STATUS_OK
                         : read_header(reader, &head, (struct str){rest.ptr, length}, error);
        if (status != STATUS_OK) {
            return status;
        }
        rest = (struct str){rest.ptr + length + 2, rest.len - length - 2};
    }
    if (head.name.ptr == NULL) {
        return malformed(error, "A part has no name.");
    }
    if (++reader->parts > MULTIPART_MOST_PARTS) {
        return malformed(error, "There are too many parts.");
    }
    reader->head_length = 0;
    reader->in_part = true;
    reader->stage = MULTIPART_DATA;
    /* A part may be empty, its delimiter following the head's blank line: that line's break is then
       the delimiter's. */
    reader->matched = reader->presumed = 2;
    return reader->events.begin(reader->events.context, &head, error);
}

static bool head_is_complete(const struct multipart *reader)
{
    struct str head = {reader->head, reader->head_length};
    return str_equal(head, STR("\r\n")) || str_ends_with(head, STR("\r\n\r\n"));
}

static int feed_head(struct multipart *reader, struct str *piece, struct error *error)
{
    while (piece->len > 0) {
        if (reader->head_length == sizeof reader->head) {
            return malformed(error, "The headers of a part are too long.");
        }
        char c = *piece->ptr++;
        piece->len--;
        reader->head[reader->head_length++] = c;
        if (c == '\n' && head_is_complete(reader)) {
            return begin_part(reader, error);
        }
    }
    return STATUS_OK;
}

/* ---- contents ---- */

/* Hands on content; before the first part it is dropped. */
static int pass_on(struct multipart *reader, struct str text, struct error *error)
{
    if (!reader->in_part || text.len == 0) {
        return STATUS_OK;
    }
    return reader->events.data(reader->events.context, text, error);
}

static int end_part(struct multipart *reader, struct error *error)
{
    reader->stage = MULTIPART_DELIMITER;
    reader->matched = reader->presumed = 0;
    if (!reader->in_part) {
        return STATUS_OK;
    }
    reader->in_part = false;
    return reader->events.end(reader->events.context, error);
}

/* Compares on with a delimiter that has begun. When it was none after all, what looked like its
   beginning was content; of this, no later byte can begin a delimiter, for only its first is CR. */
static int feed_match(struct multipart *reader, struct str *piece, struct error *error)
{
    while (piece->len > 0 && reader->matched < reader->delimiter_length) {
        if (*piece->ptr != reader->delimiter[reader->matched]) {
            struct str content = {reader->delimiter + reader->presumed,
                                  reader->matched - reader->presumed};
            reader->matched = reader->presumed = 0;
            return pass_on(reader, content, error);
        }
        piece->ptr++;
        piece->len--;
        reader->matched++;
    }
    return reader->matched == reader->delimiter_length ? end_part(reader, error) : STATUS_OK;
}

static int feed_data(struct multipart *reader, struct str *piece, struct error *error)
{
    if (reader->matched > 0) {
        return feed_match(reader, piece, error);
    }
    const char *begin = memchr(piece->ptr, '\r', piece->len);
    struct str content = {piece->ptr, begin == NULL ? piece->len : (size_t)(begin - piece->ptr)};
    piece->ptr += content.len;
    piece->len -= content.len;
    if (begin != NULL) {
        piece->ptr++;
        piece->len--;
        reader->matched = 1;
    }
    return pass_on(reader, content, error);
}

/* What follows a delimiter on its line: "--" after the last one, else nothing but blanks. */
static int feed_line(struct multipart *reader, struct str *piece, struct error *error)
{
    char c = *piece->ptr++;
    piece->len--;
    switch (reader->stage) {
    case MULTIPART_DELIMITER:
        if (c == '-' && reader->matched == 0) {
            reader->stage = MULTIPART_LAST_DASH;
        } else if (c == '\r') {
            reader->stage = MULTIPART_LINE_END;
        } else if (c == ' ' || c == '\t') {
            reader->matched = 1; /* a dash may not come any more */
        } else {
            break;
        }
        return STATUS_OK;
    case MULTIPART_LAST_DASH:
        if (c != '-') {
            break;
        }
        reader->stage = MULTIPART_EPILOGUE;
        return STATUS_OK;
    case MULTIPART_LINE_END:
        if (c != '\n') {
            break;
        }
        reader->stage = MULTIPART_HEAD;
        reader->head_length = 0;
        return STATUS_OK;
    case MULTIPART_PREAMBLE:
    case MULTIPART_HEAD:
    case MULTIPART_DATA:
    case MULTIPART_EPILOGUE: break;
    }
    return malformed(error, "A boundary is malformed.");
}

int multipart_feed(struct multipart *reader, struct str piece, struct error *error)
{
    int status = STATUS_OK;
    while (piece.len > 0 && status == STATUS_OK) {
        switch (reader->stage) {
        case MULTIPART_PREAMBLE:
        case MULTIPART_DATA: status = feed_data(reader, &piece, error); break;
        case MULTIPART_DELIMITER:
        case MULTIPART_LINE_END:
        case MULTIPART_LAST_DASH: status = feed_line(reader, &piece, error); break;
        case MULTIPART_HEAD: status = feed_head(reader, &piece, error); break;
        case MULTIPART_EPILOGUE: return STATUS_OK;
        }
    }
    return status;
}

int multipart_finish(const struct multipart *reader, struct error *error)
{
    return reader->stage == MULTIPART_EPILOGUE
               ? STATUS_OK
               : malformed(error, "The body ends before its last boundary.");
}
