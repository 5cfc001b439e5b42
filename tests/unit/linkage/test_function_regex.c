/* Regular expressions, with what DuckDB 1.5 answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "calls.h"

static const struct call_row MATCHES[] = {
    {"regexp_matches", "VARCHAR:12345|VARCHAR=^\\\\d{5}$", "BOOLEAN:true"},
    {"regexp_matches", "VARCHAR:1234|VARCHAR=^\\\\d{5}$", "BOOLEAN:false"},
    {"regexp_matches", "VARCHAR:a\\nb|VARCHAR=a.b", "BOOLEAN:false"},
    {"regexp_matches", "VARCHAR:a\\nb|VARCHAR=^b", "BOOLEAN:false"},
    {"regexp_matches", "VARCHAR:a\\nb|VARCHAR=(?m)^b", "BOOLEAN:true"},
    {"regexp_matches", "VARCHAR:a\\nb\\n|VARCHAR=(?m)^$", "BOOLEAN:true"},
    {"regexp_matches", "VARCHAR:a\\n|VARCHAR=a$", "BOOLEAN:false"},
    {"regexp_matches", "VARCHAR:a|VARCHAR=a\\\\z", "BOOLEAN:true"},
    {"regexp_matches", "VARCHAR:\\v|VARCHAR=\\\\s", "BOOLEAN:false"},
    {"regexp_matches", "VARCHAR:\\v|VARCHAR=\\\\v", "BOOLEAN:true"},
    {"regexp_matches", "VARCHAR: |VARCHAR=\\\\S", "BOOLEAN:false"},
    {"regexp_matches", "VARCHAR:é|VARCHAR=\\\\w", "BOOLEAN:false"},
    {"regexp_matches", "VARCHAR:é|VARCHAR=\\\\pL", "BOOLEAN:true"},
    {"regexp_matches", "VARCHAR:α|VARCHAR=\\\\p{Greek}", "BOOLEAN:true"},
    {"regexp_matches", "VARCHAR:a|VARCHAR=\\\\p{^L}", "BOOLEAN:false"},
    {"regexp_matches", "VARCHAR:A|VARCHAR=(?i)a", "BOOLEAN:true"},
    {"regexp_matches", "VARCHAR:ſ|VARCHAR=(?i)s", "BOOLEAN:true"},
    {"regexp_matches", "VARCHAR:aB|VARCHAR=a(?i)b", "BOOLEAN:true"},
    {"regexp_matches", "VARCHAR:abC|VARCHAR=a(?i:b)c", "BOOLEAN:false"},
    {"regexp_matches", "VARCHAR:x|VARCHAR=[[:word:]]", "BOOLEAN:true"},
    {"regexp_matches", "VARCHAR:-|VARCHAR=[\\\\d-z]", "BOOLEAN:true"},
    {"regexp_matches", "VARCHAR:]|VARCHAR=[]]", "BOOLEAN:true"},
    {"regexp_matches", "VARCHAR:[|VARCHAR=[[:a]", "BOOLEAN:true"},
    {"regexp_matches", "VARCHAR:^|VARCHAR=[a^]", "BOOLEAN:true"},
    {"regexp_matches", "VARCHAR:\\n|VARCHAR=\\\\12", "BOOLEAN:true"},
    {"regexp_matches", "VARCHAR:a|VARCHAR=\\\\x61", "BOOLEAN:true"},
    {"regexp_matches", "VARCHAR:a|VARCHAR=\\\\x{61}", "BOOLEAN:true"},
    {"regexp_matches", "VARCHAR:_|VARCHAR=\\\\_", "BOOLEAN:true"},
    {"regexp_matches", "VARCHAR:a.b|VARCHAR=\\\\Qa.b\\\\E", "BOOLEAN:true"},
    {"regexp_matches", "VARCHAR:axb|VARCHAR=\\\\Qa.b\\\\E", "BOOLEAN:false"},
    {"regexp_matches", "VARCHAR:a{1|VARCHAR=a{1", "BOOLEAN:true"},
    {"regexp_matches", "VARCHAR:x{,2}|VARCHAR=x{,2}", "BOOLEAN:true"},
    {"regexp_matches", "VARCHAR:aa|VARCHAR=a{2}", "BOOLEAN:true"},
    {"regexp_matches", "VARCHAR:aaa|VARCHAR=^a{1,2}$", "BOOLEAN:false"},
    {"regexp_matches", "VARCHAR:a|VARCHAR=^*a", "BOOLEAN:true"},
    {"regexp_matches", "VARCHAR:|VARCHAR=", "BOOLEAN:true"},
    {"regexp_matches", "VARCHAR:abc|VARCHAR=(a)(b)?(c)", "BOOLEAN:true"},
    {"regexp_matches", "VARCHAR:\\N|VARCHAR=a", "BOOLEAN:\\N"},
    {"regexp_matches", "VARCHAR:héllo|VARCHAR=h[^a]llo", "BOOLEAN:true"},
    {"regexp_matches", "VARCHAR:a]|VARCHAR=a]", "BOOLEAN:true"},
    {"regexp_matches", "VARCHAR:a}|VARCHAR=a}", "BOOLEAN:true"},
    {"regexp_matches", "VARCHAR:-|VARCHAR=[a-]", "BOOLEAN:true"},
    {"regexp_matches", "VARCHAR:b|VARCHAR=\\\\bb\\\\B", "BOOLEAN:false"},
    {"regexp_matches", "VARCHAR:ABC|VARCHAR=b|VARCHAR=i", "BOOLEAN:true"},
    {"regexp_matches", "VARCHAR:ABC|VARCHAR=b|VARCHAR=ic", "BOOLEAN:false"},
    {"regexp_matches", "VARCHAR:a\\nb|VARCHAR=a.b|VARCHAR=s", "BOOLEAN:true"},
    {"regexp_matches", "VARCHAR:a\\nb|VARCHAR=a.b|VARCHAR=sm", "BOOLEAN:false"},
    {"regexp_matches", "VARCHAR:a.b|VARCHAR=.|VARCHAR=l", "BOOLEAN:true"},
    {"regexp_matches", "VARCHAR:a\\nb|VARCHAR=^b|VARCHAR=m", "BOOLEAN:false"},
    {"regexp_matches", "VARCHAR:ABC|VARCHAR=b|VARCHAR= i", "BOOLEAN:true"},
    {"regexp_full_match", "VARCHAR:abc|VARCHAR=ab", "BOOLEAN:false"},
    {"regexp_full_match", "VARCHAR:abc|VARCHAR=a\\pabc", "BOOLEAN:true"},
    {"regexp_full_match", "VARCHAR:abc\\n|VARCHAR=abc", "BOOLEAN:false"},
    {"regexp_full_match", "VARCHAR:|VARCHAR=a*", "BOOLEAN:true"},
    {"~", "VARCHAR:abc|VARCHAR=b", "BOOLEAN:false"},
    {"~", "VARCHAR:abc|VARCHAR=.b.", "BOOLEAN:true"},
    {"rlike", "VARCHAR:abc|VARCHAR=b", "BOOLEAN:true"},
    {"regexp_matches", "VARCHAR:abc|VARCHAR:^a.c$", "BOOLEAN:true"},
    {"regexp_matches", "VARCHAR:abc|VARCHAR:x", "BOOLEAN:false"},
    {"regexp_matches", "VARCHAR:abc|VARCHAR:(", "BOOLEAN!"},
    {"regexp_full_match", "VARCHAR:abc|VARCHAR:b", "BOOLEAN:false"},
    {"regexp_extract", "VARCHAR:abc|VARCHAR:[bc]+", "VARCHAR:bc"},
};

static const struct call_row EXTRACTS[] = {
    {"regexp_extract", "VARCHAR:ab@c|VARCHAR=^[^@]+", "VARCHAR:ab"},
    {"regexp_extract", "VARCHAR:abc|VARCHAR=x", "VARCHAR:"},
    {"regexp_extract", "VARCHAR:SW1A 1AA|VARCHAR=^[A-Za-z]{1,2}[0-9][A-Za-z0-9]? [0-9]",
     "VARCHAR:SW1A 1"},
    {"regexp_extract", "VARCHAR:|VARCHAR=", "VARCHAR:"},
    {"regexp_extract", "VARCHAR:xaab|VARCHAR=(a\\pab)(c\\pbcd)*", "VARCHAR:a"},
    {"regexp_extract", "VARCHAR:日本語|VARCHAR=本.", "VARCHAR:本語"},
    {"regexp_extract", "VARCHAR:a@b.c|VARCHAR=@(.*)$|INTEGER=1", "VARCHAR:b.c"},
    {"regexp_extract", "VARCHAR:abc|VARCHAR=b|INTEGER=1", "VARCHAR:"},
    {"regexp_extract", "VARCHAR:abc|VARCHAR=(b)|INTEGER=2", "VARCHAR:"},
    {"regexp_extract", "VARCHAR:abc|VARCHAR=(x)?b|INTEGER=1", "VARCHAR:"},
    {"regexp_extract", "VARCHAR:abc|VARCHAR=(?P<n>b)|INTEGER=1", "VARCHAR:b"},
    {"regexp_extract", "VARCHAR:abc|VARCHAR=(a)(b)(c)|INTEGER=3", "VARCHAR:c"},
    {"regexp_extract", "VARCHAR:abc|VARCHAR=B|INTEGER=0|VARCHAR=i", "VARCHAR:b"},
    {"regexp_extract_all", "VARCHAR:a1b22|VARCHAR=[0-9]+", "VARCHAR[]:[1, 22]"},
    {"regexp_extract_all", "VARCHAR:aaa|VARCHAR=x*", "VARCHAR[]:['', '', '', '']"},
    {"regexp_extract_all", "VARCHAR:abc|VARCHAR=", "VARCHAR[]:['', '', '', '']"},
    {"regexp_extract_all", "VARCHAR:日本|VARCHAR=.", "VARCHAR[]:[日, 本]"},
    {"regexp_extract_all", "VARCHAR:ab12|VARCHAR=\\\\b", "VARCHAR[]:['', '', '']"},
    {"regexp_extract_all", "VARCHAR:a1b22|VARCHAR=([a-z])([0-9]+)|INTEGER=2", "VARCHAR[]:[1, 22]"},
    {"regexp_extract_all", "VARCHAR:a1|VARCHAR=(x)?[0-9]|INTEGER=1", "VARCHAR[]:[NULL]"},
    {"string_split_regex", "VARCHAR:a1b22c|VARCHAR=[0-9]+", "VARCHAR[]:[a, b, c]"},
    {"string_split_regex", "VARCHAR:abc|VARCHAR=", "VARCHAR[]:[a, b, c]"},
    {"string_split_regex", "VARCHAR:|VARCHAR=x", "VARCHAR[]:['']"},
    {"string_split_regex", "VARCHAR:a1|VARCHAR=1", "VARCHAR[]:[a, '']"},
    {"string_split_regex", "VARCHAR:abc|VARCHAR=x*", "VARCHAR[]:[a, b, c]"},
    {"string_split_regex", "VARCHAR:日本|VARCHAR=", "VARCHAR[]:[日, 本]"},
    {"string_split_regex", "VARCHAR:1a1|VARCHAR=^1", "VARCHAR[]:['', a1]"},
    {"regexp_escape", "VARCHAR:a.b*c [x] é_-", "VARCHAR:a\\\\.b\\\\*c\\\\ \\\\[x\\\\]\\\\ é_\\\\-"},
};

static const struct call_row REPLACES[] = {
    {"regexp_replace", "VARCHAR:555-1234|VARCHAR=[^0-9]|VARCHAR:", "VARCHAR:5551234"},
    {"regexp_replace", "VARCHAR:abc|VARCHAR=b|VARCHAR:[\\\\0]", "VARCHAR:a[b]c"},
    {"regexp_replace", "VARCHAR:abc|VARCHAR=(b)|VARCHAR:[\\\\1\\\\1]", "VARCHAR:a[bb]c"},
    {"regexp_replace", "VARCHAR:abc|VARCHAR=(b)|VARCHAR:\\\\2", "VARCHAR:abc"},
    {"regexp_replace", "VARCHAR:abc|VARCHAR=(b)|VARCHAR:\\\\x", "VARCHAR:abc"},
    {"regexp_replace", "VARCHAR:abc|VARCHAR=b|VARCHAR:\\\\", "VARCHAR:abc"},
    {"regexp_replace", "VARCHAR:abc|VARCHAR=b|VARCHAR:\\\\\\\\", "VARCHAR:a\\\\c"},
    {"regexp_replace", "VARCHAR:abc|VARCHAR=x*|VARCHAR:-", "VARCHAR:-abc"},
    {"regexp_replace", "VARCHAR:abc|VARCHAR=z|VARCHAR:-", "VARCHAR:abc"},
    {"regexp_replace", "VARCHAR:\\N|VARCHAR=a|VARCHAR:b", "VARCHAR:\\N"},
    {"regexp_replace", "VARCHAR:(555) 010|VARCHAR=[^0-9]|VARCHAR:|VARCHAR=g", "VARCHAR:555010"},
    {"regexp_replace", "VARCHAR:aaa|VARCHAR=a|VARCHAR:b|VARCHAR=g", "VARCHAR:bbb"},
    {"regexp_replace", "VARCHAR:aaa|VARCHAR=x*|VARCHAR:-|VARCHAR=g", "VARCHAR:-a-a-a-"},
    {"regexp_replace", "VARCHAR:日本|VARCHAR=|VARCHAR:-|VARCHAR=g", "VARCHAR:-日-本-"},
    {"regexp_replace", "VARCHAR:abc|VARCHAR=B|VARCHAR:x|VARCHAR=gi", "VARCHAR:axc"},
    {"regexp_replace", "VARCHAR:a.c|VARCHAR=.|VARCHAR:x|VARCHAR=gl", "VARCHAR:axc"},
    {"regexp_replace", "VARCHAR:baac|VARCHAR=a*|VARCHAR:-|VARCHAR=g", "VARCHAR:-b-c-"},
    {"regexp_replace", "VARCHAR:a\\nb|VARCHAR=.|VARCHAR:x|VARCHAR=gs", "VARCHAR:xxx"},
    {"regexp_replace", "VARCHAR:abab|VARCHAR=b|VARCHAR:x|VARCHAR=c", "VARCHAR:axab"},
};

static const struct call_row REFUSALS[] = {
    {"regexp_matches", "VARCHAR:a|VARCHAR=(?=a)", "refused: character 1: after (?"},
    {"regexp_matches", "VARCHAR:a|VARCHAR=(?!a)", "refused: after (?"},
    {"regexp_matches", "VARCHAR:a|VARCHAR=(?<=a)", "refused: after (?"},
    {"regexp_matches", "VARCHAR:a|VARCHAR=(?<n>a)", "refused: after (?"},
    {"regexp_matches", "VARCHAR:a|VARCHAR=(?>a)", "refused: after (?"},
    {"regexp_matches", "VARCHAR:a|VARCHAR=(?:a", "refused: character 5: a group is not closed"},
    {"regexp_matches", "VARCHAR:a|VARCHAR=(?R)", "refused: after (?"},
    {"regexp_matches", "VARCHAR:a|VARCHAR=(?#c)", "refused: after (?"},
    {"regexp_matches", "VARCHAR:a|VARCHAR=(?x)a", "refused: after (?"},
    {"regexp_matches", "VARCHAR:a|VARCHAR=(?-)a", "refused: after (?"},
    {"regexp_matches", "VARCHAR:a|VARCHAR=(a)\\\\1",
     "refused: character 4: back-references are not supported"},
    {"regexp_matches", "VARCHAR:a|VARCHAR=\\\\8", "refused: back-references"},
    {"regexp_matches", "VARCHAR:a|VARCHAR=a++",
     "refused: character 3: a repetition must not follow another"},
    {"regexp_matches", "VARCHAR:a|VARCHAR=a**", "refused: must not follow"},
    {"regexp_matches", "VARCHAR:a|VARCHAR=a{2}{3}", "refused: must not follow"},
    {"regexp_matches", "VARCHAR:a|VARCHAR=*a", "refused: character 1: there is nothing to repeat"},
    {"regexp_matches", "VARCHAR:a|VARCHAR=(*a)", "refused: nothing to repeat"},
    {"regexp_matches", "VARCHAR:a|VARCHAR=a\\p*", "refused: nothing to repeat"},
    {"regexp_matches", "VARCHAR:a|VARCHAR=(?i)*", "refused: nothing to repeat"},
    {"regexp_matches", "VARCHAR:a|VARCHAR=a{1001}", "refused: over 1000"},
    {"regexp_matches", "VARCHAR:a|VARCHAR=a{2,1}", "refused: wrong"},
    {"regexp_matches", "VARCHAR:a|VARCHAR=(a{500}){3}", "refused: come to more than 1000"},
    {"regexp_matches", "VARCHAR:a|VARCHAR=a\\\\", "refused: a backslash stands at the end"},
    {"regexp_matches", "VARCHAR:a|VARCHAR=\\\\K", "refused: no such escape"},
    {"regexp_matches", "VARCHAR:a|VARCHAR=\\\\Z", "refused: no such escape"},
    {"regexp_matches", "VARCHAR:a|VARCHAR=\\\\h", "refused: no such escape"},
    {"regexp_matches", "VARCHAR:a|VARCHAR=\\\\R", "refused: no such escape"},
    {"regexp_matches", "VARCHAR:a|VARCHAR=\\\\G", "refused: no such escape"},
    {"regexp_matches", "VARCHAR:a|VARCHAR=é\\\\y", "refused: character 2: there is no such escape"},
    {"regexp_matches", "VARCHAR:a|VARCHAR=\\\\C", "refused: \\C is not supported"},
    {"regexp_matches", "VARCHAR:a|VARCHAR=[a", "refused: character 1: the bracket is not closed"},
    {"regexp_matches", "VARCHAR:a|VARCHAR=[]", "refused: not closed"},
    {"regexp_matches", "VARCHAR:a|VARCHAR=[z-a]", "refused: runs backwards"},
    {"regexp_matches", "VARCHAR:a|VARCHAR=[\\\\b]", "refused: no such escape"},
    {"regexp_matches", "VARCHAR:a|VARCHAR=[a-\\\\d]", "refused: no such escape"},
    {"regexp_matches", "VARCHAR:a|VARCHAR=[[:foo:]]", "refused: no such [:class:]"},
    {"regexp_matches", "VARCHAR:a|VARCHAR=\\\\p{Foo}", "refused: not valid"},
    {"regexp_matches", "VARCHAR:a|VARCHAR=\\\\p{lu}", "refused: Unicode property"},
    {"regexp_matches", "VARCHAR:a|VARCHAR=\\\\pX", "refused: Unicode property"},
    {"regexp_matches", "VARCHAR:a|VARCHAR=\\\\p{L", "refused: Unicode property"},
    {"regexp_matches", "VARCHAR:a|VARCHAR=\\\\x{110000}", "refused: hexadecimal"},
    {"regexp_matches", "VARCHAR:a|VARCHAR=\\\\x{}", "refused: hexadecimal"},
    {"regexp_matches", "VARCHAR:a|VARCHAR=\\\\x6", "refused: hexadecimal"},
    {"regexp_matches", "VARCHAR:a|VARCHAR=a)", "refused: character 2: the group was never opened"},
    {"regexp_matches", "VARCHAR:a|VARCHAR=(?i)\\\\p{Lu}", "refused: do not go with ignored case"},
    {"regexp_matches",
     "VARCHAR:a|VARCHAR=((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((("
     "((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((("
     "((((((((((((((((((((((((((((((((())))))))))))))))))))))))))))))))))))))))))))))))))))))))))))"
     ")))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))"
     "))))))))))))))))))))))))))))))))))))))))))))))))",
     "refused: too many groups"},
    {"regexp_matches", "VARCHAR:a|VARCHAR=a|VARCHAR=x", "refused: no option 'x'"},
    {"regexp_matches", "VARCHAR:a|VARCHAR=a|VARCHAR=g", "refused: no option 'g'"},
    {"regexp_matches", "VARCHAR:a|VARCHAR=a|VARCHAR:i", "refused: constant options"},
    {"regexp_matches", "VARCHAR:a|INTEGER=5",
     "refused: argument 2 is INTEGER: write cast(... as VARCHAR)"},
    {"regexp_extract", "VARCHAR:a|VARCHAR=a|INTEGER=10", "refused: group must be 0 to 9"},
    {"regexp_extract", "VARCHAR:a|VARCHAR=a|INTEGER=-1", "refused: group must be"},
    {"regexp_extract", "VARCHAR:a|VARCHAR=a|INTEGER:1", "refused: constant group"},
    {"regexp_extract_all", "VARCHAR:a|VARCHAR=(a)|INTEGER=2", "refused: the pattern has 1 groups"},
};

static void test_matches(void **state)
{
    (void)state;
    calls_check(MATCHES, ARRAY_LENGTH(MATCHES));
}

static void test_extracts(void **state)
{
    (void)state;
    calls_check(EXTRACTS, ARRAY_LENGTH(EXTRACTS));
}

static void test_replaces(void **state)
{
    (void)state;
    calls_check(REPLACES, ARRAY_LENGTH(REPLACES));
}

static void test_refusals(void **state)
{
    (void)state;
    calls_check(REFUSALS, ARRAY_LENGTH(REFUSALS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_matches),
        cmocka_unit_test(test_extracts),
        cmocka_unit_test(test_replaces),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
