/*
 * Ids as clients see them: a prefix that tells the kind, and the key. Any thread.
 *
 * Only what is given out is understood: no sign, no leading zero, no space, no upper case.
 */
#ifndef EMPI_OBJECT_ID_H
#define EMPI_OBJECT_ID_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

#define OBJECT_ID_USER              "u_"
#define OBJECT_ID_CONFIG            "cfg_"
#define OBJECT_ID_JOB               "job_"
#define OBJECT_ID_PERSON            "p_"
#define OBJECT_ID_PERSON_RECORD     "pr_"
#define OBJECT_ID_POTENTIAL_MATCH   "pm_"
#define OBJECT_ID_PREDICTION_RESULT "prre_"
#define OBJECT_ID_MATCH_EVENT       "me_"

enum { OBJECT_ID_UUID_SIZE = 37 }; /* with its NUL */

/* The number of "pm_12" for the prefix "pm_"; at least 1. False for anything else. */
bool object_id_parse(int64_t *out, struct str text, const char *prefix);

/* The uuid of "p_" and a uuid, dashed and in lower case, with a NUL behind it. */
bool object_id_parse_person(char out[OBJECT_ID_UUID_SIZE], struct str text);

/* Whether it is such a uuid, without a prefix. */
bool object_id_is_uuid(struct str text);

#endif
