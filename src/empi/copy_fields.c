#include "empi/copy_fields.h"

#include <math.h>
#include <string.h>

#include "base/number_text.h"

/* PostgreSQL documentation, COPY, text format: the escapes that the server writes. */
static char unescape(char letter)
{
    switch (letter) {
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'v': return '\v';
    default: return letter;
    }
}

/* The buffer has room for the whole row, so that texts do not move while it is read. */
static struct str decode(struct text_buffer *buffer, struct str raw)
{
    if (memchr(raw.ptr, '\\', raw.len) == NULL) {
        return raw;
    }
    if (raw.len == 2 && raw.ptr[1] == 'N') {
        return (struct str){NULL, 0};
    }
    struct str text = {buffer->ptr + buffer->len, 0};
    for (size_t i = 0; i < raw.len; i++) {
        bool escape = raw.ptr[i] == '\\' && i + 1 < raw.len;
        buffer->ptr[buffer->len++] = escape ? unescape(raw.ptr[++i]) : raw.ptr[i];
        text.len++;
    }
    return text;
}

int copy_fields_read(struct copy_fields *fields, struct str row, size_t count, struct error *error)
{
    text_clear(&fields->unescaped);
    if (text_reserve(&fields->unescaped, row.len + 1) == NULL) {
        return error_out_of_memory(error);
    }
    const char *end = row.ptr + row.len;
    if (row.len > 0 && end[-1] == '\n') {
        end--;
    }
    fields->count = 0;
    for (const char *at = row.ptr; at <= end && fields->count < COPY_MAX_FIELDS;) {
        const char *tab = memchr(at, '\t', (size_t)(end - at));
        const char *stop = tab == NULL ? end : tab;
        fields->items[fields->count++] =
            decode(&fields->unescaped, (struct str){at, (size_t)(stop - at)});
        at = stop + 1;
    }
    if (fields->count != count) {
        return error_set(error, STATUS_INTERNAL, "a row of the database has %zu fields, not %zu",
                         fields->count, count);
    }
    return 0;
}

int64_t copy_fields_integer(const struct copy_fields *fields, size_t position)
{
    int64_t number = 0;
    struct str text = fields->items[position];
    return text.ptr != NULL && integer_from_text(text, &number) ? number : 0;
}

double copy_fields_double(const struct copy_fields *fields, size_t position)
{
    double number = NAN;
    struct str text = fields->items[position];
    return text.ptr != NULL && double_from_text(text, &number) ? number : NAN;
}

void copy_fields_free(struct copy_fields *fields)
{
    text_free(&fields->unescaped);
}
