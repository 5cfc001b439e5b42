/* Makes up the cases of the oracle: records, blocking rules, comparisons. */
#include "oracle.h"

#include <assert.h>
#include <string.h>

const char *const oracle_column_names[ORACLE_COLUMNS] = {"a", "B", "c c", "d", "e_l", "source"};

enum { DATA_COLUMNS = ORACLE_SOURCE };

static unsigned below(struct oracle_case *c, unsigned limit)
{
    return (unsigned)random_below(&c->random, limit);
}

/* True once in `times`. */
static bool once_in(struct oracle_case *c, unsigned times)
{
    return below(c, times) == 0;
}

/* ---- records ---- */

/* What the values of a column are like. No alphabet makes numbers but of digits alone. */
struct manner {
    const char *alphabet;
    unsigned longest; /* of a value made anew */
    unsigned edits;   /* at most, of a value made from an earlier one */
};

static void make_value(struct oracle_case *c, char out[ORACLE_TEXT], const struct manner *manner)
{
    unsigned length = below(c, manner->longest + 1);
    unsigned letters = (unsigned)strlen(manner->alphabet);
    memset(out, 0, ORACLE_TEXT);
    for (unsigned i = 0; i < length; i++) {
        out[i] = manner->alphabet[below(c, letters)];
    }
}

/* A byte changed, put in, left out, or exchanged with the next. */
static void edit_value(struct oracle_case *c, char text[ORACLE_TEXT], const struct manner *manner)
{
    size_t length = strlen(text);
    size_t at = below(c, (unsigned)length + 1);
    char byte = manner->alphabet[below(c, (unsigned)strlen(manner->alphabet))];
    switch (below(c, 4)) {
    case 0: text[at] = at < length ? byte : '\0'; break;
    case 1:
        if (length + 1 < ORACLE_TEXT) {
            memmove(text + at + 1, text + at, length - at);
            text[at] = byte;
        }
        break;
    case 2:
        if (at < length) {
            memmove(text + at, text + at + 1, length - at);
        }
        break;
    default:
        if (at + 1 < length) {
            byte = text[at];
            text[at] = text[at + 1];
            text[at + 1] = byte;
        }
        break;
    }
}

/* Dates of one form, near each other; some name a day that there is not. */
static void make_dates(struct oracle_case *c, unsigned column)
{
    for (unsigned i = 0; i < c->record_count; i++) {
        char *date = c->cells[i][column];
        c->null[i][column] = once_in(c, 10);
        if (c->null[i][column]) {
            continue;
        }
        memcpy(date, once_in(c, 2) ? "1999-12-30" : "2000-02-28", sizeof "1999-12-30");
        date[3] = once_in(c, 4) ? (char)('0' + below(c, 10)) : date[3];
        date[6] = once_in(c, 3) ? (char)('0' + below(c, 10)) : date[6];
        date[9] = once_in(c, 2) ? (char)('0' + below(c, 10)) : date[9];
    }
}

static void make_column(struct oracle_case *c, unsigned column)
{
    /* Short values over a few letters repeat, are near each other, or differ in case only; long
       ones are near others because they are made from them. */
    static const struct manner manners[] = {
        {"a", 3, 0},    {"ab", 3, 0},  {"abc", 3, 0},           {"aAb", 3, 0},
        {"01", 3, 0},   {"ab", 6, 3},  {"0123456789", 9, 3},    {"0123456789#", 11, 2},
        {"mnop", 9, 4}, {"aA", 12, 2}, {"qrstuvwxyz #", 12, 3}, {"kl01#", 12, 3},
        {"hij", 70, 3},
    };
    static const unsigned null_shares[] = {0, 10, 10, 30, 60, 100};
    if (once_in(c, 8)) {
        make_dates(c, column);
        return;
    }
    const struct manner *manner = &manners[below(c, sizeof manners / sizeof manners[0])];
    unsigned null_share = null_shares[below(c, sizeof null_shares / sizeof null_shares[0])];
    for (unsigned i = 0; i < c->record_count; i++) {
        unsigned edits = manner->edits == 0 ? 0 : below(c, manner->edits + 1);
        unsigned from = below(c, i + 1);
        c->null[i][column] = below(c, 100) < null_share;
        if (c->null[i][column]) {
            continue;
        }
        if (manner->edits == 0 || from == i || c->null[from][column] || once_in(c, 6)) {
            make_value(c, c->cells[i][column], manner);
            continue;
        }
        memcpy(c->cells[i][column], c->cells[from][column], ORACLE_TEXT);
        for (; edits > 0; edits--) {
            edit_value(c, c->cells[i][column], manner);
        }
    }
}

