/* Functions that put a new text together, or take one apart. */
#include "base/utf8.h"
#include "linkage/function_internal.h"
#include "linkage/md5.h"

/* ---- concatenation ---- */

/* Joins the texts that are not NULL, `between` them. */
static void join(const struct function_call *call, const struct value *texts, size_t count,
                 struct str between, struct value *out)
{
    size_t length = 0;
    size_t joined = 0;
    for (size_t i = 0; i < count; i++) {
        if (!texts[i].is_null) {
            length += texts[i].length + (joined++ > 0 ? between.len : 0);
        }
    }
    char *at = function_new_text(call, length, out);
    if (at == NULL) {
        return;
    }
    bool first = true;
    for (size_t i = 0; i < count; i++) {
        if (texts[i].is_null) {
            continue;
        }
        if (!first) {
            at = mempcpy(at, between.ptr, between.len);
        }
        first = false;
        at = mempcpy(at, texts[i].text, texts[i].length);
    }
}

static void run_concat(const struct function_call *call, const struct value *arguments,
                       struct value *out)
{
    join(call, arguments, call->binding->argument_count, STR(""), out);
}

static void run_concat_ws(const struct function_call *call, const struct value *arguments,
                          struct value *out)
{
    if (arguments[0].is_null) {
        *out = VALUE_NONE;
        return;
    }
    join(call, arguments + 1, call->binding->argument_count - 1, value_text(arguments[0]), out);
}

/* All arguments from `from` on become text, as CAST makes it. */
static void bind_texts(struct function_bind_call *call, size_t from)
{
    for (size_t i = from; i < call->count; i++) {
        call->binding->parameters[i] = TYPE(VALUE_TEXT);
    }
    call->binding->result = TYPE(VALUE_TEXT);
}

/* Whether the arguments are lists; mixed with anything else they are refused. */
static int find_lists(struct function_bind_call *call, bool *out)
{
    size_t lists = 0;
    size_t other = 0;
    for (size_t i = 0; i < call->count; i++) {
        enum value_kind kind = call->arguments[i].type.kind;
        lists += kind == VALUE_LIST;
        other += kind != VALUE_LIST && kind != VALUE_NULL;
    }
    *out = lists > 0;
    if (lists > 0 && other > 0) {
        return error_set(call->error, STATUS_INVALID,
                         "%s cannot join a list with what is none: write [...] around it",
                         call->function->name);
    }
    return 0;
}

static int bind_concat(struct function_bind_call *call)
{
    bool lists;
    if (call->count == 0) {
        return function_refuse_count(call);
    }
    if (find_lists(call, &lists) != 0) {
        return STATUS_INVALID;
    }
    if (lists) {
        return function_bind_list_concat(call, false);
    }
    bind_texts(call, 0);
    call->binding->run = run_concat;
    return 0;
}

static int bind_operator_concat(struct function_bind_call *call)
{
    bool lists;
    if (call->count != 2) {
        return function_refuse_count(call);
    }
    if (find_lists(call, &lists) != 0) {
        return STATUS_INVALID;
    }
    if (lists) {
        return function_bind_list_concat(call, true);
    }
    bind_texts(call, 0);
    call->binding->run = run_concat;
    return 0;
}

static int bind_concat_ws(struct function_bind_call *call)
{
    if (call->count < 2) {
        return function_refuse_count(call);
    }
    if (!function_argument_fits(&call->arguments[0], TYPE(VALUE_TEXT))) {
        return function_refuse_argument(call, 0, VALUE_TEXT);
    }
    bind_texts(call, 0);
    call->binding->run = run_concat_ws;
    return 0;
}

/* ---- replacement ---- */

/* How often `wanted`, not empty, stands in `text`, without overlaps. */
static size_t count_occurrences(struct str text, struct str wanted)
{
    size_t count = 0;
    const char *end = text.ptr + text.len;
    for (const char *at = text.ptr; at < end; count++) {
        const char *found = memmem(at, (size_t)(end - at), wanted.ptr, wanted.len);
        if (found == NULL) {
            break;
        }
        at = found + wanted.len;
    }
    return count;
}

