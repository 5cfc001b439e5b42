#include "calls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "linkage/function.h"

enum { MOST_ARGUMENTS = 16 };

/* A row taken apart, with all that it needs bound in an arena of its own. */
struct call {
    const struct call_row *row;
    struct arena arena;
    struct function_argument arguments[MOST_ARGUMENTS];
    struct value values[MOST_ARGUMENTS];
    size_t count;
    struct value_type expected_type;
    struct function_binding *binding;
    struct function_binding *casts[MOST_ARGUMENTS];
};

static const struct value_type TEXT = {.kind = VALUE_TEXT};

static void fail_row(const struct call_row *row, const char *what, const char *got)
{
    print_error("%s(%s): expected %s, %s %s\n", row->function, row->arguments, row->result, what,
                got);
    fail();
}

static struct value_type parse_type(struct arena *arena, struct str name)
{
    struct value_type type;
    struct error error;
    if (str_ends_with(name, STR("[]"))) {
        struct value_type *element = arena_alloc(arena, sizeof *element);
        assert_non_null(element);
        *element = parse_type(arena, (struct str){name.ptr, name.len - 2});
        return (struct value_type){.kind = VALUE_LIST, .element = element};
    }
    if (str_equal(name, STR("NULL"))) {
        return (struct value_type){.kind = VALUE_NULL};
    }
    unsigned width = 0;
    unsigned scale = 0;
    const char *bracket = memchr(name.ptr, '(', name.len);
    if (bracket != NULL) {
        char *end;
        width = (unsigned)strtoul(bracket + 1, &end, 10);
        scale = (unsigned)strtoul(end + 1, NULL, 10);
        name.len = (size_t)(bracket - name.ptr);
    }
    assert_int_equal(cast_type_from_name(&type, name, width, scale, &error), 0);
    return type;
}

/* The text in its own memory, without escapes; NULL for \N. */
static struct value parse_text(struct arena *arena, struct str text)
{
    if (str_equal(text, STR("\\N"))) {
        return VALUE_NONE;
    }
    char *copy = arena_alloc(arena, text.len);
    assert_non_null(copy);
    size_t length = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '\\' && i + 1 < text.len) {
            c = text.ptr[++i];
            c = c == 'n' ? '\n' : c == 't' ? '\t' : c == 'v' ? '\v' : c == 'p' ? '|' : c;
        }
        copy[length++] = c;
    }
    return value_from_text((struct str){copy, length});
}

/* Casts a value with memory that does not run out. */
static struct value cast_value(struct arena *arena, struct value_type from, struct value_type to,
                               struct value value)
{
    struct function_binding *binding;
    struct error error;
    uint64_t failures = 0;
    bool exhausted = false;
    assert_int_equal(cast_bind(&binding, arena, from, to, CAST_EXPLICIT, &error), 0);
    if (binding == NULL || value.is_null) {
        return value;
    }
    struct function_call call = {
        .binding = binding, .scratch = arena, .failures = &failures, .exhausted = &exhausted};
    struct value out;
    binding->run(&call, &value, &out);
    assert_int_equal(failures, 0);
    assert_false(exhausted);
    return out;
}

/* Cuts the next piece off at a separator. */
static struct str next_piece(const char **rest, const char *separators)
{
    size_t length = strcspn(*rest, separators);
    struct str piece = {*rest, length};
    *rest += length + ((*rest)[length] != '\0');
    return piece;
}

static void parse_arguments(struct call *call)
{
    const char *rest = call->row->arguments;
    while (*rest != '\0') {
        const char *argument = rest;
        size_t name = strcspn(argument, ":=|");
        assert_true(argument[name] == ':' || argument[name] == '=');
        struct str whole = next_piece(&rest, "|");
        struct value_type type = parse_type(&call->arena, (struct str){argument, name});
        struct str text = {argument + name + 1, whole.len - name - 1};
        struct value value = cast_value(&call->arena, type.kind == VALUE_NULL ? type : TEXT, type,
                                        parse_text(&call->arena, text));
        assert_true(call->count < MOST_ARGUMENTS);
        call->values[call->count] = value;
        call->arguments[call->count].type = type;
        call->arguments[call->count].constant =
            argument[name] == '=' ? &call->values[call->count] : NULL;
        call->count++;
    }
}

/* Binds the function and the casts of its arguments; STATUS_RESOURCES when memory runs out. */
static int bind(struct call *call, struct arena *arena, struct error *error)
{
    call->binding = NULL;
    memset(call->casts, 0, sizeof call->casts);
    const char *name = call->row->function;
    if (strcmp(name, "cast") == 0 || strcmp(name, "try_cast") == 0) {
        return cast_bind(&call->binding, arena, call->arguments[0].type, call->expected_type,
                         name[0] == 't' ? CAST_TRY : CAST_EXPLICIT, error);
    }
    const struct function *function = function_find(str_from(name));
    assert_non_null(function);
    int status =
        function_bind(&call->binding, arena, function, call->arguments, call->count, error);
    for (size_t i = 0; status == 0 && i < call->count; i++) {
        status = cast_bind(&call->casts[i], arena, call->arguments[i].type,
                           call->binding->parameters[i], CAST_EXPLICIT, error);
    }
    return status;
}

