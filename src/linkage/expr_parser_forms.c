/*
 * The parser's second half: what an expression may begin with. Special forms become calls of the
 * functions that they stand for where there is one, so that the binder has fewer cases.
 */
#include <stdio.h>

#include "linkage/expr_parser.h"

/* ---- refusals ---- */

/* What can never be part of a condition gets a sentence that says why, not where a comma is
   missing. */
static const struct refusal {
    const char *word;
    const char *next; /* what has to follow; NULL: anything */
    bool begins;      /* stands where an expression begins, or else after one */
    const char *sentence;
} REFUSALS[] = {
    {"select", NULL, true, "subqueries are not allowed in a condition"},
    {"with", NULL, true, "subqueries are not allowed in a condition"},
    {"exists", "(", true, "subqueries are not allowed in a condition"},
    {"values", "(", true, "subqueries are not allowed in a condition"},
    {"lambda", NULL, true, "a lambda may only be an argument of list_transform or list_filter"},
    {"any", "(", true, "ANY, ALL and SOME are not supported; use IN or list_contains"},
    {"all", "(", true, "ANY, ALL and SOME are not supported; use IN or list_contains"},
    {"some", "(", true, "ANY, ALL and SOME are not supported; use IN or list_contains"},
    {"row", "(", true, "rows are not supported; compare the columns one by one with AND"},
    {"columns", "(", true, "COLUMNS(…) is not supported; name the columns one by one"},
    {"over", NULL, false, "window functions are not allowed in a condition"},
    {"filter", NULL, false, "aggregates are not allowed in a condition"},
    {"within", NULL, false, "aggregates are not allowed in a condition"},
    {"collate", NULL, false, "COLLATE is not supported; compare lower(…) or strip_accents(…)"},
    {"at", NULL, false, "AT TIME ZONE is not supported"},
};

bool parser_refuses(struct parser *parser, bool begins)
{
    const struct expr_token *token = parser->token;
    bool parameter = token->kind == EXPR_TOKEN_PARAMETER ||
                     (parser_sees(parser, 0, ":") && parser_sees_name(parser, 1));
    if (parameter) {
        parser_fail(parser, token, "parameters are not allowed in a condition");
        return true;
    }
    if (parser_sees(parser, 0, "{")) {
        parser_fail(parser, token, "structs and maps are not supported");
        return true;
    }
    for (size_t i = 0; i < ARRAY_LENGTH(REFUSALS); i++) {
        const struct refusal *refusal = &REFUSALS[i];
        if (refusal->begins == begins && parser_sees_word(parser, 0, refusal->word) &&
            (refusal->next == NULL || parser_sees(parser, 1, refusal->next))) {
            parser_fail(parser, token, refusal->sentence);
            return true;
        }
    }
    return false;
}

/* Words that begin no expression, so that `a = and b` is told apart from a column "and". */
static bool sees_reserved(const struct parser *parser)
{
    static const char *const words[] = {
        "and",   "as",      "asc",  "between", "desc",    "distinct", "do",    "else",
        "end",   "escape",  "for",  "from",    "group",   "having",   "ilike", "in",
        "is",    "isnull",  "like", "limit",   "notnull", "offset",   "on",    "or",
        "order", "similar", "then", "to",      "union",   "using",    "when",  "where",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
        if (parser_sees_word(parser, 0, words[i])) {
            return true;
        }
    }
    return false;
}

/* ---- lambdas ---- */

/* Whether `x ->`, `(x, y) ->` or `lambda x` comes next. */
static bool sees_lambda(const struct parser *parser)
{
    if (parser_sees_word(parser, 0, "lambda") && parser_sees_name(parser, 1)) {
        return true;
    }
    if (parser_sees_name(parser, 0)) {
        return parser_sees(parser, 1, "->");
    }
    size_t at = 0;
    do {
        if (!parser_sees(parser, at, at == 0 ? "(" : ",") || !parser_sees_name(parser, at + 1)) {
            return false;
        }
        at += 2;
    } while (!parser_sees(parser, at, ")"));
    return parser_sees(parser, at + 1, "->");
}

