/*
 * Functions that look at a text's characters or take a part of it. Positions count code points;
 * parts share the memory of their text.
 */
#include <utf8proc.h>

#include "base/utf8.h"
#include "linkage/function_internal.h"

enum { MOST_BYTES = 4 /* of a code point in UTF-8 */ };

/* The code point at `at`, and *at moved past it. Bytes that are no UTF-8 count as themselves. */
static int32_t next_code_point(struct str text, size_t *at)
{
    utf8proc_int32_t code;
    utf8proc_ssize_t size = utf8proc_iterate((const utf8proc_uint8_t *)text.ptr + *at,
                                             (utf8proc_ssize_t)(text.len - *at), &code);
    if (size <= 0) {
        return (unsigned char)text.ptr[(*at)++];
    }
    *at += (size_t)size;
    return code;
}

/* ---- case ---- */

/* Simple case mapping, code point by code point, into `out`, which has room for what each code
   point may need. Returns the length. */
static size_t map_case(struct str text, utf8proc_int32_t (*map)(utf8proc_int32_t), char *out)
{
    size_t length = 0;
    for (size_t at = 0; at < text.len;) {
        utf8proc_int32_t code = map(next_code_point(text, &at));
        length += (size_t)utf8proc_encode_char(code, (utf8proc_uint8_t *)out + length);
    }
    return length;
}

static void run_case(const struct function_call *call, struct str text, bool upper,
                     struct value *out)
{
    bool ascii = utf8_is_ascii(text);
    /* Of ASCII letters the length stays; another may grow from two bytes to three. */
    char *mapped = function_new_text(call, ascii ? text.len : 2 * text.len, out);
    if (mapped == NULL) {
        return;
    }
    if (!ascii) {
        out->length = (uint32_t)map_case(text, upper ? utf8proc_toupper : utf8proc_tolower, mapped);
        return;
    }
    char first = upper ? 'a' : 'A';
    for (size_t i = 0; i < text.len; i++) {
        bool letter = (unsigned char)(text.ptr[i] - first) < 26;
        mapped[i] = (char)(text.ptr[i] ^ (letter ? 'a' - 'A' : 0));
    }
}

void function_lower(const struct function_call *call, struct str text, struct value *out)
{
    run_case(call, text, false, out);
}

static void run_lower(const struct function_call *call, const struct value *arguments,
                      struct value *out)
{
    function_lower(call, value_text(arguments[0]), out);
}

static void run_upper(const struct function_call *call, const struct value *arguments,
                      struct value *out)
{
    run_case(call, value_text(arguments[0]), true, out);
}

/* ---- length ---- */

static void run_length(const struct function_call *call, const struct value *arguments,
                       struct value *out)
{
    (void)call;
    function_return_integer(out, (int64_t)utf8_length(value_text(arguments[0])));
}

static void run_list_length(const struct function_call *call, const struct value *arguments,
                            struct value *out)
{
    (void)call;
    function_return_integer(out, arguments[0].list->count);
}

/* length() is of texts and of lists. */
static int bind_length(struct function_bind_call *call)
{
    if (call->count != 1) {
        return function_refuse_count(call);
    }
    call->binding->result = TYPE(VALUE_BIGINT);
    if (call->arguments[0].type.kind == VALUE_LIST) {
        call->binding->run = run_list_length;
        return 0;
    }
    if (!function_argument_fits(&call->arguments[0], TYPE(VALUE_TEXT))) {
        return function_refuse_argument(call, 0, VALUE_TEXT);
    }
    call->binding->parameters[0] = TYPE(VALUE_TEXT);
    call->binding->run = run_length;
    return 0;
}

static void run_strlen(const struct function_call *call, const struct value *arguments,
                       struct value *out)
{
    (void)call;
    function_return_integer(out, arguments[0].length);
}

static void run_bit_length(const struct function_call *call, const struct value *arguments,
                           struct value *out)
{
    (void)call;
    function_return_integer(out, (int64_t)arguments[0].length * 8);
}

/* ---- parts ---- */

/* The code points from … to - 1 of a text. */
static void return_part(struct str text, size_t from, size_t to, struct value *out)
{
    size_t begin = utf8_offset(text, from);
    struct str rest = {text.ptr + begin, text.len - begin};
    function_return_text(out, rest.ptr, utf8_offset(rest, to - from));
}

/*
 * substring(text, from, length): from 1; a negative `from` counts from the end, a negative length
 * takes what lies before; 0 stands before the first character. (DuckDB counts a `from` outside the
 * text differently when the column holds any text that is not ASCII; here it never does.)
 */
