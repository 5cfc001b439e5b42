/*
 * Regular expressions. Constant patterns are compiled when the model is loaded; others each time
 * they run, which is slow but right. Match data lives in scratch memory, so that a compiled
 * pattern serves any number of threads.
 */
#define PCRE2_CODE_UNIT_WIDTH 8

#include <pcre2.h>

#include "base/memory.h"
#include "linkage/function_internal.h"
#include "linkage/regex_pattern.h"

enum {
    MATCH_LIMIT = 10000000, /* steps of backtracking: some tenths of a second */
    DEPTH_LIMIT = 100000,   /* nested backtracking of the interpreter */
    HEAP_LIMIT_KIB = 16384, /* of its memory */
    PATTERN_MAX = 1 << 20,  /* bytes of a translated pattern */
    GROUP_MAX = 9,          /* that a function may ask for */
};

/* ---- memory ---- */

static void *heap_alloc(size_t size, void *unused)
{
    (void)unused;
    return memory_alloc(size);
}

static void heap_free(void *pointer, void *unused)
{
    (void)unused;
    memory_free(pointer);
}

static void *scratch_alloc(size_t size, void *scratch)
{
    return arena_alloc(scratch, size);
}

static void scratch_free(void *pointer, void *scratch)
{
    (void)pointer;
    (void)scratch;
}

/* ---- compiled patterns ---- */

/* What the third argument may say: case, and whether the pattern is a plain text. */
struct regex_options {
    bool ignore_case;
    bool dot_all;
    bool literal;
    bool all; /* replace every match */
};

struct regex {
    pcre2_code *code;
    pcre2_match_context *limits;
    uint32_t groups;
};

static void regex_free(struct regex *regex)
{
    pcre2_match_context_free(regex->limits);
    pcre2_code_free(regex->code);
}

static int set_limits(struct regex *regex, pcre2_general_context *memory)
{
    regex->limits = pcre2_match_context_create(memory);
    if (regex->limits == NULL) {
        return STATUS_RESOURCES;
    }
    pcre2_set_match_limit(regex->limits, MATCH_LIMIT);
    pcre2_set_depth_limit(regex->limits, DEPTH_LIMIT);
    pcre2_set_heap_limit(regex->limits, HEAP_LIMIT_KIB);
    return 0;
}

static int compile_failed(int code, struct error *error)
{
    char message[160] = "";
    if (code == PCRE2_ERROR_HEAP_FAILED) {
        return error_out_of_memory(error);
    }
    pcre2_get_error_message(code, (PCRE2_UCHAR *)message, sizeof message);
    return error_set(error, STATUS_INVALID, "the regular expression is not valid: %s", message);
}

/* Compiles for PCRE2; `full` makes a match take the whole text. */
static int compile_translated(struct regex *out, pcre2_general_context *memory, struct str pattern,
                              struct regex_options options, bool full, struct error *error)
{
    uint32_t flags = PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_ALT_CIRCUMFLEX;
    flags |= options.ignore_case ? PCRE2_CASELESS : 0;
    flags |= options.dot_all ? PCRE2_DOTALL : 0;
    flags |= full ? PCRE2_ANCHORED | PCRE2_ENDANCHORED : 0;
    pcre2_compile_context *context = pcre2_compile_context_create(memory);
    if (context == NULL) {
        return error_out_of_memory(error);
    }
    pcre2_set_newline(context, PCRE2_NEWLINE_LF);
    int code;
    PCRE2_SIZE place;
    out->code = pcre2_compile((PCRE2_SPTR)pattern.ptr, pattern.len, flags, &code, &place, context);
    pcre2_compile_context_free(context);
    if (out->code == NULL) {
        return compile_failed(code, error);
    }
    pcre2_pattern_info(out->code, PCRE2_INFO_CAPTURECOUNT, &out->groups);
    return set_limits(out, memory) != 0 ? error_out_of_memory(error) : 0;
}

