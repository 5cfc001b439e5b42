/* A potential match for people: its persons, and why its records may belong together. Thread rule:
   one thread. */
#ifndef CMD_MATCH_GROUP_TEXT_H
#define CMD_MATCH_GROUP_TEXT_H

#include "base/str.h"
#include "empi/match_groups.h"

enum { PROBABILITY_TEXT_SIZE = 8 };

/* A probability in four decimals. What would round to one of its ends is ">0.9999" or "<0.0001": only
   what is 1 or 0 reads so. Writes into the buffer and returns it. */
const char *match_group_text_probability(double probability, char out[PROBABILITY_TEXT_SIZE]);

void match_group_text_append(struct text_buffer *out, const struct match_group_detail *group);

#endif
