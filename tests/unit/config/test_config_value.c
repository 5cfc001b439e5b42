#include "config/config_value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/compiler.h"

/* No message may hold it. */
#define SECRET "hunter2"

static const struct config_key *key_of(const char *path)
{
    size_t i = 0;
    while (strcmp(config_keys[i].path, path) != 0) {
        i++;
        assert_true(i < config_key_count);
    }
    return &config_keys[i];
}

/* What a key holds after it was given a text, or the fault. Lives until the next call. */
static const char *take(const char *path, const char *text)
{
    static struct text_buffer out = TEXT_BUFFER(4096);
    struct config config = {.arena = ARENA(1 << 16)};
    struct faults faults = {0};
    text_clear(&out);
    config_value_from_text(&config, key_of(path), text, &faults);
    if (faults.count > 0) {
        text_append(&out, str_from(faults.lines));
    } else {
        config_key_value(&out, &config, key_of(path));
    }
    assert_false(out.failed || config.arena.failed);
    arena_free(&config.arena);
    return out.ptr;
}

static void the_server_listens_on_an_address(void **state)
{
    (void)state;
    static const char *const good[] = {"localhost", "0.0.0.0", "192.0.2.1", "::", "fe80::1%eth0"};
    for (size_t i = 0; i < ARRAY_LENGTH(good); i++) {
        assert_string_equal(take("server.listen", good[i]), good[i]);
    }
    static const char *const bad[] = {"999.1.1.1",      "192.0.2.1:80",     "[::1]", "%eth0",
                                      "127.0.0.1%eth0", "empi.example.org", " ::"};
    assert_string_equal(take("server.listen", ""), ""); /* not set: the default */
    static const char expected[] = "must be localhost or an address such as 0.0.0.0 or ::, not \"";
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        assert_non_null(strstr(take("server.listen", bad[i]), expected));
    }
}

static void origins_are_as_browsers_send_them(void **state)
{
    (void)state;
    static const char good[] = "http://localhost:3000,https://App.example.org/,capacitor://[::1]";
    assert_string_equal(take("server.cors_allowed_origins", good), good);
    static const char *const bad[] = {
        "*",          "null",       "a.example.org", "https://*.example.org",
        "://a",       "https://",   "https:///",     "http://a//",
        "http://a/x", "http://a?x", "http://a b",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        const char *said = take("django.cors_allowed_origins", bad[i]);
        assert_non_null(strstr(said, "must be an origin such as https://app.example.org, not \""));
        assert_non_null(strstr(said, bad[i]));
    }
    const char *said = take("server.cors_allowed_origins", "https://u:" SECRET "@a");
    assert_non_null(strstr(said, "must not hold a user's name or password"));
    assert_null(strstr(said, SECRET));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_server_listens_on_an_address),
        cmocka_unit_test(origins_are_as_browsers_send_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
