/*
 * Migrations: numbered changes of the schema, up and down.
 *
 * Each is a pair of SQL files, migrations/NNNN_name.{up,down}.sql, built into the program. What is
 * applied stands in the table empi.schema_migration with a checksum: a migration that was edited
 * after it had been applied is an error, and so is a database that is newer than the program. All
 * of one call is one transaction under an advisory lock, so that two at once are safe and a failure
 * changes nothing.
 *
 * Thread rule: as a connection.
 */
#ifndef STORE_MIGRATE_H
#define STORE_MIGRATE_H

#include <stdbool.h>

#include "base/error.h"
#include "store/store.h"

struct migration {
    unsigned number; /* from 1 */
    const char *name;
    const char *up;
    const char *down;
};

/* Ascending, without gaps. */
extern const struct migration migrations[];
extern const unsigned migration_count;

#define MIGRATE_LATEST UINT32_MAX

struct migrate_report {
    unsigned before; /* number of the last migration that was applied; 0: none */
    unsigned after;
};

/* Brings the schema up or down to migration `target` (0: nothing is left of it). */
int migrate_to(struct migrate_report *out, struct store *store, unsigned target,
               struct error *error);

/* The number of the last applied migration, without changing anything. */
int migrate_current(unsigned *out, struct store *store, struct error *error);

/* Fails with a remedy unless the schema is exactly this program's. */
int migrate_check(struct store *store, struct error *error);

#endif
