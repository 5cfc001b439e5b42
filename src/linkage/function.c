#include "linkage/function.h"

#include <math.h>
#include <stdio.h>

#include "linkage/function_internal.h"

/* ---- registry ---- */

static const struct function_table *const TABLES[] = {
    &function_table_similarity, &function_table_text,      &function_table_text_search,
    &function_table_text_build, &function_table_like,      &function_table_regex,
    &function_table_number,     &function_table_math,      &function_table_date,
    &function_table_date_part,  &function_table_date_diff, &function_table_list,
    &function_table_list_set,
};

/* Cuts the next name off a list of names; an empty one at the end. */
static struct str next_name(const char **names)
{
    const char *end = strchrnul(*names, ' ');
    struct str name = {*names, (size_t)(end - *names)};
    *names = *end == ' ' ? end + 1 : end;
    return name;
}

static bool has_name(const struct function *function, struct str name)
{
    if (str_equal_ignoring_case(str_from(function->name), name)) {
        return true;
    }
    const char *aliases = function->aliases == NULL ? "" : function->aliases;
    while (*aliases != '\0') {
        if (str_equal_ignoring_case(next_name(&aliases), name)) {
            return true;
        }
    }
    return false;
}

/* A plain search: a model names a few dozen functions, once, when it is loaded. */
const struct function *function_find(struct str name)
{
    for (size_t table = 0; table < ARRAY_LENGTH(TABLES); table++) {
        for (size_t i = 0; i < TABLES[table]->count; i++) {
            if (has_name(&TABLES[table]->items[i], name)) {
                return &TABLES[table]->items[i];
            }
        }
    }
    return NULL;
}

static bool is_operator(const struct function *function)
{
    char first = (char)(function->name[0] | 0x20);
    return first < 'a' || first > 'z';
}

/* The least distance of `name` to any of the function's names. */
static unsigned name_distance(const struct function *function, struct str name)
{
    unsigned least = str_name_distance(str_from(function->name), name);
    const char *aliases = function->aliases == NULL ? "" : function->aliases;
    while (*aliases != '\0') {
        unsigned distance = str_name_distance(next_name(&aliases), name);
        least = distance < least ? distance : least;
    }
    return least;
}

const char *function_nearest(struct str name)
{
    /* A third of the letters may be wrong, at most three: more is another word. */
    unsigned most = name.len > 9 ? 3 : (unsigned)name.len / 3;
    const char *nearest = NULL;
    for (size_t table = 0; table < ARRAY_LENGTH(TABLES); table++) {
        for (size_t i = 0; i < TABLES[table]->count; i++) {
            const struct function *function = &TABLES[table]->items[i];
            unsigned distance = name_distance(function, name);
            if (!is_operator(function) && (nearest == NULL ? distance <= most : distance < most)) {
                nearest = function->name;
                most = distance;
            }
        }
    }
    return nearest;
}

const char *function_name(const struct function *function)
{
    return function->name;
}

/* ---- signatures ---- */

static struct value_type type_of_letter(char letter)
{
    static const struct value_type text = {.kind = VALUE_TEXT};
    switch (letter) {
    case 'b': return TYPE(VALUE_BOOLEAN);
    case 'i': return TYPE(VALUE_INTEGER);
    case 'n': return TYPE(VALUE_BIGINT);
    case 'f': return TYPE(VALUE_FLOAT);
    case 'r': return TYPE(VALUE_DOUBLE);
    case 'D': return TYPE(VALUE_DATE);
    case 'S': return TYPE(VALUE_TIMESTAMP);
    case 'Z': return TYPE(VALUE_TIMESTAMPTZ);
    case 'V': return TYPE(VALUE_INTERVAL);
    case 'L': return (struct value_type){.kind = VALUE_LIST, .element = &text};
    default: return text;
    }
}

static size_t parameter_count(const char *signature)
{
    return strcspn(signature, ":");
}

/* What it costs to pass an argument for a type; -1 when it cannot be. A literal text becomes
   anything but prefers to stay text, as in DuckDB. */
static int argument_cost(const struct function_argument *argument, struct value_type type)
{
    enum { LITERAL_COST = 20 };
    int cost = cast_implicit_cost(argument->type, type);
    if (cost < 0 && function_argument_is_literal(argument) && type.kind != VALUE_LIST) {
        return LITERAL_COST;
    }
    return cost;
}

bool function_argument_fits(const struct function_argument *argument, struct value_type type)
{
    return argument_cost(argument, type) >= 0;
}

