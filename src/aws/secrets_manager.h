/*
 * Secrets Manager: the text of a secret.
 *
 * Thread rule: any thread.
 */
#ifndef AWS_SECRETS_MANAGER_H
#define AWS_SECRETS_MANAGER_H

#include "aws/session.h"
#include "base/error.h"
#include "base/str.h"

/* SecretString of the secret with this ARN (which says the region) or name, appended to `out`.
   STATUS_INVALID when it is not there, or has no text. The value is in no message. */
int secrets_manager_read(struct text_buffer *out, struct aws_session *session, const char *arn,
                         struct error *error);

/* The same with the process's session: what config_set_secret_reader() takes. */
int secrets_manager_read_shared(struct text_buffer *out, const char *arn, struct error *error);

#endif
