/*
 * The files that the AWS command line keeps: ~/.aws/config and ~/.aws/credentials, or those that
 * AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE name.
 *
 * What stands in the credentials file counts before what the other has; of two equal keys of one
 * file, the later. Keys are in lower case; one that is nested ("s3 =" and below it, indented,
 * "endpoint_url = …") is "s3.endpoint_url". No value is ever in a message: it may be a secret.
 *
 * Thread rule: immutable once read.
 */
#ifndef AWS_PROFILE_H
#define AWS_PROFILE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "base/vec.h"

enum { AWS_PROFILES_MOST_BYTES = 1 << 20 };

struct aws_profile_entry {
    const char *kind; /* "profile", "sso-session", "services" */
    const char *name;
    const char *key; /* NULL: the section itself */
    const char *value;
    bool is_credentials; /* from the credentials file */
};

struct aws_profiles {
    struct arena arena;
    VEC(struct aws_profile_entry);
};

/* A variable of the environment; NULL when it is not set, or empty. */
const char *aws_environment(const char *name);

/* The profile that counts: AWS_PROFILE, AWS_DEFAULT_PROFILE, "default". */
const char *aws_profile_name(void);

/* Reads both files; one that is not there is empty. STATUS_INVALID names file and line.
   aws_profiles_free() in every case. */
int aws_profiles_load(struct aws_profiles *out, struct error *error);

/* Adds the content of one file; `name` for messages. */
int aws_profiles_read(struct aws_profiles *profiles, struct str text, const char *name,
                      bool is_credentials, struct error *error);

/* The value of a key of a section, or NULL; an empty value is NULL, too. */
const char *aws_profiles_find(const struct aws_profiles *profiles, const char *kind,
                              const char *name, const char *key);

/* Whether there is such a section, in either file. */
bool aws_profiles_has(const struct aws_profiles *profiles, const char *kind, const char *name);

void aws_profiles_free(struct aws_profiles *profiles);

#endif