/* The cost of all arguments together, or -1. */
static int overload_cost(const struct function_overload *overload,
                         const struct function_argument *arguments, size_t count)
{
    if (parameter_count(overload->signature) != count) {
        return -1;
    }
    int sum = 0;
    for (size_t i = 0; i < count; i++) {
        int cost = argument_cost(&arguments[i], type_of_letter(overload->signature[i]));
        if (cost < 0) {
            return -1;
        }
        sum += cost;
    }
    return sum;
}

static size_t overload_count(const struct function *function)
{
    size_t count = 0;
    while (count < FUNCTION_MAX_OVERLOADS && function->overloads[count].run != NULL) {
        count++;
    }
    return count;
}

/* ---- refusals ---- */

/* "(VARCHAR, BIGINT) or (VARCHAR, BIGINT, BIGINT)" */
static void describe_overloads(const struct function *function, char *out, size_t size)
{
    size_t at = 0;
    size_t overloads = overload_count(function);
    for (size_t i = 0; i < overloads && at < size; i++) {
        const char *signature = function->overloads[i].signature;
        at += (size_t)snprintf(out + at, size - at, i == 0 ? "(" : " or (");
        for (size_t j = 0; j < parameter_count(signature) && at < size; j++) {
            char name[64];
            value_type_name(type_of_letter(signature[j]), name);
            at += (size_t)snprintf(out + at, size - at, "%s%s", j == 0 ? "" : ", ", name);
        }
        if (at < size) {
            at += (size_t)snprintf(out + at, size - at, ")");
        }
    }
}

static void describe(const struct function *function, char *out, size_t size)
{
    if (function->takes != NULL) {
        snprintf(out, size, "%s", function->takes);
    } else {
        describe_overloads(function, out, size);
    }
}

int function_refuse_count(struct function_bind_call *call)
{
    char takes[256];
    describe(call->function, takes, sizeof takes);
    return error_set(call->error, STATUS_INVALID, "%s takes %s, not %zu argument%s",
                     call->function->name, takes, call->count, call->count == 1 ? "" : "s");
}

int function_refuse_argument(struct function_bind_call *call, size_t position,
                             enum value_kind wanted)
{
    char takes[256];
    char actual[64];
    char advice[96] = "";
    describe(call->function, takes, sizeof takes);
    value_type_name(call->arguments[position].type, actual);
    if (wanted != VALUE_NULL && wanted != VALUE_LIST) {
        char target[64];
        value_type_name(TYPE(wanted), target);
        /* Only text may fail to be a number or a date; then NULL is better than a count of
           failures. */
        bool may_fail = call->arguments[position].type.kind == VALUE_TEXT;
        snprintf(advice, sizeof advice, ": write %s(... as %s)", may_fail ? "try_cast" : "cast",
                 target);
    }
    return error_set(call->error, STATUS_INVALID, "%s takes %s, but argument %zu is %s%s",
                     call->function->name, takes, position + 1, actual, advice);
}

/* No overload fits: blames the first argument that stops the overload of the right length. */
static int refuse_overloads(struct function_bind_call *call)
{
    const struct function *function = call->function;
    for (size_t i = 0; i < overload_count(function); i++) {
        const char *signature = function->overloads[i].signature;
        if (parameter_count(signature) != call->count) {
            continue;
        }
        for (size_t j = 0; j < call->count; j++) {
            struct value_type wanted = type_of_letter(signature[j]);
            if (argument_cost(&call->arguments[j], wanted) < 0) {
                return function_refuse_argument(call, j, wanted.kind);
            }
        }
    }
    return function_refuse_count(call);
}

/* ---- binding ---- */

static int choose_overload(struct function_bind_call *call)
{
    const struct function *function = call->function;
    const struct function_overload *best = NULL;
    int least = 0;
    for (size_t i = 0; i < overload_count(function); i++) {
        const struct function_overload *overload = &function->overloads[i];
        int cost = overload_cost(overload, call->arguments, call->count);
        if (cost >= 0 && (best == NULL || cost < least)) {
            best = overload;
            least = cost;
        }
    }
    if (best == NULL) {
        return refuse_overloads(call);
    }
    for (size_t i = 0; i < call->count; i++) {
        call->binding->parameters[i] = type_of_letter(best->signature[i]);
    }
    call->binding->result = type_of_letter(best->signature[call->count + 1]);
    call->binding->run = best->run;
    return 0;
}

