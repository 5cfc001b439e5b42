/* The data sources that records come from. Thread rule: as a connection. */
#ifndef EMPI_DATA_SOURCES_H
#define EMPI_DATA_SOURCES_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "store/store.h"

struct data_source {
    struct str name;
    int64_t record_count;
};

/* All of them, by name; what is given lives in the arena. */
int data_sources_list(struct data_source **out, size_t *count, struct arena *arena,
                      struct connection *connection, struct error *error);

#endif
