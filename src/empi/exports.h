/*
 * Exports: the crosswalk, and the potential matches, as CSV.
 *
 * Streamed: memory does not grow with them. NULL is an empty field, the empty text "".
 *
 * Thread rule: as a connection.
 */
#ifndef EMPI_EXPORTS_H
#define EMPI_EXPORTS_H

#include <stdint.h>

#include "base/error.h"
#include "base/stream.h"
#include "store/store.h"

/* Every record of every person once, with the person's uuid, by record id. *rows, which may be
   NULL, receives the number of rows after the header. */
int exports_crosswalk(uint64_t *rows, struct connection *connection, struct stream *out,
                      struct error *error);

/* One row a result of an open match group, by group and falling probability. */
int exports_potential_matches(uint64_t *rows, struct connection *connection, struct stream *out,
                              struct error *error);

/* How many rows the latter would have now. */
int exports_count_potential_matches(uint64_t *out, struct connection *connection,
                                    struct error *error);

#endif
