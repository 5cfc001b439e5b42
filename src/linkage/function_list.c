/*
 * Functions that take items out of lists and put lists together. list_transform and list_filter
 * are the compiler's. Positions count from 1, negative ones from the end.
 */
#include "base/utf8.h"
#include "linkage/function_internal.h"

/* ---- binding ---- */

int function_bind_list(struct function_bind_call *call, size_t position, struct value_type *item)
{
    struct value_type type = call->arguments[position].type;
    if (type.kind != VALUE_LIST && type.kind != VALUE_NULL) {
        return function_refuse_argument(call, position, VALUE_LIST);
    }
    *item = type.kind == VALUE_LIST ? *type.element : TYPE(VALUE_NULL);
    return 0;
}

int function_bind_same_lists(struct function_bind_call *call, struct value_type *item)
{
    struct value_type list;
    *item = TYPE(VALUE_NULL);
    for (size_t i = 0; i < call->count; i++) {
        struct value_type own = TYPE(VALUE_NULL);
        int status = function_bind_list(call, i, &own);
        if (status == 0) {
            status = cast_common_type(item, *item, own, false, call->error);
        }
        if (status != 0) {
            return status;
        }
    }
    int status = function_list_of(call, *item, &list);
    for (size_t i = 0; i < call->count; i++) {
        call->binding->parameters[i] = list;
    }
    call->binding->result = list;
    return status;
}

/* A list (position `list`) and an item of it (position `item`) with one type for the items. */
static int bind_list_and_item(struct function_bind_call *call, size_t list, size_t item)
{
    struct value_type own = TYPE(VALUE_NULL);
    struct value_type common;
    if (call->count != 2) {
        return function_refuse_count(call);
    }
    int status = function_bind_list(call, list, &own);
    if (status != 0) {
        return status;
    }
    const struct function_argument *other = &call->arguments[item];
    bool literal = function_argument_is_literal(other) && own.kind != VALUE_NULL;
    struct value_type type = literal ? TYPE(VALUE_NULL) : other->type;
    status = cast_common_type(&common, own, type, false, call->error);
    if (status == 0) {
        status = function_list_of(call, common, &call->binding->parameters[list]);
    }
    call->binding->parameters[item] = common;
    return status;
}

static struct value_type item_type(const struct function_call *call, size_t list)
{
    return *call->binding->parameters[list].element;
}

/* ---- items and slices ---- */

/* The item's index from 0 for a position from 1 or, negative, from the end; -1 out of range. */
static int64_t index_of(int64_t position, int64_t count)
{
    if (position < -count || position == 0 || position > count) {
        return -1;
    }
    return position > 0 ? position - 1 : count + position;
}

static void run_extract(const struct function_call *call, const struct value *arguments,
                        struct value *out)
{
    (void)call;
    const struct value_list *list = arguments[0].list;
    int64_t at = index_of(arguments[1].integer, list->count);
    *out = at < 0 ? VALUE_NONE : list->items[at];
}

/* The code points from … to - 1. */
static void return_characters(struct str text, size_t from, size_t to, struct value *out)
{
    size_t begin = utf8_offset(text, from);
    struct str rest = {text.ptr + begin, text.len - begin};
    function_return_text(out, rest.ptr, utf8_offset(rest, to - from));
}

/* A text has '' where a list has NULL. */
static void run_extract_text(const struct function_call *call, const struct value *arguments,
                             struct value *out)
{
    (void)call;
    struct str text = value_text(arguments[0]);
    int64_t at = index_of(arguments[1].integer, (int64_t)utf8_length(text));
    if (at < 0) {
        function_return_text(out, text.ptr, 0);
    } else {
        return_characters(text, (size_t)at, (size_t)at + 1, out);
    }
}

