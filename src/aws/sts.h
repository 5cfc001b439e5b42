/*
 * The Security Token Service: roles, and who one is.
 *
 * Thread rule: any thread.
 */
#ifndef AWS_STS_H
#define AWS_STS_H

#include <stddef.h>

#include "aws/credentials.h"
#include "aws/session.h"
#include "base/error.h"

struct sts_role {
    const char *arn;
    const char *session_name; /* NULL: "tuva-empi" */
    const char *external_id;  /* NULL: none */
    const char *seconds;      /* digits; NULL: the service's default, an hour */
    const char *region;       /* of the service; NULL: the session's */
};

/* AssumeRole, signed with `base`. */
int sts_assume_role(struct aws_credentials **out, struct aws_session *session,
                    const struct aws_credentials *base, const struct sts_role *role,
                    struct error *error);

/* AssumeRoleWithWebIdentity: the token in the file `token_file`, read anew each time, is the proof. */
int sts_assume_role_with_web_identity(struct aws_credentials **out, struct aws_session *session,
                                      const char *token_file, const struct sts_role *role,
                                      struct error *error);

/* GetCallerIdentity, once and for a short time: the caller's ARN, or the empty text. For messages. */
void sts_caller(char *out, size_t size, struct aws_session *session,
                const struct aws_credentials *credentials);

#endif
