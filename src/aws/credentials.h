/*
 * Credentials, and where they come from: the links of the chain, in the order of the AWS SDKs.
 *
 *   1. the environment               AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN
 *   2. web identity (IRSA)           AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN
 *   3. the profile                   its role, SSO login, keys or credential_process
 *   4. the container (ECS, EKS)      AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI
 *   5. the instance (EC2)            the metadata service, version 2
 *
 * A link that is set up but fails ends the search: falling through to another identity would hide
 * the fault.
 *
 * Thread rule: credentials are immutable and counted; a cache may be used by any thread.
 */
#ifndef AWS_CREDENTIALS_H
#define AWS_CREDENTIALS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"

struct aws_session;
struct aws_profiles;

enum aws_source {
    AWS_SOURCE_ENVIRONMENT,
    AWS_SOURCE_WEB_IDENTITY,
    AWS_SOURCE_SSO,
    AWS_SOURCE_FILE,
    AWS_SOURCE_PROCESS,
    AWS_SOURCE_ROLE,
    AWS_SOURCE_CONTAINER,
    AWS_SOURCE_INSTANCE,
};

struct aws_credentials {
    atomic_uint references;
    enum aws_source source;
    const char *access_key;
    const char *secret_key;
    const char *session_token; /* NULL: none */
    int64_t obtained;          /* microseconds since 1970 */
    int64_t expires;           /* the same; 0: never */
    char texts[];
};

/* What the answer of a service or a program holds; len 0: absent. */
struct aws_key_texts {
    struct str access_key;
    struct str secret_key;
    struct str session_token;
    struct str expires; /* RFC 3339, as "2026-01-02T03:04:05Z" */
};

/* STATUS_INVALID when a key is missing or no plain text, or the time is none; `from` for messages. */
int aws_credentials_make(struct aws_credentials **out, const struct aws_key_texts *texts,
                         enum aws_source source, const char *from, struct error *error);

/* NULL is fine. */
void aws_credentials_release(struct aws_credentials *credentials);

/* "the environment", for messages. */
const char *aws_source_name(enum aws_source source);

/* What to do when they have expired. */
const char *aws_source_renewal(enum aws_source source);

/* Walks the chain once; no cache. STATUS_INVALID when there are none. */
int aws_credentials_find(struct aws_credentials **out, struct aws_session *session,
                         struct error *error);

/*
 * The latest credentials, and one thread at a time that gets others. They are renewed well before
 * they expire while the old ones serve the other threads; a failure then is a warning in the log
 * as long as the old ones are good.
 */
struct aws_credential_cache {
    pthread_mutex_t lock; /* guards the rest */
    pthread_cond_t changed;
    struct aws_credentials *current; /* NULL: none yet */
    bool busy;                       /* somebody is getting others */
    int64_t not_before;              /* no earlier attempt to renew what is still good */
};

int aws_credential_cache_open(struct aws_credential_cache *cache, struct error *error);
void aws_credential_cache_close(struct aws_credential_cache *cache);

/* The credentials for a request, to be released by the caller. With `refused` (those that a service
   has just called expired) they are others, or the same when there are no others to be had. */
int aws_credentials_take(struct aws_credentials **out, struct aws_session *session,
                         const struct aws_credentials *refused, struct error *error);

#endif
