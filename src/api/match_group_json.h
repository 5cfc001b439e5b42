/*
 * Potential matches as the HTTP API answers them; the commands' --json is the same.
 *
 * Thread rule: as json_writer.
 */
#ifndef API_MATCH_GROUP_JSON_H
#define API_MATCH_GROUP_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/json.h"
#include "empi/match_groups.h"

/* {"potential_matches": [...], "pagination": {...}} */
void match_group_json_write_list(struct json_writer *json, const struct match_group_list *list);

/* {"potential_match": {...}, "pagination": {...}, "metadata": {...}}; the fields are those of
   records (api/person_json.h), and metadata may be left out. */
void match_group_json_write(struct json_writer *json, const struct match_group_detail *group,
                            uint32_t fields, bool metadata);

#endif
