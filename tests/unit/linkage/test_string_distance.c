/* Every distance against golden values and against the plainest implementation there is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "linkage/string_distance.h"

enum { LONGEST = 200 };

static struct string_pattern pattern;
static struct arena scratch = ARENA(1 << 20);

/* ---- references: text-book tables, no cleverness ---- */

static double reference_jaro(struct str a, struct str b)
{
    if (a.len == 0 || b.len == 0) {
        return 0.0;
    }
    long window = (long)(a.len > b.len ? a.len : b.len) / 2 - 1;
    if (a.len == 1 && b.len == 1) {
        window = 0;
    }
    bool in_a[LONGEST + 1] = {false};
    bool in_b[LONGEST + 1] = {false};
    size_t matches = 0;
    for (long j = 0; j < (long)b.len; j++) {
        for (long i = 0; i < (long)a.len; i++) {
            if (!in_a[i] && labs(i - j) <= window && a.ptr[i] == b.ptr[j]) {
                in_a[i] = in_b[j] = true;
                matches++;
                break;
            }
        }
    }
    if (matches == 0) {
        return 0.0;
    }
    size_t differ = 0;
    for (size_t i = 0, j = 0; i < a.len; i++) {
        if (in_a[i]) {
            while (!in_b[j]) {
                j++;
            }
            differ += a.ptr[i] != b.ptr[j++];
        }
    }
    double m = (double)matches;
    double t = (double)(differ / 2);
    return ((m / (double)a.len + m / (double)b.len) + (m - t) / m) / 3.0;
}

static double reference_jaro_winkler(struct str a, struct str b)
{
    double jaro = reference_jaro(a, b);
    size_t prefix = 0;
    while (prefix < 4 && prefix < a.len && prefix < b.len && a.ptr[prefix] == b.ptr[prefix]) {
        prefix++;
    }
    return jaro > 0.7 ? jaro + (double)prefix * 0.1 * (1.0 - jaro) : jaro;
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Both edit distances, by the full table with a border as Lowrance and Wagner draw it. */
static unsigned reference_edits(struct str a, struct str b, bool exchanges)
{
    static unsigned table[LONGEST + 2][LONGEST + 2];
    unsigned most = (unsigned)(a.len + b.len);
    unsigned last_row[256] = {0};
    table[0][0] = most;
    for (unsigned i = 0; i <= a.len; i++) {
        table[i + 1][0] = most;
        table[i + 1][1] = i;
    }
    for (unsigned j = 0; j <= b.len; j++) {
        table[0][j + 1] = most;
        table[1][j + 1] = j;
    }
    for (unsigned i = 1; i <= a.len; i++) {
        unsigned last_column = 0;
        for (unsigned j = 1; j <= b.len; j++) {
            unsigned row = last_row[(unsigned char)b.ptr[j - 1]];
            unsigned column = last_column;
            unsigned cost = a.ptr[i - 1] != b.ptr[j - 1];
            last_column = cost == 0 ? j : last_column;
            unsigned best = least(table[i][j] + cost, least(table[i + 1][j], table[i][j + 1]) + 1);
            if (exchanges) {
                best = least(best, table[row][column] + (i - row - 1) + 1 + (j - column - 1));
            }
            table[i + 1][j + 1] = best;
        }
        last_row[(unsigned char)a.ptr[i - 1]] = i;
    }
    return table[a.len + 1][b.len + 1];
}

static double reference_jaccard(struct str a, struct str b)
{
    unsigned shared = 0;
    unsigned either = 0;
    for (int value = 0; value < 256; value++) {
        bool in_a = a.len > 0 && memchr(a.ptr, value, a.len) != NULL;
        bool in_b = b.len > 0 && memchr(b.ptr, value, b.len) != NULL;
        shared += in_a && in_b;
        either += in_a || in_b;
    }
    return (double)shared / (double)either;
}

/* ---- golden values ---- */

static struct str golden_text(const json_t *pair, const char *key)
{
    const json_t *text = json_object_get(pair, key);
    assert_true(json_is_string(text));
    return (struct str){json_string_value(text), json_string_length(text)};
}

static double golden_number(const json_t *pair, const char *key)
{
    const json_t *number = json_object_get(pair, key);
    assert_true(json_is_number(number));
    return json_number_value(number);
}

static void check_golden_pair(const json_t *pair)
{
    struct str a = golden_text(pair, "a");
    struct str b = golden_text(pair, "b");
    double jaro = string_jaro(&pattern, a, b, -INFINITY, &scratch);
    double winkler = string_jaro_winkler(&pattern, a, b, -INFINITY, &scratch);
    assert_true(jaro == golden_number(pair, "jaro"));
    assert_true(winkler == golden_number(pair, "jaro_winkler"));
    uint64_t edits = string_levenshtein(&pattern, a, b, UINT64_MAX, &scratch);
    assert_int_equal(edits, (uint64_t)golden_number(pair, "levenshtein"));
    uint64_t damerau = string_damerau_levenshtein(a, b, UINT64_MAX, &scratch);
    assert_int_equal(damerau, (uint64_t)golden_number(pair, "damerau_levenshtein"));
    double jaccard = string_jaccard(a, b);
    if (json_is_null(json_object_get(pair, "jaccard"))) {
        assert_true(isnan(jaccard));
    } else {
        assert_true(jaccard == golden_number(pair, "jaccard"));
    }
    arena_reset(&scratch);
}

static void test_golden_pairs(void **state)
{
    (void)state;
    FILE *file = fopen("tests/data/strings.jsonl", "r");
    assert_non_null(file);
    char line[8192];
    size_t count = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        json_t *pair = json_loads(line, 0, NULL);
        assert_non_null(pair);
        check_golden_pair(pair);
        json_decref(pair);
        count++;
    }
    fclose(file);
    assert_int_equal(count, 1511);
}

