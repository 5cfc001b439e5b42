#include "base/json_read.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "base/memory.h"

/* ---- memory ---- */

/* Some of jansson's failures for want of memory look like faults of the text. */
static _Thread_local bool ran_out;

static void *allocate(size_t size)
{
    void *pointer = memory_alloc(size);
    ran_out = ran_out || pointer == NULL;
    return pointer;
}

static void set_allocator(void)
{
    json_set_alloc_funcs(allocate, memory_free);
}

/* ---- messages ---- */

static bool ends_at(struct str text, size_t end, struct str word)
{
    return end <= text.len && str_ends_with((struct str){text.ptr, end}, word);
}

/* Python writes what JSON does not have. jansson stops after the word, or after the minus. */
static bool is_not_finite(struct str text, size_t end)
{
    return ends_at(text, end, STR("NaN")) || ends_at(text, end, STR("Infinity")) ||
           ends_at(text, end + STR("Infinity").len, STR("-Infinity")) ||
           ends_at(text, end + STR("nfinity").len, STR("-Infinity"));
}

/* jansson's own words up to " near '...'", which may be anything out of the text. */
static struct str reason(const json_error_t *fault)
{
    if (json_error_code(fault) == json_error_null_character) {
        return STR("a text with a NUL character");
    }
    if (strstr(fault->text, "integer") != NULL) {
        return STR("an integer of more than 64 bits");
    }
    const char *near = strstr(fault->text, " near ");
    size_t len = near == NULL ? strlen(fault->text) : (size_t)(near - fault->text);
    return (struct str){fault->text, len};
}

static int refuse(struct str text, const char *name, const json_error_t *fault, struct error *error)
{
    struct str why = reason(fault);
    error_set(error, STATUS_INVALID, "%s%sline %d, column %d: not valid JSON: %.*s",
              name == NULL ? "" : name, name == NULL ? "" : ": ", fault->line,
              fault->column > 0 ? fault->column : 1, STR_ARG(why));
    if (is_not_finite(text, (size_t)fault->position)) {
        error_hint(error, "JSON has no NaN and no Infinity; write a number, or leave the key out");
    }
    return STATUS_INVALID;
}

int json_read(json_t **out, struct str text, const char *name, struct error *error)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, set_allocator);

    *out = NULL;
    if (str_starts_with(text, STR("\xEF\xBB\xBF"))) {
        text.ptr += 3;
        text.len -= 3;
    }
    if (text.ptr == NULL) {
        text = STR("");
    }
    json_error_t fault = {0};
    ran_out = false;
    *out = json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES, &fault);
    /* Where a text's buffer cannot grow jansson goes on without the byte: that is no document. */
    if (*out != NULL && !ran_out) {
        return 0;
    }
    json_decref(*out);
    *out = NULL;
    return ran_out ? error_out_of_memory(error) : refuse(text, name, &fault, error);
}

/* ---- without reading all of it ---- */

static size_t skip_space(struct str text, size_t at)
{
    while (at < text.len && strchr(" \t\r\n", text.ptr[at]) != NULL && text.ptr[at] != '\0') {
        at++;
    }
    return at;
}

/* The place after the closing quote. */
static size_t skip_string(struct str text, size_t at)
{
    for (at++; at < text.len && text.ptr[at] != '"'; at++) {
        at += text.ptr[at] == '\\';
    }
    return at + 1;
}

/* The place after a value: the comma or bracket that ends it, on its own level, comes next. */
static size_t skip_value(struct str text, size_t at)
{
    size_t depth = 0;
    while (at < text.len) {
        char c = text.ptr[at];
        bool closes = c == '}' || c == ']';
        if (depth == 0 && (closes || c == ',')) {
            break;
        }
        depth += c == '{' || c == '[';
        depth -= closes;
        at = c == '"' ? skip_string(text, at) : at + 1;
    }
    return at;
}

size_t json_count_values(struct str text)
{
    size_t count = 1;
    for (size_t at = 0; at < text.len;) {
        char c = text.ptr[at];
        count += c == ',' || c == '[' || c == '{';
        at = c == '"' ? skip_string(text, at) : at + 1;
    }
    return count;
}

struct str json_read_member(struct str text, const char *key)
{
    size_t at = 0;
    while (at < text.len && text.ptr[at] != '{') {
        at++;
    }
    while (at < text.len && text.ptr[at] != '}') {
        size_t name = skip_space(text, at + 1);
        if (name >= text.len || text.ptr[name] != '"') {
            break;
        }
        size_t end = skip_string(text, name);
        size_t value = skip_space(text, skip_space(text, end) + 1);
        at = skip_value(text, value);
        if (str_equal((struct str){text.ptr + name + 1, end - name - 2}, str_from(key))) {
            return str_trim((struct str){text.ptr + value, at - value});
        }
    }
    return (struct str){NULL, 0};
}
