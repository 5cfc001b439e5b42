/*
 * SQL conditions, first step: bytes to tokens.
 *
 * All tokens are read at once, so that the parser can look ahead as far as it likes. Words keep
 * their spelling; whether a word is a keyword, a name or a type depends on where it stands, and is
 * the parser's to say.
 *
 * Thread rule: pure functions.
 */
#ifndef LINKAGE_EXPR_LEXER_H
#define LINKAGE_EXPR_LEXER_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

enum {
    EXPR_MAX_BYTES = 64 << 10, /* of one condition; the longest seen in the wild has 2 KiB */
};

enum expr_token_kind {
    EXPR_TOKEN_END,
    EXPR_TOKEN_WORD,       /* an unquoted name or keyword, as written */
    EXPR_TOKEN_QUOTED,     /* "name" or `name`: the name itself */
    EXPR_TOKEN_TEXT,       /* 'text' or E'text': the text itself */
    EXPR_TOKEN_NUMBER,     /* as written: digits, a point, an exponent */
    EXPR_TOKEN_PARAMETER,  /* $1, ?, #1: no condition may have one */
    EXPR_TOKEN_PUNCTUATION /* operators and brackets */
};

struct expr_token {
    enum expr_token_kind kind;
    uint32_t begin; /* byte offsets into the condition; the end is one past the last byte */
    uint32_t end;
    struct str text;
};

struct expr_tokens {
    const struct expr_token *items; /* the last is EXPR_TOKEN_END, one past the text's last byte */
    size_t count;
};

/* Splits `text` into tokens, without spaces and comments. Memory comes from `arena`; tokens point
   into it and into `text`. */
int expr_lexer_read(struct expr_tokens *out, struct arena *arena, struct str text,
                    struct error *error);

/* The number, from 1, of the character (code point) at a byte offset: what messages name. */
size_t expr_lexer_character(struct str text, size_t offset);

#endif
