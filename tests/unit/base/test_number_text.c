#include "base/number_text.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/random.h"
#include "support.h"

static double from_bits(uint64_t bits)
{
    double number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

static uint64_t to_bits(double number)
{
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    return bits;
}

static void assert_writes(double number, const char *expected)
{
    char text[DOUBLE_TEXT_MAX];
    size_t length = double_to_text(number, text);
    assert_text(((struct str){text, length}), str_from(expected));
}

static void writes_as_python_does(void **state)
{
    (void)state;
    static const struct {
        double number;
        const char *text;
    } cases[] = {
        {0.0, "0.0"},
        {-0.0, "-0.0"},
        {1.0, "1.0"},
        {-1.5, "-1.5"},
        {0.1, "0.1"},
        {0.1 + 0.2, "0.30000000000000004"},
        {1.0 / 3, "0.3333333333333333"},
        {100000.0, "100000.0"},
        {123456789.125, "123456789.125"},
        {0.001, "0.001"},
        {0.0001, "0.0001"},
        {0.00012345, "0.00012345"},
        {0.00001, "1e-05"},
        {0.000012, "1.2e-05"},
        {1e15, "1000000000000000.0"},
        {1e16, "1e+16"},
        {1.5e16, "1.5e+16"},
        {9999999999999998.0, "9999999999999998.0"},
        {9007199254740993.0, "9007199254740992.0"},
        {12345678901234567890.0, "1.2345678901234567e+19"},
        {1e22, "1e+22"},
        {1e23, "1e+23"},
        {9e99, "9e+99"},
        {1e100, "1e+100"},
        {-1.7976931348623157e308, "-1.7976931348623157e+308"},
        {2.2250738585072014e-308, "2.2250738585072014e-308"},
        {2.225073858507201e-308, "2.225073858507201e-308"},
        {5e-324, "5e-324"},
        {1e-323, "1e-323"},
        {5e-322, "5e-322"},
        {996.5784284662087, "996.5784284662087"},
        {INFINITY, "inf"},
        {-INFINITY, "-inf"},
        {NAN, "nan"},
        {-NAN, "nan"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        assert_writes(cases[i].number, cases[i].text);
    }
}

/* The significant digits of a positive number's text, whatever its form; returns how many. */
static int significant_digits(const char *text, char digits[40])
{
    int count = 0;
    for (; *text != '\0' && *text != 'e'; text++) {
        if (*text >= '0' && *text <= '9' && (count > 0 || *text != '0')) {
            digits[count++] = *text;
        }
    }
    while (count > 1 && digits[count - 1] == '0') {
        count--;
    }
    digits[count] = '\0';
    return count;
}

/* Whether some decimal of `count` digits reads back as `number`: if so, then the one nearest to it,
   which printf gives. Only at powers of two, where the doubles below are closer than those above,
   it may also be that one's neighbour. */
static bool is_within_digits(double number, int count)
{
    char text[64];
    snprintf(text, sizeof text, "%.*e", count - 1, number);
    if (strtod(text, NULL) == number) {
        return true;
    }
    if (to_bits(number) << 12 != 0) {
        return false;
    }
    int64_t digits = 0;
    const char *at = text;
    for (; *at != 'e'; at++) {
        if (*at != '.') {
            digits = digits * 10 + (*at - '0');
        }
    }
    int64_t exponent;
    assert_true(integer_from_text(str_from(at + 1), &exponent));
    for (int64_t neighbour = digits - 1; neighbour <= digits + 1; neighbour++) {
        char candidate[64];
        snprintf(candidate, sizeof candidate, "%llde%lld", (long long)neighbour,
                 (long long)(exponent - (count - 1)));
        if (strtod(candidate, NULL) == number) {
            return true;
        }
    }
    return false;
}

/* A positive number's text must read back, must be the shortest, and the nearest of these. */
static void check_number(double number)
{
    char text[DOUBLE_TEXT_MAX + 1];
    size_t length = double_to_text(number, text);
    text[length] = '\0';
    char digits[40];
    int count = significant_digits(text, digits);
    double read;
    bool right = strtod(text, NULL) == number && double_from_text(str_from(text), &read) &&
                 read == number && count <= 17 &&
                 (count == 1 || !is_within_digits(number, count - 1));
    /* printf is exact: its nearest decimal of that length, if it reads back, is the one. */
    char nearest[64];
    snprintf(nearest, sizeof nearest, "%.*e", count - 1, number);
    char nearest_digits[40];
    significant_digits(nearest, nearest_digits);
    right = right && (strcmp(digits, nearest_digits) == 0 || strtod(nearest, NULL) != number);
    if (!right) {
        fail_msg("%a is written as %s", number, text);
    }
}

static void writes_powers_of_two_shortest(void **state)
{
    (void)state;
    for (int exponent = -1074; exponent <= 1023; exponent++) {
        double power = ldexp(1, exponent);
        check_number(power);
        check_number(nextafter(power, INFINITY));
        if (exponent > -1074) {
            check_number(nextafter(power, 0));
        }
    }
    check_number(DBL_MAX);
}

static void writes_powers_of_ten_shortest(void **state)
{
    (void)state;
    for (int exponent = -323; exponent <= 308; exponent++) {
        char text[16];
        int length = snprintf(text, sizeof text, "1e%d", exponent);
        double power;
        assert_true(double_from_text((struct str){text, (size_t)length}, &power));
        assert_true(power == strtod(text, NULL));
        check_number(power);
        check_number(nextafter(power, INFINITY));
        check_number(nextafter(power, 0));
    }
}

static void writes_random_numbers_shortest(void **state)
{
    (void)state;
    struct random random;
    random_seed(&random, 2024);
    for (int i = 0; i < 1000000; i++) {
        double number = fabs(from_bits(random_next(&random)));
        if (isfinite(number) && number > 0) {
            check_number(number);
        }
    }
    for (int i = 0; i < 100000; i++) {
        check_number(from_bits(1 + random_below(&random, ((uint64_t)1 << 52) - 1))); /* subnormal */
        check_number(from_bits(1 + (random_next(&random) >> 12 >> random_below(&random, 52))));
        check_number(random_unit(&random) + 0x1p-60);
        check_number((double)(1 + random_below(&random, (uint64_t)1 << 60)));
    }
}

static void writes_decimals_as_they_were(void **state)
{
    (void)state;
    /* A decimal of up to 15 digits survives the way to a double and back. */
    struct random random;
    random_seed(&random, 77);
    for (int i = 0; i < 300000; i++) {
        int digits = 1 + (int)random_below(&random, 15);
        uint64_t number = random_below(&random, (uint64_t)pow(10, digits));
        number += number % 10 == 0;
        char text[64];
        int length = snprintf(text, sizeof text, "0.%0*llu", digits, (unsigned long long)number);
        double value;
        assert_true(double_from_text((struct str){text, (size_t)length}, &value));
        if (value >= 0.0001) {
            assert_writes(value, text);
        }
    }
}

static void writes_whole_numbers(void **state)
{
    (void)state;
    char text[20];
    char expected[32];
    struct random random;
    random_seed(&random, 8);
    for (int i = 0; i < 200000; i++) {
        uint64_t number =
            i < 1000 ? (uint64_t)i : random_next(&random) >> random_below(&random, 64);
        int wanted = snprintf(expected, sizeof expected, "%llu", (unsigned long long)number);
        size_t length = unsigned_to_text(number, text);
        assert_text(((struct str){text, length}), ((struct str){expected, (size_t)wanted}));
    }
    assert_int_equal(unsigned_to_text(UINT64_MAX, text), 20);
    assert_memory_equal(text, "18446744073709551615", 20);
    for (uint64_t power = 1; power <= UINT64_MAX / 10; power *= 10) {
        for (uint64_t number = power - 1; number <= power; number++) {
            int wanted = snprintf(expected, sizeof expected, "%llu", (unsigned long long)number);
            assert_int_equal(unsigned_to_text(number, text), wanted);
            assert_memory_equal(text, expected, (size_t)wanted);
        }
    }
}

static void knows_what_a_number_is(void **state)
{
    (void)state;
    static const char *const good[] = {
        "0",    "-0",     "+1",  "007", "1.5",      "1.50",      "0.0", "1e5", "1E5",  "1e+05",
        "1e-5", "12.5e3", "inf", "INF", "Infinity", "-infinity", "nan", "NaN", "+inf", "1e400",
    };
    static const char *const bad[] = {
        "",       "+",     "-",     ".",         ".5",         "5.",        "1.e5", "e5",
        "1e",     "1e+",   "1e5.0", "1 ",        " 1",         "1,5",       "0x10", "1_0",
        "1..5",   "1.5.5", "++1",   "--1",       "+-1",        "infi",      "in",   "na",
        "nan(1)", "1f",    "1e5e5", "infinityx", "\xC2\xA0 1", "1\xD9\xA3",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(good); i++) {
        double value = 0;
        if (!double_from_text(str_from(good[i]), &value)) {
            fail_msg("%s is refused", good[i]);
        }
        double expected = strtod(good[i], NULL);
        assert_true(isnan(expected) ? isnan(value) : to_bits(value) == to_bits(expected));
    }
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        double value = 123;
        if (double_from_text(str_from(bad[i]), &value)) {
            fail_msg("%s is taken", bad[i]);
        }
        assert_true(value == 123); /* untouched */
    }
    double value;
    assert_false(double_from_text(STR("1\0"), &value));
    assert_false(double_from_text((struct str){NULL, 0}, &value));
    /* Only the text counts, not what follows it in memory. */
    assert_true(double_from_text((struct str){"123456", 3}, &value) && value == 123);
}

static void reads_as_the_c_library(void **state)
{
    (void)state;
    struct random random;
    random_seed(&random, 99);
    for (int i = 0; i < 300000; i++) {
        char text[100];
        int length = 0;
        int whole = 1 + (int)random_below(&random, 22);
        int fraction = (int)random_below(&random, 25);
        if (random_below(&random, 2)) {
            text[length++] = '-';
        }
        for (int d = 0; d < whole + fraction; d++) {
            if (d == whole) {
                text[length++] = '.';
            }
            text[length++] = (char)('0' + random_below(&random, random_below(&random, 4) ? 10 : 1));
        }
        text[length] = '\0';
        if (random_below(&random, 2)) {
            length += snprintf(text + length, 10, "e%d", (int)random_below(&random, 700) - 350);
        }
        double value;
        assert_true(double_from_text((struct str){text, (size_t)length}, &value));
        if (to_bits(value) != to_bits(strtod(text, NULL))) {
            fail_msg("%s", text);
        }
    }
}

/* Exactly between two doubles, in all its digits: to the even one; a trifle more decides. */
static void rounds_middles_rightly(void **state)
{
    (void)state;
    struct random random;
    random_seed(&random, 4);
    static char text[6000];
    for (int i = 0; i < 3000; i++) {
        double below = from_bits((random_next(&random) & 0x7FFFFFFFFFFFFFFFu) % (0x7FEull << 52));
        double above = nextafter(below, INFINITY);
        double even = to_bits(below) & 1 ? above : below;
        /* A long double has bits enough for the middle, and printf writes it in full. */
        int length = snprintf(text, 2000, "%.1100Lf", ((long double)below + above) / 2);
        double value;
        assert_true(double_from_text((struct str){text, (size_t)length}, &value));
        assert_true(value == even);
        memset(text + length, '0', 3000);
        length += 3000;
        assert_true(double_from_text((struct str){text, (size_t)length}, &value));
        assert_true(value == even);
        text[length++] = '1';
        assert_true(double_from_text((struct str){text, (size_t)length}, &value));
        assert_true(value == above);
    }
}

static void reads_numbers_of_any_length(void **state)
{
    (void)state;
    enum { ZEROS = 100000 };
    static char text[ZEROS + 32];
    double value;
    /* 0.000…01e100001 is 1. */
    memset(text, '0', ZEROS);
    text[1] = '.';
    int length = ZEROS + snprintf(text + ZEROS, 32, "1e%d", ZEROS - 1);
    assert_true(double_from_text((struct str){text, (size_t)length}, &value));
    assert_true(value == 1);
    /* 1000…0e-100000 is 1. */
    memset(text, '0', ZEROS + 1);
    text[0] = '1';
    length = ZEROS + 1 + snprintf(text + ZEROS + 1, 31, "e-%d", ZEROS);
    assert_true(double_from_text((struct str){text, (size_t)length}, &value));
    assert_true(value == 1);
    assert_true(double_from_text(STR("1e99999999999999999999999999"), &value));
    assert_true(isinf(value));
    assert_true(double_from_text(STR("-1e-99999999999999999999999999"), &value));
    assert_true(value == 0 && signbit(value));
    assert_true(double_from_text(STR("0e99999999999999999999999999"), &value));
    assert_true(value == 0);
    assert_true(double_from_text(STR("1.7976931348623159e308"), &value));
    assert_true(isinf(value));
    assert_true(double_from_text(STR("2e-324"), &value));
    assert_true(value == 0);
}

static void reads_integers_within_range(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t value;
    } good[] = {
        {"0", 0},
        {"-0", 0},
        {"+7", 7},
        {"007", 7},
        {"-42", -42},
        {"9223372036854775807", INT64_MAX},
        {"-9223372036854775808", INT64_MIN},
        {"0000000000000000000000000000000000000001", 1},
    };
    static const char *const bad[] = {
        "",
        "+",
        "-",
        " 1",
        "1 ",
        "1.0",
        "1e3",
        "0x1",
        "a",
        "9223372036854775808",
        "-9223372036854775809",
        "99999999999999999999",
        "--1",
        "+-1",
        "1-",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(good); i++) {
        int64_t value;
        assert_true(integer_from_text(str_from(good[i].text), &value));
        assert_true(value == good[i].value);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        int64_t value = 123;
        assert_false(integer_from_text(str_from(bad[i]), &value));
        assert_int_equal(value, 123);
    }
    int64_t value;
    assert_false(integer_from_text((struct str){NULL, 0}, &value));
    assert_true(integer_from_text((struct str){"123456", 3}, &value) && value == 123);
}