static void run_replace(const struct function_call *call, const struct value *arguments,
                        struct value *out)
{
    struct str text = value_text(arguments[0]);
    struct str wanted = value_text(arguments[1]);
    struct str by = value_text(arguments[2]);
    size_t count = wanted.len == 0 ? 0 : count_occurrences(text, wanted);
    if (count == 0) {
        *out = arguments[0];
        return;
    }
    char *to = function_new_text(call, text.len - count * wanted.len + count * by.len, out);
    if (to == NULL) {
        return;
    }
    const char *at = text.ptr;
    const char *end = text.ptr + text.len;
    for (; count > 0; count--) {
        const char *found = memmem(at, (size_t)(end - at), wanted.ptr, wanted.len);
        to = mempcpy(to, at, (size_t)(found - at));
        to = mempcpy(to, by.ptr, by.len);
        at = found + wanted.len;
    }
    memcpy(to, at, (size_t)(end - at));
}

/* The bytes of the code point at `at`. */
static struct str character_at(struct str text, size_t at)
{
    struct str rest = {text.ptr + at, text.len - at};
    return (struct str){rest.ptr, utf8_offset(rest, 1)};
}

/* What translate() puts for a character: itself, its counterpart in `to`, or nothing. */
static struct str translated(struct str character, struct str from, struct str to)
{
    size_t in_to = 0;
    for (size_t at = 0; at < from.len;) {
        struct str candidate = character_at(from, at);
        struct str counterpart = in_to < to.len ? character_at(to, in_to) : STR("");
        if (str_equal(candidate, character)) {
            return counterpart;
        }
        at += candidate.len;
        in_to += counterpart.len;
    }
    return character;
}

static void run_translate(const struct function_call *call, const struct value *arguments,
                          struct value *out)
{
    struct str text = value_text(arguments[0]);
    struct str from = value_text(arguments[1]);
    struct str to = value_text(arguments[2]);
    size_t length = 0;
    for (size_t at = 0; at < text.len;) {
        struct str character = character_at(text, at);
        length += translated(character, from, to).len;
        at += character.len;
    }
    char *end = function_new_text(call, length, out);
    if (end == NULL) {
        return;
    }
    for (size_t at = 0; at < text.len;) {
        struct str character = character_at(text, at);
        struct str by = translated(character, from, to);
        end = mempcpy(end, by.ptr, by.len);
        at += character.len;
    }
}

/* ---- padding and repetition ---- */

/* The bytes that `count` characters of `padding`, repeated, take. */
static size_t padding_size(struct str padding, size_t count)
{
    size_t characters = utf8_length(padding);
    return count / characters * padding.len + utf8_offset(padding, count % characters);
}

static char *put_padding(char *to, struct str padding, size_t size)
{
    while (size > 0) {
        size_t piece = size < padding.len ? size : padding.len;
        to = mempcpy(to, padding.ptr, piece);
        size -= piece;
    }
    return to;
}

static void pad(const struct function_call *call, const struct value *arguments, bool left,
                struct value *out)
{
    struct str text = value_text(arguments[0]);
    struct str padding = value_text(arguments[2]);
    size_t wanted = arguments[1].integer < 0 ? 0 : (size_t)arguments[1].integer;
    size_t have = utf8_length(text);
    if (have >= wanted) {
        function_return_text(out, text.ptr, utf8_offset(text, wanted));
        return;
    }
    if (padding.len == 0) {
        function_fail(call, out);
        return;
    }
    size_t size = padding_size(padding, wanted - have);
    char *to = function_new_text(call, text.len + size, out);
    if (to == NULL) {
        return;
    }
    if (left) {
        to = put_padding(to, padding, size);
    }
    to = mempcpy(to, text.ptr, text.len);
    if (!left) {
        put_padding(to, padding, size);
    }
}

static void run_lpad(const struct function_call *call, const struct value *arguments,
                     struct value *out)
{
    pad(call, arguments, true, out);
}

static void run_rpad(const struct function_call *call, const struct value *arguments,
                     struct value *out)
{
    pad(call, arguments, false, out);
}

static void run_repeat(const struct function_call *call, const struct value *arguments,
                       struct value *out)
{
    struct str text = value_text(arguments[0]);
    int64_t times = arguments[1].integer;
    if (times <= 0 || text.len == 0) {
        function_return_text(out, text.ptr, 0);
        return;
    }
    size_t size;
    if (__builtin_mul_overflow((size_t)times, text.len, &size)) {
        function_exhaust(call, out);
        return;
    }
    char *to = function_new_text(call, size, out);
    if (to != NULL) {
        put_padding(to, text, size);
    }
}

/* ---- taking apart ---- */

/* The next piece of a text that `delimiter` divides, from *at on; an empty delimiter divides after
   every code point. *at moves behind the delimiter, to SIZE_MAX after the last piece. */
