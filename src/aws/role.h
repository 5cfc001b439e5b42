/*
 * The credentials of a profile, with the roles that it assumes, step by step.
 *
 * Thread rule: any thread.
 */
#ifndef AWS_ROLE_H
#define AWS_ROLE_H

#include "aws/credentials.h"
#include "aws/profile.h"
#include "aws/session.h"
#include "base/error.h"

/* In this order: a role (role_arn with source_profile, credential_source or
   web_identity_token_file), an SSO login, keys, a credential_process. *out stays NULL when the profile
   has none of them. */
int role_profile_credentials(struct aws_credentials **out, struct aws_session *session,
                             const struct aws_profiles *profiles, const char *profile,
                             struct error *error);

/* The keys of the environment; *out stays NULL without them. */
int role_environment_credentials(struct aws_credentials **out, struct error *error);

#endif
