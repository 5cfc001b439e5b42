#include "base/number_text.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/*
 * Doubles to shortest decimals by Schubfach: Raffaello Giulietti, "The Schubfach way to render
 * doubles" (2020). The variables have the paper's names.
 *
 * A double is c * 2^q. All decimals between the middles to its neighbours read back as it. Take
 * the power of ten 10^k just below the width of that interval: then at least one and at most three
 * multiples of 10^k, and at most one multiple of 10^(k+1), lie inside. So it suffices to scale the
 * double and the two middles by 10^-k, look at four candidates around it, and prefer the coarser.
 *
 * 10^-k is rounded up to 128 bits, so a scaled value comes out too large, by less than 2^-68 of
 * its unit. That could deceive only where a true value lies within 2^-63 of a whole number without
 * being one. Over all doubles and their middles there are three such values (counted with exact
 * fractions, exponent by exponent), and all three still come out right.
 */

enum {
    LOWEST_POWER = -292, /* -k of the largest doubles */
    HIGHEST_POWER = 324, /* -k of the smallest */
    POWER_COUNT = HIGHEST_POWER - LOWEST_POWER + 1,
    /* 2^895 / 5^292 has 217 bits left, 128 of which count; 5^324 needs 753. */
    LIMBS = 14,
};

struct power {
    uint64_t high;
    uint64_t low;
};

/* 10^i, scaled by a power of two to 2^127 … 2^128 and rounded up, at i - LOWEST_POWER. */
static struct power powers[POWER_COUNT];
static pthread_once_t powers_once = PTHREAD_ONCE_INIT;

/* A whole number, the lowest limb first. */
struct big {
    uint64_t limbs[LIMBS];
};

static void big_multiply(struct big *number, uint64_t factor)
{
    unsigned __int128 carry = 0;
    for (size_t i = 0; i < LIMBS; i++) {
        carry += (unsigned __int128)number->limbs[i] * factor;
        number->limbs[i] = (uint64_t)carry;
        carry >>= 64;
    }
}

static void big_divide(struct big *number, uint64_t divisor)
{
    uint64_t rest = 0;
    for (size_t i = LIMBS; i-- > 0;) {
        unsigned __int128 part = (unsigned __int128)rest << 64 | number->limbs[i];
        number->limbs[i] = (uint64_t)(part / divisor);
        rest = (uint64_t)(part % divisor);
    }
}

/* The 128 highest bits, rounded up when a bit below is set or `inexact` says there is more. */
static struct power leading_bits(const struct big *number, bool inexact)
{
    size_t top = LIMBS - 1;
    while (number->limbs[top] == 0) {
        top--;
    }
    uint64_t first = number->limbs[top];
    uint64_t second = top >= 1 ? number->limbs[top - 1] : 0;
    uint64_t third = top >= 2 ? number->limbs[top - 2] : 0;
    int shift = __builtin_clzll(first);
    if (shift > 0) {
        first = first << shift | second >> (64 - shift);
        second = second << shift | third >> (64 - shift);
        third <<= shift;
    }
    inexact |= third != 0;
    for (size_t i = 0; i + 3 <= top; i++) {
        inexact |= number->limbs[i] != 0;
    }
    unsigned __int128 bits = (unsigned __int128)first << 64 | second;
    bits += inexact;
    return (struct power){(uint64_t)(bits >> 64), (uint64_t)bits};
}

/* A power of ten has the bits of the power of five. Dividing by five again and again loses nothing:
   the floor of a floor's fifth is the floor of the fifth. */
static void compute_powers(void)
{
    struct big number = {.limbs = {1}};
    for (int i = 0; i <= HIGHEST_POWER; i++) {
        powers[i - LOWEST_POWER] = leading_bits(&number, false);
        big_multiply(&number, 5);
    }
    number = (struct big){.limbs = {[LIMBS - 1] = (uint64_t)1 << 63}};
    for (int i = -1; i >= LOWEST_POWER; i--) {
        big_divide(&number, 5);
        powers[i - LOWEST_POWER] = leading_bits(&number, true);
    }
}

/* Logarithms by one multiplication with log10(2) * 2^41 or log2(10) * 2^38: exact for all exponents
   up to 1080, far more than a double has. 274743187321 is -log10(3/4) * 2^41. */
static int floor_log10_of_power_of_2(int exponent)
{
    return (int)((int64_t)exponent * 661971961083 >> 41);
}

static int floor_log10_of_three_quarters_power_of_2(int exponent)
{
    return (int)(((int64_t)exponent * 661971961083 - 274743187321) >> 41);
}

