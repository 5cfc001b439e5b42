/*
 * What `link` writes: predictions, crosswalk and summary.
 *
 * Thread rule: link_predictions_format() any thread; the rest one thread.
 */
#ifndef CMD_LINK_OUTPUT_H
#define CMD_LINK_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"
#include "cmd/input_files.h"
#include "cmd/link_records.h"
#include "cmd/progress.h"
#include "linkage/linkage.h"

/* ---- predictions ---- */

struct link_predictions {
    const struct link_records *records;
    const struct scoring *scoring;
    bool detail;
};

/* Appends the header. */
void link_predictions_header(struct text_buffer *out, const struct link_predictions *predictions);

/* Appends one row a prediction. */
void link_predictions_format(struct text_buffer *out, const struct link_predictions *predictions,
                             const struct predictions *batch);

/* ---- crosswalk ---- */

/* How large the clusters are. */
struct link_clusters {
    uint64_t clusters;
    uint64_t largest;
    uint64_t by_size[6]; /* of 1, 2, 3, 4, 5 to 10, and more records */
};

extern const char *const link_cluster_sizes[6]; /* "1", "2", "3", "4", "5-10", "11+" */

int link_clusters_count(struct link_clusters *out, struct connected_components *components,
                        struct error *error);

/* Reads the files once more and writes each row behind the id of its cluster. */
int link_crosswalk_write(struct stream *out, struct input_files *files,
                         const struct link_records *records,
                         struct connected_components *components, struct progress *progress,
                         struct error *error);

/* ---- summary ---- */

enum { LINK_MAX_PHASES = 8 };

struct link_phase {
    const char *name;
    double seconds;
    uint64_t peak_memory; /* of the process up to its end, in bytes */
};

struct link_summary {
    uint64_t records;
    const struct model *model;
    const struct scoring *scoring;
    const struct blocking *blocking;
    const struct predict_counts *counts;
    const struct link_clusters *clusters;
    struct link_phase phases[LINK_MAX_PHASES];
    size_t phase_count;
    unsigned threads;
    const char *const *warnings;
    size_t warning_count;
};

/* Calls `visit` for each condition with values that could not be computed (a text that is no date,
   say) and counted as NULL: its path in the model, and their number, once for each distinct value
   or pair of values that was met. */
typedef void link_failure_visit(void *context, const char *place, uint64_t values);
void link_failures_visit(const struct link_summary *summary, link_failure_visit *visit,
                         void *context);

/* Appends the summary as JSON. */
void link_summary_write(struct text_buffer *out, const struct link_summary *summary);

/* Prints it on standard error for a person. */
void link_summary_print(const struct link_summary *summary);

#endif
