/*
 * The binder's second half: the forms that bring several operands to one type, by DuckDB's rules
 * (Splink behaviour notes, section 5.5). Text literals take the type of what they meet; other TEXT
 * meets numbers and dates only in = <> IN and IS DISTINCT FROM.
 */
#include "linkage/expr_binder.h"

static const struct value_type BOOLEAN = {.kind = VALUE_BOOLEAN};
static const struct value_type TEXT = {.kind = VALUE_TEXT};
static const struct value_type UNKNOWN = {.kind = VALUE_NULL};

/* ---- common types ---- */

/* One of several operands that are to have one type. */
struct united {
    const struct expr_node *node;
    const struct syntax *syntax;
};

static struct value_type meeting_type(const struct united *operand)
{
    return operand->syntax->kind == SYNTAX_TEXT ? UNKNOWN : operand->node->type;
}

/* What to write in a cast of a text that is to meet `type`; NULL where no cast would help. */
static const char *cast_name(struct value_type type)
{
    switch (type.kind) {
    case VALUE_BOOLEAN: return "boolean";
    case VALUE_INTEGER:
    case VALUE_BIGINT:
    case VALUE_DECIMAL:
    case VALUE_FLOAT:
    case VALUE_DOUBLE: return "double";
    case VALUE_DATE: return "date";
    case VALUE_TIMESTAMP: return "timestamp";
    case VALUE_TIMESTAMPTZ: return "timestamptz";
    case VALUE_INTERVAL: return "interval";
    default: return NULL;
    }
}

/* `what` is the operator or form that cannot take both. */
static int fail_mixed(struct binder *binder, const struct syntax *where, const char *what,
                      const struct united *a, const struct united *b)
{
    char name_a[64];
    char name_b[64];
    value_type_name(a->node->type, name_a);
    value_type_name(b->node->type, name_b);
    const struct united *text = a->node->type.kind == VALUE_TEXT ? a : b;
    const char *wanted = cast_name((text == a ? b : a)->node->type);
    if (text->node->type.kind != VALUE_TEXT || wanted == NULL) {
        return binder_fail(binder, where, "%s cannot take %s and %s: an explicit cast is required",
                           what, name_a, name_b);
    }
    return binder_fail(binder, where,
                       "%s cannot take %s and %s: an explicit cast is required; write "
                       "try_cast(%.*s as %s)",
                       what, name_a, name_b, STR_ARG(binder_written(binder, text->syntax)), wanted);
}

/* The common type of all, but for its casts. With `equality` TEXT may meet other types. */
static int find_common(struct binder *binder, struct value_type *out, const struct united *operands,
                       size_t count, bool equality, const struct syntax *where, const char *what)
{
    struct value_type common = UNKNOWN;
    const struct united *decisive = NULL; /* the operand that the type is from */
    bool literal = false;
    for (size_t i = 0; i < count; i++) {
        struct value_type before = common;
        struct value_type type = meeting_type(&operands[i]);
        literal = literal || operands[i].syntax->kind == SYNTAX_TEXT;
        int status = cast_common_type(&common, before, type, equality, binder->error);
        if (status == STATUS_INVALID && decisive != NULL) {
            return fail_mixed(binder, where, what, decisive, &operands[i]);
        }
        if (status != 0) {
            return binder_place(binder, where, status);
        }
        if (decisive == NULL || !value_type_equal(before, common)) {
            decisive = type.kind == VALUE_NULL ? decisive : &operands[i];
        }
    }
    *out = common.kind == VALUE_NULL && literal ? TEXT : common;
    return 0;
}

/* Brings all to their common type. */
static int unite(struct binder *binder, struct united *operands, size_t count, bool equality,
                 const struct syntax *where, const char *what)
{
    struct value_type common = UNKNOWN;
    int status = find_common(binder, &common, operands, count, equality, where, what);
    for (size_t i = 0; status == 0 && i < count; i++) {
        status = binder_cast(binder, &operands[i].node, common, false, operands[i].syntax);
    }
    return status;
}

/* Binds `count` operands of `syntax` from position `from` on, every `step`th. A missing ELSE is
   NULL. */
static int bind_several(struct binder *binder, struct united **out, const struct syntax *syntax,
                        uint32_t from, uint32_t step, uint32_t count)
{
    static const struct syntax missing = {.kind = SYNTAX_NULL};
    struct united *operands = arena_alloc_array(binder->arena, count, sizeof *operands);
    if (operands == NULL) {
        return error_out_of_memory(binder->error);
    }
    *out = operands;
    int status = 0;
    for (uint32_t i = 0; status == 0 && i < count; i++) {
        const struct syntax *operand = syntax->operands[from + i * step];
        operands[i].syntax = operand == NULL ? &missing : operand;
        status = binder_bind(binder, &operands[i].node, operands[i].syntax);
    }
    return status;
}

