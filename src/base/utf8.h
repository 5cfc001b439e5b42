/* UTF-8 with an ASCII fast path. Any thread. Texts are valid UTF-8 unless a function says so. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/* The number of bytes before the first that is not part of valid UTF-8 (RFC 3629: no surrogates,
   no overlong forms, at most U+10FFFF); text.len when all is valid. Takes any bytes. */
size_t utf8_valid_prefix(struct str text);

bool utf8_is_ascii(struct str text);

/* The number of code points. */
size_t utf8_length(struct str text);

/* The columns of a terminal that it takes: two for a wide character (as Chinese ones are), none for a
   combining mark. Takes any bytes: what is not UTF-8 counts one a byte. */
size_t utf8_display_width(struct str text);

/* The byte offset of code point number `index` (from 0), or text.len when there are fewer. */
size_t utf8_offset(struct str text, size_t index);

/* Makes any bytes fit to be shown, in place: what steers a terminal (control characters, C1 included),
   ends a line or turns the direction of text becomes spaces, what is no UTF-8 a question mark each
   byte. `lines`: \n stays. */
void utf8_make_plain(char *text, size_t len, bool lines);

/* Appends a text that is made so. */
void utf8_append_plain(struct text_buffer *out, struct str text, bool lines);

#endif