static void release(struct call *call)
{
    if (call->binding != NULL && call->binding->release != NULL) {
        call->binding->release((void *)call->binding->state);
    }
    call->binding = NULL;
}

/* What a run comes to. */
struct outcome {
    struct value value;
    uint64_t failures;
    bool exhausted;
};

static struct outcome run(const struct call *call, struct arena *scratch, void *memo)
{
    struct outcome outcome = {.value = VALUE_NONE};
    struct function_call context = {.scratch = scratch,
                                    .memo = memo,
                                    .failures = &outcome.failures,
                                    .exhausted = &outcome.exhausted};
    struct value values[MOST_ARGUMENTS];
    bool any_null = false;
    for (size_t i = 0; i < call->count; i++) {
        values[i] = call->values[i];
        if (call->casts[i] != NULL && !values[i].is_null) {
            context.binding = call->casts[i];
            call->casts[i]->run(&context, &call->values[i], &values[i]);
        }
        any_null = any_null || values[i].is_null;
    }
    if (!any_null || !call->binding->strict) {
        context.binding = call->binding;
        call->binding->run(&context, values, &outcome.value);
    }
    return outcome;
}

/* The outcome as a row writes it. */
static void describe(const struct call *call, struct outcome outcome, char *out, size_t size)
{
    char type[64];
    value_type_name(call->binding->result, type);
    if (outcome.value.is_null) {
        snprintf(out, size, outcome.failures > 0 ? "%s!" : "%s:\\N", type);
        return;
    }
    struct arena arena = ARENA(1 << 20);
    struct str text = value_text(cast_value(&arena, call->binding->result, TEXT, outcome.value));
    size_t length = (size_t)snprintf(out, size, "%s:", type);
    for (size_t i = 0; i < text.len && length + 3 < size; i++) {
        static const char escaped[] = "\n\t\v|\\";
        static const char letters[] = "ntvp\\";
        const char *found = text.ptr[i] == '\0' ? NULL : strchr(escaped, text.ptr[i]);
        if (found != NULL) {
            out[length++] = '\\';
        }
        out[length++] = found != NULL ? letters[found - escaped] : text.ptr[i];
    }
    out[length] = '\0';
    arena_free(&arena);
}

/* Runs twice with the same memo, as pairs of one left record do; then with ever more scratch memory
   until it is enough. */
static void check_runs(const struct call *call)
{
    char text[4096];
    struct arena scratch = ARENA(1 << 24);
    void *memo = memory_alloc_zeroed(1, call->binding->memo_size);
    assert_non_null(memo);
    for (int i = 0; i < 2; i++) {
        struct outcome outcome = run(call, &scratch, memo);
        describe(call, outcome, text, sizeof text);
        assert_false(outcome.exhausted);
        if (strcmp(text, call->row->result) != 0) {
            fail_row(call->row, "got", text);
        }
    }
    arena_free(&scratch);
    struct outcome outcome = {.exhausted = true};
    for (size_t most = 0; outcome.exhausted && most < 1 << 20; most += most / 4 + 8) {
        struct arena small = ARENA(most);
        outcome = run(call, &small, memo);
        if (!outcome.exhausted) {
            describe(call, outcome, text, sizeof text);
            if (strcmp(text, call->row->result) != 0) {
                fail_row(call->row, "with little memory got", text);
            }
        } else {
            assert_true(outcome.value.is_null);
        }
        arena_free(&small);
    }
    assert_false(outcome.exhausted);
    memory_free(memo);
}

/* Binds again and again, each time with one allocation more before memory runs out. */
static void check_binding_without_memory(struct call *call)
{
    struct error error;
    int status = STATUS_RESOURCES;
    for (uint64_t nth = 1; status == STATUS_RESOURCES; nth++) {
        assert_true(nth < 1000);
        uint64_t before = memory_in_use();
        struct arena arena = ARENA(1 << 20);
        memory_fail_from(nth);
        status = bind(call, &arena, &error);
        memory_fail_from(0);
        release(call);
        arena_free(&arena);
        assert_int_equal(memory_in_use(), before);
    }
    assert_int_equal(status, 0);
}

static void check_row(const struct call_row *row)
{
    struct call call = {.row = row, .arena = ARENA(1 << 24)};
    struct error error = {0};
    bool refused = strncmp(row->result, "refused: ", 9) == 0;
    if (!refused) {
        size_t length = strcspn(row->result, ":!");
        call.expected_type = parse_type(&call.arena, (struct str){row->result, length});
    }
    parse_arguments(&call);
    int status = bind(&call, &call.arena, &error);
    if (refused) {
        if (status == 0 || strstr(error.message, row->result + 9) == NULL) {
            fail_row(row, "got", status == 0 ? "a binding" : error.message);
        }
        assert_int_equal(status, STATUS_INVALID);
    } else if (status != 0) {
        fail_row(row, "refused:", error.message);
    } else {
        assert_non_null(call.binding);
        check_runs(&call);
        release(&call);
        check_binding_without_memory(&call);
    }
    arena_free(&call.arena);
}

void calls_check(const struct call_row *rows, size_t count)
{
    uint64_t before = memory_in_use();
    for (size_t i = 0; i < count; i++) {
        check_row(&rows[i]);
    }
    assert_int_equal(memory_in_use(), before);
}
