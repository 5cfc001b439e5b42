/*
 * LIKE, ILIKE and GLOB. "~~" and "~~*" take an optional third argument, the escape character.
 *
 * All matchers share one idea: after a wildcard for any text only the last such wildcard has to be
 * tried again, one position further, since what an earlier one would gain the last can gain too.
 */
#include "base/utf8.h"
#include "linkage/function_internal.h"

/* The length in bytes of the UTF-8 sequence that begins with a byte; 1 for what begins none. */
static size_t sequence_length(char first)
{
    unsigned char byte = (unsigned char)first;
    return byte < 0xC0 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

/* ---- LIKE ---- */

/* One element of a LIKE pattern. */
struct like_element {
    enum { LIKE_END, LIKE_BYTE, LIKE_CHARACTER, LIKE_ANY } kind;
    char byte;
    size_t length; /* bytes of the pattern that it takes */
};

/* `escape` is -1 for none. An escape at the very end is refused before. */
static struct like_element like_element(struct str pattern, size_t at, int escape)
{
    if (at == pattern.len) {
        return (struct like_element){LIKE_END, 0, 0};
    }
    char byte = pattern.ptr[at];
    if (byte == escape && at + 1 < pattern.len) {
        return (struct like_element){LIKE_BYTE, pattern.ptr[at + 1], 2};
    }
    return (struct like_element){byte == '%'   ? LIKE_ANY
                                 : byte == '_' ? LIKE_CHARACTER
                                               : LIKE_BYTE,
                                 byte, 1};
}

static bool like(struct str text, struct str pattern, int escape)
{
    size_t at = 0;
    size_t in_pattern = 0;
    size_t retry_pattern = SIZE_MAX; /* after the last %, once there was one */
    size_t retry_at = 0;
    for (;;) {
        struct like_element element = like_element(pattern, in_pattern, escape);
        if (element.kind == LIKE_ANY) {
            in_pattern += element.length;
            retry_pattern = in_pattern;
            retry_at = at;
        } else if (element.kind == LIKE_END && at == text.len) {
            return true;
        } else if (element.kind == LIKE_BYTE && at < text.len && text.ptr[at] == element.byte) {
            in_pattern += element.length;
            at++;
        } else if (element.kind == LIKE_CHARACTER && at < text.len) {
            in_pattern += element.length;
            at += sequence_length(text.ptr[at]);
            at = at > text.len ? text.len : at;
        } else if (retry_pattern == SIZE_MAX || retry_at >= text.len) {
            return false;
        } else {
            /* The last % takes one character more. */
            retry_at += sequence_length(text.ptr[retry_at]);
            retry_at = retry_at > text.len ? text.len : retry_at;
            at = retry_at;
            in_pattern = retry_pattern;
        }
    }
}

/* Whether a pattern ends within an escape. */
static bool ends_in_escape(struct str pattern, int escape)
{
    size_t at = 0;
    while (at < pattern.len) {
        if (pattern.ptr[at] == escape && at + 1 == pattern.len) {
            return true;
        }
        at += like_element(pattern, at, escape).length;
    }
    return false;
}

/* The escape character out of an argument: none for an empty text; false when there is more than
   one. */
static bool read_escape(struct str text, int *out)
{
    *out = text.len == 0 ? -1 : text.ptr[0];
    return text.len <= 1;
}

static void return_like(const struct function_call *call, struct str text, struct str pattern,
                        int escape, struct value *out)
{
    if (escape >= 0 && ends_in_escape(pattern, escape)) {
        function_fail(call, out);
        return;
    }
    function_return_integer(out, like(text, pattern, escape));
}

static void run_like(const struct function_call *call, const struct value *arguments,
                     struct value *out)
{
    return_like(call, value_text(arguments[0]), value_text(arguments[1]), -1, out);
}

static void run_like_escape(const struct function_call *call, const struct value *arguments,
                            struct value *out)
{
    int escape;
    if (!read_escape(value_text(arguments[2]), &escape)) {
        function_fail(call, out);
        return;
    }
    return_like(call, value_text(arguments[0]), value_text(arguments[1]), escape, out);
}

/* ILIKE is LIKE between both texts in lower case. */
static void run_ilike(const struct function_call *call, const struct value *arguments,
                      struct value *out)
{
    struct value lower[2];
    for (size_t i = 0; i < 2; i++) {
        function_lower(call, value_text(arguments[i]), &lower[i]);
        if (lower[i].is_null) {
            *out = VALUE_NONE;
            return;
        }
    }
    run_like(call, lower, out);
}

static void run_ilike_escape(const struct function_call *call, const struct value *arguments,
                             struct value *out)
{
    struct value lower[3];
    for (size_t i = 0; i < 2; i++) {
        function_lower(call, value_text(arguments[i]), &lower[i]);
        if (lower[i].is_null) {
            *out = VALUE_NONE;
            return;
        }
    }
    lower[2] = arguments[2];
    run_like_escape(call, lower, out);
}

/* A constant pattern or escape that can only fail is refused when the model is loaded. */
static int prepare_like(struct function_bind_call *call)
{
    struct str pattern;
    struct str text;
    int escape = -1;
    if (call->count == 3 && function_constant_text(call, 2, &text) && !read_escape(text, &escape)) {
        return error_set(call->error, STATUS_INVALID,
                         "the escape of a pattern must be empty or one ASCII character");
    }
    if (escape >= 0 && function_constant_text(call, 1, &pattern) &&
        ends_in_escape(pattern, escape)) {
        return error_set(call->error, STATUS_INVALID,
                         "the pattern must not end with its escape character");
    }
    return 0;
}

/* ---- GLOB ---- */

/*
 * Whether a byte is in the class that begins at `at`, after "[" and before the closing bracket; a
 * "]" that comes first stands for itself. *end is set behind the bracket; SIZE_MAX when there is
 * none.
 */
static bool in_class(struct str pattern, size_t at, char byte, size_t *end)
{
    bool negated = at < pattern.len && pattern.ptr[at] == '!';
    at += negated;
    bool found = false;
    unsigned char wanted = (unsigned char)byte;
    for (size_t first = at; at < pattern.len && (at == first || pattern.ptr[at] != ']'); at++) {
        unsigned char low = (unsigned char)pattern.ptr[at];
        unsigned char high = low;
        if (at + 1 < pattern.len && pattern.ptr[at + 1] == '-') {
            if (at + 2 >= pattern.len) {
                break;
            }
            high = (unsigned char)pattern.ptr[at + 2];
            at += 2;
        }
        found |= wanted >= low && wanted <= high;
    }
    *end = at < pattern.len && pattern.ptr[at] == ']' ? at + 1 : SIZE_MAX;
    return found != negated;
}

/* Matches one byte of the text against the pattern's element at `at`, no "*"; *end is set behind
   the element. */
static bool glob_element(struct str pattern, size_t at, char byte, size_t *end)
{
    char first = pattern.ptr[at];
    *end = at + 1;
    if (first == '?') {
        return true;
    }
    if (first == '[') {
        bool in = in_class(pattern, at + 1, byte, end);
        return in && *end != SIZE_MAX;
    }
    if (first == '\\') {
        /* At the end of the pattern a backslash matches nothing. */
        *end = at + 2;
        return at + 1 < pattern.len && pattern.ptr[at + 1] == byte;
    }
    return first == byte;
}

static bool glob(struct str text, struct str pattern)
{
    size_t at = 0;
    size_t in_pattern = 0;
    size_t retry_pattern = SIZE_MAX;
    size_t retry_at = 0;
    for (;;) {
        size_t end;
        if (in_pattern < pattern.len && pattern.ptr[in_pattern] == '*') {
            retry_pattern = ++in_pattern;
            retry_at = at;
        } else if (in_pattern == pattern.len && at == text.len) {
            return true;
        } else if (in_pattern < pattern.len && at < text.len &&
                   glob_element(pattern, in_pattern, text.ptr[at], &end)) {
            in_pattern = end;
            at++;
        } else if (retry_pattern == SIZE_MAX || retry_at >= text.len) {
            return false;
        } else {
            at = ++retry_at;
            in_pattern = retry_pattern;
        }
    }
}

static void run_glob(const struct function_call *call, const struct value *arguments,
                     struct value *out)
{
    (void)call;
    function_return_integer(out, glob(value_text(arguments[0]), value_text(arguments[1])));
}

static const struct function FUNCTIONS[] = {
    {.name = "~~",
     .aliases = "like_escape",
     .overloads = {{"tt:b", run_like}, {"ttt:b", run_like_escape}},
     .prepare = prepare_like},
    {.name = "~~*",
     .aliases = "ilike_escape",
     .overloads = {{"tt:b", run_ilike}, {"ttt:b", run_ilike_escape}},
     .prepare = prepare_like},
    {.name = "~~~", .overloads = {{"tt:b", run_glob}}},
};

const struct function_table function_table_like = {FUNCTIONS, ARRAY_LENGTH(FUNCTIONS)};