static int regex_compile(struct regex *out, pcre2_general_context *memory, struct str pattern,
                         struct regex_options options, bool full, struct error *error)
{
    struct text_buffer translated = TEXT_BUFFER(PATTERN_MAX);
    *out = (struct regex){0};
    int status = options.literal
                     ? regex_pattern_quote(&translated, pattern, error)
                     : regex_pattern_translate(&translated, pattern, options.ignore_case, error);
    if (status == 0) {
        /* An empty pattern leaves the buffer without memory. */
        struct str text = translated.ptr == NULL ? STR("") : text_str(&translated);
        status = compile_translated(out, memory, text, options, full, error);
    }
    text_free(&translated);
    if (status != 0) {
        regex_free(out);
        *out = (struct regex){0};
    }
    return status;
}

/* ---- matching ---- */

/* One text being searched, with what it takes of scratch. */
struct search {
    const struct regex *regex;
    struct regex own; /* a pattern that was compiled for this run only */
    pcre2_match_data *match;
    struct str text;
    bool is_checked; /* the text is known to be UTF-8 */
};

/* Where group `number` matched: ptr NULL when it did not, or does not exist. */
static struct str search_group(const struct search *search, uint32_t number)
{
    if (number > search->regex->groups) {
        return (struct str){NULL, 0};
    }
    const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(search->match);
    PCRE2_SIZE from = ends[(size_t)2 * number];
    PCRE2_SIZE to = ends[(size_t)2 * number + 1];
    /* "to < from" can only come of \K in a look-ahead, and there is neither. */
    return from == PCRE2_UNSET ? (struct str){NULL, 0}
                               : (struct str){search->text.ptr + from, to - from};
}

enum search_outcome { SEARCH_FOUND, SEARCH_NOTHING, SEARCH_FAILED };

/* Searches from a byte on. The text is checked to be UTF-8 only the first time. */
static enum search_outcome search_next(struct search *search, size_t from)
{
    PCRE2_SPTR subject = (PCRE2_SPTR)search->text.ptr;
    uint32_t options = search->is_checked ? PCRE2_NO_UTF_CHECK : 0;
    int found = pcre2_match(search->regex->code, subject, search->text.len, from, options,
                            search->match, search->regex->limits);
    if (found == PCRE2_ERROR_JIT_STACKLIMIT) {
        found = pcre2_match(search->regex->code, subject, search->text.len, from,
                            options | PCRE2_NO_JIT, search->match, search->regex->limits);
    }
    if (found > 0) {
        search->is_checked = true;
        return SEARCH_FOUND;
    }
    return found == PCRE2_ERROR_NOMATCH ? SEARCH_NOTHING : SEARCH_FAILED;
}

/* What the binding of a function has as state. */
struct regex_state {
    struct regex regex; /* when the pattern is constant */
    bool is_compiled;
    bool full;
    struct regex_options options;
};

/* Makes ready to search arguments[0] for the pattern, compiling it when it is not constant. False
   when *out has been set to the NULL to return. */
static bool search_begin(struct search *out, const struct function_call *call,
                         const struct value *arguments, struct value *result)
{
    const struct regex_state *state = call->binding->state;
    pcre2_general_context *memory =
        pcre2_general_context_create(scratch_alloc, scratch_free, call->scratch);
    if (memory == NULL) {
        function_exhaust(call, result);
        return false;
    }
    *out = (struct search){.regex = &state->regex, .text = value_text(arguments[0])};
    if (!state->is_compiled) {
        struct error error;
        int status = regex_compile(&out->own, memory, value_text(arguments[1]), state->options,
                                   state->full, &error);
        if (status == STATUS_RESOURCES) {
            function_exhaust(call, result);
            return false;
        }
        if (status != 0) {
            function_fail(call, result);
            return false;
        }
        out->regex = &out->own;
    }
    out->match = pcre2_match_data_create_from_pattern(out->regex->code, memory);
    if (out->match == NULL) {
        function_exhaust(call, result);
        return false;
    }
    return true;
}

