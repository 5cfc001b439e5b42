#include "linkage/regex_pattern.h"

#include <utf8proc.h>

#include "base/utf8.h"

enum {
    MOST_REPEATS = 1000, /* RE2's limit for {n} */
    MOST_NESTING = 200,  /* of groups; PCRE2's own limit is 250 */
    HIGHEST = 0x10FFFF,
};

struct translator {
    struct str pattern;
    size_t at;
    struct text_buffer *out;
    struct error *error;
    bool can_repeat;   /* whether what was put out last may be repeated */
    bool is_repeated;  /* whether it already is */
    bool ignores_case; /* anywhere in the pattern */
    size_t cased_at;   /* where a property of upper or lower case stands; SIZE_MAX for nowhere */
    int repeats;       /* how often the last operand repeats, with repetitions within multiplied */
    unsigned depth;    /* open groups */
    int most_repeats[MOST_NESTING + 1]; /* the highest `repeats` in each open group so far */
};

static int fail(struct translator *translator, size_t at, const char *what)
{
    struct str before = {translator->pattern.ptr, at};
    return error_set(translator->error, STATUS_INVALID,
                     "the regular expression is not valid at its character %zu: %s",
                     utf8_length(before) + 1, what);
}

static bool at_end(const struct translator *translator)
{
    return translator->at >= translator->pattern.len;
}

/* The byte `ahead` of the place, 0 past the end. */
static char peek(const struct translator *translator, size_t ahead)
{
    size_t at = translator->at + ahead;
    return at < translator->pattern.len ? translator->pattern.ptr[at] : '\0';
}

static bool sees(const struct translator *translator, const char *text)
{
    size_t length = strlen(text);
    return translator->pattern.len - translator->at >= length &&
           memcmp(translator->pattern.ptr + translator->at, text, length) == 0;
}

