/*
 * Clusters: the connected components of the pairs that are taken for matches.
 *
 * A disjoint-set forest in which the lowest record of a component is its root, so that the result
 * does not depend on the order of the links (union by index with path halving; Tarjan and van
 * Leeuwen 1984: nearly constant time a link).
 *
 * Thread rule: one thread at a time.
 */
#ifndef LINKAGE_CONNECTED_COMPONENTS_H
#define LINKAGE_CONNECTED_COMPONENTS_H

#include <stdint.h>

#include "base/error.h"

struct connected_components {
    uint32_t *parent;
    uint32_t count;
};

/* `count` records, each a component of its own. */
int connected_components_init(struct connected_components *out, uint32_t count,
                              struct error *error);

/* Puts two records into one component. */
void connected_components_link(struct connected_components *components, uint32_t a, uint32_t b);

/* The lowest record of the component that holds `record`. */
uint32_t connected_components_root(struct connected_components *components, uint32_t record);

void connected_components_free(struct connected_components *components);

#endif