static void appends_any_number(void **state)
{
    (void)state;
    struct text_buffer text = TEXT_BUFFER(256);
    text_append_integer(&text, INT64_MIN);
    text_append_char(&text, ' ');
    text_append_integer(&text, INT64_MAX);
    text_append_char(&text, ' ');
    text_append_integer(&text, 0);
    text_append_char(&text, ' ');
    text_append_unsigned(&text, UINT64_MAX);
    text_append_char(&text, ' ');
    text_append_double(&text, -0.1);
    assert_string_equal(text.ptr, "-9223372036854775808 9223372036854775807 0 18446744073709551615 "
                                  "-0.1");
    text_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_as_python_does),
        cmocka_unit_test(writes_powers_of_two_shortest),
        cmocka_unit_test(writes_powers_of_ten_shortest),
        cmocka_unit_test(writes_random_numbers_shortest),
        cmocka_unit_test(writes_decimals_as_they_were),
        cmocka_unit_test(writes_whole_numbers),
        cmocka_unit_test(knows_what_a_number_is),
        cmocka_unit_test(reads_as_the_c_library),
        cmocka_unit_test(rounds_middles_rightly),
        cmocka_unit_test(reads_numbers_of_any_length),
        cmocka_unit_test(reads_integers_within_range),
        cmocka_unit_test(appends_any_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
