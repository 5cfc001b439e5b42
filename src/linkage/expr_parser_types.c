/*
 * The parser's types, and intervals, which name their unit behind the number.
 */
#include "linkage/expr_parser.h"

/* ---- types ---- */

/* Names of several words, and the one word for them. */
static bool accepts_long_type(struct parser *parser, struct str *name)
{
    static const struct {
        const char *words[4];
        const char *name;
    } types[] = {
        {{"double", "precision"}, "double"},
        {{"character", "varying"}, "varchar"},
        {{"timestamp", "with", "time", "zone"}, "timestamptz"},
        {{"timestamp", "without", "time", "zone"}, "timestamp"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(types); i++) {
        size_t count = 0;
        while (count < 4 && types[i].words[count] != NULL &&
               parser_sees_word(parser, count, types[i].words[count])) {
            count++;
        }
        if (count == 4 || types[i].words[count] == NULL) {
            parser->token += count;
            *name = str_from(types[i].name);
            return true;
        }
    }
    return false;
}

static int parse_type_number(struct parser *parser, unsigned *out)
{
    const struct expr_token *token = parser->token;
    *out = 0;
    if (token->kind != EXPR_TOKEN_NUMBER) {
        return parser_fail_expected(parser, "a number");
    }
    for (size_t i = 0; i < token->text.len; i++) {
        char c = token->text.ptr[i];
        if (c < '0' || c > '9' || *out > 1000) {
            return parser_fail(parser, token, "a type's numbers are small and whole");
        }
        *out = *out * 10 + (unsigned)(c - '0');
    }
    parser->token++;
    return 0;
}

int parser_type(struct parser *parser, struct syntax_type *out)
{
    *out = (struct syntax_type){0};
    if (!accepts_long_type(parser, &out->name)) {
        if (!parser_sees_name(parser, 0)) {
            return parser_fail_expected(parser, "a type");
        }
        out->name = (parser->token++)->text;
    }
    int status = 0;
    if (parser_accepts(parser, "(")) {
        status = parse_type_number(parser, &out->width);
        if (status == 0 && parser_accepts(parser, ",")) {
            status = parse_type_number(parser, &out->scale);
        }
        status = status != 0 ? status : parser_expect(parser, ")");
    }
    while (status == 0 && parser_accepts(parser, "[")) {
        if (parser->token->kind == EXPR_TOKEN_NUMBER) {
            return parser_fail(parser, parser->token, "lists of a fixed length are not supported");
        }
        status = parser_expect(parser, "]");
        out->lists++;
    }
    return status;
}

/* ---- intervals ---- */

/* The functions behind INTERVAL 1 DAY, and the type of what they take. */
static const struct interval_unit {
    const char *name;
    const char *function;
    const char *type;
} UNITS[] = {
    {"year", "to_years", "integer"},
    {"quarter", "to_quarters", "integer"},
    {"month", "to_months", "integer"},
    {"week", "to_weeks", "integer"},
    {"day", "to_days", "integer"},
    {"hour", "to_hours", "bigint"},
    {"minute", "to_minutes", "bigint"},
    {"second", "to_seconds", "double"},
    {"millisecond", "to_milliseconds", "double"},
    {"microsecond", "to_microseconds", "bigint"},
};

static const struct interval_unit *find_unit(const struct expr_token *token)
{
    struct str word = token->text;
    if (token->kind == EXPR_TOKEN_WORD && word.len > 0 && (word.ptr[word.len - 1] | 0x20) == 's') {
        word.len--;
    }
    for (size_t i = 0; token->kind == EXPR_TOKEN_WORD && i < ARRAY_LENGTH(UNITS); i++) {
        if (str_equal_ignoring_case(word, str_from(UNITS[i].name))) {
            return &UNITS[i];
        }
    }
    return NULL;
}

static int wrap_cast(struct parser *parser, struct syntax **operand, const char *type)
{
    struct syntax *cast = parser_node(parser, SYNTAX_CAST, parser->token);
    if (cast == NULL) {
        return STATUS_RESOURCES;
    }
    cast->place = (*operand)->place;
    cast->type.name = str_from(type);
    int status = parser_add(parser, cast, *operand);
    *operand = cast;
    return status;
}

/* INTERVAL '1 day' is a cast. INTERVAL 1 DAY, INTERVAL '1' DAY and INTERVAL (x) DAY are calls, with
   DuckDB's way of rounding: whole units are cut, not rounded. */
int parser_interval(struct parser *parser, struct syntax **out)
{
    const struct expr_token *token = parser->token;
    bool is_text = token[1].kind == EXPR_TOKEN_TEXT;
    if (is_text && find_unit(&token[2]) == NULL) {
        return parser_typed_literal(parser, out);
    }
    parser->token++;
    struct syntax *operand;
    int status = is_text                              ? parser_leaf(parser, &operand, SYNTAX_TEXT)
                 : token[1].kind == EXPR_TOKEN_NUMBER ? parser_leaf(parser, &operand, SYNTAX_NUMBER)
                                                      : parser_bracketed(parser, &operand);
    if (status != 0) {
        return status;
    }
    const struct interval_unit *unit = find_unit(parser->token);
    if (unit == NULL) {
        return parser_fail_expected(parser, "a unit of time");
    }
    parser->token++;
    status = wrap_cast(parser, &operand, "double");
    if (status == 0 && strcmp(unit->type, "double") != 0) {
        status = parser_call(parser, &operand, token, "trunc", &operand, 1);
        status = status != 0 ? status : wrap_cast(parser, &operand, unit->type);
    }
    return status != 0 ? status : parser_call(parser, out, token, unit->function, &operand, 1);
}
