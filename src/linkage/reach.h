/*
 * Reach: what must at least hold for a pair to reach a comparison level, told without its texts.
 *
 * Most candidate pairs are no match, and most of their time would go into waiting for texts from
 * main memory and measuring distances that are known to be far. So the conjuncts of a level's
 * condition are looked at for four shapes, and what is needed to refuse them is kept beside the
 * record's codes, in its row (row_table.h):
 *
 *   f(l) = g(r)                 a code of the value of f, and of g: equal codes, or out of reach
 *   f(l) is null or g(r) …      a bit for each such value, set where it is NULL
 *   abs(f(l) - f(r)) <= k       the number itself
 *   distance(x_l, x_r) <= k     a word about the text of x: its length and how often it has which
 *                               bytes; words that differ in more bits than the distance allows put
 *                               the level out of reach
 *
 * A word counts bytes in classes, each count in as many bits as a unary number ("thermometer") that
 * stops at its width, so that the bits in which two words differ number at most the bytes by which
 * the two texts' counts differ. An edit changes these counts by at most two; and Jaro's matching
 * bytes are at most those that both texts have, (length + length - difference) / 2. Both give an
 * upper limit of differing bits, looked up by the two lengths.
 *
 * It only ever rules out: a pair that passes is scored exactly.
 *
 * Thread rule: built by one thread (which starts others), immutable afterwards.
 */
#ifndef LINKAGE_REACH_H
#define LINKAGE_REACH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "linkage/columns.h"
#include "linkage/expr.h"
#include "linkage/row_table.h"

enum {
    REACH_LENGTH_BITS = 6,
    REACH_LENGTHS = 1 << REACH_LENGTH_BITS, /* the last one stands for itself and all above */
    REACH_MAX_SOURCES = 24,                 /* things told of a record: up to 48 codes a row */
    REACH_MAX_NULLABLE = 32,                /* values that may be NULL */
    REACH_MAX_NEEDS = 4,                    /* of one level; further conjuncts are not looked at */
};

typedef int8_t reach_limits[REACH_LENGTHS]; /* by the right text's length; -1: out of reach */

enum reach_kind {
    REACH_NULLS,  /* one of the left record's bits must be set, or one of the right's */
    REACH_OWN,    /* the comparison's own codes must be equal, which different ones never are */
    REACH_CODE,   /* codes must be equal, and not 0, which is NULL */
    REACH_NUMBER, /* doubles must differ by at most `most`; NaN is NULL */
    REACH_WORD,   /* words may differ in as many bits as `limits` says */
};

struct reach_need {
    enum reach_kind kind;
    uint32_t left_slot;  /* in the left record's row */
    uint32_t right_slot; /* in the right record's */
    uint32_t left_bits;
    uint32_t right_bits;
    double most;
    const reach_limits *limits; /* by the left text's length */
};

struct reach_level {
    struct reach_need needs[REACH_MAX_NEEDS]; /* all must hold; none: always within reach */
    uint32_t count;
};

/* What rows hold for the sake of reach. */
struct reach_source {
    enum reach_kind kind;
    const struct expr_node *left;  /* an equality's sides; or the number */
    const struct expr_node *right; /* an equality's; else NULL */
    uint32_t column;               /* that a word is about */
    uint32_t left_slot;
    uint32_t right_slot;
};

struct reach {
    struct reach_source sources[REACH_MAX_SOURCES];
    size_t count;
    const struct expr_node *nullable[REACH_MAX_NULLABLE]; /* what each bit is about */
    uint32_t nullable_count;
    uint32_t null_slot; /* where the bits stand, when there are any */
};

/* Finds the needs of a level with that condition; slots are taken in `rows`, which is still being
   planned. `own_column`: the only one that the comparison's codes are of, or REACH_NO_COLUMN. */
int reach_plan(struct reach_level *out, struct reach *reach, struct arena *arena,
               struct row_table *rows, const struct expr_node *condition, uint32_t own_column,
               struct error *error);

#define REACH_NO_COLUMN UINT32_MAX

/* Fills the slots of all sources. */
int reach_fill(const struct reach *reach, struct row_table *rows, const struct columns *columns,
               unsigned threads, struct error *error);

enum reach_answer { REACH_NEVER, REACH_ALWAYS, REACH_DEPENDS };

/* What a need asks of a right record once the left one is chosen. Checks stand in a row, level after
   level: those of a level that fails are skipped, and the last of a level that holds tells. */
struct reach_check {
    enum reach_kind kind;
    uint32_t slot; /* in the right record's row */
    uint32_t bits;
    uint32_t left_of_level; /* checks of the level from this one on: 1 for its last */
    union {
        uint64_t word;
        uint64_t code;
        double number;
    };
    double most;
    const int8_t *limits;
    double bound; /* the most that the level weighs */
};

/* Looks a need up for the left record with that row. `out` is of use when the answer depends on the
   right record, whose codes in the comparison are other ones. */
enum reach_answer reach_set_left(struct reach_check *out, const struct reach_need *need,
                                 const uint32_t *row);

/* How far the word of a right record is from the left one's: several levels of a comparison ask for
   the same words, one after the other. */
struct reach_distance {
    uint32_t slot; /* that it is of; UINT32_MAX: none yet */
    int differing; /* bits */
    uint64_t length;
};

/* The number of bits set: by adding neighbours, for the instruction is not on every machine. */
static inline int reach_count_bits(uint64_t bits)
{
    bits -= (bits >> 1) & 0x5555555555555555u;
    bits = (bits & 0x3333333333333333u) + ((bits >> 2) & 0x3333333333333333u);
    bits = (bits + (bits >> 4)) & 0x0F0F0F0F0F0F0F0Fu;
    return (int)((bits * 0x0101010101010101u) >> 56);
}

static inline bool reach_is_near(const struct reach_check *check, const uint32_t *row,
                                 struct reach_distance *distance)
{
    if (distance->slot != check->slot) {
        uint64_t word;
        memcpy(&word, row + check->slot, sizeof word);
        distance->slot = check->slot;
        distance->length = word >> (64 - REACH_LENGTH_BITS);
        /* The length's bits are shifted out. */
        distance->differing = reach_count_bits((word ^ check->word) << REACH_LENGTH_BITS);
    }
    return distance->differing <= check->limits[distance->length];
}

/* Whether the right record with that row may hold what the need asks for. */
static inline bool reach_holds(const struct reach_check *check, const uint32_t *row,
                               struct reach_distance *distance)
{
    if (check->kind == REACH_WORD) {
        return reach_is_near(check, row, distance);
    }
    if (check->kind == REACH_NULLS) {
        return (row[check->slot] & check->bits) != 0;
    }
    if (check->kind == REACH_CODE) {
        return row[check->slot] == check->code;
    }
    double number;
    memcpy(&number, row + check->slot, sizeof number);
    double difference = check->number - number;
    return difference <= check->most && difference >= -check->most; /* false for NaN */
}

#endif
