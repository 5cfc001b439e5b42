/*
 * The interpreter of steps.
 */
#include <stdalign.h>

#include "linkage/program_step.h"

/* Lists and texts that are made for one pair; a pair that needs more is at fault, not short of
   memory. */
enum { SCRATCH_MEMORY = 16 << 20 };

/* A loop that is running. */
struct loop_state {
    const struct value *items;
    uint32_t count;
    uint32_t next;
    struct value *results;
    struct value_list *list; /* what it makes: its count is the number of results so far */
};

struct evaluator {
    const struct program *program;
    const struct step *steps;
    struct value *registers;
    const struct program_bound_input *inputs;
    struct function_call *calls;
    uint8_t *marks; /* one for each mark: whether its value is computed */
    uint32_t mark_count;
    struct loop_state *loops;
    uint64_t *failures; /* one a condition */
    bool exhausted;     /* a function says that scratch was used up */
    struct arena scratch;
    struct arena memory; /* all of the above, and the calls' memos */
};

/* ---- making one ---- */

static bool make_calls(struct evaluator *evaluator)
{
    const struct program *program = evaluator->program;
    for (uint32_t i = 0; i < program->call_count; i++) {
        const struct program_call *call = &program->calls[i];
        void *memo = NULL;
        if (call->binding->memo_size > 0) {
            memo = arena_alloc_zeroed(&evaluator->memory, 1, call->binding->memo_size);
            if (memo == NULL) {
                return false;
            }
        }
        evaluator->calls[i] =
            (struct function_call){.binding = call->binding,
                                   .scratch = &evaluator->scratch,
                                   .memo = memo,
                                   .failures = &evaluator->failures[call->condition],
                                   .exhausted = &evaluator->exhausted};
    }
    return true;
}

int evaluator_create(struct evaluator **out, const struct program *program,
                     const struct program_bound_input *inputs, struct error *error)
{
    *out = NULL;
    struct evaluator *evaluator = memory_alloc_zeroed(1, sizeof *evaluator);
    if (evaluator == NULL) {
        return error_out_of_memory(error);
    }
    evaluator->program = program;
    evaluator->steps = program->steps;
    evaluator->inputs = inputs;
    evaluator->scratch = ARENA(SCRATCH_MEMORY);
    evaluator->memory = ARENA(SIZE_MAX / 2);
    struct arena *memory = &evaluator->memory;
    evaluator->registers =
        arena_alloc_array(memory, program->register_count, sizeof *evaluator->registers);
    evaluator->calls = arena_alloc_array(memory, program->call_count, sizeof *evaluator->calls);
    evaluator->marks = arena_alloc_zeroed(memory, program->mark_count, 1);
    evaluator->mark_count = program->mark_count;
    evaluator->loops = arena_alloc_zeroed(memory, program->loop_count, sizeof *evaluator->loops);
    evaluator->failures =
        arena_alloc_zeroed(memory, program->condition_count, sizeof *evaluator->failures);
    if (memory->failed || !make_calls(evaluator)) {
        evaluator_free(evaluator);
        return error_out_of_memory(error);
    }
    if (program->register_count > 0) {
        memcpy(evaluator->registers, program->registers,
               program->register_count * sizeof *evaluator->registers);
    }
    *out = evaluator;
    return 0;
}

void evaluator_free(struct evaluator *evaluator)
{
    if (evaluator != NULL) {
        arena_free(&evaluator->scratch);
        arena_free(&evaluator->memory);
        memory_free(evaluator);
    }
}

uint64_t evaluator_failures(const struct evaluator *evaluator, size_t condition)
{
    return evaluator->failures[condition];
}

bool evaluator_exhausted(const struct evaluator *evaluator)
{
    return evaluator->exhausted || evaluator->scratch.failed;
}

/* ---- comparing ---- */

/* Whether a comparison holds for operands in this order (negative, 0, positive as -1, 0, 1). */
static inline bool holds(const struct step *step, int order)
{
    return (step->mask >> (order + 1)) & 1;
}

