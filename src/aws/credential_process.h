/*
 * Credentials that a program prints: the profile's credential_process.
 *
 * Thread rule: any thread.
 */
#ifndef AWS_CREDENTIAL_PROCESS_H
#define AWS_CREDENTIAL_PROCESS_H

#include "aws/credentials.h"
#include "base/error.h"

/* Runs `command`, split into words as a shell does with quotes and backslashes, but by no shell. Its
   standard error is ours. The command itself is in no message: it may hold a secret. */
int credential_process_run(struct aws_credentials **out, const char *command, struct error *error);

#endif