static int parse_lambda(struct parser *parser, struct syntax **out)
{
    struct syntax *node = parser_node(parser, SYNTAX_LAMBDA, parser->token);
    if (node == NULL) {
        return STATUS_RESOURCES;
    }
    *out = node;
    bool word = parser_sees_word(parser, 0, "lambda") && parser_sees_name(parser, 1);
    parser->token += word;
    bool bracket = !word && parser_accepts(parser, "(");
    size_t count = 0;
    do {
        if (count == ARRAY_LENGTH(node->parameters)) {
            return parser_fail(parser, parser->token,
                               "a lambda has one parameter, or two: the item and its position");
        }
        if (!parser_sees_name(parser, 0)) {
            return parser_fail_expected(parser, "a name");
        }
        node->parameters[count++] = (parser->token++)->text;
    } while (parser_accepts(parser, ","));
    int status = bracket ? parser_expect(parser, ")") : 0;
    status = status != 0 ? status : parser_expect(parser, word ? ":" : "->");
    return status != 0 ? status : parser_operand(parser, node, LEVEL_ANY);
}

/* ---- calls ---- */

static int parse_argument(struct parser *parser, struct syntax *call)
{
    if (parser_sees(parser, 0, "*") || parser_sees_word(parser, 0, "distinct")) {
        return parser_fail(parser, parser->token, "aggregates are not allowed in a condition");
    }
    if (parser_sees_name(parser, 0) &&
        (parser_sees(parser, 1, ":=") || parser_sees(parser, 1, "=>"))) {
        return parser_fail(parser, parser->token, "named arguments are not supported");
    }
    if (!sees_lambda(parser)) {
        return parser_operand(parser, call, LEVEL_ANY);
    }
    struct syntax *lambda;
    int status = parse_lambda(parser, &lambda);
    return status != 0 ? status : parser_add(parser, call, lambda);
}

/* The arguments after "(", and what may not come after them. */
static int parse_arguments(struct parser *parser, struct syntax *call)
{
    bool more = !parser_sees(parser, 0, ")");
    while (more) {
        int status = parse_argument(parser, call);
        if (status != 0) {
            return status;
        }
        more = parser_accepts(parser, ",");
    }
    if (parser_sees_word(parser, 0, "order")) {
        return parser_fail(parser, parser->token, "aggregates are not allowed in a condition");
    }
    int status = parser_expect(parser, ")");
    if (status == 0) {
        call->end = parser->token[-1].end;
        status = parser_refuses(parser, false) ? STATUS_INVALID : 0;
    }
    return status;
}

static int parse_call(struct parser *parser, struct syntax **out)
{
    struct syntax *call = parser_node(parser, SYNTAX_CALL, parser->token);
    if (call == NULL) {
        return STATUS_RESOURCES;
    }
    call->place += parser->token->kind == EXPR_TOKEN_QUOTED;
    parser->token += 2; /* the name and "(" */
    *out = call;
    return parse_arguments(parser, call);
}

/* ---- names and literals ---- */

int parser_leaf(struct parser *parser, struct syntax **out, enum syntax_kind kind)
{
    *out = parser_node(parser, kind, parser->token);
    if (*out == NULL) {
        return STATUS_RESOURCES;
    }
    if (parser->token->kind == EXPR_TOKEN_QUOTED) {
        (*out)->place++; /* messages point at the name, not at its quote */
    }
    parser->token++;
    return 0;
}

/* l.name, l."name" */
static int parse_qualified(struct parser *parser, struct syntax **out)
{
    struct str qualifier = parser->token->text;
    uint32_t begin = parser->token->begin;
    parser->token += 2;
    if (!parser_sees_name(parser, 0)) {
        return parser_fail_expected(parser, "a column's name");
    }
    if (parser_sees(parser, 1, "(")) {
        return parser_fail(parser, parser->token, "functions are called by name alone, as f(x)");
    }
    int status = parser_leaf(parser, out, SYNTAX_NAME);
    if (status == 0) {
        (*out)->qualifier = qualifier;
        (*out)->begin = begin;
    }
    return status;
}

