/*
 * PostgreSQL's own programs on the private cluster: making it, starting and stopping its server.
 * Who may do so, and when, is decided by private_cluster.c.
 *
 * Thread rule: one thread at a time, and one process: under the lock of private_cluster.c.
 */
#ifndef STORE_PRIVATE_SERVER_H
#define STORE_PRIVATE_SERVER_H

#include <sys/types.h>

#include "base/error.h"

enum { PRIVATE_SERVER_PATH = 1024 };

struct private_server {
    char directory
        [PRIVATE_SERVER_PATH]; /* holds pgdata, the log and the socket; others cannot enter */
    char binaries[PRIVATE_SERVER_PATH]; /* of PostgreSQL, with a slash; empty: they are in PATH */
    char user[64];                      /* that the server runs as */
    uid_t uid;
    gid_t gid;
};

/* Has the server run: joins the one that does, or starts it, with a cluster made first when there is
   none. What an earlier try left behind is removed. STATUS_RESOURCES when the disk is full. */
int private_server_run(struct private_server *server, struct error *error);

/* Ends its sessions, undoes what they have not committed, and stops it. Failures leave a server that
   the next start joins or recovers. */
void private_server_stop(const struct private_server *server);

#endif
