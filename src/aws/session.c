#include "aws/session.h"

#include <pthread.h>

#include "aws/profile.h"
#include "aws/region.h"
#include "base/memory.h"
#include "base/number_text.h"
#include "http/client.h"

enum { MOST_ARENA = 64 << 10, USUAL_ATTEMPTS = 5, MOST_ATTEMPTS = 20 };

static int read_settings(struct aws_session *session, struct error *error)
{
    struct aws_profiles profiles;
    int status = aws_profiles_load(&profiles, error);
    if (status == 0) {
        status = aws_region_read(session, &profiles, error);
    }
    const char *ca = aws_environment("AWS_CA_BUNDLE");
    ca = ca != NULL ? ca : aws_profiles_find(&profiles, "profile", aws_profile_name(), "ca_bundle");
    if (status == 0 && ca != NULL) {
        session->ca_file = arena_copy(&session->arena, str_from(ca));
        status = session->ca_file == NULL ? error_out_of_memory(error) : 0;
    }
    aws_profiles_free(&profiles);
    return status;
}

static int read_attempts(struct aws_session *session, struct error *error)
{
    const char *text = aws_environment("AWS_MAX_ATTEMPTS");
    int64_t number = USUAL_ATTEMPTS;
    if (text != NULL &&
        (!integer_from_text(str_from(text), &number) || number < 1 || number > MOST_ATTEMPTS)) {
        return error_set(error, STATUS_INVALID, "AWS_MAX_ATTEMPTS must be a number from 1 to %d",
                         (int)MOST_ATTEMPTS);
    }
    session->attempts = (unsigned)number;
    return 0;
}

int aws_session_open(struct aws_session **out, struct error *error)
{
    *out = NULL;
    struct aws_session *session = memory_alloc_zeroed(1, sizeof *session);
    if (session == NULL) {
        return error_out_of_memory(error);
    }
    session->arena = ARENA(MOST_ARENA);
    int status = aws_credential_cache_open(&session->cache, error);
    if (status != 0) {
        memory_free(session);
        return status;
    }
    status = http_client_prepare(error);
    if (status == 0) {
        status = read_settings(session, error);
    }
    if (status == 0) {
        status = read_attempts(session, error);
    }
    if (status != 0) {
        aws_session_close(session);
        return status;
    }
    *out = session;
    return 0;
}

void aws_session_close(struct aws_session *session)
{
    if (session != NULL) {
        aws_credential_cache_close(&session->cache);
        arena_free(&session->arena);
        memory_free(session);
    }
}

int aws_session_shared(struct aws_session **out, struct error *error)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static struct aws_session *shared;
    pthread_mutex_lock(&lock);
    int status = shared == NULL ? aws_session_open(&shared, error) : 0;
    *out = shared;
    pthread_mutex_unlock(&lock);
    return status;
}