static int add_leaf(struct parser *parser, struct syntax *node, enum syntax_kind kind,
                    const struct expr_token *token, struct str text)
{
    struct syntax *leaf = parser_node(parser, kind, token);
    if (leaf == NULL) {
        return STATUS_RESOURCES;
    }
    leaf->text = text;
    return parser_add(parser, node, leaf);
}

/* DATE '2020-01-31': a type, then a text to be cast to it. */
int parser_typed_literal(struct parser *parser, struct syntax **out)
{
    struct syntax *node = parser_node(parser, SYNTAX_CAST, parser->token);
    if (node == NULL) {
        return STATUS_RESOURCES;
    }
    node->type.name = (parser->token++)->text;
    const struct expr_token *text = parser->token++;
    *out = node;
    return add_leaf(parser, node, SYNTAX_TEXT, text, text->text);
}

/* ---- special forms: called with the word as the next token ---- */

typedef int parse_form(struct parser *parser, struct syntax **out);

static int parse_null(struct parser *parser, struct syntax **out)
{
    return parser_leaf(parser, out, SYNTAX_NULL);
}

static int parse_true(struct parser *parser, struct syntax **out)
{
    return parser_leaf(parser, out, SYNTAX_TRUE);
}

static int parse_false(struct parser *parser, struct syntax **out)
{
    return parser_leaf(parser, out, SYNTAX_FALSE);
}

static int parse_when(struct parser *parser, struct syntax *node)
{
    int status = parser_operand(parser, node, LEVEL_ANY);
    status = status != 0 ? status : parser_expect_word(parser, "then");
    return status != 0 ? status : parser_operand(parser, node, LEVEL_ANY);
}

static int parse_case(struct parser *parser, struct syntax **out)
{
    struct syntax *node = parser_node(parser, SYNTAX_CASE, parser->token);
    if (node == NULL) {
        return STATUS_RESOURCES;
    }
    parser->token++;
    *out = node;
    int status = 0;
    if (!parser_sees_word(parser, 0, "when")) {
        node->kind = SYNTAX_SWITCH;
        status = parser_operand(parser, node, LEVEL_ANY);
    }
    status = status != 0 ? status : parser_expect_word(parser, "when");
    status = status != 0 ? status : parse_when(parser, node);
    while (status == 0 && parser_accepts_word(parser, "when")) {
        status = parse_when(parser, node);
    }
    if (status == 0) {
        status = parser_accepts_word(parser, "else") ? parser_operand(parser, node, LEVEL_ANY)
                                                     : parser_add(parser, node, NULL);
    }
    status = status != 0 ? status : parser_expect_word(parser, "end");
    node->end = parser->token[-1].end;
    return status;
}

static int parse_cast(struct parser *parser, struct syntax **out)
{
    struct syntax *node = parser_node(parser, SYNTAX_CAST, parser->token);
    if (node == NULL) {
        return STATUS_RESOURCES;
    }
    node->negated = parser_sees_word(parser, 0, "try_cast");
    parser->token += 2;
    *out = node;
    int status = parser_operand(parser, node, LEVEL_ANY);
    status = status != 0 ? status : parser_expect_word(parser, "as");
    status = status != 0 ? status : parser_type(parser, &node->type);
    status = status != 0 ? status : parser_expect(parser, ")");
    node->end = parser->token[-1].end;
    return status;
}

/* COALESCE, IFNULL, NULLIF and IF are no functions: they do not compute all their arguments. */
static int parse_choice(struct parser *parser, struct syntax **out)
{
    static const struct {
        const char *word;
        enum syntax_kind kind;
        uint32_t count; /* of arguments; 0 is any number but none */
    } choices[] = {
        {"coalesce", SYNTAX_COALESCE, 0},
        {"ifnull", SYNTAX_COALESCE, 2},
        {"nullif", SYNTAX_NULLIF, 2},
        {"if", SYNTAX_CASE, 3},
    };
    size_t i = 0;
    while (!parser_sees_word(parser, 0, choices[i].word)) {
        i++;
    }
    const struct expr_token *token = parser->token;
    struct syntax *node = parser_node(parser, choices[i].kind, token);
    if (node == NULL) {
        return STATUS_RESOURCES;
    }
    parser->token += 2;
    *out = node;
    int status = parser_operands(parser, node, ")");
    if (status == 0 && choices[i].count != 0 && node->count != choices[i].count) {
        char sentence[64];
        snprintf(sentence, sizeof sentence, "%s takes %u arguments, not %u", choices[i].word,
                 choices[i].count, node->count);
        status = parser_fail(parser, token, sentence);
    }
    return status;
}

