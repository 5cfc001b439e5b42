/*
 * What all requests to AWS have in common: region, endpoints, credentials. Read from the environment
 * and the profile when it is opened; the credentials when they are first needed.
 *
 * Thread rule: any thread.
 */
#ifndef AWS_SESSION_H
#define AWS_SESSION_H

#include <stdbool.h>
#include <stddef.h>

#include "aws/credentials.h"
#include "base/arena.h"
#include "base/error.h"

enum aws_service {
    AWS_S3,
    AWS_STS,
    AWS_SSO,
    AWS_SECRETS_MANAGER,
    AWS_COGNITO,
    AWS_SERVICES, /* how many there are */
};

struct aws_session {
    struct arena arena;                  /* holds the texts */
    const char *region;                  /* NULL: none is set */
    const char *region_from;             /* where it was read, for messages */
    const char *endpoints[AWS_SERVICES]; /* "http://localhost:4566"; NULL: that of AWS */
    const char *ca_file;                 /* AWS_CA_BUNDLE; NULL: the system's */
    bool fips;                           /* AWS_USE_FIPS_ENDPOINT: the endpoints of FIPS 140 */
    unsigned attempts;                   /* of a request, at least 1: AWS_MAX_ATTEMPTS */
    struct aws_credential_cache cache;
};

/* STATUS_INVALID when a setting is wrong. */
int aws_session_open(struct aws_session **out, struct error *error);

/* NULL is fine. */
void aws_session_close(struct aws_session *session);

/* The one of the process, opened when it is first asked for; nobody closes it. What the environment
   says is read once. */
int aws_session_shared(struct aws_session **out, struct error *error);

#endif
