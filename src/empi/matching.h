/*
 * Matching jobs: the staged records of one import become records and persons, are scored, and
 * persons merge.
 *
 * The steps are those of the matching specification: stage, new ids, predict, lock, group, write,
 * finish. The job's whole effect is one transaction, so that a crash leaves the database as before;
 * state and progress are written beside it, over a second connection, and a third reads what is staged. One job runs at a time in the
 * whole system, in the order of ids.
 *
 * Thread rule: one thread a call; scoring starts its own.
 */
#ifndef EMPI_MATCHING_H
#define EMPI_MATCHING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "store/store.h"

struct matching_options {
    unsigned threads; /* at least 1; the result is the same */
    /* May be NULL. Called at the beginning of a phase and within it, from any one thread at a time;
       `phase` is a literal, a total of 0 is unknown. False stops the job: STATUS_CANCELLED. */
    bool (*show)(void *context, const char *phase, uint64_t done, uint64_t total);
    void *context;
    /* The number of the try that whoever starts this has counted (job_state.h); 0: this run counts
       itself. */
    int64_t counted_try;
    /* The database serves this program only: nobody else's triggers are in it, and foreign keys need
       not be looked up once more for rows that come out of the tables they refer to. */
    bool own_database;
};

struct matching_report {
    int64_t job_id;          /* 0: there was nothing to do */
    uint64_t rows;           /* of the import */
    uint64_t records;        /* of them that were new: each began as a person of its own */
    uint64_t results;        /* pairs above the potential threshold */
    uint64_t persons_merged; /* that were emptied into others */
    uint64_t groups_matched; /* match groups that ended with one person */
    uint64_t groups_open;    /* touched ones that did not */
};

/*
 * Runs the first job that is not done, or the job `job_id` unless that is 0, to its end.
 * STATUS_NOT_FOUND or STATUS_CONFLICT when that job is not there, done, or not the first, or when a
 * job runs elsewhere. A job that fails for its own reason is marked so, and so is one whose tries
 * are used up; one that was cancelled, or lost the database, can be run again.
 */
int matching_run(struct matching_report *out, struct store *store, int64_t job_id,
                 const struct matching_options *options, struct error *error);

#endif