static void make_records(struct oracle_case *c)
{
    c->record_count = 2 + below(c, ORACLE_RECORDS - 1);
    for (unsigned column = 0; column < DATA_COLUMNS; column++) {
        make_column(c, column);
    }
    c->link_only = once_in(c, 4);
    for (unsigned i = 0; i < c->record_count; i++) {
        c->null[i][ORACLE_SOURCE] = once_in(c, 20);
        if (!c->null[i][ORACLE_SOURCE]) {
            c->cells[i][ORACLE_SOURCE][0] = (char)('x' + below(c, 3));
        }
    }
}

/* ---- conditions ---- */

static unsigned add(struct oracle_case *c, struct oracle_condition condition)
{
    assert(c->condition_count < ORACLE_CONDITIONS);
    c->conditions[c->condition_count] = condition;
    return c->condition_count++;
}

static struct oracle_operand plain(struct oracle_case *c, enum oracle_side side, unsigned column)
{
    return (struct oracle_operand){.side = side, .column = column, .spelling = below(c, 4)};
}

static unsigned compare_columns(struct oracle_case *c, enum oracle_kind kind, unsigned left,
                                unsigned right)
{
    return add(c, (struct oracle_condition){.kind = kind,
                                            .a = plain(c, ORACLE_LEFT, left),
                                            .b = plain(c, ORACLE_RIGHT, right),
                                            .exchanged = once_in(c, 3)});
}

static unsigned make_equality(struct oracle_case *c, unsigned column)
{
    return compare_columns(c, ORACLE_EQUAL, column, column);
}

/* Both sides of a comparison of texts, or of numbers. */
static unsigned compare_transformed(struct oracle_case *c, enum oracle_kind kind, unsigned left,
                                    unsigned right)
{
    unsigned number = compare_columns(c, kind, left, right);
    struct oracle_condition *condition = &c->conditions[number];
    struct oracle_operand *a = &condition->a;
    struct oracle_operand *b = &condition->b;
    if (once_in(c, 4)) {
        a->transform = ORACLE_LENGTH + below(c, ORACLE_TRANSFORMS - ORACLE_LENGTH);
        b->transform = once_in(c, 4) ? ORACLE_LENGTH : a->transform;
        return number;
    }
    a->transform = below(c, ORACLE_TEXT_TRANSFORMS);
    a->other = below(c, DATA_COLUMNS);
    b->transform = once_in(c, 4) ? below(c, ORACLE_TEXT_TRANSFORMS) : a->transform;
    b->other = once_in(c, 4) ? below(c, DATA_COLUMNS) : a->other;
    return number;
}

static unsigned make_distance(struct oracle_case *c, unsigned left, unsigned right)
{
    static const unsigned shares[] = {0, 30, 50, 70, 80, 85, 88, 90, 92, 100};
    enum oracle_kind kind = ORACLE_LEVENSHTEIN + below(c, ORACLE_JACCARD - ORACLE_LEVENSHTEIN + 1);
    unsigned number = compare_columns(c, kind, left, right);
    struct oracle_condition *condition = &c->conditions[number];
    condition->threshold = kind <= ORACLE_DAMERAU ? below(c, 5) : shares[below(c, 10)];
    condition->test = once_in(c, 3) ? below(c, ORACLE_TESTS) : ORACLE_NEAR;
    if (once_in(c, 5)) {
        condition->a.transform = condition->b.transform = below(c, ORACLE_TEXT_TRANSFORMS);
        condition->a.other = condition->b.other = below(c, DATA_COLUMNS);
    }
    return number;
}

static unsigned make_difference(struct oracle_case *c, unsigned left, unsigned right)
{
    static const unsigned days[] = {0, 1, 2, 30, 365, 3650};
    unsigned number = compare_columns(c, ORACLE_DIFFERENCE, left, right);
    struct oracle_condition *condition = &c->conditions[number];
    enum oracle_transform transform = ORACLE_LENGTH + below(c, ORACLE_TRANSFORMS - ORACLE_LENGTH);
    bool seconds = transform == ORACLE_SECONDS;
    condition->a.transform = condition->b.transform = transform;
    condition->threshold = seconds ? 86400 * days[below(c, 6)] : below(c, 12);
    condition->test = once_in(c, 3) ? below(c, ORACLE_TESTS) : ORACLE_NEAR;
    return number;
}