static void run_matches(const struct function_call *call, const struct value *arguments,
                        struct value *out)
{
    struct search search;
    if (!search_begin(&search, call, arguments, out)) {
        return;
    }
    enum search_outcome outcome = search_next(&search, 0);
    if (outcome == SEARCH_FAILED) {
        function_fail(call, out);
    } else {
        function_return_integer(out, outcome == SEARCH_FOUND);
    }
}

/* Which group a function was asked for. */
static uint32_t group_argument(const struct function_call *call, const struct value *arguments)
{
    return call->binding->argument_count > 2 ? (uint32_t)arguments[2].integer : 0;
}

/* No match, and a group that does not exist or has no part in it, give ''. */
static void run_extract(const struct function_call *call, const struct value *arguments,
                        struct value *out)
{
    struct search search;
    if (!search_begin(&search, call, arguments, out)) {
        return;
    }
    enum search_outcome outcome = search_next(&search, 0);
    if (outcome == SEARCH_FAILED) {
        function_fail(call, out);
        return;
    }
    struct str group = {NULL, 0};
    if (outcome == SEARCH_FOUND) {
        group = search_group(&search, group_argument(call, arguments));
    }
    function_return_text(out, group.ptr, group.len);
}

/* ---- all matches ---- */

/* The length of the character at a byte; 1 at the end. */
static size_t character_length(struct str text, size_t at)
{
    size_t length = 1;
    while (at + length < text.len && ((unsigned char)text.ptr[at + length] & 0xC0) == 0x80) {
        length++;
    }
    return length;
}

/*
 * Goes from match to match. To replace, an empty match right behind the last one is passed over, as
 * RE2 does it. To extract, DuckDB goes on where the match ended, and by one character when that is
 * where it began to search: so an empty match that it had to look for is found twice.
 */
struct walk {
    size_t from; /* where to search next */
    size_t last; /* where the last match ended; SIZE_MAX before the first */
    bool extracts;
};

#define WALK(extracts_) ((struct walk){0, SIZE_MAX, (extracts_)})

/* The next match; *out is where it is. */
static enum search_outcome walk_next(struct walk *walk, struct search *search, struct str *out)
{
    while (walk->from <= search->text.len) {
        enum search_outcome outcome = search_next(search, walk->from);
        if (outcome != SEARCH_FOUND) {
            return outcome;
        }
        *out = search_group(search, 0);
        size_t end = (size_t)(out->ptr - search->text.ptr) + out->len;
        bool again = !walk->extracts && out->len == 0 && end == walk->last;
        bool stands = walk->extracts && end == walk->from;
        walk->from = end;
        walk->last = end;
        if (again || stands) {
            walk->from += character_length(search->text, end);
            walk->last = SIZE_MAX;
        }
        if (!again) {
            return SEARCH_FOUND;
        }
    }
    return SEARCH_NOTHING;
}

/* The number of matches to extract; -1 when matching fails. */
static int64_t count_matches(struct search *search)
{
    struct walk walk = WALK(true);
    struct str match;
    int64_t count = 0;
    for (;; count++) {
        enum search_outcome outcome = walk_next(&walk, search, &match);
        if (outcome != SEARCH_FOUND) {
            return outcome == SEARCH_FAILED ? -1 : count;
        }
    }
}

static void run_extract_all(const struct function_call *call, const struct value *arguments,
                            struct value *out)
{
    struct search search;
    if (!search_begin(&search, call, arguments, out)) {
        return;
    }
    uint32_t number = group_argument(call, arguments);
    int64_t count = count_matches(&search);
    if (count < 0 || number > search.regex->groups) {
        function_fail(call, out);
        return;
    }
    struct value *items = function_new_list(call, (size_t)count, out);
    struct walk walk = WALK(true);
    for (struct str match; items != NULL && count > 0; count--, items++) {
        walk_next(&walk, &search, &match);
        *items = value_from_text(search_group(&search, number));
    }
}

