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

/* A token as written, cut to what a message can bear. */
struct str parser_spelling(const struct parser *parser, const struct expr_token *token);

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

/* A node over *left, which becomes it, and perhaps a right operand; its place is `token`. */
int parser_combine(struct parser *parser, struct syntax **left, enum syntax_kind kind,
                   const struct expr_token *token, struct syntax *right);

/* ---- grammar ---- */

/* Called with the operator as the next token and its left operand in *left, which becomes the
   whole. */
typedef int parser_parse_infix(struct parser *parser, struct syntax **left,
                               const struct expr_token *token, enum parser_level level);

struct parser_infix {
    const char *spelling;
    bool is_word;
    bool closed; /* another of the same level may not follow */
    enum parser_level level;
    parser_parse_infix *parse;
};

/* The operator that the next tokens are, or NULL. */
const struct parser_infix *parser_infix(const struct parser *parser);

/* An expression of operators that bind at least as tightly as `lowest`. */
int parser_expression(struct parser *parser, struct syntax **out, enum parser_level lowest);

/* Reads one and appends it to `node`. */
int parser_operand(struct parser *parser, struct syntax *node, enum parser_level lowest);

/* Expressions up to `close`, separated by commas, appended to `node`. */
int parser_operands(struct parser *parser, struct syntax *node, const char *close);

/* What an expression may begin with: literals, names, calls, brackets and special forms. */
int parser_primary(struct parser *parser, struct syntax **out);

/* A literal or a name that is one token. */
int parser_leaf(struct parser *parser, struct syntax **out, enum syntax_kind kind);

/* "(", an expression and ")". */
int parser_bracketed(struct parser *parser, struct syntax **out);

/* DATE '2020-01-31': a type, then a text to be cast to it. */
int parser_typed_literal(struct parser *parser, struct syntax **out);

/* INTERVAL with what follows it. */
int parser_interval(struct parser *parser, struct syntax **out);

/* A type's name with its numbers and brackets. */
int parser_type(struct parser *parser, struct syntax_type *out);

/* Sets the sentence for a SELECT, a parameter, a window and so on, if the next token is one, where
   an expression `begins` or after one. */
bool parser_refuses(struct parser *parser, bool begins);

#endif
