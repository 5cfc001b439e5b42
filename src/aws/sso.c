#include "aws/sso.h"

#include <inttypes.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <unistd.h>

#include "aws/region.h"
#include "aws/request.h"
#include "aws/retry.h"
#include "aws/timestamp.h"
#include "base/clock.h"
#include "base/json_read.h"
#include "base/stream.h"
#include "base/wake.h"

enum { MOST_CACHE = 256 << 10, MOST_PATH_BYTES = 4096, MOST_TOKEN = 16 << 10 };

struct settings {
    const char *profile;
    const char *account;
    const char *role;
    const char *region;
    const char *cached_as; /* what the cache's file is named after: the session, or the start URL */
    const char *session;   /* sso_session; NULL: the older form */
};

/* ---- the profile ---- */

static int read_settings(struct settings *out, const struct aws_profiles *profiles,
                         const char *profile, struct error *error)
{
    const char *session = aws_profiles_find(profiles, "profile", profile, "sso_session");
    const char *kind = session != NULL ? "sso-session" : "profile";
    const char *section = session != NULL ? session : profile;
    *out = (struct settings){
        .profile = profile,
        .account = aws_profiles_find(profiles, "profile", profile, "sso_account_id"),
        .role = aws_profiles_find(profiles, "profile", profile, "sso_role_name"),
        .region = aws_profiles_find(profiles, kind, section, "sso_region"),
        .cached_as = session != NULL
                         ? session
                         : aws_profiles_find(profiles, "profile", profile, "sso_start_url"),
        .session = session,
    };
    if (out->account == NULL || out->role == NULL || out->region == NULL ||
        !aws_region_is_plain(str_from(out->region))) {
        error_set(error, STATUS_INVALID, "the profile \"%.64s\" is one of SSO, but lacks %s",
                  profile,
                  out->account == NULL ? "sso_account_id"
                  : out->role == NULL  ? "sso_role_name"
                                       : "a good sso_region");
        error_hint(error, "run: aws configure sso --profile %.64s", profile);
        return STATUS_INVALID;
    }
    return 0;
}

/* ---- the token ---- */

static int refuse_token(const struct settings *settings, const char *why, struct error *error)
{
    error_set(error, STATUS_INVALID, "the SSO login of the profile \"%.64s\" %s", settings->profile,
              why);
    error_hint(error, "run: aws sso login --profile %.64s", settings->profile);
    return STATUS_INVALID;
}

static void cache_path(char out[MOST_PATH_BYTES], const struct settings *settings)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    char name[41] = "";
    size_t len = strlen(settings->cached_as);
    if (EVP_Digest(settings->cached_as, len, digest, NULL, EVP_sha1(), NULL) == 1) {
        for (size_t i = 0; i < 20; i++) {
            snprintf(name + 2 * i, 3, "%02x", digest[i]);
        }
    }
    const char *home = aws_environment("HOME");
    snprintf(out, MOST_PATH_BYTES, "%s/.aws/sso/cache/%s.json", home == NULL ? "" : home, name);
}

static const char *text_of(const json_t *json, const char *key)
{
    const char *text = json_string_value(json_object_get(json, key));
    return text == NULL ? "" : text;
}

static int take_token(char out[MOST_TOKEN], const struct settings *settings, const json_t *json,
                      struct error *error)
{
    int64_t expires = 0;
    const char *token = text_of(json, "accessToken");
    if (token[0] == '\0' || strlen(token) >= MOST_TOKEN ||
        strcspn(token, "\r\n") != strlen(token) ||
        !timestamp_read(&expires, str_from(text_of(json, "expiresAt")))) {
        return refuse_token(settings, "cannot be read", error);
    }
    if (expires <= clock_now()) {
        return refuse_token(settings, "has expired", error);
    }
    memcpy(out, token, strlen(token) + 1);
    return 0;
}

