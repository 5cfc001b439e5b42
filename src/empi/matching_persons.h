/*
 * The persons that a matching job makes, as what the job makes of them: one that stays as it began,
 * one that others come to, one that is emptied into another.
 *
 * Thread rule: one thread.
 */
#ifndef EMPI_MATCHING_PERSONS_H
#define EMPI_MATCHING_PERSONS_H

#include "empi/copy_fields.h"
#include "empi/matching_internal.h"
#include "empi/matching_values.h"

/* A new person that others come to, as its records pass: in the order of their ids. */
struct grown_person {
    int64_t id;
    int64_t first_record;
    struct str first_name; /* of the first record, in the arena */
    struct str last_name;
    uint32_t records;
};

struct matching_persons {
    struct matching *matching;
    const struct match_graph *graph; /* NULL: nobody merges */
    uint32_t *places; /* by position in the graph: in grown, or that it is not there */
    struct {
        VEC(struct grown_person);
    } grown;
    struct {
        VEC(uint64_t); /* position in grown << 32 | source */
    } grown_sources;
    struct value_counts sources;   /* a dictionary of them */
    struct matching_values values; /* of the new records */
    struct copy_fields fields;
    struct arena texts;
    struct copy_writer writer;
    int64_t living; /* persons that are not emptied */
};

/* What becomes of the person that a new record began as. */
struct person_outcome {
    int64_t goes_on; /* id of the person that the record belongs to in the end */
    bool changed;    /* its person, or what became of it, was merged */
};

/* Both must outlive it. */
int matching_persons_init(struct matching_persons *out, struct matching *matching,
                          const struct match_graph *graph, struct error *error);

struct person_outcome matching_persons_outcome(const struct matching_persons *persons,
                                               const struct new_record *record);

/* Writes them, and counts living and values. Where older persons come to new ones, the temporary table
   merged_person has both their ids, as id and goes_on. */
int matching_persons_write(struct matching_persons *persons, struct error *error);

/* What was zero-initialised is fine. */
void matching_persons_free(struct matching_persons *persons);

#endif