static bool accepts(struct translator *translator, const char *text)
{
    bool seen = sees(translator, text);
    translator->at += seen ? strlen(text) : 0;
    return seen;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_octal(char c)
{
    return c >= '0' && c <= '7';
}

static bool is_word(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static int hex_value(char c)
{
    if (is_digit(c)) {
        return c - '0';
    }
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* The code point at the place, and moves behind it. */
static int32_t next_code_point(struct translator *translator)
{
    utf8proc_int32_t code = 0;
    utf8proc_ssize_t size =
        utf8proc_iterate((const utf8proc_uint8_t *)translator->pattern.ptr + translator->at,
                         (utf8proc_ssize_t)(translator->pattern.len - translator->at), &code);
    translator->at += size > 0 ? (size_t)size : 1;
    return code;
}

/* A code point in a form that means itself everywhere. */
static void put_code_point(struct translator *translator, int32_t code)
{
    if (code < 0x80 && is_word((char)code)) {
        text_append_char(translator->out, (char)code);
    } else {
        text_appendf(translator->out, "\\x{%x}", (unsigned)code);
    }
}

/* What was put out last is something that a repetition can follow. */
static void put_operand(struct translator *translator)
{
    translator->can_repeat = true;
    translator->is_repeated = false;
    translator->repeats = 1;
}

/* An assertion. RE2 lets it be repeated, PCRE2 only in a group. The place is behind it. */
static void put_assertion(struct translator *translator, const char *assertion)
{
    char next = peek(translator, 0);
    bool repeated = next != '\0' && strchr("*+?{", next) != NULL;
    text_appendf(translator->out, repeated ? "(?:%s)" : "%s", assertion);
    put_operand(translator);
}

/* ---- escapes ---- */

/* \x7F, \x{10FFFF}: the place is behind the x. */
static int read_hex(struct translator *translator, size_t start, int32_t *out)
{
    *out = 0;
    if (accepts(translator, "{")) {
        size_t digits = 0;
        for (; hex_value(peek(translator, 0)) >= 0 && *out <= HIGHEST; digits++) {
            *out = *out * 16 + hex_value(peek(translator, 0));
            translator->at++;
        }
        if (digits == 0 || *out > HIGHEST || !accepts(translator, "}")) {
            return fail(translator, start, "\\x{...} takes up to six hexadecimal digits");
        }
        return 0;
    }
    if (hex_value(peek(translator, 0)) < 0 || hex_value(peek(translator, 1)) < 0) {
        return fail(translator, start, "\\x takes two hexadecimal digits");
    }
    *out = hex_value(peek(translator, 0)) * 16 + hex_value(peek(translator, 1));
    translator->at += 2;
    return 0;
}

/* An escape that stands for one character. The place is behind the backslash. */
static int read_escape(struct translator *translator, int32_t *out)
{
    static const char letters[] = "afnrtv";
    static const char characters[] = "\a\f\n\r\t\v";
    size_t start = translator->at - 1;
    char c = peek(translator, 0);
    if (at_end(translator)) {
        return fail(translator, start, "a backslash stands at the end");
    }
    const char *letter = c == '\0' ? NULL : strchr(letters, c);
    if (letter != NULL) {
        translator->at++;
        *out = (unsigned char)characters[letter - letters];
        return 0;
    }
    if (c == 'x') {
        translator->at++;
        return read_hex(translator, start, out);
    }
    if (c == '0' || (is_octal(c) && is_octal(peek(translator, 1)))) {
        *out = 0;
        for (int digits = 0; digits < 3 && is_octal(peek(translator, 0)); digits++) {
            *out = *out * 8 + (peek(translator, 0) - '0');
            translator->at++;
        }
        return 0;
    }
    if (is_digit(c)) {
        return fail(translator, start, "back-references are not supported");
    }
    if ((unsigned char)c < 0x80 && (c == '_' || !is_word(c))) {
        translator->at++;
        *out = (unsigned char)c;
        return 0;
    }
    return fail(translator, start, "there is no such escape");
}

/* \d and its like; `inside` a class they lose their brackets. False when it is none of them. The
   place is behind the backslash. */
static bool put_perl_class(struct translator *translator, bool inside)
{
    /* RE2's \s has no vertical tab. */
    static const char spaces[] = "\\t\\n\\f\\r\\x20";
    static const char others[] = "\\x00-\\x08\\x0b\\x0e-\\x1f\\x21-\\x{10ffff}";
    char c = peek(translator, 0);
    if (c == 'd' || c == 'D' || c == 'w' || c == 'W') {
        text_appendf(translator->out, "\\%c", c);
    } else if (c == 's' || c == 'S') {
        text_appendf(translator->out, "%s%s%s", inside ? "" : "[", c == 's' ? spaces : others,
                     inside ? "" : "]");
    } else {
        return false;
    }
    translator->at++;
    return true;
}

/* Whether a name is of a general category, or may be of a script: those begin with a capital. That
   there is such a script PCRE2 finds out. */
static bool is_property(struct str name)
{
    static const char categories[] = " C Cc Cf Co Cs L Ll Lm Lo Lt Lu M Mc Me Mn N Nd Nl No P Pc "
                                     "Pd Pe Pf Pi Po Ps S Sc Sk Sm So Z Zl Zp Zs Any ";
    if (name.len == 0 || name.len > 40 || name.ptr[0] < 'A' || name.ptr[0] > 'Z') {
        return false;
    }
    char padded[5] = {' '};
    if (name.len > 3) {
        return true;
    }
    memcpy(padded + 1, name.ptr, name.len);
    padded[name.len + 1] = ' ';
    return memmem(categories, sizeof categories - 1, padded, name.len + 2) != NULL || name.len == 3;
}

/* \pL, \p{Greek}, \P{^Lu}. The place is at the p. */
static int put_property(struct translator *translator)
{
    size_t start = translator->at - 1;
    bool negative = peek(translator, 0) == 'P';
    translator->at++;
    struct str name = {translator->pattern.ptr + translator->at, 1};
    if (accepts(translator, "{")) {
        if (accepts(translator, "^")) {
            negative = !negative;
        }
        name.ptr = translator->pattern.ptr + translator->at;
        while (is_word(peek(translator, 0))) {
            translator->at++;
        }
        name.len = (size_t)(translator->pattern.ptr + translator->at - name.ptr);
        if (!is_property(name) || !accepts(translator, "}")) {
            return fail(translator, start, "\\p{...} takes the name of a Unicode property");
        }
    } else {
        if (at_end(translator) || !is_property(name)) {
            return fail(translator, start, "\\p takes the name of a Unicode property");
        }
        translator->at++;
    }
    if (str_equal(name, STR("Lu")) || str_equal(name, STR("Ll")) || str_equal(name, STR("Lt"))) {
        translator->cased_at = start;
    }
    /* Names of more than two letters are of scripts, but for Any; sc: asks for a character's own
       script, as RE2 does, not for all that use it. */
    bool script = name.len > 2 && !str_equal(name, STR("Any"));
    text_appendf(translator->out, "\\%c{%s%.*s}", negative ? 'P' : 'p', script ? "sc:" : "",
                 STR_ARG(name));
    return 0;
}

/* \Q…\E: the place is behind the Q. */
static void put_quoted(struct translator *translator)
{
    while (!at_end(translator) && !accepts(translator, "\\E")) {
        put_code_point(translator, next_code_point(translator));
        put_operand(translator);
    }
}

static int translate_escape(struct translator *translator)
{
    size_t start = translator->at++;
    char c = peek(translator, 0);
    if (c == 'Q') {
        translator->at++;
        put_quoted(translator);
        return 0;
    }
    if (c == 'A' || c == 'z' || c == 'b' || c == 'B') {
        translator->at++;
        put_assertion(translator, (char[]){'\\', c, '\0'});
        return 0;
    }
    if (c == 'C') {
        return fail(translator, start, "\\C is not supported");
    }
    put_operand(translator);
    if (c == 'p' || c == 'P') {
        return put_property(translator);
    }
    if (put_perl_class(translator, false)) {
        return 0;
    }
    int32_t code;
    int status = read_escape(translator, &code);
    if (status == 0) {
        put_code_point(translator, code);
    }
    return status;
}

/* ---- classes ---- */

/* [:alpha:] within a class: true when one stands here and was put out. */
static int put_posix_class(struct translator *translator, bool *done)
{
    static const char *const names[] = {"alnum", "alpha", "ascii", "blank",  "cntrl",
                                        "digit", "graph", "lower", "print",  "punct",
                                        "space", "upper", "word",  "xdigit", NULL};
    *done = false;
    if (!sees(translator, "[:")) {
        return 0;
    }
    struct str rest = {translator->pattern.ptr + translator->at + 2,
                       translator->pattern.len - translator->at - 2};
    const char *end = rest.len < 2 ? NULL : memmem(rest.ptr, rest.len, ":]", 2);
    if (end == NULL) {
        return 0; /* then it is a bracket and a colon */
    }
    struct str name = {rest.ptr, (size_t)(end - rest.ptr)};
    bool negative = name.len > 0 && name.ptr[0] == '^';
    struct str plain = {name.ptr + negative, name.len - negative};
    for (size_t i = 0; names[i] != NULL; i++) {
        if (str_equal(plain, str_from(names[i]))) {
            text_appendf(translator->out, "[:%.*s:]", STR_ARG(name));
            translator->at += name.len + 4;
            *done = true;
            return 0;
        }
    }
    return fail(translator, translator->at, "there is no such [:class:]");
}

/* One end of a range, or a character alone. */
static int read_class_character(struct translator *translator, int32_t *out)
{
    if (accepts(translator, "\\")) {
        return read_escape(translator, out);
    }
    *out = next_code_point(translator);
    return 0;
}

static int put_class_range(struct translator *translator)
{
    size_t start = translator->at;
    int32_t low;
    int32_t high;
    int status = read_class_character(translator, &low);
    if (status != 0) {
        return status;
    }
    high = low;
    if (peek(translator, 0) == '-' && peek(translator, 1) != ']' &&
        translator->at + 1 < translator->pattern.len) {
        translator->at++;
        status = read_class_character(translator, &high);
        if (status != 0) {
            return status;
        }
        if (high < low) {
            return fail(translator, start, "the range of characters runs backwards");
        }
    }
    text_appendf(translator->out, high == low ? "\\x{%x}" : "\\x{%x}-\\x{%x}", (unsigned)low,
                 (unsigned)high);
    return 0;
}

static int put_class_item(struct translator *translator)
{
    bool done;
    int status = put_posix_class(translator, &done);
    if (status != 0 || done) {
        return status;
    }
    if (peek(translator, 0) != '\\') {
        return put_class_range(translator);
    }
    translator->at++;
    if (peek(translator, 0) == 'p' || peek(translator, 0) == 'P') {
        return put_property(translator);
    }
    if (put_perl_class(translator, true)) {
        return 0;
    }
    translator->at--;
    return put_class_range(translator);
}

static int translate_class(struct translator *translator)
{
    size_t start = translator->at++;
    text_append_char(translator->out, '[');
    if (accepts(translator, "^")) {
        text_append_char(translator->out, '^');
    }
    /* A bracket that comes first stands for itself. */
    for (bool first = true; first || peek(translator, 0) != ']'; first = false) {
        if (at_end(translator)) {
            return fail(translator, start, "the bracket is not closed");
        }
        int status = put_class_item(translator);
        if (status != 0) {
            return status;
        }
    }
    translator->at++;
    text_append_char(translator->out, ']');
    put_operand(translator);
    return 0;
}

/* ---- groups ---- */

static int open_group(struct translator *translator, const char *what)
{
    if (++translator->depth > MOST_NESTING) {
        return fail(translator, translator->at, "too many groups stand in one another");
    }
    text_append(translator->out, str_from(what));
    translator->can_repeat = false;
    translator->most_repeats[translator->depth] = 1;
    return 0;
}

/* (?P<name>: names serve nothing here. The place is behind the "<". */
static int open_named_group(struct translator *translator, size_t start)
{
    size_t length = 0;
    while (is_word(peek(translator, length))) {
        length++;
    }
    if (length == 0 || peek(translator, length) != '>') {
        return fail(translator, start, "the name of the group is not valid");
    }
    translator->at += length + 1;
    return open_group(translator, "(");
}

/* (?i) and (?i-s: up to the closing bracket or colon. The place is behind the "?". */
static int translate_flags(struct translator *translator, size_t start)
{
    bool negative = false;
    bool any = false;
    text_append(translator->out, STR("(?"));
    for (;; translator->at++) {
        char c = peek(translator, 0);
        if (c == '-' && !negative) {
            negative = true;
            any = false;
        } else if (c == 'i' || c == 'm' || c == 's' || c == 'U') {
            translator->ignores_case |= c == 'i' && !negative;
            any = true;
        } else if ((c == ')' || c == ':') && (any || !negative)) {
            break;
        } else {
            return fail(translator, start,
                        "after (? only flags and names are known: no look-around, no atomic or "
                        "conditional groups, no recursion");
        }
        text_append_char(translator->out, c);
    }
    bool group = peek(translator, 0) == ':';
    translator->at++;
    if (group) {
        return open_group(translator, ":");
    }
    text_append_char(translator->out, ')');
    translator->can_repeat = false;
    return 0;
}

static int translate_group(struct translator *translator)
{
    size_t start = translator->at++;
    if (!accepts(translator, "?")) {
        return open_group(translator, "(");
    }
    if (accepts(translator, "P<")) {
        return open_named_group(translator, start);
    }
    return translate_flags(translator, start);
}

/* ---- repetitions ---- */

/* Digits without leading zeros, at most four; -1 for none. */
static int read_count(struct translator *translator)
{
    if (!is_digit(peek(translator, 0)) ||
        (peek(translator, 0) == '0' && is_digit(peek(translator, 1)))) {
        return -1;
    }
    int count = 0;
    for (; is_digit(peek(translator, 0)); translator->at++) {
        count = count > MOST_REPEATS ? count : count * 10 + (peek(translator, 0) - '0');
    }
    return count;
}

/* {n}, {n,} and {n,m}; anything else is no repetition, and *highest is -1. */
static int read_counts(struct translator *translator, int *highest)
{
    size_t start = translator->at++;
    int least = read_count(translator);
    int most = least;
    bool comma = least >= 0 && accepts(translator, ",");
    if (comma) {
        most = peek(translator, 0) == '}' ? least : read_count(translator);
    }
    *highest = most;
    if (least < 0 || most < 0 || !accepts(translator, "}")) {
        translator->at = start;
        *highest = -1;
        return 0;
    }
    if (least > MOST_REPEATS || most > MOST_REPEATS || most < least) {
        return fail(translator, start, "the numbers of repetitions are wrong or over 1000");
    }
    return 0;
}

/* What was put out last is repeated so many times: nested repetitions multiply, and RE2 limits the
   product, since it writes them out. */
static int count_repeats(struct translator *translator, size_t start, int times)
{
    translator->repeats *= times > 1 ? times : 1;
    if (translator->repeats > MOST_REPEATS) {
        return fail(translator, start, "nested repetitions come to more than 1000");
    }
    int *most = &translator->most_repeats[translator->depth];
    *most = translator->repeats > *most ? translator->repeats : *most;
    return 0;
}

static int translate_repetition(struct translator *translator)
{
    size_t start = translator->at;
    int times = 1;
    if (peek(translator, 0) == '{') {
        int status = read_counts(translator, &times);
        if (status != 0) {
            return status;
        }
        if (times < 0) {
            put_code_point(translator, next_code_point(translator));
            put_operand(translator);
            return 0;
        }
    } else {
        translator->at++;
    }
    if (!translator->can_repeat) {
        return fail(translator, start, "there is nothing to repeat");
    }
    if (translator->is_repeated) {
        return fail(translator, start,
                    "a repetition must not follow another (possessive ones are not known)");
    }
    accepts(translator, "?");
    text_append(translator->out,
                (struct str){translator->pattern.ptr + start, translator->at - start});
    translator->is_repeated = true;
    return count_repeats(translator, start, times);
}

static int close_group(struct translator *translator)
{
    if (translator->depth == 0) {
        return fail(translator, translator->at, "the group was never opened");
    }
    int inside = translator->most_repeats[translator->depth--];
    text_append_char(translator->out, ')');
    translator->at++;
    put_operand(translator);
    translator->repeats = inside;
    return count_repeats(translator, translator->at, 1);
}

/* ---- all ---- */

static int translate_next(struct translator *translator)
{
    char c = peek(translator, 0);
    switch (c) {
    case '(': return translate_group(translator);
    case '[': return translate_class(translator);
    case '\\': return translate_escape(translator);
    case '*':
    case '+':
    case '?':
    case '{': return translate_repetition(translator);
    case ')': return close_group(translator);
    case '|':
        text_append_char(translator->out, c);
        translator->at++;
        translator->can_repeat = false;
        return 0;
    case '^':
    case '$':
        translator->at++;
        put_assertion(translator, (char[]){c, '\0'});
        return 0;
    case '.': break;
    default:
        put_code_point(translator, next_code_point(translator));
        put_operand(translator);
        return 0;
    }
    text_append_char(translator->out, c);
    translator->at++;
    put_operand(translator);
    return 0;
}

int regex_pattern_translate(struct text_buffer *out, struct str pattern, bool ignore_case,
                            struct error *error)
{
    struct translator translator = {.pattern = pattern,
                                    .out = out,
                                    .error = error,
                                    .ignores_case = ignore_case,
                                    .cased_at = SIZE_MAX};
    size_t valid = utf8_valid_prefix(pattern);
    if (valid < pattern.len) {
        return fail(&translator, valid, "it is not UTF-8");
    }
    while (!at_end(&translator)) {
        int status = translate_next(&translator);
        if (status != 0) {
            return status;
        }
    }
    if (translator.depth > 0) {
        return fail(&translator, pattern.len, "a group is not closed");
    }
    if (translator.ignores_case && translator.cased_at != SIZE_MAX) {
        /* RE2 takes letters of the other case in, PCRE2 does not. */
        return fail(&translator, translator.cased_at,
                    "\\p{Lu}, \\p{Ll} and \\p{Lt} do not go with ignored case: write \\pL");
    }
    return out->failed ? error_out_of_memory(error) : 0;
}

int regex_pattern_quote(struct text_buffer *out, struct str text, struct error *error)
{
    struct translator translator = {.pattern = text, .out = out, .error = error};
    size_t valid = utf8_valid_prefix(text);
    if (valid < text.len) {
        return fail(&translator, valid, "it is not UTF-8");
    }
    while (!at_end(&translator)) {
        put_code_point(&translator, next_code_point(&translator));
    }
    return out->failed ? error_out_of_memory(error) : 0;
}
