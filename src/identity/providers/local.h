/*
 * The local provider: its users are rows of empi.app_user with one of empi.local_password beside it,
 * and its tokens are made and signed here (EdDSA, with the installation's own key).
 *
 * A token says when its user's password was last changed: another password voids it.
 *
 * Thread rule: any thread.
 */
#ifndef IDENTITY_PROVIDERS_LOCAL_H
#define IDENTITY_PROVIDERS_LOCAL_H

#include "identity/internal.h"

/* Issuer and audience of its tokens. */
#define LOCAL_ISSUER "tuva-empi"

/* Sets up keys, limits and what tokens are expected to be. */
int local_open(struct identity *identity, struct connection *connection, struct error *error);
void local_close(struct identity *identity);

/* Who a token of ours is for; out->id 0 when they are gone. *good is false when it is void. */
int local_find(struct identity_user *out, bool *good, struct arena *arena,
               struct connection *connection, const struct jwt *token, struct error *error);

/* Within a transaction of the caller's; see identity_local_add(). */
int local_add(int64_t *out, struct identity *identity, struct connection *connection,
              struct str name, struct str password, bool one_time, enum identity_role role,
              struct error *error);

#endif
