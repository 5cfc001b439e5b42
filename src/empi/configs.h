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

/* A configuration that somebody asks for. */
struct config_request {
    struct str json;  /* the model */
    const char *name; /* stands for the model in messages */
    double potential_threshold;
    double auto_threshold;
};

/* Compiles the model against the columns of a person record: one that passes runs. STATUS_INVALID
   names all faults of the model, by path, or those of the thresholds. */
int configs_check(const struct config_request *request, struct error *error);

/* Checks a configuration, stores it and gives its id. */
int configs_create(int64_t *out, struct connection *connection,
                   const struct config_request *request, struct error *error);

/* Gives the oldest configuration with exactly this text and these thresholds, or stores it. Within a
   transaction of the caller's, which should end soon, for others wait for it; checked by the caller
   beforehand. */
int configs_find_or_create(int64_t *out, struct connection *connection,
                           const struct config_request *request, struct error *error);

/* STATUS_NOT_FOUND when there is none. */
int configs_read(struct matching_config *out, struct connection *connection, int64_t id,
                 struct error *error);

/* NULL, and what was zero-initialised, is fine. */
void configs_free(struct matching_config *config);

#endif
