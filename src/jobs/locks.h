/*
 * Advisory locks of the services: session-level, so that they last as long as the service's
 * connection and no crash leaves one. Those that take part in matching are in empi/locks.h.
 */
#ifndef JOBS_LOCKS_H
#define JOBS_LOCKS_H

/* Held by the one matching service that is active. */
#define LOCK_MATCHING_SERVICE "7310475126403131"

/* Held by the one export worker that is active. Another lock than matching's: neither waits for the
   other. */
#define LOCK_EXPORT_WORKER "7310475126403132"

#endif
