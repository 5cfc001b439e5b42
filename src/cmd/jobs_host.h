/* The program around a service of src/jobs: its stops, its index. */
#ifndef CMD_JOBS_HOST_H
#define CMD_JOBS_HOST_H

#include <stddef.h>
#include <stdint.h>

#include "cmd/command.h"
#include "cmd/index.h"
#include "jobs/host.h"
#include "jobs/runners/process.h"

/* `patience` as in jobs/host.h. The index must outlive it. */
struct jobs_host jobs_host_of(struct index *index, unsigned patience);

/* The runner that the configuration asks for; `path` receives this program's, and must outlive it. */
int jobs_runner_prepare(struct process_runner *out, const struct config *config, char *path,
                        size_t size, struct error *error);

/* --log-format, for what runs without anybody watching. */
#define LOG_FORMAT_OPTION                                                                      \
    {                                                                                          \
        .name = "log-format", .kind = OPTION_CHOICE, .value = "text|json", .fallback = "text", \
        .help = "of the log on standard error, a line an event"                                \
    }
void jobs_log_format(const struct command_value *value);

#endif
