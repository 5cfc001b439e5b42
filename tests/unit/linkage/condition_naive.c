#include "condition_naive.h"

#include <assert.h>

#include "linkage/expr_node.h"

/* A lambda's parameters while its body is walked. */
struct frame {
    const struct frame *outer;
    struct value item;
    struct value number;
};

struct walk {
    struct arena *arena;
    const struct columns *columns;
    uint32_t records[2];
    const struct frame *frame;
};

static struct value walk_node(struct walk *walk, const struct expr_node *node);

static void *room(struct walk *walk, size_t count, size_t size)
{
    void *piece = arena_alloc_zeroed(walk->arena, count, size);
    assert(piece != NULL);
    return piece;
}

static struct value boolean(bool value)
{
    return (struct value){.integer = value};
}

static bool is_true(struct value value)
{
    return !value.is_null && value.integer != 0;
}

static struct value call(struct walk *walk, const struct function_binding *binding,
                         const struct value *arguments)
{
    uint64_t failures = 0;
    bool exhausted = false;
    bool has_null = false;
    for (size_t i = 0; i < binding->argument_count; i++) {
        has_null = has_null || arguments[i].is_null;
    }
    if (has_null && binding->strict) {
        return VALUE_NONE;
    }
    struct function_call this = {.binding = binding,
                                 .scratch = walk->arena,
                                 .memo = room(walk, 1, binding->memo_size),
                                 .failures = &failures,
                                 .exhausted = &exhausted};
    struct value out = VALUE_NONE;
    binding->run(&this, arguments, &out);
    assert(!exhausted);
    return out;
}

static struct value compare(enum expr_comparison comparison, struct value_type type, struct value a,
                            struct value b)
{
    if (comparison == EXPR_DISTINCT || comparison == EXPR_NOT_DISTINCT) {
        bool same =
            a.is_null || b.is_null ? a.is_null == b.is_null : value_compare(type, a, b) == 0;
        return boolean(same == (comparison == EXPR_NOT_DISTINCT));
    }
    if (a.is_null || b.is_null) {
        return VALUE_NONE;
    }
    int order = value_compare(type, a, b);
    switch (comparison) {
    case EXPR_EQUAL: return boolean(order == 0);
    case EXPR_UNEQUAL: return boolean(order != 0);
    case EXPR_LESS: return boolean(order < 0);
    case EXPR_LESS_EQUAL: return boolean(order <= 0);
    case EXPR_GREATER: return boolean(order > 0);
    default: return boolean(order >= 0);
    }
}

static struct value negation(struct value value)
{
    return value.is_null ? VALUE_NONE : boolean(value.integer == 0);
}

/* AND, of everything; OR by way of De Morgan. */
static struct value conjunction(const struct value *values, uint32_t count)
{
    bool unknown = false;
    for (uint32_t i = 0; i < count; i++) {
        if (!values[i].is_null && values[i].integer == 0) {
            return boolean(false);
        }
        unknown = unknown || values[i].is_null;
    }
    return unknown ? VALUE_NONE : boolean(true);
}

static struct value disjunction(struct value *values, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        values[i] = negation(values[i]);
    }
    return negation(conjunction(values, count));
}

static struct value cast(struct walk *walk, const struct expr_binding *binding, struct value value)
{
    return binding->function == NULL ? value : call(walk, binding->function, &value);
}

