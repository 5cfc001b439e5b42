#include "http/media_type.h"

#include <string.h>

struct str http_media_type(struct str header)
{
    const char *end = header.len == 0 ? NULL : memchr(header.ptr, ';', header.len);
    return str_trim(
        (struct str){header.ptr, end == NULL ? header.len : (size_t)(end - header.ptr)});
}

static void skip_blanks(struct str *rest)
{
    while (rest->len > 0 && (rest->ptr[0] == ' ' || rest->ptr[0] == '\t')) {
        rest->ptr++;
        rest->len--;
    }
}

/* The bytes up to a blank, or one of `stops`. */
static struct str take_word(struct str *rest, const char *stops)
{
    size_t length = 0;
    while (length < rest->len && strchr(stops, rest->ptr[length]) == NULL) {
        length++;
    }
    struct str word = {rest->ptr, length};
    rest->ptr += length;
    rest->len -= length;
    return word;
}

/* After the opening quote. *out still has its backslashes. */
static bool take_quoted(struct str *out, struct str *rest)
{
    size_t length = 0;
    while (length < rest->len && rest->ptr[length] != '"') {
        bool escape = rest->ptr[length] == '\\' && length + 1 < rest->len &&
                      (rest->ptr[length + 1] == '"' || rest->ptr[length + 1] == '\\');
        length += escape ? 2 : 1;
    }
    if (length >= rest->len) {
        return false;
    }
    *out = (struct str){rest->ptr, length};
    rest->ptr += length + 1;
    rest->len -= length + 1;
    return true;
}

static bool unescape(struct str *text, struct arena *arena)
{
    char *room = arena_alloc(arena, text->len + 1);
    if (room == NULL) {
        return false;
    }
    size_t used = 0;
    for (size_t i = 0; i < text->len; i++) {
        char c = text->ptr[i];
        if (c == '\\' && i + 1 < text->len &&
            (text->ptr[i + 1] == '"' || text->ptr[i + 1] == '\\')) {
            c = text->ptr[++i];
        }
        room[used++] = c;
    }
    room[used] = '\0';
    *text = (struct str){room, used};
    return true;
}

/* ";name=value" from `rest` on; false when it is malformed. */
static bool take_parameter(struct str *name, struct str *value, bool *quoted, struct str *rest)
{
    *name = take_word(rest, " \t=;");
    skip_blanks(rest);
    *quoted = false;
    *value = (struct str){NULL, 0};
    if (name->len == 0 || rest->len == 0 || rest->ptr[0] != '=') {
        return false;
    }
    rest->ptr++;
    rest->len--;
    skip_blanks(rest);
    if (rest->len > 0 && rest->ptr[0] == '"') {
        rest->ptr++;
        rest->len--;
        *quoted = true;
        return take_quoted(value, rest);
    }
    *value = take_word(rest, " \t;");
    return value->len > 0;
}

bool http_media_parameter(struct str *out, struct str header, const char *name, struct arena *arena)
{
    *out = (struct str){NULL, 0};
    struct str rest = header;
    (void)take_word(&rest, ";");
    bool escaped = false;
    while (rest.len > 0) {
        if (rest.ptr[0] != ';') {
            return false;
        }
        rest.ptr++;
        rest.len--;
        skip_blanks(&rest);
        if (rest.len == 0 || rest.ptr[0] == ';') {
            continue; /* ";;" and ";" at the end do no harm */
        }
        struct str found;
        struct str value;
        bool quoted;
        if (!take_parameter(&found, &value, &quoted, &rest)) {
            return false;
        }
        skip_blanks(&rest);
        if (str_equal_ignoring_case(found, str_from(name))) {
            if (out->ptr != NULL) {
                return false;
            }
            *out = value;
            escaped = quoted;
        }
    }
    if (out->ptr == NULL) {
        return true;
    }
    if (escaped) {
        return unescape(out, arena);
    }
    out->ptr = arena_copy(arena, *out);
    return out->ptr != NULL;
}

/* ---- what a client accepts ---- */

/* Whether a parameter is "q=0", with as many zeros as one likes. */
static bool is_refusal(struct str parameters)
{
    const char *at = parameters.len == 0 ? NULL : memmem(parameters.ptr, parameters.len, "q=", 2);
    if (at == NULL) {
        return false;
    }
    struct str weight = {at + 2, parameters.len - (size_t)(at + 2 - parameters.ptr)};
    for (size_t i = 0; i < weight.len && weight.ptr[i] != ';' && weight.ptr[i] != ' '; i++) {
        if (weight.ptr[i] != '0' && weight.ptr[i] != '.') {
            return false;
        }
    }
    return true;
}

bool http_take_accepted(struct str *out, struct str *rest)
{
    const char *end = rest->len == 0 ? NULL : memchr(rest->ptr, ',', rest->len);
    struct str item = {rest->ptr, end == NULL ? rest->len : (size_t)(end - rest->ptr)};
    size_t taken = item.len + (end != NULL);
    *rest = (struct str){rest->ptr + taken, rest->len - taken};
    *out = http_media_type(item);
    const char *semicolon = item.len == 0 ? NULL : memchr(item.ptr, ';', item.len);
    size_t length = semicolon == NULL ? item.len : (size_t)(semicolon - item.ptr);
    return !is_refusal((struct str){item.ptr + length, item.len - length});
}
