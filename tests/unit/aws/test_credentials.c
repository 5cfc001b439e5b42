#include "aws/credentials.h"

#include <stdio.h>
#include <stdlib.h>

#include "aws/cognito.h"
#include "aws/fault.h"
#include "aws/session.h"
#include "base/clock.h"
#include "support.h"

static struct error error;

#define SECOND INT64_C(1000000)

/* A session whose credentials were made `age` seconds ago and have `left` seconds to live; the
   environment has half of a pair, so that getting others fails at once. */
static struct aws_session *session_with(int64_t age, int64_t left)
{
    struct aws_session *session;
    setenv("HOME", "/nonexistent", 1);
    unsetenv("AWS_SECRET_ACCESS_KEY");
    setenv("AWS_ACCESS_KEY_ID", "HALF", 1);
    assert_int_equal(aws_session_open(&session, &error), 0);
    const struct aws_key_texts keys = {.access_key = STR("OLD"), .secret_key = STR("SECRET")};
    assert_int_equal(
        aws_credentials_make(&session->cache.current, &keys, AWS_SOURCE_FILE, "test", &error), 0);
    session->cache.current->obtained = clock_now() - age * SECOND;
    session->cache.current->expires = clock_now() + left * SECOND;
    return session;
}

static int take(const char **access_key, struct aws_session *session)
{
    static char key[64];
    struct aws_credentials *credentials;
    int status = aws_credentials_take(&credentials, session, NULL, &error);
    if (status == 0) {
        snprintf(key, sizeof key, "%s", credentials->access_key);
        *access_key = key;
        aws_credentials_release(credentials);
    }
    return status;
}

static void let_others_be_found(void)
{
    setenv("AWS_SECRET_ACCESS_KEY", "SECRET", 1);
    setenv("AWS_ACCESS_KEY_ID", "NEW", 1);
}

static void good_ones_are_kept(void **state)
{
    (void)state;
    struct aws_session *session = session_with(60, 3600);
    let_others_be_found();
    const char *key;
    assert_int_equal(take(&key, session), 0);
    assert_string_equal(key, "OLD");
    aws_session_close(session);
}

static void late_ones_are_renewed(void **state)
{
    (void)state;
    struct aws_session *session = session_with(3600, 300);
    let_others_be_found();
    const char *key;
    assert_int_equal(take(&key, session), 0);
    assert_string_equal(key, "NEW");
    aws_session_close(session);
}

static void a_renewal_that_fails_is_none_while_the_old_ones_are_good(void **state)
{
    (void)state;
    struct aws_session *session = session_with(3600, 300);
    const char *key;
    assert_int_equal(take(&key, session), 0);
    assert_string_equal(key, "OLD");
    /* Not tried again at once. */
    let_others_be_found();
    assert_int_equal(take(&key, session), 0);
    assert_string_equal(key, "OLD");
    aws_session_close(session);
}

static void without_good_ones_a_failure_is_one(void **state)
{
    (void)state;
    struct aws_session *session = session_with(3600, 30);
    const char *key;
    assert_int_equal(take(&key, session), STATUS_INVALID);
    assert_non_null(strstr(error.message, "AWS_SECRET_ACCESS_KEY"));
    let_others_be_found();
    assert_int_equal(take(&key, session), 0);
    assert_string_equal(key, "NEW");
    aws_session_close(session);
}

/* A life of a minute: the last quarter and the last tenth of it. */
static void short_lives_have_short_margins(void **state)
{
    (void)state;
    struct aws_session *session = session_with(20, 40);
    const char *key;
    let_others_be_found();
    assert_int_equal(take(&key, session), 0);
    assert_string_equal(key, "OLD");
    aws_session_close(session);
    session = session_with(50, 10);
    let_others_be_found();
    assert_int_equal(take(&key, session), 0);
    assert_string_equal(key, "NEW");
    aws_session_close(session);
}

static void keys_that_cannot_be_are_refused(void **state)
{
    (void)state;
    struct aws_credentials *credentials;
    const struct aws_key_texts wrong[] = {
        {.access_key = STR("A")},
        {.access_key = STR("A"), .secret_key = STR("b c")},
        {.access_key = STR("A\r\nX-Header: 1"), .secret_key = STR("b")},
        {.access_key = STR("A"), .secret_key = STR("b"), .session_token = STR("\x7F")},
        {.access_key = STR("A"), .secret_key = STR("b"), .expires = STR("tomorrow")},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(
            aws_credentials_make(&credentials, &wrong[i], AWS_SOURCE_FILE, "test", &error),
            STATUS_INVALID);
        assert_null(credentials);
    }
}

static void faults_of_json_services_are_read(void **state)
{
    (void)state;
    struct http_client_response response = {.status = 400, .body = TEXT_BUFFER(1000)};
    text_append(
        &response.body,
        STR("{\"__type\":\"com.amazonaws.x#ThrottlingException\",\"message\":\"Rate\\u0001\"}"));
    struct aws_fault fault;
    aws_fault_read(&fault, &response);
    assert_string_equal(fault.code, "ThrottlingException");
    assert_string_equal(fault.message, "Rate?");
    assert_true(aws_fault_is_passing(&fault));
    text_clear(&response.body);
    text_append(&response.body, STR("{\"__type\":\"NotAuthorizedException\",\"Message\":\"no\"}"));
    aws_fault_read(&fault, &response);
    assert_string_equal(fault.message, "no");
    assert_false(aws_fault_is_passing(&fault));
    text_free(&response.body);
}

static void filters_are_escaped(void **state)
{
    (void)state;
    char filter[64];
    assert_true(cognito_filter_email(filter, sizeof filter, STR("a\"b\\c@d.org")));
    assert_string_equal(filter, "email = \"a\\\"b\\\\c@d.org\"");
    assert_false(cognito_filter_email(filter, 12, STR("a@b.org")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_ones_are_kept),
        cmocka_unit_test(late_ones_are_renewed),
        cmocka_unit_test(a_renewal_that_fails_is_none_while_the_old_ones_are_good),
        cmocka_unit_test(without_good_ones_a_failure_is_one),
        cmocka_unit_test(short_lives_have_short_margins),
        cmocka_unit_test(keys_that_cannot_be_are_refused),
        cmocka_unit_test(faults_of_json_services_are_read),
        cmocka_unit_test(filters_are_escaped),
    };
    return cmocka_run_group_tests_name("credentials", tests, NULL, NULL);
}
