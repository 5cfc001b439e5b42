/*
 * What the files function_*.c and cast*.c share, and nobody else includes.
 *
 * A function is either a list of overloads with fixed types, chosen by function_bind(), or it binds
 * itself. Signatures are written with one letter a type, the result after the colon:
 *   t VARCHAR   b BOOLEAN   i INTEGER   n BIGINT   f FLOAT   r DOUBLE
 *   D DATE   S TIMESTAMP   Z TIMESTAMPTZ   V INTERVAL   L VARCHAR[]
 * so that "tn:t" is substring(text, from).
 */
#ifndef LINKAGE_FUNCTION_INTERNAL_H
#define LINKAGE_FUNCTION_INTERNAL_H

#include "linkage/function.h"

enum { FUNCTION_MAX_OVERLOADS = 8 };

/* What a binding callback works on. */
struct function_bind_call {
    const struct function *function;
    struct function_binding *binding; /* parameters as chosen so far; at first the arguments' own */
    struct arena *arena;
    const struct function_argument *arguments;
    size_t count;
    struct error *error;
};

/* Sets or checks what it has to in call->binding. */
typedef int function_bind_step(struct function_bind_call *call);

struct function_overload {
    const char *signature;
    function_run *run;
};

struct function {
    const char *name;
    const char *aliases; /* other names, separated by single spaces; may be NULL */
    struct function_overload overloads[FUNCTION_MAX_OVERLOADS]; /* up to the first without run */
    function_bind_step *bind;                                   /* in place of overloads */
    function_bind_step *prepare; /* after the overload is chosen: looks at constants */
    const char *takes;           /* what the function takes, for the message of a bind step */
    size_t memo_size;
    bool null_aware; /* runs with NULL arguments too */
    bool commutative;
    enum function_cutoff cutoff_kind;
};

/* A part of the registry; each file of functions has one. */
struct function_table {
    const struct function *items;
    size_t count;
};

extern const struct function_table function_table_date;
extern const struct function_table function_table_date_diff;
extern const struct function_table function_table_date_part;
extern const struct function_table function_table_like;
extern const struct function_table function_table_list;
extern const struct function_table function_table_list_set;
extern const struct function_table function_table_math;
extern const struct function_table function_table_number;
extern const struct function_table function_table_regex;
extern const struct function_table function_table_similarity;
extern const struct function_table function_table_text;
extern const struct function_table function_table_text_build;
extern const struct function_table function_table_text_search;

#define TYPE(kind_) ((struct value_type){.kind = (kind_)})

/* ---- for bind steps ---- */

/* Whether an argument is NULL, or of that kind, or could become it unasked. */
bool function_argument_fits(const struct function_argument *argument, struct value_type type);

/* Whether an argument is a literal text: it takes the type that is wanted. */
static inline bool function_argument_is_literal(const struct function_argument *argument)
{
    return argument->type.kind == VALUE_TEXT && argument->constant != NULL;
}

/* "NAME takes TAKES, but argument N is TYPE: write CAST". `wanted` is the kind to write in the
   cast, or VALUE_NULL for no advice. Returns STATUS_INVALID. */
int function_refuse_argument(struct function_bind_call *call, size_t position,
                             enum value_kind wanted);

/* "NAME takes TAKES, not N arguments". Returns STATUS_INVALID. */
int function_refuse_count(struct function_bind_call *call);

/* Out-of-memory-checked copy of a type as the element of a list type. */
int function_list_of(struct function_bind_call *call, struct value_type element,
                     struct value_type *out);

/* The common type of all arguments from position `from` on, NULL when there is none. */
int function_common_type(struct function_bind_call *call, size_t from, struct value_type *out);

/* Constant text argument at `position`: true and its text when it is one and not NULL. */
bool function_constant_text(const struct function_bind_call *call, size_t position,
                            struct str *out);

/* ---- for running functions ---- */

/* The result is NULL where DuckDB would abort. */
void function_fail(const struct function_call *call, struct value *out);

/* The result is NULL because scratch memory is used up. */
void function_exhaust(const struct function_call *call, struct value *out);

/* Room in scratch, or NULL; then *out is the NULL to return. */
void *function_scratch(const struct function_call *call, size_t count, size_t size,
                       struct value *out);

/* A text of that length in scratch: *out is set to it, the bytes are for the caller to fill.
   NULL when there is no room; then *out is the NULL to return. */
char *function_new_text(const struct function_call *call, size_t length, struct value *out);

/* A list of that many items in scratch, likewise. */
struct value *function_new_list(const struct function_call *call, size_t count, struct value *out);

static inline void function_return_text(struct value *out, const char *text, size_t length)
{
    *out = (struct value){.text = length == 0 ? "" : text, .length = (uint32_t)length};
}

static inline void function_return_integer(struct value *out, int64_t integer)
{
    *out = (struct value){.integer = integer};
}

static inline void function_return_real(struct value *out, double real)
{
    *out = (struct value){.real = real};
}

/* ---- between function_*.c ---- */

/* lower(text) into *out. */
void function_lower(const struct function_call *call, struct str text, struct value *out);

/* Checks that an argument is a list and tells the type of its items. */
int function_bind_list(struct function_bind_call *call, size_t position, struct value_type *item);

/* Makes all arguments, and the result, lists of one type of items. */
int function_bind_same_lists(struct function_bind_call *call, struct value_type *item);

/* Binds a list and an item: contains(), list_contains(). */
int function_bind_list_contains(struct function_bind_call *call);

/* Binds the concatenation of lists; `strict` makes a NULL list make the result NULL ("||"). */
int function_bind_list_concat(struct function_bind_call *call, bool strict);

/* Binds an operator when an operand is a date or an interval; else *done is false. */
int function_bind_date_plus(struct function_bind_call *call, bool *done);
int function_bind_date_minus(struct function_bind_call *call, bool *done);
int function_bind_interval_times(struct function_bind_call *call, bool *done);
int function_bind_interval_divide(struct function_bind_call *call, bool *done);

/* An interval in scratch. */
void function_return_interval(const struct function_call *call, struct value_interval interval,
                              struct value *out);

/* ---- between cast*.c ---- */

/* What it costs DuckDB to cast unasked: 0 for the same type, more the farther, -1 for never. */
int cast_implicit_cost(struct value_type from, struct value_type to);

#endif
