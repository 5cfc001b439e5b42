/* Functions that take lists as sets or as vectors. */
#include <math.h>

#include "linkage/function_internal.h"

/* ---- sets ---- */

/*
 * A set of the items of a list, NULLs left out, for as long as scratch lasts. Up to FEW items are
 * looked through one by one, which is faster than hashing them; more go into a table of at most
 * half its slots.
 */
enum { FEW = 8 };

struct item_set {
    struct value_type type;
    const struct value **members;
    uint32_t count;
    uint32_t *slots; /* member number + 1; NULL while there are few */
    uint32_t mask;
};

/* An empty set with room for `most` items; false when scratch is used up. */
static bool set_init(struct item_set *set, const struct function_call *call, struct value_type type,
                     uint32_t most)
{
    *set = (struct item_set){.type = type};
    set->members = arena_alloc_array(call->scratch, most, sizeof(struct value *));
    if (set->members == NULL) {
        return false;
    }
    if (most > FEW) {
        size_t slots = 32;
        while (slots < (size_t)most * 2) {
            slots *= 2;
        }
        if (slots > UINT32_MAX) {
            return false;
        }
        set->mask = (uint32_t)(slots - 1);
        set->slots = arena_alloc_zeroed(call->scratch, slots, sizeof *set->slots);
    }
    return most <= FEW || set->slots != NULL;
}

/* The slot where an item is, or where it would go. */
static uint32_t set_slot(const struct item_set *set, const struct value *item)
{
    uint32_t at = (uint32_t)value_hash(set->type, *item) & set->mask;
    while (set->slots[at] != 0 &&
           value_compare(set->type, *set->members[set->slots[at] - 1], *item) != 0) {
        at = (at + 1) & set->mask;
    }
    return at;
}

static bool set_has(const struct item_set *set, const struct value *item)
{
    if (set->slots != NULL) {
        return set->slots[set_slot(set, item)] != 0;
    }
    for (uint32_t i = 0; i < set->count; i++) {
        if (value_compare(set->type, *set->members[i], *item) == 0) {
            return true;
        }
    }
    return false;
}

/* Adds an item that is not NULL; false when it was there. */
static bool set_add(struct item_set *set, const struct value *item)
{
    if (set->slots == NULL) {
        if (set_has(set, item)) {
            return false;
        }
    } else {
        uint32_t slot = set_slot(set, item);
        if (set->slots[slot] != 0) {
            return false;
        }
        set->slots[slot] = set->count + 1;
    }
    set->members[set->count++] = item;
    return true;
}

static void set_add_all(struct item_set *set, const struct value_list *list)
{
    for (uint32_t i = 0; i < list->count; i++) {
        if (!list->items[i].is_null) {
            set_add(set, &list->items[i]);
        }
    }
}

static struct value_type item_type(const struct function_call *call)
{
    return *call->binding->parameters[0].element;
}

/* The members in the order in which they were added. */
static void return_members(const struct function_call *call, const struct item_set *set,
                           struct value *out)
{
    struct value *items = function_new_list(call, set->count, out);
    for (uint32_t i = 0; items != NULL && i < set->count; i++) {
        items[i] = *set->members[i];
    }
}

static void run_unique(const struct function_call *call, const struct value *arguments,
                       struct value *out)
{
    struct item_set set;
    const struct value_list *list = arguments[0].list;
    if (!set_init(&set, call, item_type(call), list->count)) {
        function_exhaust(call, out);
        return;
    }
    set_add_all(&set, list);
    function_return_integer(out, set.count);
}

/* In order of first appearance (DuckDB's order is that of its hash table). */
static void run_distinct(const struct function_call *call, const struct value *arguments,
                         struct value *out)
{
    struct item_set set;
    const struct value_list *list = arguments[0].list;
    if (!set_init(&set, call, item_type(call), list->count)) {
        function_exhaust(call, out);
        return;
    }
    set_add_all(&set, list);
    return_members(call, &set, out);
}

/* What both lists have, once each, in the order of the longer list (of the second of equals). With
   the second list NULL it is empty. */
