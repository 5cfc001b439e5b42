/* Waiting for a matching job, as `import --wait` does. */
#ifndef CMD_WAIT_FOR_JOB_H
#define CMD_WAIT_FOR_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "cmd/index.h"

/*
 * Waits for the job's end and shows its progress on standard error. Where no matching service is
 * active it is one itself until then, and so runs the jobs before it, too.
 *
 * STATUS_INVALID with the job's reason when it fails; STATUS_CANCELLED after a signal: the job stays
 * in the queue.
 */
int wait_for_job(struct index *index, int64_t job_id, bool quiet, struct error *error);

#endif
