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
static struct str spelling(const struct parser *parser, const struct expr_token *token)
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
        snprintf(after, sizeof after, " after \"%.*s\"", STR_ARG(spelling(parser, token - 1)));
    }
    char found[200] = "";
    if (token->kind != EXPR_TOKEN_END) {
        snprintf(found, sizeof found, ", found \"%.*s\"", STR_ARG(spelling(parser, token)));
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
    struct str written = spelling(parser, parser->token);
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

/* A node of one or two operands over what has been read so far. */
static int combine(struct parser *parser, struct syntax **left, enum syntax_kind kind,
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

static int negate(struct parser *parser, struct syntax **left, const struct expr_token *token,
                  bool negated)
{
    return negated ? combine(parser, left, SYNTAX_NOT, token, NULL) : 0;
}

/* ---- operators ---- */

/* Called with the operator as the next token and its left operand in *left, which becomes the
   whole. */
typedef int parse_infix(struct parser *parser, struct syntax **left, const struct expr_token *token,
                        enum parser_level level);

static int parse_logical(struct parser *parser, struct syntax **left,
                         const struct expr_token *token, enum parser_level level)
{
    enum syntax_kind kind = level == LEVEL_OR ? SYNTAX_OR : SYNTAX_AND;
    parser->token++;
    struct syntax *right;
    int status = parser_expression(parser, &right, level + 1);
    if (status != 0) {
        return status;
    }
    /* A chain becomes one node, so that a long one is not a deep one. */
    return (*left)->kind == kind ? parser_add(parser, *left, right)
                                 : combine(parser, left, kind, token, right);
}

static int parse_compare(struct parser *parser, struct syntax **left,
                         const struct expr_token *token, enum parser_level level)
{
    static const struct {
        const char *operator;
        enum syntax_kind kind;
    } kinds[] = {
        {"=", SYNTAX_EQUAL},    {"==", SYNTAX_EQUAL},         {"<>", SYNTAX_UNEQUAL},
        {"!=", SYNTAX_UNEQUAL}, {"<", SYNTAX_LESS},           {"<=", SYNTAX_LESS_EQUAL},
        {">", SYNTAX_GREATER},  {">=", SYNTAX_GREATER_EQUAL},
    };
    size_t i = 0;
    while (!parser_sees(parser, 0, kinds[i].operator)) {
        i++;
    }
    parser->token++;
    struct syntax *right;
    int status = parser_expression(parser, &right, level + 1);
    return status != 0 ? status : combine(parser, left, kinds[i].kind, token, right);
}

/* Operators that are another function's or another operator's name. */
static int parse_operator(struct parser *parser, struct syntax **left,
                          const struct expr_token *token, enum parser_level level)
{
    static const struct {
        const char *operator;
        const char *function;
        bool negated;
        bool exchanged;
    } meanings[] = {
        {"!~", "~", true, false},
        {"!~~", "~~", true, false},
        {"!~~*", "~~*", true, false},
        {"^@", "starts_with", false, false},
        {"@>", "list_has_all", false, false},
        {"<@", "list_has_all", false, true},
        {"&&", "list_has_any", false, false},
        {"**", "pow", false, false},
        {"^", "pow", false, false},
        {"||", "||", false, false},
        {"~", "~", false, false},
        {"~~", "~~", false, false},
        {"~~*", "~~*", false, false},
        {"~~~", "~~~", false, false},
        {"+", "+", false, false},
        {"-", "-", false, false},
        {"*", "*", false, false},
        {"/", "/", false, false},
        {"//", "//", false, false},
        {"%", "%", false, false},
    };
    size_t i = 0;
    while (i < ARRAY_LENGTH(meanings) && !parser_sees(parser, 0, meanings[i].operator)) {
        i++;
    }
    if (i == ARRAY_LENGTH(meanings)) {
        char sentence[64];
        snprintf(sentence, sizeof sentence, "operator \"%.*s\" is not supported",
                 STR_ARG(token->text));
        return parser_fail(parser, token, sentence);
    }
    parser->token++;
    struct syntax *right;
    int status = parser_expression(parser, &right, level + 1);
    if (status != 0) {
        return status;
    }
    struct syntax *const operands[] = {meanings[i].exchanged ? right : *left,
                                       meanings[i].exchanged ? *left : right};
    status = parser_call(parser, left, token, meanings[i].function, operands, 2);
    return status != 0 ? status : negate(parser, left, token, meanings[i].negated);
}

static int parse_is(struct parser *parser, struct syntax **left, const struct expr_token *token,
                    enum parser_level level)
{
    static const struct {
        const char *word;
        enum syntax_kind kind;
        bool negated;
    } tests[] = {
        {"null", SYNTAX_IS_NULL, false},
        {"unknown", SYNTAX_IS_NULL, false},
        {"true", SYNTAX_IS_TRUE, false},
        {"false", SYNTAX_IS_FALSE, false},
    };
    if (parser_accepts_word(parser, "isnull")) {
        return combine(parser, left, SYNTAX_IS_NULL, token, NULL);
    }
    if (parser_accepts_word(parser, "notnull")) {
        int status = combine(parser, left, SYNTAX_IS_NULL, token, NULL);
        return status != 0 ? status : negate(parser, left, token, true);
    }
    parser->token++;
    bool negated = parser_accepts_word(parser, "not");
    for (size_t i = 0; i < ARRAY_LENGTH(tests); i++) {
        if (parser_accepts_word(parser, tests[i].word)) {
            int status = combine(parser, left, tests[i].kind, token, NULL);
            return status != 0 ? status : negate(parser, left, token, negated);
        }
    }
    if (!parser_accepts_word(parser, "distinct")) {
        return parser_fail_expected(parser, "NULL, TRUE, FALSE or DISTINCT FROM");
    }
    struct syntax *right;
    int status = parser_expect_word(parser, "from");
    if (status == 0) {
        status = parser_expression(parser, &right, level + 1);
    }
    return status != 0 ? status
                       : combine(parser, left, negated ? SYNTAX_NOT_DISTINCT : SYNTAX_DISTINCT,
                                 token, right);
}

static int parse_between(struct parser *parser, struct syntax **left,
                         const struct expr_token *token)
{
    if (parser_sees_word(parser, 0, "symmetric")) {
        return parser_fail(parser, parser->token, "BETWEEN SYMMETRIC is not supported");
    }
    struct syntax *lowest;
    struct syntax *highest;
    /* Above IS, so that the AND that follows is BETWEEN's own. */
    int status = parser_expression(parser, &lowest, LEVEL_COMPARE);
    if (status == 0) {
        status = parser_expect_word(parser, "and");
    }
    if (status == 0) {
        status = parser_expression(parser, &highest, LEVEL_MATCH + 1);
    }
    if (status == 0) {
        status = combine(parser, left, SYNTAX_BETWEEN, token, lowest);
    }
    return status != 0 ? status : parser_add(parser, *left, highest);
}

static int parse_in(struct parser *parser, struct syntax **left, const struct expr_token *token)
{
    if (!parser_sees(parser, 0, "(")) {
        /* x IN list */
        struct syntax *list;
        int status = parser_expression(parser, &list, LEVEL_SUBSCRIPT);
        struct syntax *const operands[] = {list, *left};
        return status != 0 ? status : parser_call(parser, left, token, "contains", operands, 2);
    }
    parser->token++;
    int status = combine(parser, left, SYNTAX_IN, token, NULL);
    return status != 0 ? status : parser_operands(parser, *left, ")");
}

/* LIKE, ILIKE, GLOB and SIMILAR TO: `name` is the function. */
static int parse_like(struct parser *parser, struct syntax **left, const struct expr_token *token,
                      const char *name, const char *name_with_escape)
{
    struct syntax *operands[3] = {*left, NULL, NULL};
    int status = parser_expression(parser, &operands[1], LEVEL_MATCH + 1);
    if (status != 0 || !parser_sees_word(parser, 0, "escape")) {
        return status != 0 ? status : parser_call(parser, left, token, name, operands, 2);
    }
    if (name_with_escape == NULL) {
        return parser_fail(parser, parser->token, "ESCAPE belongs to LIKE and ILIKE only");
    }
    parser->token++;
    status = parser_expression(parser, &operands[2], LEVEL_MATCH + 1);
    return status != 0 ? status : parser_call(parser, left, token, name_with_escape, operands, 3);
}

static int parse_match(struct parser *parser, struct syntax **left, const struct expr_token *token,
                       enum parser_level level)
{
    (void)level;
    bool negated = parser_accepts_word(parser, "not");
    int status;
    if (parser_accepts_word(parser, "between")) {
        status = parse_between(parser, left, token);
    } else if (parser_accepts_word(parser, "in")) {
        status = parse_in(parser, left, token);
    } else if (parser_accepts_word(parser, "like")) {
        status = parse_like(parser, left, token, "~~", "like_escape");
    } else if (parser_accepts_word(parser, "ilike")) {
        status = parse_like(parser, left, token, "~~*", "ilike_escape");
    } else if (parser_accepts_word(parser, "glob")) {
        status = parse_like(parser, left, token, "~~~", NULL);
    } else {
        parser->token++; /* SIMILAR */
        status = parser_expect_word(parser, "to");
        status = status != 0 ? status : parse_like(parser, left, token, "~", NULL);
    }
    return status != 0 ? status : negate(parser, left, token, negated);
}

static int parse_cast(struct parser *parser, struct syntax **left, const struct expr_token *token,
                      enum parser_level level)
{
    (void)level;
    struct syntax_type type;
    parser->token++;
    int status = parser_type(parser, &type);
    if (status == 0) {
        status = combine(parser, left, SYNTAX_CAST, token, NULL);
    }
    if (status == 0) {
        (*left)->type = type;
    }
    return status;
}

/* One bound of a slice; what is left out is the first or the last item. */
static int parse_bound(struct parser *parser, struct syntax *node, const char *missing)
{
    if (!parser_sees(parser, 0, ":") && !parser_sees(parser, 0, "]")) {
        return parser_operand(parser, node, LEVEL_ANY);
    }
    struct syntax *bound = parser_node(parser, SYNTAX_NUMBER, parser->token);
    if (bound == NULL) {
        return STATUS_RESOURCES;
    }
    bound->text = str_from(missing);
    return parser_add(parser, node, bound);
}

static int parse_subscript(struct parser *parser, struct syntax **left,
                           const struct expr_token *token, enum parser_level level)
{
    (void)level;
    parser->token++;
    if (parser_sees(parser, 0, "]")) {
        return parser_fail_expected(parser, "an expression");
    }
    int status = parser_call(parser, left, token, "[]", left, 1);
    struct syntax *node = *left;
    status = status != 0 ? status : parse_bound(parser, node, "1");
    if (status == 0 && parser_accepts(parser, ":")) {
        node->text = STR("[:]");
        status = parse_bound(parser, node, "-1");
        if (status == 0 && parser_accepts(parser, ":")) {
            status = parser_operand(parser, node, LEVEL_ANY);
        }
    }
    status = status != 0 ? status : parser_expect(parser, "]");
    node->end = parser->token[-1].end;
    return status;
}

struct infix {
    const char *spelling;
    bool is_word;
    bool closed; /* another of the same level may not follow */
    enum parser_level level;
    parse_infix *parse;
};

static const struct infix INFIXES[] = {
    {"or", true, false, LEVEL_OR, parse_logical},
    {"and", true, false, LEVEL_AND, parse_logical},
    {"is", true, false, LEVEL_IS, parse_is},
    {"isnull", true, false, LEVEL_IS, parse_is},
    {"notnull", true, false, LEVEL_IS, parse_is},
    {"=", false, true, LEVEL_COMPARE, parse_compare},
    {"==", false, true, LEVEL_COMPARE, parse_compare},
    {"<>", false, true, LEVEL_COMPARE, parse_compare},
    {"!=", false, true, LEVEL_COMPARE, parse_compare},
    {"<", false, true, LEVEL_COMPARE, parse_compare},
    {"<=", false, true, LEVEL_COMPARE, parse_compare},
    {">", false, true, LEVEL_COMPARE, parse_compare},
    {">=", false, true, LEVEL_COMPARE, parse_compare},
    {"between", true, true, LEVEL_MATCH, parse_match},
    {"in", true, false, LEVEL_MATCH, parse_match},
    {"like", true, true, LEVEL_MATCH, parse_match},
    {"ilike", true, true, LEVEL_MATCH, parse_match},
    {"glob", true, true, LEVEL_MATCH, parse_match},
    {"similar", true, true, LEVEL_MATCH, parse_match},
    {"+", false, false, LEVEL_SUM, parse_operator},
    {"-", false, false, LEVEL_SUM, parse_operator},
    {"*", false, false, LEVEL_PRODUCT, parse_operator},
    {"/", false, false, LEVEL_PRODUCT, parse_operator},
    {"//", false, false, LEVEL_PRODUCT, parse_operator},
    {"%", false, false, LEVEL_PRODUCT, parse_operator},
    {"^", false, false, LEVEL_POWER, parse_operator},
    {"**", false, false, LEVEL_POWER, parse_operator},
    {"::", false, false, LEVEL_CAST, parse_cast},
    {"[", false, false, LEVEL_SUBSCRIPT, parse_subscript},
};

/* All other operators have one level. */
static const struct infix OTHER_OPERATOR = {"", false, false, LEVEL_OPERATOR, parse_operator};

static bool is_operator(const struct expr_token *token)
{
    return token->kind == EXPR_TOKEN_PUNCTUATION &&
           memchr("()[]{},.:;", token->text.ptr[0], 10) == NULL;
}

/* The operator that the next tokens are, or NULL. */
static const struct infix *find_infix(const struct parser *parser)
{
    /* NOT is an operator only as the first word of NOT BETWEEN, NOT IN, NOT LIKE … */
    size_t ahead = parser_sees_word(parser, 0, "not");
    for (size_t i = 0; i < ARRAY_LENGTH(INFIXES); i++) {
        const struct infix *infix = &INFIXES[i];
        bool seen = infix->is_word ? parser_sees_word(parser, ahead, infix->spelling)
                                   : parser_sees(parser, 0, infix->spelling);
        if (seen && (ahead == 0 || infix->level == LEVEL_MATCH)) {
            return infix;
        }
    }
    bool other = is_operator(parser->token) && !parser_sees(parser, 0, "->") &&
                 !parser_sees(parser, 0, ":=") && !parser_sees(parser, 0, "=>");
    return other ? &OTHER_OPERATOR : NULL;
}

static int fail_chained(struct parser *parser)
{
    char sentence[160];
    snprintf(sentence, sizeof sentence,
             "\"%.*s\" cannot follow another comparison; use AND or parentheses",
             STR_ARG(spelling(parser, parser->token)));
    return parser_fail(parser, parser->token, sentence);
}

/* NOT and signs may stand before any operand; how far they reach is theirs to say, whatever the
   caller asked for. */
static int parse_prefix(struct parser *parser, struct syntax **out)
{
    const struct expr_token *token = parser->token;
    if (parser_accepts_word(parser, "not")) {
        int status = parser_expression(parser, out, LEVEL_NOT);
        return status != 0 ? status : combine(parser, out, SYNTAX_NOT, token, NULL);
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
    if (parser->depth == EXPR_MAX_DEPTH) {
        return parser_fail(parser, parser->token, "the condition is nested too deeply");
    }
    parser->depth++;
    enum parser_level closed = LEVEL_ANY; /* the level that must not come next */
    int status = parse_prefix(parser, out);
    while (status == 0) {
        const struct infix *infix = find_infix(parser);
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