static struct value walk_choice(struct walk *walk, const struct expr_node *node,
                                struct value *values)
{
    uint32_t last = node->count - 1;
    switch (node->kind) {
    case EXPR_CASE:
        for (uint32_t i = 0; i < last; i += 2) {
            if (is_true(values[i])) {
                return values[i + 1];
            }
        }
        return values[last];
    case EXPR_SWITCH:
        for (uint32_t i = 1; i < last; i += 2) {
            struct value x = cast(walk, &node->casts[i / 2], values[0]);
            if (is_true(compare(EXPR_EQUAL, node->operands[i]->type, x, values[i]))) {
                return values[i + 1];
            }
        }
        return values[last];
    case EXPR_NULLIF: {
        struct value x = cast(walk, &node->casts[0], values[0]);
        bool same = is_true(compare(EXPR_EQUAL, node->operands[1]->type, x, values[1]));
        return same ? VALUE_NONE : values[0];
    }
    default: /* COALESCE */
        for (uint32_t i = 0; i < last; i++) {
            if (!values[i].is_null) {
                return values[i];
            }
        }
        return values[last];
    }
}

static struct value walk_loop(struct walk *walk, const struct expr_node *node)
{
    struct value source = walk_node(walk, node->operands[0]);
    if (source.is_null) {
        return VALUE_NONE;
    }
    struct value_list *list = room(walk, 1, sizeof *list);
    struct value *items = room(walk, source.list->count, sizeof *items);
    for (uint32_t i = 0; i < source.list->count; i++) {
        struct frame frame = {walk->frame, source.list->items[i], {.integer = i + 1}};
        walk->frame = &frame;
        struct value result = walk_node(walk, node->operands[1]);
        walk->frame = frame.outer;
        if (node->kind == EXPR_TRANSFORM) {
            items[list->count++] = result;
        } else if (is_true(result)) {
            items[list->count++] = frame.item;
        }
    }
    list->items = items;
    return (struct value){.list = list};
}

static struct value walk_operation(struct walk *walk, const struct expr_node *node)
{
    struct value *values = room(walk, node->count, sizeof *values);
    for (uint32_t i = 0; i < node->count; i++) {
        values[i] = walk_node(walk, node->operands[i]);
    }
    struct value_type type = node->count > 0 ? node->operands[0]->type : node->type;
    switch (node->kind) {
    case EXPR_CALL: return call(walk, node->binding.function, values);
    case EXPR_COMPARE: return compare(node->comparison, type, values[0], values[1]);
    case EXPR_BETWEEN:
        values[1] = compare(EXPR_GREATER_EQUAL, type, values[0], values[1]);
        values[2] = compare(EXPR_LESS_EQUAL, type, values[0], values[2]);
        return conjunction(values + 1, 2);
    case EXPR_IN:
        for (uint32_t i = 1; i < node->count; i++) {
            values[i] = compare(EXPR_EQUAL, type, values[0], values[i]);
        }
        return disjunction(values + 1, node->count - 1);
    case EXPR_AND: return conjunction(values, node->count);
    case EXPR_OR: return disjunction(values, node->count);
    case EXPR_NOT: return negation(values[0]);
    case EXPR_IS_NULL: return boolean(values[0].is_null);
    case EXPR_LIST: {
        struct value_list *list = room(walk, 1, sizeof *list);
        *list = (struct value_list){node->count, values};
        return (struct value){.list = list};
    }
    default: return walk_choice(walk, node, values);
    }
}

static struct value walk_node(struct walk *walk, const struct expr_node *node)
{
    const struct frame *frame = walk->frame;
    switch (node->kind) {
    case EXPR_CONSTANT: return node->constant;
    case EXPR_COLUMN:
        return value_from_text(
            columns_text(walk->columns, node->column, walk->records[node->side]));
    case EXPR_VARIABLE:
        assert(frame != NULL);
        for (uint8_t i = 0; i < node->depth; i++) {
            frame = frame->outer;
            assert(frame != NULL);
        }
        return node->position == 0 ? frame->item : frame->number;
    case EXPR_TRANSFORM:
    case EXPR_FILTER: return walk_loop(walk, node);
    default: return walk_operation(walk, node);
    }
}

struct value condition_naive(const struct expr_node *node, struct arena *arena,
                             const struct columns *columns, uint32_t left, uint32_t right)
{
    struct walk walk = {.arena = arena, .columns = columns, .records = {left, right}};
    return walk_node(&walk, node);
}
