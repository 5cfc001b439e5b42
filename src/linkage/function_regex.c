/*
 * The functions of regular expressions. Constant patterns are compiled when the model is loaded;
 * others each time they run, which is slow but right.
 */
#include "linkage/function_internal.h"
#include "linkage/regex.h"

enum { GROUP_MAX = 9 /* that a function may ask for */ };

/* What the binding of a function has as state. */
struct regex_state {
    struct regex regex; /* when the pattern is constant */
    bool is_compiled;
    bool all; /* replace every match */
    struct regex_options options;
};

/* Makes ready to search arguments[0] for the pattern, compiling it into *own when it is not
   constant. False when *result has been set to the NULL to return. */
static bool begin(struct regex_search *out, struct regex *own, const struct function_call *call,
                  const struct value *arguments, struct value *result)
{
    const struct regex_state *state = call->binding->state;
    const struct regex *regex = &state->regex;
    int status = 0;
    if (!state->is_compiled) {
        struct error error;
        status =
            regex_compile(own, call->scratch, value_text(arguments[1]), state->options, &error);
        regex = own;
    }
    if (status == STATUS_INVALID) {
        function_fail(call, result);
        return false;
    }
    if (status != 0 || !regex_search_begin(out, regex, value_text(arguments[0]), call->scratch)) {
        function_exhaust(call, result);
        return false;
    }
    return true;
}

/* When a search came to no answer: *out is set to the NULL to return, and true. */
static bool is_stopped(const struct function_call *call, enum regex_outcome outcome,
                       struct value *out)
{
    if (outcome == REGEX_FAILED) {
        function_fail(call, out);
    } else if (outcome == REGEX_EXHAUSTED) {
        function_exhaust(call, out);
    }
    return outcome == REGEX_FAILED || outcome == REGEX_EXHAUSTED;
}

static void run_matches(const struct function_call *call, const struct value *arguments,
                        struct value *out)
{
    struct regex own;
    struct regex_search search;
    if (!begin(&search, &own, call, arguments, out)) {
        return;
    }
    enum regex_outcome outcome = regex_search_next(&search, 0);
    if (!is_stopped(call, outcome, out)) {
        function_return_integer(out, outcome == REGEX_FOUND);
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
    struct regex own;
    struct regex_search search;
    if (!begin(&search, &own, call, arguments, out)) {
        return;
    }
    enum regex_outcome outcome = regex_search_next(&search, 0);
    if (is_stopped(call, outcome, out)) {
        return;
    }
    struct str group = {NULL, 0};
    if (outcome == REGEX_FOUND) {
        group = regex_search_group(&search, group_argument(call, arguments));
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
static enum regex_outcome walk_next(struct walk *walk, struct regex_search *search, struct str *out)
{
    while (walk->from <= search->text.len) {
        enum regex_outcome outcome = regex_search_next(search, walk->from);
        if (outcome != REGEX_FOUND) {
            return outcome;
        }
        *out = regex_search_group(search, 0);
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
            return REGEX_FOUND;
        }
    }
    return REGEX_NOTHING;
}

/* Counts the matches to extract. */
static enum regex_outcome count_matches(struct regex_search *search, size_t *count)
{
    struct walk walk = WALK(true);
    struct str match;
    enum regex_outcome outcome;
    *count = 0;
    while ((outcome = walk_next(&walk, search, &match)) == REGEX_FOUND) {
        ++*count;
    }
    return outcome;
}

static void run_extract_all(const struct function_call *call, const struct value *arguments,
                            struct value *out)
{
    struct regex own;
    struct regex_search search;
    if (!begin(&search, &own, call, arguments, out)) {
        return;
    }
    uint32_t number = group_argument(call, arguments);
    size_t count;
    if (is_stopped(call, count_matches(&search, &count), out)) {
        return;
    }
    if (number > search.regex->groups) {
        function_fail(call, out);
        return;
    }
    struct value *items = function_new_list(call, count, out);
    struct walk walk = WALK(true);
    for (struct str match; items != NULL && count > 0; count--, items++) {
        if (is_stopped(call, walk_next(&walk, &search, &match), out)) {
            return;
        }
        *items = value_from_text(regex_search_group(&search, number));
    }
}

/*
 * The piece before the next match; search->text becomes what lies behind it. As in DuckDB, ^ and \b
 * see only what is left of the text. An empty match at its start takes one character.
 */
static enum regex_outcome split_next(struct regex_search *search, struct str *out)
{
    struct str rest = search->text;
    *out = rest;
    enum regex_outcome outcome = rest.len == 0 ? REGEX_NOTHING : regex_search_next(search, 0);
    if (outcome != REGEX_FOUND) {
        return outcome;
    }
    struct str match = regex_search_group(search, 0);
    size_t begin = (size_t)(match.ptr - rest.ptr);
    if (match.len == 0 && begin == 0) {
        begin = character_length(rest, 0);
        if (begin >= rest.len) {
            return REGEX_NOTHING;
        }
    }
    out->len = begin;
    search->text = (struct str){rest.ptr + begin + match.len, rest.len - begin - match.len};
    return REGEX_FOUND;
}

static void run_split(const struct function_call *call, const struct value *arguments,
                      struct value *out)
{
    struct regex own;
    struct regex_search search;
    if (!begin(&search, &own, call, arguments, out)) {
        return;
    }
    size_t count = 1;
    struct str piece;
    enum regex_outcome outcome;
    while ((outcome = split_next(&search, &piece)) == REGEX_FOUND) {
        count++;
    }
    if (is_stopped(call, outcome, out)) {
        return;
    }
    search.text = value_text(arguments[0]);
    struct value *items = function_new_list(call, count, out);
    for (; items != NULL && count > 0; count--, items++) {
        if (is_stopped(call, split_next(&search, &piece), out)) {
            return;
        }
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
static void put_rewrite(struct output *output, const struct regex_search *search,
                        struct str rewrite)
{
    for (size_t at = 0; at < rewrite.len; at++) {
        if (rewrite.ptr[at] != '\\') {
            put(output, (struct str){rewrite.ptr + at, 1});
            continue;
        }
        char c = ++at < rewrite.len ? rewrite.ptr[at] : '\0';
        if (c >= '0' && c <= '9') {
            put(output, regex_search_group(search, (uint32_t)(c - '0')));
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
    struct regex own;
    struct regex_search search;
    struct str rewrite = value_text(arguments[2]);
    uint32_t highest;
    if (!begin(&search, &own, call, arguments, out)) {
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
    enum regex_outcome outcome;
    while ((outcome = walk_next(&walk, &search, &match)) == REGEX_FOUND) {
        size_t begin = (size_t)(match.ptr - search.text.ptr);
        put(&output, (struct str){search.text.ptr + copied, begin - copied});
        put_rewrite(&output, &search, rewrite);
        copied = begin + match.len;
        if (!state->all) {
            break;
        }
    }
    put(&output, (struct str){search.text.ptr + copied, search.text.len - copied});
    if (is_stopped(call, outcome, out)) {
        return;
    }
    if (output.failed || output.len > UINT32_MAX) {
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
                         struct regex_state *state)
{
    struct str text;
    struct regex_options *out = &state->options;
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
                state->all = true;
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
    int status = regex_compile(&state->regex, NULL, pattern, state->options, call->error);
    if (status != 0) {
        error_prefix(call->error, "%s", call->function->name);
        return status;
    }
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
    state->options.full = full;
    call->binding->state = state;
    int status = parse_options(call, options, replace, state);
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
