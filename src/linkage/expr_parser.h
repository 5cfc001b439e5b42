/*
 * What the two halves of the parser share. Private to expr_parser*.c.
 */
#ifndef LINKAGE_EXPR_PARSER_H
#define LINKAGE_EXPR_PARSER_H

#include <stdbool.h>

#include "linkage/expr_lexer.h"
#include "linkage/expr_syntax.h"

/* How tightly an operator binds, as in PostgreSQL's and DuckDB's grammar. */
enum parser_level {
    LEVEL_ANY,
    LEVEL_OR,
    LEVEL_AND,
    LEVEL_NOT,
    LEVEL_IS,
    LEVEL_COMPARE,  /* not associative: a = b = c is an error */
    LEVEL_MATCH,    /* BETWEEN, IN, LIKE: not associative either */
    LEVEL_OPERATOR, /* || ~ and all other operators */
    LEVEL_SUM,
    LEVEL_PRODUCT,
    LEVEL_POWER,
    LEVEL_SIGN, /* binds tighter than a power: -2 ^ 2 is 4 */
    LEVEL_CAST,
    LEVEL_SUBSCRIPT,
};

struct parser {
    struct arena *arena;
    struct error *error;
    struct str text;
    const struct expr_token *token; /* the next to be read; the last is EXPR_TOKEN_END */
    const struct expr_token *first;
    unsigned depth; /* expressions that are being read */
};

/* ---- tokens ---- */

/* Whether the token `ahead` of the next is this operator or bracket, or this keyword in any case.
   A quoted name is never a keyword. */
bool parser_sees(const struct parser *parser, size_t ahead, const char *punctuation);
bool parser_sees_word(const struct parser *parser, size_t ahead, const char *word);

/* Whether it is a name, quoted or not. */
bool parser_sees_name(const struct parser *parser, size_t ahead);

/* Reads over the next token if it is this. */
bool parser_accepts(struct parser *parser, const char *punctuation);
bool parser_accepts_word(struct parser *parser, const char *word);
int parser_expect(struct parser *parser, const char *punctuation);
int parser_expect_word(struct parser *parser, const char *word);

/* ---- errors ---- */

/* `what`, then the character where `token` begins. */
int parser_fail(struct parser *parser, const struct expr_token *token, const char *what);

/* "expected WHAT after X, found Y". */
int parser_fail_expected(struct parser *parser, const char *what);

/* ---- nodes ---- */

/* A node that begins at `token`, or NULL when memory is used up. */
struct syntax *parser_node(struct parser *parser, enum syntax_kind kind,
                           const struct expr_token *token);

/* Appends an operand, and ends the node where the last token read ends. */
int parser_add(struct parser *parser, struct syntax *node, struct syntax *operand);

/* A call of `name` with up to three operands, spanning from the first operand or from `token`,
   whichever begins earlier; its place is `token`. */
int parser_call(struct parser *parser, struct syntax **out, const struct expr_token *token,
                const char *name, struct syntax *const *operands, size_t count);

/* ---- grammar ---- */

/* An expression of operators that bind at least as tightly as `lowest`. */
int parser_expression(struct parser *parser, struct syntax **out, enum parser_level lowest);

/* Reads one and appends it to `node`. */
int parser_operand(struct parser *parser, struct syntax *node, enum parser_level lowest);

/* Expressions up to `close`, separated by commas, appended to `node`. */
int parser_operands(struct parser *parser, struct syntax *node, const char *close);

/* What an expression may begin with: literals, names, calls, brackets and special forms. */
int parser_primary(struct parser *parser, struct syntax **out);

/* A type's name with its numbers and brackets. */
int parser_type(struct parser *parser, struct syntax_type *out);

/* Sets the sentence for a SELECT, a parameter, a window and so on, if the next token is one, where
   an expression `begins` or after one. */
bool parser_refuses(struct parser *parser, bool begins);

#endif
