/* A potential match for people: its persons, and why its records may belong together. Thread rule:
   one thread. */
#ifndef CMD_MATCH_GROUP_TEXT_H
#define CMD_MATCH_GROUP_TEXT_H

#include "base/str.h"
#include "empi/match_groups.h"

void match_group_text_append(struct text_buffer *out, const struct match_group_detail *group);

#endif
