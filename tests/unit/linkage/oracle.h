/*
 * An oracle for prediction: made-up cases so small that every pair can be judged by hand.
 *
 * A case is a few records of which many are alike, and a random model. The
 * engine gets the model as JSON with SQL in it; the oracle keeps the same conditions as trees and
 * judges each pair by plain functions on plain strings: all pairs, first rule that is TRUE, first
 * level that is TRUE, and the product of Bayes factors as Splink multiplies it, in long double.
 * Nothing here is shared with the engine.
 */
#ifndef TEST_LINKAGE_ORACLE_H
#define TEST_LINKAGE_ORACLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/random.h"
#include "base/str.h"

enum {
    ORACLE_RECORDS = 40,
    ORACLE_COLUMNS = 6, /* the last one is the source of a record */
    ORACLE_SOURCE = ORACLE_COLUMNS - 1,
    ORACLE_TEXT = 80, /* bytes of a value, with its end */
    ORACLE_RULES = 4,
    ORACLE_COMPARISONS = 4,
    ORACLE_LEVELS = 7,
    ORACLE_CHILDREN = 3,
    ORACLE_CONDITIONS = 400,
};

extern const char *const oracle_column_names[ORACLE_COLUMNS];

/* What is made of a column's value. */
enum oracle_transform {
    ORACLE_PLAIN,
    ORACLE_FIRST,
    ORACLE_FIRST_TWO,
    ORACLE_LAST,
    ORACLE_LOWER,
    ORACLE_UPPER,
    ORACLE_NULL_IF_EMPTY,
    ORACLE_EMPTY_IF_NULL,
    ORACLE_JOINED, /* with the value of another column */
    ORACLE_TEXT_TRANSFORMS,
    ORACLE_LENGTH = ORACLE_TEXT_TRANSFORMS,
    ORACLE_NUMBER,
    ORACLE_SECONDS, /* of a date since 1970 */
    ORACLE_TRANSFORMS,
};

enum oracle_side { ORACLE_LEFT, ORACLE_RIGHT };

struct oracle_operand {
    enum oracle_side side;
    enum oracle_transform transform;
    unsigned column;
    unsigned other;    /* ORACLE_JOINED */
    unsigned spelling; /* of the names: quoted, in capitals */
};

enum oracle_kind {
    ORACLE_EQUAL,
    ORACLE_NOT_EQUAL,
    ORACLE_LESS,
    ORACLE_LESS_OR_EQUAL,
    ORACLE_SAME,           /* IS NOT DISTINCT FROM */
    ORACLE_EQUAL_CONSTANT, /* the operand a alone */
    ORACLE_IS_NULL,
    ORACLE_IS_NOT_NULL,
    ORACLE_DIFFERENCE,  /* of two numbers, whichever is the greater */
    ORACLE_LEVENSHTEIN, /* these two count edits */
    ORACLE_DAMERAU,
    ORACLE_JARO, /* and these are similarities from 0 to 1 */
    ORACLE_JARO_WINKLER,
    ORACLE_JACCARD,
    ORACLE_TRUE_CONSTANT,
    ORACLE_FALSE_CONSTANT,
    ORACLE_NULL_CONSTANT,
    ORACLE_AND,
    ORACLE_OR,
    ORACLE_NOT,
};

/* How a distance is set against its threshold: at most so far apart, or at least so similar. */
enum oracle_test {
    ORACLE_NEAR,
    ORACLE_NEARER,  /* than the threshold itself */
    ORACLE_BETWEEN, /* the threshold and the best there is */
    ORACLE_EXACTLY,
    ORACLE_FAR, /* not near */
    ORACLE_TESTS,
};

struct oracle_condition {
    enum oracle_kind kind;
    struct oracle_operand a, b;
    enum oracle_test test;
    unsigned threshold; /* difference, edits, or hundredths */
    char constant[ORACLE_TEXT];
    bool exchanged; /* written with b before a */
    unsigned children[ORACLE_CHILDREN];
    unsigned child_count;
};

enum { ORACLE_NONE = UINT32_MAX };

struct oracle_level {
    unsigned condition; /* ORACLE_NONE: ELSE */
    bool is_null;
    bool has_m, has_u; /* else the values are not written, and Splink's defaults count */
    double m, u;
    unsigned tf_column; /* ORACLE_NONE: no adjustment */
    double tf_weight;
    double tf_minimum;
    bool tf_own_u;
};

struct oracle_comparison {
    struct oracle_level levels[ORACLE_LEVELS];
    unsigned level_count;
};

struct oracle_case {
    uint64_t seed;
    struct random random;
    unsigned record_count;
    bool null[ORACLE_RECORDS][ORACLE_COLUMNS];
    char cells[ORACLE_RECORDS][ORACLE_COLUMNS][ORACLE_TEXT];
    bool link_only;
    double prior;
    unsigned rules[ORACLE_RULES]; /* conditions; none: all pairs */
    bool rule_is_object[ORACLE_RULES];
    unsigned rule_count;
    struct oracle_comparison comparisons[ORACLE_COMPARISONS];
    unsigned comparison_count;
    struct oracle_condition conditions[ORACLE_CONDITIONS];
    unsigned condition_count;
};

/* The case of that seed. */
void oracle_make(struct oracle_case *out, uint64_t seed);

/* The model as JSON; records and model for a reader. */
void oracle_write_model(struct text_buffer *out, const struct oracle_case *c);
void oracle_write_records(struct text_buffer *out, const struct oracle_case *c);

struct oracle_verdict {
    bool found; /* by a rule; the rest is set in any case */
    unsigned rule;
    unsigned levels[ORACLE_COMPARISONS]; /* by position; level_count when none was reached */
    int gammas[ORACLE_COMPARISONS];      /* INT16_MIN when none was reached */
    double weight;
};

/* left < right */
void oracle_judge(struct oracle_verdict *out, const struct oracle_case *c, unsigned left,
                  unsigned right);

/* Whether the condition is an exact match in Splink's sense on exactly one column: that column,
   else ORACLE_NONE. */
unsigned oracle_exact_column(const struct oracle_case *c, unsigned condition);

#endif
