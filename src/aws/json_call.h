/*
 * Services that take and give JSON: POST / with the operation in a header.
 *
 * Thread rule: any thread.
 */
#ifndef AWS_JSON_CALL_H
#define AWS_JSON_CALL_H

#include <jansson.h>

#include "aws/session.h"
#include "base/error.h"
#include "base/str.h"

struct json_call {
    enum aws_service service;
    const char *region;
    const char *target; /* "secretsmanager.GetSecretValue" */
    const char *name;   /* for messages: "Secrets Manager" */
    const char *action; /* what a policy has to allow */
    struct str body;
};

/* *out is the answer, to be given back with json_decref(). */
int json_call_run(json_t **out, struct aws_session *session, const struct json_call *call,
                  struct error *error);

/* A text member; ptr NULL when it is none. */
struct str json_call_text(const json_t *json, const char *key);

/* The region of a request: `wanted` when it is a region, else the session's; STATUS_INVALID without
   one, unless an endpoint makes it meaningless. */
int json_call_region(const char **out, struct aws_session *session, enum aws_service service,
                     const char *wanted, struct error *error);

#endif
