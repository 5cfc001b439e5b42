/*
 * An OpenID Connect provider, as a client of it: discovery, keys, and the authorization code flow
 * with PKCE (OpenID Connect Core 1.0 and Discovery 1.0; RFC 6749, 7636, 9207).
 *
 * What it tells of itself is fetched when it is first needed, again after an hour, and not oftener
 * than every five seconds while it cannot be had.
 *
 * Thread rule: any thread.
 */
#ifndef IDENTITY_OIDC_H
#define IDENTITY_OIDC_H

#include <stdbool.h>

#include <jansson.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

struct oidc;

/* Texts have to outlive it. */
struct oidc_options {
    const char *discovery;  /* base address: the document is below it, in .well-known */
    const char *issuer;     /* what it must call itself; NULL: anything that ends with issuer_end */
    const char *issuer_end; /* NULL: anything */
    const char *keys_url;   /* NULL: where the document says */
    const char *client_id;
    const char *client_secret; /* NULL or empty: a public client */
    const char *scope;
};

/* What discovery tells, copied for the caller. Texts that are not there are NULL. */
struct oidc_document {
    const char *issuer;
    const char *authorization_url;
    const char *token_url;
    const char *user_info_url;
    const char *keys_url;
    const char *end_session_url;
    bool secret_in_body; /* the token endpoint takes no HTTP Basic */
};

int oidc_open(struct oidc **out, const struct oidc_options *options, struct error *error);
void oidc_close(struct oidc *provider);

/* STATUS_RESOURCES when it cannot be had at the moment. */
int oidc_discover(struct oidc_document *out, struct arena *arena, struct oidc *provider,
                  struct error *error);

/* A jwks_source's fetch, with the provider as its context. */
int oidc_fetch_keys(void *provider, struct text_buffer *out, struct error *error);

/* Where to send who is to sign in: the whole address, in the arena. */
struct oidc_request {
    const char *redirect_url;
    const char *state;
    const char *nonce;
    const char *challenge; /* S256 of the verifier */
};
int oidc_authorization_url(const char **out, struct arena *arena, struct oidc *provider,
                           const struct oidc_request *request, struct error *error);

/* The tokens that a code is good for, in the arena, not checked. STATUS_INVALID when the provider does
   not take the code. */
struct oidc_tokens {
    const char *id_token;
    const char *access_token; /* may be NULL */
};
int oidc_redeem(struct oidc_tokens *out, struct arena *arena, struct oidc *provider,
                const char *code, const char *verifier, const char *redirect_url,
                struct error *error);

/* The address in claims (Core 1.0, 5.1), valid as long as they are; empty when there is none, or nobody
   has confirmed it. A provider that says nothing of that is believed. */
struct str oidc_email(const json_t *claims);

/* The address that the provider knows of `subject`; NULL when it tells none, or one that nobody has
   confirmed. */
int oidc_user_email(const char **out, struct arena *arena, struct oidc *provider,
                    const char *access_token, struct str subject, struct error *error);

/* Where the provider ends its own session, in the arena; NULL when it has no such place. */
int oidc_end_session_url(const char **out, struct arena *arena, struct oidc *provider,
                         const char *return_url, struct error *error);

#endif