static void run_intersect(const struct function_call *call, const struct value *arguments,
                          struct value *out)
{
    static const struct value_list empty = {0, NULL};
    if (arguments[0].is_null) {
        *out = VALUE_NONE;
        return;
    }
    const struct value_list *longer = arguments[0].list;
    const struct value_list *shorter = arguments[1].is_null ? &empty : arguments[1].list;
    if (longer->count <= shorter->count) {
        const struct value_list *kept = longer;
        longer = shorter;
        shorter = kept;
    }
    struct item_set wanted;
    struct item_set found;
    if (!set_init(&wanted, call, item_type(call), shorter->count) ||
        !set_init(&found, call, item_type(call), shorter->count)) {
        function_exhaust(call, out);
        return;
    }
    set_add_all(&wanted, shorter);
    for (uint32_t i = 0; i < longer->count && found.count < wanted.count; i++) {
        if (!longer->items[i].is_null && set_has(&wanted, &longer->items[i])) {
            set_add(&found, &longer->items[i]);
        }
    }
    return_members(call, &found, out);
}

/* Whether some (`all` false) or all items of the second list that are not NULL are in the first. */
static void return_has(const struct function_call *call, const struct value *arguments, bool all,
                       struct value *out)
{
    struct item_set set;
    if (!set_init(&set, call, item_type(call), arguments[0].list->count)) {
        function_exhaust(call, out);
        return;
    }
    set_add_all(&set, arguments[0].list);
    const struct value_list *wanted = arguments[1].list;
    bool result = all;
    for (uint32_t i = 0; i < wanted->count && result == all; i++) {
        if (!wanted->items[i].is_null) {
            bool has = set_has(&set, &wanted->items[i]);
            result = all ? has : has || result;
        }
    }
    function_return_integer(out, result);
}

static void run_has_any(const struct function_call *call, const struct value *arguments,
                        struct value *out)
{
    return_has(call, arguments, false, out);
}

static void run_has_all(const struct function_call *call, const struct value *arguments,
                        struct value *out)
{
    return_has(call, arguments, true, out);
}

static int bind_lists(struct function_bind_call *call, size_t count, function_run *run)
{
    struct value_type item;
    if (call->count != count) {
        return function_refuse_count(call);
    }
    call->binding->run = run;
    return function_bind_same_lists(call, &item);
}

static int bind_unique(struct function_bind_call *call)
{
    int status = bind_lists(call, 1, run_unique);
    call->binding->result = TYPE(VALUE_BIGINT);
    return status;
}

static int bind_distinct(struct function_bind_call *call)
{
    return bind_lists(call, 1, run_distinct);
}

static int bind_intersect(struct function_bind_call *call)
{
    return bind_lists(call, 2, run_intersect);
}

static int bind_has_any(struct function_bind_call *call)
{
    int status = bind_lists(call, 2, run_has_any);
    call->binding->result = TYPE(VALUE_BOOLEAN);
    return status;
}

static int bind_has_all(struct function_bind_call *call)
{
    int status = bind_lists(call, 2, run_has_all);
    call->binding->result = TYPE(VALUE_BOOLEAN);
    return status;
}

/* ---- length ---- */

static void run_length(const struct function_call *call, const struct value *arguments,
                       struct value *out)
{
    if (call->binding->argument_count == 2 && arguments[1].integer != 1) {
        function_fail(call, out); /* lists have one dimension */
        return;
    }
    function_return_integer(out, arguments[0].list->count);
}

static int bind_length(struct function_bind_call *call)
{
    struct value_type item;
    if (call->count != 1 && call->count != 2) {
        return function_refuse_count(call);
    }
    if (call->count == 2) {
        if (!function_argument_fits(&call->arguments[1], TYPE(VALUE_BIGINT))) {
            return function_refuse_argument(call, 1, VALUE_BIGINT);
        }
        call->binding->parameters[1] = TYPE(VALUE_BIGINT);
    }
    call->binding->result = TYPE(VALUE_BIGINT);
    call->binding->run = run_length;
    return function_bind_list(call, 0, &item);
}

static void run_count(const struct function_call *call, const struct value *arguments,
                      struct value *out)
{
    (void)call;
    int64_t count = 0;
    for (uint32_t i = 0; i < arguments[0].list->count; i++) {
        count += !arguments[0].list->items[i].is_null;
    }
    function_return_integer(out, count);
}

static int bind_count(struct function_bind_call *call)
{
    int status = bind_lists(call, 1, run_count);
    call->binding->result = TYPE(VALUE_BIGINT);
    return status;
}

/* ---- sums ---- */

static void run_sum_exact(const struct function_call *call, const struct value *arguments,
                          struct value *out)
{
    const struct value_list *list = arguments[0].list;
    int64_t sum = 0;
    bool any = false;
    for (uint32_t i = 0; i < list->count; i++) {
        if (!list->items[i].is_null) {
            any = true;
            if (__builtin_add_overflow(sum, list->items[i].integer, &sum)) {
                function_fail(call, out);
                return;
            }
        }
    }
    function_return_integer(out, sum);
    out->is_null = !any;
}

