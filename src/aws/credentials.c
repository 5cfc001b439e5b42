#include "aws/credentials.h"

#include <string.h>

#include "aws/metadata.h"
#include "aws/profile.h"
#include "aws/role.h"
#include "aws/session.h"
#include "aws/sts.h"
#include "aws/timestamp.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"

/* Microseconds. Renewed so long before they expire while they are good (a quarter of a short life),
   waited for when so little is left (a tenth), and so long after a renewal that failed. */
#define MINUTE        (60 * INT64_C(1000000))
#define RENEW_EARLY   (10 * MINUTE)
#define RENEW_NOW     MINUTE
#define AFTER_FAILURE (MINUTE / 2)

enum { MOST_KEY = 256, MOST_TOKEN = 16 << 10 };

static const struct source {
    const char *name;
    const char *renewal;
} sources[] = {
    [AWS_SOURCE_ENVIRONMENT] = {"the environment",
                                "set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and "
                                "AWS_SESSION_TOKEN anew, as aws configure export-credentials "
                                "prints them, and start again"},
    [AWS_SOURCE_WEB_IDENTITY] = {"web identity", "the pod's token file is not renewed: look at "
                                                 "AWS_WEB_IDENTITY_TOKEN_FILE"},
    [AWS_SOURCE_SSO] = {"the SSO login", "run: aws sso login"},
    [AWS_SOURCE_FILE] = {"the profile", "replace the keys of the profile: run aws configure, or "
                                        "whatever wrote them"},
    [AWS_SOURCE_PROCESS] = {"credential_process", "the program prints keys that have expired"},
    [AWS_SOURCE_ROLE] = {"the profile's role", "look at what the role is assumed with"},
    [AWS_SOURCE_CONTAINER] = {"the container", "the container's endpoint gives expired keys: "
                                               "restart the task or the pod"},
    [AWS_SOURCE_INSTANCE] = {"the instance", "the metadata service gives expired keys: restart "
                                             "the instance, or attach its role again"},
};

const char *aws_source_name(enum aws_source source)
{
    return sources[source].name;
}

const char *aws_source_renewal(enum aws_source source)
{
    return sources[source].renewal;
}

/* ---- one ---- */

/* What can stand in a header, and in no message of a fault. */
static bool is_plain(struct str text, size_t most)
{
    bool plain = text.len <= most;
    for (size_t i = 0; plain && i < text.len; i++) {
        plain = text.ptr[i] > ' ' && text.ptr[i] < 0x7F;
    }
    return plain;
}

static const char *place(char **end, struct str text)
{
    char *begin = *end;
    if (text.len > 0) {
        memcpy(begin, text.ptr, text.len);
    }
    begin[text.len] = '\0';
    *end += text.len + 1;
    return begin;
}

int aws_credentials_make(struct aws_credentials **out, const struct aws_key_texts *texts,
                         enum aws_source source, const char *from, struct error *error)
{
    *out = NULL;
    int64_t expires = 0;
    if (texts->access_key.len == 0 || texts->secret_key.len == 0) {
        return error_set(error, STATUS_INVALID, "%s: no keys in what it gave", from);
    }
    if (!is_plain(texts->access_key, MOST_KEY) || !is_plain(texts->secret_key, MOST_KEY) ||
        !is_plain(texts->session_token, MOST_TOKEN)) {
        return error_set(error, STATUS_INVALID, "%s: its keys hold blanks or other odd bytes",
                         from);
    }
    if (texts->expires.len > 0 && !timestamp_read(&expires, texts->expires)) {
        return error_set(error, STATUS_INVALID, "%s: the time at which its keys expire is none",
                         from);
    }
    size_t size = texts->access_key.len + texts->secret_key.len + texts->session_token.len + 3;
    struct aws_credentials *made = memory_alloc_zeroed(1, sizeof *made + size);
    if (made == NULL) {
        return error_out_of_memory(error);
    }
    char *end = made->texts;
    atomic_init(&made->references, 1);
    made->source = source;
    made->access_key = place(&end, texts->access_key);
    made->secret_key = place(&end, texts->secret_key);
    made->session_token = texts->session_token.len > 0 ? place(&end, texts->session_token) : NULL;
    made->obtained = clock_now();
    made->expires = expires;
    *out = made;
    return 0;
}

/* The last one to let go frees: what others did with it must have happened before. */
void aws_credentials_release(struct aws_credentials *credentials)
{
    if (credentials != NULL &&
        atomic_fetch_sub_explicit(&credentials->references, 1, memory_order_acq_rel) == 1) {
        memory_free(credentials);
    }
}

/* ---- the chain ---- */

static int find_web_identity(struct aws_credentials **out, struct aws_session *session,
                             struct error *error)
{
    const char *token_file = aws_environment("AWS_WEB_IDENTITY_TOKEN_FILE");
    struct sts_role role = {.arn = aws_environment("AWS_ROLE_ARN"),
                            .session_name = aws_environment("AWS_ROLE_SESSION_NAME")};
    if (token_file == NULL || role.arn == NULL) {
        return 0;
    }
    return sts_assume_role_with_web_identity(out, session, token_file, &role, error);
}