/* About one record alone, or about nothing. */
static unsigned make_one_sided(struct oracle_case *c, unsigned column)
{
    static const char constants[][ORACLE_TEXT] = {"", "a", "ab", "1"};
    enum oracle_side side = below(c, 2);
    struct oracle_condition condition = {.a = plain(c, side, column), .exchanged = once_in(c, 3)};
    switch (below(c, 5)) {
    case 0: condition.kind = ORACLE_IS_NULL; break;
    case 1: condition.kind = ORACLE_IS_NOT_NULL; break;
    case 2:
        condition.kind = ORACLE_EQUAL_CONSTANT;
        memcpy(condition.constant, constants[below(c, 4)], ORACLE_TEXT);
        break;
    case 3: /* of a record with itself: true wherever there is a value */
        condition.kind = ORACLE_EQUAL;
        condition.b = plain(c, side, column);
        break;
    default:
        condition.kind = once_in(c, 2) ? ORACLE_LESS : ORACLE_NOT_EQUAL;
        condition.b = plain(c, side, below(c, DATA_COLUMNS));
        break;
    }
    return add(c, condition);
}

static unsigned make_constant(struct oracle_case *c)
{
    enum oracle_kind kind = ORACLE_TRUE_CONSTANT + below(c, 3);
    return add(c, (struct oracle_condition){.kind = kind});
}

/* Some condition over about these two columns. */
static unsigned make_simple(struct oracle_case *c, unsigned one, unsigned two)
{
    unsigned left = once_in(c, 4) ? two : one;
    unsigned right = once_in(c, 6) ? two : left;
    switch (below(c, 12)) {
    case 0:
    case 1: return make_equality(c, left);
    case 6:
    case 7: return make_difference(c, left, right);
    case 2: return compare_columns(c, ORACLE_EQUAL, left, right);
    case 3: return compare_transformed(c, ORACLE_EQUAL, left, right);
    case 4:
        return compare_transformed(c, ORACLE_NOT_EQUAL + below(c, ORACLE_SAME - ORACLE_EQUAL), left,
                                   right);
    case 5: return make_one_sided(c, left);
    default: return make_distance(c, left, right);
    }
}

static unsigned make_compound(struct oracle_case *c, unsigned one, unsigned two)
{
    struct oracle_condition condition = {.kind = once_in(c, 2) ? ORACLE_AND : ORACLE_OR};
    if (once_in(c, 6)) {
        condition.kind = ORACLE_NOT;
        condition.children[condition.child_count++] = make_simple(c, one, two);
        return add(c, condition);
    }
    unsigned count = 2 + below(c, ORACLE_CHILDREN - 1);
    for (unsigned i = 0; i < count; i++) {
        unsigned child = once_in(c, 8) ? make_compound(c, one, two) : make_simple(c, one, two);
        condition.children[condition.child_count++] = child;
    }
    return add(c, condition);
}

/* ---- comparisons ---- */

static unsigned make_null_condition(struct oracle_case *c, unsigned one, unsigned two)
{
    struct oracle_condition either = {.kind = once_in(c, 8) ? ORACLE_AND : ORACLE_OR};
    for (unsigned side = 0; side < 2; side++) {
        struct oracle_condition null = {.kind = ORACLE_IS_NULL, .a = plain(c, side, one)};
        either.children[either.child_count++] = add(c, null);
    }
    unsigned first = add(c, either);
    if (one == two) {
        return first;
    }
    struct oracle_condition both = {.kind = once_in(c, 4) ? ORACLE_OR : ORACLE_AND};
    both.children[both.child_count++] = first;
    both.children[both.child_count++] = make_null_condition(c, two, two);
    return add(c, both);
}

/* 0 now and then, else anything from 1e-8 to 1. */
static double make_share(struct oracle_case *c)
{
    static const double scales[] = {1, 1, 1, 1e-1, 1e-2, 1e-4, 1e-8};
    return once_in(c, 40) ? 0 : scales[below(c, 7)] * random_unit(&c->random);
}

/* An adjustment needs an exact match on its column somewhere, or starts from its own u. */
static void make_adjustment(struct oracle_case *c, struct oracle_comparison *comparison,
                            struct oracle_level *level)
{
    static const double weights[] = {1, 1, 1, 0.5, 0.25, 2, 0};
    static const double minima[] = {0, 0, 0, 0.01, 0.2, 1};
    unsigned column = ORACLE_NONE;
    for (unsigned i = 0; i < comparison->level_count; i++) {
        const struct oracle_level *at = &comparison->levels[i];
        unsigned exact = oracle_exact_column(c, at->condition);
        column = exact != ORACLE_NONE && !at->is_null ? exact : column;
    }
    level->tf_own_u = column == ORACLE_NONE || once_in(c, 6);
    level->tf_column = level->tf_own_u ? below(c, DATA_COLUMNS) : column;
    level->tf_weight = weights[below(c, 7)];
    level->tf_minimum = minima[below(c, 6)];
}

