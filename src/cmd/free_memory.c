#include "cmd/free_memory.h"

#include <stdio.h>

#include "base/number_text.h"
#include "base/str.h"

enum { LINE_BYTES = 256 };

/* The number that a text begins with, after spaces; 0 when there is none. */
static uint64_t leading_number(struct str text)
{
    text = str_trim(text);
    size_t digits = 0;
    while (digits < text.len && text.ptr[digits] >= '0' && text.ptr[digits] <= '9') {
        digits++;
    }
    int64_t number;
    bool is_number = integer_from_text((struct str){text.ptr, digits}, &number);
    return is_number ? (uint64_t)number : 0;
}

/* The number behind `label` on the first line of a file that begins with it; 0 for none. */
static uint64_t read_number(const char *path, struct str label)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return 0;
    }
    uint64_t number = 0;
    char line[LINE_BYTES];
    while (number == 0 && fgets(line, sizeof line, file) != NULL) {
        struct str text = str_from(line);
        if (str_starts_with(text, label)) {
            number = leading_number((struct str){text.ptr + label.len, text.len - label.len});
        }
    }
    fclose(file);
    return number;
}

uint64_t free_memory(void)
{
    uint64_t machine = read_number("/proc/meminfo", STR("MemAvailable:")) * 1024;
    /* This process's control group, version 2, as a container sees it; "max" is no number. What it
       keeps of files counts as used there, but is given up on demand. */
    uint64_t most = read_number("/sys/fs/cgroup/memory.max", STR(""));
    uint64_t used = read_number("/sys/fs/cgroup/memory.current", STR(""));
    uint64_t files = read_number("/sys/fs/cgroup/memory.stat", STR("inactive_file ")) +
                     read_number("/sys/fs/cgroup/memory.stat", STR("active_file "));
    used -= files < used ? files : used;
    uint64_t group = most > used ? most - used : most;
    return most != 0 && group < machine ? group : machine;
}

uint64_t peak_memory(void)
{
    /* Not getrusage(): its figure begins with that of the process that started this one. */
    return read_number("/proc/self/status", STR("VmHWM:")) * 1024;
}
