#include "oracle.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- values ---- */

enum { LONGEST = 2 * ORACLE_TEXT };

struct value {
    bool is_null;
    bool is_number;
    long number;
    char text[LONGEST];
};

static void column_value(struct value *out, const struct oracle_case *c, unsigned record,
                         unsigned column)
{
    *out = (struct value){.is_null = c->null[record][column]};
    memcpy(out->text, c->cells[record][column], ORACLE_TEXT);
}

static void change_case(char *text, int (*change)(int))
{
    for (; *text != '\0'; text++) {
        *text = (char)change((unsigned char)*text);
    }
}

/* Values are made so that they are numbers when they hold nothing but digits, and only then. */
static void cast_to_number(struct value *value)
{
    size_t digits = strspn(value->text, "0123456789");
    value->is_number = true;
    value->is_null = value->is_null || digits == 0 || value->text[digits] != '\0';
    for (const char *digit = value->text; !value->is_null && *digit != '\0'; digit++) {
        value->number = value->number * 10 + (*digit - '0');
        value->is_null = value->number > INT32_MAX;
    }
}

static long two_digits(const char *text)
{
    return (text[0] - '0') * 10 + (text[1] - '0');
}

/* Days are counted one year and one month after the other. A column holds either dates of this one
   form, whose fields may be out of range, or texts without any '-', which are no dates. */
static void cast_to_seconds(struct value *value)
{
    static const long lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    value->is_number = true;
    value->is_null = value->is_null || strchr(value->text, '-') == NULL;
    if (value->is_null) {
        return;
    }
    long year = two_digits(value->text) * 100 + two_digits(value->text + 2);
    long month = two_digits(value->text + 5);
    long day = two_digits(value->text + 8);
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    value->is_null = month < 1 || month > 12 || day < 1;
    value->is_null = value->is_null || day > lengths[month - 1] + (leap && month == 2);
    if (value->is_null) {
        return;
    }
    long days = day - 1;
    for (long before = 1; before < month; before++) {
        days += lengths[before - 1] + (leap && before == 2);
    }
    for (long before = 1900; before < year; before++) {
        days += 365 + ((before % 4 == 0 && before % 100 != 0) || before % 400 == 0);
    }
    value->number = (days - 25567) * 86400; /* from 1900 to 1970: 70 years of 365, 17 leap days */
}

static void operand_value(struct value *out, const struct oracle_case *c,
                          const struct oracle_operand *operand, unsigned left, unsigned right)
{
    unsigned record = operand->side == ORACLE_LEFT ? left : right;
    struct value other;
    column_value(out, c, record, operand->column);
    size_t length = strlen(out->text);
    switch (operand->transform) {
    case ORACLE_FIRST: out->text[length < 1 ? length : 1] = '\0'; break;
    case ORACLE_FIRST_TWO: out->text[length < 2 ? length : 2] = '\0'; break;
    case ORACLE_LAST: memmove(out->text, out->text + (length == 0 ? 0 : length - 1), 2); break;
    case ORACLE_LOWER: change_case(out->text, tolower); break;
    case ORACLE_UPPER: change_case(out->text, toupper); break;
    case ORACLE_NULL_IF_EMPTY: out->is_null = out->is_null || length == 0; break;
    case ORACLE_EMPTY_IF_NULL: out->is_null = false; break;
    case ORACLE_JOINED:
        column_value(&other, c, record, operand->other);
        out->is_null = out->is_null || other.is_null;
        memcpy(out->text + length, other.text, ORACLE_TEXT);
        break;
    case ORACLE_LENGTH:
        out->is_number = true;
        out->number = (long)length;
        break;
    case ORACLE_NUMBER: cast_to_number(out); break;
    case ORACLE_SECONDS: cast_to_seconds(out); break;
    case ORACLE_PLAIN:
    case ORACLE_TRANSFORMS: break;
    }
}

static int compare(const struct value *a, const struct value *b)
{
    return a->is_number ? (a->number > b->number) - (a->number < b->number)
                        : strcmp(a->text, b->text);
}

