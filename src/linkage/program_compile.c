/*
 * Compiling: trees to graph, graph to steps, and what a program tells about itself.
 */
#include "linkage/program_emit.h"

/* Sets of nodes at labels, operands and the like: a few KiB for real conditions. */
enum { SCRATCH_MEMORY = 256 << 20 };

/* Each condition is tried in turn; the first that is TRUE is the answer. */
static int emit_conditions(struct emitter *emitter, const uint32_t *roots, size_t count)
{
    int status = 0;
    for (size_t i = 0; status == 0 && i < count; i++) {
        struct label next = EMIT_NEW_LABEL;
        status = emit_test(emitter, roots[i], true, &next, false);
        if (status == 0) {
            status = emit_step(emitter, (struct step){.kind = STEP_RESULT, .a = (uint32_t)i});
        }
        emitter->ready = NULL;
        emit_label(emitter, &next);
    }
    struct step none = {.kind = STEP_RESULT, .a = (uint32_t)-1};
    return status != 0 ? status : emit_step(emitter, none);
}

static int emit_program(struct program *program, struct graph *graph, const uint32_t *roots,
                        size_t count, bool is_value)
{
    struct emitter emitter;
    int status = emitter_init(&emitter, graph, graph->arena, graph->scratch, graph->error);
    if (status == 0 && is_value) {
        status = emit_value(&emitter, &program->result, roots[0]);
        status = status != 0 ? status : emit_step(&emitter, (struct step){.kind = STEP_RESULT});
    } else if (status == 0) {
        status = emit_conditions(&emitter, roots, count);
    }
    status = status != 0 ? status : emit_finish(&emitter, program);
    emitter_free(&emitter);
    return status;
}

static int compile(const struct program **out, struct arena *arena,
                   const struct expr_node *const *nodes, size_t count, bool is_value,
                   struct error *error)
{
    struct arena scratch = ARENA(SCRATCH_MEMORY);
    struct graph graph = {.arena = arena, .scratch = &scratch, .error = error, .hoists = !is_value};
    struct program *program = arena_alloc_zeroed(arena, 1, sizeof *program);
    uint32_t *roots = arena_alloc_array(&scratch, count, sizeof *roots);
    int status = program == NULL || roots == NULL ? error_out_of_memory(error) : 0;
    for (size_t i = 0; status == 0 && i < count; i++) {
        graph.condition = (uint32_t)i;
        status = graph_add(&graph, &roots[i], nodes[i]);
    }
    status = status != 0 ? status : emit_program(program, &graph, roots, count, is_value);
    if (status == 0) {
        struct program_input *inputs = arena_alloc_array(arena, graph.inputs.len, sizeof *inputs);
        if (inputs == NULL) {
            status = error_out_of_memory(error);
        } else if (graph.inputs.len > 0) {
            memcpy(inputs, graph.inputs.items, graph.inputs.len * sizeof *inputs);
        }
        program->inputs = inputs;
        program->input_count = (uint32_t)graph.inputs.len;
        program->condition_count = (uint32_t)count;
        *out = program;
    }
    graph_free(&graph);
    arena_free(&scratch);
    return status;
}

int program_compile(const struct program **out, struct arena *arena,
                    const struct expr_node *const *conditions, size_t count, struct error *error)
{
    return compile(out, arena, conditions, count, false, error);
}

int program_compile_value(const struct program **out, struct arena *arena,
                          const struct expr_node *value, struct error *error)
{
    return compile(out, arena, &value, 1, true, error);
}

size_t program_input_count(const struct program *program)
{
    return program->input_count;
}

const struct program_input *program_input(const struct program *program, size_t position)
{
    return &program->inputs[position];
}

void program_columns(const struct program *program, struct column_set *out)
{
    for (size_t i = 0; i < program->input_count; i++) {
        for (size_t j = 0; j < ARRAY_LENGTH(out->bits); j++) {
            out->bits[j] |= program->inputs[i].columns.bits[j];
        }
    }
}
