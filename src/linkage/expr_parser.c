/*
 * The parser's first half: tokens, nodes, and operators by Pratt's method. An expression is a
 * primary followed by operators that bind at least as tightly as the caller asks; each operator
 * reads its right operand with one level more, so that equal ones group to the left.
 */
#include "linkage/expr_parser.h"

#include <stdio.h>

#include "base/utf8.h"

/* ---- tokens ---- */

static const struct expr_token *look(const struct parser *parser, size_t ahead)
{
    const struct expr_token *token = parser->token;
    while (ahead-- > 0 && token->kind != EXPR_TOKEN_END) {
        token++;
    }
    return token;
}

bool parser_sees(const struct parser *parser, size_t ahead, const char *punctuation)
{
    const struct expr_token *token = look(parser, ahead);
    return token->kind == EXPR_TOKEN_PUNCTUATION && str_equal(token->text, str_from(punctuation));
}

bool parser_sees_word(const struct parser *parser, size_t ahead, const char *word)
{
    const struct expr_token *token = look(parser, ahead);
    return token->kind == EXPR_TOKEN_WORD && str_equal_ignoring_case(token->text, str_from(word));
}

bool parser_sees_name(const struct parser *parser, size_t ahead)
{
    enum expr_token_kind kind = look(parser, ahead)->kind;
    return kind == EXPR_TOKEN_WORD || kind == EXPR_TOKEN_QUOTED;
}

bool parser_accepts(struct parser *parser, const char *punctuation)
{
    bool seen = parser_sees(parser, 0, punctuation);
    parser->token += seen;
    return seen;
}

bool parser_accepts_word(struct parser *parser, const char *word)
{
    bool seen = parser_sees_word(parser, 0, word);
    parser->token += seen;
    return seen;
}

static int expect(struct parser *parser, bool accepted, const char *what)
{
    if (accepted) {
        return 0;
    }
    char quoted[32];
    snprintf(quoted, sizeof quoted, "\"%s\"", what);
    return parser_fail_expected(parser, quoted);
}

int parser_expect(struct parser *parser, const char *punctuation)
{
    return expect(parser, parser_accepts(parser, punctuation), punctuation);
}

int parser_expect_word(struct parser *parser, const char *word)
{
    return expect(parser, parser_accepts_word(parser, word), word);
}

/* ---- errors ---- */

int parser_fail(struct parser *parser, const struct expr_token *token, const char *what)
{
    return error_set(parser->error, STATUS_INVALID, "%s (at character %zu)", what,
                     expr_lexer_character(parser->text, token->begin));
}

/* A token as written, cut to what a message can bear. */
struct str parser_spelling(const struct parser *parser, const struct expr_token *token)
{
    struct str written = {parser->text.ptr + token->begin, token->end - token->begin};
    written.len = utf8_offset(written, 30);
    return written;
}

int parser_fail_expected(struct parser *parser, const char *what)
{
    const struct expr_token *token = parser->token;
    if (parser_refuses(parser, false)) {
        return STATUS_INVALID;
    }
    char after[200] = "";
    if (token > parser->first) {
        snprintf(after, sizeof after, " after \"%.*s\"",
                 STR_ARG(parser_spelling(parser, token - 1)));
    }
    char found[200] = "";
    if (token->kind != EXPR_TOKEN_END) {
        snprintf(found, sizeof found, ", found \"%.*s\"", STR_ARG(parser_spelling(parser, token)));
    }
    return error_set(parser->error, STATUS_INVALID, "expected %s%s%s (at character %zu)", what,
                     after, found, expr_lexer_character(parser->text, token->begin));
}

static int fail_unexpected(struct parser *parser)
{
    static const struct {
        const char *punctuation;
        const char *sentence;
    } known[] = {
        {";", "\";\" is not allowed in a condition"},
        {")", "\")\" has no \"(\" before it"},
        {".", "fields of structs are not supported"},
        {"->", "a lambda may only be an argument of list_transform or list_filter"},
    };
    if (parser_refuses(parser, false)) {
        return STATUS_INVALID;
    }
    for (size_t i = 0; i < ARRAY_LENGTH(known); i++) {
        if (parser_sees(parser, 0, known[i].punctuation)) {
            return parser_fail(parser, parser->token, known[i].sentence);
        }
    }
    struct str written = parser_spelling(parser, parser->token);
    return error_set(parser->error, STATUS_INVALID,
                     "unexpected \"%.*s\" after the expression (at character %zu)",
                     STR_ARG(written), expr_lexer_character(parser->text, parser->token->begin));
}

/* ---- nodes ---- */

struct syntax *parser_node(struct parser *parser, enum syntax_kind kind,
                           const struct expr_token *token)
{
    struct syntax *node = arena_alloc_zeroed(parser->arena, 1, sizeof *node);
    if (node == NULL) {
        error_out_of_memory(parser->error);
        return NULL;
    }
    node->kind = kind;
    node->depth = 1;
    node->begin = node->place = token->begin;
    node->end = token->end;
    node->text = token->text;
    return node;
}

