/*
 * Regular expressions of RE2, which DuckDB uses, written for PCRE2, which we use.
 *
 * RE2's syntax is read whole and checked, and an equivalent pattern is put out in a plain subset of
 * PCRE2's: so that nothing that only PCRE2 knows (look-around, back-references, recursion, verbs)
 * gets in, and what both write alike but mean differently (\s, \v, octal numbers) comes out right.
 *
 * What remains different: RE2 never takes exponential time, PCRE2 can; its match limit makes such a
 * match fail. A loop whose body can be empty may end elsewhere. RE2's \B also matches between the
 * bytes of a character. Tables of Unicode may be of different age.
 * Thread rule: pure function.
 */
#ifndef LINKAGE_REGEX_PATTERN_H
#define LINKAGE_REGEX_PATTERN_H

#include "base/error.h"
#include "base/str.h"

/* Appends the pattern for PCRE2 (with PCRE2_UTF and PCRE2_DOLLAR_ENDONLY) to `out`. `ignore_case`
   tells that it will be matched so. STATUS_INVALID when RE2 would refuse it; the message names the
   place, in characters from 1. */
int regex_pattern_translate(struct text_buffer *out, struct str pattern, bool ignore_case,
                            struct error *error);

/* Appends the text with every character standing for itself. */
int regex_pattern_quote(struct text_buffer *out, struct str text, struct error *error);

#endif
