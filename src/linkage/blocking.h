/*
 * Blocking: which pairs of records are scored at all.
 *
 * A rule is taken apart into probes. Each disjunct of its top-level OR is a probe; the equalities
 * `f(l) = g(r)` among a disjunct's conjuncts become one join key, the rest its filter. A probe finds
 * the records that agree on the key by an index (key → records in ascending order); one without any
 * equality goes through all records.
 *
 * A pair belongs to the first probe, in order, that is TRUE for it, and that probe's rule is its
 * match_key: each pair comes once, as with Splink's "and not (earlier rules)" (Splink behaviour
 * notes, section 2.1), and NULL is not TRUE.
 *
 * Thread rule: built by one thread (which starts others), then immutable but for the lazy tables of
 * the filters (pair_case.h).
 */
#ifndef LINKAGE_BLOCKING_H
#define LINKAGE_BLOCKING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "linkage/columns.h"
#include "linkage/expr.h"
#include "linkage/pair_case.h"

enum {
    BLOCKING_JOINS_NOTHING = 0, /* the key of a record of which a part of the key is NULL */
    BLOCKING_MAX_PROBES = 64,   /* of all rules together */
};

struct probe {
    uint32_t rule;     /* the position of its rule, which is the match_key */
    bool keyed;        /* false: no equality, every pair is a candidate */
    uint32_t *left;    /* by record: the key it has as the left record of a pair */
    uint32_t *right;   /* as the right one; the same array when both sides say the same */
    uint32_t *members; /* records that have a right key, by key and then ascending */
    uint32_t *starts;  /* by key: the first of its members; one more entry at the end */
    uint32_t key_count;
    struct pair_case *filter; /* NULL: none; else a pair needs its condition 0 to be TRUE */
    uint64_t candidates;      /* pairs that it will look at */
    uint32_t largest_block;   /* the most records that share one key */
};

struct blocking {
    struct probe *probes;
    size_t probe_count;
    size_t rule_count;
    uint64_t candidates; /* of all probes: an upper bound of the pairs, and the work to be done */
};

/* Builds the probes of `count` rules. Every pair has a right record numbered `first_right` or above
   (0: all pairs): what is new since an earlier run. `arena` and `columns` must outlive the result. */
int blocking_build(struct blocking *out, struct arena *arena, const struct columns *columns,
                   const struct expr_node *const *rules, size_t count, uint32_t first_right,
                   unsigned threads, struct error *error);

void blocking_free(struct blocking *blocking);

/*
 * The candidates of the left record `left` by one probe, restricted to right records from `from`
 * on: *members points at them in ascending order, and their number is returned. A probe without a
 * key sets *members to NULL: the candidates are then from, from + 1, … to the last record.
 */
static inline uint32_t probe_candidates(const struct probe *probe, uint32_t record_count,
                                        uint32_t left, uint32_t from, const uint32_t **members)
{
    if (!probe->keyed) {
        *members = NULL;
        return from < record_count ? record_count - from : 0;
    }
    uint32_t key = probe->left[left];
    *members = probe->members;
    if (key == BLOCKING_JOINS_NOTHING) {
        return 0;
    }
    uint32_t low = probe->starts[key];
    uint32_t end = probe->starts[key + 1];
    for (uint32_t high = end; low < high;) {
        uint32_t middle = low + (high - low) / 2;
        if (probe->members[middle] < from) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *members = probe->members + low;
    return end - low;
}

#endif
