/*
 * Step 6 of a matching job: a solved graph goes into the database.
 *
 * Stands on the temporary tables that matching_group.c has made: group_before and person_before. The
 * graph's last results are the new ones. Thread rule: as a connection.
 */
#ifndef EMPI_MATCHING_WRITE_H
#define EMPI_MATCHING_WRITE_H

#include "empi/match_graph.h"
#include "empi/matching_internal.h"

int matching_write(struct matching *matching, const struct match_graph *graph, struct error *error);

#endif