static int bind_extract(struct function_bind_call *call)
{
    if (call->count != 2) {
        return function_refuse_count(call);
    }
    if (!function_argument_fits(&call->arguments[1], TYPE(VALUE_BIGINT))) {
        return function_refuse_argument(call, 1, VALUE_BIGINT);
    }
    call->binding->parameters[1] = TYPE(VALUE_BIGINT);
    if (call->arguments[0].type.kind == VALUE_TEXT) {
        call->binding->result = TYPE(VALUE_TEXT);
        call->binding->run = run_extract_text;
        return 0;
    }
    call->binding->run = run_extract;
    return function_bind_list(call, 0, &call->binding->result);
}

/* Bounds of a slice as written, both inclusive, as indexes from 0 with `to` exclusive. */
static void slice_bounds(int64_t begin, int64_t end, int64_t count, size_t *from, size_t *to)
{
    begin = begin < 0 ? begin + count : begin - 1;
    end = end < 0 ? (end < -count ? 0 : end + count + 1) : end;
    begin = begin < 0 ? 0 : begin;
    end = end > count ? count : end;
    *from = (size_t)(begin < end ? begin : end);
    *to = (size_t)end;
}

static void run_slice(const struct function_call *call, const struct value *arguments,
                      struct value *out)
{
    size_t from;
    size_t to;
    const struct value_list *list = arguments[0].list;
    slice_bounds(arguments[1].integer, arguments[2].integer, list->count, &from, &to);
    struct value *items = function_new_list(call, to - from, out);
    if (items != NULL && to > from) {
        memcpy(items, list->items + from, (to - from) * sizeof *items);
    }
}

static void run_slice_text(const struct function_call *call, const struct value *arguments,
                           struct value *out)
{
    (void)call;
    size_t from;
    size_t to;
    struct str text = value_text(arguments[0]);
    slice_bounds(arguments[1].integer, arguments[2].integer, (int64_t)utf8_length(text), &from,
                 &to);
    return_characters(text, from, to, out);
}

static int bind_slice(struct function_bind_call *call)
{
    if (call->count == 4) {
        return error_set(call->error, STATUS_INVALID, "a slice with a step is not supported");
    }
    if (call->count != 3) {
        return function_refuse_count(call);
    }
    for (size_t i = 1; i < 3; i++) {
        if (!function_argument_fits(&call->arguments[i], TYPE(VALUE_BIGINT))) {
            return function_refuse_argument(call, i, VALUE_BIGINT);
        }
        call->binding->parameters[i] = TYPE(VALUE_BIGINT);
    }
    call->binding->result = call->arguments[0].type;
    if (call->arguments[0].type.kind == VALUE_TEXT) {
        call->binding->run = run_slice_text;
        return 0;
    }
    struct value_type item;
    call->binding->run = run_slice;
    return function_bind_list(call, 0, &item);
}

/* ---- searching ---- */

/* The index of the first item equal to `wanted`, NULL being equal to NULL; -1 for none. */
static int64_t find_item(struct value_type type, const struct value_list *list, struct value wanted)
{
    for (uint32_t i = 0; i < list->count; i++) {
        struct value item = list->items[i];
        bool equal = item.is_null || wanted.is_null ? item.is_null && wanted.is_null
                                                    : value_compare(type, item, wanted) == 0;
        if (equal) {
            return i;
        }
    }
    return -1;
}

static void run_contains(const struct function_call *call, const struct value *arguments,
                         struct value *out)
{
    int64_t at = find_item(item_type(call, 0), arguments[0].list, arguments[1]);
    function_return_integer(out, at >= 0);
}

int function_bind_list_contains(struct function_bind_call *call)
{
    call->binding->result = TYPE(VALUE_BOOLEAN);
    call->binding->run = run_contains;
    return bind_list_and_item(call, 0, 1);
}

/* Finds NULL too; not found is NULL. */
static void run_position(const struct function_call *call, const struct value *arguments,
                         struct value *out)
{
    *out = VALUE_NONE;
    if (arguments[0].is_null) {
        return;
    }
    int64_t at = find_item(item_type(call, 0), arguments[0].list, arguments[1]);
    if (at >= 0) {
        function_return_integer(out, at + 1);
    }
}

