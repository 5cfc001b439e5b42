#include "cmd/free_memory.h"

#include <inttypes.h>
#include <stdio.h>

static uint64_t available_to_machine(void)
{
    FILE *file = fopen("/proc/meminfo", "re");
    uint64_t kibibytes = 0;
    char line[256];
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "MemAvailable: %" SCNu64, &kibibytes) == 1) {
            break;
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    return kibibytes * 1024;
}

/* One number of this process's control group (version 2, as a container sees it); "max" and a
   missing file are no number. */
static uint64_t of_control_group(const char *path)
{
    FILE *file = fopen(path, "re");
    uint64_t bytes = 0;
    if (file != NULL) {
        if (fscanf(file, "%" SCNu64, &bytes) != 1) {
            bytes = 0;
        }
        fclose(file);
    }
    return bytes;
}

uint64_t free_memory(void)
{
    uint64_t machine = available_to_machine();
    uint64_t most = of_control_group("/sys/fs/cgroup/memory.max");
    uint64_t used = of_control_group("/sys/fs/cgroup/memory.current");
    uint64_t group = most > used ? most - used : most;
    return most != 0 && group < machine ? group : machine;
}
