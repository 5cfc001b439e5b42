/* The users of a Cognito pool: see aws/cognito.h. Any thread. */
#ifndef IDENTITY_PROVIDERS_COGNITO_H
#define IDENTITY_PROVIDERS_COGNITO_H

#include "identity/users.h"

int cognito_give_users(struct users_given *given, const struct config *config, struct error *error);

#endif
