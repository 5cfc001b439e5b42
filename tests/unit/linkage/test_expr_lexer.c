#include "linkage/expr_lexer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

/* The tokens of a text as "kind:text" separated by blanks, or the error's message. */
static const char *tokens_of(struct str text)
{
    static const char kinds[] = {
        [EXPR_TOKEN_END] = '.',        [EXPR_TOKEN_WORD] = 'w',   [EXPR_TOKEN_QUOTED] = 'q',
        [EXPR_TOKEN_TEXT] = 't',       [EXPR_TOKEN_NUMBER] = 'n', [EXPR_TOKEN_PARAMETER] = 'p',
        [EXPR_TOKEN_PUNCTUATION] = 'o'};
    static struct text_buffer out = TEXT_BUFFER(4096);
    static struct error error;
    text_free(&out);
    struct arena arena = ARENA(1 << 20);
    struct expr_tokens tokens;
    if (expr_lexer_read(&tokens, &arena, text, &error) != 0) {
        assert_int_equal(error.status, STATUS_INVALID);
        text_append(&out, str_from(error.message));
    } else {
        assert_int_equal(tokens.items[tokens.count - 1].kind, EXPR_TOKEN_END);
        for (size_t i = 0; i + 1 < tokens.count; i++) {
            const struct expr_token *token = &tokens.items[i];
            text_appendf(&out, "%s%c:%.*s", i == 0 ? "" : " ", kinds[token->kind],
                         STR_ARG(token->text));
        }
    }
    arena_free(&arena);
    return out.ptr == NULL ? "" : out.ptr;
}

static void assert_tokens(const char *text, const char *expected)
{
    assert_string_equal(tokens_of(str_from(text)), expected);
}

static void splits_words_numbers_and_operators(void **state)
{
    (void)state;
    assert_tokens("", "");
    assert_tokens(" \t\r\n\f\v", "");
    assert_tokens("a_l = b_r", "w:a_l o:= w:b_r");
    assert_tokens("a=b", "w:a o:= w:b");
    assert_tokens("_x1$ é名", "w:_x1$ w:é名");
    assert_tokens("1 2.5 .5 3. 1e3 1.5E-3 2.e+1", "n:1 n:2.5 n:.5 n:3. n:1e3 n:1.5E-3 n:2.e+1");
    assert_tokens("a<=b>=c<>d!=e==f", "w:a o:<= w:b o:>= w:c o:<> w:d o:!= w:e o:== w:f");
    assert_tokens("a||b", "w:a o:|| w:b");
    assert_tokens("x->y::int", "w:x o:-> w:y o::: w:int");
    assert_tokens("a//b**c^d%e", "w:a o:// w:b o:** w:c o:^ w:d o:% w:e");
    assert_tokens("a!~~*b !~~ ~~* ~~ !~ ~", "w:a o:!~~* w:b o:!~~ o:~~* o:~~ o:!~ o:~");
    assert_tokens("[1:2]", "o:[ n:1 o:: n:2 o:]");
    assert_tokens("l.x", "w:l o:. w:x");
}

static void needs_no_blank_before_a_sign(void **state)
{
    (void)state;
    assert_tokens("a<-1", "w:a o:< o:- n:1");
    assert_tokens("a||-1", "w:a o:|| o:- n:1");
    assert_tokens("a=-1", "w:a o:= o:- n:1");
    assert_tokens("a*-b", "w:a o:* o:- w:b");
}

static void reads_quotes(void **state)
{
    (void)state;
    assert_tokens("'a' ''", "t:a t:");
    assert_tokens("'it''s'''", "t:it's'");
    assert_tokens("'\\'", "t:\\");
    assert_tokens("\"a b\" \"a\"\"b\" `c d` `e``f`", "q:a b q:a\"b q:c d q:e`f");
    assert_tokens("e'\\'\\n\\\\' E''''", "t:'\n\\ t:'");
    assert_tokens("'--no comment' '/*'", "t:--no comment t:/*");
}

static void skips_comments(void **state)
{
    (void)state;
    assert_tokens("a -- b\n= c --", "w:a o:= w:c");
    assert_tokens("a /* b /* c */ d */ = e/**/", "w:a o:= w:e");
    assert_tokens("1--2", "n:1");
    assert_tokens("1 - -2", "n:1 o:- o:- n:2");
}

static void marks_parameters(void **state)
{
    (void)state;
    assert_tokens("a = $1 ? #2", "w:a o:= p:$1 p:? p:#2");
}

static void names_the_character_of_a_fault(void **state)
{
    (void)state;
    assert_tokens("a = 'b", "the text that begins here has no closing quote (at character 5)");
    assert_tokens("a = 'b''", "the text that begins here has no closing quote (at character 5)");
    assert_tokens("é = \"b", "the quoted name that begins here has no end (at character 5)");
    assert_tokens("a = \"\"", "a quoted name is empty (at character 5)");
    assert_tokens("a /* b /* */", "the comment that begins here has no end (at character 3)");
    assert_tokens("e'\\x41'", "this escape is not supported in E'…' (at character 3)");
    assert_tokens("E'\\", "this escape is not supported in E'…' (at character 3)");
    assert_tokens("12a", "a number has digits, one point and an exponent, and nothing else "
                         "(at character 3)");
    assert_tokens("1_000", "a number has digits, one point and an exponent, and nothing else "
                           "(at character 2)");
    assert_tokens("1.2.3", "a number has digits, one point and an exponent, and nothing else "
                           "(at character 4)");
    assert_tokens("1e", "a number has digits, one point and an exponent, and nothing else "
                        "(at character 2)");
    assert_tokens("a \\ b", "this character has no meaning in a condition (at character 3)");
    assert_tokens("a = \x01", "this character has no meaning in a condition (at character 5)");
    assert_string_equal(tokens_of(STR("é = '\xff'")),
                        "the condition is not UTF-8 (at character 6)");
    assert_string_equal(tokens_of(STR("a = \0b")),
                        "the condition holds a NUL character (at character 5)");
}

static void refuses_a_text_that_is_too_long(void **state)
{
    (void)state;
    static char text[EXPR_MAX_BYTES + 1];
    memset(text, ' ', sizeof text);
    assert_string_equal(tokens_of((struct str){text, EXPR_MAX_BYTES}), "");
    assert_string_equal(tokens_of((struct str){text, EXPR_MAX_BYTES + 1}),
                        "the condition has 65537 bytes; at most 65536 may be");
}

static void counts_characters(void **state)
{
    (void)state;
    struct str text = STR("aé名b");
    assert_int_equal(expr_lexer_character(text, 0), 1);
    assert_int_equal(expr_lexer_character(text, 1), 2);
    assert_int_equal(expr_lexer_character(text, 2), 2); /* in the midst of é */
    assert_int_equal(expr_lexer_character(text, 3), 3);
    assert_int_equal(expr_lexer_character(text, 6), 4);
    assert_int_equal(expr_lexer_character(text, 7), 5); /* the end */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splits_words_numbers_and_operators),
        cmocka_unit_test(needs_no_blank_before_a_sign),
        cmocka_unit_test(reads_quotes),
        cmocka_unit_test(skips_comments),
        cmocka_unit_test(marks_parameters),
        cmocka_unit_test(names_the_character_of_a_fault),
        cmocka_unit_test(refuses_a_text_that_is_too_long),
        cmocka_unit_test(counts_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
