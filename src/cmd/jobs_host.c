#include "cmd/jobs_host.h"

#include "base/log.h"
#include "cmd/stop.h"

static int revive(void *context, struct error *error)
{
    return index_revive(context, error);
}

struct jobs_host jobs_host_of(struct index *index, unsigned patience)
{
    return (struct jobs_host){
        .store = index->store,
        .stop_descriptor = stop_descriptor(),
        .stop_count = stop_count,
        .patience = patience,
        .revive = revive,
        .context = index,
    };
}

int jobs_runner_prepare(struct process_runner *out, const struct config *config, char *path,
                        size_t size, struct error *error)
{
    if (config->matching_service.job_runner == CONFIG_RUNNER_K8S) {
        error_set(error, STATUS_INVALID,
                  "matching_service.job_runner is k8s, and this version has no Kubernetes runner");
        error_hint(error, "set it to process");
        return STATUS_INVALID;
    }
    int status = process_runner_own_program(path, size, error);
    if (status == 0) {
        *out = (struct process_runner){.program = path, .version = TUVA_EMPI_VERSION};
        process_runner_prepare(out);
    }
    return status;
}

void jobs_log_format(const struct command_value *value)
{
    log_configure(LOG_INFO, value->integer == 0 ? LOG_TEXT : LOG_JSON);
}
