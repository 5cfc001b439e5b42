/*
 * Requests that are sent again: after no answer, 429, 5xx or "slow down", with a pause that grows
 * from attempt to attempt and is drawn at random (full jitter: Brooker, "Exponential Backoff And
 * Jitter", 2015), so that many who were refused together do not come back together. Never after
 * another 4xx: it would be refused again.
 *
 * Thread rule: any thread; a call belongs to its thread.
 */
#ifndef AWS_RETRY_H
#define AWS_RETRY_H

#include <stdbool.h>

#include "aws/fault.h"
#include "aws/request.h"
#include "aws/session.h"
#include "base/error.h"
#include "http/client.h"

/* Waits before the attempt that follows the `failed`th (from 1): a random part of 0.5 s, 1 s, 2 s …
   at most 20 s. STATUS_CANCELLED when `stop_descriptor` becomes readable. */
int aws_retry_wait(unsigned failed, int stop_descriptor, struct error *error);

struct aws_call {
    struct aws_request request;
    struct aws_asked asked;
    const struct aws_credentials *credentials; /* NULL: the session's */
    bool is_anonymous;                         /* not signed at all */
    bool body_may_fail;     /* a 2xx may have an error in its body (CompleteMultipartUpload) */
    unsigned attempts;      /* 0: the session's */
    double seconds;         /* of an attempt; 0: no limit but the least rate */
    double stall_seconds;   /* see http/client.h */
    double connect_seconds; /* the same */
    size_t most_bytes;      /* the same */
    int stop_descriptor;    /* 0 or -1: none */
    /* See http/client.h. With download() one attempt only: what was handed on cannot be taken
       back. */
    int (*begin)(void *context, const struct http_client_response *response, struct error *error);
    int (*download)(void *context, struct str piece, struct error *error);
    void *context;
};

/* What became of it. */
struct aws_result {
    struct http_client_response response;
    struct aws_fault fault; /* status 0: there was no answer */
};

/*
 * 0 when the answer was a 2xx without an error in it. Else the error is told, and the fault says
 * more to those who can act on it. Expired credentials are replaced once. aws_result_free() in every
 * case.
 */
int aws_send(struct aws_result *out, struct aws_session *session, const struct aws_call *call,
             struct error *error);

void aws_result_free(struct aws_result *result);

#endif
