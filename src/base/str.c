#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/memory.h"

static unsigned char ascii_lower(char c)
{
    unsigned char byte = (unsigned char)c;
    return byte >= 'A' && byte <= 'Z' ? (unsigned char)(byte + ('a' - 'A')) : byte;
}

bool str_equal_ignoring_case(struct str a, struct str b)
{
    if (a.len != b.len) {
        return false;
    }
    for (size_t i = 0; i < a.len; i++) {
        if (ascii_lower(a.ptr[i]) != ascii_lower(b.ptr[i])) {
            return false;
        }
    }
    return true;
}

bool str_starts_with(struct str text, struct str prefix)
{
    return text.len >= prefix.len && str_equal((struct str){text.ptr, prefix.len}, prefix);
}

bool str_ends_with(struct str text, struct str suffix)
{
    return text.len >= suffix.len &&
           str_equal((struct str){text.ptr + (text.len - suffix.len), suffix.len}, suffix);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct str str_trim(struct str text)
{
    while (text.len > 0 && is_blank(text.ptr[0])) {
        text.ptr++;
        text.len--;
    }
    while (text.len > 0 && is_blank(text.ptr[text.len - 1])) {
        text.len--;
    }
    return text;
}

unsigned str_name_distance(struct str a, struct str b)
{
    enum { MOST = 64 };
    size_t rows = a.len < MOST ? a.len : MOST;
    size_t columns = b.len < MOST ? b.len : MOST;
    unsigned row[MOST + 1];
    for (size_t j = 0; j <= columns; j++) {
        row[j] = (unsigned)j;
    }
    for (size_t i = 1; i <= rows; i++) {
        unsigned diagonal = row[0];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= columns; j++) {
            unsigned best = diagonal + (ascii_lower(a.ptr[i - 1]) != ascii_lower(b.ptr[j - 1]));
            diagonal = row[j];
            if (row[j] + 1 < best) {
                best = row[j] + 1;
            }
            if (row[j - 1] + 1 < best) {
                best = row[j - 1] + 1;
            }
            row[j] = best;
        }
    }
    return row[columns];
}

char *text_reserve(struct text_buffer *buffer, size_t more)
{
    if (buffer->failed) {
        return NULL;
    }
    /* One byte over for the terminator. No object is that large, which
       also keeps the sums below from overflowing. */
    if (more > buffer->max || buffer->len > buffer->max - more ||
        buffer->len + more > SIZE_MAX / 4) {
        buffer->failed = true;
        return NULL;
    }
    size_t needed = buffer->len + more + 1;
    if (needed > buffer->cap) {
        size_t room = buffer->cap < 64 ? 64 : buffer->cap;
        while (room < needed) {
            room += room / 2;
        }
        char *grown = memory_resize_array(buffer->ptr, room, 1);
        if (grown == NULL) {
            buffer->failed = true;
            return NULL;
        }
        buffer->ptr = grown;
        buffer->cap = room;
    }
    return buffer->ptr + buffer->len;
}

void text_append(struct text_buffer *buffer, struct str text)
{
    char *end = text_reserve(buffer, text.len);
    if (end != NULL) {
        if (text.len > 0) {
            memcpy(end, text.ptr, text.len);
        }
        buffer->len += text.len;
        buffer->ptr[buffer->len] = '\0';
    }
}

void text_append_char(struct text_buffer *buffer, char c)
{
    text_append(buffer, (struct str){&c, 1});
}

void text_appendf(struct text_buffer *buffer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    va_list again;
    va_copy(again, arguments);
    int wanted = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *end = wanted < 0 ? NULL : text_reserve(buffer, (size_t)wanted);
    if (end != NULL) {
        vsnprintf(end, (size_t)wanted + 1, format, again);
        buffer->len += (size_t)wanted;
    }
    va_end(again);
}

void text_clear(struct text_buffer *buffer)
{
    buffer->len = 0;
    buffer->failed = false;
    if (buffer->ptr != NULL) {
        buffer->ptr[0] = '\0';
    }
}

void text_free(struct text_buffer *buffer)
{
    memory_free(buffer->ptr);
    *buffer = TEXT_BUFFER(buffer->max);
}