static int read_token(char out[MOST_TOKEN], const struct settings *settings, struct error *error)
{
    char path[MOST_PATH_BYTES];
    cache_path(path, settings);
    if (access(path, F_OK) != 0) {
        return refuse_token(settings, "is not there", error);
    }
    struct text_buffer text = TEXT_BUFFER(MOST_CACHE);
    struct stream *stream;
    json_t *json = NULL;
    int status = stream_open_file(&stream, path, error);
    if (status == 0) {
        status = stream_read_all(stream, &text, error);
        stream_free(stream);
    }
    if (status == 0) {
        status = json_read(&json, text_str(&text), path, error);
    }
    if (status == 0) {
        status = take_token(out, settings, json, error);
    }
    json_decref(json);
    text_free(&text);
    return status;
}

/* ---- the portal ---- */

static struct str view_of(const json_t *json, const char *key)
{
    const json_t *text = json_object_get(json, key);
    return (struct str){json_string_value(text), json_string_length(text)};
}

static int read_answer(struct aws_credentials **out, struct str body, struct error *error)
{
    json_t *json;
    int status = json_read(&json, body, "the SSO portal", error);
    if (status != 0) {
        return status;
    }
    const json_t *role = json_object_get(json, "roleCredentials");
    char expires[TIMESTAMP_SIZE] = "";
    const json_t *milliseconds = json_object_get(role, "expiration");
    if (json_is_integer(milliseconds)) {
        timestamp_write(expires, json_integer_value(milliseconds) / 1000);
    }
    struct aws_key_texts texts = {
        .access_key = view_of(role, "accessKeyId"),
        .secret_key = view_of(role, "secretAccessKey"),
        .session_token = view_of(role, "sessionToken"),
        .expires = str_from(expires),
    };
    status = aws_credentials_make(out, &texts, AWS_SOURCE_SSO, "the SSO portal", error);
    json_decref(json);
    return status;
}

static int ask_portal(struct aws_credentials **out, struct aws_session *session,
                      const struct settings *settings, const char *token, struct error *error)
{
    char header[MOST_TOKEN + 64];
    char endpoint[AWS_MOST_ENDPOINT];
    snprintf(header, sizeof header, "x-amz-sso_bearer_token: %s", token);
    aws_service_endpoint(endpoint, session, AWS_SSO, settings->region);
    const char *const headers[] = {header};
    const struct aws_parameter query[] = {{"account_id", str_from(settings->account)},
                                          {"role_name", str_from(settings->role)}};
    struct aws_call call = {
        .request = {.service = AWS_SSO,
                    .region = settings->region,
                    .method = "GET",
                    .endpoint = endpoint,
                    .path = STR("/federation/credentials"),
                    .query = query,
                    .query_count = 2,
                    .headers = headers,
                    .header_count = 1},
        .asked = {.service = AWS_SSO,
                  .region = settings->region,
                  .name = "the SSO portal",
                  .action = "the role of the profile"},
        .is_anonymous = true,
        .seconds = 20,
        .stop_descriptor = wake_descriptor(),
    };
    struct aws_result result;
    int status = aws_send(&result, session, &call, error);
    if (status == 0) {
        status = read_answer(out, text_str(&result.response.body), error);
    } else if (result.fault.status == 401) {
        status = refuse_token(settings, "is not valid any more", error);
    }
    aws_result_free(&result);
    return status;
}

int sso_credentials(struct aws_credentials **out, struct aws_session *session,
                    const struct aws_profiles *profiles, const char *profile, struct error *error)
{
    *out = NULL;
    if (aws_profiles_find(profiles, "profile", profile, "sso_session") == NULL &&
        aws_profiles_find(profiles, "profile", profile, "sso_start_url") == NULL) {
        return 0;
    }
    struct settings settings;
    char token[MOST_TOKEN];
    int status = read_settings(&settings, profiles, profile, error);
    if (status == 0) {
        status = read_token(token, &settings, error);
    }
    return status == 0 ? ask_portal(out, session, &settings, token, error) : status;
}
