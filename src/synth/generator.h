/*
 * Files of made-up person records with known truth: as many rows as wanted, in an order that
 * scatters the records of a person, in flat memory, by any number of threads.
 *
 * Row R is made by itself: a permutation says which record stands there, arithmetic says which
 * person and which of their records that is, and person and record are drawn from seeds of their
 * own. So the same seed gives the same bytes on every machine and for any number of threads.
 */
#ifndef SYNTH_GENERATOR_H
#define SYNTH_GENERATOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"
#include "base/stream.h"
#include "synth/record.h"

enum {
    SYNTH_MAX_DUPLICATES = 10000000, /* millionths: ten extra records a person */
    SYNTH_ROUNDS = 256,              /* the most records of one person */
};

#define SYNTH_MAX_RECORDS UINT64_C(10000000000)

struct synth_options {
    uint64_t records; /* 1 … SYNTH_MAX_RECORDS */
    uint64_t seed;
    /*
     * Extra records a person on average, in millionths. With N records and a fraction F there are
     * N - floor(N F / (1 + F)) people; about F / (1 + F) of them have a second record, the same
     * share of those a third, and so on: the sizes fall geometrically.
     */
    uint32_t duplicates;
    enum synth_errors errors;
    bool households; /* mostly families, with many twins and juniors */
};

struct synth_generator;

/* Immutable afterwards: any number of threads may make rows. */
int synth_generator_create(struct synth_generator **out, const struct synth_options *options,
                           struct error *error);
void synth_generator_free(struct synth_generator *generator);

/* How many people the records are of: their numbers are 0 … that less one. */
uint64_t synth_generator_people(const struct synth_generator *generator);

/* Which person the record in `row` (0 … records - 1) is of, and which of theirs. */
void synth_generator_locate(const struct synth_generator *generator, uint64_t row, uint64_t *person,
                            uint32_t *ordinal);

/* Appends the line of column names. */
void synth_generator_append_header(struct text_buffer *out);

/* Appends `count` lines from `row` on. */
void synth_generator_append_rows(const struct synth_generator *generator, uint64_t row,
                                 uint64_t count, struct text_buffer *out);

/* Told from time to time how many records are written; by one thread at a time. */
struct synth_progress {
    void (*show)(void *context, uint64_t done);
    void *context;
};

/* Writes the whole file to `out`. `progress` may be NULL. */
int synth_generator_write(const struct synth_generator *generator, unsigned threads,
                          struct stream *out, const struct synth_progress *progress,
                          struct error *error);

#endif
