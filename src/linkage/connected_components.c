#include "linkage/connected_components.h"

#include "base/memory.h"

int connected_components_init(struct connected_components *out, uint32_t count, struct error *error)
{
    *out = (struct connected_components){0};
    out->parent = memory_alloc_array(count, sizeof *out->parent);
    if (out->parent == NULL) {
        return error_out_of_memory(error);
    }
    out->count = count;
    for (uint32_t i = 0; i < count; i++) {
        out->parent[i] = i;
    }
    return 0;
}

uint32_t connected_components_root(struct connected_components *components, uint32_t record)
{
    uint32_t *parent = components->parent;
    while (parent[record] != record) {
        parent[record] = parent[parent[record]];
        record = parent[record];
    }
    return record;
}

void connected_components_link(struct connected_components *components, uint32_t a, uint32_t b)
{
    a = connected_components_root(components, a);
    b = connected_components_root(components, b);
    /* A parent is never above its child: the root stays the lowest. */
    components->parent[a > b ? a : b] = a > b ? b : a;
}

void connected_components_free(struct connected_components *components)
{
    memory_free(components->parent);
    *components = (struct connected_components){0};
}