static void substring(const struct function_call *call, struct str text, int64_t from,
                      int64_t length, struct value *out)
{
    const int64_t most = UINT32_MAX;
    if (from > most || from < -most - 1 || length > most || length < -most - 1) {
        function_fail(call, out); /* DuckDB: out of the supported range */
        return;
    }
    function_return_text(out, text.ptr, 0);
    if (from == 0) {
        length--;
        if (length <= 0) {
            return;
        }
        from = 1;
    }
    /* Only what lies before, or counts from, the end needs the whole text's length. */
    if (from > 0 && length > 0) {
        return_part(text, (size_t)(from - 1), (size_t)(from - 1 + length), out);
        return;
    }
    int64_t size = (int64_t)utf8_length(text);
    int64_t begin = from > 0 ? from - 1 : size + from;
    begin = begin < 0 ? 0 : begin > size ? size : begin;
    int64_t end = begin + length;
    if (length < 0) {
        end = begin;
        begin = begin + length < 0 ? 0 : begin + length;
    }
    if (end > begin) {
        return_part(text, (size_t)begin, (size_t)end, out);
    }
}

static void run_substring(const struct function_call *call, const struct value *arguments,
                          struct value *out)
{
    substring(call, value_text(arguments[0]), arguments[1].integer, arguments[2].integer, out);
}

static void run_substring_rest(const struct function_call *call, const struct value *arguments,
                               struct value *out)
{
    substring(call, value_text(arguments[0]), arguments[1].integer, UINT32_MAX, out);
}

/* The number of code points that left() and right() give of `size`: a negative number is all but
   so many. */
static size_t wanted_length(struct str text, int64_t number)
{
    if (number >= 0) {
        return (uint64_t)number > text.len ? text.len : (size_t)number;
    }
    int64_t size = (int64_t)utf8_length(text);
    return number < -size ? 0 : (size_t)(size + number);
}

static void run_left(const struct function_call *call, const struct value *arguments,
                     struct value *out)
{
    (void)call;
    struct str text = value_text(arguments[0]);
    return_part(text, 0, wanted_length(text, arguments[1].integer), out);
}

static void run_right(const struct function_call *call, const struct value *arguments,
                      struct value *out)
{
    (void)call;
    struct str text = value_text(arguments[0]);
    size_t size = utf8_length(text);
    size_t length = wanted_length(text, arguments[1].integer);
    return_part(text, length > size ? 0 : size - length, size, out);
}

/* ---- trim ---- */

/* Whether a code point is among `characters`, or a space of any script when there are none. */
static bool is_trimmed(int32_t code, const struct str *characters)
{
    if (characters == NULL) {
        return code == ' ' || (code >= 0x80 && utf8proc_category(code) == UTF8PROC_CATEGORY_ZS);
    }
    for (size_t at = 0; at < characters->len;) {
        if (next_code_point(*characters, &at) == code) {
            return true;
        }
    }
    return false;
}

/* The byte where the last code point before `end` begins. */
static size_t code_point_before(struct str text, size_t end)
{
    size_t at = end - 1;
    while (at > 0 && end - at < MOST_BYTES && ((unsigned char)text.ptr[at] & 0xC0) == 0x80) {
        at--;
    }
    return at;
}

static void trim(struct str text, const struct str *characters, bool left, bool right,
                 struct value *out)
{
    size_t begin = 0;
    for (size_t next = 0; left && begin < text.len; begin = next) {
        if (!is_trimmed(next_code_point(text, &next), characters)) {
            break;
        }
    }
    size_t end = text.len;
    while (right && end > begin) {
        size_t last = code_point_before(text, end);
        size_t next = last;
        if (!is_trimmed(next_code_point(text, &next), characters)) {
            break;
        }
        end = last;
    }
    function_return_text(out, text.ptr + begin, end - begin);
}

static void run_trim(const struct function_call *call, const struct value *arguments,
                     struct value *out)
{
    (void)call;
    trim(value_text(arguments[0]), NULL, true, true, out);
}

static void run_trim_characters(const struct function_call *call, const struct value *arguments,
                                struct value *out)
{
    (void)call;
    struct str characters = value_text(arguments[1]);
    trim(value_text(arguments[0]), &characters, true, true, out);
}

static void run_ltrim(const struct function_call *call, const struct value *arguments,
                      struct value *out)
{
    (void)call;
    trim(value_text(arguments[0]), NULL, true, false, out);
}

static void run_ltrim_characters(const struct function_call *call, const struct value *arguments,
                                 struct value *out)
{
    (void)call;
    struct str characters = value_text(arguments[1]);
    trim(value_text(arguments[0]), &characters, true, false, out);
}

static void run_rtrim(const struct function_call *call, const struct value *arguments,
                      struct value *out)
{
    (void)call;
    trim(value_text(arguments[0]), NULL, false, true, out);
}

static void run_rtrim_characters(const struct function_call *call, const struct value *arguments,
                                 struct value *out)
{
    (void)call;
    struct str characters = value_text(arguments[1]);
    trim(value_text(arguments[0]), &characters, false, true, out);
}

/* ---- Unicode ---- */

/* Decomposes a text and composes it again; `more` adds to that. utf8proc's own allocating function
   is not used: memory comes from scratch. */
