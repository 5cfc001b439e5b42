#include "cmd/index_task.h"

#include "cmd/index.h"

enum { TAKE_SECONDS = 10 };

int index_task_run(const char *name, index_task *task, void *context, struct error *error)
{
    struct index_options options = {.name = name};
    struct index *index = NULL;
    struct connection *connection = NULL;
    int status = index_open(&index, &options, error);
    if (status == 0) {
        status = store_take(&connection, index->store, TAKE_SECONDS, error);
    }
    if (status == 0) {
        status = task(context, connection, error);
    }
    store_give_back(connection);
    index_close(index);
    return status;
}
