/* Numbers to text and back, exactly and independent of the locale. Any thread; a buffer's one. */
#ifndef BASE_NUMBER_TEXT_H
#define BASE_NUMBER_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

enum { DOUBLE_TEXT_MAX = 32, UNSIGNED_TEXT_MAX = 20 };

/* The shortest decimal that reads back as `number`, nearest to it among those, in the form of
   Python's repr: 0.1, 1e-05, 1.5e+16, 100000.0, inf, -inf, nan. No terminator. Returns its length,
   at most DOUBLE_TEXT_MAX. */
size_t double_to_text(double number, char *out);

/* Decimal digits of `number`. Returns the length, at most UNSIGNED_TEXT_MAX. */
size_t unsigned_to_text(uint64_t number, char *out);

/* The same, appended. */
void text_append_double(struct text_buffer *out, double number);
void text_append_unsigned(struct text_buffer *out, uint64_t number);
void text_append_integer(struct text_buffer *out, int64_t number);

/* The whole of `text` as a decimal number (correctly rounded, [+-]digits[.digits][e[+-]digits],
   also inf, infinity, nan in any case); false when it is anything else. A number too large for a
   double gives infinity, one too small 0. */
bool double_from_text(struct str text, double *out);

/* The whole of `text` as an integer within range; false otherwise. */
bool integer_from_text(struct str text, int64_t *out);

#endif
