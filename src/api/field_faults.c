#include "api/field_faults.h"

#include <stdarg.h>
#include <stdio.h>

enum { MAX_FIELD = 1024, MAX_KEY = 200, MAX_MESSAGE = 512 };

static void append_path(struct text_buffer *out, const struct field_path *path)
{
    if (path->parent != NULL) {
        append_path(out, path->parent);
        text_append_char(out, '.');
    }
    if (path->key == NULL) {
        text_appendf(out, "%zu", path->position);
    } else {
        size_t length = strlen(path->key);
        text_append(out, (struct str){path->key, length < MAX_KEY ? length : MAX_KEY});
    }
}

static const char *make_field(struct field_faults *faults, const struct field_path *path)
{
    struct text_buffer text = TEXT_BUFFER(MAX_FIELD);
    append_path(&text, path);
    const char *field = text.failed ? NULL : arena_copy(faults->arena, text_str(&text));
    faults->failed = faults->failed || field == NULL;
    text_free(&text);
    return field;
}

void field_faults_add(struct field_faults *faults, const struct field_path *path,
                      const char *format, ...)
{
    if (faults->count == FIELD_FAULTS_MOST) {
        return;
    }
    char message[MAX_MESSAGE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    struct field_fault *fault = arena_alloc(faults->arena, sizeof *fault);
    char *copy = arena_copy(faults->arena, str_from(message));
    if (fault == NULL || copy == NULL) {
        faults->failed = true;
        return;
    }
    *fault = (struct field_fault){path == NULL ? NULL : make_field(faults, path), copy, NULL};
    if (faults->last == NULL) {
        faults->first = fault;
    } else {
        faults->last->next = fault;
    }
    faults->last = fault;
    faults->count++;
}

bool field_faults_has(const struct field_faults *faults, struct str field)
{
    const struct field_fault *at = faults->first;
    while (at != NULL && (at->field == NULL || !str_equal(str_from(at->field), field))) {
        at = at->next;
    }
    return at != NULL;
}

int field_faults_report(const struct field_faults *faults, struct error *error)
{
    if (faults->failed) {
        return error_out_of_memory(error);
    }
    if (faults->count == 0) {
        return 0;
    }
    error_set(error, STATUS_INVALID, "Validation failed");
    for (const struct field_fault *at = faults->first; at != NULL; at = at->next) {
        if (at->field == NULL) {
            error_detail(error, "%s", at->message);
        } else {
            error_detail(error, "%s: %s", at->field, at->message);
        }
    }
    return STATUS_INVALID;
}
