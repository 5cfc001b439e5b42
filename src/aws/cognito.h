/*
 * Cognito: the users of a pool.
 *
 * Thread rule: any thread.
 */
#ifndef AWS_COGNITO_H
#define AWS_COGNITO_H

#include <stdbool.h>

#include "aws/session.h"
#include "base/error.h"
#include "base/str.h"

/* Texts hold for the call that they are given to; ptr NULL: the user has none. */
struct cognito_user {
    struct str sub;      /* the id that tokens have as "sub" */
    struct str username; /* unique in the pool; may differ from sub */
    struct str email;
    bool email_unverified; /* the pool says so; false when it says nothing */
    bool enabled;
    bool confirmed; /* has completed the sign-up */
};

struct cognito_query {
    const char *user_pool_id; /* "eu-west-1_AbC123"; says the region */
    const char *filter;       /* in Cognito's words: email = "a@b.org"; NULL: all users */
};

/* `email = "TEXT"` with what is special in it escaped, for a filter; false when it does not fit. */
bool cognito_filter_email(char *out, size_t size, struct str email);

/* ListUsers, page after page to the end; each user once to each(), whose failure ends it. A pool that
   gives the same page again and again is an error, not an endless loop. */
int cognito_list_users(struct aws_session *session, const struct cognito_query *query,
                       int (*each)(void *context, const struct cognito_user *user,
                                   struct error *error),
                       void *context, struct error *error);

#endif
