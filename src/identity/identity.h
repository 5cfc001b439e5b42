/*
 * Who is asking: users, their roles, tokens, sessions and signing in. The one header of this folder
 * that others include.
 *
 * A request shows who sends it by a token of the identity provider (in the configured header), or by
 * the session cookie that signing in here gave. People are rows of empi.app_user, found by the
 * token's subject; what they may do is their role, read anew with every request, so that a change
 * acts at once.
 *
 * Not done here: which route needs which role (src/api/access.h).
 *
 * Thread rule: opened and closed by one thread; everything else may be called by any, at any time.
 */
#ifndef IDENTITY_IDENTITY_H
#define IDENTITY_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "config/config.h"
#include "http/exchange.h"
#include "store/store.h"

struct identity;

enum identity_role {
    IDENTITY_NO_ROLE, /* known or not, but let in nowhere */
    IDENTITY_MEMBER,
    IDENTITY_ADMIN,
};

/* "admin", "member", or NULL without a role. */
const char *identity_role_name(enum identity_role role);

/* False when `name` is neither "admin" nor "member". */
bool identity_role_from_name(enum identity_role *out, struct str name);

/* Of a request: in the exchange's arena. Texts are NUL-terminated. */
struct identity_user {
    int64_t id; /* of empi.app_user; 0: the provider's token is good, but we do not know them */
    struct str subject; /* the provider's name for them: the token's "sub" */
    struct str email;   /* may be empty */
    enum identity_role role;
    bool by_session;        /* by our cookie, not by a token */
    const char *csrf_token; /* what X-CSRF-Token has to be with the cookie; NULL with a token */
};

/*
 * Opens what the configuration asks for. Reads or makes the installation's secrets in the database;
 * asks no provider anything yet. `config` and `store` must outlive it.
 */
int identity_open(struct identity **out, const struct config *config, struct store *store,
                  struct error *error);

/* NULL is fine. */
void identity_close(struct identity *identity);

/*
 * Finds out who sends the request. *out is NULL when the exchange is answered already: 401 without a
 * token or with one that is not good, 403 for a token of another client and for a request that
 * another site may have had a browser send (CSRF), 503 while the provider's keys cannot be had.
 * Otherwise *out is somebody, maybe without id or role: what they may do is the caller's to decide.
 */
int identity_authenticate(const struct identity_user **out, struct http_exchange *exchange,
                          struct identity *identity, struct error *error);

/* The same, but nobody's request is left unanswered: *out NULL and response.status 0. A token that
   is not good is still a 401. */
int identity_recognise(const struct identity_user **out, struct http_exchange *exchange,
                       struct identity *identity, struct error *error);

/*
 * Whether another site may have had a browser send this request: by Sec-Fetch-Site, else by Origin.
 * A request with neither does not come from a browser. For requests that change something without a
 * session yet, such as signing in.
 */
bool identity_is_foreign(const struct http_exchange *exchange, const struct identity *identity);

/* ---- signing in ---- */

enum identity_sign_in {
    IDENTITY_BY_FORM,     /* with a password of ours: the local provider */
    IDENTITY_BY_PROVIDER, /* at the provider, which sends back to us */
    IDENTITY_BY_PROXY,    /* only with a token: a proxy in front lets people in */
};

enum identity_sign_in identity_sign_in(const struct identity *identity);

/* `text` when it is a path of ours that may be returned to after signing in, else "/". */
const char *identity_return_path(struct arena *arena, struct str text);

/*
 * IDENTITY_BY_PROVIDER: sends to the provider, remembering `return_path` in a short-lived cookie. And
 * the way back: checks what the provider sent, begins the session and redirects to that path. What is
 * wrong with it is answered, with a page of one sentence by the caller: *fault is that sentence, NULL
 * when all is well.
 */
int identity_sign_in_begin(struct http_exchange *exchange, struct identity *identity,
                           const char *return_path, struct error *error);
int identity_sign_in_finish(const char **fault, struct http_exchange *exchange,
                            struct identity *identity, struct error *error);

enum identity_password {
    IDENTITY_PASSWORD_GOOD,
    IDENTITY_PASSWORD_WRONG,    /* or no such user: nobody is told which */
    IDENTITY_PASSWORD_LIMITED,  /* too many wrong ones: try again later */
    IDENTITY_PASSWORD_ONE_TIME, /* good, but it is to be changed first */
    IDENTITY_PASSWORD_REFUSED,  /* the new one is too short, too long, or the old one */
};

enum { IDENTITY_PASSWORD_LEAST = 8, IDENTITY_PASSWORD_MOST = 1024 };

/*
 * IDENTITY_BY_FORM: checks a password and, when it is good, begins a session (its cookies are added
 * to the response). `new_password` with ptr not NULL is set first: the way out of
 * IDENTITY_PASSWORD_ONE_TIME, and how a password is changed; it ends the user's other sessions.
 */
int identity_sign_in_password(enum identity_password *out, struct http_exchange *exchange,
                              struct identity *identity, struct str name, struct str password,
                              struct str new_password, struct error *error);

/* For scripts: a token of ours instead of a session, in `arena`; *seconds is how long it is good. */
int identity_issue_token(enum identity_password *out, const char **token, unsigned *seconds,
                         struct http_exchange *exchange, struct identity *identity, struct str name,
                         struct str password, struct error *error);

/* Ends the session of the request, if it has one, and removes its cookies. *location is where the
   provider ends its own session, in the exchange's arena; NULL when it has no such place. */
int identity_sign_out(const char **location, struct http_exchange *exchange,
                      struct identity *identity, struct error *error);

/* ---- users ---- */

struct identity_users {
    const struct identity_user *items; /* by id */
    size_t count;
};

/* Asks the provider for all its users, adds those that are new, and gives all that are known, in
   `arena`: `email` is empty for whom the provider no longer has. */
int identity_users_list(struct identity_users *out, struct arena *arena, struct identity *identity,
                        struct error *error);

/* STATUS_NOT_FOUND for an unknown user, STATUS_INVALID when it would leave no admin. */
int identity_users_set_role(struct identity *identity, int64_t id, enum identity_role role,
                            struct error *error);

/* What identity_bootstrap() has done. Texts in `arena`. */
struct identity_bootstrap {
    bool done;            /* false: there is an admin already */
    struct str email;     /* of the first admin */
    const char *password; /* the local provider's: works once; NULL for others */
};

/* Makes the provider's user with the address initial_setup.admin_email the first admin. */
int identity_bootstrap(struct identity_bootstrap *out, struct arena *arena,
                       struct identity *identity, struct error *error);

/* A password that is easy to type: three groups of five letters and digits, none of which looks like
   another; 74 bits. */
enum { IDENTITY_MADE_PASSWORD_SIZE = 20 };
int identity_make_password(char out[IDENTITY_MADE_PASSWORD_SIZE], struct error *error);

/* The local provider's: makes a user, or gives one another password. `one_time`: it is to be changed
   at the first sign-in. STATUS_CONFLICT when the name is taken; STATUS_INVALID for an empty name or a
   password that is too short or too long. */
int identity_local_add(int64_t *out, struct identity *identity, struct str name,
                       struct str password, bool one_time, enum identity_role role,
                       struct error *error);
int identity_local_set_password(struct identity *identity, struct str name, struct str password,
                                bool one_time, struct error *error);

/* Takes password, sessions and role away. The row stays, without access: what they decided and wrote
   refers to it. STATUS_INVALID for the last admin. */
int identity_local_remove(struct identity *identity, struct str name, struct error *error);

#endif
