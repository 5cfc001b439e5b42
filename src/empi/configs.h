/*
 * Matching configurations: a linkage model and its two thresholds, immutable once stored.
 *
 * Thread rule: as a connection.
 */
#ifndef EMPI_CONFIGS_H
#define EMPI_CONFIGS_H

#include <stdint.h>

#include "base/error.h"
#include "base/str.h"
#include "store/store.h"

struct matching_config {
    int64_t id;
    struct text_buffer json;    /* the model, as it was given */
    double potential_threshold; /* 0 … 1; pairs strictly above it are kept */
    double auto_threshold;      /* at least the other; pairs strictly above it merge persons */
};

/*
 * Stores a configuration and gives its id. The model is compiled against the columns of a person
 * record first: one that is stored runs. STATUS_INVALID names all faults of the model, by path, or
 * those of the thresholds. `name` stands for the model in messages.
 */
int configs_create(int64_t *out, struct connection *connection, struct str json, const char *name,
                   double potential_threshold, double auto_threshold, struct error *error);

/* The same, but the oldest configuration with exactly this text and these thresholds, if there is
   one, is taken instead. */
int configs_find_or_create(int64_t *out, struct connection *connection, struct str json,
                           const char *name, double potential_threshold, double auto_threshold,
                           struct error *error);

/* STATUS_NOT_FOUND when there is none. */
int configs_read(struct matching_config *out, struct connection *connection, int64_t id,
                 struct error *error);

/* NULL, and what was zero-initialised, is fine. */
void configs_free(struct matching_config *config);

#endif
