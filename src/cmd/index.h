/*
 * The opened index: the configuration, the private PostgreSQL where no other is configured, and the
 * pool of connections, opened and closed in the right order. Every command that works on the index
 * begins with index_open() and ends with index_close().
 *
 * Signals: a command must not die with the private PostgreSQL running on, so index_open() has them
 * counted (cmd/stop.h). At the first one (or a later one, for a command that ends its work in its own way)
 * whatever the database is doing is cancelled, again and again until the index is closed: queries
 * then fail with STATUS_CANCELLED, and the command ends as after any error. What waits elsewhere
 * has to watch stop_descriptor(), and long loops call stop_check().
 *
 * Thread rule: opened and closed by the main thread; the store is for all.
 */
#ifndef CMD_INDEX_H
#define CMD_INDEX_H

#include <stdbool.h>

#include "base/error.h"
#include "config/config.h"
#include "store/store.h"

struct index_options {
    const char *name;   /* as pg_stat_activity shows it, "tuva-empi import"; NULL: "tuva-empi" */
    bool any_schema;    /* the schema may be absent or of another version: for migrate and psql */
    unsigned cancel_at; /* the signal that cancels what the database is doing; before it, the
                           command looks at stop_count() and ends its work. 0: the first */
    unsigned lock_seconds; /* as struct store_options has it */
};

struct index {
    const struct config *config;
    struct store *store;
    struct store_options database; /* what the store was opened with, for other programs */
};

/* `options` may be NULL. Without any_schema, the schema has to be this program's; that of a private
   PostgreSQL is made or brought up to date first. */
int index_open(struct index **out, const struct index_options *options, struct error *error);

/* libpq takes from the environment whatever it is not told, even the address of another server. Of
   the private one the environment knows nothing; of a configured one (`external`) it may know what
   has no key of ours (PGSSLROOTCERT, PGPASSFILE), but not where it is. index_open() does this; who
   does without calls it before there are other threads. */
void index_forget_environment(bool external);

/* Brings the private PostgreSQL back when it has died; does nothing for another server. Any thread. */
int index_revive(struct index *index, struct error *error);

/* All connections must have been given back. NULL is fine. */
void index_close(struct index *index);

#endif