/* ---- distances, as the notes on Splink's behaviour define them (section 5.4) ---- */

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* The table of all prefixes' distances. */
static unsigned levenshtein(const char *a, const char *b)
{
    static unsigned table[LONGEST][LONGEST];
    size_t m = strlen(a);
    size_t n = strlen(b);
    for (size_t i = 0; i <= m; i++) {
        for (size_t j = 0; j <= n; j++) {
            if (i == 0 || j == 0) {
                table[i][j] = (unsigned)(i + j);
                continue;
            }
            unsigned changed = table[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            table[i][j] = least(changed, 1 + least(table[i - 1][j], table[i][j - 1]));
        }
    }
    return table[m][n];
}

/* With exchanges: where two bytes match crosswise, whatever lies between them is deleted on one
   side and inserted on the other. All crosswise matches are tried; the last one is the best of
   them (Lowrance and Wagner 1975), so that one per cell is enough. */
static unsigned damerau(const char *a, const char *b)
{
    static unsigned table[LONGEST][LONGEST];
    size_t m = strlen(a);
    size_t n = strlen(b);
    for (size_t i = 0; i <= m; i++) {
        for (size_t j = 0; j <= n; j++) {
            if (i == 0 || j == 0) {
                table[i][j] = (unsigned)(i + j);
                continue;
            }
            unsigned best = table[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            best = least(best, 1 + least(table[i - 1][j], table[i][j - 1]));
            size_t k = i - 1;
            size_t l = j - 1;
            while (k > 0 && a[k - 1] != b[j - 1]) {
                k--;
            }
            while (l > 0 && b[l - 1] != a[i - 1]) {
                l--;
            }
            if (k > 0 && l > 0) {
                unsigned between = (unsigned)((i - k - 1) + (j - l - 1));
                best = least(best, table[k - 1][l - 1] + between + 1);
            }
            table[i][j] = best;
        }
    }
    return table[m][n];
}

static double jaro(const char *a, const char *b)
{
    long p = (long)strlen(a);
    long t = (long)strlen(b);
    if (p == 0 || t == 0) {
        return 0;
    }
    if (p == 1 && t == 1) {
        return a[0] == b[0];
    }
    long bound = (p > t ? p : t) / 2 - 1;
    bool used[LONGEST] = {false};
    char from_b[LONGEST] = "";
    size_t m = 0;
    for (long j = 0; j < t; j++) {
        for (long i = 0; i < p; i++) {
            if (!used[i] && labs(i - j) <= bound && a[i] == b[j]) {
                used[i] = true;
                from_b[m++] = b[j];
                break;
            }
        }
    }
    if (m == 0) {
        return 0;
    }
    long differ = 0;
    size_t k = 0;
    for (long i = 0; i < p; i++) {
        differ += used[i] && a[i] != from_b[k];
        k += used[i];
    }
    double matches = (double)m;
    double exchanged = (double)(differ / 2);
    return ((matches / (double)p + matches / (double)t) + (matches - exchanged) / matches) / 3;
}

static double jaro_winkler(const char *a, const char *b)
{
    double similarity = jaro(a, b);
    int prefix = 0;
    while (prefix < 4 && a[prefix] != '\0' && a[prefix] == b[prefix]) {
        prefix++;
    }
    return similarity > 0.7 ? similarity + prefix * 0.1 * (1 - similarity) : similarity;
}

static double jaccard(const char *a, const char *b)
{
    int shared = 0;
    int either = 0;
    for (int byte = 1; byte < 128; byte++) {
        bool in_a = strchr(a, byte) != NULL;
        bool in_b = strchr(b, byte) != NULL;
        shared += in_a && in_b;
        either += in_a || in_b;
    }
    return (double)shared / either;
}

/* ---- conditions ---- */

/* In this order AND is the least of its operands and OR the greatest. */
enum truth { FALSE, UNKNOWN, TRUE };

static enum truth truth_of(bool answer)
{
    return answer ? TRUE : FALSE;
}

static double distance_of(enum oracle_kind kind, const struct value *one, const struct value *two)
{
    const char *a = one->text;
    const char *b = two->text;
    switch (kind) {
    case ORACLE_DIFFERENCE: return (double)labs(one->number - two->number);
    case ORACLE_LEVENSHTEIN: return levenshtein(a, b);
    case ORACLE_DAMERAU: return damerau(a, b);
    case ORACLE_JARO: return jaro(a, b);
    case ORACLE_JARO_WINKLER: return jaro_winkler(a, b);
    default: return jaccard(a, b);
    }
}

static bool distance_holds(const struct oracle_condition *condition, const struct value *a,
                           const struct value *b)
{
    double distance = distance_of(condition->kind, a, b);
    double threshold = condition->threshold;
    if (condition->kind > ORACLE_DAMERAU) {
        /* Turned round, so that for both the smaller number is the nearer. */
        distance = -distance;
        threshold = -threshold / 100;
    }
    switch (condition->test) {
    case ORACLE_NEARER: return distance < threshold;
    case ORACLE_EXACTLY: return distance == threshold;
    case ORACLE_FAR: return distance > threshold;
    default: return distance <= threshold; /* no distance lies beyond the best there is */
    }
}

static enum truth judge_values(const struct oracle_condition *condition, const struct value *a,
                               const struct value *b)
{
    switch (condition->kind) {
    case ORACLE_IS_NULL: return truth_of(a->is_null);
    case ORACLE_IS_NOT_NULL: return truth_of(!a->is_null);
    case ORACLE_EQUAL_CONSTANT:
        return a->is_null ? UNKNOWN : truth_of(strcmp(a->text, condition->constant) == 0);
    case ORACLE_SAME:
        return truth_of(a->is_null || b->is_null ? a->is_null && b->is_null : compare(a, b) == 0);
    default: break;
    }
    if (a->is_null || b->is_null) {
        return UNKNOWN;
    }
    switch (condition->kind) {
    case ORACLE_EQUAL: return truth_of(compare(a, b) == 0);
    case ORACLE_NOT_EQUAL: return truth_of(compare(a, b) != 0);
    case ORACLE_LESS: return truth_of(compare(a, b) < 0);
    case ORACLE_LESS_OR_EQUAL: return truth_of(compare(a, b) <= 0);
    case ORACLE_JACCARD:
        if (a->text[0] == '\0' || b->text[0] == '\0') {
            return UNKNOWN;
        }
        break;
    default: break;
    }
    return truth_of(distance_holds(condition, a, b));
}

static enum truth judge(const struct oracle_case *c, unsigned number, unsigned left, unsigned right)
{
    const struct oracle_condition *condition = &c->conditions[number];
    enum truth truths[ORACLE_CHILDREN] = {UNKNOWN};
    for (unsigned i = 0; i < condition->child_count; i++) {
        truths[i] = judge(c, condition->children[i], left, right);
    }
    enum truth answer = truths[0];
    switch (condition->kind) {
    case ORACLE_TRUE_CONSTANT: return TRUE;
    case ORACLE_FALSE_CONSTANT: return FALSE;
    case ORACLE_NULL_CONSTANT: return UNKNOWN;
    case ORACLE_NOT: return (enum truth)(TRUE - answer);
    case ORACLE_AND:
        for (unsigned i = 1; i < condition->child_count; i++) {
            answer = truths[i] < answer ? truths[i] : answer;
        }
        return answer;
    case ORACLE_OR:
        for (unsigned i = 1; i < condition->child_count; i++) {
            answer = truths[i] > answer ? truths[i] : answer;
        }
        return answer;
    default: break;
    }
    struct value a;
    struct value b;
    operand_value(&a, c, &condition->a, left, right);
    operand_value(&b, c, &condition->b, left, right);
    return judge_values(condition, &a, &b);
}

unsigned oracle_exact_column(const struct oracle_case *c, unsigned number)
{
    if (number == ORACLE_NONE) {
        return ORACLE_NONE;
    }
    const struct oracle_condition *condition = &c->conditions[number];
    if (condition->kind == ORACLE_EQUAL) {
        bool plain =
            condition->a.transform == ORACLE_PLAIN && condition->b.transform == ORACLE_PLAIN;
        return plain && condition->a.column == condition->b.column ? condition->a.column
                                                                   : ORACLE_NONE;
    }
    if (condition->kind != ORACLE_AND) {
        return ORACLE_NONE;
    }
    unsigned column = oracle_exact_column(c, condition->children[0]);
    for (unsigned i = 1; i < condition->child_count; i++) {
        if (oracle_exact_column(c, condition->children[i]) != column) {
            return ORACLE_NONE;
        }
    }
    return column;
}

/* ---- weights ---- */

static unsigned scored_levels(const struct oracle_comparison *comparison)
{
    unsigned count = 0;
    for (unsigned i = 0; i < comparison->level_count; i++) {
        count += !comparison->levels[i].is_null;
    }
    return count;
}

static int gamma_of(const struct oracle_comparison *comparison, unsigned position)
{
    int gamma = (int)scored_levels(comparison);
    for (unsigned i = 0; i <= position; i++) {
        gamma -= !comparison->levels[i].is_null;
    }
    return comparison->levels[position].is_null ? -1 : gamma;
}

/* Splink's defaults (section 1.5); one level alone says nothing. */
static double m_of(const struct oracle_comparison *comparison, unsigned position)
{
    int n = (int)scored_levels(comparison);
    if (comparison->levels[position].has_m) {
        return comparison->levels[position].m;
    }
    if (n == 1) {
        return 1;
    }
    return gamma_of(comparison, position) == n - 1 ? 0.95 : 0.05 / (n - 1);
}

static double u_of(const struct oracle_comparison *comparison, unsigned position)
{
    int n = (int)scored_levels(comparison);
    int gamma = gamma_of(comparison, position);
    if (comparison->levels[position].has_u) {
        return comparison->levels[position].u;
    }
    if (n == 1) {
        return 1;
    }
    double highest = 10;
    double lower = n == 2 ? -5 : -5 + 8.0 * gamma / (n - 2);
    double m = gamma == n - 1 ? 0.95 : 0.05 / (n - 1);
    return m / exp2(gamma == n - 1 ? highest : lower);
}

/* NaN for NULL. */
static double frequency_of(const struct oracle_case *c, unsigned record, unsigned column)
{
    if (c->null[record][column]) {
        return NAN;
    }
    unsigned same = 0;
    unsigned all = 0;
    for (unsigned i = 0; i < c->record_count; i++) {
        all += !c->null[i][column];
        same += !c->null[i][column] && strcmp(c->cells[i][column], c->cells[record][column]) == 0;
    }
    return (double)same / all;
}

static double base_u(const struct oracle_case *c, const struct oracle_comparison *comparison,
                     unsigned position)
{
    const struct oracle_level *level = &comparison->levels[position];
    for (unsigned i = 0; !level->tf_own_u && i < comparison->level_count; i++) {
        const struct oracle_level *at = &comparison->levels[i];
        if (!at->is_null && oracle_exact_column(c, at->condition) == level->tf_column) {
            return u_of(comparison, i);
        }
    }
    return u_of(comparison, position);
}

static long double adjustment(const struct oracle_case *c,
                              const struct oracle_comparison *comparison, unsigned position,
                              unsigned left, unsigned right)
{
    const struct oracle_level *level = &comparison->levels[position];
    if (level->is_null || level->condition == ORACLE_NONE || level->tf_column == ORACLE_NONE ||
        level->tf_weight == 0) {
        return 1;
    }
    double l = frequency_of(c, left, level->tf_column);
    double r = frequency_of(c, right, level->tf_column);
    if (isnan(l) && isnan(r)) {
        return 1;
    }
    l = isnan(l) ? r : l;
    r = isnan(r) ? l : r;
    double highest = l > r ? l : r;
    highest = level->tf_minimum > highest ? level->tf_minimum : highest;
    return powl((long double)base_u(c, comparison, position) / highest, level->tf_weight);
}

static long double bayes_factor(const struct oracle_comparison *comparison, unsigned position)
{
    long double m = m_of(comparison, position);
    long double u = u_of(comparison, position);
    /* A level that neither matches nor others reach says nothing. */
    return comparison->levels[position].is_null || (m == 0 && u == 0) ? 1 : m / u;
}

void oracle_judge(struct oracle_verdict *out, const struct oracle_case *c, unsigned left,
                  unsigned right)
{
    *out = (struct oracle_verdict){.found = c->rule_count == 0};
    for (unsigned i = 0; !out->found && i < c->rule_count; i++) {
        out->found = judge(c, c->rules[i], left, right) == TRUE;
        out->rule = i;
    }
    if (c->link_only) {
        const char *a = c->cells[left][ORACLE_SOURCE];
        const char *b = c->cells[right][ORACLE_SOURCE];
        bool known = !c->null[left][ORACLE_SOURCE] && !c->null[right][ORACLE_SOURCE];
        out->found = out->found && known && strcmp(a, b) != 0;
    }
    long double product = (long double)c->prior / (1 - (long double)c->prior);
    for (unsigned i = 0; i < c->comparison_count; i++) {
        const struct oracle_comparison *comparison = &c->comparisons[i];
        unsigned at = 0;
        while (at < comparison->level_count && comparison->levels[at].condition != ORACLE_NONE &&
               judge(c, comparison->levels[at].condition, left, right) != TRUE) {
            at++;
        }
        out->levels[i] = at;
        if (at == comparison->level_count) {
            out->gammas[i] = INT16_MIN;
            product *= 0;
            continue;
        }
        out->gammas[i] = gamma_of(comparison, at);
        product *= bayes_factor(comparison, at);
        product *= adjustment(c, comparison, at, left, right);
    }
    /* What one comparison calls certain and another impossible is impossible. */
    product = isnan(product) || product < 1e-300L ? 1e-300L : product;
    out->weight = (double)log2l(product > 1e300L ? 1e300L : product);
}
