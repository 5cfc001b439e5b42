/*
 * The binder's first half: names, literals, calls and casts. The forms that bring operands to a
 * common type are in expr_binder_forms.c.
 */
#include "linkage/expr_binder.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/utf8.h"
#include "linkage/expr_lexer.h"
#include "linkage/expr_names.h"

/* The syntax tree and the tokens of the longest condition; they live as long as the binding. */
enum { SYNTAX_MEMORY = 64 << 20 };

/* Of one condition: a tenth of a millisecond. A model of 10,000 may come from anybody who may send one. */
static const double MOST_FOLDING = 1e5;

static const struct value_type BOOLEAN = {.kind = VALUE_BOOLEAN};
static const struct value_type BIGINT = {.kind = VALUE_BIGINT};
static const struct value_type TEXT = {.kind = VALUE_TEXT};

/* ---- messages ---- */

static size_t character(const struct binder *binder, const struct syntax *where)
{
    return expr_lexer_character(binder->text, where->place);
}

int binder_fail(struct binder *binder, const struct syntax *where, const char *format, ...)
{
    char sentence[400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    error_set(binder->error, STATUS_INVALID, "%s (at character %zu)", sentence,
              character(binder, where));
    return STATUS_INVALID;
}

int binder_place(struct binder *binder, const struct syntax *where, int status)
{
    if (status == STATUS_INVALID) {
        struct error said = *binder->error;
        error_set(binder->error, status, "%.*s (at character %zu)", 460, said.message,
                  character(binder, where));
        memcpy(binder->error->hint, said.hint, sizeof said.hint);
    }
    return status;
}

struct str binder_written(const struct binder *binder, const struct syntax *syntax)
{
    struct str written = {binder->text.ptr + syntax->begin, syntax->end - syntax->begin};
    if (written.len > 60) {
        written = STR("…");
    }
    return written;
}

/* ---- nodes ---- */

int binder_constant(struct binder *binder, const struct expr_node **out, struct value_type type,
                    struct value value)
{
    *out = expr_node_constant(binder->arena, type, value);
    if (*out == NULL) {
        error_out_of_memory(binder->error);
        return STATUS_RESOURCES; /* said so that analysers see it, too */
    }
    return 0;
}

void binder_own(struct binder *binder, struct expr_owned *cell,
                const struct function_binding *binding)
{
    if (binding != NULL && binding->release != NULL) {
        *cell = (struct expr_owned){binder->owned, binding};
        binder->owned = cell;
    }
}

static int finish(struct binder *binder, const struct expr_node **out, struct expr_node *node,
                  bool *failed)
{
    *failed = false;
    if (node == NULL) {
        return error_out_of_memory(binder->error);
    }
    expr_node_finish(node);
    return expr_fold(out, node, failed, &binder->folding, binder->arena, binder->error);
}

int binder_finish(struct binder *binder, const struct expr_node **out, struct expr_node *node)
{
    bool failed;
    return finish(binder, out, node, &failed);
}

/* ---- casts ---- */

int binder_bind_cast(struct binder *binder, struct expr_binding *out, struct value_type from,
                     struct value_type to, bool tries, const struct syntax *where)
{
    *out = (struct expr_binding){.is_cast = true, .tries = tries};
    struct expr_owned *cell = arena_alloc(binder->arena, sizeof *cell);
    if (cell == NULL) {
        return error_out_of_memory(binder->error);
    }
    struct function_binding *binding;
    int status = cast_bind(&binding, binder->arena, from, to, tries ? CAST_TRY : CAST_EXPLICIT,
                           binder->error);
    if (status != 0) {
        return binder_place(binder, where, status);
    }
    binder_own(binder, cell, binding);
    out->function = binding;
    return 0;
}

int binder_cast(struct binder *binder, const struct expr_node **node, struct value_type to,
                bool tries, const struct syntax *where)
{
    if (value_type_equal((*node)->type, to)) {
        return 0;
    }
    if (expr_is_null(*node)) {
        const struct expr_node *null = expr_node_constant(binder->arena, to, VALUE_NONE);
        *node = null == NULL ? *node : null;
        return null == NULL ? error_out_of_memory(binder->error) : 0;
    }
    struct expr_binding binding;
    int status = binder_bind_cast(binder, &binding, (*node)->type, to, tries, where);
    if (status != 0 || binding.function == NULL) {
        return status;
    }
    struct expr_node *cast = expr_node_new(binder->arena, EXPR_CALL, to, 1);
    if (cast == NULL) {
        return error_out_of_memory(binder->error);
    }
    cast->binding = binding;
    cast->operands[0] = *node;
    bool failed;
    status = finish(binder, node, cast, &failed);
    if (status == 0 && failed && !tries) {
        char name[64];
        return binder_fail(binder, where, "%.*s cannot be cast to %s",
                           STR_ARG(binder_written(binder, where)), value_type_name(to, name));
    }
    return status;
}

int binder_boolean(struct binder *binder, const struct expr_node **node, const struct syntax *where)
{
    assert(*node != NULL);
    char name[64];
    struct value_type from = (*node)->type;
    int status = binder_cast(binder, node, BOOLEAN, false, where);
    if (status == STATUS_INVALID && from.kind != VALUE_TEXT) {
        return binder_fail(binder, where, "%.*s is %s, not a condition",
                           STR_ARG(binder_written(binder, where)), value_type_name(from, name));
    }
    return status;
}

static int bind_cast(struct binder *binder, const struct expr_node **out,
                     const struct syntax *syntax)
{
    struct value_type to;
    int status = binder_bind(binder, out, syntax->operands[0]);
    if (status == 0) {
        status = cast_type_from_name(&to, syntax->type.name, syntax->type.width, syntax->type.scale,
                                     binder->error);
        status = binder_place(binder, syntax, status);
    }
    for (unsigned i = 0; status == 0 && i < syntax->type.lists; i++) {
        struct value_type *element = arena_alloc(binder->arena, sizeof *element);
        if (element == NULL) {
            return error_out_of_memory(binder->error);
        }
        *element = to;
        to = (struct value_type){.kind = VALUE_LIST, .element = element};
    }
    return status != 0 ? status
                       : binder_cast(binder, out, to, syntax->negated, syntax->operands[0]);
}

/* ---- names ---- */

static int bind_variable(struct binder *binder, const struct expr_node **out,
                         const struct syntax *syntax, bool *found)
{
    uint8_t depth = 0;
    for (const struct binder_scope *scope = binder->scope; scope != NULL; scope = scope->outer) {
        for (uint8_t i = 0; i < 2; i++) {
            if (scope->names[i].ptr == NULL ||
                !str_equal_ignoring_case(scope->names[i], syntax->text)) {
                continue;
            }
            *found = true;
            struct value_type type = i == 0 ? scope->item : BIGINT;
            struct expr_node *node = expr_node_new(binder->arena, EXPR_VARIABLE, type, 0);
            if (node != NULL) {
                node->depth = depth;
                node->position = i;
            }
            return binder_finish(binder, out, node);
        }
        depth++;
    }
    return 0;
}

/* Functions and names that would make a model give another answer tomorrow. */
static bool is_volatile(struct str name)
{
    static const char *const names[] = {
        "clock_timestamp",
        "current_date",
        "current_localtime",
        "current_localtimestamp",
        "current_time",
        "current_timestamp",
        "gen_random_uuid",
        "get_current_time",
        "get_current_timestamp",
        "localtime",
        "localtimestamp",
        "now",
        "random",
        "statement_timestamp",
        "today",
        "transaction_timestamp",
        "uuid",
        "uuidv4",
        "uuidv7",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        if (str_equal_ignoring_case(name, str_from(names[i]))) {
            return true;
        }
    }
    return false;
}

static int fail_volatile(struct binder *binder, const struct syntax *syntax)
{
    return binder_fail(binder, syntax,
                       "%.*s gives another answer each time: a condition may not depend on it",
                       STR_ARG(syntax->text));
}

static int bind_name(struct binder *binder, const struct expr_node **out,
                     const struct syntax *syntax)
{
    if (syntax->qualifier.ptr == NULL) {
        bool found = false;
        int status = bind_variable(binder, out, syntax, &found);
        if (status != 0 || found) {
            return status;
        }
        if (is_volatile(syntax->text)) {
            return fail_volatile(binder, syntax);
        }
    }
    uint32_t column;
    enum expr_side side;
    int status = expr_names_find(&column, &side, binder, syntax);
    if (status != 0) {
        return status;
    }
    struct expr_node *node = expr_node_new(binder->arena, EXPR_COLUMN, TEXT, 0);
    if (node != NULL) {
        node->column = column;
        node->side = side;
    }
    return binder_finish(binder, out, node);
}

/* ---- calls ---- */

static bool is_named(const struct syntax *call, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (str_equal_ignoring_case(call->text, str_from(names[i]))) {
            return true;
        }
    }
    return false;
}

