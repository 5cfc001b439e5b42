/*
 * Fuzzes SQL conditions: any bytes are refused, or parsed, compiled and run over a few records. The
 * input is up to four conditions with NUL bytes between them; each alone has to say the same as all
 * of them in one CASE, where they share what they have in common.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/compiler.h"
#include "linkage/program.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CONDITIONS = 4, COLUMNS = 4, RECORDS = 6, MEMORY = 64 << 20 };

static const struct str names[COLUMNS] = {STR("a"), STR("b"), STR("birth_date"), STR("x y")};

static const char *const cells[RECORDS][COLUMNS] = {
    {"anna", "1", "2020-01-05", "12 Main St"},
    {"Anne-Marie", "2.5", "2020-02-30", "a,b,,c"},
    {NULL, "", NULL, "søren"},
    {"", NULL, "05/01/1999", "%_\\"},
    {"anna", "true", "1999-12-31 10:00", NULL},
    {"b", "-7", "", "12 Main St"},
};

static struct columns columns;

/* A macro, so that analysers know what holds after it. */
#define require(condition)  \
    do {                    \
        if (!(condition)) { \
            abort();        \
        }                   \
    } while (0)

static void make_columns(void)
{
    struct error error;
    require(columns_init(&columns, names, COLUMNS, NULL, &error) == 0);
    for (size_t i = 0; i < RECORDS; i++) {
        struct str row[COLUMNS];
        for (size_t j = 0; j < COLUMNS; j++) {
            const char *cell = cells[i][j];
            row[j] = cell == NULL ? (struct str){NULL, 0} : str_from(cell);
        }
        require(columns_append(&columns, row, &error) == 0);
    }
    require(columns_seal(&columns, NULL, &error) == 0);
}

/* ---- binding ---- */

static struct value keep(struct arena *arena, struct value_type type, struct value value)
{
    if (value.is_null) {
        return value;
    }
    if (type.kind == VALUE_TEXT) {
        value.text = arena_copy(arena, value_text(value));
    } else if (type.kind == VALUE_INTERVAL) {
        struct value_interval *copy = arena_alloc(arena, sizeof *copy);
        require(copy != NULL);
        *copy = *value.interval;
        value.interval = copy;
    } else if (type.kind == VALUE_LIST) {
        struct value_list *list = arena_alloc(arena, sizeof *list);
        struct value *items = arena_alloc_array(arena, value.list->count, sizeof *items);
        require(list != NULL && items != NULL);
        for (uint32_t i = 0; i < value.list->count; i++) {
            items[i] = keep(arena, *type.element, value.list->items[i]);
        }
        *list = (struct value_list){value.list->count, items};
        value.list = list;
    }
    return value;
}

static struct program_bound_input *bind(struct arena *arena, const struct program *program,
                                        bool *exhausted);

/* Every record has a code of its own, so that equal codes are never taken for granted here. */
static struct program_bound_input bind_hoisted(struct arena *arena,
                                               const struct program_input *input, bool *exhausted)
{
    struct error error;
    struct evaluator *evaluator;
    uint32_t *codes = arena_alloc_array(arena, RECORDS, sizeof *codes);
    struct value *values = arena_alloc_array(arena, RECORDS, sizeof *values);
    require(codes != NULL && values != NULL);
    const struct program_bound_input *plain = bind(arena, input->value, exhausted);
    require(evaluator_create(&evaluator, input->value, plain, &error) == 0);
    for (uint32_t i = 0; i < RECORDS; i++) {
        codes[i] = i;
        values[i] = keep(arena, input->type, evaluator_value(evaluator, i));
    }
    *exhausted = *exhausted || evaluator_exhausted(evaluator);
    evaluator_free(evaluator);
    return (struct program_bound_input){.codes = codes, .values = values};
}

static struct program_bound_input *bind(struct arena *arena, const struct program *program,
                                        bool *exhausted)
{
    size_t count = program_input_count(program);
    struct program_bound_input *bound = arena_alloc_array(arena, count, sizeof *bound);
    require(bound != NULL);
    for (size_t i = 0; i < count; i++) {
        const struct program_input *input = program_input(program, i);
        const struct column *column = &columns.items[input->column];
        bound[i] = input->value == NULL
                       ? (struct program_bound_input){.codes = column->codes,
                                                      .dictionary = &column->dictionary}
                       : bind_hoisted(arena, input, exhausted);
    }
    return bound;
}