static int bind_steps(struct function_bind_call *call)
{
    int status = call->function->bind != NULL ? call->function->bind(call) : choose_overload(call);
    if (status == 0 && call->function->prepare != NULL) {
        status = call->function->prepare(call);
    }
    return status;
}

int function_bind(struct function_binding **out, struct arena *arena,
                  const struct function *function, const struct function_argument *arguments,
                  size_t count, struct error *error)
{
    if (count > FUNCTION_MAX_ARGUMENTS) {
        return error_set(error, STATUS_INVALID, "%s has %zu arguments, more than the limit of %d",
                         function->name, count, FUNCTION_MAX_ARGUMENTS);
    }
    struct function_binding *binding = arena_alloc_zeroed(arena, 1, sizeof *binding);
    struct value_type *parameters = arena_alloc_array(arena, count, sizeof *parameters);
    if (binding == NULL || parameters == NULL) {
        return error_out_of_memory(error);
    }
    for (size_t i = 0; i < count; i++) {
        parameters[i] = arguments[i].type;
    }
    *binding = (struct function_binding){
        .function = function,
        .argument_count = count,
        .parameters = parameters,
        .memo_size = function->memo_size,
        .strict = !function->null_aware,
        .commutative = function->commutative && count == 2,
        .cutoff_kind = function->cutoff_kind,
        .cutoff = function->cutoff_kind == FUNCTION_CUTOFF_BELOW ? -INFINITY : INFINITY,
    };
    struct function_bind_call call = {.function = function,
                                      .binding = binding,
                                      .arena = arena,
                                      .arguments = arguments,
                                      .count = count,
                                      .error = error};
    int status = bind_steps(&call);
    if (status != 0) {
        return status;
    }
    *out = binding;
    return 0;
}

/* ---- for bind steps ---- */

int function_list_of(struct function_bind_call *call, struct value_type element,
                     struct value_type *out)
{
    struct value_type *copy = arena_alloc(call->arena, sizeof *copy);
    if (copy == NULL) {
        return error_out_of_memory(call->error);
    }
    *copy = element;
    *out = (struct value_type){.kind = VALUE_LIST, .element = copy};
    return 0;
}

int function_common_type(struct function_bind_call *call, size_t from, struct value_type *out)
{
    struct value_type common = TYPE(VALUE_NULL);
    bool literal = false;
    for (size_t i = from; i < call->count; i++) {
        if (function_argument_is_literal(&call->arguments[i])) {
            literal = true;
            continue;
        }
        int status = cast_common_type(&common, common, call->arguments[i].type, false, call->error);
        if (status != 0) {
            error_prefix(call->error, "argument %zu of %s", i + 1, call->function->name);
            return status;
        }
    }
    *out = common.kind == VALUE_NULL && literal ? TYPE(VALUE_TEXT) : common;
    return 0;
}

bool function_constant_text(const struct function_bind_call *call, size_t position, struct str *out)
{
    const struct value *constant = call->arguments[position].constant;
    if (constant == NULL || constant->is_null ||
        call->arguments[position].type.kind != VALUE_TEXT) {
        return false;
    }
    *out = value_text(*constant);
    return true;
}

/* ---- for running functions ---- */

void function_fail(const struct function_call *call, struct value *out)
{
    *out = VALUE_NONE;
    ++*call->failures;
}

void function_exhaust(const struct function_call *call, struct value *out)
{
    *out = VALUE_NONE;
    *call->exhausted = true;
}

void *function_scratch(const struct function_call *call, size_t count, size_t size,
                       struct value *out)
{
    void *room = arena_alloc_array(call->scratch, count, size);
    if (room == NULL) {
        function_exhaust(call, out);
    }
    return room;
}

char *function_new_text(const struct function_call *call, size_t length, struct value *out)
{
    char *text = length > UINT32_MAX ? NULL : arena_alloc(call->scratch, length);
    if (text == NULL) {
        function_exhaust(call, out);
        return NULL;
    }
    *out = (struct value){.text = text, .length = (uint32_t)length};
    return text;
}

struct value *function_new_list(const struct function_call *call, size_t count, struct value *out)
{
    struct value_list *list = arena_alloc(call->scratch, sizeof *list);
    struct value *items =
        count > UINT32_MAX ? NULL : arena_alloc_array(call->scratch, count, sizeof *items);
    if (list == NULL || items == NULL) {
        function_exhaust(call, out);
        return NULL;
    }
    *list = (struct value_list){.count = (uint32_t)count, .items = items};
    *out = (struct value){.list = list};
    return items;
}
