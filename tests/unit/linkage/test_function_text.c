/* Functions of texts, with what DuckDB 1.5 answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "calls.h"

static const struct call_row CASES[] = {
    {"lower", "VARCHAR:", "VARCHAR:"},
    {"lower", "VARCHAR:ABC xyz", "VARCHAR:abc xyz"},
    {"lower", "VARCHAR:É日ß", "VARCHAR:é日ß"},
    {"lower", "VARCHAR:ẞ", "VARCHAR:ß"},
    {"lower", "VARCHAR:İ", "VARCHAR:i"},
    {"lower", "VARCHAR:ŉ", "VARCHAR:ŉ"},
    {"lower", "VARCHAR:Ǆ", "VARCHAR:ǆ"},
    {"lower", "VARCHAR:ΑΣ", "VARCHAR:ασ"},
    {"lower", "VARCHAR:\\N", "VARCHAR:\\N"},
    {"upper", "VARCHAR:", "VARCHAR:"},
    {"upper", "VARCHAR:ABC xyz", "VARCHAR:ABC XYZ"},
    {"upper", "VARCHAR:É日ß", "VARCHAR:É日ẞ"},
    {"upper", "VARCHAR:ẞ", "VARCHAR:ẞ"},
    {"upper", "VARCHAR:İ", "VARCHAR:İ"},
    {"upper", "VARCHAR:ŉ", "VARCHAR:ŉ"},
    {"upper", "VARCHAR:Ǆ", "VARCHAR:Ǆ"},
    {"upper", "VARCHAR:ΑΣ", "VARCHAR:ΑΣ"},
    {"upper", "VARCHAR:\\N", "VARCHAR:\\N"},
    {"lcase", "VARCHAR:Ä", "VARCHAR:ä"},
    {"ucase", "VARCHAR:ä", "VARCHAR:Ä"},
};

static const struct call_row LENGTHS[] = {
    {"length", "VARCHAR:", "BIGINT:0"},           {"length", "VARCHAR:abc", "BIGINT:3"},
    {"length", "VARCHAR:日本é", "BIGINT:3"},      {"length", "VARCHAR:👍🏽", "BIGINT:2"},
    {"length", "VARCHAR:\\N", "BIGINT:\\N"},      {"strlen", "VARCHAR:", "BIGINT:0"},
    {"strlen", "VARCHAR:abc", "BIGINT:3"},        {"strlen", "VARCHAR:日本é", "BIGINT:8"},
    {"strlen", "VARCHAR:👍🏽", "BIGINT:8"},   {"strlen", "VARCHAR:\\N", "BIGINT:\\N"},
    {"bit_length", "VARCHAR:", "BIGINT:0"},       {"bit_length", "VARCHAR:abc", "BIGINT:24"},
    {"bit_length", "VARCHAR:日本é", "BIGINT:64"}, {"bit_length", "VARCHAR:👍🏽", "BIGINT:64"},
    {"bit_length", "VARCHAR:\\N", "BIGINT:\\N"},  {"len", "VARCHAR[]:[a, NULL]", "BIGINT:2"},
    {"len", "VARCHAR[]:[]", "BIGINT:0"},          {"char_length", "VARCHAR:é", "BIGINT:1"},
};

static const struct call_row PARTS[] = {
    {"substring", "VARCHAR:hello|BIGINT:1|BIGINT:1", "VARCHAR:h"},
    {"substring", "VARCHAR:hello|BIGINT:2|BIGINT:3", "VARCHAR:ell"},
    {"substring", "VARCHAR:hello|BIGINT:0|BIGINT:2", "VARCHAR:h"},
    {"substring", "VARCHAR:hello|BIGINT:0|BIGINT:1", "VARCHAR:"},
    {"substring", "VARCHAR:hello|BIGINT:0|BIGINT:0", "VARCHAR:"},
    {"substring", "VARCHAR:hello|BIGINT:-2|BIGINT:2", "VARCHAR:lo"},
    {"substring", "VARCHAR:hello|BIGINT:-2|BIGINT:-2", "VARCHAR:el"},
    {"substring", "VARCHAR:hello|BIGINT:-10|BIGINT:7", "VARCHAR:hello"},
    {"substring", "VARCHAR:hello|BIGINT:10|BIGINT:2", "VARCHAR:"},
    {"substring", "VARCHAR:hello|BIGINT:6|BIGINT:-2", "VARCHAR:lo"},
    {"substring", "VARCHAR:hello|BIGINT:10|BIGINT:-7", "VARCHAR:hello"},
    {"substring", "VARCHAR:hello|BIGINT:2|BIGINT:-1", "VARCHAR:h"},
    {"substring", "VARCHAR:hello|BIGINT:3|BIGINT:100", "VARCHAR:llo"},
    {"substring", "VARCHAR:hello|BIGINT:0|BIGINT:-1", "VARCHAR:"},
    {"substring", "VARCHAR:hello|BIGINT:1|BIGINT:0", "VARCHAR:"},
    {"substring", "VARCHAR:hello|BIGINT:4294967296|BIGINT:1", "VARCHAR!"},
    {"substring", "VARCHAR:hello|BIGINT:1|BIGINT:-4294967297", "VARCHAR!"},
    {"substr", "VARCHAR:hello|BIGINT:1", "VARCHAR:hello"},
    {"substr", "VARCHAR:hello|BIGINT:3", "VARCHAR:llo"},
    {"substr", "VARCHAR:hello|BIGINT:0", "VARCHAR:hello"},
    {"substr", "VARCHAR:hello|BIGINT:-2", "VARCHAR:lo"},
    {"substr", "VARCHAR:hello|BIGINT:-10", "VARCHAR:hello"},
    {"substr", "VARCHAR:hello|BIGINT:10", "VARCHAR:"},
    {"substr", "VARCHAR:hello|BIGINT:-4294967297", "VARCHAR!"},
    {"substr", "VARCHAR:日本語|BIGINT:2|BIGINT:1", "VARCHAR:本"},
    {"substr", "VARCHAR:|BIGINT:1|BIGINT:1", "VARCHAR:"},
    {"substr", "VARCHAR:\\N|BIGINT:1|BIGINT:1", "VARCHAR:\\N"},
    {"substr", "VARCHAR:a|BIGINT:\\N|BIGINT:1", "VARCHAR:\\N"},
    {"substr", "VARCHAR:hello|INTEGER=2|INTEGER=3", "VARCHAR:ell"},
    {"substr", "VARCHAR:x|NULL:\\N", "VARCHAR:\\N"},
    {"left", "VARCHAR:hello|BIGINT:2", "VARCHAR:he"},
    {"left", "VARCHAR:hello|BIGINT:-2", "VARCHAR:hel"},
    {"left", "VARCHAR:hello|BIGINT:10", "VARCHAR:hello"},
    {"left", "VARCHAR:hello|BIGINT:-10", "VARCHAR:"},
    {"left", "VARCHAR:hello|BIGINT:0", "VARCHAR:"},
    {"left", "VARCHAR:hello|BIGINT:-9223372036854775808", "VARCHAR:"},
    {"right", "VARCHAR:hello|BIGINT:2", "VARCHAR:lo"},
    {"right", "VARCHAR:hello|BIGINT:-2", "VARCHAR:llo"},
    {"right", "VARCHAR:hello|BIGINT:10", "VARCHAR:hello"},
    {"right", "VARCHAR:hello|BIGINT:-10", "VARCHAR:"},
    {"right", "VARCHAR:hello|BIGINT:0", "VARCHAR:"},
    {"right", "VARCHAR:hello|BIGINT:9223372036854775807", "VARCHAR:hello"},
    {"right", "VARCHAR:hello|BIGINT:-9223372036854775808", "VARCHAR:"},
    {"left", "VARCHAR:日本|BIGINT:1", "VARCHAR:日"},
    {"right", "VARCHAR:日本|BIGINT:1", "VARCHAR:本"},
    {"[]", "VARCHAR:abc|BIGINT:1", "VARCHAR:a"},
    {"[]", "VARCHAR:abc|BIGINT:-1", "VARCHAR:c"},
    {"[]", "VARCHAR:abc|BIGINT:0", "VARCHAR:"},
    {"[]", "VARCHAR:abc|BIGINT:4", "VARCHAR:"},
    {"[]", "VARCHAR:abc|BIGINT:-4", "VARCHAR:"},
    {"[]", "VARCHAR:日本|BIGINT:2", "VARCHAR:本"},
    {"[]", "VARCHAR:|BIGINT:1", "VARCHAR:"},
    {"[:]", "VARCHAR:abcde|BIGINT:1|BIGINT:3", "VARCHAR:abc"},
    {"[:]", "VARCHAR:abcde|BIGINT:2|BIGINT:-1", "VARCHAR:bcde"},
    {"[:]", "VARCHAR:abcde|BIGINT:-2|BIGINT:-1", "VARCHAR:de"},
    {"[:]", "VARCHAR:abcde|BIGINT:0|BIGINT:2", "VARCHAR:ab"},
    {"[:]", "VARCHAR:abcde|BIGINT:3|BIGINT:1", "VARCHAR:"},
    {"[:]", "VARCHAR:abcde|BIGINT:-10|BIGINT:2", "VARCHAR:ab"},
    {"[:]", "VARCHAR:abcde|BIGINT:-3|BIGINT:-2", "VARCHAR:cd"},
    {"[:]", "VARCHAR:abcde|BIGINT:1|BIGINT:-2", "VARCHAR:abcd"},
    {"[:]", "VARCHAR:abcde|BIGINT:4|BIGINT:99", "VARCHAR:de"},
    {"[:]", "VARCHAR:abcde|BIGINT:1|BIGINT:-99", "VARCHAR:"},
    {"[:]", "VARCHAR:日本語|BIGINT:2|BIGINT:2", "VARCHAR:本"},
    {"[:]", "VARCHAR:abc|BIGINT:1|BIGINT:\\N", "VARCHAR:\\N"},
    {"split_part", "VARCHAR:a@b@c|VARCHAR:@|BIGINT:1", "VARCHAR:a"},
    {"split_part", "VARCHAR:a@b@c|VARCHAR:@|BIGINT:3", "VARCHAR:c"},
    {"split_part", "VARCHAR:a@b@c|VARCHAR:@|BIGINT:4", "VARCHAR:"},
    {"split_part", "VARCHAR:a@b@c|VARCHAR:@|BIGINT:-1", "VARCHAR:c"},
    {"split_part", "VARCHAR:a@b@c|VARCHAR:@|BIGINT:-3", "VARCHAR:a"},
    {"split_part", "VARCHAR:a@b@c|VARCHAR:@|BIGINT:-4", "VARCHAR:"},
    {"split_part", "VARCHAR:a@b@c|VARCHAR:@|BIGINT:0", "VARCHAR:"},
    {"split_part", "VARCHAR:日本|VARCHAR:|BIGINT:2", "VARCHAR:本"},
    {"split_part", "VARCHAR:|VARCHAR:x|BIGINT:1", "VARCHAR:"},
    {"split_part", "VARCHAR:abc|VARCHAR:x|BIGINT:1", "VARCHAR:abc"},
    {"split_part", "VARCHAR:a|VARCHAR:\\N|BIGINT:1", "VARCHAR:\\N"},
};

static const struct call_row TRIMS[] = {
    {"trim", "VARCHAR:  a b  ", "VARCHAR:a b"},
    {"trim", "VARCHAR:　a ", "VARCHAR:a"},
    {"trim", "VARCHAR:\\ta\\n", "VARCHAR:\\ta\\n"},
    {"trim", "VARCHAR:", "VARCHAR:"},
    {"trim", "VARCHAR:   ", "VARCHAR:"},
    {"trim", "VARCHAR:​a", "VARCHAR:​a"},
    {"ltrim", "VARCHAR:  a ", "VARCHAR:a "},
    {"rtrim", "VARCHAR: a  ", "VARCHAR: a"},
    {"trim", "VARCHAR:xyaxy|VARCHAR:xy", "VARCHAR:a"},
    {"trim", "VARCHAR:éaé|VARCHAR:é", "VARCHAR:a"},
    {"ltrim", "VARCHAR:xxa|VARCHAR:x", "VARCHAR:a"},
    {"rtrim", "VARCHAR:axx|VARCHAR:x", "VARCHAR:a"},
    {"trim", "VARCHAR:abc|VARCHAR:", "VARCHAR:abc"},
    {"trim", "VARCHAR:aaa|VARCHAR:a", "VARCHAR:"},
};

static const struct call_row UNICODE[] = {
    {"strip_accents", "VARCHAR:Łukasz", "VARCHAR:Łukasz"},
    {"strip_accents", "VARCHAR:İbrahim Ünal nguyễn", "VARCHAR:Ibrahim Unal nguyen"},
    {"strip_accents", "VARCHAR:ß", "VARCHAR:ß"},
    {"strip_accents", "VARCHAR:abc", "VARCHAR:abc"},
    {"strip_accents", "VARCHAR:", "VARCHAR:"},
    {"nfc_normalize", "VARCHAR:é", "VARCHAR:é"},
    {"reverse", "VARCHAR:añb", "VARCHAR:bña"},
    {"reverse", "VARCHAR:xé", "VARCHAR:éx"},
    {"reverse", "VARCHAR:👍🏽x", "VARCHAR:x👍🏽"},
    {"reverse", "VARCHAR:", "VARCHAR:"},
    {"ascii", "VARCHAR:a", "INTEGER:97"},
    {"ascii", "VARCHAR:", "INTEGER:0"},
    {"ascii", "VARCHAR:é", "INTEGER:233"},
    {"ascii", "VARCHAR:日", "INTEGER:26085"},
    {"unicode", "VARCHAR:a", "INTEGER:97"},
    {"unicode", "VARCHAR:", "INTEGER:-1"},
    {"unicode", "VARCHAR:é", "INTEGER:233"},
    {"unicode", "VARCHAR:日", "INTEGER:26085"},
    {"ord", "VARCHAR:x", "INTEGER:120"},
    {"chr", "INTEGER:65", "VARCHAR:A"},
    {"chr", "INTEGER:233", "VARCHAR:é"},
    {"chr", "INTEGER:128512", "VARCHAR:😀"},
    {"chr", "INTEGER:1114111", "VARCHAR:􏿿"},
    {"chr", "INTEGER:-1", "VARCHAR!"},
    {"chr", "INTEGER:1114112", "VARCHAR!"},
    {"chr", "INTEGER:55296", "VARCHAR!"},
};

static const struct call_row SEARCHES[] = {
    {"contains", "VARCHAR:hello|VARCHAR:l", "BOOLEAN:true"},
    {"contains", "VARCHAR:hello|VARCHAR:", "BOOLEAN:true"},
    {"contains", "VARCHAR:|VARCHAR:a", "BOOLEAN:false"},
    {"contains", "VARCHAR:|VARCHAR:", "BOOLEAN:true"},
    {"contains", "VARCHAR:日本|VARCHAR:本", "BOOLEAN:true"},
    {"contains", "VARCHAR:abc|VARCHAR:abcd", "BOOLEAN:false"},
    {"contains", "VARCHAR:abc|VARCHAR:abc", "BOOLEAN:true"},
    {"starts_with", "VARCHAR:hello|VARCHAR:l", "BOOLEAN:false"},
    {"starts_with", "VARCHAR:hello|VARCHAR:", "BOOLEAN:true"},
    {"starts_with", "VARCHAR:|VARCHAR:a", "BOOLEAN:false"},
    {"starts_with", "VARCHAR:|VARCHAR:", "BOOLEAN:true"},
    {"starts_with", "VARCHAR:日本|VARCHAR:本", "BOOLEAN:false"},
    {"starts_with", "VARCHAR:abc|VARCHAR:abcd", "BOOLEAN:false"},
    {"starts_with", "VARCHAR:abc|VARCHAR:abc", "BOOLEAN:true"},
    {"ends_with", "VARCHAR:hello|VARCHAR:l", "BOOLEAN:false"},
    {"ends_with", "VARCHAR:hello|VARCHAR:", "BOOLEAN:true"},
    {"ends_with", "VARCHAR:|VARCHAR:a", "BOOLEAN:false"},
    {"ends_with", "VARCHAR:|VARCHAR:", "BOOLEAN:true"},
    {"ends_with", "VARCHAR:日本|VARCHAR:本", "BOOLEAN:true"},
    {"ends_with", "VARCHAR:abc|VARCHAR:abcd", "BOOLEAN:false"},
    {"ends_with", "VARCHAR:abc|VARCHAR:abc", "BOOLEAN:true"},
    {"instr", "VARCHAR:hello|VARCHAR:l", "BIGINT:3"},
    {"instr", "VARCHAR:hello|VARCHAR:", "BIGINT:1"},
    {"instr", "VARCHAR:|VARCHAR:a", "BIGINT:0"},
    {"instr", "VARCHAR:|VARCHAR:", "BIGINT:1"},
    {"instr", "VARCHAR:日本|VARCHAR:本", "BIGINT:2"},
    {"instr", "VARCHAR:abc|VARCHAR:abcd", "BIGINT:0"},
    {"instr", "VARCHAR:abc|VARCHAR:abc", "BIGINT:1"},
    {"prefix", "VARCHAR:abc|VARCHAR:ab", "BOOLEAN:true"},
    {"suffix", "VARCHAR:abc|VARCHAR:bc", "BOOLEAN:true"},
    {"strpos", "VARCHAR:aé|VARCHAR:é", "BIGINT:2"},
    {"contains", "VARCHAR:\\N|VARCHAR:a", "BOOLEAN:\\N"},
};

static const struct call_row LIKES[] = {
    {"~~", "VARCHAR:abc|VARCHAR:a%", "BOOLEAN:true"},
    {"~~", "VARCHAR:abc|VARCHAR:_b_", "BOOLEAN:true"},
    {"~~", "VARCHAR:日本|VARCHAR:_本", "BOOLEAN:true"},
    {"~~", "VARCHAR:ab|VARCHAR:a%b%", "BOOLEAN:true"},
    {"~~", "VARCHAR:|VARCHAR:%", "BOOLEAN:true"},
    {"~~", "VARCHAR:|VARCHAR:", "BOOLEAN:true"},
    {"~~", "VARCHAR:a|VARCHAR:", "BOOLEAN:false"},
    {"~~", "VARCHAR:abc|VARCHAR:%%c", "BOOLEAN:true"},
    {"~~", "VARCHAR:abc|VARCHAR:%_", "BOOLEAN:true"},
    {"~~", "VARCHAR:a|VARCHAR:%__", "BOOLEAN:false"},
    {"~~", "VARCHAR:aXbXc|VARCHAR:a%b%c", "BOOLEAN:true"},
    {"~~", "VARCHAR:abc|VARCHAR:ABC", "BOOLEAN:false"},
    {"~~", "VARCHAR:mississippi|VARCHAR:%iss%ip%", "BOOLEAN:true"},
    {"~~", "VARCHAR:a|VARCHAR:\\N", "BOOLEAN:\\N"},
    {"~~", "VARCHAR:a%c|VARCHAR:a\\\\%c|VARCHAR:\\\\", "BOOLEAN:true"},
    {"~~", "VARCHAR:axb|VARCHAR:axxb|VARCHAR:x", "BOOLEAN:true"},
    {"~~", "VARCHAR:a%|VARCHAR:ax%|VARCHAR:x", "BOOLEAN:true"},
    {"~~", "VARCHAR:a_b|VARCHAR:axb|VARCHAR:x", "BOOLEAN:false"},
    {"~~", "VARCHAR:abc|VARCHAR:abc|VARCHAR:", "BOOLEAN:true"},
    {"~~", "VARCHAR:a|VARCHAR:ax|VARCHAR:x", "BOOLEAN!"},
    {"~~", "VARCHAR:a|VARCHAR:a|VARCHAR:xx", "BOOLEAN!"},
    {"~~*", "VARCHAR:ABC|VARCHAR:abc", "BOOLEAN:true"},
    {"~~*", "VARCHAR:É|VARCHAR:é", "BOOLEAN:true"},
    {"~~*", "VARCHAR:İ|VARCHAR:i", "BOOLEAN:true"},
    {"~~*", "VARCHAR:aBc|VARCHAR:A%C", "BOOLEAN:true"},
    {"~~*", "VARCHAR:A%|VARCHAR:ax%|VARCHAR:X", "BOOLEAN:false"},
    {"~~~", "VARCHAR:abc|VARCHAR:a*", "BOOLEAN:true"},
    {"~~~", "VARCHAR:abc|VARCHAR:a?c", "BOOLEAN:true"},
    {"~~~", "VARCHAR:日|VARCHAR:?", "BOOLEAN:false"},
    {"~~~", "VARCHAR:abc|VARCHAR:a[bx]c", "BOOLEAN:true"},
    {"~~~", "VARCHAR:abc|VARCHAR:a[!b]c", "BOOLEAN:false"},
    {"~~~", "VARCHAR:abc|VARCHAR:a[a-c]c", "BOOLEAN:true"},
    {"~~~", "VARCHAR:a*c|VARCHAR:a\\\\*c", "BOOLEAN:true"},
    {"~~~", "VARCHAR:abc|VARCHAR:*c*", "BOOLEAN:true"},
    {"~~~", "VARCHAR:ab]|VARCHAR:ab[]]", "BOOLEAN:true"},
    {"~~~", "VARCHAR:ab|VARCHAR:ab[", "BOOLEAN:false"},
    {"~~~", "VARCHAR:a-c|VARCHAR:a[a-]c", "BOOLEAN:false"},
    {"~~~", "VARCHAR:a-c|VARCHAR:a[-a]c", "BOOLEAN:true"},
    {"~~~", "VARCHAR:a\\\\|VARCHAR:*\\\\", "BOOLEAN:false"},
    {"~~~", "VARCHAR:|VARCHAR:", "BOOLEAN:true"},
    {"~~~", "VARCHAR:|VARCHAR:*", "BOOLEAN:true"},
};

static const struct call_row BUILDING[] = {
    {"concat", "VARCHAR:a|INTEGER:1|DECIMAL(3,2):2.50|BOOLEAN:true|DATE:2020-01-02|DOUBLE:1e20",
     "VARCHAR:a12.50true2020-01-021e+20"},
    {"concat", "VARCHAR:\\N", "VARCHAR:"},
    {"concat", "VARCHAR:a|VARCHAR:\\N", "VARCHAR:a"},
    {"concat_ws", "VARCHAR:,|VARCHAR:a|VARCHAR:\\N|BIGINT:1", "VARCHAR:a,1"},
    {"concat_ws", "VARCHAR:\\N|VARCHAR:a", "VARCHAR:\\N"},
    {"concat_ws", "VARCHAR:,|VARCHAR:\\N", "VARCHAR:"},
    {"concat_ws", "VARCHAR:,|VARCHAR:|VARCHAR:", "VARCHAR:,"},
    {"||", "VARCHAR:a|INTEGER:1", "VARCHAR:a1"},
    {"||", "VARCHAR:a|VARCHAR:\\N", "VARCHAR:\\N"},
    {"||", "INTEGER:1|INTEGER:2", "VARCHAR:12"},
    {"replace", "VARCHAR:aaa|VARCHAR:a|VARCHAR:bb", "VARCHAR:bbbbbb"},
    {"replace", "VARCHAR:abc|VARCHAR:|VARCHAR:x", "VARCHAR:abc"},
    {"replace", "VARCHAR:aaa|VARCHAR:aa|VARCHAR:b", "VARCHAR:ba"},
    {"replace", "VARCHAR:abc|VARCHAR:z|VARCHAR:y", "VARCHAR:abc"},
    {"replace", "VARCHAR:abc|VARCHAR:abc|VARCHAR:", "VARCHAR:"},
    {"translate", "VARCHAR:abcabc|VARCHAR:abc|VARCHAR:12", "VARCHAR:1212"},
    {"translate", "VARCHAR:abc|VARCHAR:aa|VARCHAR:12", "VARCHAR:1bc"},
    {"translate", "VARCHAR:abc|VARCHAR:|VARCHAR:x", "VARCHAR:abc"},
    {"translate", "VARCHAR:éa|VARCHAR:é|VARCHAR:e", "VARCHAR:ea"},
    {"translate", "VARCHAR:abc|VARCHAR:cab|VARCHAR:é", "VARCHAR:é"},
    {"lpad", "VARCHAR:abc|INTEGER:5|VARCHAR:xy", "VARCHAR:xyabc"},
    {"lpad", "VARCHAR:abc|INTEGER:2|VARCHAR:x", "VARCHAR:ab"},
    {"lpad", "VARCHAR:abc|INTEGER:5|VARCHAR:", "VARCHAR!"},
    {"lpad", "VARCHAR:abc|INTEGER:2|VARCHAR:", "VARCHAR:ab"},
    {"lpad", "VARCHAR:abc|INTEGER:-1|VARCHAR:x", "VARCHAR:"},
    {"lpad", "VARCHAR:é|INTEGER:3|VARCHAR:日", "VARCHAR:日日é"},
    {"rpad", "VARCHAR:abc|INTEGER:6|VARCHAR:xy", "VARCHAR:abcxyx"},
    {"rpad", "VARCHAR:abc|INTEGER:2|VARCHAR:x", "VARCHAR:ab"},
    {"rpad", "VARCHAR:abc|INTEGER:5|VARCHAR:", "VARCHAR!"},
    {"rpad", "VARCHAR:é|INTEGER:5|VARCHAR:日a", "VARCHAR:é日a日a"},
    {"repeat", "VARCHAR:ab|BIGINT:3", "VARCHAR:ababab"},
    {"repeat", "VARCHAR:ab|BIGINT:0", "VARCHAR:"},
    {"repeat", "VARCHAR:ab|BIGINT:-1", "VARCHAR:"},
    {"repeat", "VARCHAR:|BIGINT:5", "VARCHAR:"},
    {"string_split", "VARCHAR:a,b,|VARCHAR:,", "VARCHAR[]:[a, b, '']"},
    {"string_split", "VARCHAR:|VARCHAR:,", "VARCHAR[]:['']"},
    {"string_split", "VARCHAR:abc|VARCHAR:", "VARCHAR[]:[a, b, c]"},
    {"string_split", "VARCHAR:日本|VARCHAR:", "VARCHAR[]:[日, 本]"},
    {"string_split", "VARCHAR:|VARCHAR:", "VARCHAR[]:['']"},
    {"string_split", "VARCHAR:aXXb|VARCHAR:X", "VARCHAR[]:[a, '', b]"},
    {"string_split", "VARCHAR:a|VARCHAR:\\N", "VARCHAR[]:[a]"},
    {"string_split", "VARCHAR:\\N|VARCHAR:x", "VARCHAR[]:\\N"},
    {"str_split", "VARCHAR:a b|VARCHAR: ", "VARCHAR[]:[a, b]"},
    {"md5", "VARCHAR:", "VARCHAR:d41d8cd98f00b204e9800998ecf8427e"},
    {"md5", "VARCHAR:a", "VARCHAR:0cc175b9c0f1b6a831c399e269772661"},
    {"md5", "VARCHAR:xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
     "VARCHAR:668a72d5ba17f08e62dabcafad6db14b"},
    {"md5", "VARCHAR:xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
     "VARCHAR:c1bb4f81d892b2d57947682aeb252456"},
};

static const struct call_row DISTANCES[] = {
    {"levenshtein", "VARCHAR:martha|VARCHAR:marhta", "BIGINT:2"},
    {"levenshtein", "VARCHAR:|VARCHAR:a", "BIGINT:1"},
    {"levenshtein", "VARCHAR:|VARCHAR:", "BIGINT:0"},
    {"levenshtein", "VARCHAR:é|VARCHAR:e", "BIGINT:2"},
    {"levenshtein", "VARCHAR:ca|VARCHAR:abc", "BIGINT:3"},
    {"levenshtein", "VARCHAR:dwayne|VARCHAR:duane", "BIGINT:2"},
    {"levenshtein", "VARCHAR:abc|VARCHAR:\\N", "BIGINT:\\N"},
    {"damerau_levenshtein", "VARCHAR:martha|VARCHAR:marhta", "BIGINT:1"},
    {"damerau_levenshtein", "VARCHAR:|VARCHAR:a", "BIGINT:1"},
    {"damerau_levenshtein", "VARCHAR:|VARCHAR:", "BIGINT:0"},
    {"damerau_levenshtein", "VARCHAR:é|VARCHAR:e", "BIGINT:2"},
    {"damerau_levenshtein", "VARCHAR:ca|VARCHAR:abc", "BIGINT:2"},
    {"damerau_levenshtein", "VARCHAR:dwayne|VARCHAR:duane", "BIGINT:2"},
    {"damerau_levenshtein", "VARCHAR:abc|VARCHAR:\\N", "BIGINT:\\N"},
    {"jaro_similarity", "VARCHAR:martha|VARCHAR:marhta", "DOUBLE:0.9444444444444445"},
    {"jaro_similarity", "VARCHAR:|VARCHAR:a", "DOUBLE:0.0"},
    {"jaro_similarity", "VARCHAR:|VARCHAR:", "DOUBLE:0.0"},
    {"jaro_similarity", "VARCHAR:é|VARCHAR:e", "DOUBLE:0.0"},
    {"jaro_similarity", "VARCHAR:ca|VARCHAR:abc", "DOUBLE:0.0"},
    {"jaro_similarity", "VARCHAR:dwayne|VARCHAR:duane", "DOUBLE:0.8222222222222223"},
    {"jaro_similarity", "VARCHAR:abc|VARCHAR:\\N", "DOUBLE:\\N"},
    {"jaro_winkler_similarity", "VARCHAR:martha|VARCHAR:marhta", "DOUBLE:0.9611111111111111"},
    {"jaro_winkler_similarity", "VARCHAR:|VARCHAR:a", "DOUBLE:0.0"},
    {"jaro_winkler_similarity", "VARCHAR:|VARCHAR:", "DOUBLE:0.0"},
    {"jaro_winkler_similarity", "VARCHAR:é|VARCHAR:e", "DOUBLE:0.0"},
    {"jaro_winkler_similarity", "VARCHAR:ca|VARCHAR:abc", "DOUBLE:0.0"},
    {"jaro_winkler_similarity", "VARCHAR:dwayne|VARCHAR:duane", "DOUBLE:0.8400000000000001"},
    {"jaro_winkler_similarity", "VARCHAR:abc|VARCHAR:\\N", "DOUBLE:\\N"},
    {"jaccard", "VARCHAR:martha|VARCHAR:marhta", "DOUBLE:1.0"},
    {"jaccard", "VARCHAR:|VARCHAR:a", "DOUBLE!"},
    {"jaccard", "VARCHAR:|VARCHAR:", "DOUBLE!"},
    {"jaccard", "VARCHAR:é|VARCHAR:e", "DOUBLE:0.0"},
    {"jaccard", "VARCHAR:ca|VARCHAR:abc", "DOUBLE:0.6666666666666666"},
    {"jaccard", "VARCHAR:dwayne|VARCHAR:duane", "DOUBLE:0.5714285714285714"},
    {"jaccard", "VARCHAR:abc|VARCHAR:\\N", "DOUBLE:\\N"},
    {"hamming", "VARCHAR:martha|VARCHAR:marhta", "BIGINT:2"},
    {"hamming", "VARCHAR:|VARCHAR:a", "BIGINT!"},
    {"hamming", "VARCHAR:|VARCHAR:", "BIGINT!"},
    {"hamming", "VARCHAR:é|VARCHAR:e", "BIGINT!"},
    {"hamming", "VARCHAR:ca|VARCHAR:abc", "BIGINT!"},
    {"hamming", "VARCHAR:dwayne|VARCHAR:duane", "BIGINT!"},
    {"hamming", "VARCHAR:abc|VARCHAR:\\N", "BIGINT:\\N"},
    {"editdist3", "VARCHAR:a|VARCHAR:b", "BIGINT:1"},
    {"mismatches", "VARCHAR:ab|VARCHAR:ac", "BIGINT:1"},
    {"jaro_similarity", "VARCHAR:martha|VARCHAR:marhta|DOUBLE:0.95", "DOUBLE:0.0"},
    {"jaro_winkler_similarity", "VARCHAR:martha|VARCHAR:marhta|DOUBLE:0.95",
     "DOUBLE:0.9611111111111111"},
    {"jaro_winkler_similarity", "VARCHAR:martha|VARCHAR:marhta|DECIMAL(3,2)=0.97", "DOUBLE:0.0"},
    {"levenshtein",
     "VARCHAR:"
     "abcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabc"
     "abcabcabcabcabcabcabcabcabc|VARCHAR:"
     "acbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacb"
     "acbacbacbacbacbacbacbacbacb",
     "BIGINT:80"},
    {"damerau_levenshtein",
     "VARCHAR:"
     "abcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabc"
     "abcabcabcabcabcabcabcabcabc|VARCHAR:"
     "acbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacb"
     "acbacbacbacbacbacbacbacbacb",
     "BIGINT:40"},
    {"jaro_similarity",
     "VARCHAR:"
     "abcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabc"
     "abcabcabcabcabcabcabcabcabc|VARCHAR:"
     "acbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacb"
     "acbacbacbacbacbacbacbacbacb",
     "DOUBLE:0.8888888888888888"},
    {"jaro_winkler_similarity",
     "VARCHAR:"
     "abcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabc"
     "abcabcabcabcabcabcabcabcabc|VARCHAR:"
     "acbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacb"
     "acbacbacbacbacbacbacbacbacb",
     "DOUBLE:0.8999999999999999"},
    {"jaccard",
     "VARCHAR:"
     "abcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabc"
     "abcabcabcabcabcabcabcabcabc|VARCHAR:"
     "acbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacbacb"
     "acbacbacbacbacbacbacbacbacb",
     "DOUBLE:1.0"},
};

static const struct call_row REFUSALS[] = {
    {"levenshtein", "VARCHAR:a|INTEGER=5",
     "refused: levenshtein takes (VARCHAR, VARCHAR), but argument 2 is INTEGER: write cast(... as "
     "VARCHAR)"},
    {"levenshtein", "VARCHAR:a", "refused: levenshtein takes (VARCHAR, VARCHAR), not 1 argument"},
    {"substring", "VARCHAR:a|VARCHAR:b",
     "refused: substring takes (VARCHAR, BIGINT) or (VARCHAR, BIGINT, BIGINT), but argument 2 is "
     "VARCHAR: write try_cast(... as BIGINT)"},
    {"length", "INTEGER:5",
     "refused: length takes a text or a list, but argument 1 is INTEGER: write cast(... as "
     "VARCHAR)"},
    {"lower", "DATE:2020-01-01", "refused: argument 1 is DATE: write cast(... as VARCHAR)"},
    {"lpad", "VARCHAR:a|BIGINT:5|VARCHAR:x",
     "refused: argument 2 is BIGINT: write cast(... as INTEGER)"},
    {"contains", "VARCHAR:a|INTEGER:5",
     "refused: contains takes (VARCHAR, VARCHAR) or a list and an item, but argument 2 is INTEGER"},
    {"concat", "", "refused: concat takes one or more values, not 0 arguments"},
    {"concat_ws", "INTEGER:1|VARCHAR:a", "refused: argument 1 is INTEGER"},
    {"concat_ws", "VARCHAR:,", "refused: not 1 argument"},
    {"hash", "VARCHAR:a", "refused: hash is not supported"},
    {"~~", "VARCHAR:a|VARCHAR:b|VARCHAR=xy", "refused: empty or one ASCII character"},
    {"~~", "VARCHAR:a|VARCHAR=ax|VARCHAR=x", "refused: must not end with its escape character"},
};

static void test_cases(void **state)
{
    (void)state;
    calls_check(CASES, ARRAY_LENGTH(CASES));
}

static void test_lengths(void **state)
{
    (void)state;
    calls_check(LENGTHS, ARRAY_LENGTH(LENGTHS));
}

static void test_parts(void **state)
{
    (void)state;
    calls_check(PARTS, ARRAY_LENGTH(PARTS));
}

static void test_trims(void **state)
{
    (void)state;
    calls_check(TRIMS, ARRAY_LENGTH(TRIMS));
}

static void test_unicode(void **state)
{
    (void)state;
    calls_check(UNICODE, ARRAY_LENGTH(UNICODE));
}

static void test_searches(void **state)
{
    (void)state;
    calls_check(SEARCHES, ARRAY_LENGTH(SEARCHES));
}

static void test_likes(void **state)
{
    (void)state;
    calls_check(LIKES, ARRAY_LENGTH(LIKES));
}

static void test_building(void **state)
{
    (void)state;
    calls_check(BUILDING, ARRAY_LENGTH(BUILDING));
}

static void test_distances(void **state)
{
    (void)state;
    calls_check(DISTANCES, ARRAY_LENGTH(DISTANCES));
}

static void test_refusals(void **state)
{
    (void)state;
    calls_check(REFUSALS, ARRAY_LENGTH(REFUSALS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),     cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_parts),     cmocka_unit_test(test_trims),
        cmocka_unit_test(test_unicode),   cmocka_unit_test(test_searches),
        cmocka_unit_test(test_likes),     cmocka_unit_test(test_building),
        cmocka_unit_test(test_distances), cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
