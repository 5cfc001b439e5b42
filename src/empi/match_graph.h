/*
 * The graph of a matching job: which persons become one, and which results belong together.
 *
 * Pure computation; the database is matching_group.c's and matching_write.c's. Nodes are persons, edges are results: a result
 * joins the persons that own its two records. A connected component without a new result is left
 * exactly as it is. In any other the automatic results are taken in order of falling
 * match weight, and their persons merged with all their records, unless a steward has kept them
 * apart; so no person is ever torn apart, and without stewards' decisions the outcome is the
 * connected components whatever the order.
 *
 * Kept apart: the latest manual decision that named records of both put some of them into different
 * persons. What was merged on the way counts: the records of all persons merged so far are asked.
 *
 * Thread rule: one thread.
 */
#ifndef EMPI_MATCH_GRAPH_H
#define EMPI_MATCH_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define MATCH_GRAPH_NONE UINT32_MAX

struct match_person {
    int64_t id;
    int64_t created;       /* microseconds since 1970 */
    uint32_t record_count; /* of all its records, not only of those that results name */
    bool is_new;           /* the job itself makes it; nothing here depends on it */

    /* Filled by match_graph_solve(). */
    uint32_t component; /* position in components; MATCH_GRAPH_NONE: untouched */
    uint32_t goes_on;   /* position of the person that its records belong to now; itself when it was
                           not merged, or goes on */
};

struct match_result {
    int64_t id;     /* 0: new */
    int64_t group;  /* the open group that holds it; 0: new */
    uint32_t left;  /* position of the person that owns its left record */
    uint32_t right; /* and its right one; may be the same */
    int64_t left_record;
    int64_t right_record;
    double weight;
    double probability;
    bool automatic; /* strong enough to merge its persons unasked */
};

/* Where a manual decision put a record; see the table manual_decision. */
struct match_decision {
    uint32_t person; /* position of the person that owns the record now */
    int64_t event;
    int64_t decided; /* id of the person that the record was put into */
};

struct match_component {
    int64_t group; /* the open group with the lowest id among its results; 0: a new one is needed */
    bool matched;  /* one person is left */
    uint32_t person; /* position of a person that goes on in it: the only one when matched */
    double highest;  /* match probability of its results */
};

struct match_graph {
    struct match_person *persons;
    size_t person_count;
    const struct match_result *results;
    size_t result_count;
    const struct match_decision *decisions;
    size_t decision_count;

    /* Filled by match_graph_solve(); given back by match_graph_free(). */
    struct match_component *components; /* those with a new result, by the lowest person position */
    size_t component_count;
    uint32_t *result_components; /* by result; MATCH_GRAPH_NONE: untouched */
};

/* Solves the graph whose inputs are filled in. */
int match_graph_solve(struct match_graph *graph, struct error *error);

/* Gives back what match_graph_solve() made; the inputs stay the caller's. */
void match_graph_free(struct match_graph *graph);

#endif