static int bind_position(struct function_bind_call *call)
{
    call->binding->result = TYPE(VALUE_INTEGER);
    call->binding->run = run_position;
    return bind_list_and_item(call, 0, 1);
}

/* ---- putting together ---- */

/* All items of the lists that are not NULL. */
static void concat(const struct function_call *call, const struct value *lists, size_t count,
                   struct value *out)
{
    size_t length = 0;
    for (size_t i = 0; i < count; i++) {
        length += lists[i].is_null ? 0 : lists[i].list->count;
    }
    struct value *items = function_new_list(call, length, out);
    for (size_t i = 0; items != NULL && i < count; i++) {
        if (!lists[i].is_null && lists[i].list->count > 0) {
            memcpy(items, lists[i].list->items, lists[i].list->count * sizeof *items);
            items += lists[i].list->count;
        }
    }
}

/* Lists that are all NULL give an empty one. */
static void run_concat(const struct function_call *call, const struct value *arguments,
                       struct value *out)
{
    concat(call, arguments, call->binding->argument_count, out);
}

int function_bind_list_concat(struct function_bind_call *call, bool strict)
{
    struct value_type item;
    if (call->count == 0) {
        return function_refuse_count(call);
    }
    call->binding->strict = strict;
    call->binding->commutative = false;
    call->binding->run = run_concat;
    return function_bind_same_lists(call, &item);
}

static int bind_concat(struct function_bind_call *call)
{
    return function_bind_list_concat(call, false);
}

/* One item more, before or after. */
static void add_item(const struct function_call *call, struct value list, struct value item,
                     bool before, struct value *out)
{
    static const struct value_list empty = {0, NULL};
    const struct value_list *old = list.is_null ? &empty : list.list;
    struct value *items = function_new_list(call, (size_t)old->count + 1, out);
    if (items == NULL) {
        return;
    }
    if (old->count > 0) {
        memcpy(items + before, old->items, old->count * sizeof *items);
    }
    items[before ? 0 : old->count] = item;
}

static void run_append(const struct function_call *call, const struct value *arguments,
                       struct value *out)
{
    add_item(call, arguments[0], arguments[1], false, out);
}

static void run_prepend(const struct function_call *call, const struct value *arguments,
                        struct value *out)
{
    add_item(call, arguments[1], arguments[0], true, out);
}

static int bind_append(struct function_bind_call *call)
{
    int status = bind_list_and_item(call, 0, 1);
    if (status == 0) {
        call->binding->result = call->binding->parameters[0];
        call->binding->run = run_append;
    }
    return status;
}

static int bind_prepend(struct function_bind_call *call)
{
    int status = bind_list_and_item(call, 1, 0);
    if (status == 0) {
        call->binding->result = call->binding->parameters[1];
        call->binding->run = run_prepend;
    }
    return status;
}

static void run_flatten(const struct function_call *call, const struct value *arguments,
                        struct value *out)
{
    concat(call, arguments[0].list->items, arguments[0].list->count, out);
}

static int bind_flatten(struct function_bind_call *call)
{
    struct value_type item = TYPE(VALUE_NULL);
    if (call->count != 1) {
        return function_refuse_count(call);
    }
    int status = function_bind_list(call, 0, &item);
    if (status != 0) {
        return status;
    }
    if (item.kind != VALUE_LIST && item.kind != VALUE_NULL) {
        return function_refuse_argument(call, 0, VALUE_LIST);
    }
    call->binding->run = run_flatten;
    if (item.kind == VALUE_LIST) {
        call->binding->result = item;
        return 0;
    }
    return function_list_of(call, TYPE(VALUE_NULL), &call->binding->result);
}