/* A node over operands that are bound and united. */
static struct expr_node *node_over(struct binder *binder, enum expr_kind kind,
                                   struct value_type type, const struct united *operands,
                                   uint32_t count)
{
    struct expr_node *node = expr_node_new(binder->arena, kind, type, count);
    for (uint32_t i = 0; node != NULL && i < count; i++) {
        node->operands[i] = operands[i].node;
    }
    return node;
}

/* ---- comparisons ---- */

static int bind_compare(struct binder *binder, const struct expr_node **out,
                        const struct syntax *syntax)
{
    static const struct {
        enum expr_comparison comparison;
        const char *name;
    } kinds[] = {
        [SYNTAX_EQUAL] = {EXPR_EQUAL, "="},
        [SYNTAX_UNEQUAL] = {EXPR_UNEQUAL, "<>"},
        [SYNTAX_LESS] = {EXPR_LESS, "<"},
        [SYNTAX_LESS_EQUAL] = {EXPR_LESS_EQUAL, "<="},
        [SYNTAX_GREATER] = {EXPR_GREATER, ">"},
        [SYNTAX_GREATER_EQUAL] = {EXPR_GREATER_EQUAL, ">="},
        [SYNTAX_DISTINCT] = {EXPR_DISTINCT, "IS DISTINCT FROM"},
        [SYNTAX_NOT_DISTINCT] = {EXPR_NOT_DISTINCT, "IS NOT DISTINCT FROM"},
    };
    enum expr_comparison comparison = kinds[syntax->kind].comparison;
    struct united *operands;
    int status = bind_several(binder, &operands, syntax, 0, 1, 2);
    if (status == 0) {
        status = unite(binder, operands, 2, expr_comparison_is_symmetric(comparison), syntax,
                       kinds[syntax->kind].name);
    }
    if (status != 0) {
        return status;
    }
    struct expr_node *node = node_over(binder, EXPR_COMPARE, BOOLEAN, operands, 2);
    if (node != NULL) {
        node->comparison = comparison;
    }
    return binder_finish(binder, out, node);
}

/* x IS TRUE is a comparison with TRUE that is never NULL. */
static int bind_is_boolean(struct binder *binder, const struct expr_node **out,
                           const struct syntax *syntax)
{
    const struct expr_node *operand;
    int status = binder_bind(binder, &operand, syntax->operands[0]);
    status = status != 0 ? status : binder_boolean(binder, &operand, syntax->operands[0]);
    if (status != 0) {
        return status;
    }
    struct expr_node *node = expr_node_new(binder->arena, EXPR_COMPARE, BOOLEAN, 2);
    struct expr_node *wanted = expr_node_constant(
        binder->arena, BOOLEAN, (struct value){.integer = syntax->kind == SYNTAX_IS_TRUE});
    if (node == NULL || wanted == NULL) {
        return error_out_of_memory(binder->error);
    }
    node->comparison = EXPR_NOT_DISTINCT;
    node->operands[0] = operand;
    node->operands[1] = wanted;
    return binder_finish(binder, out, node);
}

static int bind_is_null(struct binder *binder, const struct expr_node **out,
                        const struct syntax *syntax)
{
    struct united *operand;
    int status = bind_several(binder, &operand, syntax, 0, 1, 1);
    return status != 0
               ? status
               : binder_finish(binder, out, node_over(binder, EXPR_IS_NULL, BOOLEAN, operand, 1));
}

static int bind_between(struct binder *binder, const struct expr_node **out,
                        const struct syntax *syntax)
{
    struct united *operands;
    int status = bind_several(binder, &operands, syntax, 0, 1, 3);
    status = status != 0 ? status : unite(binder, operands, 3, false, syntax, "BETWEEN");
    return status != 0
               ? status
               : binder_finish(binder, out, node_over(binder, EXPR_BETWEEN, BOOLEAN, operands, 3));
}

static int bind_in(struct binder *binder, const struct expr_node **out, const struct syntax *syntax)
{
    struct united *operands;
    int status = bind_several(binder, &operands, syntax, 0, 1, syntax->count);
    status = status != 0 ? status : unite(binder, operands, syntax->count, true, syntax, "IN");
    return status != 0
               ? status
               : binder_finish(binder, out,
                               node_over(binder, EXPR_IN, BOOLEAN, operands, syntax->count));
}

/* ---- logic ---- */

