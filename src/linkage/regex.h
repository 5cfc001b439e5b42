/*
 * Compiled regular expressions: RE2's syntax and meaning (see regex_pattern.h), matched by PCRE2.
 *
 * All memory of a match comes from the caller's scratch arena; a pattern so serves any number of
 * threads at once. Backtracking is limited: beyond it a match fails.
 */
#ifndef LINKAGE_REGEX_H
#define LINKAGE_REGEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

/* pcre2.h stays out of this header. */
struct pcre2_real_code_8;
struct pcre2_real_match_context_8;
struct pcre2_real_match_data_8;

struct regex_options {
    bool ignore_case;
    bool dot_all; /* . matches a newline too */
    bool literal; /* the pattern is a plain text */
    bool full;    /* a match takes the whole text */
};

struct regex {
    struct pcre2_real_code_8 *code;
    struct pcre2_real_match_context_8 *limits;
    uint32_t groups; /* number of capturing groups */
};

/* Compiles. With `scratch` NULL memory comes from the heap, and the pattern is compiled to machine
   code where that can be; else all of it comes from the arena and goes with it. */
int regex_compile(struct regex *out, struct arena *scratch, struct str pattern,
                  struct regex_options options, struct error *error);

/* Gives back a pattern from the heap. A zeroed one is fine. */
void regex_free(struct regex *regex);

/* One text being searched. */
struct regex_search {
    const struct regex *regex;
    struct str text;
    struct pcre2_real_match_data_8 *match;
    bool is_checked; /* the text is known to be UTF-8 */
};

enum regex_outcome {
    REGEX_FOUND,
    REGEX_NOTHING,
    REGEX_FAILED,    /* a limit was reached, or the text is not UTF-8 */
    REGEX_EXHAUSTED, /* scratch is used up */
};

/* False when scratch is used up. */
bool regex_search_begin(struct regex_search *out, const struct regex *regex, struct str text,
                        struct arena *scratch);

/* Searches from a byte on. */
enum regex_outcome regex_search_next(struct regex_search *search, size_t from);

/* After a match: where group `number` matched (0 is the match); ptr NULL when it did not, or does
   not exist. */
struct str regex_search_group(const struct regex_search *search, uint32_t number);

#endif
