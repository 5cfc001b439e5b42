/*
 * The body of POST /matches: a steward's decision.
 *
 * Thread rule: any thread.
 */
#ifndef API_MATCH_REQUEST_H
#define API_MATCH_REQUEST_H

#include <jansson.h>

#include "api/field_faults.h"
#include "base/arena.h"
#include "base/error.h"
#include "empi/manual_match.h"

/*
 * Reads the body, which must outlive *out, into what manual_match_run() takes; who decides is left to
 * the caller. All that is wrong is in `faults` (which the caller has given the arena), and then the
 * answer is STATUS_INVALID. Only the body itself is looked at: whether what it names exists and may
 * be done is manual_match_run()'s to say.
 */
int match_request_read(struct manual_match *out, struct field_faults *faults, const json_t *body,
                       struct error *error);

#endif
