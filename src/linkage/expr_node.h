/*
 * SQL conditions, third step: the typed tree.
 *
 * Names are positions, calls are bindings, every operand has exactly the type that its node wants,
 * and what is constant has been computed. A tree shares no nodes, so that a pass over it takes time
 * in proportion to the condition's length. Private to expr_*.c and program_*.c.
 *
 * Thread rule: immutable once bound.
 */
#ifndef LINKAGE_EXPR_NODE_H
#define LINKAGE_EXPR_NODE_H

#include <stdbool.h>
#include <stdint.h>

#include "linkage/expr.h"
#include "linkage/function.h"

enum {
    EXPR_MAX_LAMBDAS = 8, /* nested in each other */
};

enum expr_kind {
    EXPR_CONSTANT,
    EXPR_COLUMN,
    EXPR_VARIABLE, /* a lambda's parameter */
    EXPR_CALL,     /* a function, an operator or a cast */
    EXPR_COMPARE,  /* two operands of one type */
    EXPR_BETWEEN,  /* value, lowest, highest, of one type */
    EXPR_IN,       /* value, then the list's items, of one type */
    EXPR_AND,      /* two or more; none of them an EXPR_AND */
    EXPR_OR,       /* likewise */
    EXPR_NOT,
    EXPR_IS_NULL,
    EXPR_CASE,   /* condition, result, …, ELSE */
    EXPR_SWITCH, /* CASE x: x, value, result, …, ELSE; casts[i] takes x to the ith value's type */
    EXPR_COALESCE,  /* one or more, of one type */
    EXPR_NULLIF,    /* x, y; casts[0] takes x to y's type */
    EXPR_LIST,      /* items of one type, perhaps none */
    EXPR_TRANSFORM, /* list, the lambda's body */
    EXPR_FILTER,    /* list, the lambda's body, a BOOLEAN */
};

enum expr_comparison {
    EXPR_EQUAL,
    EXPR_UNEQUAL,
    EXPR_LESS,
    EXPR_LESS_EQUAL,
    EXPR_GREATER,
    EXPR_GREATER_EQUAL,
    EXPR_DISTINCT, /* never NULL, as the next */
    EXPR_NOT_DISTINCT,
};

/* A call's binding, or a cast's. */
struct expr_binding {
    const struct function_binding *function; /* NULL for a cast that has nothing to do */
    bool is_cast;
    bool tries; /* TRY_CAST */
};

/* A binding that holds something beyond the arena. */
struct expr_owned {
    struct expr_owned *next;
    const struct function_binding *binding;
};

struct expr_node {
    enum expr_kind kind;
    uint8_t sides;  /* a bit (1 << side) for each side that it names columns of */
    uint8_t open;   /* how many of the lambdas around it it needs: 0 if it names no parameter */
    uint32_t count; /* operands */
    struct value_type type;
    const struct expr_node **operands;
    union {
        struct value constant;
        struct {
            uint32_t column;
            enum expr_side side;
        };
        struct {
            uint8_t depth;    /* 0 is the innermost lambda around */
            uint8_t position; /* 0: the item, 1: its number */
        };
        enum expr_comparison comparison;
        struct expr_binding binding;
        const struct expr_binding *casts;
    };
    struct expr_owned *owned; /* set in what expr_parse returns, for the whole tree */
};

static inline bool expr_is_null(const struct expr_node *node)
{
    return node->kind == EXPR_CONSTANT && node->constant.is_null;
}

/* A comparison that is TRUE when the given one is FALSE, and NULL when it is NULL. */
enum expr_comparison expr_comparison_inverse(enum expr_comparison comparison);

/* Whether a OP b = b OP a. */
bool expr_comparison_is_symmetric(enum expr_comparison comparison);

/* Whether two bindings compute the same from the same operands. */
bool expr_binding_equal(const struct expr_binding *a, const struct expr_binding *b);

/* Whether two values of one type are the same to the last bit: unlike in SQL 0 is not -0. */
bool expr_value_identical(struct value_type type, struct value a, struct value b);

/* A new node with room for `count` operands, which the caller sets before expr_node_finish(); NULL
   when memory is used up. */
struct expr_node *expr_node_new(struct arena *arena, enum expr_kind kind, struct value_type type,
                                uint32_t count);

/* Derives sides and open from the operands. */
void expr_node_finish(struct expr_node *node);

/*
 * What a node of which the operands are folded always computes, as far as that is known: a
 * constant, one of its operands, a simpler node, or itself. What DuckDB would abort on stays as it
 * is, and *failed says so: a place that cannot wait for the first record may refuse it. What would
 * cost more steps than are left in *budget stays, too, and is computed when it is needed; else they are
 * taken off.
 */
int expr_fold(const struct expr_node **out, struct expr_node *node, bool *failed, double *budget,
              struct arena *arena, struct error *error);

/* A constant of that type. */
struct expr_node *expr_node_constant(struct arena *arena, struct value_type type,
                                     struct value value);

#endif