/*
 * The piece before the next match; search->text becomes what lies behind it. As in DuckDB, ^ and \b
 * see only what is left of the text. An empty match at its start takes one character.
 */
static enum search_outcome split_next(struct search *search, struct str *out)
{
    struct str rest = search->text;
    *out = rest;
    enum search_outcome outcome = rest.len == 0 ? SEARCH_NOTHING : search_next(search, 0);
    if (outcome != SEARCH_FOUND) {
        return outcome;
    }
    struct str match = search_group(search, 0);
    size_t begin = (size_t)(match.ptr - rest.ptr);
    if (match.len == 0 && begin == 0) {
        begin = character_length(rest, 0);
        if (begin >= rest.len) {
            return SEARCH_NOTHING;
        }
    }
    out->len = begin;
    search->text = (struct str){rest.ptr + begin + match.len, rest.len - begin - match.len};
    return SEARCH_FOUND;
}

static void run_split(const struct function_call *call, const struct value *arguments,
                      struct value *out)
{
    struct search search;
    if (!search_begin(&search, call, arguments, out)) {
        return;
    }
    size_t count = 1;
    struct str piece;
    enum search_outcome outcome;
    while ((outcome = split_next(&search, &piece)) == SEARCH_FOUND) {
        count++;
    }
    if (outcome == SEARCH_FAILED) {
        function_fail(call, out);
        return;
    }
    search.text = value_text(arguments[0]);
    struct value *items = function_new_list(call, count, out);
    for (; items != NULL && count > 0; count--, items++) {
        split_next(&search, &piece);
        function_return_text(items, piece.ptr, piece.len);
    }
}

/* ---- replacing ---- */

/* A text that grows in scratch: the old room is lost until the arena is reset. */
struct output {
    struct arena *scratch;
    char *ptr;
    size_t len;
    size_t cap;
    bool failed;
};

static void put(struct output *output, struct str text)
{
    if (output->len + text.len > output->cap && !output->failed) {
        size_t room = 2 * output->cap + text.len + 64;
        char *grown = arena_alloc(output->scratch, room);
        output->failed = grown == NULL;
        if (!output->failed && output->len > 0) {
            memcpy(grown, output->ptr, output->len);
        }
        output->ptr = grown;
        output->cap = room;
    }
    if (!output->failed && text.len > 0) {
        memcpy(output->ptr + output->len, text.ptr, text.len);
        output->len += text.len;
    }
}

/* Puts the replacement of a match: \0 … \9 are groups, \\ a backslash. It stops at any other
   escape, which is_rewrite_valid() has excluded for constants. */
static void put_rewrite(struct output *output, const struct search *search, struct str rewrite)
{
    for (size_t at = 0; at < rewrite.len; at++) {
        if (rewrite.ptr[at] != '\\') {
            put(output, (struct str){rewrite.ptr + at, 1});
            continue;
        }
        char c = ++at < rewrite.len ? rewrite.ptr[at] : '\0';
        if (c >= '0' && c <= '9') {
            put(output, search_group(search, (uint32_t)(c - '0')));
        } else if (c == '\\') {
            put(output, STR("\\"));
        } else {
            return;
        }
    }
}

/* Whether every escape of a rewrite is \0 … \9 or \\, and the highest group that it names. */
static bool is_rewrite_valid(struct str rewrite, uint32_t *highest)
{
    *highest = 0;
    for (size_t at = 0; at < rewrite.len; at++) {
        if (rewrite.ptr[at] != '\\') {
            continue;
        }
        char c = ++at < rewrite.len ? rewrite.ptr[at] : '\0';
        if (c >= '0' && c <= '9') {
            uint32_t group = (uint32_t)(c - '0');
            *highest = group > *highest ? group : *highest;
        } else if (c != '\\') {
            return false;
        }
    }
    return true;
}

