/*
 * Rows of empi.app_user.
 *
 * Thread rule: any thread; a connection belongs to its own.
 */
#ifndef IDENTITY_USERS_H
#define IDENTITY_USERS_H

#include "identity/internal.h"

/* Columns id, idp_user_id, email, role in this order. False when there is no memory. */
bool users_read_row(struct identity_user *out, struct arena *arena, const struct rows *rows,
                    size_t row);

/* Who has this subject; out->id 0 when nobody has. */
int users_find(struct identity_user *out, struct arena *arena, struct connection *connection,
               struct str subject, struct error *error);

/* Adds who is not known yet; an address that is not empty replaces the one we have. Fills `out`. */
int users_remember(struct identity_user *out, struct arena *arena, struct connection *connection,
                   struct str subject, struct str email, struct error *error);

/* The users of a provider, as it lists them. */
struct users_given {
    struct arena *arena; /* for the texts */
    struct users_given_one {
        struct str subject;
        struct str email; /* may be empty */
        bool
            unverified; /* the provider says that nobody has verified it; false when it says nothing */
    } * items;
    size_t count;
    size_t room;
};

/* More than a million of them is a mistake: STATUS_RESOURCES. Texts are copied. */
int users_give(struct users_given *given, const struct users_given_one *user, struct error *error);

/* Asks the provider; for one that cannot list its users there are none. *complete tells whether those
   that are not given are gone. */
int users_ask_provider(struct users_given *given, bool *complete, struct identity *identity,
                       struct error *error);

/* Writes them into the table, in a transaction of the caller's. */
int users_write_given(struct connection *connection, const struct users_given *given, bool complete,
                      struct error *error);

/* In a transaction of the caller's. STATUS_NOT_FOUND for an unknown user; STATUS_INVALID when nobody
   would be left who can give roles. */
int users_set_role(struct connection *connection, int64_t id, enum identity_role role,
                   struct error *error);

#endif
