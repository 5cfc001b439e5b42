#include "linkage/record_values.h"

#include "base/memory.h"

static int bind(struct record_values *values, struct error *error)
{
    size_t count = program_input_count(values->program);
    values->inputs = memory_alloc_zeroed(count, sizeof *values->inputs);
    if (values->inputs == NULL) {
        return error_out_of_memory(error);
    }
    for (size_t i = 0; i < count; i++) {
        const struct column *column =
            &values->columns->items[program_input(values->program, i)->column];
        values->inputs[i] =
            (struct program_bound_input){.codes = column->codes, .dictionary = &column->dictionary};
    }
    return evaluator_create(&values->evaluator, values->program, values->inputs, error);
}

int record_values_open(struct record_values *out, struct arena *arena,
                       const struct columns *columns, const struct expr_node *expression,
                       struct error *error)
{
    *out = (struct record_values){.columns = columns};
    int status = program_compile_value(&out->program, arena, expression, error);
    if (status == 0) {
        struct column_set set = {0};
        program_columns(out->program, &set);
        status = keys_of_columns(&out->keys, columns, &set, error);
    }
    if (status == 0) {
        status = bind(out, error);
    }
    if (status != 0) {
        record_values_free(out);
    }
    return status;
}

struct value record_values_get(struct record_values *values, uint32_t key)
{
    uint32_t record = values->keys.representative[key];
    return record == KEYS_NO_RECORD ? VALUE_NONE : evaluator_value(values->evaluator, record);
}

int record_values_check(const struct record_values *values, struct error *error)
{
    return evaluator_exhausted(values->evaluator)
               ? error_set(error, STATUS_RESOURCES,
                           "a value of a condition needs too much memory to compute")
               : 0;
}

void record_values_free(struct record_values *values)
{
    evaluator_free(values->evaluator);
    memory_free(values->inputs);
    keys_free(&values->keys);
    *values = (struct record_values){0};
}