/* EXTRACT(part FROM x) is date_part('part', x). */
static int parse_extract(struct parser *parser, struct syntax **out)
{
    int status = parser_call(parser, out, parser->token, "date_part", NULL, 0);
    if (status != 0) {
        return status;
    }
    parser->token += 2;
    const struct expr_token *part = parser->token;
    if (!parser_sees_name(parser, 0) && part->kind != EXPR_TOKEN_TEXT) {
        return parser_fail_expected(parser, "a part of a date");
    }
    parser->token++;
    status = add_leaf(parser, *out, SYNTAX_TEXT, part, part->text);
    status = status != 0 ? status : parser_expect_word(parser, "from");
    status = status != 0 ? status : parser_operand(parser, *out, LEVEL_ANY);
    status = status != 0 ? status : parser_expect(parser, ")");
    (*out)->end = parser->token[-1].end;
    return status;
}

/* SUBSTRING(x FROM a FOR b), with either left out, and the plain call. */
static int parse_substring(struct parser *parser, struct syntax **out)
{
    int status = parser_call(parser, out, parser->token, "substring", NULL, 0);
    if (status != 0) {
        return status;
    }
    parser->token += 2;
    status = parse_argument(parser, *out);
    if (status != 0) {
        return status;
    }
    bool from = parser_accepts_word(parser, "from");
    if (!from && !parser_sees_word(parser, 0, "for")) {
        return parser_accepts(parser, ",") ? parse_arguments(parser, *out)
                                           : parser_fail_expected(parser, "\",\" or FROM");
    }
    status = from ? parser_operand(parser, *out, LEVEL_ANY)
                  : add_leaf(parser, *out, SYNTAX_NUMBER, parser->token, STR("1"));
    if (status == 0 && parser_accepts_word(parser, "for")) {
        status = parser_operand(parser, *out, LEVEL_ANY);
    }
    status = status != 0 ? status : parser_expect(parser, ")");
    (*out)->end = parser->token[-1].end;
    return status;
}

/* POSITION(a IN b) is strpos(b, a). */
static int parse_position(struct parser *parser, struct syntax **out)
{
    const struct expr_token *token = parser->token;
    parser->token += 2;
    struct syntax *operands[2];
    int status = parser_expression(parser, &operands[1], LEVEL_OPERATOR);
    status = status != 0 ? status : parser_expect_word(parser, "in");
    status = status != 0 ? status : parser_expression(parser, &operands[0], LEVEL_ANY);
    status = status != 0 ? status : parser_expect(parser, ")");
    return status != 0 ? status : parser_call(parser, out, token, "strpos", operands, 2);
}

/* TRIM([LEADING | TRAILING | BOTH] [characters] FROM x), and the plain call. */
static int parse_trim(struct parser *parser, struct syntax **out)
{
    const struct expr_token *token = parser->token;
    const char *name = "trim";
    parser->token += 2;
    if (parser_accepts_word(parser, "leading")) {
        name = "ltrim";
    } else if (parser_accepts_word(parser, "trailing")) {
        name = "rtrim";
    } else {
        parser_accepts_word(parser, "both");
    }
    struct syntax *first = NULL;
    struct syntax *second = NULL;
    int status = 0;
    if (!parser_sees_word(parser, 0, "from")) {
        status = parser_expression(parser, &first, LEVEL_ANY);
    }
    bool from = status == 0 && parser_accepts_word(parser, "from");
    if (from || (status == 0 && parser_accepts(parser, ","))) {
        status = parser_expression(parser, &second, LEVEL_ANY);
    }
    status = status != 0 ? status : parser_expect(parser, ")");
    if (status != 0) {
        return status;
    }
    struct syntax *const operands[] = {from ? second : first, from ? first : second};
    return parser_call(parser, out, token, name, operands, first == NULL || second == NULL ? 1 : 2);
}