static struct str next_piece(struct str text, struct str delimiter, size_t *at)
{
    struct str rest = {text.ptr + *at, text.len - *at};
    size_t length = rest.len;
    *at = SIZE_MAX;
    if (delimiter.len == 0) {
        length = utf8_offset(rest, 1);
        if (length < rest.len) {
            *at = (size_t)(rest.ptr - text.ptr) + length;
        }
        return (struct str){rest.ptr, length};
    }
    const char *found =
        rest.len == 0 ? NULL : memmem(rest.ptr, rest.len, delimiter.ptr, delimiter.len);
    if (found != NULL) {
        length = (size_t)(found - rest.ptr);
        *at = (size_t)(found - text.ptr) + delimiter.len;
    }
    return (struct str){rest.ptr, length};
}

static size_t count_pieces(struct str text, struct str delimiter)
{
    size_t count = 0;
    for (size_t at = 0; at != SIZE_MAX; count++) {
        next_piece(text, delimiter, &at);
    }
    return count;
}

static void run_string_split(const struct function_call *call, const struct value *arguments,
                             struct value *out)
{
    if (arguments[0].is_null) {
        *out = VALUE_NONE;
        return;
    }
    /* A NULL delimiter divides nothing. */
    struct str text = value_text(arguments[0]);
    struct str delimiter = value_text(arguments[1]);
    size_t count = arguments[1].is_null ? 1 : count_pieces(text, delimiter);
    struct value *items = function_new_list(call, count, out);
    if (items == NULL) {
        return;
    }
    if (arguments[1].is_null) {
        items[0] = arguments[0];
        return;
    }
    for (size_t at = 0; at != SIZE_MAX; items++) {
        struct str piece = next_piece(text, delimiter, &at);
        function_return_text(items, piece.ptr, piece.len);
    }
}

/* split_part(text, delimiter, number): from 1, from the end when negative, '' out of range. */
static void run_split_part(const struct function_call *call, const struct value *arguments,
                           struct value *out)
{
    (void)call;
    struct str text = value_text(arguments[0]);
    struct str delimiter = value_text(arguments[1]);
    int64_t number = arguments[2].integer;
    function_return_text(out, text.ptr, 0);
    if (number < 0) {
        number += (int64_t)count_pieces(text, delimiter) + 1;
    }
    for (size_t at = 0; at != SIZE_MAX && number > 0; number--) {
        struct str piece = next_piece(text, delimiter, &at);
        if (number == 1) {
            function_return_text(out, piece.ptr, piece.len);
        }
    }
}

/* ---- fingerprints ---- */

static void run_md5(const struct function_call *call, const struct value *arguments,
                    struct value *out)
{
    enum { DIGITS = 32 };
    char *text = function_new_text(call, DIGITS, out);
    if (text != NULL) {
        md5_hex(value_text(arguments[0]), text);
    }
}

/* hash() is DuckDB's own and changes with its versions: nobody can compute it outside. */
static int refuse_hash(struct function_bind_call *call)
{
    return error_set(call->error, STATUS_INVALID,
                     "hash is not supported, since its values differ from one version of DuckDB to "
                     "the next: compare the values themselves, or write md5(...)");
}

static const struct function FUNCTIONS[] = {
    {.name = "concat", .bind = bind_concat, .takes = "one or more values", .null_aware = true},
    {.name = "||", .bind = bind_operator_concat, .takes = "two values"},
    {.name = "concat_ws",
     .bind = bind_concat_ws,
     .takes = "a separator (VARCHAR) and one or more values",
     .null_aware = true},
    {.name = "replace", .overloads = {{"ttt:t", run_replace}}},
    {.name = "translate", .overloads = {{"ttt:t", run_translate}}},
    {.name = "lpad", .overloads = {{"tit:t", run_lpad}}},
    {.name = "rpad", .overloads = {{"tit:t", run_rpad}}},
    {.name = "repeat", .overloads = {{"tn:t", run_repeat}}},
    {.name = "string_split",
     .aliases = "str_split string_to_array split",
     .overloads = {{"tt:L", run_string_split}},
     .null_aware = true},
    {.name = "split_part", .overloads = {{"ttn:t", run_split_part}}},
    {.name = "md5", .overloads = {{"t:t", run_md5}}},
    {.name = "hash", .bind = refuse_hash},
};

const struct function_table function_table_text_build = {FUNCTIONS, ARRAY_LENGTH(FUNCTIONS)};
