/*
 * Regions, and where a service is: AWS_ENDPOINT_URL_S3 and its like, AWS_ENDPOINT_URL, the profile's
 * services section and endpoint_url, else the service's address in the region.
 *
 * Thread rule: any thread.
 */
#ifndef AWS_REGION_H
#define AWS_REGION_H

#include <stdbool.h>

#include "aws/profile.h"
#include "aws/session.h"

enum { AWS_MOST_REGION = 64, AWS_MOST_HOST = 160, AWS_MOST_ENDPOINT = 512 };

/* Whether it may be the name of a region: what would break a host's name or a signature is not. */
bool aws_region_is_plain(struct str region);

/* Sets region, endpoints and fips of a session that is being opened. */
int aws_region_read(struct aws_session *session, const struct aws_profiles *profiles,
                    struct error *error);

/* The name by which requests to a service are signed: "s3". */
const char *aws_service_name(enum aws_service service);

/* "SECRETS_MANAGER", as in AWS_ENDPOINT_URL_SECRETS_MANAGER. */
const char *aws_service_variable(enum aws_service service);

/* Where a service is in a region, when no endpoint is set: "s3.eu-west-1.amazonaws.com". */
void aws_service_host(char out[AWS_MOST_HOST], const struct aws_session *session,
                      enum aws_service service, const char *region);

/* The endpoint that is set, or the service's in the region: "https://HOST". */
void aws_service_endpoint(char out[AWS_MOST_ENDPOINT], const struct aws_session *session,
                          enum aws_service service, const char *region);

#endif
