/*
 * Credentials of somebody who has signed in by `aws sso login`: the command line keeps the token in
 * ~/.aws/sso/cache, and the SSO portal gives a role's credentials for it.
 *
 * Not done: renewing the token. That is the command line's, which asks the person where it must.
 *
 * Thread rule: any thread.
 */
#ifndef AWS_SSO_H
#define AWS_SSO_H

#include "aws/credentials.h"
#include "aws/profile.h"
#include "aws/session.h"
#include "base/error.h"

/* *out stays NULL when the profile has no SSO settings. STATUS_INVALID when they are incomplete, or the
   token is not there or has expired. */
int sso_credentials(struct aws_credentials **out, struct aws_session *session,
                    const struct aws_profiles *profiles, const char *profile, struct error *error);

#endif
