/*
 * The private PostgreSQL: a cluster of the program's own in its data directory, for a laptop or a
 * single machine, so that nothing has to be set up.
 *
 * Made by initdb on first use, served on a Unix socket only, and stopped when the last process of
 * ours that uses it leaves; whoever comes first starts it. A crash of any of them, or of PostgreSQL,
 * leaves a cluster that the next start recovers. Started by root it runs as an unprivileged user.
 *
 * How processes agree, without trusting process ids: each user of the cluster holds a shared lock
 * on the file `users`, which the kernel drops when the process dies; starting and stopping is done
 * under an exclusive lock on the file `starting`. Who leaves and can lock `users` exclusively is
 * the last and stops the server.
 *
 * Thread rule: one thread opens and closes.
 */
#ifndef STORE_PRIVATE_CLUSTER_H
#define STORE_PRIVATE_CLUSTER_H

#include "base/error.h"
#include "store/store.h"

struct private_cluster;

/* The data directory when none is configured: $TUVA_EMPI_DATA_DIR, else /var/lib/tuva-empi for
   root and $XDG_DATA_HOME/tuva-empi or ~/.local/share/tuva-empi for others. False when no home is
   known or the path is longer than `size`. */
bool private_cluster_default_directory(char *out, size_t size);

/* Makes, starts or joins the cluster in `directory`, an absolute path (made when missing). */
int private_cluster_open(struct private_cluster **out, const char *directory, struct error *error);

/* How to connect to it; the texts belong to the cluster. */
void private_cluster_options(const struct private_cluster *cluster, struct store_options *out);

/* Starts a server that has died, and waits for one that recovers. */
int private_cluster_revive(struct private_cluster *cluster, struct error *error);

/* Leaves; stops the server when nobody else uses it. All connections must be closed. NULL is
   fine. */
void private_cluster_close(struct private_cluster *cluster);

#endif
