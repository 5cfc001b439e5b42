#include "base/ip_address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/compiler.h"

static struct ip_address address_of(const char *text)
{
    struct ip_address address;
    if (!ip_address_read(&address, str_from(text))) {
        fail_msg("not an address: %s", text);
    }
    return address;
}

static void reads_addresses_and_writes_them_one_way(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *written;
    } cases[] = {
        {"192.0.2.1", "192.0.2.1"},
        {"0.0.0.0", "0.0.0.0"},
        {"255.255.255.255", "255.255.255.255"},
        {"::ffff:192.0.2.1", "192.0.2.1"},
        {"::FFFF:c000:201", "192.0.2.1"},
        {"::1", "::1"},
        {"::", "::"},
        {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
        {"2001:db8:1111:2222:3333:4444:5555:6666", "2001:db8:1111:2222:3333:4444:5555:6666"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        char text[IP_ADDRESS_TEXT];
        struct ip_address address = address_of(cases[i].text);
        size_t length = ip_address_write(text, &address);
        assert_int_equal(length, strlen(text));
        assert_string_equal(text, cases[i].written);
    }
}

static void refuses_what_is_no_address(void **state)
{
    (void)state;
    static const struct str cases[] = {
        STR(""),
        STR("1.2.3"),
        STR("1.2.3.4.5"),
        STR("1.2.3.256"),
        STR("01.2.3.4"),
        STR("0x1.2.3.4"),
        STR("1.2.3.4 "),
        STR(" 1.2.3.4"),
        STR("1.2.3.4:80"),
        STR("1.2.3.4\0"),
        STR("1.2.3.4\0x"),
        STR("[::1]"),
        STR("::1%lo"),
        STR("fe80::1%1"),
        STR("1::2::3"),
        STR("12345::"),
        STR("1:2:3:4:5:6:7"),
        STR("localhost"),
        STR("unknown"),
        STR("2001:db8:1111:2222:3333:4444:5555:6666:7777:8888"),
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct ip_address address;
        struct ip_range range;
        assert_false(ip_address_read(&address, cases[i]));
        assert_false(ip_range_read(&range, cases[i]));
    }
}

static void ranges_hold_what_begins_like_them(void **state)
{
    (void)state;
    static const struct {
        const char *range;
        const char *address;
        bool has;
    } cases[] = {
        {"10.0.0.0/8", "10.255.0.1", true},
        {"10.0.0.0/8", "11.0.0.0", false},
        {"10.0.0.0/8", "::ffff:10.1.2.3", true},
        {"::ffff:10.0.0.0/104", "10.1.2.3", true},
        {"192.0.2.4", "192.0.2.4", true},
        {"192.0.2.4", "192.0.2.5", false},
        {"192.0.2.4/32", "192.0.2.4", true},
        {"192.0.2.4/31", "192.0.2.5", true},
        {"192.0.2.4/31", "192.0.2.6", false},
        {"0.0.0.0/0", "192.0.2.4", true},
        {"0.0.0.0/0", "::1", false},
        {"::/0", "::1", true},
        {"::/0", "192.0.2.4", false},
        {"fd00::/8", "fdff::1", true},
        {"fd00::/8", "fe00::1", false},
        {"2001:db8::/33", "2001:db8:7fff::", true},
        {"2001:db8::/33", "2001:db8:8000::", false},
        {"::1/128", "::1", true},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct ip_range range;
        struct ip_address address = address_of(cases[i].address);
        assert_true(ip_range_read(&range, str_from(cases[i].range)));
        assert_int_equal(ip_range_has(&range, &address), cases[i].has);
    }
}

static void refuses_what_is_no_range(void **state)
{
    (void)state;
    static const struct str cases[] = {
        STR("10.0.0.0/"),   STR("10.0.0.0/33"), STR("10.0.0.0/08"),  STR("10.0.0.0/+8"),
        STR("10.0.0.0/ 8"), STR("10.0.0.0/8/"), STR("10.0.0.0/-1"),  STR("10.0.0.1/8"),
        STR("/8"),          STR("fd00::/129"),  STR("fd00::1/64"),   STR("10.0.0.0/1000"),
        STR("10/8"),        STR("10.0.0.0/8x"), STR("10.0.0.0/8\0"), STR("10.0.0.0/255.0.0.0"),
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct ip_range range;
        assert_false(ip_range_read(&range, cases[i]));
    }
}

static void cuts_to_a_network(void **state)
{
    (void)state;
    char text[IP_ADDRESS_TEXT];
    struct ip_address address = address_of("2001:db8:1:2:3:4:5:6");
    struct ip_address cut = ip_address_cut(&address, 64);
    ip_address_write(text, &cut);
    assert_string_equal(text, "2001:db8:1:2::");
    cut = ip_address_cut(&address, IP_ADDRESS_BITS);
    assert_memory_equal(&cut, &address, sizeof cut);
    cut = ip_address_cut(&address, 0);
    ip_address_write(text, &cut);
    assert_string_equal(text, "::");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_addresses_and_writes_them_one_way),
        cmocka_unit_test(refuses_what_is_no_address),
        cmocka_unit_test(ranges_hold_what_begins_like_them),
        cmocka_unit_test(refuses_what_is_no_range),
        cmocka_unit_test(cuts_to_a_network),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
