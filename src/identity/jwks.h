/*
 * The provider's keys, kept.
 *
 * They are fetched when the first token comes, again when they are old (so that a key that was taken
 * back ends) and when a token names a key that is not among them (so that a rotation needs no
 * restart). Whoever makes up key ids cannot have us flood the provider: there is one fetch at a time,
 * and no second one within thirty seconds. Who comes while it runs waits for it, as long as there is
 * no good set yet or the key is unknown; but a few only, and others are told at once what is known by
 * then: the provider may hang. A fetch that fails leaves the last good set as it is.
 *
 * Thread rule: any thread.
 */
#ifndef IDENTITY_JWKS_H
#define IDENTITY_JWKS_H

#include "base/error.h"
#include "base/str.h"
#include "identity/jwk.h"

struct jwks;

/* Where keys come from. */
struct jwks_source {
    /* The document, appended to `out`; bounded in time. */
    int (*fetch)(void *context, struct text_buffer *out, struct error *error);
    void *context;
};

struct jwks_pace {
    double least_seconds; /* between two fetches because of unknown keys. 0: 30 */
    double retry_seconds; /* after a failure while there is no set at all. 0: 5 */
    double most_seconds;  /* that a set stays without being fetched anew. 0: 600 */
};

/* Fetches nothing yet. `pace` may be NULL. */
int jwks_open(struct jwks **out, const struct jwks_source *source, const struct jwks_pace *pace,
              struct error *error);

/* A set that never changes; it becomes the cache's. */
int jwks_open_fixed(struct jwks **out, struct jwk_set *set, struct error *error);

/*
 * The key with this id for this algorithm, valid until jwks_release() of *set. *out and *set are NULL
 * when the provider has no such key, or cannot be asked again yet. STATUS_RESOURCES when no keys are
 * to be had at all.
 */
int jwks_find(const struct jwk **out, struct jwk_set **set, struct jwks *keys, struct str id,
              enum jwa algorithm, struct error *error);

void jwks_release(struct jwks *keys, struct jwk_set *set);

/* All sets must have been released. NULL is fine. */
void jwks_close(struct jwks *keys);

#endif