static int bind_lambda_call(struct binder *binder, const struct expr_node **out,
                            const struct syntax *call, enum expr_kind kind)
{
    if (call->count != 2 || call->operands[0]->kind == SYNTAX_LAMBDA ||
        call->operands[1]->kind != SYNTAX_LAMBDA) {
        return binder_fail(binder, call, "%.*s takes a list and a lambda, as in %.*s(list, x -> …)",
                           STR_ARG(call->text), STR_ARG(call->text));
    }
    const struct expr_node *list;
    int status = binder_bind(binder, &list, call->operands[0]);
    if (status != 0) {
        return status;
    }
    if (list->type.kind == VALUE_NULL) {
        *out = list;
        return 0;
    }
    if (list->type.kind != VALUE_LIST) {
        char name[64];
        return binder_fail(binder, call, "%.*s takes a list, not %s", STR_ARG(call->text),
                           value_type_name(list->type, name));
    }
    const struct syntax *lambda = call->operands[1];
    struct binder_scope scope = {binder->scope, lambda->parameters, *list->type.element};
    unsigned nested = 1;
    for (const struct binder_scope *at = binder->scope; at != NULL; at = at->outer) {
        nested++;
    }
    if (nested > EXPR_MAX_LAMBDAS) {
        return binder_fail(binder, lambda, "more than %d lambdas are nested in each other",
                           EXPR_MAX_LAMBDAS);
    }
    const struct expr_node *body;
    binder->scope = &scope;
    status = binder_bind(binder, &body, lambda->operands[0]);
    binder->scope = scope.outer;
    struct value_type type = list->type;
    if (status == 0 && kind == EXPR_FILTER) {
        status = binder_boolean(binder, &body, lambda->operands[0]);
    } else if (status == 0) {
        struct value_type *element = arena_alloc(binder->arena, sizeof *element);
        if (element == NULL) {
            return error_out_of_memory(binder->error);
        }
        *element = body->type;
        type.element = element;
    }
    if (status != 0) {
        return status;
    }
    struct expr_node *node = expr_node_new(binder->arena, kind, type, 2);
    if (node != NULL) {
        node->operands[0] = list;
        node->operands[1] = body;
    }
    return binder_finish(binder, out, node);
}

