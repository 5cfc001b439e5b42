#include "linkage/expr_names.h"

#include <stdio.h>

#include "base/utf8.h"

enum {
    LISTED_COLUMNS = 12,  /* that a message names */
    LISTED_BYTES = 24,    /* of each of them */
    NEAREST_DISTANCE = 2, /* edits that a suggestion may be away */
};

static uint32_t find_column(const struct binder *binder, struct str name)
{
    for (uint32_t i = 0; i < binder->schema->count; i++) {
        if (str_equal_ignoring_case(binder->schema->names[i], name)) {
            return i;
        }
    }
    return UINT32_MAX;
}

/* ---- messages ---- */

/* A column of a side as a condition of this style writes it. */
static void write_column(const struct binder *binder, struct text_buffer *out, struct str name,
                         enum expr_side side)
{
    char letter = side == EXPR_LEFT ? 'l' : 'r';
    if (binder->style == EXPR_BLOCKING) {
        text_appendf(out, "%c.%.*s", letter, STR_ARG(name));
    } else {
        text_appendf(out, "%.*s_%c", STR_ARG(name), letter);
    }
}

/* The known name nearest to `name`, if it is near. */
static struct str nearest_column(const struct binder *binder, struct str name)
{
    struct str nearest = {NULL, 0};
    unsigned least = NEAREST_DISTANCE + 1;
    for (uint32_t i = 0; i < binder->schema->count; i++) {
        unsigned distance = str_name_distance(binder->schema->names[i], name);
        if (distance < least && distance < binder->schema->names[i].len) {
            least = distance;
            nearest = binder->schema->names[i];
        }
    }
    return nearest;
}

/* The first name, in alphabetical order, that comes after `last` (NULL: the very first). */
static const struct str *next_name(const struct expr_schema *schema, const struct str *last)
{
    const struct str *next = NULL;
    for (uint32_t i = 0; i < schema->count; i++) {
        const struct str *name = &schema->names[i];
        bool after = last == NULL || str_compare(*name, *last) > 0;
        if (after && (next == NULL || str_compare(*name, *next) < 0)) {
            next = name;
        }
    }
    return next;
}

/* As many names as a message can bear; what stands twice is listed once. */
static void list_columns(const struct binder *binder, struct text_buffer *out)
{
    unsigned listed = 0;
    for (const struct str *name = NULL; (name = next_name(binder->schema, name)) != NULL;
         listed++) {
        if (listed == LISTED_COLUMNS) {
            text_append(out, STR(", …"));
            return;
        }
        struct str cut = {name->ptr, utf8_offset(*name, LISTED_BYTES)};
        text_appendf(out, "%s%.*s", listed == 0 ? "" : ", ", STR_ARG(cut));
    }
}

static int fail_unknown(struct binder *binder, const struct syntax *name, struct str stem,
                        enum expr_side side)
{
    struct str written = name->text;
    written.len = utf8_offset(written, 60);
    int status = binder_fail(binder, name, "column \"%.*s\" does not exist", STR_ARG(written));
    struct text_buffer more = TEXT_BUFFER(512);
    struct str nearest = nearest_column(binder, stem);
    if (nearest.ptr != NULL) {
        text_append(&more, STR("; did you mean "));
        write_column(binder, &more, nearest, side);
        text_append(&more, STR("?"));
    }
    text_append(&more, STR("; columns are: "));
    list_columns(binder, &more);
    if (more.failed) {
        text_free(&more);
        return error_out_of_memory(binder->error);
    }
    size_t used = strlen(binder->error->message);
    snprintf(binder->error->message + used, sizeof binder->error->message - used, "%.*s",
             STR_ARG(text_str(&more)));
    text_free(&more);
    return status;
}

static int fail_without_side(struct binder *binder, const struct syntax *name)
{
    struct str text = name->text;
    text.len = utf8_offset(text, 60);
    return binder->style == EXPR_BLOCKING
               ? binder_fail(binder, name, "column \"%.*s\" has no side: write l.%.*s or r.%.*s",
                             STR_ARG(text), STR_ARG(text), STR_ARG(text))
               : binder_fail(binder, name, "column \"%.*s\" has no side: write %.*s_l or %.*s_r",
                             STR_ARG(text), STR_ARG(text), STR_ARG(text));
}

/* ---- the two styles ---- */

/* name_l, name_r: false when the name ends in neither. */
static bool split_suffix(struct str name, struct str *stem, enum expr_side *side)
{
    if (name.len < 3 || name.ptr[name.len - 2] != '_') {
        return false;
    }
    char letter = (char)(name.ptr[name.len - 1] | 0x20); /* lower case */
    *stem = (struct str){name.ptr, name.len - 2};
    *side = letter == 'l' ? EXPR_LEFT : EXPR_RIGHT;
    return letter == 'l' || letter == 'r';
}

static bool is_side(struct str word, enum expr_side *side)
{
    *side = str_equal_ignoring_case(word, STR("l")) ? EXPR_LEFT : EXPR_RIGHT;
    return *side == EXPR_LEFT || str_equal_ignoring_case(word, STR("r"));
}

static int find_in_comparison(uint32_t *column, enum expr_side *side, struct binder *binder,
                              const struct syntax *name)
{
    struct str stem = name->text;
    if (name->qualifier.ptr != NULL) {
        return is_side(name->qualifier, side)
                   ? binder_fail(binder, name,
                                 "in a comparison a column is written name_l or name_r, not "
                                 "l.name or r.name")
                   : binder_fail(binder, name, "fields of structs are not supported");
    }
    bool has_side = split_suffix(name->text, &stem, side);
    *column = has_side ? find_column(binder, stem) : UINT32_MAX;
    if (*column != UINT32_MAX) {
        return 0;
    }
    if (find_column(binder, name->text) != UINT32_MAX) {
        return fail_without_side(binder, name);
    }
    return fail_unknown(binder, name, stem, has_side ? *side : EXPR_LEFT);
}

static int find_in_blocking(uint32_t *column, enum expr_side *side, struct binder *binder,
                            const struct syntax *name)
{
    struct str stem = name->text;
    if (name->qualifier.ptr == NULL) {
        bool suffixed = split_suffix(name->text, &stem, side);
        if (find_column(binder, name->text) != UINT32_MAX) {
            return fail_without_side(binder, name);
        }
        if (suffixed && find_column(binder, stem) != UINT32_MAX) {
            return binder_fail(binder, name,
                               "in a blocking rule a column is written l.name or r.name, not "
                               "name_l or name_r");
        }
        return fail_unknown(binder, name, name->text, EXPR_LEFT);
    }
    if (!is_side(name->qualifier, side)) {
        struct str written = name->qualifier;
        written.len = utf8_offset(written, 60);
        return binder_fail(binder, name, "there is no table \"%.*s\": the two records are l and r",
                           STR_ARG(written));
    }
    *column = find_column(binder, name->text);
    return *column != UINT32_MAX ? 0 : fail_unknown(binder, name, name->text, *side);
}

int expr_names_find(uint32_t *column, enum expr_side *side, struct binder *binder,
                    const struct syntax *name)
{
    return binder->style == EXPR_BLOCKING ? find_in_blocking(column, side, binder, name)
                                          : find_in_comparison(column, side, binder, name);
}