/* The sum, or with `mean` the mean, of the items that are not NULL. */
static void return_sum_real(const struct value_list *list, bool mean, struct value *out)
{
    double sum = 0.0;
    uint32_t count = 0;
    for (uint32_t i = 0; i < list->count; i++) {
        if (!list->items[i].is_null) {
            sum += list->items[i].real;
            count++;
        }
    }
    function_return_real(out, mean ? sum / count : sum);
    out->is_null = count == 0;
}

static void run_sum_real(const struct function_call *call, const struct value *arguments,
                         struct value *out)
{
    (void)call;
    return_sum_real(arguments[0].list, false, out);
}

static void run_avg(const struct function_call *call, const struct value *arguments,
                    struct value *out)
{
    (void)call;
    return_sum_real(arguments[0].list, true, out);
}

static bool is_number(struct value_type type)
{
    return type.kind == VALUE_NULL || (type.kind >= VALUE_INTEGER && type.kind <= VALUE_DOUBLE);
}

static int bind_numbers(struct function_bind_call *call, struct value_type *item)
{
    if (call->count != 1) {
        return function_refuse_count(call);
    }
    int status = function_bind_list(call, 0, item);
    if (status == 0 && !is_number(*item)) {
        return function_refuse_argument(call, 0, VALUE_LIST);
    }
    return status;
}

/* The sum of integers is a BIGINT (DuckDB: HUGEINT), of decimals a decimal. */
static int bind_sum(struct function_bind_call *call)
{
    enum { WIDEST = 18 };
    struct value_type item = TYPE(VALUE_NULL);
    int status = bind_numbers(call, &item);
    if (status != 0) {
        return status;
    }
    bool real = item.kind >= VALUE_FLOAT;
    struct value_type sum = TYPE(real ? VALUE_DOUBLE : VALUE_BIGINT);
    if (item.kind == VALUE_DECIMAL) {
        sum = item;
        sum.width = WIDEST;
    }
    call->binding->result = sum;
    call->binding->run = real ? run_sum_real : run_sum_exact;
    return function_list_of(call, sum, &call->binding->parameters[0]);
}

static int bind_avg(struct function_bind_call *call)
{
    struct value_type item;
    int status = bind_numbers(call, &item);
    call->binding->result = TYPE(VALUE_DOUBLE);
    call->binding->run = run_avg;
    return status != 0 ? status
                       : function_list_of(call, TYPE(VALUE_DOUBLE), &call->binding->parameters[0]);
}

/* ---- vectors ---- */

/* What is summed up over the pairs of items of two lists. */
struct vector_sums {
    double product;
    double left;     /* of squares */
    double right;    /* of squares */
    double distance; /* of squared differences */
};

static void add_up_doubles(const struct value_list *a, const struct value_list *b,
                           struct vector_sums *out)
{
    for (uint32_t i = 0; i < a->count; i++) {
        double x = a->items[i].real;
        double y = b->items[i].real;
        out->product += x * y;
        out->left += x * x;
        out->right += y * y;
        out->distance += (x - y) * (x - y);
    }
}

/* The same in FLOAT throughout, since DuckDB rounds each step to it. */
static void add_up_floats(const struct value_list *a, const struct value_list *b,
                          struct vector_sums *out)
{
    float product = 0.0F;
    float left = 0.0F;
    float right = 0.0F;
    float distance = 0.0F;
    for (uint32_t i = 0; i < a->count; i++) {
        float x = (float)a->items[i].real;
        float y = (float)b->items[i].real;
        product += x * y;
        left += x * x;
        right += y * y;
        distance += (x - y) * (x - y);
    }
    *out = (struct vector_sums){product, left, right, distance};
}

/* False when DuckDB fails: lists of different lengths, or with NULLs. */
static bool add_up(const struct value_list *a, const struct value_list *b, bool narrow,
                   struct vector_sums *out)
{
    *out = (struct vector_sums){0};
    if (a->count != b->count) {
        return false;
    }
    for (uint32_t i = 0; i < a->count; i++) {
        if (a->items[i].is_null || b->items[i].is_null) {
            return false;
        }
    }
    if (narrow) {
        add_up_floats(a, b, out);
    } else {
        add_up_doubles(a, b, out);
    }
    return true;
}

static bool is_narrow(const struct function_call *call)
{
    return call->binding->result.kind == VALUE_FLOAT;
}

