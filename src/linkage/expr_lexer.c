#include "linkage/expr_lexer.h"

#include <stdbool.h>

#include "base/utf8.h"
#include "base/vec.h"

struct lexer {
    struct str text;
    size_t at; /* the next byte to read */
    struct arena *arena;
    struct error *error;
    struct {
        VEC(struct expr_token);
    } tokens;
};

/* Longest first: the first that fits is the token. As in PostgreSQL no operator here ends in + or
   -, so that `a<-1` and `a||-1` need no space. */
static const char *const OPERATORS[] = {
    "!~~*", "!~~", "~~*", "~~~", "->>", "<=>", "!~*", "**", "//", "||", "::", ":=", "=>",
    "->",   "<=",  ">=",  "<>",  "!=",  "==",  "!~",  "~~", "~*", "^@", "@>", "<@", "&&",
    "<<",   ">>",  "+",   "-",   "*",   "/",   "%",   "^",  "=",  "<",  ">",  "(",  ")",
    "[",    "]",   "{",   "}",   ",",   ".",   ":",   ";",  "~",  "&",  "|",  "@",  "!",
};

size_t expr_lexer_character(struct str text, size_t offset)
{
    size_t characters = 1;
    for (size_t i = 0; i < offset && i < text.len; i++) {
        /* Every byte but a continuation byte (10xxxxxx) begins a character. */
        characters += ((unsigned char)text.ptr[i] & 0xC0) != 0x80;
    }
    /* A place in the midst of a character is that character's. */
    bool midst = offset < text.len && ((unsigned char)text.ptr[offset] & 0xC0) == 0x80;
    return characters - midst;
}

