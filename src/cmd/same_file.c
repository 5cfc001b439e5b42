#include "cmd/same_file.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* The directory of a path, and in *name what stands in it. */
static void split_path(const char *path, char directory[PATH_MAX], const char **name)
{
    const char *slash = strrchr(path, '/');
    *name = slash == NULL ? path : slash + 1;
    snprintf(directory, PATH_MAX, "%.*s", slash == NULL ? 1 : (int)(slash - path + 1),
             slash == NULL ? "." : path);
}

bool same_file(const char *a, const char *b)
{
    struct stat first;
    struct stat second;
    bool first_exists = stat(a, &first) == 0;
    bool second_exists = stat(b, &second) == 0;
    if (first_exists != second_exists) {
        return false;
    }
    if (first_exists) {
        return !S_ISCHR(first.st_mode) && first.st_dev == second.st_dev &&
               first.st_ino == second.st_ino;
    }
    char first_directory[PATH_MAX];
    char second_directory[PATH_MAX];
    const char *first_name;
    const char *second_name;
    split_path(a, first_directory, &first_name);
    split_path(b, second_directory, &second_name);
    return strcmp(first_name, second_name) == 0 && stat(first_directory, &first) == 0 &&
           stat(second_directory, &second) == 0 && first.st_dev == second.st_dev &&
           first.st_ino == second.st_ino;
}
