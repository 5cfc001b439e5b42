/*
 * Moving records between persons: what matching jobs and manual matches have in common.
 *
 * The caller makes two temporary tables and fills them:
 *   moved (person_record_id, from_person, to_person, match_group_id)   what is to move, and why
 *   person_before (id, version)      the persons that may change, as they were when they were read
 * A person that moves name but person_before does not is one that the caller has just made, with
 * everything as it is to be after the moves; and so may be records, which then stay as they are.
 *
 * Thread rule: as a connection, within a transaction.
 */
#ifndef EMPI_MOVES_H
#define EMPI_MOVES_H

#include <stdint.h>

#include "base/error.h"
#include "store/store.h"

/* Makes the two tables, empty; they go with the transaction. */
int moves_prepare(struct connection *connection, struct error *error);

/*
 * Writes the actions of all moves for the event, moves the records, and keeps the persons' counts,
 * names, sources, versions and ends right. All records of a person that received one become
 * reviewed. STATUS_CONFLICT when a person is not as it was when it was read.
 */
int moves_apply(struct connection *connection, int64_t event_id, struct error *error);

#endif
