#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "empi/record_hash.h"

static void hash(char hex[65], struct record_hash *hasher, const struct str *values)
{
    struct error error;
    unsigned char bytes[RECORD_HASH_BYTES];
    assert_int_equal(record_hash_make(bytes, hasher, values, &error), 0);
    for (size_t i = 0; i < RECORD_HASH_BYTES; i++) {
        snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
    }
}

/* The expected ones were made by sha256sum. */
static void is_that_of_the_encoding(void **state)
{
    (void)state;
    struct error error;
    struct record_hash *hasher;
    struct str values[RECORD_COLUMN_COUNT] = {{0}};
    char hex[65];
    assert_int_equal(record_hash_open(&hasher, &error), 0);
    hash(hex, hasher, values); /* fifteen colons */
    assert_string_equal(hex, "9a6b564cffa3a6e212a431c2e5fba5886471c896c66e818589a5a955f43d06a1");
    values[0] = STR("a");
    values[1] = STR("");
    values[2] = STR("J\xc3\xb6rg"); /* bytes count, not letters */
    hash(hex, hasher, values);      /* 1:a0:5:Jörg and twelve colons */
    assert_string_equal(hex, "fe4b3e1035fd82f047176605817356dcd019d836d8cb887ace1fa3edc6d76387");
    record_hash_close(hasher);
}

static void tells_apart_what_looks_alike(void **state)
{
    (void)state;
    static const struct str pairs[][2] = {
        {{"ab", 2}, {"c", 1}}, {{"a", 1}, {"bc", 2}},   {{"abc", 3}, {NULL, 0}},
        {{"abc", 3}, {"", 0}}, {{NULL, 0}, {"abc", 3}}, {{"ab2", 3}, {":c", 2}},
    };
    enum { COUNT = sizeof pairs / sizeof pairs[0] };
    struct error error;
    struct record_hash *hasher;
    char hexes[COUNT][65];
    assert_int_equal(record_hash_open(&hasher, &error), 0);
    for (size_t i = 0; i < COUNT; i++) {
        struct str values[RECORD_COLUMN_COUNT] = {{0}};
        values[3] = pairs[i][0];
        values[4] = pairs[i][1];
        hash(hexes[i], hasher, values);
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(hexes[i], hexes[j]);
        }
    }
    record_hash_close(hasher);
}

static void takes_no_row_without_end(void **state)
{
    (void)state;
    struct error error;
    struct record_hash *hasher;
    static char large[48 << 20];
    unsigned char bytes[RECORD_HASH_BYTES];
    struct str values[RECORD_COLUMN_COUNT] = {{0}};
    values[4] = values[5] = (struct str){large, sizeof large};
    assert_int_equal(record_hash_open(&hasher, &error), 0);
    assert_int_equal(record_hash_make(bytes, hasher, values, &error), STATUS_RESOURCES);
    record_hash_close(hasher);
    record_hash_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_that_of_the_encoding),
        cmocka_unit_test(tells_apart_what_looks_alike),
        cmocka_unit_test(takes_no_row_without_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
