#include "http/client_address.h"

#include "base/compiler.h"
#include "support.h"

/* Two ranges of proxies. */
static const char *find(const char *peer, const char *first, const char *second)
{
    static char text[IP_ADDRESS_TEXT];
    struct ip_range ranges[2];
    struct ip_address address;
    struct http_field fields[] = {
        {STR("x-forwarded-for"), str_from(first == NULL ? "" : first)},
        {STR("X-Forwarded-Host"), STR("198.51.100.99")},
        {STR("X-Forwarded-For"), str_from(second == NULL ? "" : second)},
    };
    const struct http_fields headers = {fields + (first == NULL),
                                        3 - (first == NULL) - (second == NULL)};
    assert_true(ip_range_read(&ranges[0], STR("10.0.0.0/8")));
    assert_true(ip_range_read(&ranges[1], STR("fd00::/8")));
    assert_true(ip_address_read(&address, str_from(peer)));
    address = http_client_address(&address, &headers, &(struct http_proxies){ranges, 2});
    ip_address_write(text, &address);
    return text;
}

static void believes_trusted_proxies_only(void **state)
{
    (void)state;
    static const struct {
        const char *peer;
        const char *first;
        const char *second;
        const char *client;
    } cases[] = {
        /* The peer says, and nobody else. */
        {"198.51.100.1", NULL, NULL, "198.51.100.1"},
        {"198.51.100.1", "203.0.113.7", NULL, "198.51.100.1"},
        {"10.0.0.1", NULL, NULL, "10.0.0.1"},
        {"10.0.0.1", "203.0.113.7", NULL, "203.0.113.7"},
        {"::ffff:10.0.0.1", "203.0.113.7", NULL, "203.0.113.7"},
        {"fd00::1", "2001:db8::7", NULL, "2001:db8::7"},
        /* What the client itself has sent stands on the left. */
        {"10.0.0.1", "192.0.2.1, 203.0.113.7", NULL, "203.0.113.7"},
        {"10.0.0.1", "192.0.2.1,203.0.113.7,fd00::2 , 10.0.0.3", NULL, "203.0.113.7"},
        {"10.0.0.1", "rubbish, , 203.0.113.7", NULL, "203.0.113.7"},
        {"10.0.0.1", "192.0.2.1", "203.0.113.7", "203.0.113.7"},
        {"10.0.0.1", "192.0.2.1, 203.0.113.7", "10.0.0.2", "203.0.113.7"},
        {"10.0.0.1", "10.0.0.9", "10.0.0.2", "10.0.0.9"},
        {"10.0.0.1", "10.0.0.8,10.0.0.9", NULL, "10.0.0.8"},
        /* What cannot be read is not guessed at. */
        {"10.0.0.1", "", NULL, "10.0.0.1"},
        {"10.0.0.1", " ", NULL, "10.0.0.1"},
        {"10.0.0.1", "203.0.113.7,", NULL, "10.0.0.1"},
        {"10.0.0.1", "203.0.113.7, 10.0.0.2,", NULL, "10.0.0.1"},
        {"10.0.0.1", "203.0.113.7, unknown, 10.0.0.2", NULL, "10.0.0.1"},
        {"10.0.0.1", "203.0.113.7:4711", NULL, "10.0.0.1"},
        {"10.0.0.1", "[2001:db8::7]", NULL, "10.0.0.1"},
        {"10.0.0.1", "203.0.113.7", "", "10.0.0.1"},
        {"10.0.0.1", ",10.0.0.2", NULL, "10.0.0.1"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        assert_string_equal(find(cases[i].peer, cases[i].first, cases[i].second), cases[i].client);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(believes_trusted_proxies_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