/* array_to_string(list, separator): NULL items are left out; of nothing but NULLs comes NULL. */
static void run_to_string(const struct function_call *call, const struct value *arguments,
                          struct value *out)
{
    const struct value_list *list = arguments[0].list;
    struct str separator = value_text(arguments[1]);
    size_t length = 0;
    size_t parts = 0;
    for (uint32_t i = 0; i < list->count; i++) {
        if (!list->items[i].is_null) {
            length += list->items[i].length + (parts++ > 0 ? separator.len : 0);
        }
    }
    if (parts == 0 && list->count > 0) {
        *out = VALUE_NONE;
        return;
    }
    char *to = function_new_text(call, length, out);
    bool first = true;
    for (uint32_t i = 0; to != NULL && i < list->count; i++) {
        if (!list->items[i].is_null) {
            to = first ? to : mempcpy(to, separator.ptr, separator.len);
            to = mempcpy(to, list->items[i].text, list->items[i].length);
            first = false;
        }
    }
}

static int bind_to_string(struct function_bind_call *call)
{
    struct value_type item;
    if (call->count != 2) {
        return function_refuse_count(call);
    }
    if (!function_argument_fits(&call->arguments[1], TYPE(VALUE_TEXT))) {
        return function_refuse_argument(call, 1, VALUE_TEXT);
    }
    int status = function_bind_list(call, 0, &item);
    if (status == 0) {
        status = function_list_of(call, TYPE(VALUE_TEXT), &call->binding->parameters[0]);
    }
    call->binding->parameters[1] = TYPE(VALUE_TEXT);
    call->binding->result = TYPE(VALUE_TEXT);
    call->binding->run = run_to_string;
    return status;
}

/* ---- order and extremes ---- */

static void run_reverse(const struct function_call *call, const struct value *arguments,
                        struct value *out)
{
    const struct value_list *list = arguments[0].list;
    struct value *items = function_new_list(call, list->count, out);
    for (uint32_t i = 0; items != NULL && i < list->count; i++) {
        items[i] = list->items[list->count - 1 - i];
    }
}

/* Ascending for `sign` 1, descending for -1; NULLs last either way. */
static int compare_items(struct value_type type, int sign, struct value a, struct value b)
{
    if (a.is_null || b.is_null) {
        return a.is_null - b.is_null;
    }
    return sign * value_compare(type, a, b);
}

/* Heap sort: no memory, and no worst case. Equal items cannot be told apart, so that it is not
   stable does not show. */
static void sift_down(struct value *items, size_t at, size_t count, struct value_type type,
                      int sign)
{
    for (size_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && compare_items(type, sign, items[child], items[child + 1]) < 0) {
            child++;
        }
        if (compare_items(type, sign, items[at], items[child]) >= 0) {
            return;
        }
        struct value kept = items[at];
        items[at] = items[child];
        items[child] = kept;
    }
}

static void sort(const struct function_call *call, const struct value_list *list, int sign,
                 struct value *out)
{
    struct value *items = function_new_list(call, list->count, out);
    if (items == NULL || list->count == 0) {
        return;
    }
    struct value_type type = item_type(call, 0);
    memcpy(items, list->items, list->count * sizeof *items);
    for (size_t i = list->count / 2; i > 0; i--) {
        sift_down(items, i - 1, list->count, type, sign);
    }
    for (size_t left = list->count; left > 1; left--) {
        struct value greatest = items[0];
        items[0] = items[left - 1];
        items[left - 1] = greatest;
        sift_down(items, 0, left - 1, type, sign);
    }
}

static void run_sort(const struct function_call *call, const struct value *arguments,
                     struct value *out)
{
    sort(call, arguments[0].list, 1, out);
}

static void run_reverse_sort(const struct function_call *call, const struct value *arguments,
                             struct value *out)
{
    sort(call, arguments[0].list, -1, out);
}