static void run_replace(const struct function_call *call, const struct value *arguments,
                        struct value *out)
{
    const struct regex_state *state = call->binding->state;
    struct search search;
    struct str rewrite = value_text(arguments[2]);
    uint32_t highest;
    if (!search_begin(&search, call, arguments, out)) {
        return;
    }
    bool valid = is_rewrite_valid(rewrite, &highest);
    if (!valid || highest > search.regex->groups) {
        *out = arguments[0];
        return;
    }
    struct output output = {.scratch = call->scratch};
    struct walk walk = WALK(false);
    struct str match;
    size_t copied = 0;
    enum search_outcome outcome;
    while ((outcome = walk_next(&walk, &search, &match)) == SEARCH_FOUND) {
        size_t begin = (size_t)(match.ptr - search.text.ptr);
        put(&output, (struct str){search.text.ptr + copied, begin - copied});
        put_rewrite(&output, &search, rewrite);
        copied = begin + match.len;
        if (!state->options.all) {
            break;
        }
    }
    put(&output, (struct str){search.text.ptr + copied, search.text.len - copied});
    if (outcome == SEARCH_FAILED) {
        function_fail(call, out);
    } else if (output.failed || output.len > UINT32_MAX) {
        function_exhaust(call, out);
    } else {
        function_return_text(out, output.ptr, output.len);
    }
}

/* ---- quoting ---- */

/* All but letters, digits, _ and what is not ASCII gets a backslash. */
static void run_escape(const struct function_call *call, const struct value *arguments,
                       struct value *out)
{
    struct str text = value_text(arguments[0]);
    struct output output = {.scratch = call->scratch};
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.ptr[i];
        bool plain = byte >= 0x80 || byte == '_' || (byte >= '0' && byte <= '9') ||
                     ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z');
        put(&output, byte == '\0' ? STR("\\x00") : plain ? STR("") : STR("\\"));
        put(&output, (struct str){text.ptr + i, byte != '\0'});
    }
    if (output.failed || output.len > UINT32_MAX) {
        function_exhaust(call, out);
    } else {
        function_return_text(out, output.ptr, output.len);
    }
}

/* ---- binding ---- */

static int parse_options(struct function_bind_call *call, size_t position, bool replace,
                         struct regex_options *out)
{
    struct str text;
    if (position >= call->count) {
        return 0;
    }
    if (!function_constant_text(call, position, &text)) {
        return error_set(call->error, STATUS_INVALID, "%s takes constant options",
                         call->function->name);
    }
    for (size_t i = 0; i < text.len; i++) {
        switch (text.ptr[i]) {
        case 'c': out->ignore_case = false; break;
        case 'i': out->ignore_case = true; break;
        case 'l': out->literal = true; break;
        case 'm':
        case 'n':
        case 'p': out->dot_all = false; break;
        case 's': out->dot_all = true; break;
        case ' ':
        case '\t':
        case '\n': break;
        default:
            if (text.ptr[i] == 'g' && replace) {
                out->all = true;
                break;
            }
            return error_set(call->error, STATUS_INVALID,
                             "%s: there is no option '%c' (there are c, i, l, m, n, p, s%s)",
                             call->function->name,
                             text.ptr[i] > ' ' && text.ptr[i] < 0x7F ? text.ptr[i] : '?',
                             replace ? ", g" : "");
        }
    }
    return 0;
}

static void release(void *state)
{
    struct regex_state *held = state;
    if (held->is_compiled) {
        regex_free(&held->regex);
        held->is_compiled = false;
    }
}

/* Compiles a constant pattern and leaves it to the binding. */
static int compile_constant(struct function_bind_call *call, struct regex_state *state,
                            struct str pattern)
{
    pcre2_general_context *memory = pcre2_general_context_create(heap_alloc, heap_free, NULL);
    if (memory == NULL) {
        return error_out_of_memory(call->error);
    }
    int status =
        regex_compile(&state->regex, memory, pattern, state->options, state->full, call->error);
    pcre2_general_context_free(memory);
    if (status != 0) {
        error_prefix(call->error, "%s", call->function->name);
        return status;
    }
    /* That there is no just-in-time compiler for a machine is no failure: matching is slower. */
    pcre2_jit_compile(state->regex.code, PCRE2_JIT_COMPLETE);
    state->is_compiled = true;
    call->binding->release = release;
    return 0;
}

