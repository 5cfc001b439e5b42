/*
 * Columns by the names that conditions give them. Private to expr_*.c.
 */
#ifndef LINKAGE_EXPR_NAMES_H
#define LINKAGE_EXPR_NAMES_H

#include "linkage/expr_binder.h"

/* The column and side that a SYNTAX_NAME stands for; the error says what may be written instead. */
int expr_names_find(uint32_t *column, enum expr_side *side, struct binder *binder,
                    const struct syntax *name);

#endif
