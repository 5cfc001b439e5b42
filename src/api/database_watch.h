/*
 * Watches whether the database answers, so that the health check, which anybody may call as often as
 * they like, costs the database nothing and never waits for it.
 *
 * A thread of its own asks once in two seconds, over a connection of its own. A database that does
 * not answer at all shows by the age of its last answer. Private clusters that died are started again.
 *
 * Thread rule: opened and closed by one thread; database_watch_is_good() by any.
 */
#ifndef API_DATABASE_WATCH_H
#define API_DATABASE_WATCH_H

#include <stdbool.h>

#include "base/error.h"
#include "store/store.h"

struct database_watch;

/* `revive` is called after a failure, with `context`; may be NULL. It may take a minute. */
int database_watch_open(struct database_watch **out, struct store *store,
                        int (*revive)(void *context, struct error *error), void *context,
                        struct error *error);

/* Whether the last answer was good and is not older than six seconds. */
bool database_watch_is_good(const struct database_watch *watch);

/* NULL is fine. A statement that hangs is to be cancelled by the caller (store_cancel_all()). */
void database_watch_close(struct database_watch *watch);

#endif