/* The pattern is argument 1, options may be argument `options`. */
static int prepare(struct function_bind_call *call, size_t options, bool replace, bool full)
{
    struct regex_state *state = arena_alloc_zeroed(call->arena, 1, sizeof *state);
    if (state == NULL) {
        return error_out_of_memory(call->error);
    }
    state->full = full;
    call->binding->state = state;
    int status = parse_options(call, options, replace, &state->options);
    struct str pattern;
    if (status != 0 || !function_constant_text(call, 1, &pattern)) {
        return status;
    }
    return compile_constant(call, state, pattern);
}

static int prepare_matches(struct function_bind_call *call)
{
    return prepare(call, 2, false, false);
}

static int prepare_full_match(struct function_bind_call *call)
{
    return prepare(call, 2, false, true);
}

static int prepare_replace(struct function_bind_call *call)
{
    return prepare(call, 3, true, false);
}

/* The group has to be a constant 0 … 9. */
static int check_group(struct function_bind_call *call)
{
    if (call->count < 3 || call->arguments[2].type.kind == VALUE_NULL) {
        return 0;
    }
    const struct value *group = call->arguments[2].constant;
    if (group == NULL) {
        return error_set(call->error, STATUS_INVALID, "%s takes a constant group number",
                         call->function->name);
    }
    if (!group->is_null && (group->integer < 0 || group->integer > GROUP_MAX)) {
        return error_set(call->error, STATUS_INVALID, "%s: the group must be 0 to %d",
                         call->function->name, GROUP_MAX);
    }
    return 0;
}

static int prepare_extract(struct function_bind_call *call)
{
    int status = check_group(call);
    return status != 0 ? status : prepare(call, 3, false, false);
}

static int prepare_extract_all(struct function_bind_call *call)
{
    int status = prepare_extract(call);
    const struct regex_state *state = call->binding->state;
    if (status != 0 || call->count < 3 || !state->is_compiled ||
        call->arguments[2].constant == NULL || call->arguments[2].constant->is_null) {
        return status;
    }
    int64_t group = call->arguments[2].constant->integer;
    if (group > state->regex.groups) {
        unsigned groups = state->regex.groups;
        release((void *)call->binding->state);
        return error_set(call->error, STATUS_INVALID,
                         "%s: the pattern has %u groups, so there is no group %d",
                         call->function->name, groups, (int)group);
    }
    return 0;
}

static const struct function FUNCTIONS[] = {
    {.name = "regexp_matches",
     .aliases = "regexp_like rlike",
     .overloads = {{"tt:b", run_matches}, {"ttt:b", run_matches}},
     .prepare = prepare_matches},
    {.name = "regexp_full_match",
     .aliases = "~",
     .overloads = {{"tt:b", run_matches}, {"ttt:b", run_matches}},
     .prepare = prepare_full_match},
    {.name = "regexp_extract",
     .overloads = {{"tt:t", run_extract}, {"tti:t", run_extract}, {"ttit:t", run_extract}},
     .prepare = prepare_extract},
    {.name = "regexp_extract_all",
     .overloads = {{"tt:L", run_extract_all},
                   {"tti:L", run_extract_all},
                   {"ttit:L", run_extract_all}},
     .prepare = prepare_extract_all},
    {.name = "regexp_replace",
     .overloads = {{"ttt:t", run_replace}, {"tttt:t", run_replace}},
     .prepare = prepare_replace},
    {.name = "string_split_regex",
     .aliases = "str_split_regex regexp_split_to_array",
     .overloads = {{"tt:L", run_split}, {"ttt:L", run_split}},
     .prepare = prepare_matches},
    {.name = "regexp_escape", .overloads = {{"t:t", run_escape}}},
};

const struct function_table function_table_regex = {FUNCTIONS, ARRAY_LENGTH(FUNCTIONS)};
