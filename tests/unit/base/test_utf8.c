#include "base/utf8.h"

#include "base/random.h"
#include "support.h"

/* The plainest possible check of one code point's encoding, to compare with. */
static size_t encode(uint32_t point, char *out)
{
    unsigned char *bytes = (unsigned char *)out;
    if (point < 0x80) {
        bytes[0] = (unsigned char)point;
        return 1;
    }
    size_t length = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    static const unsigned char leads[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = length - 1; i > 0; i--) {
        bytes[i] = (unsigned char)(0x80 | (point & 0x3F));
        point >>= 6;
    }
    bytes[0] = (unsigned char)(leads[length] | point);
    return length;
}

static void accepts_every_code_point(void **state)
{
    (void)state;
    for (uint32_t point = 0; point <= 0x10FFFF; point++) {
        char text[4];
        size_t length = encode(point, text);
        bool surrogate = point >= 0xD800 && point <= 0xDFFF;
        if (utf8_valid_prefix((struct str){text, length}) != (surrogate ? 0 : length)) {
            fail_msg("U+%04X", point);
        }
    }
}

static void refuses_every_other_sequence(void **state)
{
    (void)state;
    /* Every sequence of three bytes, and of four with the last one right: valid ones must be what
       encode() gives for the number they hold. */
    for (uint32_t bits = 0x80000000; bits >= 0x80000000; bits += 0x100) {
        char text[] = {(char)(bits >> 24), (char)(bits >> 16), (char)(bits >> 8), (char)0x80};
        size_t valid = utf8_valid_prefix((struct str){text, 4});
        unsigned lead = bits >> 24;
        size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
        uint32_t point = lead & (0x7Fu >> length);
        bool right = lead >= 0xC0 && lead < 0xF8;
        for (size_t i = 1; i < length; i++) {
            right = right && ((unsigned char)text[i] & 0xC0) == 0x80;
            point = point << 6 | ((unsigned char)text[i] & 0x3F);
        }
        char again[4];
        right = right && point <= 0x10FFFF && !(point >= 0xD800 && point <= 0xDFFF) &&
                encode(point, again) == length;
        if (right != (valid >= length)) {
            fail_msg("%08X", bits);
        }
    }
}

static void finds_where_validity_ends(void **state)
{
    (void)state;
    static const struct {
        struct str text;
        size_t valid;
    } cases[] = {
        {{NULL, 0}, 0},
        {STR(""), 0},
        {STR("abc"), 3},
        {STR("a\0b"), 3},
        {STR("ab\xC3"), 2},
        {STR("ab\xC3\xA9\xE2\x82"), 4},
        {STR("\xF0\x9F\x98"), 0},
        {STR("\xF0\x9F\x98\x80"), 4},
        {STR("\xF4\x90\x80\x80"), 0},
        {STR("\xED\xA0\x80"), 0},
        {STR("\xC0\x80"), 0},
        {STR("\xFF"), 0},
        {STR("abcdefgh\x80"), 8},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        assert_int_equal(utf8_valid_prefix(cases[i].text), cases[i].valid);
    }
    /* A wrong byte at each place of texts of each length: whatever the words it falls into. */
    char text[80];
    for (size_t length = 1; length <= sizeof text; length++) {
        memset(text, 'a', sizeof text);
        assert_true(utf8_is_ascii((struct str){text, length}));
        assert_int_equal(utf8_valid_prefix((struct str){text, length}), length);
        for (size_t at = 0; at < length; at++) {
            text[at] = (char)0x80;
            assert_int_equal(utf8_valid_prefix((struct str){text, length}), at);
            assert_false(utf8_is_ascii((struct str){text, length}));
            text[at] = 'a';
        }
    }
}

