/*
 * What the two halves of the binder share. Private to expr_binder*.c.
 */
#ifndef LINKAGE_EXPR_BINDER_H
#define LINKAGE_EXPR_BINDER_H

#include "linkage/expr_node.h"
#include "linkage/expr_syntax.h"

/* The parameters of a lambda whose body is being bound. */
struct binder_scope {
    const struct binder_scope *outer;
    const struct str *names; /* two; the second may be none */
    struct value_type item;
};

struct binder {
    struct arena *arena;
    struct error *error;
    const struct expr_schema *schema;
    enum expr_style style;
    struct str text; /* the condition */
    const struct binder_scope *scope;
    struct expr_owned *owned; /* so far */
    double folding;           /* steps that may still be spent on constants: expr_fold() */
};

/* The node for what is written. */
int binder_bind(struct binder *binder, const struct expr_node **out, const struct syntax *syntax);

/* The same, for everything that is neither a leaf nor a call. */
int binder_bind_form(struct binder *binder, const struct expr_node **out,
                     const struct syntax *syntax);

/* A constant of that type. */
int binder_constant(struct binder *binder, const struct expr_node **out, struct value_type type,
                    struct value value);

/* Literals; a number may be `negative` by the sign before it. */
int binder_text(struct binder *binder, const struct expr_node **out, const struct syntax *syntax);
int binder_number(struct binder *binder, const struct expr_node **out, const struct syntax *syntax,
                  bool negative);

/* Casts *node to `to`, as CAST does or as TRY_CAST does. `where` is what messages show. */
int binder_cast(struct binder *binder, const struct expr_node **node, struct value_type to,
                bool tries, const struct syntax *where);

/* Makes *node a BOOLEAN, as a WHERE, AND or WHEN wants it. */
int binder_boolean(struct binder *binder, const struct expr_node **node,
                   const struct syntax *where);

/* The binding of a cast, which the binder then owns; out->function is NULL when the types are the
   same. */
int binder_bind_cast(struct binder *binder, struct expr_binding *out, struct value_type from,
                     struct value_type to, bool tries, const struct syntax *where);

/* Remembers what a binding holds; `cell` was allocated before it was bound. */
void binder_own(struct binder *binder, struct expr_owned *cell,
                const struct function_binding *binding);

/* Derives, folds, and hands out a node of which the operands are set. NULL is out of memory. */
int binder_finish(struct binder *binder, const struct expr_node **out, struct expr_node *node);

/* A message, then the character that `where` points at. Returns STATUS_INVALID. */
int binder_fail(struct binder *binder, const struct syntax *where, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* Puts the place behind the message of an error that somebody else has set. */
int binder_place(struct binder *binder, const struct syntax *where, int status);

/* What is written there, cut to what a message can bear. */
struct str binder_written(const struct binder *binder, const struct syntax *syntax);

#endif
