/*
 * The parser's operators: everything that stands between or behind operands.
 */
#include <stdio.h>

#include "linkage/expr_parser.h"

static int negate(struct parser *parser, struct syntax **left, const struct expr_token *token,
                  bool negated)
{
    return negated ? parser_combine(parser, left, SYNTAX_NOT, token, NULL) : 0;
}

/* ---- operators ---- */

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
                                 : parser_combine(parser, left, kind, token, right);
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
    return status != 0 ? status : parser_combine(parser, left, kinds[i].kind, token, right);
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
        return parser_combine(parser, left, SYNTAX_IS_NULL, token, NULL);
    }
    if (parser_accepts_word(parser, "notnull")) {
        int status = parser_combine(parser, left, SYNTAX_IS_NULL, token, NULL);
        return status != 0 ? status : negate(parser, left, token, true);
    }
    parser->token++;
    bool negated = parser_accepts_word(parser, "not");
    for (size_t i = 0; i < ARRAY_LENGTH(tests); i++) {
        if (parser_accepts_word(parser, tests[i].word)) {
            int status = parser_combine(parser, left, tests[i].kind, token, NULL);
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
    return status != 0
               ? status
               : parser_combine(parser, left, negated ? SYNTAX_NOT_DISTINCT : SYNTAX_DISTINCT,
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
        status = parser_combine(parser, left, SYNTAX_BETWEEN, token, lowest);
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
    int status = parser_combine(parser, left, SYNTAX_IN, token, NULL);
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
        status = parser_combine(parser, left, SYNTAX_CAST, token, NULL);
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

static const struct parser_infix INFIXES[] = {
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
static const struct parser_infix OTHER_OPERATOR = {"", false, false, LEVEL_OPERATOR,
                                                   parse_operator};

static bool is_operator(const struct expr_token *token)
{
    return token->kind == EXPR_TOKEN_PUNCTUATION &&
           memchr("()[]{},.:;", token->text.ptr[0], 10) == NULL;
}

const struct parser_infix *parser_infix(const struct parser *parser)
{
    /* NOT is an operator only as the first word of NOT BETWEEN, NOT IN, NOT LIKE … */
    size_t ahead = parser_sees_word(parser, 0, "not");
    for (size_t i = 0; i < ARRAY_LENGTH(INFIXES); i++) {
        const struct parser_infix *infix = &INFIXES[i];
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
