#include "aws/profile.h"

#include "support.h"

static struct error error;

static const char config_file[] =
    "\xEF\xBB\xBF# a comment\n"
    "[default]\nregion = eu-west-1\nempty =\n\n"
    "[profile one]\r\nRegion=us-east-1\r\nkey = a = b # c\r\n"
    "[ profile \"two words\" ]\nregion = ap-south-1\n"
    "s3 =\n  endpoint_url = http://localhost\n\tmax_queue_size = 3\nlast = x\n  goes on\n"
    "[sso-session corp]\nsso_region = eu-west-2\n"
    "[alone]\nregion = nowhere\n"
    "[profile one]\nlater = yes\nkey = z";

static const char credentials_file[] = "; mine\n[one]\nkey = first\n[profile one]\nkey = odd\n";

static const char *find(const struct aws_profiles *profiles, const char *name, const char *key)
{
    return aws_profiles_find(profiles, "profile", name, key);
}

static void reads_both_files(void **state)
{
    (void)state;
    struct aws_profiles profiles = {0};
    assert_int_equal(aws_profiles_read(&profiles, STR(config_file), "config", false, &error), 0);
    assert_string_equal(find(&profiles, "default", "region"), "eu-west-1");
    assert_null(find(&profiles, "default", "empty"));
    assert_string_equal(find(&profiles, "one", "region"), "us-east-1");
    assert_string_equal(find(&profiles, "one", "later"), "yes");
    assert_string_equal(find(&profiles, "one", "key"), "z");
    assert_string_equal(find(&profiles, "two words", "s3.endpoint_url"), "http://localhost");
    assert_string_equal(find(&profiles, "two words", "s3.max_queue_size"), "3");
    assert_string_equal(find(&profiles, "two words", "last"), "x");
    assert_string_equal(aws_profiles_find(&profiles, "sso-session", "corp", "sso_region"),
                        "eu-west-2");
    assert_false(aws_profiles_has(&profiles, "profile", "alone"));
    assert_true(aws_profiles_has(&profiles, "profile", "two words"));
    /* The credentials file counts first, and each of its sections is a profile. */
    assert_int_equal(
        aws_profiles_read(&profiles, STR(credentials_file), "credentials", true, &error), 0);
    assert_string_equal(find(&profiles, "one", "key"), "first");
    assert_string_equal(find(&profiles, "one", "region"), "us-east-1");
    assert_string_equal(find(&profiles, "profile one", "key"), "odd");
    aws_profiles_free(&profiles);
}

static void names_the_line_that_is_none(void **state)
{
    (void)state;
    static const struct {
        struct str text;
        const char *place;
    } wrong[] = {
        {{"a", 1}, "f, line 1"},        {{"[a]\nb = c\nsecret\n", 17}, "f, line 3"},
        {{"[a\n", 3}, "f, line 1"},     {{"[a]\n= c\n", 8}, "f, line 2"},
        {{"[a]\nb = \0\n", 10}, "NUL"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct aws_profiles profiles = {0};
        assert_int_equal(aws_profiles_read(&profiles, wrong[i].text, "f", false, &error),
                         STATUS_INVALID);
        assert_non_null(strstr(error.message, wrong[i].place));
        assert_null(strstr(error.message, "secret"));
        aws_profiles_free(&profiles);
    }
}

static int read_config(void *context, struct error *failure)
{
    (void)context;
    struct aws_profiles profiles = {0};
    int status = aws_profiles_read(&profiles, STR(config_file), "config", false, failure);
    aws_profiles_free(&profiles);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    fail_each_allocation(read_config, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_both_files),
        cmocka_unit_test(names_the_line_that_is_none),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests_name("profile", tests, NULL, NULL);
}