/* ---- random pairs ---- */

static uint64_t random_state = 88172645463325252u;

static size_t random_below(size_t below)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (size_t)(random_state % below);
}

static const double AT_LEAST[] = {-INFINITY, 0.0,  0.3, 0.5,  0.6999, 0.7,  0.75, 0.8,
                                  0.85,      0.88, 0.9, 0.92, 0.95,   0.99, 1.0,  1.1};
static const uint64_t AT_MOST[] = {0, 1, 2, 3, 4, 5, 8, 20, 63, 64, 65, 199, UINT64_MAX};

static void check_similarity(double got, double exact, double at_least)
{
    if (exact >= at_least) {
        assert_true(got == exact);
    } else {
        assert_true(got < at_least);
    }
}

static void check_distance(uint64_t got, unsigned exact, uint64_t at_most)
{
    if (exact <= at_most) {
        assert_int_equal(got, exact);
    } else {
        assert_true(got > at_most);
    }
}

static void check_pair(struct str a, struct str b)
{
    double jaro = reference_jaro(a, b);
    double winkler = reference_jaro_winkler(a, b);
    for (size_t i = 0; i < ARRAY_LENGTH(AT_LEAST); i++) {
        check_similarity(string_jaro(&pattern, a, b, AT_LEAST[i], &scratch), jaro, AT_LEAST[i]);
        check_similarity(string_jaro_winkler(&pattern, a, b, AT_LEAST[i], &scratch), winkler,
                         AT_LEAST[i]);
    }
    /* A cutoff at the very value must not lose it. */
    assert_true(string_jaro(&pattern, a, b, jaro, &scratch) == jaro);
    assert_true(string_jaro_winkler(&pattern, a, b, winkler, &scratch) == winkler);
    unsigned edits = reference_edits(a, b, false);
    unsigned damerau = reference_edits(a, b, true);
    for (size_t i = 0; i < ARRAY_LENGTH(AT_MOST); i++) {
        check_distance(string_levenshtein(&pattern, a, b, AT_MOST[i], &scratch), edits, AT_MOST[i]);
        check_distance(string_damerau_levenshtein(a, b, AT_MOST[i], &scratch), damerau, AT_MOST[i]);
    }
    double jaccard = string_jaccard(a, b);
    assert_true(a.len == 0 || b.len == 0 ? isnan(jaccard) : jaccard == reference_jaccard(a, b));
    arena_reset(&scratch);
}

/* Each text sits in a heap block of its own size, so that the sanitizers see a read past it. */
static void check_copies(const char *a, size_t a_len, const char *b, size_t b_len)
{
    char *left = memory_alloc(a_len);
    char *right = memory_alloc(b_len);
    assert_true(left != NULL && right != NULL);
    memcpy(left, a, a_len);
    memcpy(right, b, b_len);
    check_pair((struct str){left, a_len}, (struct str){right, b_len});
    check_pair((struct str){right, b_len}, (struct str){left, a_len});
    memory_free(left);
    memory_free(right);
}

static void random_text(char *out, size_t length, size_t letters)
{
    for (size_t i = 0; i < length; i++) {
        size_t letter = random_below(letters);
        out[i] = (char)(letters > 26 ? letter : 'a' + letter);
    }
}

