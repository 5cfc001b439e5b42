/*
 * Text: `struct str` is a view that owns nothing; `struct text_buffer` owns bytes that grow.
 *
 * Comparison is by byte throughout, as SQL's on UTF-8 text is in the C collation and in DuckDB.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/compiler.h"

struct str {
    const char *ptr; /* not NUL-terminated; may be NULL when len is 0 */
    size_t len;      /* bytes */
};

/* A view of a string literal. */
#define STR(literal) ((struct str){(literal), sizeof(literal) - 1})

/* For printf's "%.*s"; cuts at INT_MAX. */
#define STR_ARG(text) ((int)((text).len > 0x7fffffff ? 0x7fffffff : (text).len)), (text).ptr

static inline struct str str_from(const char *terminated)
{
    return (struct str){terminated, strlen(terminated)};
}

static inline bool str_equal(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* Bytewise order, a prefix before what it begins: negative, 0, positive. */
static inline int str_compare(struct str a, struct str b)
{
    size_t shared = a.len < b.len ? a.len : b.len;
    int order = shared == 0 ? 0 : memcmp(a.ptr, b.ptr, shared);
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

/* Equality that ignores the case of ASCII letters only. */
bool str_equal_ignoring_case(struct str a, struct str b);

bool str_starts_with(struct str text, struct str prefix);
bool str_ends_with(struct str text, struct str suffix);

/* The text without spaces, tabs, carriage returns and newlines at its ends. */
struct str str_trim(struct str text);

/* The edit distance between two short names (both cut at 64 bytes), for "did you mean". */
unsigned str_name_distance(struct str a, struct str b);

/*
 * Bytes that grow up to a mandatory maximum. Zero-initialise with TEXT_BUFFER(max). After the
 * first failure (memory, or the maximum) `failed` stays set and further appends do nothing, so
 * that a writer checks once, at its end. The content is kept NUL-terminated.
 */
struct text_buffer {
    char *ptr;
    size_t len;
    size_t cap;
    size_t max; /* most bytes that it may hold */
    bool failed;
};

#define TEXT_BUFFER(most) ((struct text_buffer){.max = (most)})

void text_append(struct text_buffer *buffer, struct str text);
void text_append_char(struct text_buffer *buffer, char c);
void text_appendf(struct text_buffer *buffer, const char *format, ...) PRINTF_LIKE(2, 3);

/* Makes room for `more` bytes past len, for callers that write in place; NULL on failure. */
MUST_CHECK char *text_reserve(struct text_buffer *buffer, size_t more);

/* Forgets the content and a failure, keeps the room. */
void text_clear(struct text_buffer *buffer);
void text_free(struct text_buffer *buffer);

static inline struct str text_str(const struct text_buffer *buffer)
{
    return (struct str){buffer->ptr, buffer->len};
}

#endif
