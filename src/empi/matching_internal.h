/* What the parts of a matching job share. */
#ifndef EMPI_MATCHING_INTERNAL_H
#define EMPI_MATCHING_INTERNAL_H

#include "empi/configs.h"
#include "empi/job_state.h"
#include "empi/matching.h"

struct matching {
    struct store *store;
    struct connection *connection; /* the job's transaction */
    struct connection *beside;     /* state and progress; never waits for the other: the transaction
                                      touches the job's row only at its very end */
    const struct matching_options *options;
    const char *phase;
    double shown; /* when progress was last written */
    struct matching_config config;
    struct matching_report *report;
    struct job_try current; /* job_id 0: not begun */
    bool bulk;              /* indexes are put off, see empi/bulk_load.h */
};

/* Begins a phase; STATUS_CANCELLED when the job is to stop. */
int matching_phase(struct matching *matching, const char *phase, struct error *error);

/* False when the job is to stop. Cheap; writes at most once a second. */
bool matching_progress(struct matching *matching, uint64_t done, uint64_t total);

/* Runs a statement with the job's id as its only parameter; `affected` may be NULL. */
int matching_query(struct matching *matching, const char *sql, uint64_t *affected,
                   struct error *error);

/* Step 1: the temporary tables new_record (with ids for step 2) and merged_person, which is empty. */
int matching_stage(struct matching *matching, struct error *error);

/* Step 2: records, persons and their event. Called when merged_person holds what is to be merged,
   before anything else is written. */
int matching_insert_new(struct matching *matching, struct error *error);

/* Step 3: the temporary table new_result. */
int matching_predict(struct matching *matching, struct error *error);

/* Steps 4 to 6, when there are new results. */
int matching_group(struct matching *matching, struct error *error);

#endif
