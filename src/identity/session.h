/*
 * Sessions: a sealed cookie with a random id, and a row of empi.session by the id's hash. The row
 * makes that signing out really ends it and that a new role acts at once; the seal, that a made-up
 * cookie costs no look-up.
 *
 * A session ends when it was idle for too long, when it is too old, when its user signs out, changes
 * the password or is no longer there.
 *
 * Thread rule: any thread; an exchange belongs to its own.
 */
#ifndef IDENTITY_SESSION_H
#define IDENTITY_SESSION_H

#include "identity/internal.h"

/* Adds its cookies to the response; a session that the request had before ends. */
int session_begin(struct http_exchange *exchange, struct identity *identity,
                  struct connection *connection, int64_t user_id, struct error *error);

/* Who the request's cookie is of, in the exchange's arena; NULL when it has none that is good. */
int session_find(const struct identity_user **out, struct http_exchange *exchange,
                 struct identity *identity, struct error *error);

/* Ends the request's session and removes its cookies. */
int session_end(struct http_exchange *exchange, struct identity *identity, struct error *error);

/* Ends all sessions of a user. */
int session_end_all(struct connection *connection, int64_t user_id, struct error *error);

/* Whether a request with this session may change something: its X-CSRF-Token is the session's, or it
   has none and comes from no other site. */
bool session_is_meant(const struct http_exchange *exchange, const struct identity *identity,
                      const struct identity_user *user);

#endif
