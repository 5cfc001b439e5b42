/* What the parts of a matching job share. */
#ifndef EMPI_MATCHING_INTERNAL_H
#define EMPI_MATCHING_INTERNAL_H

#include "base/vec.h"
#include "empi/configs.h"
#include "empi/copy_rows.h"
#include "empi/job_state.h"
#include "empi/match_graph.h"
#include "empi/matching.h"

/* A staged row that becomes a record. Its values stay where they are. */
struct new_record {
    int64_t id;
    int64_t staging_id;
    int64_t person_id; /* of the person that it begins as */
    uint32_t person;   /* its position in the graph; MATCH_GRAPH_NONE: no result names it */
};

struct matching {
    struct store *store;
    struct connection *connection; /* the job's transaction */
    struct connection *beside;     /* state and progress; never waits for the other: the transaction
                                      touches the job's row only at its very end */
    struct connection *reader;     /* staged rows, while the first one writes; holds their table */
    const struct matching_options *options;
    const char *phase;
    double shown; /* when progress was last written */
    struct matching_config config;
    struct matching_report *report;
    struct job_try current;   /* job_id 0: not begun */
    bool bulk;                /* the index is filled in its own way, see empi/bulk_load.h */
    char now[40];             /* the transaction's time as the server writes it */
    int64_t now_microseconds; /* since 1970 */
    struct {
        VEC(struct new_record); /* in the file's order; ids rise */
    } records;
    struct {
        VEC(struct match_result); /* new ones; their persons are found when they are grouped */
    } results;
    struct {
        VEC(uint16_t); /* of each new result, by comparison: the evidence that is kept */
    } levels;
    size_t comparison_count;
    struct {
        VEC(uint16_t); /* the comparisons that adjust for term frequencies: mostly a few, or none */
    } adjusting;
    struct {
        VEC(double); /* of each new result, by adjusting comparison: evidence, too. NaN: the level
                        reached does not adjust */
    } frequency_weights;
};

/* ---- progress ---- */

/* Begins a phase; STATUS_CANCELLED when the job is to stop. */
int matching_phase(struct matching *matching, const char *phase, struct error *error);

/* False when the job is to stop. Cheap; writes at most once a second. */
bool matching_progress(struct matching *matching, uint64_t done, uint64_t total);

/* The same for loops over rows: looks only now and then, and tells STATUS_CANCELLED. */
int matching_count_row(struct matching *matching, uint64_t done, uint64_t total,
                       struct error *error);

/* ---- statements ---- */

/* Runs a statement with the job's id as its only parameter; `affected` may be NULL. */
int matching_query(struct matching *matching, const char *sql, uint64_t *affected,
                   struct error *error);

/* Appends an event of the job. */
int matching_insert_event(int64_t *out, struct matching *matching, const char *type,
                          struct error *error);

/* Takes the next `count` ids of a sequence, which rise. */
int matching_take_ids(int64_t *out, size_t count, struct matching *matching, const char *sequence,
                      struct error *error);

/* For qsort() and bsearch(): the order of int64_t that stand first. */
int matching_compare_ids(const void *a, const void *b);

/* ---- new records ---- */

typedef int new_record_taker(void *context, const struct new_record *record, struct str values,
                             struct error *error);

/* Reads `columns` (names separated by commas) of the new records' staged rows, in their order; values
   are as in a row of COPY. STATUS_INTERNAL when a row is gone: a job that says that it succeeded has
   lost nothing. */
int matching_read_new(struct matching *matching, const char *columns, new_record_taker *take,
                      void *context, struct error *error);

/* The new record with an id, or NULL: then it is an older one. */
struct new_record *matching_find_record(const struct matching *matching, int64_t id);

/* ---- steps ---- */

/* Step 1, and the ids of step 2: fills records. */
int matching_stage(struct matching *matching, struct error *error);

/* Step 2: records, persons and their event. When `graph` is not NULL, as what becomes of them. */
int matching_insert_new(struct matching *matching, const struct match_graph *graph,
                        struct error *error);

/* Step 3: fills results. */
int matching_predict(struct matching *matching, struct error *error);

/* Steps 4 to 6, when there are new results. */
int matching_group(struct matching *matching, struct error *error);

#endif