static int parse_list(struct parser *parser, struct syntax **out)
{
    struct syntax *node = parser_node(parser, SYNTAX_LIST, parser->token);
    if (node == NULL) {
        return STATUS_RESOURCES;
    }
    parser->token += parser_sees_word(parser, 0, "array") ? 2 : 1;
    *out = node;
    if (!parser_accepts(parser, "]")) {
        return parser_operands(parser, node, "]");
    }
    node->end = parser->token[-1].end;
    return 0;
}

/* "(" ahead of an expression; rows and subqueries begin in the same way. */
int parser_bracketed(struct parser *parser, struct syntax **out)
{
    parser->token++;
    int status = parser_expression(parser, out, LEVEL_ANY);
    if (status == 0 && parser_sees(parser, 0, ",")) {
        return parser_fail(parser, parser->token,
                           "rows are not supported; compare the columns one by one with AND");
    }
    return status != 0 ? status : parser_expect(parser, ")");
}

/* ---- choosing ---- */

static const struct form {
    const char *word;
    const char *next; /* what has to follow for the word to be this form; NULL: anything */
    parse_form *parse;
} FORMS[] = {
    {"null", NULL, parse_null},        {"true", NULL, parse_true},
    {"false", NULL, parse_false},      {"case", NULL, parse_case},
    {"cast", "(", parse_cast},         {"try_cast", "(", parse_cast},
    {"coalesce", "(", parse_choice},   {"ifnull", "(", parse_choice},
    {"nullif", "(", parse_choice},     {"if", "(", parse_choice},
    {"extract", "(", parse_extract},   {"substring", "(", parse_substring},
    {"position", "(", parse_position}, {"trim", "(", parse_trim},
    {"array", "[", parse_list},        {"interval", "(", parser_interval},
};

/* The form that the next word begins, or NULL for a plain name or call. */
static parse_form *find_form(const struct parser *parser)
{
    for (size_t i = 0; i < ARRAY_LENGTH(FORMS); i++) {
        if (parser_sees_word(parser, 0, FORMS[i].word) &&
            (FORMS[i].next == NULL || parser_sees(parser, 1, FORMS[i].next))) {
            return FORMS[i].parse;
        }
    }
    enum expr_token_kind next = parser->token[1].kind;
    if (parser_sees_word(parser, 0, "interval") &&
        (next == EXPR_TOKEN_TEXT || next == EXPR_TOKEN_NUMBER)) {
        return parser_interval;
    }
    return next == EXPR_TOKEN_TEXT ? parser_typed_literal : NULL;
}

static int parse_name(struct parser *parser, struct syntax **out)
{
    if (parser_sees(parser, 1, ".")) {
        return parse_qualified(parser, out);
    }
    if (parser->token->kind == EXPR_TOKEN_WORD) {
        parse_form *form = find_form(parser);
        if (form != NULL) {
            return form(parser, out);
        }
    }
    return parser_sees(parser, 1, "(") ? parse_call(parser, out)
                                       : parser_leaf(parser, out, SYNTAX_NAME);
}

int parser_primary(struct parser *parser, struct syntax **out)
{
    enum expr_token_kind kind = parser->token->kind;
    if (parser_refuses(parser, true)) {
        return STATUS_INVALID;
    }
    if (kind == EXPR_TOKEN_NUMBER || kind == EXPR_TOKEN_TEXT) {
        return parser_leaf(parser, out, kind == EXPR_TOKEN_TEXT ? SYNTAX_TEXT : SYNTAX_NUMBER);
    }
    if (parser_sees(parser, 0, "(")) {
        return parser_bracketed(parser, out);
    }
    if (parser_sees(parser, 0, "[")) {
        return parse_list(parser, out);
    }
    if (!parser_sees_name(parser, 0) || sees_reserved(parser)) {
        return parser_fail_expected(parser, "an expression");
    }
    return parse_name(parser, out);
}