static void add_level(struct oracle_case *c, struct oracle_comparison *comparison,
                      unsigned condition, bool is_null)
{
    struct oracle_level *level = &comparison->levels[comparison->level_count++];
    *level =
        (struct oracle_level){.condition = condition, .is_null = is_null, .tf_column = ORACLE_NONE};
    level->has_m = !is_null && !once_in(c, 10);
    level->has_u = !is_null && !once_in(c, 10);
    level->m = make_share(c);
    level->u = make_share(c);
}

static void make_comparison(struct oracle_case *c, struct oracle_comparison *out)
{
    unsigned one = below(c, DATA_COLUMNS);
    unsigned two = once_in(c, 3) ? below(c, DATA_COLUMNS) : one;
    if (!once_in(c, 4)) {
        add_level(c, out, make_null_condition(c, one, two), true);
    }
    if (!once_in(c, 4)) {
        add_level(c, out, make_equality(c, one), false);
    }
    unsigned more = below(c, 4);
    for (unsigned i = 0; i < more; i++) {
        bool compound = once_in(c, 4);
        unsigned condition = compound ? make_compound(c, one, two) : make_simple(c, one, two);
        add_level(c, out, condition, once_in(c, 15));
    }
    bool scored = false;
    for (unsigned i = 0; i < out->level_count; i++) {
        scored = scored || !out->levels[i].is_null;
    }
    if (!once_in(c, 8) || !scored) {
        add_level(c, out, ORACLE_NONE, false);
    }
    for (unsigned i = 0; i < out->level_count; i++) {
        if (once_in(c, 3)) {
            make_adjustment(c, out, &out->levels[i]);
        }
    }
}

/* ---- blocking rules ---- */

/* One or more equalities, of which some may be between different columns or of functions. */
static void add_equalities(struct oracle_case *c, struct oracle_condition *all, unsigned most)
{
    unsigned count = 1 + below(c, most);
    for (unsigned i = 0; i < count; i++) {
        unsigned column = below(c, DATA_COLUMNS);
        unsigned other = once_in(c, 4) ? below(c, DATA_COLUMNS) : column;
        all->children[all->child_count++] =
            once_in(c, 2) ? compare_columns(c, ORACLE_EQUAL, column, other)
                          : compare_transformed(c, ORACLE_EQUAL, column, other);
    }
}

/* A conjunction with one operand is written as that operand alone. */
static unsigned make_conjunction(struct oracle_case *c)
{
    struct oracle_condition all = {.kind = ORACLE_AND};
    unsigned one = below(c, DATA_COLUMNS);
    unsigned two = below(c, DATA_COLUMNS);
    switch (below(c, 8)) {
    case 0: return make_constant(c);
    case 1: return make_simple(c, one, two);
    case 2: return make_compound(c, one, two);
    case 3:
    case 4:
        add_equalities(c, &all, ORACLE_CHILDREN - 1);
        all.children[all.child_count++] =
            once_in(c, 8) ? make_constant(c) : make_simple(c, one, two);
        break;
    default: add_equalities(c, &all, ORACLE_CHILDREN); break;
    }
    return all.child_count == 1 ? all.children[0] : add(c, all);
}

static unsigned make_rule(struct oracle_case *c)
{
    if (!once_in(c, 4)) {
        return make_conjunction(c);
    }
    struct oracle_condition either = {.kind = ORACLE_OR};
    unsigned count = 2 + below(c, ORACLE_CHILDREN - 1);
    for (unsigned i = 0; i < count; i++) {
        either.children[either.child_count++] = make_conjunction(c);
    }
    return add(c, either);
}

/* ---- the case ---- */

static double make_prior(struct oracle_case *c)
{
    static const double priors[] = {1e-4, 1e-4, 1e-6, 0.01, 0.5, 0.9};
    return once_in(c, 25) ? below(c, 2) : priors[below(c, 6)];
}

void oracle_make(struct oracle_case *out, uint64_t seed)
{
    *out = (struct oracle_case){.seed = seed};
    random_seed(&out->random, seed);
    make_records(out);
    out->prior = make_prior(out);
    out->rule_count = once_in(out, 20) ? 0 : 1 + below(out, ORACLE_RULES);
    for (unsigned i = 0; i < out->rule_count; i++) {
        out->rules[i] = make_rule(out);
        out->rule_is_object[i] = once_in(out, 2);
    }
    out->comparison_count = 1 + below(out, ORACLE_COMPARISONS);
    for (unsigned i = 0; i < out->comparison_count; i++) {
        make_comparison(out, &out->comparisons[i]);
    }
}
