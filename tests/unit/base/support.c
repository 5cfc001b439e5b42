#include "support.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

static char folder[256];

int scratch_setup(void **state)
{
    (void)state;
    const char *parent = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/tuva-empi-test-XXXXXX", parent == NULL ? "/tmp" : parent);
    return mkdtemp(folder) == NULL ? -1 : 0;
}

/* Calls `visit` with the name of every entry of the folder. */
static void visit_entries(void (*visit)(const char *name, void *context), void *context)
{
    DIR *entries = opendir(folder);
    assert_non_null(entries);
    for (struct dirent *entry; (entry = readdir(entries)) != NULL;) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            visit(entry->d_name, context);
        }
    }
    closedir(entries);
}

static void remove_entry(const char *name, void *context)
{
    (void)context;
    const char *path = scratch_path(name);
    if (unlink(path) != 0) {
        rmdir(path);
    }
}

int scratch_teardown(void **state)
{
    (void)state;
    visit_entries(remove_entry, NULL);
    return rmdir(folder);
}

const char *scratch_path(const char *name)
{
    static char paths[8][512];
    static unsigned next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static void count_entry(const char *name, void *context)
{
    (void)name;
    ++*(unsigned *)context;
}

unsigned scratch_count(void)
{
    unsigned count = 0;
    visit_entries(count_entry, &count);
    return count;
}

void scratch_write(const char *name, struct str text)
{
    FILE *file = fopen(scratch_path(name), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text.ptr, 1, text.len, file), text.len);
    assert_int_equal(fclose(file), 0);
}

struct text_buffer scratch_read(const char *name)
{
    struct text_buffer out = TEXT_BUFFER(1 << 30);
    FILE *file = fopen(scratch_path(name), "rb");
    assert_non_null(file);
    for (size_t got = 1; got > 0;) {
        char *end = text_reserve(&out, 1 << 16);
        assert_non_null(end);
        got = fread(end, 1, 1 << 16, file);
        out.len += got;
    }
    fclose(file);
    out.ptr[out.len] = '\0';
    return out;
}

bool scratch_exists(const char *name)
{
    struct stat info;
    return lstat(scratch_path(name), &info) == 0;
}

unsigned fail_every_allocation(int (*work)(void *context, struct error *error), void *context)
{
    static struct error error;
    for (unsigned failures = 0;; failures++) {
        uint64_t before = memory_in_use();
        memory_fail_from(failures + 1);
        int status = work(context, &error);
        memory_fail_from(0);
        assert_int_equal(memory_in_use(), before);
        if (status == STATUS_OK) {
            return failures;
        }
        assert_int_equal(status, STATUS_RESOURCES);
        assert_int_equal(error.status, STATUS_RESOURCES);
        assert_true(failures < 100000);
    }
}
