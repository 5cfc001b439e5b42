/*
 * Distances and similarities between texts, over bytes, equal to DuckDB's to the last bit.
 *
 * Each takes the smallest or largest value that matters to the caller and may answer anything
 * beyond it when the true value is beyond it too: most pairs are far apart, and to know that is
 * much cheaper than to know how far. Texts of up to 64 bytes use bit-parallel forms.
 *
 * Thread rule: pure functions, except that a string_pattern belongs to one thread.
 */
#ifndef LINKAGE_STRING_DISTANCE_H
#define LINKAGE_STRING_DISTANCE_H

#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

/* The left text prepared for many right ones: per byte value, a mask of the positions where it
   stands. Zero-initialise; string_pattern_set() does nothing when the text is the same as before. */
struct string_pattern {
    uint64_t mask[256]; /* only for texts of up to 64 bytes */
    uint32_t length;    /* of the text held in `bytes`; longer texts are not held */
    char bytes[64];
};

void string_pattern_set(struct string_pattern *pattern, struct str text);

/* Jaro's similarity (Winkler 1990, as DuckDB computes it), 0 … 1; two empty texts give 0.
   Exact when >= at_least. `scratch` serves texts over 64 bytes; NaN when it is used up. */
double string_jaro(struct string_pattern *pattern, struct str a, struct str b, double at_least,
                   struct arena *scratch);

/* Jaro-Winkler with prefix weight 0.1 for up to four bytes, above a Jaro similarity of 0.7. */
double string_jaro_winkler(struct string_pattern *pattern, struct str a, struct str b,
                           double at_least, struct arena *scratch);

/* Levenshtein's edit distance (Myers 1999, Hyyrö 2003). Exact when <= at_most, else any number
   above at_most. `scratch` serves pairs over 64 bytes; UINT64_MAX when it is used up. */
uint64_t string_levenshtein(struct string_pattern *pattern, struct str a, struct str b,
                            uint64_t at_most, struct arena *scratch);

/* The unrestricted Damerau-Levenshtein distance (Lowrance and Wagner 1975): ('ca','abc') is 2.
   Cutoff and scratch as above. */
uint64_t string_damerau_levenshtein(struct str a, struct str b, uint64_t at_most,
                                    struct arena *scratch);

/* The number of distinct bytes in both over that in either; NaN when either text is empty. */
double string_jaccard(struct str a, struct str b);

#endif
