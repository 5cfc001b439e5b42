/*
 * Filling an empty index.
 *
 * Keeping an index of a table up row by row costs more than building it once from all rows, on all
 * processors: several times as much when it does not fit the server's cache. And a table's first rows
 * need no log where they can be thrown away with their file. So a large job that finds no records
 * begins the tables that it fills anew, takes their secondary indexes off, and puts them back before it
 * commits. All is part of its transaction: nobody ever sees a table without them, and a job that
 * fails or is killed leaves everything as it was.
 *
 * The price: until the commit nobody else can read these tables, in which there is nothing to read
 * yet. A later job never does this, however large: stewards are at work then.
 *
 * Thread rule: as a connection, which must be within a transaction.
 */
#ifndef EMPI_BULK_LOAD_H
#define EMPI_BULK_LOAD_H

#include <stdbool.h>

#include "base/error.h"
#include "store/store.h"

/*
 * Begins the tables anew and takes their indexes off, unless there are records, or somebody holds one
 * of the tables just now, or the database's user may not: then *begun is false, and all is as before.
 * Primary keys stay, and what foreign keys refer to.
 */
int bulk_load_begin(bool *begun, struct connection *connection, struct error *error);

/* Puts them back, exactly as they were. */
int bulk_load_end(struct connection *connection, struct error *error);

#endif
