#include "http/percent.h"

#include <string.h>

#include "base/utf8.h"

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* Decodes in place of `out`, which has room for all of `text`; false when it is at fault. */
static bool decode(char *out, size_t *length, struct str text, bool plus)
{
    size_t used = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '%') {
            int high = i + 1 < text.len ? hex_digit(text.ptr[i + 1]) : -1;
            int low = i + 2 < text.len ? hex_digit(text.ptr[i + 2]) : -1;
            if (high < 0 || low < 0) {
                return false;
            }
            c = (char)(high * 16 + low);
            i += 2;
        } else if (c == '+' && plus) {
            c = ' ';
        }
        if (c == '\0') {
            return false;
        }
        out[used++] = c;
    }
    out[used] = '\0';
    *length = used;
    return utf8_valid_prefix((struct str){out, used}) == used;
}

bool http_percent_decode(struct str *out, struct str text, bool plus, struct arena *arena,
                         bool *valid)
{
    *valid = true;
    char *room = arena_alloc(arena, text.len + 1);
    if (room == NULL) {
        return false;
    }
    size_t length = 0;
    *valid = decode(room, &length, text, plus);
    *out = (struct str){room, length};
    return *valid;
}

/* Cuts `rest` at the first `separator` and gives what was before it. */
static struct str cut_at(struct str *rest, char separator)
{
    const char *end = rest->len == 0 ? NULL : memchr(rest->ptr, separator, rest->len);
    struct str piece = {rest->ptr, end == NULL ? rest->len : (size_t)(end - rest->ptr)};
    size_t taken = piece.len + (end != NULL);
    rest->ptr += taken;
    rest->len -= taken;
    return piece;
}

static size_t count_pieces(struct str text, char separator)
{
    size_t count = 0;
    while (text.len > 0) {
        count += cut_at(&text, separator).len > 0;
    }
    return count;
}

static int read_argument(struct http_field *out, struct str piece, struct arena *arena,
                         struct error *error)
{
    struct str name = cut_at(&piece, '=');
    bool valid;
    if (http_percent_decode(&out->name, name, true, arena, &valid) &&
        http_percent_decode(&out->value, piece, true, arena, &valid)) {
        return STATUS_OK;
    }
    return valid ? error_out_of_memory(error)
                 : error_set(error, STATUS_INVALID,
                             "An argument is not valid percent-encoded UTF-8 text.");
}

int http_query_read(struct http_fields *out, struct str text, struct arena *arena,
                    struct error *error)
{
    *out = (struct http_fields){0};
    size_t most = count_pieces(text, '&');
    if (most == 0) {
        return STATUS_OK;
    }
    if (most > HTTP_MOST_ARGUMENTS) {
        return error_set(error, STATUS_INVALID, "There are more than %d arguments.",
                         HTTP_MOST_ARGUMENTS);
    }
    struct http_field *items = arena_alloc_array(arena, most, sizeof *items);
    if (items == NULL) {
        return error_out_of_memory(error);
    }
    size_t count = 0;
    while (text.len > 0) {
        struct str piece = cut_at(&text, '&');
        if (piece.len > 0) {
            int status = read_argument(&items[count++], piece, arena, error);
            if (status != STATUS_OK) {
                return status;
            }
        }
    }
    *out = (struct http_fields){items, count};
    return STATUS_OK;
}

/* ---- cookies ---- */

static bool is_clean(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.ptr[i] < ' ' || text.ptr[i] == 0x7F) {
            return false;
        }
    }
    return true;
}

static bool read_cookie(struct http_field *out, struct str piece, struct arena *arena,
                        struct error *error, int *status)
{
    if (piece.len == 0 || memchr(piece.ptr, '=', piece.len) == NULL || !is_clean(piece)) {
        return false;
    }
    struct str name = str_trim(cut_at(&piece, '='));
    struct str value = str_trim(piece);
    if (value.len >= 2 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"') {
        value = (struct str){value.ptr + 1, value.len - 2};
    }
    if (name.len == 0) {
        return false;
    }
    out->name = (struct str){arena_copy(arena, name), name.len};
    out->value = (struct str){arena_copy(arena, value), value.len};
    if (out->name.ptr == NULL || out->value.ptr == NULL) {
        *status = error_out_of_memory(error);
        return false;
    }
    return true;
}

int http_cookies_read(struct http_fields *out, const struct http_fields *headers,
                      struct arena *arena, struct error *error)
{
    *out = (struct http_fields){0};
    struct http_field *items = NULL;
    size_t count = 0;
    int status = STATUS_OK;
    for (size_t i = 0; i < headers->count; i++) {
        if (!str_equal_ignoring_case(headers->items[i].name, STR("Cookie"))) {
            continue;
        }
        if (items == NULL) {
            items = arena_alloc_array(arena, HTTP_MOST_COOKIES, sizeof *items);
            if (items == NULL) {
                return error_out_of_memory(error);
            }
        }
        struct str rest = headers->items[i].value;
        while (rest.len > 0 && count < HTTP_MOST_COOKIES && status == STATUS_OK) {
            count += read_cookie(&items[count], cut_at(&rest, ';'), arena, error, &status);
        }
    }
    *out = (struct http_fields){items, count};
    return status;
}

/* ---- the target ---- */

/* What RFC 3986 allows in a path or a query is less; browsers send more ("|", "^", "[") unencoded.
   All that is visible ASCII passes, but "#", which never leaves a browser. */
static bool is_visible(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] <= ' ' || text.ptr[i] >= 0x7F || text.ptr[i] == '#') {
            return false;
        }
    }
    return true;
}

bool http_target_read(struct http_target *out, struct str text)
{
    *out = (struct http_target){0};
    if (text.len == 0 || !is_visible(text)) {
        return false;
    }
    if (text.ptr[0] != '/' && text.ptr[0] != '*') {
        /* To a proxy, which we are not; but RFC 9112 wants it understood. */
        static const struct str schemes[] = {{"http://", 7}, {"https://", 8}};
        size_t scheme = 0;
        for (size_t i = 0; i < ARRAY_LENGTH(schemes); i++) {
            struct str begin = {text.ptr, text.len < schemes[i].len ? text.len : schemes[i].len};
            scheme = str_equal_ignoring_case(begin, schemes[i]) ? schemes[i].len : scheme;
        }
        struct str rest = {text.ptr + scheme, text.len - scheme};
        size_t end = 0;
        while (end < rest.len && rest.ptr[end] != '/' && rest.ptr[end] != '?') {
            end++;
        }
        if (scheme == 0 || end == 0) {
            return false;
        }
        out->authority = (struct str){rest.ptr, end};
        text = (struct str){rest.ptr + end, rest.len - end};
        if (text.len == 0 || text.ptr[0] == '?') {
            out->path = STR("/");
        }
    }
    struct str path = cut_at(&text, '?');
    if (out->path.ptr == NULL) {
        out->path = path;
    }
    /* An empty query is none. */
    out->query = text.len > 0 ? text : (struct str){NULL, 0};
    return out->path.ptr[0] == '/' || str_equal(out->path, STR("*"));
}
