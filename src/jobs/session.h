/*
 * A service's own connection: it LISTENs for new jobs and holds the lock that makes this service the
 * active one. When the database goes away it is opened again, with growing pauses, for as long as it
 * takes; a private PostgreSQL is started again.
 *
 * Needs a connection of the server's own: a pooler that hands a session's statements to different
 * connections would lose lock and notifications.
 *
 * Thread rule: one thread.
 */
#ifndef JOBS_SESSION_H
#define JOBS_SESSION_H

#include <stdbool.h>

#include "jobs/host.h"

struct jobs_session {
    const struct jobs_host *host;
    const char *lock;              /* number of the advisory lock, as SQL */
    struct connection *connection; /* NULL: not connected */
    bool active;                   /* the lock is held */
    bool told;                     /* that it stands by */
    double pause;                  /* seconds before the next try to connect */
};

/* Connects unless it is, and takes the lock when it is free: then `active`. `what` names the service
   in the log; NULL: nothing is logged. */
int jobs_session_hold(struct jobs_session *session, const char *what, struct error *error);

/* Waits for a new job, or `seconds`. STATUS_CANCELLED when asked to stop. */
int jobs_session_wait(struct jobs_session *session, double seconds, struct error *error);

/* After a failure of the database: logs it, waits a while, brings a private server back. 0, or
   STATUS_CANCELLED when asked to stop meanwhile. */
int jobs_session_recover(struct jobs_session *session, const struct error *failure,
                         struct error *error);

/* The connection works: the next pause is short again. */
void jobs_session_recovered(struct jobs_session *session);

/* Waits, connected or not. STATUS_CANCELLED when asked to stop. */
int jobs_session_pause(const struct jobs_session *session, double seconds, struct error *error);

/* Gives connection and lock up. */
void jobs_session_end(struct jobs_session *session);

#endif