/* ---- running ---- */

struct answers {
    int of[RECORDS][RECORDS];
    bool exhausted;
};

/* False when memory, of which there is enough for any condition of a reasonable size, ran out. */
static bool run(struct answers *out, const struct expr_node *const *nodes, size_t count)
{
    struct arena arena = ARENA(MEMORY);
    struct error error;
    const struct program *program;
    struct evaluator *evaluator = NULL;
    *out = (struct answers){.exhausted = false};
    bool ran = program_compile(&program, &arena, nodes, count, &error) == 0;
    require(ran || error.status == STATUS_RESOURCES);
    if (ran) {
        const struct program_bound_input *inputs = bind(&arena, program, &out->exhausted);
        require(evaluator_create(&evaluator, program, inputs, &error) == 0);
        for (uint32_t i = 0; i < RECORDS; i++) {
            for (uint32_t j = 0; j < RECORDS; j++) {
                out->of[i][j] = evaluator_case(evaluator, i, j);
            }
        }
        out->exhausted = out->exhausted || evaluator_exhausted(evaluator);
    }
    evaluator_free(evaluator);
    arena_free(&arena);
    return ran;
}

static void compare(const struct expr_node *const *nodes, size_t count)
{
    static struct answers together;
    static struct answers alone[CONDITIONS];
    bool ran = run(&together, nodes, count) && !together.exhausted;
    for (size_t i = 0; ran && i < count; i++) {
        ran = run(&alone[i], &nodes[i], 1) && !alone[i].exhausted;
    }
    for (size_t pair = 0; ran && pair < RECORDS * RECORDS; pair++) {
        int first = -1;
        for (size_t i = count; i-- > 0;) {
            first = alone[i].of[pair / RECORDS][pair % RECORDS] == 0 ? (int)i : first;
        }
        require(together.of[pair / RECORDS][pair % RECORDS] == first);
    }
}

static void ask(const struct expr_node *node)
{
    struct column_set set = {{0}};
    const struct expr_node *left;
    const struct expr_node *right;
    require(expr_type(node).kind == VALUE_BOOLEAN);
    require(expr_equal(node, node, false));
    expr_is_exact_match(node, &set);
    if (expr_is_join_equality(node, &left, &right)) {
        expr_equal(left, right, true);
    }
    expr_columns(node, EXPR_LEFT, &set);
}

static size_t parse_all(const struct expr_node **nodes, struct arena *arena, struct str text,
                        enum expr_style style)
{
    static const struct expr_schema schema = {names, COLUMNS};
    size_t count = 0;
    while (count < CONDITIONS && text.ptr != NULL) {
        struct error error;
        const char *end = memchr(text.ptr, '\0', text.len);
        struct str condition = {text.ptr, end == NULL ? text.len : (size_t)(end - text.ptr)};
        text = end == NULL ? (struct str){NULL, 0}
                           : (struct str){end + 1, text.len - condition.len - 1};
        int status = expr_parse(&nodes[count], arena, &schema, style, condition, &error);
        require(status == 0 || status == STATUS_INVALID || status == STATUS_RESOURCES);
        require(status == 0 || error.message[0] != '\0');
        if (status == 0) {
            ask(nodes[count++]);
        }
    }
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (columns.column_count == 0) {
        make_columns();
    }
    static const enum expr_style styles[] = {EXPR_COMPARISON, EXPR_BLOCKING};
    for (size_t i = 0; i < ARRAY_LENGTH(styles); i++) {
        struct arena arena = ARENA(MEMORY);
        const struct expr_node *nodes[CONDITIONS];
        struct str text = {size == 0 ? "" : (const char *)data, size};
        size_t count = parse_all(nodes, &arena, text, styles[i]);
        if (count > 0) {
            compare(nodes, count);
        }
        for (size_t j = 0; j < count; j++) {
            expr_release(nodes[j]);
        }
        arena_free(&arena);
    }
    return 0;
}
