/*
 * SQL conditions, second step: tokens to a tree of what is written.
 *
 * The tree knows nothing of columns, types and functions; that is expr_binder's. Private to
 * expr_*.c.
 *
 * Thread rule: immutable once parsed.
 */
#ifndef LINKAGE_EXPR_SYNTAX_H
#define LINKAGE_EXPR_SYNTAX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

enum {
    /* Levels that a tree may have, and recursions that parsing it may take: every later pass
       recurses too, and a thread's stack may have no more than half a MiB. */
    EXPR_MAX_DEPTH = 200,
};

enum syntax_kind {
    SYNTAX_NULL,
    SYNTAX_TRUE,
    SYNTAX_FALSE,
    SYNTAX_NUMBER, /* text: as written */
    SYNTAX_TEXT,   /* text: the content */
    SYNTAX_NAME,   /* text: the name; qualifier: what stands before the point, or ptr NULL */
    SYNTAX_CALL,   /* text: a function or operator */
    SYNTAX_LAMBDA, /* parameters; operand: the body */
    SYNTAX_CAST,   /* operand; type; mode in `negated`: TRY_CAST */
    SYNTAX_LIST,
    SYNTAX_AND, /* operands: two or more; nested ones are merged */
    SYNTAX_OR,
    SYNTAX_NOT,
    SYNTAX_EQUAL,
    SYNTAX_UNEQUAL,
    SYNTAX_LESS,
    SYNTAX_LESS_EQUAL,
    SYNTAX_GREATER,
    SYNTAX_GREATER_EQUAL,
    SYNTAX_DISTINCT,
    SYNTAX_NOT_DISTINCT,
    SYNTAX_IS_NULL,
    SYNTAX_IS_TRUE,
    SYNTAX_IS_FALSE,
    SYNTAX_BETWEEN, /* operands: value, lowest, highest */
    SYNTAX_IN,      /* operands: value, then the list's items */
    SYNTAX_CASE, /* operands: condition, result, …, and the ELSE at the end, NULL if not given */
    SYNTAX_SWITCH, /* CASE x WHEN …: operands: x, value, result, …, ELSE */
    SYNTAX_COALESCE,
    SYNTAX_NULLIF,
    SYNTAX_INTERVAL, /* operand: a number or text; text: the unit */
};

struct syntax_type {
    struct str name;
    unsigned width; /* both 0 when no numbers stand there */
    unsigned scale;
    unsigned lists; /* pairs of brackets after it */
};

struct syntax {
    enum syntax_kind kind;
    bool negated;   /* SYNTAX_CAST: TRY_CAST */
    uint16_t depth; /* levels of the tree from here down */
    uint32_t begin; /* bytes of the condition that it spans */
    uint32_t end;
    uint32_t place; /* the byte that messages point at: the name, or the operator */
    uint32_t count; /* operands */
    uint32_t room;  /* operands that fit before the array has to grow */
    struct str text;
    struct str qualifier;
    struct syntax **operands;
    union {
        struct syntax_type type;  /* SYNTAX_CAST */
        struct str parameters[2]; /* SYNTAX_LAMBDA: the item, and its position if ptr is set */
    };
};

/* Reads one condition. The error names the character. All memory comes from `arena`. */
int syntax_parse(struct syntax **out, struct arena *arena, struct str text, struct error *error);

#endif
