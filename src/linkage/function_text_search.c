/* Functions that look for a text in a text. */
#include "base/utf8.h"
#include "linkage/function_internal.h"

static bool contains(struct str text, struct str wanted)
{
    return wanted.len == 0 ||
           (text.len >= wanted.len && memmem(text.ptr, text.len, wanted.ptr, wanted.len) != NULL);
}

static void run_contains(const struct function_call *call, const struct value *arguments,
                         struct value *out)
{
    (void)call;
    function_return_integer(out, contains(value_text(arguments[0]), value_text(arguments[1])));
}

/* contains() is of a text in a text and of an item in a list. */
static int bind_contains(struct function_bind_call *call)
{
    if (call->count > 0 && call->arguments[0].type.kind == VALUE_LIST) {
        return function_bind_list_contains(call);
    }
    if (call->count != 2) {
        return function_refuse_count(call);
    }
    for (size_t i = 0; i < 2; i++) {
        if (!function_argument_fits(&call->arguments[i], TYPE(VALUE_TEXT))) {
            return function_refuse_argument(call, i, VALUE_TEXT);
        }
        call->binding->parameters[i] = TYPE(VALUE_TEXT);
    }
    call->binding->result = TYPE(VALUE_BOOLEAN);
    call->binding->run = run_contains;
    return 0;
}

static void run_starts_with(const struct function_call *call, const struct value *arguments,
                            struct value *out)
{
    (void)call;
    function_return_integer(out,
                            str_starts_with(value_text(arguments[0]), value_text(arguments[1])));
}

static void run_ends_with(const struct function_call *call, const struct value *arguments,
                          struct value *out)
{
    (void)call;
    function_return_integer(out, str_ends_with(value_text(arguments[0]), value_text(arguments[1])));
}

/* The position, in code points from 1, of the first occurrence; 0 for none. */
static void run_instr(const struct function_call *call, const struct value *arguments,
                      struct value *out)
{
    (void)call;
    struct str text = value_text(arguments[0]);
    struct str wanted = value_text(arguments[1]);
    if (wanted.len == 0) {
        function_return_integer(out, 1);
        return;
    }
    const char *found = text.len == 0 ? NULL : memmem(text.ptr, text.len, wanted.ptr, wanted.len);
    if (found == NULL) {
        function_return_integer(out, 0);
        return;
    }
    struct str before = {text.ptr, (size_t)(found - text.ptr)};
    function_return_integer(out, (int64_t)utf8_length(before) + 1);
}

static const struct function FUNCTIONS[] = {
    {.name = "contains",
     .bind = bind_contains,
     .takes = "(VARCHAR, VARCHAR) or a list and an item"},
    {.name = "starts_with", .aliases = "prefix ^@", .overloads = {{"tt:b", run_starts_with}}},
    {.name = "ends_with", .aliases = "suffix", .overloads = {{"tt:b", run_ends_with}}},
    {.name = "instr", .aliases = "strpos position", .overloads = {{"tt:n", run_instr}}},
};

const struct function_table function_table_text_search = {FUNCTIONS, ARRAY_LENGTH(FUNCTIONS)};