/* Edits `text` in place a few times: near pairs are where the cutoffs matter. */
static size_t edit_text(char *text, size_t length, size_t letters, size_t edits)
{
    for (; edits > 0; edits--) {
        size_t at = length == 0 ? 0 : random_below(length);
        size_t kind = random_below(4);
        if (kind == 0 && length > 0) {
            random_text(text + at, 1, letters);
        } else if (kind == 1 && length > 0) {
            memmove(text + at, text + at + 1, length - at - 1);
            length--;
        } else if (kind == 2 && length < LONGEST) {
            memmove(text + at + 1, text + at, length - at);
            random_text(text + at, 1, letters);
            length++;
        } else if (kind == 3 && at + 1 < length) {
            char kept = text[at];
            text[at] = text[at + 1];
            text[at + 1] = kept;
        }
    }
    return length;
}

static void check_random_pairs(size_t rounds, size_t shortest, size_t longest)
{
    for (size_t round = 0; round < rounds; round++) {
        static const size_t LETTERS[] = {2, 3, 5, 26, 256};
        size_t letters = LETTERS[random_below(ARRAY_LENGTH(LETTERS))];
        char a[LONGEST];
        char b[LONGEST];
        size_t a_len = shortest + random_below(longest - shortest + 1);
        random_text(a, a_len, letters);
        size_t b_len;
        if (random_below(3) == 0) {
            b_len = shortest + random_below(longest - shortest + 1);
            random_text(b, b_len, letters);
        } else {
            memcpy(b, a, a_len);
            b_len = edit_text(b, a_len, letters, random_below(5));
        }
        check_copies(a, a_len, b, b_len);
    }
}

static void test_random_short_pairs(void **state)
{
    (void)state;
    check_random_pairs(20000, 0, 20);
}

static void test_random_pairs_around_a_word(void **state)
{
    (void)state;
    check_random_pairs(600, 60, 70);
}

static void test_random_long_pairs(void **state)
{
    (void)state;
    check_random_pairs(250, 0, LONGEST);
}

/* Every pair of texts over three letters up to four long: no corner is left out. */
static void test_all_tiny_pairs(void **state)
{
    (void)state;
    enum { LETTERS = 3, TEXTS = 1 + 3 + 9 + 27 + 81 };
    char texts[TEXTS][4];
    size_t lengths[TEXTS];
    size_t count = 0;
    for (size_t length = 0, codes = 1; length <= 4; length++, codes *= LETTERS) {
        for (size_t code = 0; code < codes; code++, count++) {
            for (size_t i = 0, rest = code; i < length; i++, rest /= LETTERS) {
                texts[count][i] = (char)('a' + rest % LETTERS);
            }
            lengths[count] = length;
        }
    }
    assert_int_equal(count, TEXTS);
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < count; j++) {
            check_pair((struct str){texts[i], lengths[i]}, (struct str){texts[j], lengths[j]});
        }
    }
}

static void test_pattern_follows_the_text(void **state)
{
    (void)state;
    struct string_pattern own = {0};
    struct str first = STR("banana");
    struct str second = STR("band");
    string_pattern_set(&own, first);
    assert_int_equal(own.mask['a'], 0x2A);
    string_pattern_set(&own, second);
    assert_int_equal(own.mask['a'], 0x2);
    assert_int_equal(own.mask['d'], 0x8);
    assert_int_equal(own.length, 4);
    string_pattern_set(&own, STR(""));
    assert_int_equal(own.mask['a'], 0);
    assert_int_equal(own.mask['d'], 0);
}

static void test_nul_bytes_are_bytes(void **state)
{
    (void)state;
    check_pair((struct str){"a\0b", 3}, (struct str){"ab", 2});
    check_pair((struct str){"a\0", 2}, (struct str){"a", 1});
    check_pair((struct str){"\0\0\0", 3}, (struct str){"\0", 1});
}

static void test_no_memory_is_told(void **state)
{
    (void)state;
    struct arena none = ARENA(0);
    char a[100];
    char b[100];
    memset(a, 'a', sizeof a);
    memset(b, 'b', sizeof b);
    struct str left = {a, sizeof a};
    struct str right = {b, sizeof b};
    assert_true(isnan(string_jaro(&pattern, left, right, -INFINITY, &none)));
    assert_true(isnan(string_jaro_winkler(&pattern, left, right, -INFINITY, &none)));
    assert_true(string_levenshtein(&pattern, left, right, UINT64_MAX, &none) == UINT64_MAX);
    assert_true(string_damerau_levenshtein(left, right, UINT64_MAX, &none) == UINT64_MAX);
    arena_free(&none);
}

static int free_scratch(void **state)
{
    (void)state;
    arena_free(&scratch);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden_pairs),
        cmocka_unit_test(test_random_short_pairs),
        cmocka_unit_test(test_random_pairs_around_a_word),
        cmocka_unit_test(test_random_long_pairs),
        cmocka_unit_test(test_all_tiny_pairs),
        cmocka_unit_test(test_pattern_follows_the_text),
        cmocka_unit_test(test_nul_bytes_are_bytes),
        cmocka_unit_test(test_no_memory_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, free_scratch);
}