static void recompose(const struct function_call *call, struct str text, utf8proc_option_t more,
                      struct value *out)
{
    function_return_text(out, text.ptr, text.len);
    if (utf8_is_ascii(text)) {
        return;
    }
    const utf8proc_option_t options = UTF8PROC_STABLE | UTF8PROC_COMPOSE | more;
    const utf8proc_uint8_t *bytes = (const utf8proc_uint8_t *)text.ptr;
    utf8proc_ssize_t size = (utf8proc_ssize_t)text.len;
    utf8proc_ssize_t codes = utf8proc_decompose(bytes, size, NULL, 0, options);
    if (codes < 0) {
        function_fail(call, out); /* not UTF-8 */
        return;
    }
    /* The result is written over the codes, and needs one byte more than they do. */
    utf8proc_int32_t *buffer = function_scratch(call, (size_t)codes + 1, sizeof *buffer, out);
    if (buffer == NULL) {
        return;
    }
    utf8proc_decompose(bytes, size, buffer, codes, options);
    utf8proc_ssize_t length = utf8proc_reencode(buffer, codes, options);
    function_return_text(out, (const char *)buffer, (size_t)length);
}

static void run_strip_accents(const struct function_call *call, const struct value *arguments,
                              struct value *out)
{
    recompose(call, value_text(arguments[0]), UTF8PROC_STRIPMARK, out);
}

static void run_nfc_normalize(const struct function_call *call, const struct value *arguments,
                              struct value *out)
{
    recompose(call, value_text(arguments[0]), 0, out);
}

static void run_reverse(const struct function_call *call, const struct value *arguments,
                        struct value *out)
{
    struct str text = value_text(arguments[0]);
    char *reversed = function_new_text(call, text.len, out);
    if (reversed == NULL) {
        return;
    }
    /* What is read as one character stays together: "e" and its accent, a flag. */
    size_t begin = 0;
    utf8proc_int32_t state = 0;
    size_t at = 0;
    int32_t code = text.len > 0 ? next_code_point(text, &at) : 0;
    while (at < text.len) {
        size_t next = at;
        int32_t following = next_code_point(text, &next);
        if (utf8proc_grapheme_break_stateful(code, following, &state)) {
            memcpy(reversed + (text.len - at), text.ptr + begin, at - begin);
            begin = at;
        }
        code = following;
        at = next;
    }
    if (text.len > 0) {
        memcpy(reversed, text.ptr + begin, text.len - begin);
    }
}

/* The first code point, or `empty`. */
static void return_first_code_point(struct str text, int64_t empty, struct value *out)
{
    size_t at = 0;
    function_return_integer(out, text.len == 0 ? empty : next_code_point(text, &at));
}

static void run_ascii(const struct function_call *call, const struct value *arguments,
                      struct value *out)
{
    (void)call;
    return_first_code_point(value_text(arguments[0]), 0, out);
}

static void run_unicode(const struct function_call *call, const struct value *arguments,
                        struct value *out)
{
    (void)call;
    return_first_code_point(value_text(arguments[0]), -1, out);
}

static void run_chr(const struct function_call *call, const struct value *arguments,
                    struct value *out)
{
    int64_t code = arguments[0].integer;
    if (code < 0 || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) {
        function_fail(call, out);
        return;
    }
    char *text = function_new_text(call, MOST_BYTES, out);
    if (text != NULL) {
        out->length =
            (uint32_t)utf8proc_encode_char((utf8proc_int32_t)code, (utf8proc_uint8_t *)text);
    }
}

static const struct function FUNCTIONS[] = {
    {.name = "lower", .aliases = "lcase", .overloads = {{"t:t", run_lower}}},
    {.name = "upper", .aliases = "ucase", .overloads = {{"t:t", run_upper}}},
    {.name = "length",
     .aliases = "len char_length character_length",
     .bind = bind_length,
     .takes = "a text or a list"},
    {.name = "strlen", .overloads = {{"t:n", run_strlen}}},
    {.name = "bit_length", .overloads = {{"t:n", run_bit_length}}},
    {.name = "substring",
     .aliases = "substr",
     .overloads = {{"tn:t", run_substring_rest}, {"tnn:t", run_substring}}},
    {.name = "left", .overloads = {{"tn:t", run_left}}},
    {.name = "right", .overloads = {{"tn:t", run_right}}},
    {.name = "trim", .overloads = {{"t:t", run_trim}, {"tt:t", run_trim_characters}}},
    {.name = "ltrim", .overloads = {{"t:t", run_ltrim}, {"tt:t", run_ltrim_characters}}},
    {.name = "rtrim", .overloads = {{"t:t", run_rtrim}, {"tt:t", run_rtrim_characters}}},
    {.name = "strip_accents", .overloads = {{"t:t", run_strip_accents}}},
    {.name = "nfc_normalize", .overloads = {{"t:t", run_nfc_normalize}}},
    {.name = "reverse", .overloads = {{"t:t", run_reverse}}},
    {.name = "ascii", .overloads = {{"t:i", run_ascii}}},
    {.name = "unicode", .aliases = "ord", .overloads = {{"t:i", run_unicode}}},
    {.name = "chr", .overloads = {{"i:t", run_chr}}},
};

const struct function_table function_table_text = {FUNCTIONS, ARRAY_LENGTH(FUNCTIONS)};