int parser_add(struct parser *parser, struct syntax *node, struct syntax *operand)
{
    if (node->count == node->room) {
        uint32_t room = node->room == 0 ? 2 : node->room * 2;
        struct syntax **grown = arena_alloc_array(parser->arena, room, sizeof *grown);
        if (grown == NULL) {
            return error_out_of_memory(parser->error);
        }
        if (node->count > 0) {
            memcpy(grown, node->operands, node->count * sizeof *grown);
        }
        node->operands = grown;
        node->room = room;
    }
    node->operands[node->count++] = operand;
    if (operand != NULL && operand->depth >= node->depth) {
        node->depth = (uint16_t)(operand->depth + 1);
    }
    node->begin = operand != NULL && operand->begin < node->begin ? operand->begin : node->begin;
    node->end = parser->token > parser->first ? parser->token[-1].end : node->end;
    if (node->depth > EXPR_MAX_DEPTH) {
        return parser_fail(parser, parser->token, "the condition is nested too deeply");
    }
    return 0;
}

int parser_call(struct parser *parser, struct syntax **out, const struct expr_token *token,
                const char *name, struct syntax *const *operands, size_t count)
{
    struct syntax *node = parser_node(parser, SYNTAX_CALL, token);
    if (node == NULL) {
        return STATUS_RESOURCES;
    }
    node->text = str_from(name);
    for (size_t i = 0; i < count; i++) {
        int status = parser_add(parser, node, operands[i]);
        if (status != 0) {
            return status;
        }
    }
    *out = node;
    return 0;
}

int parser_combine(struct parser *parser, struct syntax **left, enum syntax_kind kind,
                   const struct expr_token *token, struct syntax *right)
{
    struct syntax *node = parser_node(parser, kind, token);
    if (node == NULL) {
        return STATUS_RESOURCES;
    }
    int status = parser_add(parser, node, *left);
    if (status == 0 && right != NULL) {
        status = parser_add(parser, node, right);
    }
    *left = node;
    return status;
}

/* ---- expressions ---- */

static int fail_chained(struct parser *parser)
{
    char sentence[160];
    snprintf(sentence, sizeof sentence,
             "\"%.*s\" cannot follow another comparison; use AND or parentheses",
             STR_ARG(parser_spelling(parser, parser->token)));
    return parser_fail(parser, parser->token, sentence);
}

/* NOT and signs may stand before any operand; how far they reach is theirs to say, whatever the
   caller asked for. */
static int parse_prefix(struct parser *parser, struct syntax **out)
{
    const struct expr_token *token = parser->token;
    if (parser_accepts_word(parser, "not")) {
        int status = parser_expression(parser, out, LEVEL_NOT);
        return status != 0 ? status : parser_combine(parser, out, SYNTAX_NOT, token, NULL);
    }
    bool minus = parser_sees(parser, 0, "-");
    if (minus || parser_sees(parser, 0, "+")) {
        parser->token++;
        int status = parser_expression(parser, out, LEVEL_SIGN);
        return status != 0 ? status : parser_call(parser, out, token, minus ? "-" : "+", out, 1);
    }
    return parser_primary(parser, out);
}

int parser_expression(struct parser *parser, struct syntax **out, enum parser_level lowest)
{
    *out = NULL;
    if (parser->depth == EXPR_MAX_DEPTH) {
        return parser_fail(parser, parser->token, "the condition is nested too deeply");
    }
    parser->depth++;
    enum parser_level closed = LEVEL_ANY; /* the level that must not come next */
    int status = parse_prefix(parser, out);
    while (status == 0) {
        const struct parser_infix *infix = parser_infix(parser);
        if (infix == NULL || infix->level < lowest) {
            break;
        }
        if (infix->level == closed) {
            status = fail_chained(parser);
            break;
        }
        status = infix->parse(parser, out, parser->token, infix->level);
        bool distinct =
            status == 0 && ((*out)->kind == SYNTAX_DISTINCT || (*out)->kind == SYNTAX_NOT_DISTINCT);
        closed = infix->closed || distinct ? infix->level : LEVEL_ANY;
    }
    parser->depth--;
    return status;
}

int parser_operand(struct parser *parser, struct syntax *node, enum parser_level lowest)
{
    struct syntax *operand;
    int status = parser_expression(parser, &operand, lowest);
    return status != 0 ? status : parser_add(parser, node, operand);
}

int parser_operands(struct parser *parser, struct syntax *node, const char *close)
{
    do {
        int status = parser_operand(parser, node, LEVEL_ANY);
        if (status != 0) {
            return status;
        }
    } while (parser_accepts(parser, ","));
    int status = parser_expect(parser, close);
    node->end = parser->token > parser->first ? parser->token[-1].end : node->end;
    return status;
}

int syntax_parse(struct syntax **out, struct arena *arena, struct str text, struct error *error)
{
    struct expr_tokens tokens;
    int status = expr_lexer_read(&tokens, arena, text, error);
    if (status != 0) {
        return status;
    }
    struct parser parser = {
        .arena = arena, .error = error, .text = text, .token = tokens.items, .first = tokens.items};
    if (parser.token->kind == EXPR_TOKEN_END) {
        return error_set(error, STATUS_INVALID, "the condition is empty");
    }
    status = parser_expression(&parser, out, LEVEL_ANY);
    if (status == 0 && parser.token->kind != EXPR_TOKEN_END) {
        status = fail_unexpected(&parser);
    }
    return status;
}