static int fail_unknown_function(struct binder *binder, const struct syntax *call)
{
    /* Known well enough to deserve a reason. */
    static const char *const aggregates[] = {
        "any_value",    "approx_count_distinct",
        "array_agg",    "avg",
        "bool_and",     "bool_or",
        "count",        "first",
        "group_concat", "last",
        "list",         "listagg",
        "max",          "mean",
        "median",       "min",
        "mode",         "product",
        "quantile",     "stddev",
        "string_agg",   "sum",
        "var_pop",      "variance",
    };
    static const char *const windows[] = {
        "cume_dist", "dense_rank", "lag", "lead", "ntile", "percent_rank", "rank", "row_number",
    };
    if (is_named(call, aggregates, ARRAY_LENGTH(aggregates))) {
        return binder_fail(binder, call, "%.*s is an aggregate: it is not allowed in a condition",
                           STR_ARG(call->text));
    }
    if (is_named(call, windows, ARRAY_LENGTH(windows))) {
        return binder_fail(binder, call,
                           "%.*s is a window function: it is not allowed in a condition",
                           STR_ARG(call->text));
    }
    if (is_volatile(call->text)) {
        return fail_volatile(binder, call);
    }
    const char *nearest = function_nearest(call->text);
    struct str name = call->text;
    name.len = utf8_offset(name, 60);
    int status = binder_fail(binder, call, "function %.*s does not exist", STR_ARG(name));
    if (nearest != NULL) {
        size_t used = strlen(binder->error->message);
        snprintf(binder->error->message + used, sizeof binder->error->message - used,
                 "; did you mean %s?", nearest);
    }
    return status;
}

static int bind_arguments(struct binder *binder, struct expr_node *node,
                          struct function_argument *arguments, const struct syntax *call)
{
    for (uint32_t i = 0; i < call->count; i++) {
        if (call->operands[i]->kind == SYNTAX_LAMBDA) {
            return binder_fail(binder, call->operands[i],
                               "a lambda may only be an argument of list_transform or list_filter");
        }
        int status = binder_bind(binder, &node->operands[i], call->operands[i]);
        if (status != 0) {
            return status;
        }
        const struct expr_node *operand = node->operands[i];
        arguments[i] = (struct function_argument){
            operand->type, operand->kind == EXPR_CONSTANT ? &operand->constant : NULL};
    }
    return 0;
}

/* Binds the overload and casts the arguments to what it takes. */
static int bind_function(struct binder *binder, struct expr_node *node,
                         const struct function *function, const struct syntax *call)
{
    struct function_argument *arguments =
        arena_alloc_array(binder->arena, call->count, sizeof *arguments);
    struct expr_owned *cell = arena_alloc(binder->arena, sizeof *cell);
    if (arguments == NULL || cell == NULL) {
        return error_out_of_memory(binder->error);
    }
    int status = bind_arguments(binder, node, arguments, call);
    if (status != 0) {
        return status;
    }
    struct function_binding *binding;
    status =
        function_bind(&binding, binder->arena, function, arguments, call->count, binder->error);
    if (status != 0) {
        return binder_place(binder, call, status);
    }
    binder_own(binder, cell, binding);
    node->binding = (struct expr_binding){.function = binding};
    node->type = binding->result;
    for (uint32_t i = 0; status == 0 && i < call->count; i++) {
        status = binder_cast(binder, &node->operands[i], binding->parameters[i], false,
                             call->operands[i]);
    }
    return status;
}