static void run_cosine_similarity(const struct function_call *call, const struct value *arguments,
                                  struct value *out)
{
    struct vector_sums sums;
    bool narrow = is_narrow(call);
    if (!add_up(arguments[0].list, arguments[1].list, narrow, &sums)) {
        function_fail(call, out);
        return;
    }
    if (arguments[0].list->count == 0) {
        *out = VALUE_NONE;
        return;
    }
    double similarity = sums.product / sqrt(sums.left * sums.right);
    if (narrow) {
        float squares = (float)sums.left * (float)sums.right;
        similarity = (float)sums.product / sqrtf(squares);
    }
    similarity = similarity > 1.0 ? 1.0 : similarity;
    /* Of a list of zeros it is not a number: DuckDB's comparisons make it -1. */
    function_return_real(out, similarity > -1.0 ? similarity : -1.0);
}

static void run_inner_product(const struct function_call *call, const struct value *arguments,
                              struct value *out)
{
    struct vector_sums sums;
    if (!add_up(arguments[0].list, arguments[1].list, is_narrow(call), &sums)) {
        function_fail(call, out);
        return;
    }
    function_return_real(out, sums.product);
}

static void run_distance(const struct function_call *call, const struct value *arguments,
                         struct value *out)
{
    struct vector_sums sums;
    bool narrow = is_narrow(call);
    if (!add_up(arguments[0].list, arguments[1].list, narrow, &sums)) {
        function_fail(call, out);
        return;
    }
    function_return_real(out, narrow ? sqrtf((float)sums.distance) : sqrt(sums.distance));
}

/* Two lists of FLOAT stay so; any other numbers become DOUBLE. */
static int bind_vectors(struct function_bind_call *call, function_run *run)
{
    bool narrow = true;
    if (call->count != 2) {
        return function_refuse_count(call);
    }
    for (size_t i = 0; i < 2; i++) {
        struct value_type item;
        int status = function_bind_list(call, i, &item);
        if (status != 0) {
            return status;
        }
        if (!is_number(item)) {
            return function_refuse_argument(call, i, VALUE_LIST);
        }
        narrow = narrow && item.kind == VALUE_FLOAT;
    }
    struct value_type item = TYPE(narrow ? VALUE_FLOAT : VALUE_DOUBLE);
    int status = function_list_of(call, item, &call->binding->parameters[0]);
    call->binding->parameters[1] = call->binding->parameters[0];
    call->binding->result = item;
    call->binding->run = run;
    return status;
}

static int bind_cosine_similarity(struct function_bind_call *call)
{
    return bind_vectors(call, run_cosine_similarity);
}

static int bind_inner_product(struct function_bind_call *call)
{
    return bind_vectors(call, run_inner_product);
}

static int bind_distance(struct function_bind_call *call)
{
    return bind_vectors(call, run_distance);
}

#define A_LIST      "a list"
#define TWO_LISTS   "two lists of one type"
#define NUMBERS     "a list of numbers"
#define TWO_VECTORS "two lists of numbers"

static const struct function FUNCTIONS[] = {
    {.name = "list_unique", .aliases = "array_unique", .bind = bind_unique, .takes = A_LIST},
    {.name = "list_distinct", .aliases = "array_distinct", .bind = bind_distinct, .takes = A_LIST},
    {.name = "list_intersect",
     .aliases = "array_intersect",
     .bind = bind_intersect,
     .takes = TWO_LISTS,
     .null_aware = true},
    {.name = "list_has_any",
     .aliases = "array_has_any && arrays_overlap",
     .bind = bind_has_any,
     .takes = TWO_LISTS},
    {.name = "list_has_all",
     .aliases = "array_has_all @>",
     .bind = bind_has_all,
     .takes = TWO_LISTS},
    {.name = "array_length", .aliases = "size cardinality", .bind = bind_length, .takes = A_LIST},
    {.name = "list_count", .bind = bind_count, .takes = A_LIST},
    {.name = "list_sum", .bind = bind_sum, .takes = NUMBERS},
    {.name = "list_avg", .bind = bind_avg, .takes = NUMBERS},
    {.name = "list_cosine_similarity",
     .aliases = "array_cosine_similarity",
     .bind = bind_cosine_similarity,
     .takes = TWO_VECTORS},
    {.name = "list_inner_product",
     .aliases = "list_dot_product array_inner_product array_dot_product",
     .bind = bind_inner_product,
     .takes = TWO_VECTORS},
    {.name = "list_distance",
     .aliases = "array_distance",
     .bind = bind_distance,
     .takes = TWO_VECTORS},
};

const struct function_table function_table_list_set = {FUNCTIONS, ARRAY_LENGTH(FUNCTIONS)};
