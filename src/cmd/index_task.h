/* The index opened for one task, and closed after it. Thread rule: the main thread. */
#ifndef CMD_INDEX_TASK_H
#define CMD_INDEX_TASK_H

#include "base/error.h"
#include "store/store.h"

typedef int index_task(void *context, struct connection *connection, struct error *error);

/* Runs `task` with a connection to the configured index; `name` is what pg_stat_activity shows. */
int index_task_run(const char *name, index_task *task, void *context, struct error *error);

#endif
