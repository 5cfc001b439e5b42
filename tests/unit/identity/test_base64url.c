/* One encoding for each text: base64url.c. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "identity/base64url.h"

static void a_text_has_one_encoding(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int bytes; /* -1: none */
    } cases[] = {
        {"", 0},     {"AA", 1},   {"AAA", 2},   {"AAAA", 3},   {"_-8", 2},
        {"A", -1},   {"AB", -1},  {"AAB", -1},  {"AA=", -1},   {"AA==", -1},
        {"+/8", -1}, {"A A", -1}, {"AA\n", -1}, {"AAAAA", -1},
    };
    struct arena arena = ARENA(1 << 20);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        bool out_of_memory;
        struct str bytes = base64url_decode(&arena, str_from(cases[i].text), &out_of_memory);
        assert_false(out_of_memory);
        assert_int_equal(bytes.ptr == NULL ? -1 : (int)bytes.len, cases[i].bytes);
        if (bytes.ptr != NULL) {
            assert_string_equal(base64url_encode(&arena, bytes.ptr, bytes.len), cases[i].text);
        }
    }
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_has_one_encoding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