/* What is nested in brackets or has been folded to the same operator is merged. */
static int bind_logical(struct binder *binder, const struct expr_node **out,
                        const struct syntax *syntax)
{
    enum expr_kind kind = syntax->kind == SYNTAX_AND ? EXPR_AND : EXPR_OR;
    struct united *operands;
    int status = bind_several(binder, &operands, syntax, 0, 1, syntax->count);
    uint32_t total = 0;
    for (uint32_t i = 0; status == 0 && i < syntax->count; i++) {
        status = binder_boolean(binder, &operands[i].node, operands[i].syntax);
        total += status == 0 && operands[i].node->kind == kind ? operands[i].node->count : 1;
    }
    if (status != 0) {
        return status;
    }
    struct expr_node *node = expr_node_new(binder->arena, kind, BOOLEAN, total);
    if (node == NULL) {
        return error_out_of_memory(binder->error);
    }
    uint32_t used = 0;
    for (uint32_t i = 0; i < syntax->count; i++) {
        const struct expr_node *operand = operands[i].node;
        bool merged = operand->kind == kind;
        for (uint32_t j = 0; j < (merged ? operand->count : 1); j++) {
            node->operands[used++] = merged ? operand->operands[j] : operand;
        }
    }
    return binder_finish(binder, out, node);
}

static int bind_not(struct binder *binder, const struct expr_node **out,
                    const struct syntax *syntax)
{
    struct united *operand;
    int status = bind_several(binder, &operand, syntax, 0, 1, 1);
    status = status != 0 ? status : binder_boolean(binder, &operand->node, operand->syntax);
    return status != 0
               ? status
               : binder_finish(binder, out, node_over(binder, EXPR_NOT, BOOLEAN, operand, 1));
}

/* ---- choices ---- */

/* The results of a CASE, which stand at `first`, `first` + 2, …, and its ELSE, which is last, of one
   type. */
static int bind_results(struct binder *binder, struct united **out, const struct syntax *syntax,
                        uint32_t first, uint32_t branches)
{
    struct united *results;
    struct united *otherwise;
    struct united *all = arena_alloc_array(binder->arena, branches + 1, sizeof *all);
    if (all == NULL) {
        return error_out_of_memory(binder->error);
    }
    int status = bind_several(binder, &results, syntax, first, 2, branches);
    status =
        status != 0 ? status : bind_several(binder, &otherwise, syntax, syntax->count - 1, 1, 1);
    if (status != 0) {
        return status;
    }
    memcpy(all, results, branches * sizeof *all);
    all[branches] = *otherwise;
    *out = all;
    return unite(binder, all, branches + 1, false, syntax, "CASE");
}

static int bind_case(struct binder *binder, const struct expr_node **out,
                     const struct syntax *syntax)
{
    uint32_t branches = syntax->count / 2;
    struct united *conditions;
    struct united *results;
    int status = bind_several(binder, &conditions, syntax, 0, 2, branches);
    for (uint32_t i = 0; status == 0 && i < branches; i++) {
        status = binder_boolean(binder, &conditions[i].node, conditions[i].syntax);
    }
    status = status != 0 ? status : bind_results(binder, &results, syntax, 1, branches);
    if (status != 0) {
        return status;
    }
    struct expr_node *node =
        expr_node_new(binder->arena, EXPR_CASE, results[0].node->type, syntax->count);
    for (uint32_t i = 0; node != NULL && i < branches; i++) {
        node->operands[2 * i] = conditions[i].node;
        node->operands[2 * i + 1] = results[i].node;
    }
    if (node != NULL) {
        node->operands[2 * branches] = results[branches].node;
    }
    return binder_finish(binder, out, node);
}

/* The common type of `x = value`: casts the value, and binds the cast of x, which is in the tree
   only once however often it is compared. */
static int bind_comparand(struct binder *binder, struct expr_binding *cast, const struct united *x,
                          struct united *value, const struct syntax *where, const char *what)
{
    const struct united pair[] = {*x, *value};
    struct value_type common = UNKNOWN;
    int status = find_common(binder, &common, pair, 2, true, where, what);
    status = status != 0 ? status : binder_cast(binder, &value->node, common, false, value->syntax);
    return status != 0 ? status
                       : binder_bind_cast(binder, cast, x->node->type, common, false, x->syntax);
}

/* Each value is compared with x in the type that the two have in common, as if `x = value` stood
   there. */