static int floor_log2_of_power_of_10(int exponent)
{
    return (int)((int64_t)exponent * 913124641741 >> 38);
}

/* power * value / 2^128, rounded down; the last bit is set when that was not exact. */
static uint64_t scale(struct power power, uint64_t value)
{
    unsigned __int128 low = (unsigned __int128)power.low * value;
    unsigned __int128 sum = (unsigned __int128)power.high * value + (uint64_t)(low >> 64);
    return (uint64_t)(sum >> 64) | ((uint64_t)sum != 0);
}

struct decimal {
    uint64_t digits; /* may end in zeros */
    int exponent;    /* the value is digits * 10^exponent */
};

static struct decimal shortest_decimal(uint64_t fraction, int biased_exponent)
{
    uint64_t c = biased_exponent == 0 ? fraction : fraction | (uint64_t)1 << 52;
    int q = (biased_exponent == 0 ? 1 : biased_exponent) - 1075;
    if (q <= 0 && q > -53 && (c & (((uint64_t)1 << -q) - 1)) == 0) {
        /* A whole number below 2^53: its neighbours are no more than 1 away, so nothing but itself
           is as short. */
        return (struct decimal){c >> -q, 0};
    }
    /* At a power of two the neighbour below is only half as far away. */
    bool uneven = fraction == 0 && biased_exponent > 1;
    int k = uneven ? floor_log10_of_three_quarters_power_of_2(q) : floor_log10_of_power_of_2(q);
    int h = q + floor_log2_of_power_of_10(-k) + 1;
    struct power g = powers[-k - LOWEST_POWER];

    /* All in quarters, so that the middles are whole. */
    uint64_t middle_below = scale(g, (4 * c - 2 + uneven) << h);
    uint64_t v = scale(g, (4 * c) << h);
    uint64_t middle_above = scale(g, (4 * c + 2) << h);
    /* Reading rounds a middle to the even neighbour, so an odd c does not own its middles. */
    uint64_t lowest = middle_below + (c & 1);
    uint64_t highest = middle_above - (c & 1);

    uint64_t s = v / 4;
    if (s >= 10) {
        uint64_t tens = s / 10;
        bool below_fits = lowest <= 40 * tens;
        bool above_fits = 40 * tens + 40 <= highest;
        if (below_fits != above_fits) {
            return (struct decimal){tens + above_fits, k + 1};
        }
    }
    bool below_fits = lowest <= 4 * s;
    bool above_fits = 4 * s + 4 <= highest;
    if (below_fits != above_fits) {
        return (struct decimal){s + above_fits, k};
    }
    /* Both or neither: the nearer, at a tie the even one. */
    uint64_t half = 4 * s + 2;
    bool up = v > half || (v == half && (s & 1));
    return (struct decimal){s + up, k};
}

static const char digit_pairs[] = "00010203040506070809"
                                  "10111213141516171819"
                                  "20212223242526272829"
                                  "30313233343536373839"
                                  "40414243444546474849"
                                  "50515253545556575859"
                                  "60616263646566676869"
                                  "70717273747576777879"
                                  "80818283848586878889"
                                  "90919293949596979899";

/* The last eight digits of a number; all four pairs are computed independently of each other. */
static void write_eight(uint32_t number, char *out)
{
    uint32_t high = number / 10000;
    uint32_t low = number % 10000;
    memcpy(out, digit_pairs + high / 100 * 2, 2);
    memcpy(out + 2, digit_pairs + high % 100 * 2, 2);
    memcpy(out + 4, digit_pairs + low / 100 * 2, 2);
    memcpy(out + 6, digit_pairs + low % 100 * 2, 2);
}

/* Writes the digits so that they end at `end`; returns where they begin. */
static char *write_backwards(uint64_t number, char *end)
{
    while (number >= 100000000) {
        end -= 8;
        write_eight((uint32_t)(number % 100000000), end);
        number /= 100000000;
    }
    uint32_t rest = (uint32_t)number;
    while (rest >= 100) {
        end -= 2;
        memcpy(end, digit_pairs + rest % 100 * 2, 2);
        rest /= 100;
    }
    if (rest >= 10) {
        end -= 2;
        memcpy(end, digit_pairs + rest * 2, 2);
    } else {
        *--end = (char)('0' + rest);
    }
    return end;
}

size_t unsigned_to_text(uint64_t number, char *out)
{
    char text[20];
    char *end = text + sizeof text;
    char *first = write_backwards(number, end);
    memcpy(out, first, (size_t)(end - first));
    return (size_t)(end - first);
}

