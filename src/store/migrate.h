/*
 * Migrations: numbered changes of the schema, up and down.
 *
 * Each is a pair of SQL files, migrations/NNNN_name.{up,down}.sql, built into the program. What is
 * applied stands in the table empi.schema_migration with a checksum: a migration that was edited
 * after it had been applied is an error, and so is a database that is newer than the program. All
 * of one call is one transaction under an advisory lock, so that two at once are safe and a failure
 * changes nothing. Tables that somebody else works with are waited for, but not for ever
 * (STATUS_CONFLICT).
 *
 * Thread rule: as a connection.
 */
#ifndef STORE_MIGRATE_H
#define STORE_MIGRATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

/* One migration of the program, of the database, or of both. */
struct migrate_state {
    unsigned number;
    char name[64];
    char applied[40];    /* ISO 8601, UTC; empty: it is not */
    const char *problem; /* why this program cannot work with it; NULL: it can */
};

/* What is and what could be applied, ascending; *out is to be freed with memory_free(). Changes
   nothing, and fails for no problem of a migration. */
int migrate_list(struct migrate_state **out, size_t *count, struct store *store,
                 struct error *error);

/* Empties all tables of the schema but that of the migrations; numbers begin at 1 again. */
int migrate_flush(struct store *store, struct error *error);

/* Fails with a remedy unless the schema is exactly this program's. */
int migrate_check(struct store *store, struct error *error);

#endif