static int fail_at(struct lexer *lexer, size_t offset, const char *what)
{
    return error_set(lexer->error, STATUS_INVALID, "%s (at character %zu)", what,
                     expr_lexer_character(lexer->text, offset));
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Any byte of a character beyond ASCII may stand in a name, as in DuckDB. */
static bool begins_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

static bool continues_word(char c)
{
    return begins_word(c) || is_digit(c) || c == '$';
}

/* The byte at an offset from the place, or NUL beyond the end: a text holds no NUL. */
static char peek(const struct lexer *lexer, size_t ahead)
{
    return ahead < lexer->text.len - lexer->at ? lexer->text.ptr[lexer->at + ahead] : '\0';
}

static int push(struct lexer *lexer, enum expr_token_kind kind, size_t begin, struct str text)
{
    struct expr_token token = {kind, (uint32_t)begin, (uint32_t)lexer->at, text};
    return vec_push(&lexer->tokens, token) ? 0 : error_out_of_memory(lexer->error);
}

static struct str slice(const struct lexer *lexer, size_t begin, size_t end)
{
    return (struct str){lexer->text.ptr + begin, end - begin};
}

/* ---- spaces and comments ---- */

/* Block comments nest, as in PostgreSQL and DuckDB. */
static int skip_block_comment(struct lexer *lexer)
{
    size_t begin = lexer->at;
    size_t depth = 0;
    do {
        if (lexer->at >= lexer->text.len) {
            return fail_at(lexer, begin, "the comment that begins here has no end");
        }
        if (peek(lexer, 0) == '/' && peek(lexer, 1) == '*') {
            depth++;
            lexer->at += 2;
        } else if (peek(lexer, 0) == '*' && peek(lexer, 1) == '/') {
            depth--;
            lexer->at += 2;
        } else {
            lexer->at++;
        }
    } while (depth > 0);
    return 0;
}

static int skip_blanks(struct lexer *lexer)
{
    for (;;) {
        char c = peek(lexer, 0);
        if (c == ' ' || (c >= '\t' && c <= '\r')) {
            lexer->at++;
        } else if (c == '-' && peek(lexer, 1) == '-') {
            while (lexer->at < lexer->text.len && peek(lexer, 0) != '\n') {
                lexer->at++;
            }
        } else if (c == '/' && peek(lexer, 1) == '*') {
            int status = skip_block_comment(lexer);
            if (status != 0) {
                return status;
            }
        } else {
            return 0;
        }
    }
}

/* ---- quoted things ---- */

/* What a backslash and `c` stand for in E'…'; NUL for what is not known here. */
static char escaped(char c)
{
    switch (c) {
    case 'n': return '\n';
    case 't': return '\t';
    case 'r': return '\r';
    case 'b': return '\b';
    case 'f': return '\f';
    case '\\':
    case '\'':
    case '"': return c;
    default: return '\0';
    }
}

/* Reads from the opening quote to the closing one. A doubled quote stands for one; with `escapes`
   a backslash is special too. The content is copied only when it differs from what is written. */
static int read_quoted(struct lexer *lexer, size_t begin, enum expr_token_kind kind, bool escapes,
                       const char *unclosed)
{
    char quote = peek(lexer, 0);
    size_t from = ++lexer->at;
    size_t extra = 0; /* bytes that the content is shorter than what is written */
    while (peek(lexer, 0) != quote || peek(lexer, 1) == quote) {
        if (lexer->at >= lexer->text.len) {
            return fail_at(lexer, begin, unclosed);
        }
        bool pair = peek(lexer, 0) == quote || (escapes && peek(lexer, 0) == '\\');
        if (pair && peek(lexer, 0) == '\\' && escaped(peek(lexer, 1)) == '\0') {
            return fail_at(lexer, lexer->at, "this escape is not supported in E'…'");
        }
        extra += pair;
        lexer->at += 1 + pair;
    }
    struct str content = slice(lexer, from, lexer->at);
    lexer->at++;
    if (extra == 0) {
        return push(lexer, kind, begin, content);
    }
    char *copy = arena_alloc(lexer->arena, content.len - extra);
    if (copy == NULL) {
        return error_out_of_memory(lexer->error);
    }
    size_t used = 0;
    for (size_t i = 0; i < content.len; i++) {
        char c = content.ptr[i];
        if (c == quote) {
            i++;
        } else if (escapes && c == '\\') {
            c = escaped(content.ptr[++i]);
        }
        copy[used++] = c;
    }
    return push(lexer, kind, begin, (struct str){copy, used});
}

static int read_quoted_name(struct lexer *lexer)
{
    size_t begin = lexer->at;
    int status = read_quoted(lexer, begin, EXPR_TOKEN_QUOTED, false,
                             "the quoted name that begins here has no end");
    bool is_empty = status == 0 && lexer->at == begin + 2; /* nothing but quotes */
    return is_empty ? fail_at(lexer, begin, "a quoted name is empty") : status;
}

/* ---- the rest ---- */

static int read_word(struct lexer *lexer)
{
    size_t begin = lexer->at;
    if ((peek(lexer, 0) == 'e' || peek(lexer, 0) == 'E') && peek(lexer, 1) == '\'') {
        lexer->at++;
        return read_quoted(lexer, begin, EXPR_TOKEN_TEXT, true,
                           "the text that begins here has no closing quote");
    }
    while (continues_word(peek(lexer, 0))) {
        lexer->at++;
    }
    return push(lexer, EXPR_TOKEN_WORD, begin, slice(lexer, begin, lexer->at));
}

static int read_number(struct lexer *lexer)
{
    size_t begin = lexer->at;
    while (is_digit(peek(lexer, 0))) {
        lexer->at++;
    }
    if (peek(lexer, 0) == '.') {
        lexer->at++;
        while (is_digit(peek(lexer, 0))) {
            lexer->at++;
        }
    }
    if (peek(lexer, 0) == 'e' || peek(lexer, 0) == 'E') {
        size_t sign = peek(lexer, 1) == '+' || peek(lexer, 1) == '-';
        if (is_digit(peek(lexer, 1 + sign))) {
            lexer->at += 1 + sign;
            while (is_digit(peek(lexer, 0))) {
                lexer->at++;
            }
        }
    }
    /* DuckDB reads `1_000` as a thousand and `0x1F` as `0 AS x1F`; neither is worth guessing. */
    if (continues_word(peek(lexer, 0)) || peek(lexer, 0) == '.') {
        return fail_at(lexer, lexer->at,
                       "a number has digits, one point and an exponent, and nothing else");
    }
    return push(lexer, EXPR_TOKEN_NUMBER, begin, slice(lexer, begin, lexer->at));
}

static int read_parameter(struct lexer *lexer)
{
    size_t begin = lexer->at++;
    while (continues_word(peek(lexer, 0))) {
        lexer->at++;
    }
    return push(lexer, EXPR_TOKEN_PARAMETER, begin, slice(lexer, begin, lexer->at));
}

static int read_punctuation(struct lexer *lexer)
{
    size_t begin = lexer->at;
    struct str rest = slice(lexer, begin, lexer->text.len);
    for (size_t i = 0; i < ARRAY_LENGTH(OPERATORS); i++) {
        struct str operator= str_from(OPERATORS[i]);
        if (str_starts_with(rest, operator)) {
            lexer->at += operator.len;
            return push(lexer, EXPR_TOKEN_PUNCTUATION, begin, operator);
        }
    }
    return fail_at(lexer, begin, "this character has no meaning in a condition");
}

static int read_token(struct lexer *lexer)
{
    char c = peek(lexer, 0);
    if (c == '\'') {
        return read_quoted(lexer, lexer->at, EXPR_TOKEN_TEXT, false,
                           "the text that begins here has no closing quote");
    }
    if (c == '"' || c == '`') {
        return read_quoted_name(lexer);
    }
    if (begins_word(c)) {
        return read_word(lexer);
    }
    if (is_digit(c) || (c == '.' && is_digit(peek(lexer, 1)))) {
        return read_number(lexer);
    }
    if (c == '$' || c == '?' || c == '#') {
        return read_parameter(lexer);
    }
    return read_punctuation(lexer);
}

static int read_all(struct lexer *lexer)
{
    for (;;) {
        int status = skip_blanks(lexer);
        if (status != 0) {
            return status;
        }
        if (lexer->at >= lexer->text.len) {
            return push(lexer, EXPR_TOKEN_END, lexer->text.len, (struct str){"", 0});
        }
        status = read_token(lexer);
        if (status != 0) {
            return status;
        }
    }
}

int expr_lexer_read(struct expr_tokens *out, struct arena *arena, struct str text,
                    struct error *error)
{
    struct lexer lexer = {.text = text, .arena = arena, .error = error};
    if (text.len > EXPR_MAX_BYTES) {
        return error_set(error, STATUS_INVALID, "the condition has %zu bytes; at most %d may be",
                         text.len, EXPR_MAX_BYTES);
    }
    size_t valid = utf8_valid_prefix(text);
    if (valid < text.len) {
        return fail_at(&lexer, valid, "the condition is not UTF-8");
    }
    const char *nul = text.len == 0 ? NULL : memchr(text.ptr, '\0', text.len);
    if (nul != NULL) {
        return fail_at(&lexer, (size_t)(nul - text.ptr), "the condition holds a NUL character");
    }
    int status = read_all(&lexer);
    struct expr_token *items = NULL;
    if (status == 0) {
        items = arena_alloc_array(arena, lexer.tokens.len, sizeof *items);
        status = items == NULL ? error_out_of_memory(error) : 0;
    }
    if (status == 0) {
        memcpy(items, lexer.tokens.items, lexer.tokens.len * sizeof *items);
        *out = (struct expr_tokens){items, lexer.tokens.len};
    }
    vec_free(&lexer.tokens);
    return status;
}