/* d.ddde+XX, the exponent with two digits at least. */
static char *write_scientific(char *out, const char *digits, size_t count, int exponent)
{
    *out++ = digits[0];
    if (count > 1) {
        *out++ = '.';
        memcpy(out, digits + 1, count - 1);
        out += count - 1;
    }
    *out++ = 'e';
    *out++ = exponent < 0 ? '-' : '+';
    unsigned size = (unsigned)(exponent < 0 ? -exponent : exponent);
    if (size < 10) {
        *out++ = '0';
    }
    return out + unsigned_to_text(size, out);
}

/* The digits with the decimal point behind the first `point` of them. */
static char *write_positional(char *out, const char *digits, size_t count, int point)
{
    if (point <= 0) {
        memcpy(out, "0.000", 5); /* point > -4: at most three zeros */
        out += 2 - point;
        memcpy(out, digits, count);
        return out + count;
    }
    size_t whole = (size_t)point;
    if (count <= whole) {
        memcpy(out, digits, count);
        memset(out + count, '0', whole - count);
        memcpy(out + whole, ".0", 2);
        return out + whole + 2;
    }
    memcpy(out, digits, whole);
    out[whole] = '.';
    memcpy(out + whole + 1, digits + whole, count - whole);
    return out + count + 1;
}

size_t double_to_text(double number, char *out)
{
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    uint64_t fraction = bits & (((uint64_t)1 << 52) - 1);
    int biased_exponent = (int)(bits >> 52 & 0x7FF);
    char *end = out;
    if (biased_exponent == 0x7FF && fraction != 0) {
        memcpy(out, "nan", 3);
        return 3;
    }
    if (bits >> 63) {
        *end++ = '-';
    }
    if (biased_exponent == 0x7FF) {
        memcpy(end, "inf", 3);
        return (size_t)(end + 3 - out);
    }
    if (biased_exponent == 0 && fraction == 0) {
        memcpy(end, "0.0", 3);
        return (size_t)(end + 3 - out);
    }
    pthread_once(&powers_once, compute_powers);
    struct decimal decimal = shortest_decimal(fraction, biased_exponent);
    char text[20];
    const char *digits = write_backwards(decimal.digits, text + sizeof text);
    size_t count = (size_t)(text + sizeof text - digits);
    int point = (int)count + decimal.exponent;
    while (digits[count - 1] == '0') {
        count--;
    }
    /* The bounds are Python's. */
    if (point > -4 && point <= 16) {
        end = write_positional(end, digits, count, point);
    } else {
        end = write_scientific(end, digits, count, point - 1);
    }
    return (size_t)(end - out);
}

enum {
    /* A middle between two doubles has at most 767 significant digits: more digits than this can
       only matter by not being all zero. */
    MOST_DIGITS = 800,
    /* Exact in a double, as is every power of ten up to 10^22. */
    EXACT_DIGITS = 15,
    EXACT_POWER = 22,
    /* Beyond this every number is infinite or zero, also with 800 digits before the point. */
    MOST_EXPONENT = 20000,
};

/* A number as it was written: 0.digits without leading zeros, and a power of ten. */
struct written {
    bool negative;
    bool more; /* further digits that are not all zero */
    size_t count;
    int64_t exponent; /* the value is digits * 10^exponent */
    char digits[MOST_DIGITS];
};

static bool is_digit(struct str text, size_t at)
{
    return at < text.len && text.ptr[at] >= '0' && text.ptr[at] <= '9';
}

static bool is_sign(struct str text, size_t at)
{
    return at < text.len && (text.ptr[at] == '+' || text.ptr[at] == '-');
}

/* Takes the digits from `at` on; returns where they end. */
static size_t scan_digits(struct str text, size_t at, struct written *number)
{
    for (; is_digit(text, at); at++) {
        char digit = text.ptr[at];
        if (number->count == 0 && digit == '0') {
            continue;
        }
        if (number->count < MOST_DIGITS) {
            number->digits[number->count++] = digit;
        } else {
            number->exponent++;
            number->more |= digit != '0';
        }
    }
    return at;
}

