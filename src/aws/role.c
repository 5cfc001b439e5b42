#include "aws/role.h"

#include <string.h>

#include "aws/credential_process.h"
#include "aws/metadata.h"
#include "aws/sso.h"
#include "aws/sts.h"

/* Longer chains are a ring, or a mistake. */
enum { MOST_STEPS = 5 };

struct walk {
    struct aws_session *session;
    const struct aws_profiles *profiles;
    unsigned steps;
};

static const char *setting(const struct walk *walk, const char *profile, const char *key)
{
    return aws_profiles_find(walk->profiles, "profile", profile, key);
}

int role_environment_credentials(struct aws_credentials **out, struct error *error)
{
    const char *access = aws_environment("AWS_ACCESS_KEY_ID");
    const char *secret = aws_environment("AWS_SECRET_ACCESS_KEY");
    const char *token = aws_environment("AWS_SESSION_TOKEN");
    *out = NULL;
    if (access == NULL && secret == NULL) {
        return 0;
    }
    if (access == NULL || secret == NULL) {
        return error_set(error, STATUS_INVALID, "the environment has %s, but not %s",
                         access == NULL ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID",
                         access == NULL ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY");
    }
    struct aws_key_texts texts = {.access_key = str_from(access),
                                  .secret_key = str_from(secret),
                                  .session_token = str_from(token == NULL ? "" : token)};
    return aws_credentials_make(out, &texts, AWS_SOURCE_ENVIRONMENT, "the environment", error);
}

static int keys_of(struct aws_credentials **out, const struct walk *walk, const char *profile,
                   struct error *error)
{
    const char *access = setting(walk, profile, "aws_access_key_id");
    const char *secret = setting(walk, profile, "aws_secret_access_key");
    const char *token = setting(walk, profile, "aws_session_token");
    *out = NULL;
    if (access == NULL && secret == NULL) {
        return 0;
    }
    if (access == NULL || secret == NULL) {
        return error_set(error, STATUS_INVALID, "the profile \"%.64s\" has %s, but not %s", profile,
                         access == NULL ? "aws_secret_access_key" : "aws_access_key_id",
                         access == NULL ? "aws_access_key_id" : "aws_secret_access_key");
    }
    struct aws_key_texts texts = {.access_key = str_from(access),
                                  .secret_key = str_from(secret),
                                  .session_token = str_from(token == NULL ? "" : token)};
    return aws_credentials_make(out, &texts, AWS_SOURCE_FILE, "the profile", error);
}

static int credentials_of(struct aws_credentials **out, struct walk *walk, const char *profile,
                          bool without_role, struct error *error);

static int source_credentials(struct aws_credentials **out, struct walk *walk, const char *profile,
                              struct error *error)
{
    const char *source = setting(walk, profile, "source_profile");
    const char *place = setting(walk, profile, "credential_source");
    if (source != NULL) {
        if (!aws_profiles_has(walk->profiles, "profile", source)) {
            return error_set(
                error, STATUS_INVALID,
                "the profile \"%.64s\" takes its keys from \"%.64s\", which is not there", profile,
                source);
        }
        /* One that names itself means the keys beside the role. */
        return credentials_of(out, walk, source, strcmp(source, profile) == 0, error);
    }
    if (strcmp(place, "Environment") == 0) {
        return role_environment_credentials(out, error);
    }
    if (strcmp(place, "EcsContainer") == 0) {
        return metadata_container(out, walk->session, error);
    }
    if (strcmp(place, "Ec2InstanceMetadata") == 0) {
        return metadata_instance(out, walk->session, error);
    }
    return error_set(error, STATUS_INVALID,
                     "credential_source of the profile \"%.64s\" must be Environment, "
                     "EcsContainer or Ec2InstanceMetadata",
                     profile);
}

static int assume(struct aws_credentials **out, struct walk *walk, const char *profile,
                  const struct sts_role *role, struct error *error)
{
    if (setting(walk, profile, "mfa_serial") != NULL) {
        error_set(error, STATUS_INVALID,
                  "the role of the profile \"%.64s\" asks for a code (mfa_serial), and nobody is "
                  "there to type it",
                  profile);
        error_hint(error, "use a role without it, or set the keys that aws sts assume-role gives");
        return STATUS_INVALID;
    }
    struct aws_credentials *base = NULL;
    int status = source_credentials(&base, walk, profile, error);
    if (status == 0 && base == NULL) {
        status =
            error_set(error, STATUS_INVALID,
                      "the role of the profile \"%.64s\" has no keys to be assumed with", profile);
    }
    if (status == 0) {
        status = sts_assume_role(out, walk->session, base, role, error);
    }
    aws_credentials_release(base);
    return status;
}

/* *out stays NULL when the profile has no role. */
static int role_of(struct aws_credentials **out, struct walk *walk, const char *profile,
                   struct error *error)
{
    struct sts_role role = {
        .arn = setting(walk, profile, "role_arn"),
        .session_name = setting(walk, profile, "role_session_name"),
        .external_id = setting(walk, profile, "external_id"),
        .seconds = setting(walk, profile, "duration_seconds"),
        .region = setting(walk, profile, "region"),
    };
    const char *token_file = setting(walk, profile, "web_identity_token_file");
    bool has_source = setting(walk, profile, "source_profile") != NULL ||
                      setting(walk, profile, "credential_source") != NULL;
    if (role.arn == NULL || (!has_source && token_file == NULL)) {
        return 0;
    }
    if (++walk->steps > MOST_STEPS) {
        return error_set(error, STATUS_INVALID,
                         "the roles of the profile \"%.64s\" lead to each other", profile);
    }
    return has_source
               ? assume(out, walk, profile, &role, error)
               : sts_assume_role_with_web_identity(out, walk->session, token_file, &role, error);
}

static int credentials_of(struct aws_credentials **out, struct walk *walk, const char *profile,
                          bool without_role, struct error *error)
{
    *out = NULL;
    int status = without_role ? 0 : role_of(out, walk, profile, error);
    if (status == 0 && *out == NULL) {
        status = sso_credentials(out, walk->session, walk->profiles, profile, error);
    }
    if (status == 0 && *out == NULL) {
        status = keys_of(out, walk, profile, error);
    }
    const char *command = setting(walk, profile, "credential_process");
    if (status == 0 && *out == NULL && command != NULL) {
        status = credential_process_run(out, command, error);
    }
    return status;
}

int role_profile_credentials(struct aws_credentials **out, struct aws_session *session,
                             const struct aws_profiles *profiles, const char *profile,
                             struct error *error)
{
    struct walk walk = {.session = session, .profiles = profiles};
    return credentials_of(out, &walk, profile, false, error);
}
