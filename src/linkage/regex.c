#define PCRE2_CODE_UNIT_WIDTH 8

#include "linkage/regex.h"

#include <pcre2.h>

#include "base/memory.h"
#include "linkage/regex_pattern.h"

enum {
    MATCH_LIMIT = 10000000, /* steps of backtracking: some tenths of a second */
    DEPTH_LIMIT = 100000,   /* nested backtracking of the interpreter */
    HEAP_LIMIT_KIB = 16384, /* of its memory */
    PATTERN_MAX = 1 << 20,  /* bytes of a translated pattern */
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

static pcre2_general_context *scratch_context(struct arena *scratch)
{
    return pcre2_general_context_create(scratch_alloc, scratch_free, scratch);
}

/* ---- compiling ---- */

void regex_free(struct regex *regex)
{
    pcre2_match_context_free(regex->limits);
    pcre2_code_free(regex->code);
    *regex = (struct regex){0};
}

static int set_limits(struct regex *regex, pcre2_general_context *memory, struct error *error)
{
    regex->limits = pcre2_match_context_create(memory);
    if (regex->limits == NULL) {
        return error_out_of_memory(error);
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

static int compile_translated(struct regex *out, pcre2_general_context *memory, struct str pattern,
                              struct regex_options options, struct error *error)
{
    uint32_t flags = PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_ALT_CIRCUMFLEX;
    flags |= options.ignore_case ? PCRE2_CASELESS : 0;
    flags |= options.dot_all ? PCRE2_DOTALL : 0;
    flags |= options.full ? PCRE2_ANCHORED | PCRE2_ENDANCHORED : 0;
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
    return set_limits(out, memory, error);
}

int regex_compile(struct regex *out, struct arena *scratch, struct str pattern,
                  struct regex_options options, struct error *error)
{
    *out = (struct regex){0};
    struct text_buffer translated = TEXT_BUFFER(PATTERN_MAX);
    pcre2_general_context *memory = scratch != NULL
                                        ? scratch_context(scratch)
                                        : pcre2_general_context_create(heap_alloc, heap_free, NULL);
    int status = memory == NULL ? error_out_of_memory(error) : 0;
    if (status == 0) {
        status = options.literal
                     ? regex_pattern_quote(&translated, pattern, error)
                     : regex_pattern_translate(&translated, pattern, options.ignore_case, error);
    }
    if (status == 0) {
        /* An empty pattern leaves the buffer without memory. */
        struct str text = translated.ptr == NULL ? STR("") : text_str(&translated);
        status = compile_translated(out, memory, text, options, error);
    }
    if (status == 0 && scratch == NULL) {
        /* That there is no such compiler for a machine is no failure: matching is slower then. */
        pcre2_jit_compile(out->code, PCRE2_JIT_COMPLETE);
    }
    if (status != 0) {
        regex_free(out);
    }
    pcre2_general_context_free(memory);
    text_free(&translated);
    return status;
}

/* ---- searching ---- */

bool regex_search_begin(struct regex_search *out, const struct regex *regex, struct str text,
                        struct arena *scratch)
{
    pcre2_general_context *memory = scratch_context(scratch);
    *out = (struct regex_search){.regex = regex, .text = text};
    if (memory != NULL) {
        out->match = pcre2_match_data_create_from_pattern(regex->code, memory);
    }
    return out->match != NULL;
}

enum regex_outcome regex_search_next(struct regex_search *search, size_t from)
{
    PCRE2_SPTR subject = (PCRE2_SPTR)search->text.ptr;
    /* The text is checked only the first time. */
    uint32_t options = search->is_checked ? PCRE2_NO_UTF_CHECK : 0;
    int found = pcre2_match(search->regex->code, subject, search->text.len, from, options,
                            search->match, search->regex->limits);
    if (found == PCRE2_ERROR_JIT_STACKLIMIT) {
        found = pcre2_match(search->regex->code, subject, search->text.len, from,
                            options | PCRE2_NO_JIT, search->match, search->regex->limits);
    }
    switch (found) {
    case PCRE2_ERROR_NOMATCH: return REGEX_NOTHING;
    case PCRE2_ERROR_NOMEMORY: return REGEX_EXHAUSTED;
    default: break;
    }
    search->is_checked = found > 0;
    return found > 0 ? REGEX_FOUND : REGEX_FAILED;
}

struct str regex_search_group(const struct regex_search *search, uint32_t number)
{
    if (number > search->regex->groups) {
        return (struct str){NULL, 0};
    }
    const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(search->match);
    PCRE2_SIZE from = ends[(size_t)2 * number];
    PCRE2_SIZE to = ends[(size_t)2 * number + 1];
    return from == PCRE2_UNSET ? (struct str){NULL, 0}
                               : (struct str){search->text.ptr + from, to - from};
}