static bool is_number(struct value_type type)
{
    return type.kind >= VALUE_INTEGER && type.kind <= VALUE_DOUBLE;
}

/* A sign before a number is part of the number; + does nothing else. */
static int bind_sign(struct binder *binder, const struct expr_node **out, const struct syntax *call,
                     bool *done)
{
    const struct syntax *operand = call->operands[0];
    bool minus = call->text.ptr[0] == '-';
    if (operand->kind == SYNTAX_NUMBER) {
        *done = true;
        return binder_number(binder, out, operand, minus);
    }
    if (minus) {
        return 0;
    }
    *done = true;
    char name[64];
    int status = binder_bind(binder, out, operand);
    if (status == 0 && !is_number((*out)->type)) {
        status = binder_fail(binder, call, "+ takes a number, not %s",
                             value_type_name((*out)->type, name));
    }
    return status;
}

static int bind_call(struct binder *binder, const struct expr_node **out, const struct syntax *call)
{
    static const char *const transforms[] = {"list_transform", "array_transform", "list_apply",
                                             "array_apply", "apply"};
    static const char *const filters[] = {"list_filter", "array_filter", "filter"};
    if (is_named(call, transforms, ARRAY_LENGTH(transforms))) {
        return bind_lambda_call(binder, out, call, EXPR_TRANSFORM);
    }
    if (is_named(call, filters, ARRAY_LENGTH(filters))) {
        return bind_lambda_call(binder, out, call, EXPR_FILTER);
    }
    if (call->count == 1 && (str_equal(call->text, STR("-")) || str_equal(call->text, STR("+")))) {
        bool done = false;
        int status = bind_sign(binder, out, call, &done);
        if (status != 0 || done) {
            return status;
        }
    }
    const struct function *function = function_find(call->text);
    if (function == NULL) {
        return fail_unknown_function(binder, call);
    }
    if (call->count > FUNCTION_MAX_ARGUMENTS) {
        return binder_fail(binder, call, "a function may have %d arguments, not %u",
                           FUNCTION_MAX_ARGUMENTS, call->count);
    }
    struct expr_node *node = expr_node_new(binder->arena, EXPR_CALL, BOOLEAN, call->count);
    if (node == NULL) {
        return error_out_of_memory(binder->error);
    }
    int status = bind_function(binder, node, function, call);
    return status != 0 ? status : binder_finish(binder, out, node);
}

/* ---- all ---- */

int binder_bind(struct binder *binder, const struct expr_node **out, const struct syntax *syntax)
{
    switch (syntax->kind) {
    case SYNTAX_NULL:
        return binder_constant(binder, out, (struct value_type){.kind = VALUE_NULL}, VALUE_NONE);
    case SYNTAX_TRUE:
    case SYNTAX_FALSE:
        return binder_constant(binder, out, BOOLEAN,
                               (struct value){.integer = syntax->kind == SYNTAX_TRUE});
    case SYNTAX_NUMBER: return binder_number(binder, out, syntax, false);
    case SYNTAX_TEXT: return binder_text(binder, out, syntax);
    case SYNTAX_NAME: return bind_name(binder, out, syntax);
    case SYNTAX_CALL: return bind_call(binder, out, syntax);
    case SYNTAX_CAST: return bind_cast(binder, out, syntax);
    default: return binder_bind_form(binder, out, syntax);
    }
}

int expr_parse(const struct expr_node **out, struct arena *arena, const struct expr_schema *schema,
               enum expr_style style, struct str text, struct error *error)
{
    struct arena memory = ARENA(SYNTAX_MEMORY);
    struct binder binder = {.arena = arena,
                            .error = error,
                            .schema = schema,
                            .style = style,
                            .text = text,
                            .folding = MOST_FOLDING};
    struct syntax *syntax;
    const struct expr_node *node = NULL;
    int status = syntax_parse(&syntax, &memory, text, error);
    if (status == 0) {
        status = binder_bind(&binder, &node, syntax);
    }
    if (status == 0) {
        status = binder_boolean(&binder, &node, syntax);
    }
    /* A node of its own for the root: what is folded away may own things too. */
    struct expr_node *root = status == 0 ? arena_alloc(arena, sizeof *root) : NULL;
    if (status == 0 && root == NULL) {
        status = error_out_of_memory(error);
    }
    if (status == 0) {
        *root = *node;
        root->owned = binder.owned;
        *out = root;
    } else {
        expr_release(&(struct expr_node){.owned = binder.owned});
    }
    arena_free(&memory);
    return status;
}
