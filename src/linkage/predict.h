/*
 * Prediction: every pair that the blocking rules propose, scored, filtered, and handed on in order.
 *
 * Pairs are produced left record by left record, in ascending order, and within one by right
 * record, so that what comes out is sorted without ever being collected: memory does not grow with
 * the number of pairs, and the result is the same for any number of threads.
 *
 * Thread rule: a predictor is immutable once built (but for lazy tables that any thread may fill);
 * predict_run() starts its own threads.
 */
#ifndef LINKAGE_PREDICT_H
#define LINKAGE_PREDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "linkage/blocking.h"
#include "linkage/columns.h"
#include "linkage/model.h"
#include "linkage/scoring.h"

struct predictor {
    struct scoring scoring;
    struct blocking blocking;
    uint32_t first_right;
    uint32_t first_slot;          /* in a row: its right key in each probe but the last */
    const uint32_t *source_codes; /* link_only: the source of each record; else NULL */
    uint32_t source_slot;         /* and where it stands in a row */
    struct arena arena;
};

struct predictor_options {
    unsigned threads;
    uint32_t first_right; /* only pairs whose right record is this or a higher one; 0: all */
};

/* `model` and `columns` (sealed) must outlive the predictor. */
int predictor_init(struct predictor *out, const struct model *model, const struct columns *columns,
                   const struct predictor_options *options, struct error *error);
void predictor_free(struct predictor *predictor);

struct prediction {
    uint32_t left; /* the lower record */
    uint32_t right;
    uint32_t rule; /* the match_key: position of the first blocking rule that found the pair */
    double weight;
    size_t levels; /* where its levels begin in struct predictions */
};

/* A run of predictions, sorted by left and then right record. */
struct predictions {
    const struct prediction *items;
    size_t count;
    const uint16_t *levels; /* of each, by comparison: positions in scored_comparison.levels */
};

/* Where predictions go. */
struct predict_sink {
    void *context;
    /* May be NULL. Runs in any thread, for a run of predictions in order: turns them into text. */
    int (*format)(void *context, const struct predictions *predictions, struct text_buffer *out,
                  struct error *error);
    /* Runs in one thread at a time, in order; `text` is what format() made of the predictions. */
    int (*take)(void *context, const struct predictions *predictions, struct str text,
                struct error *error);
    /* May be NULL. How many of the candidates have been looked at; false cancels the run. One
       thread at a time. */
    bool (*progress)(void *context, uint64_t done, uint64_t total);
};

struct predict_options {
    unsigned threads;
    double least_weight; /* pairs below it are not handed on; -infinity: all */
};

struct predict_counts {
    uint64_t *pairs_by_rule; /* pairs found, each under its match_key */
    size_t rule_count;
    uint64_t pairs; /* their sum */
    uint64_t kept;  /* pairs handed on */
};

/* Runs it all. *counts is to be given back with predict_counts_free(). */
int predict_run(struct predict_counts *counts, struct predictor *predictor,
                const struct predict_options *options, const struct predict_sink *sink,
                struct error *error);
void predict_counts_free(struct predict_counts *counts);

#endif
