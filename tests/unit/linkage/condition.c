#include "condition.h"

#include <stdio.h>

/* ---- binding ---- */

static struct value deep_copy(struct arena *arena, struct value_type type, struct value value)
{
    if (value.is_null) {
        return value;
    }
    if (type.kind == VALUE_TEXT) {
        value.text = arena_copy(arena, value_text(value));
    } else if (type.kind == VALUE_INTERVAL) {
        struct value_interval *copy = arena_alloc(arena, sizeof *copy);
        if (copy != NULL) {
            *copy = *value.interval;
        }
        value.interval = copy;
    } else if (type.kind == VALUE_LIST) {
        struct value_list *list = arena_alloc(arena, sizeof *list);
        struct value *items = arena_alloc_array(arena, value.list->count, sizeof *items);
        for (uint32_t i = 0; list != NULL && items != NULL && i < value.list->count; i++) {
            items[i] = deep_copy(arena, *type.element, value.list->items[i]);
        }
        if (list != NULL) {
            *list = (struct value_list){value.list->count, items};
        }
        value.list = list;
    }
    return value;
}

static struct program_bound_input bind_plain(const struct columns *columns, uint32_t column)
{
    const struct column *at = &columns->items[column];
    return (struct program_bound_input){.codes = at->codes, .dictionary = &at->dictionary};
}

static bool same_values(const struct columns *columns, const struct column_set *set, uint32_t a,
                        uint32_t b)
{
    for (uint32_t i = 0; i < columns->column_count; i++) {
        if (column_set_has(set, i) && columns->items[i].codes[a] != columns->items[i].codes[b]) {
            return false;
        }
    }
    return true;
}

/* One code for each combination of values, in quadratic time: the sets are small. */
static int bind_hoisted(struct program_bound_input *out, struct arena *arena,
                        const struct program_input *input, const struct columns *columns,
                        struct error *error)
{
    struct program_bound_input *plain = NULL;
    struct evaluator *evaluator = NULL;
    uint32_t *codes = arena_alloc_array(arena, columns->record_count, sizeof *codes);
    struct value *values = arena_alloc_array(arena, columns->record_count, sizeof *values);
    if (codes == NULL || values == NULL) {
        return error_out_of_memory(error);
    }
    int status = conditions_bind(&plain, arena, input->value, columns, error);
    status = status != 0 ? status : evaluator_create(&evaluator, input->value, plain, error);
    uint32_t count = 0;
    for (uint32_t i = 0; status == 0 && i < columns->record_count; i++) {
        uint32_t j = 0;
        while (j < i && !same_values(columns, &input->columns, i, j)) {
            j++;
        }
        codes[i] = j < i ? codes[j] : count;
        if (j == i) {
            values[count++] = deep_copy(arena, input->type, evaluator_value(evaluator, i));
        }
    }
    if (status == 0 && arena->failed) {
        status = error_out_of_memory(error);
    }
    evaluator_free(evaluator);
    *out = (struct program_bound_input){.codes = codes, .values = values};
    return status;
}

int conditions_bind(struct program_bound_input **out, struct arena *arena,
                    const struct program *program, const struct columns *columns,
                    struct error *error)
{
    size_t count = program_input_count(program);
    struct program_bound_input *bound = arena_alloc_zeroed(arena, count, sizeof *bound);
    if (bound == NULL) {
        return error_out_of_memory(error);
    }
    int status = 0;
    for (size_t i = 0; status == 0 && i < count; i++) {
        const struct program_input *input = program_input(program, i);
        if (input->value == NULL) {
            bound[i] = bind_plain(columns, input->column);
        } else {
            status = bind_hoisted(&bound[i], arena, input, columns, error);
        }
    }
    *out = bound;
    return status;
}

/* ---- conditions ---- */

static int open_all(struct conditions *out, const struct expr_schema *schema,
                    const struct columns *columns, enum expr_style style, const char *const *texts,
                    size_t count, struct error *error)
{
    for (; out->count < count; out->count++) {
        int status = expr_parse(&out->nodes[out->count], &out->arena, schema, style,
                                str_from(texts[out->count]), error);
        if (status != 0) {
            return status;
        }
    }
    struct program_bound_input *inputs = NULL;
    int status = program_compile(&out->program, &out->arena, out->nodes, count, error);
    status =
        status != 0 ? status : conditions_bind(&inputs, &out->arena, out->program, columns, error);
    return status != 0 ? status : evaluator_create(&out->evaluator, out->program, inputs, error);
}

int conditions_open(struct conditions *out, const struct columns *columns, enum expr_style style,
                    const char *const *texts, size_t count, struct error *error)
{
    assert_true(count <= CONDITIONS_MOST && columns->column_count <= 32);
    struct str names[32];
    for (uint32_t i = 0; i < columns->column_count; i++) {
        names[i] = str_from(columns->items[i].name);
    }
    struct expr_schema schema = {names, columns->column_count};
    *out = (struct conditions){.arena = ARENA(256 << 20)};
    int status = open_all(out, &schema, columns, style, texts, count, error);
    if (status != 0) {
        conditions_close(out);
    }
    return status;
}

void conditions_close(struct conditions *conditions)
{
    evaluator_free(conditions->evaluator);
    for (size_t i = 0; i < conditions->count; i++) {
        expr_release(conditions->nodes[i]);
    }
    arena_free(&conditions->arena);
    *conditions = (struct conditions){0};
}

char conditions_letter(struct conditions *conditions, uint32_t left, uint32_t right)
{
    int first = evaluator_case(conditions->evaluator, left, right);
    return first == 0 ? 'T' : first == 1 ? 'F' : 'N';
}

const char *condition_refusal(const char *const *names, uint32_t count, enum expr_style style,
                              const char *text)
{
    static struct error error;
    struct str list[32];
    assert_true(count <= 32);
    for (uint32_t i = 0; i < count; i++) {
        list[i] = str_from(names[i]);
    }
    struct expr_schema schema = {list, count};
    struct arena arena = ARENA(256 << 20);
    const struct expr_node *node;
    error.message[0] = '\0';
    if (expr_parse(&node, &arena, &schema, style, str_from(text), &error) == 0) {
        expr_release(node);
    } else {
        assert_int_equal(error.status, STATUS_INVALID);
    }
    arena_free(&arena);
    return error.message;
}
