/*
 * What the files of this folder share. Others include identity/identity.h.
 *
 * Thread rule: struct identity is set up by identity_open() and then only read; what changes in it
 * has its own lock.
 */
#ifndef IDENTITY_INTERNAL_H
#define IDENTITY_INTERNAL_H

#include "identity/attempts.h"
#include "identity/identity.h"
#include "identity/jwks.h"
#include "identity/jwt.h"
#include "identity/oidc.h"
#include "identity/password.h"
#include "identity/secret.h"

/* How the configured backend shows who somebody is. */
struct identity {
    const struct config *config;
    struct store *store;
    enum config_idp backend;
    bool own_sign_in; /* this server sends people to the provider and back */

    const char *jwt_header;
    const char *client_id;        /* ours at the provider */
    struct jwt_expected expected; /* of tokens in that header; but for the time */
    struct jwks *keys;            /* of the provider; of the local one, its own */
    struct oidc *provider;        /* NULL for local */

    unsigned char cookie_key[SECRET_BYTES];
    unsigned char csrf_key[SECRET_BYTES];
    unsigned char signing_key[64]; /* of the local provider; libsodium's form */
    char signing_key_id[44];

    struct attempts *attempts; /* wrong passwords */
    struct password_hall *hall;
    struct arena arena; /* texts of the above */
};

/* Takes a connection of the pool for a few statements; STATUS_RESOURCES when all are busy. */
int identity_take_connection(struct connection **out, struct identity *identity,
                             struct error *error);

/* The text of a value, in the arena, NUL-terminated; false when there is no memory. */
bool identity_row_text(struct str *out, struct arena *arena, const struct rows *rows, size_t row,
                       size_t column);

/* Signature and claims. *out is filled when 0 is returned, and with JWT_BAD `error`, too. */
int identity_check_token(enum jwt_verdict *out, const struct jwt *token, struct jwks *keys,
                         const struct jwt_expected *expected, struct error *error);

/* Whether a browser says that another site has it send this request, one that may not (CORS). Less than
   identity_is_foreign(): of what a proxy changes, such as Host, nothing counts. */
bool identity_is_cross_site(const struct http_exchange *exchange, const struct identity *identity);

/* Seconds since 1970. */
int64_t identity_now(void);

#endif
