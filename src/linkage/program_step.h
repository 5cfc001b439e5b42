/*
 * What a program is made of. Private to program_*.c.
 *
 * A program is an array of steps that read and write registers, one register for each distinct
 * value. Steps run in order; tests jump. Registers of constants are filled when an evaluator is
 * made and never written again.
 */
#ifndef LINKAGE_PROGRAM_STEP_H
#define LINKAGE_PROGRAM_STEP_H

#include <stdbool.h>
#include <stdint.h>

#include "linkage/expr_node.h"
#include "linkage/program.h"

/* Each line says what the step does and why it is one of its own. */
enum step_kind {
    STEP_RESULT,  /* ends the run; the answer is (int)a */
    STEP_JUMP,    /* goes to target */
    STEP_IF_DONE, /* jumps over what another branch may have computed already in this pair */
    STEP_MARK,    /* marks what is computed by several steps, such as a CASE, as done */

    STEP_LOAD, /* out = input a of the record on `side`: dictionaries are read on need only */
    STEP_MOVE, /* out = a: the branch of a CASE that was taken */

    /* Tests jump to target when their answer is `sense`. What they test is two-valued ("is TRUE",
       "is FALSE"), so that AND, OR and NOT cost no step. */
    STEP_TEST_CODES,       /* codes of plain input a, left against right: the usual exact match */
    STEP_TEST_VALUES,      /* values of hoisted input a, left against right: equal codes end it */
    STEP_TEST_TEXT_EQUAL,  /* registers a, b: lengths first, no order needed */
    STEP_TEST_TEXT,        /* registers a, b in byte order */
    STEP_TEST_INTEGER,     /* … of all types that are held in 64 bits */
    STEP_TEST_REAL,        /* … with NaN as the greatest: thresholds of similarities */
    STEP_TEST_OTHER,       /* … lists and intervals, by value_compare() */
    STEP_TEST_BOOLEAN,     /* register a is not NULL and equals b */
    STEP_TEST_NULL,        /* register a is NULL */
    STEP_TEST_NULL_CODE,   /* plain input a is NULL, without its text */
    STEP_TEST_NULL_EITHER, /* … on either side: the usual first level of a comparison */

    STEP_CALL_1,      /* out = function(a); one and two arguments are nearly all calls */
    STEP_CALL_2,      /* out = function(a, b) */
    STEP_CALL_INPUTS, /* out = function(input a on side, input b on side_b): the usual distance */
    STEP_CALL,        /* out = function(operands) */

    /* Truth values as values: only where one is compared, stored in a list and so on. */
    STEP_COMPARE,       /* out = a compared with b */
    STEP_COMPARE_CODES, /* out = plain input a, left compared with right */
    STEP_IS_NULL,       /* out = a is NULL */
    STEP_IS_NULL_CODE,  /* out = plain input a is NULL */
    STEP_NOT,           /* out = NOT a */
    STEP_AND,           /* out = out AND a; jumps to target when that is FALSE */
    STEP_OR,            /* out = out OR a; jumps to target when that is TRUE */

    STEP_LIST,       /* out = [operands] */
    STEP_LOOP_BEGIN, /* starts loop over list a; NULL goes to out and the run to target */
    STEP_LOOP_NEXT,  /* the next item to the loop's registers, or the result to out and to target */
    STEP_LOOP_STORE, /* appends a to the loop's result, and goes to target */
};

/* Which orders of two operands make a comparison TRUE, by bit (order + 1). */
enum {
    MASK_LESS = 1,
    MASK_EQUAL = 2,
    MASK_GREATER = 4,
    MASK_ALL = MASK_LESS | MASK_EQUAL | MASK_GREATER,
};

struct step {
    uint8_t kind;
    uint8_t mask;    /* comparisons */
    uint8_t side;    /* of input a */
    uint8_t side_b;  /* of input b */
    bool sense;      /* tests: jump when the answer is this */
    bool null_aware; /* comparisons: IS [NOT] DISTINCT FROM, for which NULL equals NULL */
    uint32_t target; /* the number of the step to go to */
    uint32_t out;    /* register */
    uint32_t a;      /* register or input */
    uint32_t b;
    uint32_t index;           /* of the call or loop; of the mark in STEP_IF_DONE and STEP_MARK */
    uint32_t mark;            /* set when a value is computed; mark 0 is for those nobody asks of */
    uint32_t count;           /* operands */
    const uint32_t *operands; /* registers */
    struct value_type type;   /* of what is compared, where the step's kind does not say it */
};

_Static_assert(sizeof(struct step) <= 64, "a step fits a cache line");

struct program_call {
    const struct function_binding *binding;
    uint32_t condition; /* where its failures are counted */
};

struct program_loop {
    uint32_t item; /* registers of the lambda's parameters */
    uint32_t number;
    uint32_t *marks; /* of values that are another one for each item */
    uint32_t mark_count;
    bool filters; /* keeps items, or else stores what the body gives */
};

struct program {
    const struct step *steps;
    const struct value *registers; /* at first: constants in their places, NULL elsewhere */
    const struct program_call *calls;
    const struct program_loop *loops;
    const struct program_input *inputs;
    uint32_t register_count;
    uint32_t call_count;
    uint32_t loop_count;
    uint32_t input_count;
    uint32_t mark_count;      /* 1 or more */
    uint32_t condition_count; /* 1 for a value */
    uint32_t result;          /* the register of a value program's answer */
};

#endif
