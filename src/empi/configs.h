/*
 * Matching configurations: a linkage model and its two thresholds, immutable once stored.
 *
 * Thread rule: as a connection.
 */
#ifndef EMPI_CONFIGS_H
#define EMPI_CONFIGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "empi/page.h"
#include "store/store.h"

struct matching_config {
    int64_t id;
    struct text_buffer json;    /* the model, as it was given */
    double potential_threshold; /* 0 … 1; pairs strictly above it are kept */
    double auto_threshold;      /* at least the other; pairs strictly above it merge persons */
    char created[40];           /* ISO 8601 with offset and microseconds */
};

/* A configuration in a list: without its model, which may be long. */
struct config_summary {
    int64_t id;
    struct str created;
    double potential_threshold;
    double auto_threshold;
};

struct config_summaries {
    struct page page;
    struct config_summary *items;
    size_t count; /* on this page */
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

/* Checks a configuration, stores it and gives its id; configs_store() leaves out the check, which the
   caller has done. */
int configs_store(int64_t *out, struct connection *connection, const struct config_request *request,
                  struct error *error);
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

/* Whether there is one of this id. */
int configs_exist(bool *out, struct connection *connection, int64_t id, struct error *error);

/* The newest first; what is given lives in the arena. */
int configs_list(struct config_summaries *out, struct arena *arena, struct connection *connection,
                 struct page_request request, struct error *error);

/* NULL, and what was zero-initialised, is fine. */
void configs_free(struct matching_config *config);

#endif