/* Takes e[+-]digits from `at` on; returns where it ends, or `at` when it is not one. */
static size_t scan_exponent(struct str text, size_t at, struct written *number)
{
    if (at >= text.len || (text.ptr[at] != 'e' && text.ptr[at] != 'E')) {
        return at;
    }
    size_t first = is_sign(text, at + 1) ? at + 2 : at + 1;
    size_t end = first;
    int64_t size = 0;
    for (; is_digit(text, end); end++) {
        /* Stops growing far beyond what the digits of any text can make up for. */
        if (size < INT64_MAX / 100) {
            size = size * 10 + (text.ptr[end] - '0');
        }
    }
    if (end == first) {
        return at;
    }
    number->exponent += text.ptr[at + 1] == '-' ? -size : size;
    return end;
}

/* The whole of `text`, whose sign has been taken, as digits[.digits][e[+-]digits]. */
static bool scan_number(struct str text, struct written *number)
{
    size_t at = scan_digits(text, 0, number);
    if (at == 0) {
        return false;
    }
    if (at < text.len && text.ptr[at] == '.') {
        size_t first = at + 1;
        at = scan_digits(text, first, number);
        if (at == first) {
            return false;
        }
        number->exponent -= (int64_t)(at - first);
    }
    return scan_exponent(text, at, number) == text.len;
}

/* When digits and power of ten are both exact in a double, the one operation between them rounds
   rightly by itself (William Clinger, "How to read floating point numbers accurately", 1990). */
static double small_value(const struct written *number)
{
    static const double exact_powers[EXACT_POWER + 1] = {
        1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
        1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    int64_t digits = 0;
    for (size_t i = 0; i < number->count; i++) {
        digits = digits * 10 + (number->digits[i] - '0');
    }
    return number->exponent < 0 ? (double)digits / exact_powers[-number->exponent]
                                : (double)digits * exact_powers[number->exponent];
}

static double value_of(struct written *number)
{
    if (number->count == 0) {
        return 0;
    }
    if (number->count <= EXACT_DIGITS && number->exponent >= -EXACT_POWER &&
        number->exponent <= EXACT_POWER) {
        return small_value(number);
    }
    char text[MOST_DIGITS + 32];
    size_t length = number->count;
    memcpy(text, number->digits, length);
    int64_t exponent = number->exponent;
    if (number->more) {
        text[length++] = '1';
        exponent--;
    }
    exponent = exponent > MOST_EXPONENT ? MOST_EXPONENT : exponent;
    exponent = exponent < -MOST_EXPONENT ? -MOST_EXPONENT : exponent;
    text[length++] = 'e';
    text[length++] = exponent < 0 ? '-' : '+';
    length += unsigned_to_text((uint64_t)(exponent < 0 ? -exponent : exponent), text + length);
    text[length] = '\0';
    return strtod(text, NULL);
}

bool double_from_text(struct str text, double *out)
{
    struct written number;
    number.negative = is_sign(text, 0) && text.ptr[0] == '-';
    number.more = false;
    number.count = 0;
    number.exponent = 0;
    if (is_sign(text, 0)) {
        text.ptr++;
        text.len--;
    }
    double value;
    if (scan_number(text, &number)) {
        value = value_of(&number);
    } else if (str_equal_ignoring_case(text, STR("inf")) ||
               str_equal_ignoring_case(text, STR("infinity"))) {
        value = __builtin_inf();
    } else if (str_equal_ignoring_case(text, STR("nan"))) {
        value = __builtin_nan("");
    } else {
        return false;
    }
    *out = number.negative ? -value : value;
    return true;
}

bool integer_from_text(struct str text, int64_t *out)
{
    bool negative = is_sign(text, 0) && text.ptr[0] == '-';
    size_t first = is_sign(text, 0) ? 1 : 0;
    size_t at = first;
    /* Gathered below zero, where there is room for one more. */
    int64_t value = 0;
    for (; is_digit(text, at); at++) {
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, text.ptr[at] - '0', &value)) {
            return false;
        }
    }
    if (at == first || at != text.len || (!negative && value == INT64_MIN)) {
        return false;
    }
    *out = negative ? value : -value;
    return true;
}

void text_append_double(struct text_buffer *out, double number)
{
    char text[DOUBLE_TEXT_MAX];
    text_append(out, (struct str){text, double_to_text(number, text)});
}

void text_append_unsigned(struct text_buffer *out, uint64_t number)
{
    char text[UNSIGNED_TEXT_MAX];
    text_append(out, (struct str){text, unsigned_to_text(number, text)});
}

void text_append_integer(struct text_buffer *out, int64_t number)
{
    if (number < 0) {
        text_append_char(out, '-');
    }
    text_append_unsigned(out, number < 0 ? 0 - (uint64_t)number : (uint64_t)number);
}
