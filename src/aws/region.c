#include "aws/region.h"

#include <stdio.h>

/* `name` signs, `host` begins the address, `fips` that of FIPS 140; `key` is the services section's. */
static const struct service {
    const char *name;
    const char *host;
    const char *fips;
    const char *variable;
    const char *key;
} services[AWS_SERVICES] = {
    [AWS_S3] = {"s3", "s3", "s3-fips", "S3", "s3"},
    [AWS_STS] = {"sts", "sts", "sts-fips", "STS", "sts"},
    [AWS_SSO] = {"sso", "portal.sso", "portal.sso", "SSO", "sso"},
    [AWS_SECRETS_MANAGER] = {"secretsmanager", "secretsmanager", "secretsmanager-fips",
                             "SECRETS_MANAGER", "secrets_manager"},
    [AWS_COGNITO] = {"cognito-idp", "cognito-idp", "cognito-idp-fips", "COGNITO_IDENTITY_PROVIDER",
                     "cognito_identity_provider"},
};

const char *aws_service_name(enum aws_service service)
{
    return services[service].name;
}

const char *aws_service_variable(enum aws_service service)
{
    return services[service].variable;
}

bool aws_region_is_plain(struct str region)
{
    bool plain = region.len > 0 && region.len < AWS_MOST_REGION && region.ptr[0] != '-';
    for (size_t i = 0; i < region.len; i++) {
        char c = region.ptr[i];
        plain = plain && ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-');
    }
    return plain;
}

/* ---- what is set ---- */

struct setting {
    const char *value; /* NULL: not set */
    const char *from;
};

static struct setting from_environment(const char *name)
{
    return (struct setting){aws_environment(name), name};
}

static int read_region(struct aws_session *session, const struct aws_profiles *profiles,
                       struct error *error)
{
    struct setting setting = from_environment("AWS_REGION");
    if (setting.value == NULL) {
        setting = from_environment("AWS_DEFAULT_REGION");
    }
    if (setting.value == NULL) {
        setting = (struct setting){
            aws_profiles_find(profiles, "profile", aws_profile_name(), "region"), "the profile"};
    }
    if (setting.value == NULL) {
        return 0;
    }
    if (!aws_region_is_plain(str_from(setting.value))) {
        error_set(error, STATUS_INVALID, "the region of %s is none: \"%.64s\"", setting.from,
                  setting.value);
        error_hint(error, "a region is written like eu-west-1");
        return STATUS_INVALID;
    }
    session->region_from = setting.from;
    session->region = arena_copy(&session->arena, str_from(setting.value));
    return session->region == NULL ? error_out_of_memory(error) : 0;
}

static int take_endpoint(struct aws_session *session, enum aws_service service,
                         struct setting setting, struct error *error)
{
    struct str url = str_from(setting.value);
    while (url.len > 0 && url.ptr[url.len - 1] == '/') {
        url.len--;
    }
    bool plain = str_starts_with(url, STR("http://")) || str_starts_with(url, STR("https://"));
    for (size_t i = 0; i < url.len; i++) {
        unsigned char c = (unsigned char)url.ptr[i];
        plain = plain && c > ' ' && c < 0x7F && c != '?' && c != '#' && c != '@';
    }
    /* Half of the room is for a bucket's path. */
    if (!plain || url.len >= AWS_MOST_ENDPOINT / 2) {
        error_set(error, STATUS_INVALID, "%s is no endpoint", setting.from);
        error_hint(error, "write it like http://localhost:4566 or https://s3.example.org");
        return STATUS_INVALID;
    }
    session->endpoints[service] = arena_copy(&session->arena, url);
    return session->endpoints[service] == NULL ? error_out_of_memory(error) : 0;
}

static struct setting endpoint_of(const struct aws_profiles *profiles,
                                  const struct service *service)
{
    char name[96];
    const char *profile = aws_profile_name();
    snprintf(name, sizeof name, "AWS_ENDPOINT_URL_%s", service->variable);
    struct setting setting = {aws_environment(name), "AWS_ENDPOINT_URL_..."};
    if (setting.value == NULL) {
        setting = from_environment("AWS_ENDPOINT_URL");
    }
    const char *section = aws_profiles_find(profiles, "profile", profile, "services");
    if (setting.value == NULL && section != NULL) {
        snprintf(name, sizeof name, "%s.endpoint_url", service->key);
        setting = (struct setting){aws_profiles_find(profiles, "services", section, name),
                                   "endpoint_url of the services section"};
    }
    if (setting.value == NULL) {
        setting = (struct setting){aws_profiles_find(profiles, "profile", profile, "endpoint_url"),
                                   "endpoint_url of the profile"};
    }
    return setting;
}

static bool is_true(const char *text)
{
    return text != NULL && str_equal_ignoring_case(str_from(text), STR("true"));
}

int aws_region_read(struct aws_session *session, const struct aws_profiles *profiles,
                    struct error *error)
{
    int status = read_region(session, profiles, error);
    session->fips = is_true(aws_environment("AWS_USE_FIPS_ENDPOINT"));
    bool ignore = is_true(aws_environment("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"));
    for (size_t i = 0; status == 0 && !ignore && i < AWS_SERVICES; i++) {
        struct setting setting = endpoint_of(profiles, &services[i]);
        if (setting.value != NULL) {
            status = take_endpoint(session, (enum aws_service)i, setting, error);
        }
    }
    return status;
}

/* ---- where a service is ---- */

void aws_service_host(char out[AWS_MOST_HOST], const struct aws_session *session,
                      enum aws_service service, const char *region)
{
    /* The partitions of AWS; a region's name tells its own. */
    static const struct {
        struct str prefix;
        const char *domain;
    } partitions[] = {
        {{"cn-", 3}, "amazonaws.com.cn"},
        {{"us-iso-", 7}, "c2s.ic.gov"},
        {{"us-isob-", 8}, "sc2s.sgov.gov"},
    };
    const char *domain = "amazonaws.com";
    for (size_t i = 0; i < sizeof partitions / sizeof partitions[0]; i++) {
        if (str_starts_with(str_from(region), partitions[i].prefix)) {
            domain = partitions[i].domain;
        }
    }
    const struct service *row = &services[service];
    snprintf(out, AWS_MOST_HOST, "%s.%s.%s", session->fips ? row->fips : row->host, region, domain);
}

void aws_service_endpoint(char out[AWS_MOST_ENDPOINT], const struct aws_session *session,
                          enum aws_service service, const char *region)
{
    if (session->endpoints[service] != NULL) {
        snprintf(out, AWS_MOST_ENDPOINT, "%s", session->endpoints[service]);
        return;
    }
    char host[AWS_MOST_HOST];
    aws_service_host(host, session, service, region);
    snprintf(out, AWS_MOST_ENDPOINT, "https://%s", host);
}