static int find_profile(struct aws_credentials **out, struct aws_session *session,
                        struct error *error)
{
    struct aws_profiles profiles;
    const char *name = aws_profile_name();
    int status = aws_profiles_load(&profiles, error);
    if (status == 0 && strcmp(name, "default") != 0 &&
        !aws_profiles_has(&profiles, "profile", name)) {
        status = error_set(error, STATUS_INVALID,
                           "the profile \"%.64s\" is in neither of the AWS files", name);
        error_hint(error, "look at AWS_PROFILE, AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE");
    }
    if (status == 0) {
        status = role_profile_credentials(out, session, &profiles, name, error);
    }
    aws_profiles_free(&profiles);
    return status;
}

static int find_environment(struct aws_credentials **out, struct aws_session *session,
                            struct error *error)
{
    (void)session;
    return role_environment_credentials(out, error);
}

int aws_credentials_find(struct aws_credentials **out, struct aws_session *session,
                         struct error *error)
{
    static int (*const links[])(struct aws_credentials **, struct aws_session *, struct error *) = {
        find_environment, find_web_identity, find_profile, metadata_container, metadata_instance,
    };
    *out = NULL;
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) {
        int status = links[i](out, session, error);
        if (status != 0 || *out != NULL) {
            return status;
        }
    }
    error_set(error, STATUS_INVALID, "there are no AWS credentials");
    error_detail(error,
                 "looked in the environment, for a web identity, in the profile \"%.64s\", "
                 "for a container's endpoint and for an instance's metadata service",
                 aws_profile_name());
    error_hint(error, "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or give "
                      "the pod or the instance a role");
    return STATUS_INVALID;
}

/* ---- the cache ---- */

int aws_credential_cache_open(struct aws_credential_cache *cache, struct error *error)
{
    *cache = (struct aws_credential_cache){0};
    int number = pthread_mutex_init(&cache->lock, NULL);
    if (number == 0 && (number = pthread_cond_init(&cache->changed, NULL)) != 0) {
        pthread_mutex_destroy(&cache->lock);
    }
    return number == 0 ? 0 : error_system(error, number, "cannot make a lock");
}

void aws_credential_cache_close(struct aws_credential_cache *cache)
{
    aws_credentials_release(cache->current);
    pthread_cond_destroy(&cache->changed);
    pthread_mutex_destroy(&cache->lock);
}

/* Whether less than `window` (or a part of a short life) is left. */
static bool is_late(const struct aws_credentials *credentials, int64_t window, int64_t part)
{
    if (credentials->expires == 0) {
        return false;
    }
    int64_t life = credentials->expires - credentials->obtained;
    int64_t least = life / part < window ? life / part : window;
    return credentials->expires - clock_now() < least;
}

enum need { NEED_NOTHING, NEED_SOON, NEED_NOW };

static enum need need_of(const struct aws_credential_cache *cache,
                         const struct aws_credentials *refused)
{
    const struct aws_credentials *current = cache->current;
    if (current == NULL || current == refused || is_late(current, RENEW_NOW, 10)) {
        return NEED_NOW;
    }
    bool soon = is_late(current, RENEW_EARLY, 4) && clock_now() >= cache->not_before;
    return soon ? NEED_SOON : NEED_NOTHING;
}

/* Gets others, without the lock, which is held before and after. */
static int renew(struct aws_session *session, enum need need, struct error *error)
{
    struct aws_credential_cache *cache = &session->cache;
    struct aws_credentials *found = NULL;
    cache->busy = true;
    pthread_mutex_unlock(&cache->lock);
    int status = aws_credentials_find(&found, session, error);
    pthread_mutex_lock(&cache->lock);
    cache->busy = false;
    pthread_cond_broadcast(&cache->changed);
    if (status == 0) {
        aws_credentials_release(cache->current);
        cache->current = found;
    } else if (need == NEED_SOON && status != STATUS_CANCELLED) {
        error_prefix(error, "the AWS credentials could not be renewed yet");
        log_write(LOG_WARNING, "%s", error->message);
        cache->not_before = clock_now() + AFTER_FAILURE;
        status = 0;
    }
    return status;
}

int aws_credentials_take(struct aws_credentials **out, struct aws_session *session,
                         const struct aws_credentials *refused, struct error *error)
{
    struct aws_credential_cache *cache = &session->cache;
    int status = 0;
    *out = NULL;
    pthread_mutex_lock(&cache->lock);
    enum need need = need_of(cache, refused);
    while (need == NEED_NOW && cache->busy) {
        pthread_cond_wait(&cache->changed, &cache->lock);
        need = need_of(cache, refused);
    }
    if (need != NEED_NOTHING && !cache->busy) {
        status = renew(session, need, error);
    }
    if (status == 0) {
        atomic_fetch_add_explicit(&cache->current->references, 1, memory_order_relaxed);
        *out = cache->current;
    }
    pthread_mutex_unlock(&cache->lock);
    return status;
}
