#include "base/json.h"

#include <assert.h>
#include <math.h>

#include "base/number_text.h"
#include "base/utf8.h"

void json_write_begin(struct json_writer *writer, struct text_buffer *out, unsigned indent)
{
    *writer = (struct json_writer){.out = out, .indent = indent};
}

static void begin_line(struct json_writer *writer)
{
    if (writer->indent > 0) {
        size_t spaces = (size_t)writer->indent * writer->depth;
        text_append_char(writer->out, '\n');
        char *end = text_reserve(writer->out, spaces);
        if (end != NULL) {
            memset(end, ' ', spaces);
            end[spaces] = '\0';
            writer->out->len += spaces;
        }
    }
}

/* What stands between the item before, or the bracket, and the next item. */
static void separate(struct json_writer *writer)
{
    if (writer->has_items[writer->depth]) {
        text_append_char(writer->out, ',');
    }
    writer->has_items[writer->depth] = true;
    begin_line(writer);
}

/* Before every value. After a key all is said; at the top level there is one value only. */
static void begin_value(struct json_writer *writer)
{
    if (writer->after_key) {
        writer->after_key = false;
    } else if (writer->depth > 0) {
        assert(!writer->is_object[writer->depth]);
        separate(writer);
    } else {
        assert(!writer->has_items[0]);
        writer->has_items[0] = true;
    }
}

static void open_container(struct json_writer *writer, char bracket)
{
    begin_value(writer);
    assert(writer->depth + 1 < JSON_MAX_DEPTH);
    text_append_char(writer->out, bracket);
    writer->depth++;
    writer->has_items[writer->depth] = false;
    writer->is_object[writer->depth] = bracket == '{';
}

static void close_container(struct json_writer *writer, char bracket)
{
    assert(writer->depth > 0 && !writer->after_key);
    assert(writer->is_object[writer->depth] == (bracket == '}'));
    bool had_items = writer->has_items[writer->depth--];
    if (had_items) {
        begin_line(writer);
    }
    text_append_char(writer->out, bracket);
}

void json_write_open_object(struct json_writer *writer)
{
    open_container(writer, '{');
}

void json_write_close_object(struct json_writer *writer)
{
    close_container(writer, '}');
}

void json_write_open_array(struct json_writer *writer)
{
    open_container(writer, '[');
}

void json_write_close_array(struct json_writer *writer)
{
    close_container(writer, ']');
}

/* \uXXXX for a unit of UTF-16. */
static void append_unit(struct text_buffer *out, uint32_t unit)
{
    static const char hex[] = "0123456789abcdef";
    char text[] = {'\\',          'u', hex[unit >> 12], hex[unit >> 8 & 15], hex[unit >> 4 & 15],
                   hex[unit & 15]};
    text_append(out, (struct str){text, sizeof text});
}

static void append_escape(struct text_buffer *out, unsigned char c)
{
    char text[] = {'\\', (char)c};
    switch (c) {
    case '"':
    case '\\': break;
    case '\b': text[1] = 'b'; break;
    case '\f': text[1] = 'f'; break;
    case '\n': text[1] = 'n'; break;
    case '\r': text[1] = 'r'; break;
    case '\t': text[1] = 't'; break;
    default: append_unit(out, c); return;
    }
    text_append(out, (struct str){text, sizeof text});
}

/* Escapes the character of several bytes that begins `text`, which is valid; returns its length. */
static size_t append_beyond_ascii(struct text_buffer *out, struct str text)
{
    unsigned char lead = (unsigned char)text.ptr[0];
    size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    uint32_t point = lead & (0x7Fu >> length);
    for (size_t i = 1; i < length; i++) {
        point = point << 6 | ((unsigned char)text.ptr[i] & 0x3F);
    }
    if (point < 0x10000) {
        append_unit(out, point);
    } else {
        append_unit(out, 0xD800 + ((point - 0x10000) >> 10));
        append_unit(out, 0xDC00 + ((point - 0x10000) & 0x3FF));
    }
    return length;
}

/* `text` is valid UTF-8: everything but quotes, backslashes and control characters passes, and
   everything but printable ASCII where that is asked for. */
static void append_escaped(const struct json_writer *writer, struct str text)
{
    unsigned char highest = writer->ascii ? '~' : 0xFF;
    size_t start = 0;
    size_t at = 0;
    while (at < text.len) {
        unsigned char c = (unsigned char)text.ptr[at];
        if (c >= ' ' && c <= highest && c != '"' && c != '\\') {
            at++;
            continue;
        }
        text_append(writer->out, (struct str){text.ptr + start, at - start});
        if (c < 0x80) {
            append_escape(writer->out, c);
            at++;
        } else {
            at += append_beyond_ascii(writer->out, (struct str){text.ptr + at, text.len - at});
        }
        start = at;
    }
    text_append(writer->out, (struct str){text.ptr + start, at - start});
}

static void append_string(const struct json_writer *writer, struct str text)
{
    text_append_char(writer->out, '"');
    while (text.len > 0) {
        size_t valid = utf8_valid_prefix(text);
        append_escaped(writer, (struct str){text.ptr, valid});
        if (valid < text.len) {
            append_escaped(writer, STR("\xEF\xBF\xBD")); /* U+FFFD */
            valid++;
        }
        text.ptr += valid;
        text.len -= valid;
    }
    text_append_char(writer->out, '"');
}

void json_write_key_str(struct json_writer *writer, struct str key)
{
    assert(writer->depth > 0 && writer->is_object[writer->depth] && !writer->after_key);
    separate(writer);
    append_string(writer, key);
    text_append(writer->out, writer->indent > 0 ? STR(": ") : STR(":"));
    writer->after_key = true;
}

void json_write_key(struct json_writer *writer, const char *key)
{
    json_write_key_str(writer, str_from(key));
}

void json_write_string(struct json_writer *writer, struct str text)
{
    if (text.ptr == NULL) {
        json_write_null(writer);
        return;
    }
    begin_value(writer);
    append_string(writer, text);
}

void json_write_integer(struct json_writer *writer, int64_t number)
{
    begin_value(writer);
    char text[21];
    size_t sign = number < 0 ? 1 : 0;
    text[0] = '-';
    /* Negated without a sign: the lowest number has no positive counterpart. */
    uint64_t size = number < 0 ? -(uint64_t)number : (uint64_t)number;
    size_t length = sign + unsigned_to_text(size, text + sign);
    text_append(writer->out, (struct str){text, length});
}

void json_write_unsigned(struct json_writer *writer, uint64_t number)
{
    begin_value(writer);
    char text[20];
    text_append(writer->out, (struct str){text, unsigned_to_text(number, text)});
}

void json_write_double(struct json_writer *writer, double number)
{
    if (!isfinite(number)) {
        json_write_null(writer);
        return;
    }
    begin_value(writer);
    char text[DOUBLE_TEXT_MAX];
    text_append(writer->out, (struct str){text, double_to_text(number, text)});
}

void json_write_boolean(struct json_writer *writer, bool value)
{
    begin_value(writer);
    text_append(writer->out, value ? STR("true") : STR("false"));
}

void json_write_null(struct json_writer *writer)
{
    begin_value(writer);
    text_append(writer->out, STR("null"));
}

void json_write_raw(struct json_writer *writer, struct str json)
{
    begin_value(writer);
    text_append(writer->out, json);
}