static void counts_and_finds_code_points(void **state)
{
    (void)state;
    assert_int_equal(utf8_length(STR("")), 0);
    assert_int_equal(utf8_length((struct str){NULL, 0}), 0);
    assert_int_equal(utf8_offset(STR(""), 0), 0);
    assert_int_equal(utf8_length(STR("Jos\xC3\xA9 \xF0\x9F\x98\x80")), 6);
    assert_int_equal(utf8_offset(STR("Jos\xC3\xA9 x"), 3), 3);
    assert_int_equal(utf8_offset(STR("Jos\xC3\xA9 x"), 4), 5);
    assert_int_equal(utf8_offset(STR("Jos\xC3\xA9 x"), 5), 6);
    assert_int_equal(utf8_offset(STR("Jos\xC3\xA9 x"), 6), 7);
    assert_int_equal(utf8_offset(STR("Jos\xC3\xA9 x"), SIZE_MAX), 7);

    struct random random;
    random_seed(&random, 5);
    for (int round = 0; round < 2000; round++) {
        char text[400];
        size_t offsets[101];
        size_t length = 0;
        size_t count = random_below(&random, 101);
        for (size_t i = 0; i < count; i++) {
            static const uint32_t points[] = {'a', 'z', 0x7F, 0xE9, 0x20AC, 0x1F600};
            offsets[i] = length;
            length += encode(points[random_below(&random, ARRAY_LENGTH(points))], text + length);
        }
        offsets[count] = length;
        struct str made = {text, length};
        assert_int_equal(utf8_valid_prefix(made), length);
        assert_int_equal(utf8_length(made), count);
        assert_int_equal(utf8_is_ascii(made), count == length);
        for (size_t i = 0; i <= count; i++) {
            assert_int_equal(utf8_offset(made, i), offsets[i]);
        }
    }
}

static void tells_the_width_on_a_terminal(void **state)
{
    (void)state;
    assert_int_equal(utf8_display_width(STR("")), 0);
    assert_int_equal(utf8_display_width(STR("plain")), 5);
    assert_int_equal(utf8_display_width(STR("M\xC3\xBCller")), 6);
    assert_int_equal(utf8_display_width(STR("\xE6\x9D\x8E\xE5\xB0\x8F")), 4);
    /* u and a combining diaeresis. */
    assert_int_equal(utf8_display_width(STR("u\xCC\x88")), 1);
    /* A byte that is nothing, and a character that is cut. */
    assert_int_equal(utf8_display_width(STR("a\xFF\xC3\xBC")), 3);
    assert_int_equal(utf8_display_width(STR("\xE6\x9D")), 2);
}

static void plain(const char *text, const char *one_line, const char *lines)
{
    char copy[64];
    size_t length = strlen(text);
    memcpy(copy, text, length + 1);
    utf8_make_plain(copy, length, false);
    assert_string_equal(copy, one_line);
    memcpy(copy, text, length + 1);
    utf8_make_plain(copy, length, true);
    assert_string_equal(copy, lines);
}

static void makes_any_bytes_plain(void **state)
{
    (void)state;
    plain("", "", "");
    plain("a\tb\nc\x1b[31m\x7f", "a b c [31m ", "a b\nc [31m ");
    /* C1: the same steering in two bytes; the no-break space after it is none. */
    plain("\xC2\x80\xC2\x9B"
          "2J\xC2\x9F\xC2\xA0",
          "    2J  \xC2\xA0", "    2J  \xC2\xA0");
    plain("\xE2\x80\xA7\xE2\x80\xA8\xE2\x80\xAE\xE2\x80\xAF", "\xE2\x80\xA7      \xE2\x80\xAF",
          "\xE2\x80\xA7      \xE2\x80\xAF");
    plain("\xE2\x81\xA5\xE2\x81\xA6\xE2\x81\xA9\xE2\x81\xAA", "\xE2\x81\xA5      \xE2\x81\xAA",
          "\xE2\x81\xA5      \xE2\x81\xAA");
    plain("Jos\xC3\xA9 \xE6\x9D\x8E \xF0\x9F\x98\x80", "Jos\xC3\xA9 \xE6\x9D\x8E \xF0\x9F\x98\x80",
          "Jos\xC3\xA9 \xE6\x9D\x8E \xF0\x9F\x98\x80");
    plain("a\x9B\xC3", "a??", "a??");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_every_code_point),
        cmocka_unit_test(refuses_every_other_sequence),
        cmocka_unit_test(finds_where_validity_ends),
        cmocka_unit_test(counts_and_finds_code_points),
        cmocka_unit_test(tells_the_width_on_a_terminal),
        cmocka_unit_test(makes_any_bytes_plain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
