#include "base/utf8.h"

#include <stdint.h>

#include <utf8proc.h>

/* Eight bytes at a time, of which one bit each matters. */
static const uint64_t HIGH_BITS = 0x8080808080808080u;

static uint64_t load_word(const char *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

/* The number of bytes from `at` on, in whole words, that are ASCII. */
static size_t skip_ascii_words(struct str text, size_t at)
{
    while (text.len - at >= 32) {
        const char *block = text.ptr + at;
        uint64_t any =
            load_word(block) | load_word(block + 8) | load_word(block + 16) | load_word(block + 24);
        if (any & HIGH_BITS) {
            break;
        }
        at += 32;
    }
    while (text.len - at >= 8 && !(load_word(text.ptr + at) & HIGH_BITS)) {
        at += 8;
    }
    return at;
}

static bool is_continuation(unsigned char byte)
{
    return (byte & 0xC0) == 0x80;
}

/*
 * The length of the valid character of several bytes at the start of `bytes`, or 0. The range of
 * the second byte depends on the first (RFC 3629, section 4): that is where overlong forms,
 * surrogates and numbers over U+10FFFF show.
 */
static size_t long_character(const unsigned char *bytes, size_t left)
{
    unsigned char lead = bytes[0];
    if (lead < 0xC2 || lead > 0xF4 || left < 2) {
        return 0;
    }
    unsigned char lowest = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    unsigned char highest = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (bytes[1] < lowest || bytes[1] > highest) {
        return 0;
    }
    size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (left < length) {
        return 0;
    }
    for (size_t i = 2; i < length; i++) {
        if (!is_continuation(bytes[i])) {
            return 0;
        }
    }
    return length;
}

size_t utf8_valid_prefix(struct str text)
{
    size_t at = 0;
    while (at < text.len) {
        unsigned char byte = (unsigned char)text.ptr[at];
        if (byte < 0x80) {
            size_t next = skip_ascii_words(text, at);
            at = next > at ? next : at + 1;
            continue;
        }
        size_t length = long_character((const unsigned char *)text.ptr + at, text.len - at);
        if (length == 0) {
            return at;
        }
        at += length;
    }
    return at;
}

bool utf8_is_ascii(struct str text)
{
    size_t at = skip_ascii_words(text, 0);
    while (at < text.len && (unsigned char)text.ptr[at] < 0x80) {
        at++;
    }
    return at == text.len;
}

/* The continuation bytes among eight: those with the top bit set and the next one clear. */
static unsigned count_continuations(uint64_t word)
{
    return (unsigned)__builtin_popcountll(word & ~(word << 1) & HIGH_BITS);
}

size_t utf8_length(struct str text)
{
    size_t continuations = 0;
    size_t at = 0;
    for (; text.len - at >= 8; at += 8) {
        continuations += count_continuations(load_word(text.ptr + at));
    }
    for (; at < text.len; at++) {
        continuations += is_continuation((unsigned char)text.ptr[at]);
    }
    return text.len - continuations;
}

size_t utf8_display_width(struct str text)
{
    if (utf8_is_ascii(text)) {
        return text.len;
    }
    size_t width = 0;
    size_t at = 0;
    while (at < text.len) {
        utf8proc_int32_t point;
        utf8proc_ssize_t length = utf8proc_iterate((const utf8proc_uint8_t *)text.ptr + at,
                                                   (utf8proc_ssize_t)(text.len - at), &point);
        width += length > 0 ? (size_t)utf8proc_charwidth(point) : 1;
        at += length > 0 ? (size_t)length : 1;
    }
    return width;
}

size_t utf8_offset(struct str text, size_t index)
{
    size_t at = 0;
    /* Whole words while the character sought lies beyond them. */
    while (text.len - at >= 8) {
        size_t starts = 8 - count_continuations(load_word(text.ptr + at));
        if (starts > index) {
            break;
        }
        index -= starts;
        at += 8;
    }
    for (; at < text.len; at++) {
        if (!is_continuation((unsigned char)text.ptr[at]) && index-- == 0) {
            return at;
        }
    }
    return text.len;
}

/* ---- showing ---- */

/* Of one valid character. */
static bool is_steering(const char *bytes, size_t length)
{
    utf8proc_int32_t point;
    utf8proc_iterate((const utf8proc_uint8_t *)bytes, (utf8proc_ssize_t)length, &point);
    return point < ' ' || (point >= 0x7F && point <= 0x9F) ||
           (point >= 0x2028 && point <= 0x202E) || (point >= 0x2066 && point <= 0x2069);
}

void utf8_make_plain(char *text, size_t len, bool lines)
{
    size_t at = 0;
    while (at < len) {
        unsigned char byte = (unsigned char)text[at];
        size_t length =
            byte < 0x80 ? 1 : long_character((const unsigned char *)text + at, len - at);
        if (length == 0) {
            text[at++] = '?';
            continue;
        }
        if (is_steering(text + at, length) && !(lines && byte == '\n')) {
            memset(text + at, ' ', length);
        }
        at += length;
    }
}

void utf8_append_plain(struct text_buffer *out, struct str text, bool lines)
{
    size_t start = out->len;
    text_append(out, text);
    if (!out->failed) {
        utf8_make_plain(out->ptr + start, out->len - start, lines);
    }
}