/* The greatest (`sign` 1) or least item that is not NULL. */
static void extreme(const struct function_call *call, const struct value_list *list, int sign,
                    struct value *out)
{
    struct value_type type = item_type(call, 0);
    *out = VALUE_NONE;
    for (uint32_t i = 0; i < list->count; i++) {
        struct value item = list->items[i];
        if (!item.is_null && (out->is_null || sign * value_compare(type, item, *out) > 0)) {
            *out = item;
        }
    }
}

static void run_max(const struct function_call *call, const struct value *arguments,
                    struct value *out)
{
    extreme(call, arguments[0].list, 1, out);
}

static void run_min(const struct function_call *call, const struct value *arguments,
                    struct value *out)
{
    extreme(call, arguments[0].list, -1, out);
}

/* One list; the result is a list like it, or an item of it. */
static int bind_one_list(struct function_bind_call *call, function_run *run, bool item)
{
    struct value_type type = TYPE(VALUE_NULL);
    if (call->count != 1) {
        return function_refuse_count(call);
    }
    int status = function_bind_list(call, 0, &type);
    if (status == 0 && call->arguments[0].type.kind == VALUE_NULL) {
        status = function_list_of(call, type, &call->binding->parameters[0]);
    }
    call->binding->result = item ? type : call->binding->parameters[0];
    call->binding->run = run;
    return status;
}

static int bind_max(struct function_bind_call *call)
{
    return bind_one_list(call, run_max, true);
}

static int bind_min(struct function_bind_call *call)
{
    return bind_one_list(call, run_min, true);
}

static int bind_reverse(struct function_bind_call *call)
{
    return bind_one_list(call, run_reverse, false);
}

static int bind_sort(struct function_bind_call *call)
{
    return bind_one_list(call, run_sort, false);
}

static int bind_reverse_sort(struct function_bind_call *call)
{
    return bind_one_list(call, run_reverse_sort, false);
}

#define A_LIST          "a list"
#define A_LIST_AND_ITEM "a list and an item"

static const struct function FUNCTIONS[] = {
    {.name = "list_extract",
     .aliases = "[] list_element array_extract element_at",
     .bind = bind_extract,
     .takes = "a list or VARCHAR, and a position (BIGINT)"},
    {.name = "list_slice",
     .aliases = "[:] array_slice",
     .bind = bind_slice,
     .takes = "a list or VARCHAR, and the first and last position (BIGINT)"},
    {.name = "list_contains",
     .aliases = "list_has array_contains array_has",
     .bind = function_bind_list_contains,
     .takes = A_LIST_AND_ITEM},
    {.name = "list_position",
     .aliases = "list_indexof array_position array_indexof",
     .bind = bind_position,
     .takes = A_LIST_AND_ITEM,
     .null_aware = true},
    {.name = "list_concat",
     .aliases = "list_cat array_concat array_cat",
     .bind = bind_concat,
     .takes = "lists"},
    {.name = "list_append",
     .aliases = "array_append array_push_back",
     .bind = bind_append,
     .takes = A_LIST_AND_ITEM,
     .null_aware = true},
    {.name = "list_prepend",
     .bind = bind_prepend,
     .takes = "an item and a list",
     .null_aware = true},
    {.name = "flatten", .bind = bind_flatten, .takes = "a list of lists"},
    {.name = "array_to_string",
     .bind = bind_to_string,
     .takes = "a list and a separator (VARCHAR)"},
    {.name = "list_reverse", .aliases = "array_reverse", .bind = bind_reverse, .takes = A_LIST},
    {.name = "list_sort", .aliases = "array_sort", .bind = bind_sort, .takes = A_LIST},
    {.name = "list_reverse_sort",
     .aliases = "array_reverse_sort",
     .bind = bind_reverse_sort,
     .takes = A_LIST},
    {.name = "list_max", .aliases = "array_max", .bind = bind_max, .takes = A_LIST},
    {.name = "list_min", .aliases = "array_min", .bind = bind_min, .takes = A_LIST},
};

const struct function_table function_table_list = {FUNCTIONS, ARRAY_LENGTH(FUNCTIONS)};
