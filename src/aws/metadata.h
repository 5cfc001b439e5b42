/*
 * Credentials that the place gives where the program runs: a container of ECS or EKS (pod identity),
 * or an instance of EC2 by its metadata service, version 2 only: version 1 answers whoever can make
 * the program fetch a URL.
 *
 * Thread rule: any thread.
 */
#ifndef AWS_METADATA_H
#define AWS_METADATA_H

#include "aws/credentials.h"
#include "aws/session.h"
#include "base/error.h"

/* *out stays NULL when the environment names no container endpoint. */
int metadata_container(struct aws_credentials **out, struct aws_session *session,
                       struct error *error);

/* *out stays NULL when nothing answers there within about a second, or there is no role. */
int metadata_instance(struct aws_credentials **out, struct aws_session *session,
                      struct error *error);

#endif
