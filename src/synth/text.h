/*
 * One field of a made-up record: a short text in place, so that making a record allocates nothing.
 *
 * What does not fit is cut; the tables are small enough that only repeated typing errors could get
 * there. Any thread; a text belongs to one at a time.
 */
#ifndef SYNTH_TEXT_H
#define SYNTH_TEXT_H

#include <stdint.h>
#include <string.h>

#include "base/str.h"

enum { SYNTH_TEXT_MAX = 95 }; /* bytes; with the length a text fills 96 */

struct synth_text {
    uint8_t len; /* 0 is a missing value */
    char bytes[SYNTH_TEXT_MAX];
};

static inline struct str synth_text_str(const struct synth_text *text)
{
    return (struct str){text->bytes, text->len};
}

static inline void synth_text_clear(struct synth_text *text)
{
    text->len = 0;
}

static inline void synth_text_append(struct synth_text *text, struct str more)
{
    size_t room = SYNTH_TEXT_MAX - (size_t)text->len;
    size_t size = more.len < room ? more.len : room;
    if (size > 0) {
        memcpy(text->bytes + text->len, more.ptr, size);
        text->len = (uint8_t)(text->len + size);
    }
}

static inline void synth_text_set(struct synth_text *text, struct str value)
{
    text->len = 0;
    synth_text_append(text, value);
}

static inline void synth_text_append_char(struct synth_text *text, char c)
{
    synth_text_append(text, (struct str){&c, 1});
}

/* Decimal, with zeros in front up to `width` digits. */
static inline void synth_text_append_number(struct synth_text *text, uint64_t number,
                                            unsigned width)
{
    char digits[20];
    unsigned count = 0;
    do {
        digits[sizeof digits - ++count] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0 || (count < width && count < sizeof digits));
    synth_text_append(text, (struct str){digits + sizeof digits - count, count});
}

/* Replaces `removed` bytes at `at` by `more`; false, and nothing changed, when it would not fit. */
static inline bool synth_text_splice(struct synth_text *text, size_t at, size_t removed,
                                     struct str more)
{
    size_t len = text->len - removed + more.len;
    if (len > SYNTH_TEXT_MAX) {
        return false;
    }
    memmove(text->bytes + at + more.len, text->bytes + at + removed, text->len - at - removed);
    if (more.len > 0) {
        memcpy(text->bytes + at, more.ptr, more.len);
    }
    text->len = (uint8_t)len;
    return true;
}

#endif
