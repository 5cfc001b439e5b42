/*
 * What a service of AWS answers when it refuses, and how that is told to people: one sentence, and
 * the remedy.
 *
 * Thread rule: one thread at a time.
 */
#ifndef AWS_FAULT_H
#define AWS_FAULT_H

#include <stdbool.h>
#include <stdint.h>

#include "aws/credentials.h"
#include "aws/session.h"
#include "base/error.h"
#include "http/client.h"

struct aws_fault {
    unsigned status;     /* of HTTP; 0: there was no answer */
    char code[64];       /* "NoSuchBucket"; empty when the answer has none */
    char message[256];   /* the service's own words, printable */
    char region[64];     /* where the bucket is, when that is said */
    double skew_minutes; /* how far our clock is ahead of the service's */
};

/* Reads the answer: XML of S3 and STS, JSON of the others, or headers alone. */
void aws_fault_read(struct aws_fault *out, const struct http_client_response *response);

bool aws_fault_is(const struct aws_fault *fault, const char *code);

/* Whether the same request may succeed later: 429, 5xx, a time-out, and the codes that say "slow
   down" with another status. */
bool aws_fault_is_passing(const struct aws_fault *fault);

/* Whether the credentials have expired, so that others may help. */
bool aws_fault_is_expiry(const struct aws_fault *fault);

/* What was asked, for the sentence. */
struct aws_asked {
    enum aws_service service;
    const char *region;
    const char *name;   /* "s3://bucket/key", "Secrets Manager" */
    const char *bucket; /* NULL: not of S3 */
    const char *action; /* what a policy has to allow: "s3:GetObject" */
    bool blind;         /* no right to list would hide that it is not there */
};

/* Fills the error: STATUS_INVALID when it is the request (or the set-up) that is at fault, STATUS_IO when
   it is the service. `credentials` may be NULL. */
int aws_fault_tell(const struct aws_fault *fault, const struct aws_asked *asked,
                   const struct aws_credentials *credentials, struct aws_session *session,
                   struct error *error);

#endif
