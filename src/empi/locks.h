/* Advisory locks that take part in matching. All are transaction-level: no crash leaves one. */
#ifndef EMPI_LOCKS_H
#define EMPI_LOCKS_H

/* Held by a matching job from beginning to end: there is one at a time in the whole system. */
#define LOCK_MATCHING_JOB "7310475126403121"

/* Held by a matching job, alone, while it changes persons and groups; shared by manual matches,
   which never wait for it. */
#define LOCK_MATCH_UPDATE "7310475126403122"

#endif