static int bind_switch(struct binder *binder, const struct expr_node **out,
                       const struct syntax *syntax)
{
    uint32_t branches = (syntax->count - 2) / 2;
    struct united *x;
    struct united *values;
    struct united *results;
    struct expr_binding *casts = arena_alloc_array(binder->arena, branches, sizeof *casts);
    if (casts == NULL) {
        return error_out_of_memory(binder->error);
    }
    int status = bind_several(binder, &x, syntax, 0, 1, 1);
    status = status != 0 ? status : bind_several(binder, &values, syntax, 1, 2, branches);
    for (uint32_t i = 0; status == 0 && i < branches; i++) {
        status = bind_comparand(binder, &casts[i], x, &values[i], values[i].syntax, "CASE");
    }
    status = status != 0 ? status : bind_results(binder, &results, syntax, 2, branches);
    if (status != 0) {
        return status;
    }
    struct expr_node *node =
        expr_node_new(binder->arena, EXPR_SWITCH, results[0].node->type, syntax->count);
    if (node == NULL) {
        return error_out_of_memory(binder->error);
    }
    node->casts = casts;
    node->operands[0] = x->node;
    for (uint32_t i = 0; i < branches; i++) {
        node->operands[2 * i + 1] = values[i].node;
        node->operands[2 * i + 2] = results[i].node;
    }
    node->operands[2 * branches + 1] = results[branches].node;
    return binder_finish(binder, out, node);
}

static int bind_coalesce(struct binder *binder, const struct expr_node **out,
                         const struct syntax *syntax)
{
    struct united *operands;
    int status = bind_several(binder, &operands, syntax, 0, 1, syntax->count);
    status =
        status != 0 ? status : unite(binder, operands, syntax->count, false, syntax, "COALESCE");
    return status != 0 ? status
                       : binder_finish(binder, out,
                                       node_over(binder, EXPR_COALESCE, operands[0].node->type,
                                                 operands, syntax->count));
}

/* The result has the type of the first argument, whatever it is compared with. */
static int bind_nullif(struct binder *binder, const struct expr_node **out,
                       const struct syntax *syntax)
{
    struct united *operands;
    struct expr_binding *cast = arena_alloc(binder->arena, sizeof *cast);
    if (cast == NULL) {
        return error_out_of_memory(binder->error);
    }
    int status = bind_several(binder, &operands, syntax, 0, 1, 2);
    status = status != 0
                 ? status
                 : bind_comparand(binder, cast, &operands[0], &operands[1], syntax, "NULLIF");
    if (status != 0) {
        return status;
    }
    struct expr_node *node = node_over(binder, EXPR_NULLIF, operands[0].node->type, operands, 2);
    if (node != NULL) {
        node->casts = cast;
    }
    return binder_finish(binder, out, node);
}

static int bind_list(struct binder *binder, const struct expr_node **out,
                     const struct syntax *syntax)
{
    struct united *items;
    struct value_type *element = arena_alloc(binder->arena, sizeof *element);
    if (element == NULL) {
        return error_out_of_memory(binder->error);
    }
    int status = bind_several(binder, &items, syntax, 0, 1, syntax->count);
    status = status != 0 ? status : unite(binder, items, syntax->count, false, syntax, "[…]");
    if (status != 0) {
        return status;
    }
    *element = syntax->count == 0 ? UNKNOWN : items[0].node->type;
    struct value_type type = {.kind = VALUE_LIST, .element = element};
    return binder_finish(binder, out, node_over(binder, EXPR_LIST, type, items, syntax->count));
}

int binder_bind_form(struct binder *binder, const struct expr_node **out,
                     const struct syntax *syntax)
{
    switch (syntax->kind) {
    case SYNTAX_AND:
    case SYNTAX_OR: return bind_logical(binder, out, syntax);
    case SYNTAX_NOT: return bind_not(binder, out, syntax);
    case SYNTAX_EQUAL:
    case SYNTAX_UNEQUAL:
    case SYNTAX_LESS:
    case SYNTAX_LESS_EQUAL:
    case SYNTAX_GREATER:
    case SYNTAX_GREATER_EQUAL:
    case SYNTAX_DISTINCT:
    case SYNTAX_NOT_DISTINCT: return bind_compare(binder, out, syntax);
    case SYNTAX_IS_TRUE:
    case SYNTAX_IS_FALSE: return bind_is_boolean(binder, out, syntax);
    case SYNTAX_IS_NULL: return bind_is_null(binder, out, syntax);
    case SYNTAX_BETWEEN: return bind_between(binder, out, syntax);
    case SYNTAX_IN: return bind_in(binder, out, syntax);
    case SYNTAX_CASE: return bind_case(binder, out, syntax);
    case SYNTAX_SWITCH: return bind_switch(binder, out, syntax);
    case SYNTAX_COALESCE: return bind_coalesce(binder, out, syntax);
    case SYNTAX_NULLIF: return bind_nullif(binder, out, syntax);
    case SYNTAX_LIST: return bind_list(binder, out, syntax);
    default: return error_set(binder->error, STATUS_INTERNAL, "a form that nobody binds");
    }
}