/* The order that stands for a comparison with NULL: equal to NULL only. */
static inline int null_order(bool a_is_null, bool b_is_null)
{
    return a_is_null == b_is_null ? 0 : 1;
}

static inline int order_integers(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static inline int order_reals(double a, double b)
{
    if (UNLIKELY(a != a || b != b)) {
        return (a != a) - (b != b);
    }
    return (a > b) - (a < b);
}

static inline int order_texts(struct value a, struct value b)
{
    int order = str_compare(value_text(a), value_text(b));
    return (order > 0) - (order < 0);
}

static inline int sign(int order)
{
    return (order > 0) - (order < 0);
}

/* The answer of a comparison as TRUE or not TRUE, neither operand NULL. */
static bool compare(const struct step *step, struct value a, struct value b)
{
    switch (step->type.kind) {
    case VALUE_TEXT: return holds(step, order_texts(a, b));
    case VALUE_FLOAT:
    case VALUE_DOUBLE: return holds(step, order_reals(a.real, b.real));
    case VALUE_INTERVAL:
    case VALUE_LIST: return holds(step, sign(value_compare(step->type, a, b)));
    default: return holds(step, order_integers(a.integer, b.integer));
    }
}

/* Whether a comparison is TRUE when at least one operand is NULL. */
static inline bool compare_null(const struct step *step, bool a_is_null, bool b_is_null)
{
    return step->null_aware && holds(step, null_order(a_is_null, b_is_null));
}

/* A pair of codes of a plain column: 0 is NULL, and only equality is asked for. */
static inline bool compare_codes(const struct step *step, uint32_t a, uint32_t b)
{
    if (a == COLUMNS_CODE_NULL || b == COLUMNS_CODE_NULL) {
        return compare_null(step, a == COLUMNS_CODE_NULL, b == COLUMNS_CODE_NULL);
    }
    return holds(step, a != b);
}

/* Equal codes are equal values; unequal ones may be. */
static bool compare_values(const struct step *step, const struct program_bound_input *input,
                           uint32_t a, uint32_t b)
{
    const struct value *left = &input->values[a];
    const struct value *right = &input->values[b];
    if (left->is_null || right->is_null) {
        return compare_null(step, left->is_null, right->is_null);
    }
    return a == b ? holds(step, 0) : compare(step, *left, *right);
}

/* ---- tests of two registers ---- */

struct pair {
    const struct value *a;
    const struct value *b;
};

static inline struct pair operands(const struct step *step, const struct value *registers)
{
    return (struct pair){&registers[step->a], &registers[step->b]};
}

/* Whether either is NULL; then *answer is the test's. */
static inline bool tests_null(const struct step *step, struct pair pair, bool *answer)
{
    if (LIKELY(!pair.a->is_null && !pair.b->is_null)) {
        return false;
    }
    *answer = compare_null(step, pair.a->is_null, pair.b->is_null);
    return true;
}

static inline bool text_equal_holds(const struct step *step, struct pair pair)
{
    bool answer;
    return tests_null(step, pair, &answer)
               ? answer
               : holds(step, !str_equal(value_text(*pair.a), value_text(*pair.b)));
}

static inline bool text_holds(const struct step *step, struct pair pair)
{
    bool answer;
    return tests_null(step, pair, &answer) ? answer : holds(step, order_texts(*pair.a, *pair.b));
}

static inline bool integer_holds(const struct step *step, struct pair pair)
{
    bool answer;
    return tests_null(step, pair, &answer)
               ? answer
               : holds(step, order_integers(pair.a->integer, pair.b->integer));
}

static inline bool real_holds(const struct step *step, struct pair pair)
{
    bool answer;
    return tests_null(step, pair, &answer) ? answer
                                           : holds(step, order_reals(pair.a->real, pair.b->real));
}

static bool other_holds(const struct step *step, struct pair pair)
{
    bool answer;
    return tests_null(step, pair, &answer) ? answer : compare(step, *pair.a, *pair.b);
}

/* ---- calls ---- */

static inline void call_function(struct evaluator *evaluator, const struct step *step,
                                 const struct value *arguments, bool has_null)
{
    const struct function_call *call = &evaluator->calls[step->index];
    struct value *out = &evaluator->registers[step->out];
    if (has_null && call->binding->strict) {
        *out = VALUE_NONE;
    } else {
        call->binding->run(call, arguments, out);
    }
    evaluator->marks[step->mark] = 1;
}

static inline void call_one(struct evaluator *evaluator, const struct step *step)
{
    const struct value argument = evaluator->registers[step->a];
    call_function(evaluator, step, &argument, argument.is_null);
}

static inline void call_two(struct evaluator *evaluator, const struct step *step, struct value a,
                            struct value b)
{
    const struct value arguments[] = {a, b};
    call_function(evaluator, step, arguments, a.is_null || b.is_null);
}

static void call_many(struct evaluator *evaluator, const struct step *step)
{
    struct value arguments[FUNCTION_MAX_ARGUMENTS];
    bool has_null = false;
    for (uint32_t i = 0; i < step->count; i++) {
        arguments[i] = evaluator->registers[step->operands[i]];
        has_null = has_null || arguments[i].is_null;
    }
    call_function(evaluator, step, arguments, has_null);
}

/* ---- truth values ---- */

static struct value value_of_boolean(bool value)
{
    return (struct value){.integer = value};
}

static struct value compared(const struct step *step, struct value a, struct value b)
{
    if (!a.is_null && !b.is_null) {
        return value_of_boolean(compare(step, a, b));
    }
    return step->null_aware ? value_of_boolean(compare_null(step, a.is_null, b.is_null))
                            : VALUE_NONE;
}

static struct value compared_codes(const struct step *step, uint32_t a, uint32_t b)
{
    bool is_null = a == COLUMNS_CODE_NULL || b == COLUMNS_CODE_NULL;
    return is_null && !step->null_aware ? VALUE_NONE : value_of_boolean(compare_codes(step, a, b));
}

/* AND and OR, one operand at a time: true when the result is decided. */
static bool combine(struct value *out, const struct step *step, struct value operand)
{
    bool decisive = step->kind == STEP_OR;
    bool decides = !operand.is_null && (operand.integer != 0) == decisive;
    if (step->sense || operand.is_null || decides) {
        *out = operand;
    }
    return decides;
}

static struct value inverted(struct value operand)
{
    return operand.is_null ? VALUE_NONE : value_of_boolean(operand.integer == 0);
}

/* ---- lists and loops ---- */

static void make_list(struct evaluator *evaluator, const struct step *step)
{
    struct value *out = &evaluator->registers[step->out];
    struct value_list *list = arena_alloc(&evaluator->scratch, sizeof *list);
    struct value *items = arena_alloc_array(&evaluator->scratch, step->count, sizeof *items);
    evaluator->marks[step->mark] = 1;
    if (list == NULL || items == NULL) {
        *out = VALUE_NONE;
        return;
    }
    for (uint32_t i = 0; i < step->count; i++) {
        items[i] = evaluator->registers[step->operands[i]];
    }
    *list = (struct value_list){.count = step->count, .items = items};
    *out = (struct value){.list = list};
}

/* False when there is nothing to loop over: then the result is in place. */
static bool begin_loop(struct evaluator *evaluator, const struct step *step)
{
    struct value list = evaluator->registers[step->a];
    struct loop_state *loop = &evaluator->loops[step->index];
    if (!list.is_null) {
        loop->items = list.list->items;
        loop->count = list.list->count;
        loop->next = 0;
        loop->list = arena_alloc(&evaluator->scratch, sizeof *loop->list);
        loop->results = arena_alloc_array(&evaluator->scratch, loop->count, sizeof *loop->results);
        if (loop->list != NULL && loop->results != NULL) {
            *loop->list = (struct value_list){.items = loop->results};
            return true;
        }
    }
    evaluator->registers[step->out] = VALUE_NONE;
    return false;
}

/* False at the end, with the result in place. */
static bool next_item(struct evaluator *evaluator, const struct step *step)
{
    const struct program_loop *loop = &evaluator->program->loops[step->index];
    struct loop_state *state = &evaluator->loops[step->index];
    if (state->next == state->count) {
        evaluator->registers[step->out] = (struct value){.list = state->list};
        return false;
    }
    evaluator->registers[loop->item] = state->items[state->next++];
    evaluator->registers[loop->number] = (struct value){.integer = state->next};
    for (uint32_t i = 0; i < loop->mark_count; i++) {
        evaluator->marks[loop->marks[i]] = 0;
    }
    return true;
}

static void store_item(struct evaluator *evaluator, const struct step *step)
{
    struct loop_state *loop = &evaluator->loops[step->index];
    loop->results[loop->list->count++] = evaluator->registers[step->a];
}

/* ---- running ---- */

/* What belongs to the last pair goes. */
static inline void begin_pair(struct evaluator *evaluator)
{
    if (evaluator->scratch.used > 0) {
        arena_reset(&evaluator->scratch);
    }
    if (evaluator->mark_count > 1) {
        memset(evaluator->marks, 0, evaluator->mark_count);
    }
}

static inline uint32_t code_of(const struct program_bound_input *input, uint32_t record)
{
    return input->codes[(size_t)record * (input->gap + 1)];
}

static inline struct value load(const struct program_bound_input *input, uint32_t record)
{
    uint32_t code = code_of(input, record);
    return input->values != NULL ? input->values[code]
                                 : value_from_text(dictionary_text(input->dictionary, code));
}

/*
 * Each step goes to the next by a jump of its own ("threaded code"), which the processor predicts
 * far better than one jump at the head of a loop: half the time of a short program is there.
 */
#define GO(to)                    \
    do {                          \
        step = (to);              \
        goto *places[step->kind]; \
    } while (0)
#define NEXT()       GO(step + 1)
#define JUMP()       GO(steps + step->target)
#define JUMP_IF(on)  GO((on) ? steps + step->target : step + 1)
#define TEST(answer) JUMP_IF((answer) == step->sense)

static int run(struct evaluator *evaluator, uint32_t left, uint32_t right)
{
    static const void *const places[] = {
        [STEP_RESULT] = &&result, /* cppcheck-suppress assignBoolToPointer */
        [STEP_JUMP] = &&jump,     /* cppcheck-suppress assignBoolToPointer */
        [STEP_IF_DONE] = &&if_done,
        [STEP_MARK] = &&mark,
        [STEP_LOAD] = &&load,
        [STEP_MOVE] = &&move,
        [STEP_TEST_CODES] = &&test_codes,
        [STEP_TEST_VALUES] = &&test_values,
        [STEP_TEST_TEXT_EQUAL] = &&test_text_equal,
        [STEP_TEST_TEXT] = &&test_text,
        [STEP_TEST_INTEGER] = &&test_integer,
        [STEP_TEST_REAL] = &&test_real,
        [STEP_TEST_OTHER] = &&test_other,
        [STEP_TEST_BOOLEAN] = &&test_boolean,
        [STEP_TEST_NULL] = &&test_null,
        [STEP_TEST_NULL_CODE] = &&test_null_code,
        [STEP_TEST_NULL_EITHER] = &&test_null_either,
        [STEP_CALL_1] = &&call_1,
        [STEP_CALL_2] = &&call_2,
        [STEP_CALL_INPUTS] = &&call_inputs,
        [STEP_CALL] = &&call,
        [STEP_COMPARE] = &&compare,
        [STEP_COMPARE_CODES] = &&compare_codes,
        [STEP_IS_NULL] = &&is_null,
        [STEP_IS_NULL_CODE] = &&is_null_code,
        [STEP_NOT] = &&invert,
        [STEP_AND] = &&and_or,
        [STEP_OR] = &&and_or,
        [STEP_LIST] = &&list,
        [STEP_LOOP_BEGIN] = &&loop_begin,
        [STEP_LOOP_NEXT] = &&loop_next,
        [STEP_LOOP_STORE] = &&loop_store,
    };
    begin_pair(evaluator);
    struct value *const registers = evaluator->registers;
    const struct program_bound_input *const inputs = evaluator->inputs;
    const struct program_bound_input *input;
    const struct step *const steps = evaluator->steps;
    const struct step *step;
    const uint32_t records[] = {[EXPR_LEFT] = left, [EXPR_RIGHT] = right};
    GO(steps);

result:
    return (int)step->a;
jump:
    JUMP();
if_done:
    JUMP_IF(evaluator->marks[step->index] != 0);
mark:
    evaluator->marks[step->mark] = 1;
    NEXT();
load:
    registers[step->out] = load(&inputs[step->a], records[step->side]);
    NEXT();
move:
    registers[step->out] = registers[step->a];
    NEXT();

test_codes:
    input = &inputs[step->a];
    TEST(compare_codes(step, code_of(input, left), code_of(input, right)));
test_values:
    input = &inputs[step->a];
    TEST(compare_values(step, input, code_of(input, left), code_of(input, right)));
test_text_equal:
    TEST(text_equal_holds(step, operands(step, registers)));
test_text:
    TEST(text_holds(step, operands(step, registers)));
test_integer:
    TEST(integer_holds(step, operands(step, registers)));
test_real:
    TEST(real_holds(step, operands(step, registers)));
test_other:
    TEST(other_holds(step, operands(step, registers)));
test_boolean:
    TEST(!registers[step->a].is_null && (registers[step->a].integer != 0) == (step->b != 0));
test_null:
    TEST(registers[step->a].is_null);
test_null_code:
    TEST(code_of(&inputs[step->a], records[step->side]) == COLUMNS_CODE_NULL);
test_null_either:
    input = &inputs[step->a];
    TEST(code_of(input, left) == COLUMNS_CODE_NULL || code_of(input, right) == COLUMNS_CODE_NULL);

call_1:
    call_one(evaluator, step);
    NEXT();
call_2:
    call_two(evaluator, step, registers[step->a], registers[step->b]);
    NEXT();
call_inputs:
    call_two(evaluator, step, load(&inputs[step->a], records[step->side]),
             load(&inputs[step->b], records[step->side_b]));
    NEXT();
call:
    call_many(evaluator, step);
    NEXT();

compare:
    registers[step->out] = compared(step, registers[step->a], registers[step->b]);
    NEXT();
compare_codes:
    input = &inputs[step->a];
    registers[step->out] = compared_codes(step, code_of(input, left), code_of(input, right));
    NEXT();
is_null:
    registers[step->out] = value_of_boolean(registers[step->a].is_null);
    NEXT();
is_null_code:
    registers[step->out] =
        value_of_boolean(code_of(&inputs[step->a], records[step->side]) == COLUMNS_CODE_NULL);
    NEXT();
invert:
    registers[step->out] = inverted(registers[step->a]);
    NEXT();
and_or:
    JUMP_IF(combine(&registers[step->out], step, registers[step->a]));

list:
    make_list(evaluator, step);
    NEXT();
loop_begin:
    JUMP_IF(!begin_loop(evaluator, step));
loop_next:
    JUMP_IF(!next_item(evaluator, step));
loop_store:
    store_item(evaluator, step);
    JUMP();
}

#undef GO
#undef NEXT
#undef JUMP
#undef JUMP_IF
#undef TEST

int evaluator_case(struct evaluator *evaluator, uint32_t left, uint32_t right)
{
    return run(evaluator, left, right);
}

struct value evaluator_value(struct evaluator *evaluator, uint32_t record)
{
    run(evaluator, record, record);
    return evaluator->registers[evaluator->program->result];
}
